//! Which floating windows are open, and what the left panel shows.

/// What the left panel shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum LeftTab {
    #[default]
    Setup,
    Layers,
    /// The details, which are on the right if there is room.
    Details,
}

/// The floating windows that are open inside the main window.
#[expect(clippy::struct_excessive_bools, reason = "each is open or not by itself")]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct OpenWindows {
    pub(crate) help: bool,
    pub(crate) palette: bool,
    pub(crate) table: bool,
    pub(crate) log: bool,
}
