//! What `similarity` prints and writes: table, JSON, CSV and PNG of one matrix.

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::bail;

use super::output_guard::check_output;
use super::reporter::Reporter;
use super::similarity_args::SimilarityArgs;
use super::table::stdout_width;
use crate::formats::{WriteError, other_ending, write_atomically};
use crate::similarity::SimilarityMatrix;
use crate::study::matrix::{SimilarityOutcome, write_figure, write_pairs, write_square};

/// Checks where results are to be written, before any work.
pub(super) fn check_outputs(args: &SimilarityArgs) -> anyhow::Result<()> {
    let outputs = [("--csv", &args.csv, "csv"), ("--pairs", &args.pairs, "csv"), ("--png", &args.png, "png")];
    let named: Vec<(&str, &PathBuf)> =
        outputs.iter().filter_map(|(option, path, _)| Some((*option, path.as_ref()?))).collect();
    for (at, (option, path)) in named.iter().enumerate() {
        if let Some((other, _)) = named[..at].iter().find(|(_, other)| other == path) {
            bail!("`{other}` and `{option}` are one file: \"{}\"", path.display());
        }
        let inputs = args.inputs.iter().chain(&args.rdm).chain(&args.rdm_pictures);
        check_output(option, path, inputs.map(PathBuf::as_path))?;
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        if parent.is_some_and(|parent| !parent.is_dir()) {
            return Err(WriteError::NoFolder { path: (*path).clone() }.into());
        }
        if path.is_dir() {
            return Err(WriteError::IsFolder { path: (*path).clone() }.into());
        }
    }
    for (option, path, ending) in outputs {
        if let Some(path) = path
            && let Some(other) = other_ending(path, ending)
        {
            bail!(
                "`{option}` writes {}, and the name ends in .{other}: \"{}\"",
                ending.to_uppercase(),
                path.display()
            );
        }
    }
    Ok(())
}

/// Writes the files that were asked for.
pub(super) fn write(args: &SimilarityArgs, outcome: &SimilarityOutcome<'_>) -> anyhow::Result<()> {
    if let Some(path) = &args.csv {
        write_atomically(path, |out| write_square(out, outcome.matrix))?;
    }
    if let Some(path) = &args.pairs {
        write_atomically(path, |out| write_pairs(out, outcome.matrix, outcome.settings.num_resamples > 0))?;
    }
    if let Some(path) = &args.png {
        write_figure(path, outcome)?;
    }
    Ok(())
}

/// Prints the matrix.
pub(super) fn tell(
    args: &SimilarityArgs,
    outcome: &SimilarityOutcome<'_>,
    reporter: &Reporter,
) -> anyhow::Result<()> {
    if args.json {
        return reporter.result(&format!("{}\n", serde_json::to_string_pretty(&outcome.to_json())?));
    }
    let text = table(outcome.matrix);
    let widest = text.lines().map(|line| line.chars().count()).max().unwrap_or(0);
    if stdout_width().is_some_and(|width| widest > width) {
        reporter
            .note("the table is wider than the terminal; `--csv`, `--png` and `--json` have all of it too");
    }
    reporter.result(&text)?;
    if outcome.settings.num_resamples > 0 {
        reporter.result(&format!("\n{}", intervals(outcome.matrix)))?;
    }
    Ok(())
}

/// A number with three decimals.
fn short(value: Option<f64>) -> String {
    let words = value.map_or_else(|| "–".to_owned(), |value| format!("{value:.3}"));
    if words == "-0.000" { "0.000".to_owned() } else { words }
}

/// The square, with numbers above the columns and before the names.
fn table(matrix: &SimilarityMatrix) -> String {
    let digits = matrix.len().to_string().len();
    let longest = matrix.names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let width = digits.max(6);
    let mut text = " ".repeat(digits + 2 + longest);
    // Writing to a string doesn't fail.
    for column in 1..=matrix.len() {
        let _ = write!(text, " {column:>width$}");
    }
    text.push('\n');
    for (row, name) in matrix.names.iter().enumerate() {
        let _ = write!(text, "{:>digits$}  {name}{}", row + 1, " ".repeat(longest - name.chars().count()));
        for column in 0..matrix.len() {
            let _ = write!(text, " {:>width$}", short(matrix.value(row, column)));
        }
        text.push('\n');
    }
    text
}

/// A line for each pair, with its interval.
fn intervals(matrix: &SimilarityMatrix) -> String {
    let digits = matrix.len().to_string().len().max(2);
    let mut text = format!("{:>digits$}  {:>digits$}   value  95 % interval    error\n", "A", "B");
    for (a, b) in matrix.pairs() {
        let interval = matrix.interval(a, b);
        let _ = writeln!(
            text,
            "{:>digits$}  {:>digits$}  {:>6}  {:>6} {:>6}  {:>7}",
            a + 1,
            b + 1,
            short(matrix.value(a, b)),
            short(interval.map(|it| it.low)),
            short(interval.map(|it| it.high)),
            short(interval.map(|it| it.standard_error)),
        );
    }
    text
}
