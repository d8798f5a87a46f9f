//! Commands about views as such: more of them, fewer, linked, walked through; and the filters kept beside them.

use std::sync::Arc;

use crate::app::message::command::Command;
use crate::app::message::effect::SideJob;
use crate::app::model::dataset::Playing;
use crate::app::model::messages::Tone;
use crate::app::model::pins::{MAX_PINS, Pin, PinnedFilter};
use crate::app::model::request::LayerChoice;
use crate::app::model::view::{MAX_VIEWS, ViewId, ViewState, no_difference};
use crate::app::shell::App;
use crate::graph::NodeId;

/// Lanes of the second thread.
const INSPECT_LANE: u64 = 0;

const MATCH_LANE: u64 = 1;

impl App {
    pub(crate) fn apply_to_views(&mut self, ctx: &egui::Context, command: &Command) {
        match *command {
            Command::AddView => self.add_view(None),
            Command::AddDifference => self.add_difference(),
            Command::CloseView(id) => self.close_view(id),
            Command::Activate(id) => self.activate(id),
            Command::SetLinks(links) => {
                let is_zoom_new = links.zoom && !self.state.links.zoom;
                self.state.links = links;
                if is_zoom_new {
                    self.lead_viewports(self.state.view().id);
                }
                self.share_scale(true);
            }
            Command::Back => self.step_back(),
            Command::Forward => self.step_forward(),
            Command::SetTab(tab) => self.state.tab = tab,
            Command::ToggleTable => self.state.open.table = !self.state.open.table,
            Command::ToggleLog => self.state.open.log = !self.state.open.log,
            Command::ToggleHelp => self.state.open.help = !self.state.open.help,
            Command::Arrange(arrangement) => self.state.arrangement = arrangement,
            Command::FindClosest(id) => self.find_closest(id),
            Command::StepLayer(steps) => self.step_layer(steps),
            Command::TogglePlay => {
                self.state.playing = match self.state.playing {
                    Some(_) => None,
                    None => Some(Playing { next_secs: ctx.input(|i| i.time) }),
                };
            }
            Command::SetPlaySpeed(speed) => self.state.play_speed = speed.clamp(0.2, 20.0),
            Command::ListEveryNode(all) => self.state.lists_every_node = all,
            Command::Pin(channel) => self.pin(channel),
            Command::Unpin(id) => self.state.pins.retain(|pin| pin.filter.id != id),
            Command::GoToPin(id) => self.go_to_pin(id),
            _ => self.apply_to_data(ctx, command),
        }
    }

    pub(crate) fn activate(&mut self, id: ViewId) {
        if let Some(at) = self.state.views.iter().position(|view| view.id == id)
            && at != self.state.active
        {
            self.state.active = at;
            self.inspect_selected();
        }
    }

    fn add_view(&mut self, difference_of: Option<(ViewId, ViewId)>) {
        if self.state.views.len() >= MAX_VIEWS {
            self.state
                .say(Tone::Bad, format!("{MAX_VIEWS} views stand side by side at most; close one first"));
            return;
        }
        let mut view = self.state.view().clone();
        if !view.is_plain() && difference_of.is_none() {
            // A copy of a difference starts from the first picture of it.
            if let Some(first) = self.state.views.iter().find(|v| v.is_plain()) {
                view = first.clone();
            }
        }
        view = self.fresh_copy(&view);
        view.difference_of = difference_of;
        if difference_of.is_some() {
            (view.shown, view.good) = (None, None);
        }
        let id = view.id;
        self.state.views.push(view);
        self.state.active = self.state.views.len() - 1;
        self.inspect_selected();
        self.show(id);
    }

    /// A copy of a view under a number of its own, about nothing in particular.
    pub(crate) fn fresh_copy(&mut self, view: &ViewState) -> ViewState {
        self.next_view += 1;
        ViewState {
            id: self.next_view,
            closest: None,
            selected: None,
            difference_of: None,
            trouble: None,
            busy: None,
            ..view.clone()
        }
    }

    /// Views that take the place of all others. They are not shown yet; gives their numbers.
    pub(crate) fn replace_views(&mut self, views: Vec<ViewState>, active: usize) -> Vec<ViewId> {
        let ids = views.iter().map(|v| v.id).collect();
        self.set_views(views, active);
        ids
    }

