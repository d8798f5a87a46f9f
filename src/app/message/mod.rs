//! What may happen: what a person asks for, what threads tell, and what is to be done for it.

pub(crate) mod command;
pub(crate) mod effect;
pub(crate) mod event;
pub(crate) mod remedy;
pub(crate) mod words;
