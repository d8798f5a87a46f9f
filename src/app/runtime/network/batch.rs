//! A batch of figures, run by run; after each it makes way for what is wanted on screen.

use std::sync::Arc;
use std::time::Instant;

use crate::app::message::event::Event;
use crate::app::message::job::BatchJob;
use crate::app::model::request::FullRequest;
use crate::app::runtime::network::pipeline::{Pipeline, Stop};
use crate::app::runtime::network::save;
use crate::app::runtime::network::show::fitting_grid;
use crate::engine::CancelToken;
use crate::formats::{PictureRecord, write_figure, write_npy};
use crate::mosaic::MosaicSettings;
use crate::render::{BatchFigure, BatchRun, LayerChoice, Look, Panel, PictureChoice, ViewRequest};

/// Nobody waits for word of a batch's parts by number.
const NO_JOB: u64 = 0;

impl Pipeline {
    /// Does runs until the batch is done or called off, or something else is wanted: then what is left comes back.
    pub(crate) fn batch(&mut self, mut job: Box<BatchJob>, cancel: &CancelToken) -> Option<Box<BatchJob>> {
        if job.next == 0
            && let Err(error) = std::fs::create_dir_all(&job.folder)
        {
            let reason = format!("can't make the folder ({error}): \"{}\"", job.folder.display());
            job.news.failed.push((String::new(), reason));
            return self.end(&job);
        }
        while job.next < job.plan.runs.len() {
            if job.called_off.is_cancelled() {
                job.news.is_called_off = true;
                return self.end(&job);
            }
            if cancel.is_cancelled() {
                return Some(job);
            }
            let started = Instant::now();
            let plan = Arc::clone(&job.plan);
            let run = &plan.runs[job.next];
            match self.one_run(&mut job, run, cancel) {
                Ok(()) => {}
                // The run is begun again after what came between; figures that were written are then there.
                Err(Stop::Cancelled) => return Some(job),
                Err(Stop::Failed(reason)) => job.news.failed.push((run.picture.label.clone(), reason)),
            }
            job.next += 1;
            job.news.num_runs_done = job.next;
            job.news.busy += started.elapsed();
            self.tell.event(Event::Batch(job.news.clone()));
        }
        self.end(&job)
    }

    fn end(&self, job: &BatchJob) -> Option<Box<BatchJob>> {
        let mut news = job.news.clone();
        news.is_over = true;
        self.tell.event(Event::Batch(news));
        None
    }

    fn one_run(&mut self, job: &mut BatchJob, run: &BatchRun, cancel: &CancelToken) -> Result<(), Stop> {
        if run.figures.iter().all(|figure| is_done(job, figure)) {
            // Nothing of it has to be computed.
            let kept = run.figures.iter().filter(|figure| !job.written.contains(&figure.path)).count();
            job.news.num_kept += kept;
            return Ok(());
        }
        let model = &job.plan.models[run.model];
        let wanted = FullRequest {
            of: ViewRequest {
                picture: PictureChoice::File(run.picture.picture.path().to_owned()),
                row: model.row,
                layer: LayerChoice::Final,
                ..job.request.clone()
            },
            minus: None,
            weights_file: model.weights_file.clone(),
            device: job.device,
            generation: 0,
            max_texture_side: 1024,
        };
        let subject = self.subject(NO_JOB, &wanted.of.picture, &wanted, cancel)?;
        let nodes: Vec<_> = run.figures.iter().map(|figure| figure.node).collect();
        let values = self.values(NO_JOB, &subject, &wanted, &nodes, cancel)?;
        let run_by = self.session(NO_JOB, &wanted)?.run_by();
        let rgb = &subject.picture.rgb;
        let name = std::path::Path::new(&subject.picture.name);
        let about = PictureRecord::new(name, rgb.width(), rgb.height(), rgb.as_raw());
        for (figure, value) in run.figures.iter().zip(&values) {
            if cancel.is_cancelled() && !job.called_off.is_cancelled() {
                return Err(Stop::Cancelled);
            }
            // What is there is kept; what this batch wrote before it made way, too.
            if is_done(job, figure) {
                if !job.written.contains(&figure.path) {
                    job.news.num_kept += 1;
                }
                continue;
            }
            let failed = |error: &dyn std::fmt::Display| Stop::Failed(error.to_string());
            if job.has_values && (job.replaces || !figure.values_path().exists()) {
                write_npy(&figure.values_path(), &value.activation).map_err(|error| failed(&error))?;
            }
            if figure.path.exists() && !job.replaces {
                job.written.insert(figure.path.clone());
                job.news.num_written += 1;
                continue;
            }
            let order = wanted
                .of
                .sifting
                .channels(&value.activation, &value.stats, &|| true)
                .map_err(|_| Stop::Cancelled)?;
            let num_shown = order.as_ref().map_or(value.activation.shape().channels, |order| order.len());
            let grid = fitting_grid(&job.request.settings, num_shown);
            let look = Look {
                settings: MosaicSettings {
                    grid,
                    paper: job.looks.paper,
                    order,
                    ..job.request.settings.clone()
                },
                scale: job.looks.scale,
            };
            let mut drawing = look
                .for_shape(value.activation.shape())
                .and_then(|settings| {
                    let view = &subject.prepared.view;
                    Panel::new(&run_by, view, &value.activation, &value.stats, &settings)
                })
                .and_then(|panel| panel.into_drawing(&about, &run.picture.label, job.looks.surround))
                .map_err(|error| failed(&error))?;
            save::name_sifting(&mut drawing.record, wanted.of.sifting);
            write_figure(&figure.path, &drawing.pixels, &drawing.title, &drawing.record)
                .map_err(|error| failed(&error))?;
            job.written.insert(figure.path.clone());
            job.news.num_written += 1;
        }
        Ok(())
    }
}

/// What is there is kept unless it is to be replaced; what this batch wrote before it made way, in any case.
fn is_done(job: &BatchJob, figure: &BatchFigure) -> bool {
    job.written.contains(&figure.path) || (!job.replaces && figure.is_there(job.has_values))
}
