//! Words the remedies of errors for the command line.
//!
//! Owns the list of error types that may carry a remedy, and the wording. Must not know how errors come about.

use crate::engine::{DeviceError, EngineError, LoadError, PlanError, ThreadsError};
use crate::extract::{
    ExecuteError, ExtractError, FinishError, MergeError, PlanProblem, ShardError, StateError, VerifyError,
};
use crate::features::BadFeatures;
use crate::formats::WriteError;
use crate::graph::{ShapeError, UnknownLayer};
use crate::input::PreprocessError;
use crate::input::dataset::{DatasetError, ExpandError};
use crate::input::decode::DecodeError;
use crate::models::UnknownModel;
use crate::render::{AnimationError, ChoiceError, ClassMapError, DEFAULT_TAG, ImportError};
use crate::similarity::SimilarityError;
use crate::tensor::{Remedied, Remedy, SelectionError, Setting, ValueScale};
use crate::weights::{ClassNamesError, PartError, WeightsFileError};

/// An error reworded, with the remedy of the original error.
#[derive(Debug, thiserror::Error)]
#[error("{words}")]
pub(super) struct Told {
    words: String,
    remedy: Option<Remedy>,
}

impl Told {
    pub(super) fn new(words: String, error: &anyhow::Error) -> Self {
        Self { words, remedy: of(error) }
    }
}

/// The remedy that an error or one of its causes carries. Every error type that may carry a remedy must be listed here.
pub(super) fn of(error: &anyhow::Error) -> Option<Remedy> {
    error.chain().find_map(|cause| {
        let carried = [
            cause.downcast_ref::<Told>().and_then(|told| told.remedy.clone()),
            cause.downcast_ref::<LoadError>().and_then(Remedied::remedy),
            cause.downcast_ref::<ImportError>().and_then(Remedied::remedy),
            cause.downcast_ref::<ChoiceError>().and_then(Remedied::remedy),
            cause.downcast_ref::<UnknownModel>().and_then(Remedied::remedy),
            cause.downcast_ref::<PartError>().and_then(Remedied::remedy),
            cause.downcast_ref::<EngineError>().and_then(Remedied::remedy),
            cause.downcast_ref::<PlanError>().and_then(Remedied::remedy),
            cause.downcast_ref::<UnknownLayer>().and_then(Remedied::remedy),
            cause.downcast_ref::<ShardError>().and_then(Remedied::remedy),
            cause.downcast_ref::<ShapeError>().and_then(Remedied::remedy),
            cause.downcast_ref::<DeviceError>().and_then(Remedied::remedy),
            cause.downcast_ref::<ThreadsError>().and_then(Remedied::remedy),
            cause.downcast_ref::<WeightsFileError>().and_then(Remedied::remedy),
            cause.downcast_ref::<WriteError>().and_then(Remedied::remedy),
            cause.downcast_ref::<AnimationError>().and_then(Remedied::remedy),
            cause.downcast_ref::<ExtractError>().and_then(Remedied::remedy),
            cause.downcast_ref::<DecodeError>().and_then(Remedied::remedy),
            cause.downcast_ref::<PreprocessError>().and_then(Remedied::remedy),
            cause.downcast_ref::<ClassNamesError>().and_then(Remedied::remedy),
            cause.downcast_ref::<FinishError>().and_then(Remedied::remedy),
            cause.downcast_ref::<ExecuteError>().and_then(Remedied::remedy),
            cause.downcast_ref::<StateError>().and_then(Remedied::remedy),
            cause.downcast_ref::<PlanProblem>().and_then(Remedied::remedy),
            cause.downcast_ref::<MergeError>().and_then(Remedied::remedy),
            cause.downcast_ref::<ExpandError>().and_then(Remedied::remedy),
            cause.downcast_ref::<ClassMapError>().and_then(Remedied::remedy),
            cause.downcast_ref::<VerifyError>().and_then(Remedied::remedy),
            cause.downcast_ref::<BadFeatures>().and_then(Remedied::remedy),
            cause.downcast_ref::<DatasetError>().and_then(Remedied::remedy),
            cause.downcast_ref::<SelectionError>().and_then(Remedied::remedy),
            cause.downcast_ref::<SimilarityError>().and_then(Remedied::remedy),
        ];
        carried.into_iter().flatten().next()
    })
}

