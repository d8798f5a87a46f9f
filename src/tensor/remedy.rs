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
    /// Take other weights of the same architecture, which run at once.
    OtherWeights {
        /// The shortest name that means them.
        name: &'static str,
        /// Their full tag.
        tag: &'static str,
    },
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
    /// Set what differs as it was when the run was begun: each setting with what it was then.
    SettingsAsBefore {
        /// Settings, and what they were.
        settings: Vec<(Setting, String)>,
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
    /// What to do about it, where something can be done.
    fn remedy(&self) -> Option<Remedy>;
}
