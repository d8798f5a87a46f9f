//! The icons of the window: characters of the font `assets/fonts/Phosphor.ttf`. An icon alone on a button has a tooltip and a name in the
//! accessibility tree.

/// The font family of the icons.
pub(crate) const FAMILY: &str = "icons";

pub(crate) const FOLDER_OPEN: &str = "\u{E256}";
pub(crate) const CLIPBOARD: &str = "\u{E196}";
pub(crate) const PUSH_PIN: &str = "\u{E3E2}";
pub(crate) const PUSH_PIN_SLASH: &str = "\u{E3E4}";
pub(crate) const X: &str = "\u{E4F6}";
pub(crate) const CARET_DOWN: &str = "\u{E136}";
pub(crate) const CARET_RIGHT: &str = "\u{E13A}";
pub(crate) const CARET_LEFT: &str = "\u{E138}";
pub(crate) const CARET_UP: &str = "\u{E13C}";
pub(crate) const MAGNIFYING_GLASS: &str = "\u{E30C}";
pub(crate) const PLUS: &str = "\u{E3D4}";
pub(crate) const MINUS: &str = "\u{E32A}";
pub(crate) const FRAME_CORNERS: &str = "\u{E626}";
pub(crate) const GRID_FOUR: &str = "\u{E296}";
pub(crate) const PLAY: &str = "\u{E3D0}";
pub(crate) const PAUSE: &str = "\u{E39E}";
pub(crate) const SKIP_BACK: &str = "\u{E5A4}";
pub(crate) const SKIP_FORWARD: &str = "\u{E5A6}";
pub(crate) const DOTS_THREE: &str = "\u{E1FE}";
pub(crate) const COLUMNS: &str = "\u{E546}";
pub(crate) const INFO: &str = "\u{E2CE}";
pub(crate) const WARNING: &str = "\u{E4E0}";
pub(crate) const WARNING_CIRCLE: &str = "\u{E4E2}";
pub(crate) const CHECK_CIRCLE: &str = "\u{E184}";
pub(crate) const IMAGE: &str = "\u{E2CA}";
pub(crate) const CUBE: &str = "\u{E1DA}";
pub(crate) const STACK: &str = "\u{E466}";
pub(crate) const TRASH: &str = "\u{E4A6}";
pub(crate) const EYE: &str = "\u{E220}";
pub(crate) const EYE_SLASH: &str = "\u{E224}";
pub(crate) const CHECK: &str = "\u{E182}";
pub(crate) const SIDEBAR_SIMPLE: &str = "\u{EC24}";
pub(crate) const ARROW_COUNTER_CLOCKWISE: &str = "\u{E038}";
pub(crate) const FLOPPY_DISK: &str = "\u{E248}";
pub(crate) const COPY: &str = "\u{E1CA}";
pub(crate) const STOP: &str = "\u{E46C}";
pub(crate) const TABLE: &str = "\u{E476}";
pub(crate) const SLIDERS_HORIZONTAL: &str = "\u{E434}";
pub(crate) const EXPORT: &str = "\u{EAF0}";
pub(crate) const LINK: &str = "\u{E2E2}";
