//! What a network is, without weights: plain values, graphs, and the models as builders of graphs.

pub mod graph;
pub mod models;
pub mod tensor;
