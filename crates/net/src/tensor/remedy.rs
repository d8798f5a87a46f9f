//! Remedies: what a user can do about an error, as data.
//!
//! Owns the list of remedies. An error of a lower layer says what is wrong and may carry a remedy. The command line (`cli/remedy.rs`)
//! and the window (`app/message/remedy.rs`) each put the remedy into words that name what can be typed or pressed there. Must not
//! name an option or a button.

/// What to do about an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Name the model that a weight file belongs to: one of the given tags, or any where the list is empty.
    NameModel {
        /// Tags that the file fits.
        fitting: Vec<String>,
    },
    /// Name the part of a weight file to use: one of the given prefixes of tensor names.
    NamePart {
        /// Prefixes under which the network's tensors are found; an empty one means no prefix.
        fitting: Vec<String>,
    },
    /// Name the model to compare a weight file with, so that the differences can be listed.
    CompareWithModel,
    /// Use a weight file's ordinary weights, because it has no averaged ones.
    TakeOtherWeights,
    /// State how a picture's samples are turned into the network's input values.
    StatePreprocessing,
    /// Choose another model: this one is not available.
    OtherModel,
    /// Export an ONNX file for an older version of the standard.
    ExportForVersion {
        /// The newest opset that this program supports.
        newest_opset: i64,
    },
    /// Export the ONNX file in inference mode, not in training mode.
    ExportForUse,
    /// Write another value into a metadata property of an ONNX file.
    CorrectProperty {
        /// Name of the property.
        name: &'static str,
    },
    /// Save the one network that is wanted in a separate file.
    KeepOneCopy,
    /// Resize the picture to a larger size for the network.
    LargerInput,
    /// Resize the picture to a smaller size for the network.
    SmallerInput,
    /// Resize the picture to the network's own size.
    OwnInputSize,
    /// Run networks on the CPU.
    UseCpu,
    /// Compute with fewer threads.
    FewerThreads,
    /// Use less memory, or allow the program more.
    GiveMemory,
    /// Write to a disk with free space, or free some.
    MakeRoom,
    /// Write to a place where files of this size are allowed.
    AllowLargeFiles,
    /// Name another layer as the network's final layer.
    NameFinalLayer,
    /// Ask for a layer by its name.
    NameLayer,
    /// Take a box in the part of the picture that the network sees, or bring the whole picture to its input.
    MoveBox,
    /// Resume the run: its damaged parts are made again.
    GoOn,
    /// Copy a shard of features again from where it was made, or make it again.
    MakeShardAgain {
        /// Index of the shard.
        index: usize,
        /// Number of shards.
        count: usize,
    },
    /// Make all shards of features with the same number of shards and split in the same way.
    CutShardsAlike,
    /// Let the program open more files, then resume the run.
    AllowMoreFiles,
    /// Write into another folder.
    OtherFolder,
    /// Let the program open more files.
    RaiseFileLimit,
    /// Make all features of a finished run again.
    MakeAllAnew,
    /// Give a file with a name for each class.
    NameClasses {
        /// Number of classes, where it is known.
        num_classes: Option<usize>,
    },
    /// Set the differing settings back to their values at the beginning of the run, or continue with the new ones where that is possible,
    /// or begin the run again.
    SettingsAsBefore {
        /// Settings that differ, with their earlier values; without those that a user can't choose directly.
        settings: Vec<(Setting, String)>,
        /// Whether the run can continue with the new settings; the change is then recorded.
        can_be_mixed: bool,
    },
    /// Make all shards of features with the same settings.
    SettingsAlike {
        /// Settings that differ.
        settings: Vec<Setting>,
    },
    /// Bring all pictures or their features to one size, or write a separate file for each.
    OneSize,
    /// Write features in another format.
    OtherFormat,
    /// State that the first line of a table is a row, not a header.
    SayNoHeader,
    /// Name the column of a table that holds the paths of the pictures.
    NamePathColumn {
        /// The columns of the table.
        columns: String,
    },
    /// Get the weights of a model, from their source or from a file the user already has; or use other weights that are ready.
    GetWeights {
        /// Tag of the model.
        tag: &'static str,
        /// Where its weights come from.
        source_text: &'static str,
        /// Whether the program can fetch them.
        is_downloadable: bool,
        /// Weights of the same architecture that are ready to run: their shortest unambiguous name, and their full tag.
        instead: Option<(&'static str, &'static str)>,
    },
    /// Open an ONNX file by itself, without an additional weight file.
    OpenOnnxAlone,
    /// Pass a picture's samples to the network unchanged.
    PassBytes,
    /// Use the network's last layer.
    LastLayer,
    /// Look at the list of all models.
    ListModels,
    /// Look at the list of all layers of a model.
    ListLayers {
        /// The model.
        model: String,
    },
    /// Resume an unfinished run, or begin it again.
    GoOnOrBeginAgain,
    /// Begin a run again: its results so far can't be used.
    BeginAgain,
    /// Replace the existing features, or write to another folder.
    ReplaceFeatures,
    /// Select other rows and cameras of a data set.
    SelectOthers,
    /// Compare fewer neighbours of each picture.
    FewerNeighbours {
        /// The most that there can be.
        most: usize,
    },
    /// Compare with a measure that dissimilarities are enough for.
    MeasureOfDissimilarities,
    /// Compare fewer pictures at a time.
    SmallerBatch,
    /// Compare a random sample of the pictures.
    SamplePictures,
    /// Name the variable of a file that holds the dissimilarities.
    NameVariable {
        /// The variables that it may be.
        names: Vec<String>,
    },
    /// State which picture each row of a matrix belongs to.
    NamePictures,
    /// State which shard of a data set to process.
    NameShard,
    /// State into how many shards the data set is split.
    NameShardCount,
}

