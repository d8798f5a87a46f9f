//! Runs one engine per process for the comparison in `tools/bench-peers.sh`: filterscope, tract or rten. (`engine.py` runs the engines
//! that are used through Python; both programs use the protocol described in `run.py`.)

use std::io::{BufRead, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use filterscope::engine::{Backbone, CancelToken, ComputeDevice, EngineChoice, LevelError, Session, WeightStore};
use filterscope::models::Registry;
use filterscope::render::Resources;
use filterscope::tensor::InputBatch;

/// filterscope's engines, one line each; only this list changes when an engine is added. All engines are compared with the first.
const FILTERSCOPE: &[(&str, fn(Arc<Backbone>) -> Result<Session, LevelError>)] = &[
    ("candle", |backbone| Session::with_engine(backbone, ComputeDevice::cpu(), EngineChoice::Candle)),
    ("fast", |backbone| Session::with_engine(backbone, ComputeDevice::cpu(), EngineChoice::Fast)),
];

/// After the last timed run the process sleeps this long before CPU time is read, so that the time of pool threads that keep spinning
/// for a while is included. `engine.py` does the same.
const SETTLE: Duration = Duration::from_millis(25);

/// Runs an engine once. The output's values are copied out only if the argument is `true`.
type Runner = Box<dyn FnMut(bool) -> Result<Vec<f32>>>;

/// The engine, the model and the input of a comparison.
struct Job {
    engine: String,
    model: String,
    weights: String,
    onnx: String,
    input: Vec<f32>,
    /// Number of images, rows and columns of the input.
    shape: [usize; 3],
    threads: usize,
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let result = match args.first().map(String::as_str) {
        Some("list") => {
            FILTERSCOPE.iter().for_each(|(name, _)| println!("filterscope-{name}"));
            println!("tract\nrten");
            Ok(())
        }
        // filterscope's own commands, so that graphs can be listed without building the program separately.
        Some("cli") => {
            let resources = Resources { store: WeightStore::default(), cat: &[] };
            let args = std::iter::once("filterscope".to_owned()).chain(args.into_iter().skip(1));
            return match filterscope::cli::main(args.map(Into::into), &resources) {
                filterscope::cli::Next::Exit(code) => code,
            };
        }
        Some("serve") => serve(&args[1..]),
        _ => Err(anyhow::anyhow!(
            "usage: filterscope-peers list | cli ARGS… | serve ENGINE MODEL WEIGHTS ONNX INPUT N H W THREADS"
        )),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn serve(args: &[String]) -> Result<()> {
    let [engine, model, weights, onnx, input, n, h, w, threads] = args else {
        bail!("serve takes ENGINE MODEL WEIGHTS ONNX INPUT N H W THREADS");
    };
    let base = peak_rss_kb();
    let bytes = std::fs::read(input).with_context(|| format!("reading {input:?}"))?;
    let job = Job {
        engine: engine.clone(),
        model: model.clone(),
        weights: weights.clone(),
        onnx: onnx.clone(),
        input: bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect(),
        shape: [n.parse()?, h.parse()?, w.parse()?],
        threads: threads.parse()?,
    };
    drop(bytes);
    let mut run = match job.engine.as_str() {
        "tract" => tract(&job)?,
        "rten" => rten(&job)?,
        _ => filterscope(&job)?,
    };
    run(false)?;
    println!("ready {base}");
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        match line.split_once(' ').unwrap_or((&line, "")) {
            ("run", times) => {
                let times: u32 = times.parse()?;
                run(false)?;
                let (cpu, clock) = (cpu_seconds(), Instant::now());
                for _ in 0..times {
                    run(false)?;
                }
                let wall = clock.elapsed().as_secs_f64();
                std::thread::sleep(SETTLE);
                let each = 1e3 / f64::from(times);
                println!("{} {}", wall * each, (cpu_seconds() - cpu) * each);
            }
            ("output", path) => {
                let bytes: Vec<u8> = run(true)?.iter().flat_map(|v| v.to_le_bytes()).collect();
                std::fs::write(path, bytes)?;
                println!("ok");
            }
            ("peak", _) => println!("{}", peak_rss_kb()),
            _ => bail!("unknown request {line:?}"),
        }
        std::io::stdout().flush()?;
    }
    Ok(())
}

fn filterscope(job: &Job) -> Result<Runner> {
    let open = FILTERSCOPE
        .iter()
        .find(|(name, _)| job.engine.strip_prefix("filterscope-") == Some(*name))
        .with_context(|| format!("no engine {:?}; `list` names them", job.engine))?
        .1;
    let row = Registry::find(&job.model)?;
    let backbone = Backbone::load(row, &WeightStore::default(), Some(Path::new(&job.weights)))?;
    let last = backbone.graph().final_node();
    let mut session = open(Arc::new(backbone))?;
    let [n, h, w] = job.shape;
    let input = InputBatch::new(n, h, w, job.input.clone())?;
    Ok(Box::new(move |keep| {
        let mut values = Vec::new();
        session.run(&input, &[last], &CancelToken::new(), &mut |tap| {
            if keep {
                values.extend_from_slice(tap.activation.values());
            }
            ControlFlow::Continue(())
        })?;
        Ok(values)
    }))
}

fn tract(job: &Job) -> Result<Runner> {
    use tract_linalg::multithread::{Executor, set_default_executor};
    use tract_onnx::prelude::*;

    set_default_executor(Executor::multithread(job.threads));
    let model = tract_onnx::onnx().model_for_path(&job.onnx)?.into_optimized()?.into_runnable()?;
    let [n, h, w] = job.shape;
    let input: Tensor = tract_ndarray::Array4::from_shape_vec((n, 3, h, w), job.input.clone())?.into();
    let input: TValue = input.into();
    Ok(Box::new(move |keep| {
        let outputs = model.run(tvec!(input.clone()))?;
        let view = outputs[0].to_plain_array_view::<f32>()?;
        Ok(if keep { view.iter().copied().collect() } else { Vec::new() })
    }))
}

fn rten(job: &Job) -> Result<Runner> {
    use rten_tensor::AsView;

    let model = rten::Model::load_file(&job.onnx)?;
    let pool = Arc::new(rten::ThreadPool::with_num_threads(job.threads));
    let options = rten::RunOptions::default().with_thread_pool(Some(pool));
    let [n, h, w] = job.shape;
    let input = rten_tensor::NdTensor::from_data([n, 3, h, w], job.input.clone());
    Ok(Box::new(move |keep| {
        let output = model.run_one(input.view().into(), Some(options.clone()))?;
        let output: rten_tensor::Tensor<f32> = output.try_into()?;
        Ok(if keep { output.to_vec() } else { Vec::new() })
    }))
}

/// User and system time of this process in seconds, over all threads.
fn cpu_seconds() -> f64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a live timespec, which is all that clock_gettime requires.
    let status = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut now) };
    assert_eq!(status, 0, "the process CPU clock can't be read");
    now.tv_sec as f64 + now.tv_nsec as f64 * 1e-9
}

/// Largest resident memory so far, in kB. `ru_maxrss` isn't used, because it starts from the parent's size.
fn peak_rss_kb() -> u64 {
    std::fs::read_to_string("/proc/self/status")
        .ok()
        .and_then(|status| {
            let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
            line.split_whitespace().nth(1)?.parse().ok()
        })
        .unwrap_or(0)
}
