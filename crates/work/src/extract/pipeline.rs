//! The work of a run. Several threads read and resize pictures, this thread takes them through the networks in batches, and another
//! thread writes. None of them may run far ahead of the others, so memory doesn't grow with the data set.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::{Duration, Instant};

use super::clock::{Clock, Timings};
use super::event::{ExtractEvent, WorkEnd};
use super::ordered::{CloseAtEnd, Ordered};
use super::plan::{ExtractPlan, ModelToRun};
use super::pool::Encoding;
use super::results::{BatchResult, Feature, PictureFeatures, PictureResult};
use super::rows::{PlannedPicture, RowList};
use super::state::RunState;
use super::writer::Writer;
use crate::engine::{CancelToken, EngineError};
use crate::formats::WriteError;
use crate::graph::NodeId;
use crate::input::decode::DecodeNote;
use crate::input::{Fingerprint, FitChoice, ValueChoice, preprocess};
use crate::tensor::{InputBatch, PreprocessSpec, Remedied, Remedy};

/// The most threads that read pictures: more would only wait for the disk.
const MAX_READERS: usize = 16;
/// How many batches may wait for the writer.
const WAITING_BATCHES: usize = 2;

/// Why a run stopped while it worked through the pictures. What was done before is kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExtractError {
    /// The engine returned an error.
    #[error("{tag}: {reason}")]
    Engine {
        /// The network.
        tag: &'static str,
        /// The engine's error.
        reason: Box<EngineError>,
    },
    /// Writing failed.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A thread ended unexpectedly: a bug.
    #[error("a thread of the run ended unexpectedly, which is a bug of this program")]
    Thread,
    /// Memory or open files ran out, which is no fault of the picture.
    #[error("{reason}, which is no fault of the picture: \"{place}\"")]
    Shortage {
        /// What ran out.
        reason: String,
        /// The picture.
        place: String,
        /// What can be done.
        remedy: Option<Remedy>,
    },
    /// Threads for reading could not be started.
    #[error("can't start threads that read pictures ({0})")]
    Start(String),
}

/// Why a picture could not be read.
enum Unread {
    /// The fault is the picture's own: it is left out.
    Picture(String),
    /// Memory or open files ran out: the picture could be read at another time, so the run stops.
    Shortage(String, Option<Remedy>),
}

/// A picture after reading, with one input for each network.
struct Prepared {
    picture: PlannedPicture,
    inputs: Result<(Vec<InputBatch>, Fingerprint), Unread>,
    notes: Vec<DecodeNote>,
}

/// What the reading threads need to know of a plan.
struct Reader<'a> {
    rows: &'a RowList,
    specs: Vec<PreprocessSpec>,
    fit: FitChoice,
    values: ValueChoice,
    clock: &'a Clock,
}

impl Reader<'_> {
    /// Reads pictures until there are no more to claim.
    fn read_all(&self, queue: &Ordered<Prepared>) {
        while let Some(position) = queue.claim() {
            let Some(picture) = self.rows.picture(position) else { return queue.close() };
            // A panic in a decoder counts as that picture's error. Without any result for it, the run would wait for ever.
            let prepared = catch_unwind(AssertUnwindSafe(|| self.read(picture.clone())));
            let gave_up = |_| Prepared {
                picture,
                inputs: Err(Unread::Picture("reading it gave up".into())),
                notes: Vec::new(),
            };
            queue.put(position, prepared.unwrap_or_else(gave_up));
        }
    }

    fn read(&self, picture: PlannedPicture) -> Prepared {
        let started = Instant::now();
        let (decoded, known) = match picture.picture.load_known() {
            Ok(read) => read,
            // Only the problem, without the path: the picture's name in the data set is reported with it.
            Err(error) => {
                let (words, remedy) = (error.problem.to_string(), error.problem.remedy());
                let unread = if error.problem.is_shortage() {
                    Unread::Shortage(words, remedy)
                } else {
                    Unread::Picture(words)
                };
                return Prepared { picture, inputs: Err(unread), notes: Vec::new() };
            }
        };
        self.clock.decode.add(started.elapsed());
        let started = Instant::now();
        let inputs = self
            .specs
            .iter()
            .map(|spec| preprocess(&decoded.rgb, spec, self.fit, self.values).map(|made| made.batch))
            .collect::<Result<Vec<_>, _>>()
            .map(|inputs| (inputs, known))
            .map_err(|error| match error.remedy() {
                Some(Remedy::GiveMemory) => Unread::Shortage(error.to_string(), Some(Remedy::GiveMemory)),
                _ => Unread::Picture(error.to_string()),
            });
        self.clock.resize.add(started.elapsed());
        Prepared { picture, inputs, notes: decoded.notes }
    }
}