/// A setting of a run over a data set that a user can choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// How pictures are brought to the network's input size.
    Fit,
    /// How samples are turned into input values.
    Values,
    /// How a map is pooled.
    Pool,
    /// Format of the feature files.
    Format,
    /// Which layer is taken.
    Layer,
    /// Type of the numbers.
    Dtype,
    /// Order of a map's axes.
    Order,
    /// Inference engine.
    Engine,
    /// Device the engine runs on.
    Device,
    /// Which cameras are taken.
    Cameras,
    /// The first row.
    Start,
    /// Step between rows: every how many rows one is taken.
    Every,
    /// Largest number of rows.
    Limit,
    /// How the data set is split into shards.
    ShardBy,
    /// Which layer of a network is its last.
    FinalLayer,
    /// Which part of a weight file is the network.
    WeightsPart,
}

impl Setting {
    /// The setting stored in a field of a recipe; `None` where a user can't choose it directly.
    pub fn of(field: &str) -> Option<Self> {
        Some(match field {
            "fit" => Self::Fit,
            "preprocess" => Self::Values,
            "pool" => Self::Pool,
            "format" => Self::Format,
            "layer" => Self::Layer,
            "dtype" => Self::Dtype,
            "order" => Self::Order,
            "engine" => Self::Engine,
            "device" => Self::Device,
            "cameras" => Self::Cameras,
            "start" => Self::Start,
            "every" => Self::Every,
            "limit" => Self::Limit,
            "shard_by" => Self::ShardBy,
            "final_layer" => Self::FinalLayer,
            "weights_part" => Self::WeightsPart,
            _ => return None,
        })
    }
}

/// An error that may carry a remedy.
pub trait Remedied: std::error::Error {
    /// What the user can do about the error, where there is something that its message doesn't say already.
    fn remedy(&self) -> Option<Remedy> {
        None
    }
}

#[doc(hidden)]
pub mod samples {
    //! An example of each remedy, for the tests that check the wording of the command line and of the window.

    use super::{Remedy, Setting};

