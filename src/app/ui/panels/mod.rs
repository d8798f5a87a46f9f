//! The panels and dialogs of the window, one file each. They read the model and push commands.

pub(crate) mod bar;
pub(crate) mod canvas;
pub(crate) mod channel;
pub(crate) mod classes;
pub(crate) mod controls;
pub(crate) mod details;
pub(crate) mod display;
pub(crate) mod download;
pub(crate) mod help;
pub(crate) mod layers;
pub(crate) mod log;
pub(crate) mod models;
pub(crate) mod notice;
pub(crate) mod order;
pub(crate) mod palette;
pub(crate) mod pins;
pub(crate) mod save;
pub(crate) mod status;
pub(crate) mod table;
pub(crate) mod task;
pub(crate) mod timeline;
pub(crate) mod transport;
pub(crate) mod tree;
pub(crate) mod views;
