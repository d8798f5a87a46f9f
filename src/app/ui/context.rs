//! What a panel is given to draw with.

use crate::app::message::command::Commands;
use crate::app::model::Model;
use crate::app::ui::frame_times::FrameTimes;
use crate::app::ui::scratch::Scratch;
use crate::app::ui::textures::Textures;

/// What a panel is given to draw with: the model to read, and the commands to push to.
pub(crate) struct Context<'a> {
    pub(crate) model: &'a Model,
    pub(crate) textures: &'a Textures,
    pub(crate) scratch: &'a mut Scratch,
    pub(crate) commands: &'a mut Commands,
    /// Processor time that frames take on the window's thread, if it is to be shown.
    pub(crate) frame_times: Option<&'a FrameTimes>,
}
