//! Keras' HDF5 files: the old layout (`layer_names`, `weight_names`) of `.h5`, and Keras 3's `.weights.h5`.
//!
//! Every tensor gets the name `layer/leaf` with today's leaf names (`kernel`, `gamma`, …), whatever it is called in the file: files of
//! 2016 have names such as `block1_conv1_W_1:0`. Layers keep their names. The crate `hdf5-pure` reads HDF5 itself. Sizes that a file
//! claims are compared with its length before anything is read.

use hdf5_pure::File;

use super::found::{FileContents, ReadError};
use super::keras_groups;
use super::keras_reader::{Reader, copied, explain, strings, text};
use crate::weights::keras::{KerasConfig, KerasFile, KerasStore};
use crate::weights::tensors::{Format, Tensors};

/// Reads the tensors of a file that is in no archive.
pub(super) fn hdf5_file(bytes: &[u8]) -> Result<FileContents, ReadError> {
    index(copied(bytes)?, None)
}

/// Reads the tensors of a whole file. `config` is the model's configuration if it is stored outside the HDF5 file, in the same archive.
pub(super) fn index(bytes: Vec<u8>, config: Option<KerasConfig>) -> Result<FileContents, ReadError> {
    let num_bytes = bytes.len() as u64;
    let file = File::from_bytes(bytes).map_err(explain)?;
    let root = file.root();
    let attrs = root.attrs().map_err(explain)?;
    let config = match text(&attrs, "model_config") {
        Some(config) => {
            let mut config = parse(&config)?;
            // The loss is only used to tell what a linear output means.
            let training = text(&attrs, "training_config");
            let training: Option<serde_json::Value> =
                training.and_then(|training| serde_json::from_str(&training).ok());
            config.loss =
                training.as_ref().and_then(|training| training.get("loss")).cloned().or(config.loss);
            Some(config)
        }
        None => config,
    };
    let mut reader =
        Reader { num_bytes, num_taken: 0, tensors: Tensors::new(), store: KerasStore::default() };
    let weights = root.group("model_weights").ok();
    let model = config.as_ref().map(|config| &config.root);
    let (format, backend) = if strings(&attrs, "layer_names").is_some() {
        reader.legacy(&root, model)?;
        (Format::KerasH5, text(&attrs, "backend"))
    } else if let Some(weights) = weights {
        let attrs = weights.attrs().map_err(explain)?;
        reader.legacy(&weights, model)?;
        (Format::KerasH5, text(&attrs, "backend"))
    } else if keras_groups::is_laid_out_so(&root) {
        keras_groups::take_groups(&mut reader, &root, model)?;
        (Format::Keras3, None)
    } else {
        return Err(ReadError::Other(
            "an HDF5 file with none of what Keras writes (`layer_names`, `model_weights` or `layers`)"
                .to_owned(),
            "weights come from `model.save_weights` or `model.save`",
        ));
    };
    if backend.as_deref() == Some("theano") {
        return Err(ReadError::Other(
            "a Keras file of the Theano backend, whose kernels are turned by 180° (`th_kernels`)".to_owned(),
            "get the file with `tf_kernels` in its name",
        ));
    }
    if reader.tensors.is_empty() {
        return Err(ReadError::broken("none of its layers has weights"));
    }
    let Reader { tensors, mut store, .. } = reader;
    store.is_in_order = format == Format::KerasH5 || model.is_some_and(|model| model.model.is_some());
    let mut found = FileContents::new(format, tensors);
    found.keeps_bytes = false;
    found.keras = Some(KerasFile { config, store });
    Ok(found)
}

/// A model's configuration from its text.
pub(super) fn parse(text: &str) -> Result<KerasConfig, ReadError> {
    KerasConfig::parse(text)
        .map_err(|reason| ReadError::broken(format!("its model's configuration can't be read ({reason})")))
}
