//! A batch of figures, run by run. Views' jobs interrupt it, and it continues afterwards.

use std::sync::Arc;
use std::time::Instant;

use crate::app::message::event::Event;
use crate::app::message::job::BatchJob;
use crate::app::message::remedy::told;
use crate::app::model::request::FullRequest;
use crate::app::model::task::Task;
use crate::app::model::task::run_news::{RunEnd, RunNews};
use crate::app::runtime::existing::WeightHashes;
use crate::app::runtime::network::keys::{Run, Subject};
use crate::app::runtime::network::pipeline::{Pipeline, Stop, failed, unordered};
use crate::app::runtime::network::save::of_picture;
use crate::app::runtime::network::show::fitting_grid;
use crate::app::runtime::network::value::{Beside, NO_JOB};
use crate::engine::{CancelToken, RunBy};
use crate::formats::write_npy;
use crate::graph::NodeId;
use crate::input::dataset::PictureRef;
use crate::mosaic::MosaicSettings;
use crate::render::{
    BatchFigure, BatchModel, BatchRun, Contents, Drawing, FigureSpec, LayerChoice, LayerValues, Look, Panel,
    PanelSpec, PictureChoice, Placement, ViewRequest, class_words, draw,
};
use crate::tensor::counted;

impl Pipeline {
    /// Does runs until the batch is done or cancelled by the user. If a view's job is waiting, returns the rest of the batch, to be
    /// continued later.
    pub(crate) fn batch(&mut self, mut job: Box<BatchJob>, cancel: &CancelToken) -> Option<Box<BatchJob>> {
        let plan = match &job.plan {
            Some(plan) => Arc::clone(plan),
            None => match job.of.plan().map(Arc::new) {
                Ok(plan) => plan,
                Err(error) => {
                    return self.cannot_begin(&job, &told(&error));
                }
            },
        };
        if job.plan.is_none() && job.renews {
            job.renewed = WeightHashes::default().others(&job.of, &plan).paths.into_iter().collect();
        }
        job.news.total = plan.runs.len() as u64;
        job.plan = Some(Arc::clone(&plan));
        let folder = &job.of.folder;
        if job.next == 0
            && let Err(error) = std::fs::create_dir_all(folder)
        {
            let reason = format!("can't make the folder ({error}): \"{}\"", folder.display());
            return self.cannot_begin(&job, &reason);
        }
        while job.next < plan.runs.len() {
            if job.called_off.is_cancelled() {
                return self.end(&job, true);
            }
            if cancel.is_cancelled() {
                return Some(job);
            }
            let started = Instant::now();
            let run = &plan.runs[job.next];
            match self.one_run(&mut job, &plan.models[run.model], run, cancel) {
                Ok(()) => {}
                // The run starts again after the view's job; it skips figures that it has already written.
                Err(Stop::Cancelled) => return Some(job),
                Err(Stop::Failed(reason)) => fail(&mut job, &run.picture, reason),
            }
            job.next += 1;
            job.news.done = job.next as u64;
            // Only time spent on the batch counts, not time spent waiting.
            job.news.elapsed += started.elapsed();
            job.news.what = format!("{} written", counted(job.counts.num_written, "figure"));
            self.tell.event(Event::TaskNews(Task::Batch, job.news.clone()));
        }
        self.end(&job, false)
    }

    /// Ends a batch of which nothing was tried.
    fn cannot_begin(&self, job: &BatchJob, reason: &str) -> Option<Box<BatchJob>> {
        let end = Some(RunEnd::Failed(format!("batch failed: {reason}")));
        self.tell.event(Event::TaskNews(Task::Batch, RunNews { end, ..job.news.clone() }));
        None
    }

    fn end(&self, job: &BatchJob, is_called_off: bool) -> Option<Box<BatchJob>> {
        let end = Some(job.counts.end(job.news.num_failed, is_called_off));
        self.tell.event(Event::TaskNews(Task::Batch, RunNews { end, ..job.news.clone() }));
        None
    }

    fn one_run(
        &mut self,
        job: &mut BatchJob,
        model: &BatchModel,
        run: &BatchRun,
        cancel: &CancelToken,
    ) -> Result<(), Stop> {
        if run.figures.iter().all(|figure| is_done(job, figure)) {
            // Nothing of this run has to be computed.
            let kept = run.figures.iter().filter(|figure| !job.written.contains(&figure.path)).count();
            job.counts.num_kept += kept;
            return Ok(());
        }
        let wanted = FullRequest {
            of: ViewRequest {
                picture: PictureChoice::File(run.picture.picture.path().to_owned()),
                spec: model.spec,
                layer: LayerChoice::Final,
                ..job.of.request.clone()
            },
            minus: None,
            weights_file: model.weights_file.clone(),
            device: job.of.device,
            generation: 0,
            max_texture_side: 1024,
        };
        let subject = self.subject(NO_JOB, &wanted.of.picture, &wanted, cancel)?;
        let nodes: Vec<_> = run.figures.iter().map(|figure| figure.node).collect();
        let values = self.values(NO_JOB, &subject, &wanted, &nodes, Beside::Nothing, cancel)?;
        let run_by = self.session(NO_JOB, &wanted)?.run_by();
        for (figure, value) in run.figures.iter().zip(&values) {
            if cancel.is_cancelled() && !job.called_off.is_cancelled() {
                return Err(Stop::Cancelled);
            }
            // Existing figures are kept, and so are those that this batch wrote before it was interrupted.
            if is_done(job, figure) {
                if !job.written.contains(&figure.path) {
                    job.counts.num_kept += 1;
                }
                continue;
            }
            if job.of.has_values && (replaces(job, figure) || !figure.values_path().exists()) {
                write_npy(&figure.values_path(), &value.activation).map_err(failed)?;
            }
            if figure.path.exists() && !replaces(job, figure) {
                job.written.insert(figure.path.clone());
                job.counts.num_written += 1;
                continue;
            }
            let drawing =
                painted((&run_by, &subject, value), (&run.picture.label, figure.node), job, cancel)?;
            drawing.write(&figure.path).map_err(failed)?;
            job.written.insert(figure.path.clone());
            job.counts.num_written += 1;
        }
        Ok(())
    }
}

