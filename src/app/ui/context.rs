//! What a panel gets to draw with.

use crate::app::message::command::Commands;
use crate::app::model::Model;
use crate::app::ui::frame_times::FrameTimes;
use crate::app::ui::scratch::Scratch;
use crate::app::ui::textures::Textures;

/// What a panel gets to draw with.
pub(crate) struct Context<'a> {
    pub(crate) model: &'a Model,
    pub(crate) textures: &'a Textures,
    pub(crate) scratch: &'a mut Scratch,
    pub(crate) commands: &'a mut Commands,
    /// What frames cost the window's thread, where that is asked for.
    pub(crate) frame_times: Option<&'a FrameTimes>,
}
