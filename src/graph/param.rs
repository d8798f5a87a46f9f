//! What the parameters of a node are for.

/// A parameter's part in its node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ParamRole {
    /// Convolution kernel, `OIHW`.
    Kernel,
    /// Convolution bias.
    Bias,
    /// Batch norm's scale.
    Gamma,
    /// Batch norm's shift.
    Beta,
    /// Batch norm's running mean.
    Mean,
    /// Batch norm's running variance.
    Variance,
    /// A layer scale's factors.
    Scale,
    /// What negative values are multiplied with.
    Slope,
    /// The class token.
    ClassToken,
    /// Registers: tokens that belong to no patch.
    Registers,
    /// What each position of a row of tokens adds.
    Positions,
}
