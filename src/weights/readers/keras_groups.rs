//! The layers of Keras 3's HDF5 layout, which Keras 2 wrote from 2.12 on too: `layers/<class, counted>/vars/<number>`, a subclassed
//! model's by the names of its attributes, models inside models as groups inside groups.
//!
//! Gives each layer its own name: from the group's attribute (Keras 3.6 and later), from the configuration by counting as Keras does
//! (before), or none.

use std::collections::HashMap;

use hdf5_pure::Group;

use super::found::ReadError;
use super::keras_reader::{Reader, explain, text};
use crate::weights::keras::{KerasLayer, StoredLayer, class_of, group_names};

/// Where Keras keeps a model's layers; 2.12 and 2.13 had another name for it.
const CONTAINERS: [&str; 2] = ["layers", "_layer_checkpoint_dependencies"];
/// What a compiled model has at its top beside layers.
const OF_TRAINING: [&str; 6] =
    ["optimizer", "metrics", "_metrics", "_compile_metrics", "_loss_tracker", "loss_tracker"];
/// Random numbers' states, which `Dropout` and augmentation have.
const SEEDS: &str = "seed_generator";
/// Models, layers and lists inside each other.
const MAX_DEPTH: usize = 12;
const MAX_GROUPS: usize = 200_000;

/// Whether a file is laid out so.
pub(super) fn is_laid_out_so(root: &Group) -> bool {
    let has = |name: &&str| root.group(name).is_ok();
    // A subclassed model's layers are at its top, beside the variables of its own.
    CONTAINERS.iter().any(has) || has(&"vars")
}

/// Takes in all layers below a model's group.
pub(super) fn take_groups(
    reader: &mut Reader,
    model: &Group,
    config: Option<&KerasLayer>,
) -> Result<(), ReadError> {
    let mut walk = Walk { reader, num_groups: 0 };
    walk.model(model, config, "", 0)
}

struct Walk<'a> {
    reader: &'a mut Reader,
    num_groups: usize,
}

impl Walk<'_> {
    /// What lies in a model's, a layer's or a list's group, less variables of its own.
    fn model(
        &mut self,
        group: &Group,
        config: Option<&KerasLayer>,
        scope: &str,
        depth: usize,
    ) -> Result<(), ReadError> {
        if depth >= MAX_DEPTH {
            return Err(ReadError::broken("models in models in models"));
        }
        for name in sorted(group)? {
            if name == "vars"
                || name.starts_with(SEEDS)
                || (depth == 0 && OF_TRAINING.contains(&name.as_str()))
            {
                continue;
            }
            let inner = group.group(&name).map_err(explain)?;
            if CONTAINERS.contains(&name.as_str()) {
                self.container(&inner, config, scope, depth)?;
            } else {
                // An attribute of a subclass.
                self.layer(&inner, &name, None, None, scope, depth)?;
            }
        }
        Ok(())
    }

    /// Layers counted by class.
    fn container(
        &mut self,
        group: &Group,
        config: Option<&KerasLayer>,
        scope: &str,
        depth: usize,
    ) -> Result<(), ReadError> {
        let listed = config.map(KerasLayer::layers).unwrap_or_default();
        let by_group: HashMap<String, (usize, &KerasLayer)> =
            group_names(listed).into_iter().zip(listed.iter().enumerate()).collect();
        let mut groups = sorted(group)?;
        groups.sort_by_key(|name| by_group.get(name).map_or(usize::MAX, |(place, _)| *place));
        for name in groups {
            let inner = group.group(&name).map_err(explain)?;
            let listed = by_group.get(&name).map(|(_, layer)| *layer);
            self.layer(&inner, &name, Some(class_of(&name)), listed, scope, depth)?;
        }
        Ok(())
    }

    fn layer(
        &mut self,
        group: &Group,
        key: &str,
        class: Option<&str>,
        config: Option<&KerasLayer>,
        scope: &str,
        depth: usize,
    ) -> Result<(), ReadError> {
        self.num_groups += 1;
        if self.num_groups > MAX_GROUPS {
            return Err(ReadError::broken(format!("it has more than {MAX_GROUPS} groups")));
        }
        let mut name = config.map(|layer| layer.name.clone()).filter(|name| !name.is_empty());
        let mut weights = Vec::new();
        let vars = group.group("vars").ok();
        if let Some(vars) = &vars {
            let attrs = vars.attrs().map_err(explain)?;
            name = text(&attrs, "name").filter(|name| !name.is_empty()).or(name);
            let mut numbers = vars.datasets().map_err(explain)?;
            numbers.sort_by_key(|number| number.parse::<usize>().unwrap_or(usize::MAX));
            for number in numbers {
                let dataset = vars.dataset(&number).map_err(explain)?;
                let entry = self.reader.read(&format!("{scope}{key}/{number}"), &dataset)?;
                weights.push((number, entry));
            }
        }
        // A list of a subclass's layers isn't one.
        if vars.is_some() {
            self.reader.take(
                StoredLayer {
                    scope: scope.to_owned(),
                    is_named: name.is_some(),
                    name: name.clone().unwrap_or_else(|| key.to_owned()),
                    class: class.map(str::to_owned),
                    has_weights: !weights.is_empty(),
                },
                weights,
            )?;
        }
        let scope = format!("{scope}{}/", name.as_deref().unwrap_or(key));
        if vars.is_none() && group.group("layers").is_err() {
            return self.list(group, &scope, depth + 1);
        }
        self.model(group, config, &scope, depth + 1)
    }

    /// A list that is an attribute of a subclass: layers counted by class.
    fn list(&mut self, group: &Group, scope: &str, depth: usize) -> Result<(), ReadError> {
        if depth >= MAX_DEPTH {
            return Err(ReadError::broken("models in models in models"));
        }
        self.container(group, None, scope, depth)
    }
}

/// Names of a group's groups; HDF5 has `conv2d_10` before `conv2d_2`.
fn sorted(group: &Group) -> Result<Vec<String>, ReadError> {
    let mut names = group.groups().map_err(explain)?;
    names.sort_by(|a, b| natord::compare(a, b));
    Ok(names)
}
