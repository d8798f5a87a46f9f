//! The work of a thread that keeps a copy of weights, as `weights import` does.

use std::path::PathBuf;

use crate::app::message::effect::KeepRequest;
use crate::app::message::event::{Event, Kept};
use crate::app::message::remedy::told;
use crate::app::runtime::tell::Tell;
use crate::render::{ImportError, import_weights};
use crate::tensor::counted;
use crate::weights::TensorFile;

/// Keeps a copy of a weight file, and tells the window how it ended.
pub(crate) fn keep(request: KeepRequest, tell: &Tell) {
    let spec = request.spec;
    tell.event(Event::Kept(spec, kept(request).unwrap_or_else(Kept::Failed)));
}

fn kept(request: KeepRequest) -> Result<Kept, String> {
    let KeepRequest { spec, file, sha256, target, may_replace } = request;
    if target.exists() && !may_replace {
        return Ok(Kept::IsThere(target));
    }
    let whole = TensorFile::read_part(&file.path, &file.choice).map_err(|error| told(&error))?;
    if whole.sha256() != sha256 {
        return Err(format!(
            "the file has changed since it was loaded; load it again first: \"{}\"",
            file.path.display()
        ));
    }
    let imported = import_weights(whole, spec, &file.path, &target, true).map_err(|error| words(&error))?;
    let what = format!("all of their {} ({})", counted(imported.num_tensors, "tensor"), imported.what);
    Ok(Kept::Done(target, what))
}

/// An import's error in words, with what the system said.
fn words(error: &ImportError) -> String {
    let words = told(error);
    if let ImportError::Folder { reason, .. } | ImportError::Record { reason, .. } = error {
        return format!("{words}: {reason}");
    }
    words
}

/// Why recently used weight files can't be opened: those that can be are left out.
pub(crate) fn gone(paths: Vec<PathBuf>) -> Vec<(PathBuf, String)> {
    let reason = |path: &PathBuf| match std::fs::metadata(path) {
        Ok(found) if found.is_file() => None,
        Ok(_) => Some("this is no file any more".to_owned()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Some("there is no such file any more".to_owned())
        }
        Err(error) => Some(format!("it can't be read ({error})")),
    };
    paths.into_iter().filter_map(|path| reason(&path).map(|why| (path, why))).collect()
}
