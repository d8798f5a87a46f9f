//! The session: runs a backbone on a device, delivers taps as soon as they are computed, and drops values after their last use.
//! There is no other way to compute an activation.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::backbone::Backbone;
use super::cancel::CancelToken;
use super::candle::CandleExecutor;
use super::choice::EngineChoice;
use super::cpu::CpuExecutor;
use super::device::{ComputeDevice, reason_of};
use super::ops::{self, Cores, Level, LevelError};
use super::plan::{Plan, PlanError};
use super::planned::planned_bytes_as;
use super::step::Step;
use crate::graph::{Graph, NodeId};
use crate::tensor::{
    Activation, InputBatch, NoRoom, PixelSize, Remedied, Remedy, ShapeMismatch, TooMuch, check_half,
    check_room,
};

/// A layer's value for one picture of the batch.
#[derive(Clone, Debug)]
pub struct TapValue {
    /// The layer.
    pub node: NodeId,
    /// Index of the picture in the batch.
    pub image: usize,
    /// The layer's values, `[C, H, W]`, with the node's name.
    pub activation: Activation,
}

/// How a run ended, when nothing went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Everything asked for was delivered.
    Finished,
    /// The receiver asked to stop.
    Stopped,
    /// The token was cancelled.
    Cancelled,
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodesDone {
    /// Nodes computed.
    pub done: usize,
    /// Nodes to compute. Pictures that don't go through a layer together count each for itself.
    pub total: usize,
}

/// Who watches a run.
#[derive(Clone, Copy)]
pub struct Watch<'a> {
    /// Ends the run.
    pub cancel: &'a CancelToken,
    /// Called after each step, perhaps on another thread. The run waits for it.
    pub on_progress: &'a (dyn Fn(NodesDone) + Sync),
}

/// Wall time of one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeTiming {
    /// The node whose value the step produced.
    pub node: NodeId,
    /// Names of the nodes that the step computed, first to last.
    pub names: Vec<String>,
    /// Time the step took.
    pub elapsed: Duration,
    /// Multiply-adds of the step for the whole batch.
    pub mult_adds: u64,
}

/// Report on a run.
#[derive(Clone, Debug)]
pub struct RunReport {
    /// How the run ended.
    pub outcome: Outcome,
    /// One entry per step that ran, in order.
    pub timings: Vec<NodeTiming>,
    /// Wall time of the run.
    pub elapsed: Duration,
    /// The most bytes that values take up at once (weights and scratch not counted).
    pub peak_value_bytes: usize,
}

/// Why a run failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// There is no plan for this input and these layers.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The run needs more memory than the program may use.
    #[error("no memory to compute: {reason}")]
    NoRoom {
        /// How much is needed and available.
        reason: NoRoom,
    },
    /// The run needs too much of the memory that is available.
    #[error("this run is not begun: {reason}")]
    TooMuch {
        /// How much is needed and available.
        reason: TooMuch,
    },
    /// The tensor library reported an error.
    #[error("computing `{node}` failed: {reason}")]
    Compute {
        /// Name of the node.
        node: String,
        /// candle's error, in one line.
        reason: String,
    },
    /// The weights belong to another graph. The session binds both together, so this is a bug.
    #[error("no parameters bound for `{0}`, which is a bug of this program")]
    MissingWeights(String),
    /// A value was dropped before it was needed, which is a bug of the plan.
    #[error("an input of `{0}` is gone before it is needed, which is a bug of this program")]
    MissingInput(String),
    /// A value doesn't have the shape that inference promised. This is a bug, and the value is never shown as a picture.
    #[error(transparent)]
    Shape(#[from] ShapeMismatch),
}

impl Remedied for EngineError {
    fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::Plan(error) => error.remedy(),
            Self::NoRoom { .. } => Some(Remedy::GiveMemory),
            Self::TooMuch { .. } => Some(Remedy::SmallerInput),
            Self::Compute { .. } | Self::MissingWeights(_) | Self::MissingInput(_) | Self::Shape(_) => None,
        }
    }
}

/// A backbone ready to run on a device. Plans and uploaded weights are kept from one run to the next.
#[derive(Debug)]
pub struct Session {
    backbone: Arc<Backbone>,
    device: ComputeDevice,
    executor: Executor,
    plans: HashMap<PlanKey, Arc<Plan>>,
}

/// The executor that computes the nodes.
#[derive(Debug)]
enum Executor {
    Candle(CandleExecutor),
    Cpu(CpuExecutor),
}

