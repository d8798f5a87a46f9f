//! Where a network from an ONNX file ends, and why, as plain data.

/// Where a network ends, and why there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// The final layer's name.
    pub final_layer: String,
    /// Why this is the final layer, in one sentence about the network; `None` if it is the file's own last map.
    pub why: Option<String>,
    /// Whether the file continues after this layer in a way that isn't supported.
    pub is_cut: bool,
    /// Names of layers that are useful choices for the final layer, in order.
    pub choices: Vec<String>,
}