    /// All remedies. Those with names or counts appear once with and once without them, where the wording differs.
    pub fn all() -> Vec<Remedy> {
        let tags = || vec!["vgg16.tv_in1k".to_owned(), "vgg16.keras_in1k".to_owned()];
        let weights = |is_downloadable, instead| Remedy::GetWeights {
            tag: "vgg16.tv_in1k",
            source_text: "timm/vgg16.tv_in1k",
            is_downloadable,
            instead,
        };
        vec![
            Remedy::NameModel { fitting: Vec::new() },
            Remedy::NameModel { fitting: tags() },
            Remedy::NamePart { fitting: vec![String::new(), "encoder.".to_owned()] },
            Remedy::CompareWithModel,
            Remedy::TakeOtherWeights,
            Remedy::StatePreprocessing,
            Remedy::OtherModel,
            Remedy::ExportForVersion { newest_opset: 22 },
            Remedy::ExportForUse,
            Remedy::CorrectProperty { name: "mean" },
            Remedy::KeepOneCopy,
            Remedy::LargerInput,
            Remedy::SmallerInput,
            Remedy::OwnInputSize,
            Remedy::UseCpu,
            Remedy::FewerThreads,
            Remedy::GiveMemory,
            Remedy::MakeRoom,
            Remedy::AllowLargeFiles,
            Remedy::NameFinalLayer,
            Remedy::NameLayer,
            Remedy::GoOn,
            Remedy::MakeShardAgain { index: 1, count: 4 },
            Remedy::CutShardsAlike,
            Remedy::AllowMoreFiles,
            Remedy::NameClasses { num_classes: None },
            Remedy::NameClasses { num_classes: Some(10) },
            Remedy::SayNoHeader,
            Remedy::NamePathColumn { columns: "image, angle".to_owned() },
            weights(true, None),
            weights(false, Some(("VGG16", "vgg16.keras_in1k"))),
            Remedy::OpenOnnxAlone,
            Remedy::PassBytes,
            Remedy::LastLayer,
            Remedy::ListModels,
            Remedy::ListLayers { model: "vgg16.tv_in1k".to_owned() },
            Remedy::GoOnOrBeginAgain,
            Remedy::BeginAgain,
            Remedy::SettingsAsBefore { settings: Vec::new(), can_be_mixed: true },
            Remedy::SettingsAsBefore { settings: every_setting(), can_be_mixed: false },
            Remedy::SettingsAlike { settings: vec![Setting::Pool, Setting::ShardBy] },
            Remedy::OneSize,
            Remedy::OtherFormat,
            Remedy::OtherFolder,
            Remedy::RaiseFileLimit,
            Remedy::MakeAllAnew,
            Remedy::MoveBox,
            Remedy::ReplaceFeatures,
            Remedy::SelectOthers,
            Remedy::FewerNeighbours { most: 6 },
            Remedy::MeasureOfDissimilarities,
            Remedy::SmallerBatch,
            Remedy::SamplePictures,
            Remedy::NameVariable { names: vec!["rdm".to_owned(), "other".to_owned()] },
            Remedy::NamePictures,
            Remedy::NameShard,
            Remedy::NameShardCount,
        ]
    }

    fn every_setting() -> Vec<(Setting, String)> {
        [
            "fit",
            "preprocess",
            "pool",
            "format",
            "dtype",
            "order",
            "engine",
            "device",
            "cameras",
            "start",
            "every",
            "limit",
            "shard_by",
            "final_layer",
            "weights_part",
        ]
        .into_iter()
        .filter_map(|field| Some((Setting::of(field)?, "before".to_owned())))
        .collect()
    }

    /// The wording of every remedy, one line each, beginning with the remedy's name.
    pub fn listed(words: impl Fn(&Remedy) -> String) -> String {
        let lines: Vec<String> =
            all().iter().map(|remedy| format!("{}: {}", name(remedy), words(remedy))).collect();
        lines.join("\n") + "\n"
    }

    fn name(remedy: &Remedy) -> String {
        format!("{remedy:?}").split([' ', '{']).next().unwrap_or_default().to_owned()
    }

    #[cfg(test)]
    #[test]
    fn each_remedy_is_among_them() {
        let source = include_str!("remedy.rs");
        let list = source.split("pub enum Remedy {").nth(1).unwrap().split("\n}").next().unwrap();
        let declared = list.lines().filter_map(|line| {
            let name = line.strip_prefix("    ")?;
            let is_variant = name.starts_with(|c: char| c.is_ascii_uppercase());
            is_variant.then(|| name.trim_end_matches([' ', '{', ',']).to_owned())
        });
        let known: Vec<String> = all().iter().map(name).collect();
        let missing: Vec<String> = declared.filter(|name| !known.contains(name)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