    /// Other views than before, some of which may be the same.
    pub(crate) fn set_views(&mut self, views: Vec<ViewState>, active: usize) {
        let old: Vec<ViewId> = self.state.views.iter().map(|v| v.id).collect();
        (self.state.views, self.state.active) = (views, active);
        for id in old {
            if self.state.find(id).is_none() {
                self.let_go(id);
            }
        }
        self.inspect_selected();
    }

    /// A view is gone.
    fn let_go(&mut self, id: ViewId) {
        self.forget_closest_to(id);
        self.worker.withdraw(id);
        self.textures.forget(id);
        self.scratch.views.remove(&id);
    }

    /// Filters that answer as those of a view did, which now shows something else or is gone.
    pub(crate) fn forget_closest_to(&mut self, id: ViewId) {
        for view in &mut self.state.views {
            view.closest.take_if(|closest| closest.of_view == id);
        }
    }

    /// A number for what is read anew: the same path may hold something else by now.
    pub(crate) const fn next_generation(&mut self) -> u64 {
        self.newest_generation += 1;
        self.newest_generation
    }

    fn add_difference(&mut self) {
        let plain: Vec<&ViewState> = self.state.views.iter().filter(|v| v.is_plain()).collect();
        let pairs = plain.iter().enumerate().flat_map(|(i, a)| plain[i + 1..].iter().map(move |b| (*a, *b)));
        let mut reason = "a difference needs two views: add one first".to_owned();
        let mut found = None;
        for (a, b) in pairs {
            match no_difference(a, b) {
                None => {
                    found = Some((a.id, b.id));
                    break;
                }
                Some(why) => reason = why,
            }
        }
        match found {
            Some(pair) => {
                // Two mosaics and their difference say something only on one scale.
                if !self.state.links.scale {
                    self.state.say(
                        Tone::Good,
                        "\"Same scale\" is on now: a difference is read beside both its sides in one range",
                    );
                }
                self.state.links.scale = true;
                self.add_view(Some(pair));
                self.share_scale(true);
            }
            None => self.state.say(Tone::Bad, reason),
        }
    }

    fn close_view(&mut self, id: ViewId) {
        if self.state.views.len() < 2 {
            return;
        }
        let active = self.state.view().id;
        self.state.views.retain(|view| view.id != id);
        self.let_go(id);
        let at = self.state.views.iter().position(|view| view.id == active);
        self.state.active = at.unwrap_or(0).min(self.state.views.len() - 1);
        let dependents: Vec<ViewId> = self
            .state
            .views
            .iter()
            .filter(|v| v.difference_of.is_some_and(|(a, b)| a == id || b == id))
            .map(|v| v.id)
            .collect();
        for dependent in dependents {
            self.show(dependent);
        }
        self.share_scale(false);
        self.inspect_selected();
    }

    /// Where zoom is linked, the others lie as this view does.
    pub(crate) fn lead_viewports(&mut self, leader: ViewId) {
        if !self.state.links.zoom {
            return;
        }
        let size_of = |view: &ViewState| {
            view.shown.as_ref().map(|shown| {
                let pixels = &shown.mosaic.pixels;
                egui::vec2(pixels.width() as f32, pixels.height() as f32)
            })
        };
        let lead = self.state.find(leader).and_then(size_of).and_then(|size| {
            let scratch = self.scratch.views.get(&leader)?;
            Some((scratch.viewport, scratch.panel?, size))
        });
        let Some((viewport, panel, size)) = lead else { return };
        for view in self.state.views.iter().filter(|view| view.id != leader) {
            let scratch = self.scratch.views.entry(view.id).or_default();
            if let (Some(own_panel), Some(own_size)) = (scratch.panel, size_of(view)) {
                scratch.viewport.follow(&viewport, (panel, size), (own_panel, own_size));
            }
        }
    }

    /// Works out the range that all share and shows again what it changes. `is_asked` where a person switched it.
    pub(crate) fn share_scale(&mut self, is_asked: bool) {
        let range = self.state.range_of_all();
        if range == self.state.shared_range && !is_asked {
            return;
        }
        let is_changed = range != self.state.shared_range;
        self.state.shared_range = range;
        if is_changed {
            let plain: Vec<ViewId> = self.state.views.iter().filter(|v| v.is_plain()).map(|v| v.id).collect();
            for id in plain {
                self.show(id);
            }
        }
    }