/// What a session runs, with which executor and on which device. Enough to record a figure after the session is gone.
#[derive(Clone, Debug)]
pub struct RunBy {
    /// The model and its weights.
    pub backbone: Arc<Backbone>,
    /// Name of the executor.
    pub engine: String,
    /// Name of the device.
    pub device: String,
}

type PlanKey = (PixelSize, usize, Vec<NodeId>);

/// The most pictures that the CPU takes through a layer together; fewer if they are large. Chosen by measuring 1, 2, 4 and 8
/// pictures with five networks on two cores.
const PICTURES_AT_ONCE: usize = 4;

/// The most bytes of layer values that these pictures may have together.
const BYTES_AT_ONCE: usize = 512 << 20;

/// The most plans that are kept. A plan takes a few kilobytes, but there is no limit to the combinations of taps and sizes.
const MAX_PLANS: usize = 32;

impl Session {
    /// A session for a backbone on a device. On the CPU it uses the fast engine.
    pub fn new(backbone: Arc<Backbone>, device: ComputeDevice) -> Result<Self, LevelError> {
        Self::with_engine(backbone, device, EngineChoice::default())
    }

    /// A session with a chosen engine. The fast engine runs at the level that [`Level::from_env`] gives. Only the CPU has a
    /// choice of engines; GPUs always use candle.
    pub fn with_engine(
        backbone: Arc<Backbone>,
        device: ComputeDevice,
        engine: EngineChoice,
    ) -> Result<Self, LevelError> {
        if engine != EngineChoice::Candle && device.candle().is_cpu() {
            return Ok(Self::on_cpu(backbone, Level::from_env()?, engine == EngineChoice::Exact));
        }
        let executor = Executor::Candle(CandleExecutor::new(device.candle().clone()));
        Ok(Self { backbone, device, executor, plans: HashMap::new() })
    }

    /// A session on the CPU with the fast engine, at the given level.
    pub fn at_level(backbone: Arc<Backbone>, level: Level) -> Self {
        Self::on_cpu(backbone, level, false)
    }

    fn on_cpu(backbone: Arc<Backbone>, level: Level, is_exact: bool) -> Self {
        let executor = Executor::Cpu(CpuExecutor::new(level, is_exact));
        Self { backbone, device: ComputeDevice::cpu(), executor, plans: HashMap::new() }
    }

    /// The backbone.
    pub fn backbone(&self) -> &Arc<Backbone> {
        &self.backbone
    }

    /// The device.
    pub fn device(&self) -> &ComputeDevice {
        &self.device
    }

    /// What this session runs, with which executor and on which device.
    pub fn run_by(&self) -> RunBy {
        RunBy {
            backbone: Arc::clone(&self.backbone),
            engine: match &self.executor {
                Executor::Candle(_) => "candle".to_owned(),
                Executor::Cpu(cpu) => cpu.name(),
            },
            device: self.device.name().to_owned(),
        }
    }

    /// Runs `input` up to the last of `taps` and hands each tap's value to `sink` as soon as it is computed, picture by picture.
    /// The pictures that are processed together (all of them on a GPU, a few on the CPU) deliver one layer after the other.
    /// `sink` may stop the run; `cancel` is checked between steps, and on the CPU also between the parts of a step.
    ///
    /// A layer's values don't depend on which other layers are asked for, to the bit.
    pub fn run(
        &mut self,
        input: &InputBatch,
        taps: &[NodeId],
        cancel: &CancelToken,
        sink: &mut dyn FnMut(TapValue) -> ControlFlow<()>,
    ) -> Result<RunReport, EngineError> {
        self.run_watched(input, taps, Watch { cancel, on_progress: &|_| {} }, sink)
    }

