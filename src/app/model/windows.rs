//! Which windows are open over the window, and what its left side shows.

/// What the left side shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum LeftTab {
    #[default]
    Setup,
    Layers,
    /// What stands on the right where there is room.
    Details,
}

/// Windows over the window.
#[expect(clippy::struct_excessive_bools, reason = "each is open or not by itself")]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct OpenWindows {
    pub(crate) help: bool,
    pub(crate) palette: bool,
    pub(crate) table: bool,
    pub(crate) log: bool,
}
