//! Remedies, worded for the window.
//!
//! Owns the wording. Must not know how errors arise.

use crate::tensor::{Remedied, Remedy, Setting};

/// An error's message and, if the error has a remedy, what to do in the window.
pub(crate) fn told(error: &impl Remedied) -> String {
    match error.remedy() {
        Some(remedy) => format!("{error}. {}", words(&remedy)),
        None => error.to_string(),
    }
}

/// A sentence that says which other weights of the same architecture (shortest name, tag) can run at once, without a download.
pub(crate) fn other_weights((name, tag): (&str, &str)) -> String {
    format!("{name} under Model ({tag}) runs at once: the same architecture with other weights.")
}

/// The name of a setting in the window.
const fn field(setting: Setting) -> &'static str {
    match setting {
        Setting::Fit => "Fit",
        Setting::Values => "Preprocessing",
        Setting::Pool => "Pool",
        Setting::Format => "Format",
        Setting::Layer => "Layer",
        Setting::Dtype => "Type",
        Setting::Order => "Order of axes",
        Setting::Engine => "Engine",
        Setting::Device => "Device",
        Setting::Cameras => "cameras",
        Setting::Start => "From frame",
        Setting::Every => "each",
        Setting::Limit => "at most",
        Setting::ShardBy => "the way shards are made",
        Setting::FinalLayer => "final layer",
        Setting::WeightsPart => "part of the weight file",
    }
}

