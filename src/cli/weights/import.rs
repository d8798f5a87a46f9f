//! `weights import`: reads a weight file of any supported kind, binds it strictly, and keeps it as a safetensors file of this program.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::cli::args::ImportArgs;
use crate::cli::exit::Exit;
use crate::cli::reporter::Reporter;
use crate::engine::WeightState;
use crate::models::ModelSpec;
use crate::render::{Resources, choose_spec_for_file, import_weights};
use crate::tensor::counted;
use crate::weights::TensorFile;

/// Imports one file.
pub(super) fn run(args: &ImportArgs, resources: &Resources, reporter: &Reporter) -> anyhow::Result<Exit> {
    let whole = TensorFile::read_part(&args.file, &args.part.choice())?;
    let spec = choose_spec_for_file(args.model.as_deref(), &whole)?;
    resources.store.is_copy(spec, &whole)?;
    let target = target(args, spec, resources)?;
    let imported = import_weights(whole, spec, &args.file, &target, args.output.is_none())?;
    let what = &imported.what;
    let others = imported.has_other_average.then(|| {
        if imported.is_averaged {
            "without `--ema` the others are taken"
        } else {
            "`--ema` takes the EMA weights"
        }
        .to_owned()
    });
    let notes: Vec<String> =
        std::iter::once(String::new()).chain(imported.notes.iter().cloned()).chain(others).collect();
    let notes = notes.join("; ");
    let head = match imported.num_head_tensors {
        0 => String::new(),
        n => format!(", and {} of a classifier kept along", counted(n, "tensor")),
    };
    let then = if args.output.is_none() {
        format!("; `--model {}` runs from now on", spec.tag)
    } else {
        String::new()
    };
    reporter.summary(&format!(
        "imported {}: all of its {} found{head} ({what}{notes}){then}: \"{}\"",
        spec.tag,
        counted(imported.num_tensors, "tensor"),
        target.display()
    ));
    Ok(Exit::Done)
}

/// The path to write the imported weights to.
fn target(args: &ImportArgs, spec: &'static ModelSpec, resources: &Resources) -> anyhow::Result<PathBuf> {
    if let Some(output) = &args.output {
        let output = if output.extension().is_some_and(|e| e == "safetensors") {
            output.clone()
        } else {
            let mut name = output.as_os_str().to_owned();
            name.push(".safetensors");
            name.into()
        };
        let real = |path: &Path| path.canonicalize().ok();
        if real(&output).is_some() && real(&output) == real(&args.file) {
            bail!("the import would overwrite its file; choose another name: \"{}\"", output.display());
        }
        return Ok(output);
    }
    if resources.store.state(spec) == WeightState::Embedded {
        bail!("the program carries the weights of {}; name a file of your own with `-o NAME`", spec.tag);
    }
    resources
        .store
        .folders()
        .imported(spec.tag)
        .context("there is no home folder to keep it in; set FILTERSCOPE_HOME, or name a file with `-o NAME`")
}