    fn find_closest(&mut self, target: ViewId) {
        let active = self.state.view();
        let from = active.shown.clone().zip(active.selected);
        let number = self.state.number(active.id);
        let to = self.state.find(target).and_then(|view| view.shown.clone());
        let Some(((from, channel), to)) = from.zip(to) else {
            self.state
                .say(Tone::Bad, "select a filter first: its closest one in the other view is then found");
            return;
        };
        let of = (active.id, format!("filter {channel} of view {number}"));
        self.side.post(MATCH_LANE, SideJob::Match { from, channel, to, view: target, of });
    }

    /// Has the selected filter of the active view looked into.
    pub(crate) fn inspect_selected(&mut self) {
        let view = self.state.view();
        match view.shown.clone().zip(view.selected) {
            Some((shown, channel)) => self.side.post(INSPECT_LANE, SideJob::Inspect(shown, channel)),
            None => self.state.inspected = None,
        }
    }

    /// The layer some steps on in the walk, if it has one.
    fn layer_at_step(&self, steps: isize) -> Option<NodeId> {
        let view = self.state.view();
        let (nodes, chosen) = (view.walk(self.state.lists_every_node), view.node());
        // Between two stages a step leads to the next one on that side.
        let at = match nodes.binary_search(&chosen) {
            Ok(at) => at.checked_add_signed(steps)?,
            Err(after) if steps > 0 => after.checked_add_signed(steps - 1)?,
            Err(after) => after.checked_add_signed(steps)?,
        };
        nodes.get(at).copied()
    }

    fn step_layer(&mut self, steps: isize) {
        if let Some(node) = self.layer_at_step(steps) {
            let layer = self.state.view().layer_choice(node);
            self.set_layer(layer);
        }
    }

    pub(crate) fn set_layer(&mut self, layer: LayerChoice) {
        self.state.view_mut().layer = layer;
        self.show_active();
    }

    /// Lets the next layer come when it is due and the last has been shown; starts over after the last layer.
    pub(crate) fn play_on(&mut self, ctx: &egui::Context) {
        let Some(playing) = self.state.playing else { return };
        let now = ctx.input(|i| i.time);
        let view = self.state.view();
        if view.trouble.is_some() {
            self.state.playing = None;
            return;
        }
        if view.busy.is_none() && now >= playing.next_secs {
            let first = view.walk(self.state.lists_every_node).first().copied();
            let pause = 1.0 / f64::from(self.state.play_speed);
            self.state.playing = Some(Playing { next_secs: now + pause });
            if let Some(node) = self.layer_at_step(1).or(first) {
                let layer = self.state.view().layer_choice(node);
                self.set_layer(layer);
            }
        }
        if let Some(playing) = self.state.playing {
            ctx.request_repaint_after_secs((playing.next_secs - now).max(0.0) as f32);
        }
    }

    fn pin(&mut self, channel: usize) {
        let view = self.state.view();
        let (row, layer) = (view.row, view.graph.node(view.node()).name.clone());
        let is_there =
            |pin: &Pin| pin.row.tag == row.tag && pin.filter.layer == layer && pin.filter.channel == channel;
        if !view.is_plain() || self.state.pins.iter().any(is_there) {
            return;
        }
        if self.state.pins.len() >= MAX_PINS {
            self.state.say(Tone::Bad, format!("the tray holds {MAX_PINS} filters; unpin one first"));
            return;
        }
        self.next_pin += 1;
        let filter = PinnedFilter { id: self.next_pin, layer, channel };
        self.state.pins.push(Pin { row, filter, image: None });
        self.paint_pins();
    }

    fn go_to_pin(&mut self, id: u64) {
        let Some(pin) = self.state.pins.iter().find(|pin| pin.filter.id == id) else { return };
        let (row, filter) = (pin.row, pin.filter.clone());
        self.state.view_mut().selected = Some(filter.channel);
        self.state.view_mut().layer = LayerChoice::Named(filter.layer.clone());
        if self.state.view().row.tag != row.tag {
            self.apply_model(row);
        }
        if let Some(node) = self.state.view().graph.find(&filter.layer) {
            let layer = self.state.view().layer_choice(node);
            self.state.view_mut().layer = layer;
        }
        self.show_active();
    }

    /// Another model without showing it yet.
    fn apply_model(&mut self, row: &'static crate::models::Row) {
        match row.graph() {
            Ok(graph) => {
                let view = self.state.view_mut();
                view.row = row;
                view.graph = Arc::new(graph);
            }
            Err(error) => self.state.say(Tone::Bad, error.to_string()),
        }
    }
}
