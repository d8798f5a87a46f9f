//! Which floating windows are open.

/// The floating windows that are open inside the main window.
#[expect(clippy::struct_excessive_bools, reason = "each is open or not by itself")]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct OpenWindows {
    pub(crate) help: bool,
    pub(crate) palette: bool,
    pub(crate) table: bool,
    pub(crate) log: bool,
    pub(crate) head: bool,
    /// The right panel in a window that is too narrow for it to be always there.
    pub(crate) right: bool,
}
