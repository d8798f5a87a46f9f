//! `--timings`: the time of each step of a network.

use std::time::Duration;

use super::table::{Table, TableColumn};
use crate::engine::RunReport;
use crate::tensor::counted;

/// The times of one network's steps, summed over its runs.
#[derive(Debug)]
pub(super) struct LayerTimings {
    tag: &'static str,
    num_runs: u32,
    steps: Vec<StepTime>,
}

#[derive(Debug)]
struct StepTime {
    name: String,
    elapsed: Duration,
    mult_adds: u64,
}

impl LayerTimings {
    /// Times without any run yet.
    pub(super) fn new(tag: &'static str) -> Self {
        Self { tag, num_runs: 0, steps: Vec::new() }
    }

    /// Adds a finished run. All runs of one plan have the same steps.
    pub(super) fn add(&mut self, report: &RunReport) {
        self.num_runs += 1;
        if self.steps.is_empty() {
            let step = |names: &[String]| StepTime {
                name: names.join(" + "),
                elapsed: Duration::ZERO,
                mult_adds: 0,
            };
            self.steps = report.timings.iter().map(|timing| step(&timing.names)).collect();
        }
        for (step, timing) in self.steps.iter_mut().zip(&report.timings) {
            step.elapsed += timing.elapsed;
            step.mult_adds += timing.mult_adds;
        }
    }

    /// The table, with the means over all runs. The share of the peak counts the multiply-adds of a convolution's definition, so a
    /// convolution that is computed with fewer can exceed 100 %.
    pub(super) fn to_text(&self, peak_gflops: Option<f64>) -> String {
        let num_runs = self.num_runs.max(1);
        let total: Duration = self.steps.iter().map(|s| s.elapsed).sum();
        let cells = |name: &str, elapsed: Duration, mult_adds: u64| {
            let gflops = 2e-9 * mult_adds as f64 / elapsed.as_secs_f64().max(f64::MIN_POSITIVE);
            let share = 100.0 * elapsed.as_secs_f64() / total.as_secs_f64().max(f64::MIN_POSITIVE);
            let mut cells = vec![
                name.to_owned(),
                format!("{:.2}", elapsed.as_secs_f64() * 1e3 / f64::from(num_runs)),
                format!("{share:.1}"),
                format!("{:.3}", mult_adds as f64 / f64::from(num_runs) / 1e9),
                format!("{gflops:.1}"),
            ];
            cells.extend(peak_gflops.map(|peak| format!("{:.0}", 100.0 * gflops / peak)));
            cells
        };
        let mut columns = vec![
            TableColumn::words("LAYER"),
            TableColumn::number("MS"),
            TableColumn::number("%"),
            TableColumn::number("GMAC"),
            TableColumn::number("GFLOP/S"),
        ];
        columns.extend(peak_gflops.map(|_| TableColumn::number("% OF PEAK")));
        let mut table = Table::new(columns);
        for step in &self.steps {
            table.row(cells(&step.name, step.elapsed, step.mult_adds));
        }
        table.row(cells("total", total, self.steps.iter().map(|s| s.mult_adds).sum()));
        let peak = peak_gflops
            .map_or_else(String::new, |peak| format!(" (the processor's peak: {peak:.0} GFLOP/s)"));
        format!(
            "{}, mean of {}{peak}:\n{}",
            self.tag,
            counted(self.num_runs as usize, "run"),
            table.to_text(None).0
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{NodeTiming, Outcome};
    use crate::graph::NodeId;

    #[test]
    fn times_are_means_and_shares() {
        let timing = |node, names: &[&str], ms, mult_adds| NodeTiming {
            node: NodeId(node),
            names: names.iter().map(|n| (*n).to_owned()).collect(),
            elapsed: Duration::from_millis(ms),
            mult_adds,
        };
        let report = |factor: u64| RunReport {
            outcome: Outcome::Finished,
            timings: vec![
                timing(2, &["conv", "norm"], 30 * factor, 2_000_000_000),
                timing(3, &["act"], 10 * factor, 0),
            ],
            elapsed: Duration::ZERO,
            peak_value_bytes: 0,
        };
        let mut timings = LayerTimings::new("net.tag");
        timings.add(&report(1));
        timings.add(&report(3));
        let expected = "\
net.tag, mean of 2 runs:
LAYER           MS      %   GMAC  GFLOP/S
conv + norm  60.00   75.0  2.000     66.7
act          20.00   25.0  0.000      0.0
total        80.00  100.0  2.000     50.0
";
        assert_eq!(timings.to_text(None), expected);
        let expected = "\
net.tag, mean of 2 runs (the processor's peak: 200 GFLOP/s):
LAYER           MS      %   GMAC  GFLOP/S  % OF PEAK
conv + norm  60.00   75.0  2.000     66.7         33
act          20.00   25.0  0.000      0.0          0
total        80.00  100.0  2.000     50.0         25
";
        assert_eq!(timings.to_text(Some(200.0)), expected);
    }
}