/// Notes why a picture failed. With several networks it may fail several times, and is one picture.
fn fail(job: &mut BatchJob, picture: &PictureRef, reason: String) {
    job.failed.insert(picture.picture.path().to_owned());
    job.news.num_failed = job.failed.len() as u64;
    job.news.fail(picture.label.clone(), reason);
}

/// Whether a figure is made anew if it exists.
fn replaces(job: &BatchJob, figure: &BatchFigure) -> bool {
    job.of.replaces || job.renewed.contains(&figure.path)
}

/// Draws one figure of a run.
fn painted(
    (run_by, subject, value): (&RunBy, &Subject, &Run),
    (label, node): (&str, NodeId),
    job: &BatchJob,
    cancel: &CancelToken,
) -> Result<Drawing, Stop> {
    let request = &job.of.request;
    let class_map = request.class_map.as_ref();
    let of_class = class_map
        .map(|class| class.map(&run_by.backbone, node, &value.activation))
        .transpose()
        .map_err(failed)?
        .map(|map| Run::new(map, value.elapsed));
    let drawn = of_class.as_ref().unwrap_or(value);
    let (activation, stats) = (&drawn.activation, &**drawn.stats());
    let view = &subject.prepared.view;
    let place = Placement::of(view, &view.infos(run_by.backbone.graph()).map_err(failed)?[node.0]);
    let goes_on = || !cancel.is_cancelled() || job.called_off.is_cancelled();
    let settings = request.settings_for(activation, stats, &place, &goes_on).map_err(unordered)?;
    let num_shown = settings.order.as_ref().map_or(activation.shape().channels, |order| order.len());
    let grid = fitting_grid(&settings, num_shown);
    let mut panel = Panel::paint(&PanelSpec {
        values: LayerValues { run_by, view, activation, stats },
        look: Look {
            settings: MosaicSettings { grid, paper: job.of.looks.paper, ..settings },
            scale: job.of.looks.scale,
        },
        selection: request.selection,
        channel: None,
        class_map,
    })
    .map_err(failed)?;
    if job.of.looks.surround.has_caption {
        panel.set_remark(class_words(&run_by.backbone, node, &value.activation));
    }
    let contents = Contents::Panel(panel, job.of.looks.surround);
    let picture = of_picture(&subject.picture);
    draw(FigureSpec { picture: &picture, minus: None, label, contents }).map_err(failed)
}

/// Whether a figure needs no work: this batch has written it, or it exists and is not to be replaced.
fn is_done(job: &BatchJob, figure: &BatchFigure) -> bool {
    job.written.contains(&figure.path) || (!replaces(job, figure) && figure.is_there(job.of.has_values))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::model::save::SaveLooks;
    use crate::app::model::task::batch::BatchRequest;
    use crate::engine::DeviceChoice;
    use crate::input::dataset::PictureLocation;
    use crate::models::Registry;
    use crate::render::{BatchLayers, DEFAULT_TAG};

    /// A broken picture fails with each network.
    #[test]
    fn a_picture_that_fails_with_two_networks_is_one_picture() {
        let of = BatchRequest {
            request: ViewRequest::new(Registry::find(DEFAULT_TAG).unwrap()),
            source: None,
            has_all_cameras: false,
            frames: (0, 0),
            models: Vec::new(),
            layers: BatchLayers::Final,
            folder: "out".into(),
            has_values: false,
            replaces: false,
            looks: SaveLooks::default(),
            device: DeviceChoice::default(),
        };
        let mut job = BatchJob::new(of, false, CancelToken::new());
        let picture = |name: &str| PictureRef {
            label: name.into(),
            picture: PictureLocation::File(name.into()),
            camera: None,
            row: None,
            stem: name.into(),
        };
        for (name, reason) in
            [("a.png", "broken"), ("a.png", "broken"), ("a.png", "other"), ("b.png", "broken")]
        {
            fail(&mut job, &picture(name), reason.to_owned());
        }
        assert_eq!(job.news.num_failed, 2);
        assert_eq!(job.news.failures.len(), 3, "each reason once: {:?}", job.news.failures);
    }
}
