//! Weight files on this machine: prints their paths, checks that they are unchanged, and removes them.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::cli::exit::Exit;
use crate::cli::reporter::Reporter;
use crate::engine::{Backbone, WeightState, WeightStore};
use crate::models::{ModelSpec, Registry};
use crate::render::Resources;
use crate::tensor::WeightSource;
use crate::tensor::counted;
use crate::weights::fetch::{md5_of, read_record, remove_record};
use crate::weights::{KeptBy, KeptFile};

/// A model's weight file, or an error that says why there is none.
fn file_of(spec: &'static ModelSpec, store: &WeightStore) -> anyhow::Result<KeptFile> {
    if store.state(spec) == WeightState::Embedded {
        bail!("the program carries the weights of {}; there is no file", spec.tag);
    }
    store.kept(spec).with_context(|| {
        let fetch = match spec.download() {
            Some(_) => format!("; `filterscope weights fetch {}` downloads them", spec.tag),
            None => String::new(),
        };
        format!("the weights of {} are not installed{fetch}", spec.tag)
    })
}

/// Prints the path of a model's weight file.
pub(super) fn path(
    spec: &'static ModelSpec,
    resources: &Resources,
    reporter: &Reporter,
) -> anyhow::Result<Exit> {
    let file = file_of(spec, &resources.store)?;
    reporter.result(&format!("{}\n", file.path.display()))?;
    Ok(Exit::Done)
}

/// Checks weight files against their recorded checksums and their graphs; without names, all that are on this machine.
pub(super) fn verify(
    specs: &[&'static ModelSpec],
    resources: &Resources,
    reporter: &Reporter,
) -> anyhow::Result<Exit> {
    let store = &resources.store;
    let all: Vec<&'static ModelSpec> = if specs.is_empty() {
        Registry::specs().filter(|spec| store.state(spec) == WeightState::Cached).collect()
    } else {
        specs.to_vec()
    };
    if all.is_empty() {
        reporter.summary("no weight file is here but those that the program carries");
        return Ok(Exit::Done);
    }
    let mut num_failed = 0;
    for spec in &all {
        let checked = file_of(spec, store).and_then(|file| check(spec, store, &file));
        match checked {
            Ok(words) => reporter.result(&format!("{}: {words}\n", spec.tag))?,
            Err(error) if all.len() == 1 => return Err(error),
            Err(error) => {
                num_failed += 1;
                reporter.skipped(&format!("{error:#}"));
            }
        }
    }
    Ok(if num_failed > 0 { Exit::SomeFailed } else { Exit::Done })
}

fn check(spec: &'static ModelSpec, store: &WeightStore, file: &KeptFile) -> anyhow::Result<String> {
    let backbone = Backbone::load(spec, store, None)?;
    let sha256 = backbone.origin().sha256();
    let expected = recorded_sha256(file);
    if let Some(expected) = &expected
        && !expected.eq_ignore_ascii_case(sha256)
    {
        bail!(
            "{} is no longer the file that was kept (sha256 {sha256}, recorded {expected}); `filterscope weights remove {0}` and \
             get it again: \"{}\"",
            spec.tag,
            file.path.display()
        );
    }
    let checksum = match (&expected, spec.download()) {
        (Some(_), _) => "sha256 as recorded",
        (None, Some(WeightSource::Https { md5: Some(published), .. })) => {
            let md5 = md5_of(&file.path)?;
            if md5 != published {
                bail!(
                    "{} is not the file that its publisher gives (md5 {md5}, published {published}): \"{}\"",
                    spec.tag,
                    file.path.display()
                );
            }
            "md5 as published"
        }
        _ => "no checksum recorded",
    };
    Ok(format!(
        "{checksum}, all of its {} fit and are finite, sha256 {sha256}: \"{}\"",
        counted(backbone.weights().num_tensors(), "tensor"),
        file.path.display()
    ))
}

/// A file's sha256 at the time it was kept. In the hub's cache it is the name of the blob; otherwise it is in a record next to the file.
fn recorded_sha256(file: &KeptFile) -> Option<String> {
    let real = file.path.canonicalize().ok()?;
    let name = real.file_name()?.to_str()?;
    let is_hash = name.len() == 64 && name.bytes().all(|b| b.is_ascii_hexdigit());
    if is_hash { Some(name.to_owned()) } else { Some(read_record(&file.path)?.sha256) }
}

/// Removes weight files, except those in Keras' own cache.
pub(super) fn remove(
    specs: &[&'static ModelSpec],
    resources: &Resources,
    reporter: &Reporter,
) -> anyhow::Result<Exit> {
    for spec in specs {
        let file = file_of(spec, &resources.store)?;
        if file.kept == KeptBy::ByKeras {
            bail!(
                "this file is in Keras' own cache; remove it there if Keras shall lose it too: \"{}\"",
                file.path.display()
            );
        }
        let mut num_bytes = 0;
        for path in parts(&file.path) {
            num_bytes +=
                std::fs::metadata(&path).map_or(0, |info| if path.is_symlink() { 0 } else { info.len() });
            std::fs::remove_file(&path).with_context(|| format!("can't remove \"{}\"", path.display()))?;
        }
        remove_record(&file.path);
        reporter.summary(&format!("removed {} ({num_bytes} bytes): \"{}\"", spec.tag, file.path.display()));
    }
    Ok(Exit::Done)
}

/// A file, and if it is a link, the blob that it points to.
fn parts(path: &Path) -> Vec<PathBuf> {
    let mut parts = vec![path.to_owned()];
    if path.is_symlink()
        && let Ok(blob) = path.canonicalize()
    {
        parts.push(blob);
    }
    parts
}
