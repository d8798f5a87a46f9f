//! What goes with what when one of several views changes, and how views lie beside each other.

/// What goes with what when one view changes.
#[expect(clippy::struct_excessive_bools, reason = "four checkboxes, each by itself")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Links {
    pub(crate) pictures: bool,
    /// Zoom and pan.
    pub(crate) zoom: bool,
    /// Layout, range and colours.
    pub(crate) looks: bool,
    /// One range of values for all.
    pub(crate) scale: bool,
}

impl Default for Links {
    fn default() -> Self {
        Self { pictures: true, zoom: true, looks: true, scale: false }
    }
}

/// How views lie beside each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Arrangement {
    /// So that mosaics are largest.
    #[default]
    Automatic,
    /// In one row.
    SideBySide,
    /// One over the other.
    Stacked,
}
