//! The threads of the window, and the only place of it that has any.

pub(crate) mod dialogs;
pub(crate) mod download;
pub(crate) mod filter_map;
pub(crate) mod inspect;
pub(crate) mod network;
pub(crate) mod tasks;
pub(crate) mod tell;