/// The option for a setting.
const fn option(setting: Setting) -> &'static str {
    match setting {
        Setting::Fit => "--fit",
        Setting::Values => "--preprocess",
        Setting::Pool => "--pool",
        Setting::Format => "--format",
        Setting::Layer => "--layer",
        Setting::Dtype => "--dtype",
        Setting::Order => "--order",
        Setting::Engine => "--engine",
        Setting::Device => "--device",
        Setting::Cameras => "--camera",
        Setting::Start => "--start",
        Setting::Every => "--every",
        Setting::Limit => "--limit",
        Setting::ShardBy => "--shard-by",
        Setting::FinalLayer => "--final",
        Setting::WeightsPart => "--prefix",
    }
}

/// The words of a remedy, which name what to type; printed on the line after the error.
#[expect(clippy::too_many_lines, reason = "a line or two for each remedy")]
pub(super) fn words(remedy: &Remedy) -> String {
    match remedy {
        Remedy::NameModel { fitting } if fitting.is_empty() => "name the model with `--model TAG`".to_owned(),
        Remedy::NameModel { fitting } => format!("name one with `--model`: {}", fitting.join(", ")),
        Remedy::NamePart { fitting } => {
            let quoted = |prefix: &String| if prefix.is_empty() { "''".to_owned() } else { prefix.clone() };
            let fitting: Vec<String> = fitting.iter().map(quoted).collect();
            format!("say which with `--prefix`: {}", fitting.join(", "))
        }
        Remedy::CompareWithModel => "with `--model TAG` what differs from that network is listed".to_owned(),
        Remedy::TakeOtherWeights => "leave `--ema` away".to_owned(),
        Remedy::NameClasses { num_classes } => {
            let num = num_classes.map_or_else(String::new, |num| format!(" {num}"));
            format!(
                "`--class-names` takes a file of{num} names, a name a line, or JSON: a list, or names by number"
            )
        }
        Remedy::StatePreprocessing => {
            format!(
                "say with `--preprocess` how samples become values: {}",
                ValueScale::NAMED.map(|(name, scale)| format!("{name} ({scale})")).join(", ")
            )
        }
        Remedy::OtherModel => {
            format!(
                "name another with `--model`, or none, which means {DEFAULT_TAG}; `filterscope models` lists all"
            )
        }
        Remedy::PassBytes => "leave `--preprocess` away, or say `--preprocess raw`".to_owned(),
        Remedy::LastLayer => "leave `--layer` away".to_owned(),
        Remedy::ListModels => "`filterscope models` lists all".to_owned(),
        Remedy::ListLayers { model } => format!("`filterscope layers {model}` lists all"),
        Remedy::GetWeights { tag, source_text, is_downloadable, instead } => {
            let fetch = if *is_downloadable {
                format!("`filterscope weights fetch {tag}` downloads them, or ")
            } else {
                String::new()
            };
            let others = instead.map_or_else(String::new, |(name, tag)| {
                format!("; `--model {name}` runs at once: the same architecture with other weights ({tag})")
            });
            format!("{fetch}give a file with `--weights FILE` ({source_text}){others}")
        }
        Remedy::OpenOnnxAlone => "open it with `--model FILE.onnx`, without `--weights`".to_owned(),
        Remedy::NamePathColumn { columns } => format!("name it with `--path-column`: {columns}"),
        Remedy::GoOnOrBeginAgain => "`--resume` goes on with it, `--overwrite` begins again".to_owned(),
        Remedy::BeginAgain => "`--overwrite` begins again".to_owned(),
        Remedy::ReplaceFeatures => "`--overwrite` makes them anew; or choose another folder with `-o`".to_owned(),
        Remedy::SelectOthers => "check `--start`, `--every`, `--limit` and `--camera`".to_owned(),
        Remedy::FewerNeighbours { most } => format!("`--k {most}` or less"),
        Remedy::MeasureOfDissimilarities => "take `--measure rsa` or `--measure knn`".to_owned(),
        Remedy::SmallerBatch => {
            "compare fewer pictures at a time with `--batch`, or fewer layers with `--layer`".to_owned()
        }
        Remedy::SamplePictures => {
            "compare a random sample of the pictures with `--sample N`, or fewer layers".to_owned()
        }
        Remedy::NameVariable { names } => {
            format!("say which with `--rdm-variable`: {}", names.join(", "))
        }
        Remedy::NamePictures => {
            "`--rdm-pictures FILE` takes a list of the pictures in the matrix's order, a file name a line".to_owned()
        }
        Remedy::NameShard => "name the shard: `--shard I/N`".to_owned(),
        Remedy::NameShardCount => "`--shard auto/N` says of how many".to_owned(),
        Remedy::ExportForVersion { newest_opset } => format!(
            "export it for opset {newest_opset} or older (torch: `opset_version={newest_opset}`), or convert it with `onnx.version_converter`"
        ),
        Remedy::ExportForUse => {
            "export the network as it is in use (torch: `model.eval()` before the export)".to_owned()
        }
        Remedy::CorrectProperty { name } => {
            format!("write `{name}` anew (`onnx.helper.set_model_props`), or take it out of the file")
        }
        Remedy::GoOn => "the same command with `--resume` makes it anew".to_owned(),
        Remedy::MakeShardAgain { index, count } => format!(
            "copy it again from where it was made, or make it again: its own command with `--shard {index}/{count} --overwrite`"
        ),
        Remedy::CutShardsAlike => {
            "make all of them with the same N in `--shard I/N` and the same `--shard-by`".to_owned()
        }
        Remedy::AllowMoreFiles => {
            "raise the limit (`ulimit -n`); the same command with `--resume` goes on".to_owned()
        }
        Remedy::SettingsAsBefore { settings, can_be_mixed } => {
            let words = |(setting, before): &(Setting, String)| match (setting, &**before) {
                (_, "none" | "") => format!("no `{}`", option(*setting)),
                // One engine, whose second form has an option of its own.
                (Setting::Engine, "fast") => "`--engine fast` without `--exact`".to_owned(),
                (Setting::Engine, "fast-exact") => "`--exact`".to_owned(),
                (_, before) => format!("`{} {}`", option(*setting), before.replace(", ", ",")),
            };
            let before = settings.iter().map(words).collect::<Vec<_>>().join(", ");
            let before =
                if before.is_empty() { before } else { format!("it was begun with {before}; ") };
            let mixed = if *can_be_mixed {
                "`--allow-mixed` goes on all the same and records it, "
            } else {
                ""
            };
            format!("{before}{mixed}`--overwrite` begins again")
        }
        Remedy::SettingsAlike { settings } => {
            let words = |setting: &Setting| match setting {
                // One engine, whose second form has an option of its own.
                Setting::Engine => "`--engine` and `--exact`".to_owned(),
                other => format!("`{}`", option(*other)),
            };
            let options: Vec<String> = settings.iter().map(words).collect();
            format!("make all of them with the same {}", options.join(", "))
        }
        Remedy::OneSize => {
            "use `--format folder`, a pooling such as `--pool avg`, or a fit such as `--fit 640x480`".to_owned()
        }
        Remedy::OtherFormat => "or take another format, such as `--format parquet`".to_owned(),
        Remedy::OtherFolder => "name a folder that can be written to with `-o`".to_owned(),
        Remedy::RaiseFileLimit => "raise the limit (`ulimit -n`)".to_owned(),
        Remedy::MakeAllAnew => "`--overwrite` makes all of them anew".to_owned(),
        Remedy::SayNoHeader => {
            "with `--no-header` all lines are rows, and `--path-column` takes a column's number, from 0"
                .to_owned()
        }
        Remedy::KeepOneCopy => {
            "save the one that is meant by itself (`keras.Model(inputs, outputs).save(\"one.keras\")`), and give that file"
                .to_owned()
        }
        Remedy::LargerInput => "take a larger input: `--fit WxH` (`layers` has `--input WxH`)".to_owned(),
        Remedy::SmallerInput => "take a smaller input: `--fit WxH`".to_owned(),
        Remedy::OwnInputSize => "leave `--fit` away, which brings pictures to the network's own size".to_owned(),
        Remedy::UseCpu => "`--device cpu` runs it on the processor".to_owned(),
        Remedy::FewerThreads => "ask for fewer with `--threads`".to_owned(),
        Remedy::GiveMemory => {
            "raise the limit (`ulimit -v`), or take a smaller picture, input (`--fit`) or network".to_owned()
        }
        Remedy::MakeRoom => "free some space, or write to another disk".to_owned(),
        Remedy::AllowLargeFiles => "raise the limit (`ulimit -f`), or write to another disk".to_owned(),
        Remedy::NameLayer => "`--layer NAME` takes another layer than the last".to_owned(),
        Remedy::MoveBox => "take a box within what the network sees, or `--fit stretch`, which shows it the whole picture".to_owned(),
        Remedy::NameFinalLayer => {
            "`filterscope layers FILE` lists the layers that `--final` may name".to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::tensor::remedy_samples;

    #[test]
    fn every_remedy_says_what_to_type() {
        let expected = include_str!("../../tests/fixtures/remedies/command_line.txt");
        assert_eq!(remedy_samples::listed(super::words), expected);
    }
}