    /// Like [`run`](Self::run), and tells how far the run is after each step.
    pub fn run_watched(
        &mut self,
        input: &InputBatch,
        taps: &[NodeId],
        watch: Watch<'_>,
        sink: &mut dyn FnMut(TapValue) -> ControlFlow<()>,
    ) -> Result<RunReport, EngineError> {
        let started = Instant::now();
        let size = PixelSize::new(input.width(), input.height());
        let at_once = self.pictures_at_once(size, input.num_images(), taps)?;
        let plan = self.plan(size, at_once, taps)?;
        let mut report = RunReport {
            outcome: Outcome::Finished,
            timings: Vec::with_capacity(plan.steps().len()),
            elapsed: Duration::ZERO,
            peak_value_bytes: plan.peak_value_bytes(),
        };
        let mut num_pending =
            plan.steps().iter().filter(|s| s.is_tap).count() * input.num_images().div_ceil(at_once);
        let mut progress =
            NodesDone { done: 0, total: plan.num_nodes() * input.num_images().div_ceil(at_once) };
        for (number, part) in input.parts(at_once).enumerate() {
            let plan = self.plan(size, part.num_images(), taps)?;
            self.executor.begin(&self.backbone, &plan, &part)?;
            let mut deliver_to =
                |tap: TapValue| sink(TapValue { image: number * at_once + tap.image, ..tap });
            let done =
                self.run_steps(&plan, (watch, &mut progress), &mut deliver_to, &mut num_pending, &mut report);
            self.executor.end();
            if done?.is_break() {
                break;
            }
        }
        report.elapsed = started.elapsed();
        Ok(report)
    }

