//! What a panel gets to draw with.

use crate::app::message::command::Commands;
use crate::app::model::State;
use crate::app::ui::scratch::Scratch;
use crate::app::ui::textures::Textures;

/// What a panel gets to draw with.
pub(crate) struct Context<'a> {
    pub(crate) state: &'a State,
    pub(crate) textures: &'a Textures,
    pub(crate) scratch: &'a mut Scratch,
    pub(crate) commands: &'a mut Commands,
}
