//! The roles of a node's parameters.

/// Role of a parameter in its node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ParamRole {
    /// Convolution kernel, `OIHW`.
    Kernel,
    /// Convolution bias.
    Bias,
    /// Scale of a batch norm or layer norm.
    Gamma,
    /// Shift of a batch norm or layer norm.
    Beta,
    /// Batch norm's running mean.
    Mean,
    /// Batch norm's running variance.
    Variance,
    /// A layer scale's factors.
    Scale,
    /// Factors for negative values (`PReLU`).
    Slope,
    /// The class token.
    ClassToken,
    /// Registers: tokens that belong to no patch.
    Registers,
    /// Position embeddings: the values added to the tokens of a row.
    Positions,
}
