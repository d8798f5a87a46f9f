//! Which settings are linked between views, and how views are arranged.

/// Which settings are linked: a change in one view then changes the others too.
#[expect(clippy::struct_excessive_bools, reason = "four checkboxes, each by itself")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Links {
    pub(crate) pictures: bool,
    /// Zoom and pan.
    pub(crate) zoom: bool,
    /// Layout, range and colours.
    pub(crate) looks: bool,
    /// One range of values for all views.
    pub(crate) scale: bool,
}

impl Default for Links {
    fn default() -> Self {
        Self { pictures: true, zoom: true, looks: true, scale: false }
    }
}

/// How views are arranged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Arrangement {
    /// In the way that makes the mosaics largest.
    #[default]
    Automatic,
    /// In one row.
    SideBySide,
    /// One above the other.
    Stacked,
}
