//! What a person can do about an error, as data.
//!
//! Owns the list of remedies. An error below the faces says what is wrong and carries one of these; the command line
//! (`cli/remedy.rs`) and the window (`app/message/remedy.rs`) each word it in terms of what can be typed or pressed there. Must not name
//! an option or a button.

/// What to do about an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Name the model that a weight file is for: one of these tags, or any where the list is empty.
    NameModel {
        /// Tags that the file fits.
        fitting: Vec<String>,
    },
    /// Name the part of a weight file that is meant: one of these beginnings of tensor names.
    NamePart {
        /// Beginnings under which the network lies; an empty one for none.
        fitting: Vec<String>,
    },
    /// Name the model that a weight file should be compared with, to be told what differs.
    CompareWithModel,
    /// Take a weight file's ordinary weights: it has no averaged ones.
    TakeOtherWeights,
    /// Say how a picture's samples become the network's input values.
    StatePreprocessing,
    /// Choose another model: this one can't be had.
    OtherModel,
    /// Export an ONNX file for an older version of the standard.
    ExportForVersion {
        /// The newest opset that is known here.
        newest_opset: i64,
    },
    /// Export an ONNX file of the network as it is in use, not as it is trained.
    ExportForUse,
    /// Write another value into a metadata property of an ONNX file.
    CorrectProperty {
        /// The property.
        name: &'static str,
    },
    /// Save the one network that is meant into a file of its own.
    KeepOneCopy,
    /// Bring the picture to a larger size for the network.
    LargerInput,
    /// Bring the picture to a smaller size for the network.
    SmallerInput,
    /// Bring the picture to the network's own size.
    OwnInputSize,
    /// Run networks on the CPU.
    UseCpu,
    /// Compute with fewer threads.
    FewerThreads,
    /// Take less memory, or be let have more.
    GiveMemory,
    /// Write where there is room, or make some.
    MakeRoom,
    /// Write where so large a file is allowed.
    AllowLargeFiles,
    /// Name another layer as a network's last.
    NameFinalLayer,
    /// Ask for a layer by its name.
    NameLayer,
    /// Go on with the run: what is damaged of it is made anew.
    GoOn,
    /// Copy a share of features again from where it was made, or make it again.
    MakeShardAgain {
        /// Which share.
        index: usize,
        /// Of how many.
        count: usize,
    },
    /// Make all shares of features with the same count and in the same way.
    CutShardsAlike,
    /// Let the program open more files, then go on with the run.
    AllowMoreFiles,
    /// Write into another folder.
    OtherFolder,
    /// Let the program open more files.
    RaiseFileLimit,
    /// Make all of a finished run's features anew.
    MakeAllAnew,
    /// Give a file with a name for each class: so many, where that is known.
    NameClasses {
        /// Classes that there are.
        num_classes: Option<usize>,
    },
    /// Set what differs as it was when the run was begun, go on all the same where that can be, or begin again.
    SettingsAsBefore {
        /// Settings, and what they were; those that nobody chooses as such are not among them.
        settings: Vec<(Setting, String)>,
        /// Whether the run can go on with what differs, which is recorded.
        can_be_mixed: bool,
    },
    /// Make all shares of features with the same settings.
    SettingsAlike {
        /// Those that differ.
        settings: Vec<Setting>,
    },
    /// Bring pictures or their features to one size, or write a file for each.
    OneSize,
    /// Write features in another format.
    OtherFormat,
    /// Say of a table that its first line is a row.
    SayNoHeader,
    /// Name the column of a table that has the pictures' paths: one of these.
    NamePathColumn {
        /// The columns there are.
        columns: String,
    },
    /// Get the weights of a model: from their source, or from a file that a person has; or take others that run at once.
    GetWeights {
        /// The model.
        tag: &'static str,
        /// Where its weights come from.
        source_text: &'static str,
        /// Whether the program can fetch them.
        is_downloadable: bool,
        /// Weights of the same architecture that run at once: the shortest name that means them, and their full tag.
        instead: Option<(&'static str, &'static str)>,
    },
    /// Open an ONNX file by itself, with no file of weights beside it.
    OpenOnnxAlone,
    /// Give the network a picture's samples as they are.
    PassBytes,
    /// Take the network's last layer.
    LastLayer,
    /// Look at the list of all models.
    ListModels,
    /// Look at the list of all layers of a model.
    ListLayers {
        /// The model.
        model: String,
    },
    /// Go on with an unfinished run, or begin it again.
    GoOnOrBeginAgain,
    /// Begin a run again: what was made of it can't be used.
    BeginAgain,
    /// Replace the features that are there, or write to another folder.
    ReplaceFeatures,
    /// Select other rows and cameras of a data set.
    SelectOthers,
    /// Say which share of a data set is meant.
    NameShard,
    /// Say how many shares of a data set there are.
    NameShardCount,
}

/// What a person chooses of a run over a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// How pictures come to the network's size.
    Fit,
    /// How samples become values.
    Values,
    /// What becomes of a map.
    Pool,
    /// What the files are.
    Format,
    /// Which layer is taken.
    Layer,
    /// Type of the numbers.
    Dtype,
    /// Order of a map's axes.
    Order,
    /// What computes.
    Engine,
    /// Where it runs.
    Device,
    /// Which cameras are taken.
    Cameras,
    /// The first row.
    Start,
    /// Each how manyth row.
    Every,
    /// Rows at most.
    Limit,
    /// How shares are made.
    ShardBy,
    /// A network's last layer.
    FinalLayer,
    /// Which part of a weight file is the network.
    WeightsPart,
}

impl Setting {
    /// The one that a recipe's field holds; none where nobody chooses it as such.
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
    /// What to do about it, where something can be done that its message doesn't say.
    fn remedy(&self) -> Option<Remedy> {
        None
    }
}

#[cfg(test)]
pub(crate) mod samples {
    //! One of each remedy, for the lists that both faces are held against.

    use super::{Remedy, Setting};

    /// All of them: those with names or counts once with and once without, where that is worded otherwise.
    pub(crate) fn all() -> Vec<Remedy> {
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
            Remedy::ReplaceFeatures,
            Remedy::SelectOthers,
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

    /// What a face says of each, a line each under its name.
    pub(crate) fn listed(words: impl Fn(&Remedy) -> String) -> String {
        let lines: Vec<String> =
            all().iter().map(|remedy| format!("{}: {}", name(remedy), words(remedy))).collect();
        lines.join("\n") + "\n"
    }

    fn name(remedy: &Remedy) -> String {
        format!("{remedy:?}").split([' ', '{']).next().unwrap_or_default().to_owned()
    }

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