    /// Runs a plan once. Subtracts delivered taps from `num_pending`; breaks if the run should end.
    fn run_steps(
        &mut self,
        plan: &Plan,
        (watch, progress): (Watch<'_>, &mut NodesDone),
        sink: &mut dyn FnMut(TapValue) -> ControlFlow<()>,
        num_pending: &mut usize,
        report: &mut RunReport,
    ) -> Result<ControlFlow<()>, EngineError> {
        let graph = Arc::clone(self.backbone.graph());
        let mut alive = vec![false; graph.nodes().len()];
        let mut steps = plan.steps();
        // The executor may run on another thread, to which the receiver can't be sent. So the steps up to each tap run as one
        // stretch, and the tap is delivered here.
        while !steps.is_empty() {
            let first_step = plan.steps().len() - steps.len();
            let num = steps.iter().position(|s| s.is_tap).map_or(steps.len(), |at| at + 1);
            let (stretch, rest) = steps.split_at(num);
            steps = rest;
            let backbone = &self.backbone;
            let mut run = Stretch {
                backbone,
                plan,
                watch,
                progress: &mut *progress,
                first_step,
                alive: &mut alive,
                report: &mut *report,
            };
            if run.all(stretch, &mut self.executor)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
            let Some(tap) = stretch.last().filter(|s| s.is_tap) else { continue };
            *num_pending -= 1;
            let images = self.executor.values(&graph, plan, tap.output)?;
            let name = &graph.node(tap.output).name;
            if deliver(plan, tap.output, name, images, sink)?.is_break() {
                if *num_pending > 0 {
                    report.outcome = Outcome::Stopped;
                }
                return Ok(ControlFlow::Break(()));
            }
            for id in &tap.frees {
                alive[id.0] = false;
                self.executor.free(*id);
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Nodes whose values a run for `taps` has in hand on its way: taking one of these as well costs a copy and no computation.
    pub fn passed_by(&mut self, size: PixelSize, taps: &[NodeId]) -> Result<Vec<NodeId>, EngineError> {
        Ok(self.plan(size, 1, taps)?.steps().iter().map(|step| step.output).collect())
    }

    /// Checks that a run of one picture takes no more than half of the memory that is available, so that the machine neither swaps nor
    /// kills the program. `more` bytes are what the caller keeps of it. On a GPU nothing is checked.
    ///
    /// # Errors
    /// It takes more, or there is no plan.
    pub fn check_memory(
        &mut self,
        size: PixelSize,
        taps: &[NodeId],
        more: u64,
        available: Option<u64>,
    ) -> Result<(), EngineError> {
        let plan = self.plan(size, 1, taps)?;
        if !self.device.candle().is_cpu() {
            return Ok(());
        }
        let graph = self.backbone.graph();
        // What is kept from the last run is used again.
        let (is_exact, kept) = match &self.executor {
            Executor::Candle(_) => (false, 0),
            Executor::Cpu(cpu) => (cpu.is_exact(), cpu.kept_for(graph, &plan)),
        };
        let needed = planned_bytes_as(graph, &plan, is_exact).saturating_sub(kept as u64);
        check_room(needed + more).map_err(|reason| EngineError::NoRoom { reason })?;
        check_half(needed + more, available).map_err(|reason| EngineError::TooMuch { reason })
    }

    /// Bytes of memory that the engine keeps for values, to use them again in the next run.
    pub fn kept_bytes(&self) -> usize {
        match &self.executor {
            Executor::Candle(_) => 0,
            Executor::Cpu(cpu) => cpu.kept_bytes(),
        }
    }

    /// The highest arithmetic speed that the processor reaches with the engine's instructions, in GFLOP/s for all threads
    /// together. It is measured by this call, which takes a few milliseconds. `None` if a GPU or candle computes.
    pub fn peak_gflops(&self) -> Option<f64> {
        match &self.executor {
            Executor::Candle(_) => None,
            Executor::Cpu(cpu) => Some(ops::peak_flops(cpu.level()) / 1e9),
        }
    }

    /// The values of `taps` for the first picture, in the order of `taps`.
    pub fn activations(
        &mut self,
        input: &InputBatch,
        taps: &[NodeId],
    ) -> Result<Vec<Activation>, EngineError> {
        let mut found: HashMap<NodeId, Activation> = HashMap::new();
        self.run(input, taps, &CancelToken::new(), &mut |tap| {
            if tap.image == 0 {
                found.insert(tap.node, tap.activation);
            }
            ControlFlow::Continue(())
        })?;
        Ok(taps.iter().filter_map(|id| found.get(id).cloned()).collect())
    }

    /// How many of `num_images` pictures go through a layer together. With several pictures the weights are read only once for
    /// all of them; with too many, the values no longer fit the processor's caches.
    fn pictures_at_once(
        &mut self,
        size: PixelSize,
        num_images: usize,
        taps: &[NodeId],
    ) -> Result<usize, EngineError> {
        if matches!(self.executor, Executor::Candle(_)) || num_images <= 1 {
            return Ok(num_images.max(1));
        }
        let each = self.plan(size, 1, taps)?.peak_value_bytes();
        let most = (BYTES_AT_ONCE / each.max(1)).clamp(1, PICTURES_AT_ONCE);
        // Parts of nearly equal size, because memory is kept from one part to the next.
        Ok(num_images.div_ceil(num_images.div_ceil(most)))
    }

    fn plan(
        &mut self,
        size: PixelSize,
        num_images: usize,
        taps: &[NodeId],
    ) -> Result<Arc<Plan>, EngineError> {
        let mut wanted = taps.to_vec();
        wanted.sort_unstable();
        wanted.dedup();
        let key = (size, num_images, wanted);
        if let Some(plan) = self.plans.get(&key) {
            return Ok(Arc::clone(plan));
        }
        let plan = Arc::new(Plan::new(self.backbone.graph(), size, num_images, taps)?);
        if self.plans.len() >= MAX_PLANS {
            self.plans.clear();
        }
        self.plans.insert(key, Arc::clone(&plan));
        Ok(plan)
    }
}

fn timing(graph: &Graph, plan: &Plan, step: &Step, elapsed: Duration) -> NodeTiming {
    NodeTiming {
        node: step.output,
        names: step.nodes.iter().map(|id| graph.node(*id).name.clone()).collect(),
        elapsed,
        mult_adds: step.nodes.iter().map(|id| plan.info(*id).mult_adds).sum::<u64>()
            * plan.num_images() as u64,
    }
}

/// Consecutive steps that run without a tap between them.
struct Stretch<'a> {
    backbone: &'a Backbone,
    plan: &'a Plan,
    watch: Watch<'a>,
    progress: &'a mut NodesDone,
    /// Number of the first step in the plan.
    first_step: usize,
    /// Whether each node's value is available, by node id.
    alive: &'a mut [bool],
    report: &'a mut RunReport,
}

impl Stretch<'_> {
    /// Whether the run is cancelled. If so, its report says it.
    fn is_cancelled(&mut self) -> bool {
        let is_cancelled = self.watch.cancel.is_cancelled();
        if is_cancelled {
            self.report.outcome = Outcome::Cancelled;
        }
        is_cancelled
    }

    /// Runs the steps on the executor.
    fn all(&mut self, steps: &[Step], executor: &mut Executor) -> Result<ControlFlow<()>, EngineError> {
        let (plan, backbone) = (self.plan, self.backbone);
        let (graph, weights) = (backbone.graph(), backbone.weights());
        match executor {
            Executor::Candle(candle) => self.each(steps, |step| {
                let border = plan.info(step.nodes[0]).border;
                candle.run(graph, weights, step, border).map_err(failed(graph, step.output))?;
                if !step.is_tap {
                    step.frees.iter().for_each(|id| candle.free(*id));
                }
                Ok(())
            }),
            Executor::Cpu(cpu) => Cores::scope_until(self.watch.cancel, cpu.level(), |cores| {
                self.each(steps, |step| {
                    let done = cpu.run(cores, graph, weights, plan, step);
                    done.ok_or_else(|| EngineError::MissingWeights(graph.node(step.output).name.clone()))
                })
            }),
        }
    }

    fn each(
        &mut self,
        steps: &[Step],
        mut run: impl FnMut(&Step) -> Result<(), EngineError>,
    ) -> Result<ControlFlow<()>, EngineError> {
        let graph = self.backbone.graph();
        for (at, step) in steps.iter().enumerate() {
            if self.is_cancelled() {
                return Ok(ControlFlow::Break(()));
            }
            let clock = Instant::now();
            // If a plan frees a value too early, a branch would get lost: the run must fail instead of going on.
            if step.inputs.iter().any(|id| !self.alive[id.0]) {
                return Err(EngineError::MissingInput(graph.node(step.output).name.clone()));
            }
            run(step)?;
            // A step that was cancelled inside has left no result.
            if self.is_cancelled() {
                return Ok(ControlFlow::Break(()));
            }
            self.progress.done += self.plan.num_new_nodes(self.first_step + at);
            (self.watch.on_progress)(*self.progress);
            self.alive[step.output.0] = true;
            let timing = timing(graph, self.plan, step, clock.elapsed());
            match self.report.timings.get_mut(self.first_step + at) {
                Some(sum) => {
                    sum.elapsed += timing.elapsed;
                    sum.mult_adds += timing.mult_adds;
                }
                None => self.report.timings.push(timing),
            }
            if !step.is_tap {
                step.frees.iter().for_each(|id| self.alive[id.0] = false);
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

impl Executor {
    /// Prepares the executor for a run of a plan.
    fn begin(&mut self, backbone: &Backbone, plan: &Plan, input: &InputBatch) -> Result<(), EngineError> {
        let (graph, weights) = (backbone.graph(), backbone.weights());
        match self {
            Self::Candle(candle) => candle.begin(graph, input).map_err(failed(graph, NodeId(0))),
            Self::Cpu(cpu) => {
                check_room(cpu.more_bytes(graph, plan)).map_err(|reason| EngineError::NoRoom { reason })?;
                cpu.begin(graph, weights, plan, input)
                    .map_err(|id| EngineError::MissingWeights(graph.node(id).name.clone()))
            }
        }
    }

    /// The values of a computed node, `[C, H, W]` for each image.
    fn values(&self, graph: &Graph, plan: &Plan, id: NodeId) -> Result<Vec<Arc<[f32]>>, EngineError> {
        let missing = || EngineError::MissingInput(graph.node(id).name.clone());
        match self {
            Self::Candle(candle) => {
                let images = candle.values(id).map_err(failed(graph, id))?;
                Ok(images.into_iter().map(Arc::from).collect())
            }
            Self::Cpu(cpu) => cpu.values(plan, id).ok_or_else(missing),
        }
    }

    /// Tells the executor that a value isn't needed any more.
    fn free(&mut self, id: NodeId) {
        // The CPU executor's memory is assigned by the plan.
        if let Self::Candle(candle) = self {
            candle.free(id);
        }
    }

    fn end(&mut self) {
        match self {
            Self::Candle(candle) => candle.end(),
            Self::Cpu(cpu) => cpu.end(),
        }
    }
}

fn failed(graph: &Graph, id: NodeId) -> impl FnOnce(candle_core::Error) -> EngineError {
    move |error| EngineError::Compute { node: graph.node(id).name.clone(), reason: reason_of(&error) }
}

/// Hands a value to `sink`, one activation per picture.
fn deliver(
    plan: &Plan,
    node: NodeId,
    name: &str,
    images: Vec<Arc<[f32]>>,
    sink: &mut dyn FnMut(TapValue) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, EngineError> {
    let shape = plan.info(node).shape;
    if images.len() != plan.num_images() {
        let (expected, got) = (plan.num_images() * shape.len(), images.len() * shape.len());
        let shape = format!("{}×{shape}", plan.num_images());
        return Err(ShapeMismatch { what: format!("value of `{name}`"), shape, expected, got }.into());
    }
    for (image, values) in images.into_iter().enumerate() {
        let activation = Activation::new(name, shape, values)?;
        if sink(TapValue { node, image, activation }).is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}
