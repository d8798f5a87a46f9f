//! What a kept head tells of single pictures, as a run over a whole data set would tell it.

use std::ops::ControlFlow;
use std::sync::Arc;

use anyhow::{Context as _, bail};

use crate::engine::{CancelToken, Session};
use crate::extract::{Encoding, ExtractPlan, ExtractSettings, ModelToRun, Pool, Selection};
use crate::features::FeatureFormat;
use crate::graph::NodeId;
use crate::input::dataset::{Camera, Source};
use crate::input::decode::Picture;
use crate::input::{FitChoice, ValueChoice, preprocess};
use crate::probe::Predictions;
use crate::study::head_file::StoredHead;
use crate::tensor::{AxisOrder, Dtype};

/// What a head tells of one picture.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ToldValue {
    Number(f64),
    Class(String),
}

/// A head with its network, ready for pictures.
pub(crate) struct Predictor {
    kept: Arc<StoredHead>,
    session: Session,
    node: NodeId,
    encoding: Encoding,
    fit: FitChoice,
    values: ValueChoice,
}

impl Predictor {
    /// Checks that a network gives the features that the head was fitted on. `source` is the data set that the pictures are of.
    ///
    /// # Errors
    /// A network without the head's layer, and weights or settings that differ from the head's.
    pub(crate) fn new(
        kept: Arc<StoredHead>,
        session: Session,
        source: &Arc<dyn Source>,
        camera: Option<Camera>,
    ) -> anyhow::Result<Self> {
        let about = &kept.about;
        let graph = session.backbone().graph();
        let node = graph.resolve(&about.layer, session.backbone().spec().tag)?;
        let encoding =
            Encoding { pool: about.pool.parse::<Pool>()?, order: AxisOrder::Hwc, dtype: Dtype::F32 };
        let (fit, values) = (about.fit.parse()?, about.preprocess.parse()?);
        let settings = ExtractSettings {
            selection: Selection {
                cameras: camera.into_iter().collect(),
                limit: Some(1),
                ..Selection::default()
            },
            share: None,
            fit,
            values,
            encoding,
            format: FeatureFormat::Npy,
            // Nothing is written: the plan says how features would be made.
            out: std::env::temp_dir().join("filterscope-predictor"),
            batch: Some(1),
            part_rows: 1,
        };
        let models = vec![ModelToRun { session, layers: vec![node] }];
        let mut plan = ExtractPlan::new(Arc::clone(source), models, settings)?;
        let set = plan.sets.first().context("no layer to run up to")?;
        if let Some((name, here, there)) = about.difference(&set.recipe, &set.recipe.pool) {
            bail!("{name} differs: `{here}` here, and the head was fitted with `{there}`");
        }
        let ModelToRun { session, .. } = plan.models.pop().context("no network to run")?;
        Ok(Self { kept, session, node, encoding, fit, values })
    }

    /// What the head tells of a picture.
    ///
    /// # Errors
    /// A picture that can't be brought to the network's size, an error of the engine, features of another width than the head's.
    pub(crate) fn tell(&mut self, picture: &Picture) -> anyhow::Result<ToldValue> {
        let spec = *self.session.backbone().preprocessing().spec();
        let input = preprocess(&picture.rgb, &spec, self.fit, self.values)?.batch;
        let (encoding, mut bytes) = (self.encoding, Vec::new());
        self.session.run(&input, &[self.node], &CancelToken::new(), &mut |tap| {
            encoding.encode(&tap.activation, &mut bytes);
            ControlFlow::Continue(())
        })?;
        let row: Vec<f32> = bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        let StoredHead { head, about } = &*self.kept;
        if row.len() != head.width() {
            bail!("the features have {} numbers, and the head takes {}", row.len(), head.width());
        }
        let told = match head.tell(&row) {
            Predictions::Numbers(numbers) => numbers.first().copied().map(ToldValue::Number),
            Predictions::Classes(classes) => {
                let names = about.classes.as_deref().unwrap_or_default();
                classes.first().and_then(|class| names.get(*class)).cloned().map(ToldValue::Class)
            }
        };
        told.context("the head tells nothing")
    }
}
