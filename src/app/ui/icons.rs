//! The icons of the window: characters of the font `assets/fonts/Phosphor.ttf`. An icon alone on a button has a tooltip and a name in the
//! accessibility tree.

/// The font family of the icons.
pub(crate) const FAMILY: &str = "icons";

pub(crate) const X: &str = "\u{E4F6}";
pub(crate) const CARET_DOWN: &str = "\u{E136}";
pub(crate) const CARET_RIGHT: &str = "\u{E13A}";
pub(crate) const CARET_UP: &str = "\u{E13C}";
pub(crate) const MAGNIFYING_GLASS: &str = "\u{E30C}";
pub(crate) const PLAY: &str = "\u{E3D0}";
pub(crate) const PAUSE: &str = "\u{E39E}";
pub(crate) const SIDEBAR_SIMPLE: &str = "\u{EC24}";
pub(crate) const SLIDERS_HORIZONTAL: &str = "\u{E434}";
