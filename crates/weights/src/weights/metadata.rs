//! Keys of the metadata that an imported copy has about itself.

/// Metadata key of the model spec's tag that a file was bound to.
pub const MODEL_KEY: &str = "filterscope.model";
/// Metadata key of the name of the file that the copy was made from.
pub const SOURCE_KEY: &str = "filterscope.source";
/// Metadata key of the sha256 of the file that the copy was made from.
pub const SOURCE_SHA256_KEY: &str = "filterscope.source_sha256";
/// Metadata key of the name prefix that was removed from the source file's tensor names, if they had one.
pub const SOURCE_PART_KEY: &str = "filterscope.source_part";
/// Metadata key of the sha256 of all values as they were written. A copy that was changed afterwards is recognised by it.
pub const VALUES_SHA256_KEY: &str = "filterscope.values_sha256";
/// Metadata key of a head's plan in an imported copy.
pub(super) const HEAD_KEY: &str = "filterscope.head";
