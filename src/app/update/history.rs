//! Back and forward through what was asked of the views.

use std::sync::Arc;

use crate::app::model::history::{Asked, MAX_STEPS, Snapshot};
use crate::app::model::messages::Tone;
use crate::app::shell::App;
use crate::input::dataset::Source;
use crate::weights::FilePart;

impl App {
    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot {
            views: self.state.views.iter().map(Asked::of).collect(),
            active: self.state.view().id,
            links: self.state.links,
            weight_files: self.state.weight_files.clone(),
        }
    }

    /// Keeps what was before a change, if it was one.
    pub(crate) fn keep_step(&mut self, before: Snapshot) {
        if self.snapshot().is_same(&before) {
            return;
        }
        let history = &mut self.state.history;
        history.future.clear();
        history.past.push(before);
        if history.past.len() > MAX_STEPS {
            history.past.remove(0);
        }
    }

    pub(crate) fn step_back(&mut self) {
        let Some(to) = self.state.history.past.pop() else { return };
        let now = self.snapshot();
        self.state.history.future.push(now);
        self.take_snapshot(&to);
    }

    pub(crate) fn step_forward(&mut self) {
        let Some(to) = self.state.history.future.pop() else { return };
        let now = self.snapshot();
        self.state.history.past.push(now);
        self.take_snapshot(&to);
    }

    /// Views that were closed since come back under their old numbers, so that differences find them; newer ones go.
    fn take_snapshot(&mut self, to: &Snapshot) {
        let mut views = Vec::with_capacity(to.views.len());
        let mut changed = Vec::new();
        for asked in &to.views {
            let old = self.state.find(asked.id);
            let has_file = |files: &[(&'static str, FilePart)]| {
                files.iter().find(|(tag, _)| *tag == asked.row.tag).map(|(_, path)| path.clone())
            };
            let is_same = old.is_some_and(|view| Asked::of(view).is_same(asked))
                && has_file(&to.weight_files) == has_file(&self.state.weight_files);
            let graph = match old {
                Some(view) if view.row.tag == asked.row.tag => Arc::clone(&view.graph),
                _ => match asked.row.graph() {
                    Ok(graph) => Arc::new(graph),
                    Err(error) => {
                        self.state.say(Tone::Bad, error.to_string());
                        continue;
                    }
                },
            };
            let old = old.cloned();
            if is_same {
                views.extend(old);
            } else {
                changed.push(asked.id);
                views.push(asked.view(old, graph));
            }
        }
        if views.is_empty() {
            return;
        }
        self.expected.clear();
        self.state.links = to.links;
        self.state.weight_files.clone_from(&to.weight_files);
        let active = views.iter().position(|view| view.id == to.active).unwrap_or(0);
        let labelled = self.labelled_source();
        self.set_views(views, active);
        for id in changed {
            self.show(id);
        }
        self.share_scale(true);
        if let Some(source) =
            self.labelled_source().filter(|source| labelled.is_none_or(|old| !Arc::ptr_eq(source, &old)))
        {
            self.ask_for_labels(&source);
        }
    }

    /// The data set whose labels are plotted.
    fn labelled_source(&self) -> Option<Arc<dyn Source>> {
        self.state.view().source.as_ref().map(|open| Arc::clone(&open.source))
    }
}