/// A sentence that says what to press or choose.
#[expect(clippy::too_many_lines, reason = "a line or two for each remedy")]
pub(crate) fn words(remedy: &Remedy) -> String {
    match remedy {
        Remedy::NameModel { fitting } if fitting.is_empty() => "Choose the model under Model.".to_owned(),
        Remedy::NameModel { fitting } => format!("Choose one under Model: {}.", fitting.join(", ")),
        Remedy::NamePart { .. } => "Load the file again: it is asked which part of it is meant.".to_owned(),
        Remedy::CompareWithModel => {
            "`filterscope render --model TAG --weights FILE` lists what differs from that network.".to_owned()
        }
        Remedy::TakeOtherWeights => "Load the file again and take its other weights.".to_owned(),
        Remedy::NameClasses { num_classes } => {
            let num = num_classes.map_or_else(String::new, |num| format!(" {num}"));
            format!("Give a file of{num} names, a name a line.")
        }
        Remedy::StatePreprocessing => "Choose how samples become values under Preprocessing.".to_owned(),
        Remedy::OtherModel => "Choose another under Model.".to_owned(),
        Remedy::PassBytes => "Choose \"model default\" under Preprocessing.".to_owned(),
        Remedy::LastLayer => "Choose the last layer under Layer.".to_owned(),
        Remedy::ListModels => "The list under Model shows all names.".to_owned(),
        Remedy::ListLayers { .. } => "The list under Layer shows all names.".to_owned(),
        Remedy::GetWeights { source_text, is_downloadable, instead, .. } => {
            let fetch = if *is_downloadable { "Download them under Model, or load " } else { "Load " };
            let others = instead.map_or_else(String::new, |other| format!(" {}", other_weights(other)));
            format!("{fetch}a file with \"Load weights…\" ({source_text}).{others}")
        }
        Remedy::OpenOnnxAlone => "Open it by itself with \"Load weights…\".".to_owned(),
        Remedy::NamePathColumn { columns } => {
            format!("Open the table again and choose its column: {columns}.")
        }
        Remedy::GoOnOrBeginAgain => "\"Go on\" finishes it, \"Begin again\" removes it.".to_owned(),
        Remedy::BeginAgain => "\"Begin again\" removes it.".to_owned(),
        Remedy::ReplaceFeatures => "\"Replace them\" makes them anew; or choose another folder.".to_owned(),
        Remedy::SelectOthers => "Check the first frame, each, at most, and the cameras.".to_owned(),
        Remedy::FewerNeighbours { most } => format!("Take at most {most} neighbours."),
        Remedy::MeasureOfDissimilarities => "Choose RSA or mutual kNN as measure.".to_owned(),
        Remedy::SmallerBatch => "Compare fewer pictures at a time, or fewer layers.".to_owned(),
        Remedy::SamplePictures => "Compare a random sample of the pictures, or fewer layers.".to_owned(),
        Remedy::NameVariable { names } => format!("Choose the variable that holds it: {}.", names.join(", ")),
        Remedy::NamePictures => "Choose a list of the pictures in the matrix's order, a file name a line.".to_owned(),
        Remedy::NameShard | Remedy::NameShardCount => {
            "Shards are made on the command line: `filterscope extract --shard I/N`.".to_owned()
        }
        Remedy::ExportForVersion { newest_opset } => {
            format!(
                "Export it for opset {newest_opset} or older, or convert it with `onnx.version_converter`."
            )
        }
        Remedy::ExportForUse => {
            "Export the network as it is in use (torch: `model.eval()` before the export).".to_owned()
        }
        Remedy::CorrectProperty { name } => {
            format!("Write `{name}` anew (`onnx.helper.set_model_props`), or take it out of the file.")
        }
        Remedy::GoOn => "Go on makes it anew.".to_owned(),
        Remedy::MakeShardAgain { index, count } => {
            format!("Copy it again from where it was made, or make shard {index} of {count} again.")
        }
        Remedy::CutShardsAlike => "Make all of them with the same number of shards, in the same way.".to_owned(),
        Remedy::AllowMoreFiles => {
            "Start the program with a higher limit on open files; Go on does the rest.".to_owned()
        }
        Remedy::SettingsAsBefore { settings, can_be_mixed } => {
            let words: Vec<String> =
                settings.iter().map(|(setting, before)| format!("{} {before}", field(*setting))).collect();
            let before = if words.is_empty() {
                String::new()
            } else {
                format!("It was begun with {}. ", words.join(", "))
            };
            let mixed =
                if *can_be_mixed { "\"Go on even if …\" allows it and records it, " } else { "" };
            format!("{before}{mixed}\"Begin again\" removes it.")
        }
        Remedy::SettingsAlike { settings } => {
            let fields: Vec<&str> = settings.iter().map(|setting| field(*setting)).collect();
            format!("Make all of them with the same settings: {}.", fields.join(", "))
        }
        Remedy::OneSize => "Choose another format, a pooling, or another fit of the input.".to_owned(),
        Remedy::OtherFormat => "Or choose another format.".to_owned(),
        Remedy::OtherFolder => "Choose an output folder that can be written to.".to_owned(),
        Remedy::RaiseFileLimit => "Start the program with a higher limit on open files.".to_owned(),
        Remedy::MakeAllAnew => "\"Replace them\" makes all of them anew.".to_owned(),
        Remedy::SayNoHeader => "Put a line with names of columns before it.".to_owned(),
        Remedy::KeepOneCopy => {
            "Save the one that is meant by itself (`keras.Model(inputs, outputs).save(\"one.keras\")`), and load that file."
                .to_owned()
        }
        Remedy::LargerInput => "Choose a larger input under Fit.".to_owned(),
        Remedy::SmallerInput => "Choose a smaller input under Fit.".to_owned(),
        Remedy::OwnInputSize => "Choose the model's own way under Fit.".to_owned(),
        Remedy::UseCpu => "Choose the CPU under Device.".to_owned(),
        Remedy::FewerThreads => "Start the program with fewer (`--threads`).".to_owned(),
        Remedy::GiveMemory => {
            "Choose a smaller picture, input or network, or start the program with a higher limit.".to_owned()
        }
        Remedy::MakeRoom => "Free some space, or choose another place.".to_owned(),
        Remedy::AllowLargeFiles => {
            "Choose another place, or start the program with a higher limit on files.".to_owned()
        }
        Remedy::NameLayer => "Choose the layer under Layer.".to_owned(),
        Remedy::MoveBox => "Draw the box elsewhere on the picture, or choose Stretch under Fit.".to_owned(),
        Remedy::NameFinalLayer => "Open the file again and choose its final layer.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use crate::tensor::remedy_samples;

    #[test]
    fn every_remedy_says_what_to_press_or_choose() {
        let expected = include_str!("../../../tests/fixtures/remedies/window.txt");
        assert_eq!(remedy_samples::listed(super::words), expected);
    }
}
