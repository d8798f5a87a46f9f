//! Names of the texts that an imported copy carries about itself.

/// Metadata key of the tag that a file was bound to.
pub const MODEL_KEY: &str = "filterscope.model";
/// Metadata key of the name of the file it was made from.
pub const SOURCE_KEY: &str = "filterscope.source";
/// Metadata key of that file's sha256.
pub const SOURCE_SHA256_KEY: &str = "filterscope.source_sha256";
/// Metadata key of where in that file the tensors' names began, where they had a beginning that was taken off.
pub const SOURCE_PART_KEY: &str = "filterscope.source_part";
/// Metadata key of the sha256 of all values as they were written, so that a copy that was changed doesn't count as its source.
pub const VALUES_SHA256_KEY: &str = "filterscope.values_sha256";
/// Metadata key of a head's plan in an imported copy.
pub(super) const HEAD_KEY: &str = "filterscope.head";