/// Works through the pictures that are not done yet. Parts that were completed are added to `state`, even if the run then fails.
pub(super) fn run(
    plan: &mut ExtractPlan,
    state: &mut RunState,
    cancel: &CancelToken,
    watch: &mut dyn FnMut(ExtractEvent),
) -> Result<(WorkEnd, Timings), ExtractError> {
    let started = Instant::now();
    let clock = Clock::default();
    let batch = plan.batch.max(1) as u64;
    // Running changes the sessions. Everything else in the plan is only read, by several threads.
    let mut models = std::mem::take(&mut plan.models);
    let plan = &*plan;
    let num_readers = rayon::current_num_threads().min(MAX_READERS);
    let reader = Reader {
        rows: &plan.rows,
        specs: models.iter().map(|m| *m.session.backbone().preprocessing().spec()).collect(),
        fit: plan.settings.fit,
        values: plan.settings.values,
        clock: &clock,
    };
    // Readers get a thread pool of their own: in the global pool, resizing would queue behind the networks' work.
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(num_readers)
        .thread_name(|at| format!("read-{at}"))
        .build()
        .map_err(|e| ExtractError::Start(e.to_string()));
    let window = (2 * batch).max(num_readers as u64 + 1);
    let result = pool.and_then(|pool| {
        let mut forward = Forward {
            plan,
            models: &mut models,
            clock: &clock,
            done: state.num_done(),
            failed: state.num_failed(),
        };
        for gap in state.gaps(plan.rows.len()) {
            let queue = Ordered::new(gap.start, gap.end, window);
            let end = std::thread::scope(|scope| {
                let close = CloseAtEnd(&queue);
                scope.spawn(|| pool.broadcast(|_| reader.read_all(&queue)));
                let (sender, receiver) = sync_channel::<BatchResult>(WAITING_BATCHES);
                let writer = Writer::new(plan, state.parts_folder(), &clock);
                let writing = scope.spawn(move || writer.write_all(&receiver));
                let ended = forward.work(&queue, gap.end, batch, &sender, cancel, watch);
                drop(sender);
                drop(close);
                let Ok((parts, written)) = writing.join() else { return Err(ExtractError::Thread) };
                state.add(parts);
                // If the writer failed, that is why the rest stopped: return its error first.
                written?;
                ended
            })?;
            if end == WorkEnd::Interrupted {
                return Ok(end);
            }
        }
        Ok(WorkEnd::Done)
    });
    let timings = Timings {
        decode: clock.decode.total(),
        resize: clock.resize.total(),
        forward: clock.forward.total(),
        encode: clock.encode.total(),
        wait: clock.wait.total(),
        write: clock.write.total(),
        elapsed: started.elapsed(),
    };
    result.map(|end| (end, timings))
}

/// The part of the work that runs the networks, on the calling thread.
struct Forward<'a> {
    plan: &'a ExtractPlan,
    models: &'a mut Vec<ModelToRun>,
    clock: &'a Clock,
    done: u64,
    failed: u64,
}

