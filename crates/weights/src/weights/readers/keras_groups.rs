//! The layers in Keras 3's HDF5 layout, which Keras 2 also wrote from 2.12 on: `layers/<numbered class>/vars/<number>`. The layers of a
//! subclassed model are under the names of its attributes. Nested models are nested groups.
//!
//! Each layer gets its own name: from the group's attribute (Keras 3.6 and later), or from the configuration by numbering classes as
//! Keras does (earlier versions). If there is neither, it has no name.

use std::collections::HashMap;

use hdf5_pure::Group;

use super::found::ReadError;
use super::keras_reader::{Reader, explain, text};
use crate::weights::keras::{KerasLayer, StoredLayer, class_of, group_names};

/// Groups in which Keras stores a model's layers; the second is the name in Keras 2.12 and 2.13.
const CONTAINERS: [&str; 2] = ["layers", "_layer_checkpoint_dependencies"];
/// Groups other than layers at the top of a compiled model.
const OF_TRAINING: [&str; 6] =
    ["optimizer", "metrics", "_metrics", "_compile_metrics", "_loss_tracker", "loss_tracker"];
/// States of random number generators, which `Dropout` and augmentation layers have.
const SEEDS: &str = "seed_generator";
/// Largest depth of nested models, layers and lists, and largest number of groups.
const MAX_DEPTH: usize = 12;
const MAX_GROUPS: usize = 200_000;

/// Whether a file has this layout.
pub(super) fn is_laid_out_so(root: &Group) -> bool {
    let has = |name: &&str| root.group(name).is_ok();
    // A subclassed model's layers are at the top level, next to its own variables.
    CONTAINERS.iter().any(has) || has(&"vars")
}

/// Reads all layers below a model's group.
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
    /// Reads what is in the group of a model or layer, except for its own variables.
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
                // An attribute of a subclassed model.
                self.layer(&inner, &name, None, None, scope, depth)?;
            }
        }
        Ok(())
    }

    /// Reads a group of layers that are numbered by class.
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
        // A list of layers in a subclassed model has no `vars` and is not a layer itself.
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

    /// Reads a list that is an attribute of a subclassed model: layers that are numbered by class.
    fn list(&mut self, group: &Group, scope: &str, depth: usize) -> Result<(), ReadError> {
        if depth >= MAX_DEPTH {
            return Err(ReadError::broken("models in models in models"));
        }
        self.container(group, None, scope, depth)
    }
}

/// Names of a group's subgroups in natural order; HDF5 sorts `conv2d_10` before `conv2d_2`.
fn sorted(group: &Group) -> Result<Vec<String>, ReadError> {
    let mut names = group.groups().map_err(explain)?;
    names.sort_by(|a, b| natord::compare(a, b));
    Ok(names)
}
