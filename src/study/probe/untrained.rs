//! The baseline of an untrained network: the best network's architecture with random weights, on the same pictures.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};

use super::random;
use super::sets::OpenSet;
use crate::engine::{CancelToken, ComputeDevice, Session};
use crate::extract::{
    Encoding, End, Existing, ExtractEvent, ExtractPlan, ExtractSettings, ModelToRun, Pool, Selection, execute,
};
use crate::features::{FeatureFormat, FeatureMatrix, MapRows};
use crate::input::dataset::ListSource;
use crate::models::Registry;
use crate::study::news::StudyNews;
use crate::study::temporary::temporary_folder;
use crate::tensor::{AxisOrder, Dtype, counted};

/// The features of the same rows from random weights: rows × width.
pub(super) fn read(
    set: &OpenSet,
    root: &Path,
    maps: MapRows,
    seed: u64,
    tell: &mut dyn FnMut(StudyNews<'_>),
    go_on: &dyn Fn() -> bool,
) -> anyhow::Result<(Vec<f32>, usize)> {
    let recipe = set.recipe();
    let spec = Registry::find(&recipe.tag).ok().filter(|spec| spec.opened().is_none());
    let spec = spec.with_context(|| format!("{} is no network of this program", recipe.tag))?;
    let backbone = random::backbone(spec, seed)?;
    let node = backbone.graph().find(&recipe.layer);
    let node = node.with_context(|| format!("{} has no layer `{}` here", recipe.tag, recipe.layer))?;
    let files = set.index().column("file").context("the index has no column `file`")?;
    // The folder of a table that was named without one.
    let root = if root.as_os_str().is_empty() { Path::new(".") } else { root };
    let place = || format!("can't read \"{}\"", root.display());
    let root = root.canonicalize().with_context(place)?;
    let list: Vec<String> = files.iter().map(|file| root.join(file).display().to_string()).collect();
    let source = ListSource::list(list.join("\n").into_bytes(), Path::new(""), Path::new("pictures"))?;
    let temporary = temporary_folder()?;
    let stored: Pool = recipe.pool.parse()?;
    let settings = ExtractSettings {
        selection: Selection::default(),
        share: None,
        fit: recipe.fit.parse()?,
        values: recipe.preprocess.parse()?,
        encoding: Encoding {
            pool: match (stored, maps) {
                (Pool::None, MapRows::Averaged) => Pool::Avg,
                (Pool::None, MapRows::Flattened) => Pool::Flatten,
                (stored, _) => stored,
            },
            order: AxisOrder::Hwc,
            dtype: Dtype::F32,
        },
        format: FeatureFormat::Npy,
        out: temporary.path().to_owned(),
        batch: None,
        part_rows: 1024,
    };
    let session = Session::new(backbone, ComputeDevice::cpu())?;
    let models = vec![ModelToRun { session, layers: vec![node] }];
    let mut plan = ExtractPlan::new(Arc::new(source), models, settings)?;
    let total = plan.rows.len();
    if total != set.num_rows() as u64 {
        bail!("the pictures are {total}, and the features {}", set.num_rows());
    }
    tell(StudyNews::Pictures { what: "random weights", total });
    let existing = Existing { resume: false, allow_mixed: false, overwrite: true };
    let cancel = CancelToken::new();
    let executed = execute(&mut plan, existing, &cancel, &mut |event| {
        if !go_on() {
            cancel.cancel();
        }
        if let ExtractEvent::Progress { done, .. } = event {
            tell(StudyNews::Reach(done));
        }
    });
    tell(StudyNews::Over);
    let executed = executed.map_err(|error| anyhow::Error::new(*error))?;
    if !matches!(executed.end, End::Done) {
        bail!("interrupted");
    }
    if executed.num_failed > 0 {
        bail!("{} gave no feature", counted(executed.num_failed as usize, "picture"));
    }
    let folder = plan.sets.first().map(|set| plan.set_folder(set)).context("no set was made")?;
    let mut matrix = FeatureMatrix::open(&folder, MapRows::Flattened, go_on)?;
    Ok((matrix.to_memory(go_on)?, matrix.width()))
}
