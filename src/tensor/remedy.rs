//! What a person can do about an error, as data.
//!
//! Owns the list of remedies. An error below the faces says what is wrong and carries one of these; the command line
//! (`cli/remedy.rs`) and the window (`app/remedy.rs`) each word it in terms of what can be typed or pressed there. Must not name
//! an option or a button.

/// What to do about an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Name the model that a weight file is for: one of these tags, or any where the list is empty.
    NameModel {
        /// Tags that the file fits.
        fitting: Vec<String>,
    },
    /// Say how a picture's samples become the network's input values.
    StatePreprocessing,
    /// Give a file with a name for each class: so many, where that is known.
    NameClasses {
        /// Classes that there are.
        num_classes: Option<usize>,
    },
}

/// An error that may carry a remedy.
pub trait Remedied: std::error::Error {
    /// What to do about it, where something can be done.
    fn remedy(&self) -> Option<Remedy>;
}
