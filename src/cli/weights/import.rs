//! `weights import`: reads a weight file of any supported kind, binds it strictly, and keeps it as a safetensors file of this program.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::cli::args::ImportArgs;
use crate::cli::exit::Exit;
use crate::cli::reporter::Reporter;
use crate::engine::{Backbone, PREPROCESS_KEY, Preprocessing, WeightState};
use crate::formats::write_atomically;
use crate::models::ModelSpec;
use crate::render::{Resources, choose_spec_for_file};
use crate::tensor::counted;
use crate::weights::fetch::{FileRecord, write_record};
use crate::weights::{
    BoundWeights, Convention, MODEL_KEY, SOURCE_KEY, SOURCE_PART_KEY, SOURCE_SHA256_KEY, TensorFile,
    to_safetensors,
};

/// Imports one file.
pub(super) fn run(args: &ImportArgs, resources: &Resources, reporter: &Reporter) -> anyhow::Result<Exit> {
    let whole = TensorFile::read_part(&args.file, &args.part.choice())?;
    let spec = choose_spec_for_file(args.model.as_deref(), &whole)?;
    let graph = spec.graph().with_context(|| format!("the graph of {} is malformed", spec.tag))?;
    let file = whole.part_for(&graph, spec.tag, spec.head_prefixes)?;
    drop(whole);
    let target = target(args, spec, resources)?;
    let source = args.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let what = format!("{}, {}", file.format().name(), Convention::of(&file).words());
    let others = file.part().has_other_average().then(|| {
        if file.choice().ema {
            "without `--ema` the others are taken"
        } else {
            "`--ema` takes the EMA weights"
        }
        .to_owned()
    });
    let notes: Vec<String> =
        std::iter::once(String::new()).chain(file.notes().iter().cloned()).chain(others).collect();
    let notes = notes.join("; ");
    let source_sha256 = file.root_sha256().to_owned();
    let bound = BoundWeights::bind(&graph, spec.tag, &file, spec.head_prefixes)?;
    let mut metadata = BTreeMap::from([
        ("format".to_owned(), "pt".to_owned()),
        (MODEL_KEY.to_owned(), spec.tag.to_owned()),
        (SOURCE_KEY.to_owned(), source.clone()),
        (SOURCE_SHA256_KEY.to_owned(), source_sha256.clone()),
        ("filterscope.variant".to_owned(), spec.variant.to_owned()),
        ("filterscope.license".to_owned(), spec.license.to_owned()),
    ]);
    let num_head = if file.part().has_no_classes() { 0 } else { bound.num_head_tensors() };
    if let Some(part) = file.place() {
        metadata.insert(SOURCE_PART_KEY.to_owned(), part);
    }
    if let Some(inside) = Preprocessing::of(spec, &file, &bound).to_keep() {
        metadata.insert(PREPROCESS_KEY.to_owned(), inside);
    }
    let bytes = to_safetensors(&graph, &bound, &file, spec.head_prefixes, metadata)?;
    let num_tensors = bound.num_tensors();
    drop((file, bound));
    // Load the bytes again before keeping them, to be sure that the file can be loaded later.
    let origin = target.display().to_string();
    let written = Backbone::from_tensors(spec, TensorFile::from_bytes(bytes.clone(), origin)?)?;
    let record = FileRecord {
        sha256: written.origin().sha256().to_owned(),
        num_bytes: bytes.len() as u64,
        source,
        checked: None,
        source_sha256: Some(source_sha256),
    };
    if let Some(folder) = target.parent().filter(|_| args.output.is_none()) {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("can't make the folder \"{}\"", folder.display()))?;
    }
    write_atomically(&target, |out| out.write_all(&bytes))?;
    if args.output.is_none() {
        write_record(&target, &record)
            .with_context(|| format!("can't write beside \"{}\"", target.display()))?;
    }
    let head = match num_head {
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
        counted(num_tensors, "tensor"),
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