impl Forward<'_> {
    fn work(
        &mut self,
        queue: &Ordered<Prepared>,
        end: u64,
        batch: u64,
        sender: &SyncSender<BatchResult>,
        cancel: &CancelToken,
        watch: &mut dyn FnMut(ExtractEvent),
    ) -> Result<WorkEnd, ExtractError> {
        let mut position = queue.next();
        while position < end {
            if cancel.is_cancelled() {
                return Ok(WorkEnd::Interrupted);
            }
            // Batches end at multiples of their size, wherever an earlier run stopped.
            let batch_end = end.min((position / batch + 1) * batch);
            let mut prepared = Vec::with_capacity((batch_end - position) as usize);
            for _ in position..batch_end {
                let started = Instant::now();
                let picture = queue.take().ok_or(ExtractError::Thread)?;
                self.clock.wait.add(started.elapsed());
                prepared.push(picture);
            }
            let pictures = self.forward(prepared, watch)?;
            let is_gone = sender.send(BatchResult { first: position, pictures }).is_err();
            if is_gone {
                // The writer failed; its own error is returned by `run`.
                return Ok(WorkEnd::Interrupted);
            }
            self.done += batch_end - position;
            position = batch_end;
            watch(ExtractEvent::Progress { done: self.done, failed: self.failed });
        }
        Ok(WorkEnd::Done)
    }

    /// Takes the pictures of a batch through every network.
    fn forward(
        &mut self,
        prepared: Vec<Prepared>,
        watch: &mut dyn FnMut(ExtractEvent),
    ) -> Result<Vec<PictureResult>, ExtractError> {
        let mut results: Vec<PictureResult> = Vec::with_capacity(prepared.len());
        let mut inputs: Vec<(usize, Vec<InputBatch>)> = Vec::new();
        let mut pictures = Vec::with_capacity(prepared.len());
        for (at, one) in prepared.into_iter().enumerate() {
            if !one.notes.is_empty() {
                let words: Vec<&str> = one.notes.iter().map(|note| note.words()).collect();
                watch(ExtractEvent::Note { picture: Box::new(one.picture.clone()), words: words.join(", ") });
            }
            match one.inputs {
                Ok((of_models, known)) => {
                    inputs.push((at, of_models));
                    results.push(Ok(PictureFeatures { features: Vec::new(), known }));
                }
                Err(Unread::Picture(reason)) => results.push(Err(reason)),
                Err(Unread::Shortage(reason, remedy)) => {
                    let place = one.picture.file.clone();
                    return Err(ExtractError::Shortage { reason, place, remedy });
                }
            }
            pictures.push(one.picture);
        }
        let encoding = self.plan.settings.encoding;
        for (at, model) in self.models.iter_mut().enumerate() {
            let of_model: Vec<(usize, &InputBatch)> =
                inputs.iter().filter_map(|(place, all)| Some((*place, all.get(at)?))).collect();
            for group in of_model.chunk_by(|a, b| size(a.1) == size(b.1)) {
                run_group(model, group, encoding, self.clock, &mut results)?;
            }
        }
        for (picture, result) in pictures.into_iter().zip(&results) {
            if let Err(reason) = result {
                self.failed += 1;
                watch(ExtractEvent::Failed { picture: Box::new(picture), reason: reason.clone() });
            }
        }
        Ok(results)
    }
}

fn size(input: &InputBatch) -> (usize, usize) {
    (input.width(), input.height())
}

/// Runs pictures of one size together and adds their features in the order of the requested layers.
fn run_group(
    model: &mut ModelToRun,
    group: &[(usize, &InputBatch)],
    encoding: Encoding,
    clock: &Clock,
    results: &mut [PictureResult],
) -> Result<(), ExtractError> {
    let tag = model.session.backbone().spec().tag;
    let engine = |reason| ExtractError::Engine { tag, reason: Box::new(reason) };
    // Leave out pictures that failed in an earlier network.
    let group: Vec<&(usize, &InputBatch)> =
        group.iter().filter(|(place, _)| results.get(*place).is_some_and(Result::is_ok)).collect();
    let stacked = match group.as_slice() {
        [] => return Ok(()),
        [one] => one.1.clone(),
        several => {
            let inputs: Vec<InputBatch> = several.iter().map(|(_, input)| (*input).clone()).collect();
            InputBatch::stack(&inputs).map_err(|e| engine(e.into()))?
        }
    };
    let layers: &[NodeId] = &model.layers;
    let mut found: Vec<Vec<Option<Feature>>> =
        group.iter().map(|_| layers.iter().map(|_| None).collect()).collect();
    let started = Instant::now();
    let mut encoding_time = Duration::ZERO;
    // A batch that was begun is finished: this token is never cancelled.
    let ran = model.session.run(&stacked, layers, &CancelToken::new(), &mut |tap| {
        let started = Instant::now();
        if let Some(place) = layers.iter().position(|layer| *layer == tap.node)
            && let Some(slot) = found.get_mut(tap.image).and_then(|of_picture| of_picture.get_mut(place))
        {
            let layout = encoding.layout(tap.activation.shape());
            let mut bytes = Vec::with_capacity(layout.num_bytes());
            let num_overflows = encoding.encode(&tap.activation, &mut bytes);
            *slot = Some(Feature { bytes, shape: layout.shape, num_overflows });
        }
        encoding_time += started.elapsed();
        ControlFlow::Continue(())
    });
    clock.forward.add(started.elapsed().saturating_sub(encoding_time));
    clock.encode.add(encoding_time);
    match ran {
        Ok(_) => {}
        // A picture that keeps its own size can be too small or too large for the network. Then only this picture fails.
        Err(EngineError::Plan(problem)) if group.len() == 1 => {
            if let Some(result) = results.get_mut(group[0].0) {
                *result = Err(format!("{tag}: {problem}"));
            }
            return Ok(());
        }
        Err(reason) => return Err(engine(reason)),
    }
    for ((place, _), features) in group.into_iter().zip(found) {
        let whole: Option<Vec<Feature>> = features.into_iter().collect();
        match (results.get_mut(*place), whole) {
            (Some(Ok(of_picture)), Some(features)) => of_picture.features.extend(features),
            _ => return Err(ExtractError::Thread),
        }
    }
    Ok(())
}
