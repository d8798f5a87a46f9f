//! What both faces ask of stored features: heads scored on them, layers compared by them, and what a kept head tells of a picture.
//!
//! Owns how folders of features become one result, with its warnings and its files. Must not know arguments, terminals or windows: what the
//! user can do about something is worded by the face that asks (`ProbeWords`), and progress goes to a closure.

pub(crate) mod compared;
pub(crate) mod head_file;
pub(crate) mod matrix;
pub(crate) mod news;
pub(crate) mod predictor;
pub(crate) mod probe;
pub(crate) mod short;
pub(crate) mod temporary;
