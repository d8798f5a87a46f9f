//! Finding the name prefix under which a file holds a graph's tensors, and reducing the file to that part.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::choice::Part;
use super::error::PartError;
use super::needed::{Needed, tally};
use super::other_tensors::{OtherTensors, is_head};
use crate::graph::Graph;
use crate::weights::averaged::is_ema;
use crate::weights::convention::Convention;
use crate::weights::tensor_file::TensorFile;
use crate::weights::tensors::Tensors;

impl TensorFile {
    /// The part of the file that belongs to a graph, with the prefix removed from its names. If the graph fits nowhere, the most similar
    /// part, so that the error of binding says what differs. `model` names the graph in errors. Files with Keras' names are taken as a
    /// whole.
    pub fn part_for(&self, graph: &Graph, model: &str, head_prefixes: &[&str]) -> Result<Self, PartError> {
        let origin = || self.origin().to_owned();
        let is_torch = Convention::of(self) == Convention::Torch;
        let averaged = self.averaged();
        if self.choice().ema && !self.has_average() {
            return Err(PartError::NoAverage { origin: origin() });
        }
        if self.names_a_keras_model() {
            return Ok(self.under("", &[], &[], &Needed::of(graph), head_prefixes));
        }
        let mut needed = Needed::of(graph);
        let mut tallies = if is_torch { tally(self, &needed) } else { BTreeMap::new() };
        let mut complete = needed.complete(&tallies);
        if complete.is_empty() && is_torch {
            let numbered = Needed::numbered(graph);
            let found = tally(self, &numbered);
            let whole = numbered.complete(&found);
            if !whole.is_empty() {
                (complete, needed, tallies) = (whole, numbered, found);
            }
        }
        // Sorted by length, then by name. This is only the order in which they are listed; no choice depends on it.
        let mut fitting: Vec<&str> = complete
            .iter()
            .copied()
            .filter(|prefix| !self.has_foreign(prefix, &complete, &needed, head_prefixes))
            .collect();
        fitting.sort_by_key(|prefix| (prefix.len(), *prefix));
        let owned = |prefixes: &[&str]| prefixes.iter().map(|p| (*p).to_owned()).collect::<Vec<_>>();
        let mut there = fitting.clone();
        if let Some(asked) = &self.choice().prefix {
            there.retain(|prefix| self.is_asked(asked, prefix));
            if there.is_empty() {
                let close = tallies.iter().filter(|(prefix, _)| self.is_asked(asked, prefix));
                if let Some((prefix, _)) =
                    close.max_by_key(|(prefix, t)| (t.num_named, Reverse(prefix.len())))
                {
                    return Ok(self.under(prefix, &[], &complete, &needed, head_prefixes));
                }
                let whole = if asked.is_empty() || asked.ends_with('.') {
                    asked.clone()
                } else {
                    format!("{asked}.")
                };
                if self.names().any(|name| name.starts_with(&whole)) {
                    return Ok(self.under(&whole, &[], &complete, &needed, head_prefixes));
                }
                return Err(PartError::NoSuch {
                    asked: asked.clone(),
                    there: self.beginnings(),
                    fitting: owned(&fitting),
                    origin: origin(),
                });
            }
        }
        if self.choice().ema && !averaged.is_taken {
            there.retain(|prefix| is_ema(prefix));
            if there.is_empty() && !fitting.is_empty() {
                return Err(PartError::NoAverage { origin: origin() });
            }
        } else if there.iter().any(|prefix| !is_ema(prefix)) && self.choice().prefix.is_none() {
            there.retain(|prefix| !is_ema(prefix));
        }
        let [first, ..] = there[..] else {
            // A few names may match by chance. Unless half of the needed names match, no prefix is removed.
            let likest = tallies.iter().filter(|(_, t)| t.num_named * 2 >= needed.num_required);
            let likest = likest.max_by_key(|(prefix, t)| (t.num_named, Reverse(prefix.len())));
            let prefix = likest.map_or("", |(prefix, _)| prefix);
            return Ok(self.under(prefix, &[], &complete, &needed, head_prefixes));
        };
        // A network that is saved twice with the same values counts once.
        if !there[1..].iter().all(|other| self.are_the_same(first, other, &needed)) {
            return Err(PartError::Several {
                model: model.to_owned(),
                prefixes: owned(&there),
                origin: origin(),
            });
        }
        let others: Vec<&str> = fitting
            .iter()
            .copied()
            .filter(|p| *p != first && !self.are_the_same(first, p, &needed))
            .collect();
        Ok(self.under(first, &others, &complete, &needed, head_prefixes))
    }

    /// Whether the file has separate dictionaries with averaged weights (EMA) and with ordinary ones.
    pub fn holds_both_averages(&self) -> bool {
        self.averaged().has_others
    }

    /// Whether the file has averaged weights (EMA), by their names.
    fn has_average(&self) -> bool {
        self.averaged().is_taken
            || self.names().any(|name| name.rsplit_once('.').is_some_and(|(module, _)| is_ema(module)))
    }

    /// An error if the file doesn't have the part that is asked for; this check doesn't depend on the network.
    pub fn check_choice(&self) -> Result<(), PartError> {
        if self.choice().ema && !self.has_average() {
            return Err(PartError::NoAverage { origin: self.origin().to_owned() });
        }
        if let Some(asked) = self.choice().prefix.as_ref().filter(|asked| !asked.is_empty())
            && !self.names_a_keras_model()
            && !self.names().any(|name| self.is_asked(asked, name))
        {
            return Err(PartError::NoSuch {
                asked: asked.clone(),
                there: self.beginnings(),
                fitting: Vec::new(),
                origin: self.origin().to_owned(),
            });
        }
        Ok(())
    }

    /// Whether a prefix is the one that the user asked for, or begins with it. The user may give it with all, some or none of the
    /// parts that were already removed from all names.
    fn is_asked(&self, asked: &str, prefix: &str) -> bool {
        if asked.is_empty() {
            return prefix.is_empty();
        }
        let asked = if asked.ends_with('.') { asked.to_owned() } else { format!("{asked}.") };
        let (cut, whole) = (self.cut(), format!("{}{prefix}", self.cut()));
        let ends = cut.match_indices('.').map(|(at, _)| at + 1);
        std::iter::once(0).chain(ends).any(|at| whole[at..].starts_with(&asked))
    }

    /// The beginnings of the names, up to the first dot or slash.
    fn beginnings(&self) -> Vec<String> {
        let mut all: Vec<String> = self
            .names()
            .map(|name| name.split_inclusive(['.', '/']).next().unwrap_or(name).to_owned())
            .collect();
        all.dedup();
        all
    }

    /// Whether there is a tensor under a prefix that doesn't belong to the network, a head, or another complete copy of the network.
    fn has_foreign(&self, prefix: &str, complete: &[&str], needed: &Needed, head_prefixes: &[&str]) -> bool {
        self.names().filter_map(|name| Some((name, name.strip_prefix(prefix)?))).any(|(name, rest)| {
            !needed.tensors.contains_key(rest)
                && !is_head(rest, head_prefixes)
                && !is_of_another(name, prefix, complete)
        })
    }

    /// Whether the network's tensors under two prefixes have exactly the same values.
    fn are_the_same(&self, a: &str, b: &str, needed: &Needed) -> bool {
        needed.tensors.keys().all(|name| {
            match (self.entry(&format!("{a}{name}")), self.entry(&format!("{b}{name}"))) {
                (Some(a), Some(b)) => {
                    a.is_same_as(b)
                        || (a.shape == b.shape
                            && self.values(a).is_some_and(|ours| Some(ours) == self.values(b)))
                }
                (None, None) => true,
                _ => false,
            }
        })
    }

    /// This file with all tensors, and in addition those under a prefix with the prefix removed from their names.
    pub(in crate::weights) fn below(&self, prefix: &str) -> Self {
        let mut tensors = self.tensors().clone();
        for (name, entry) in self.tensors() {
            if let Some(rest) = name.strip_prefix(prefix) {
                tensors.insert(rest.to_owned(), entry.clone());
            }
        }
        self.seen_as(tensors, Vec::new(), Part { prefix: prefix.to_owned(), ..Part::default() })
    }

    /// The tensors under a prefix, with the prefix removed, and a classifier outside it if there is exactly one.
    fn under(
        &self,
        prefix: &str,
        others: &[&str],
        complete: &[&str],
        needed: &Needed,
        head_prefixes: &[&str],
    ) -> Self {
        let mut tensors = Tensors::new();
        let mut outside = Vec::new();
        for (name, entry) in self.tensors() {
            match name.strip_prefix(prefix) {
                Some(rest) if !is_of_another(name, prefix, complete) => {
                    tensors.insert(needed.own_name(rest), entry.clone());
                }
                _ => outside.push(name.as_str()),
            }
        }
        let same: Vec<&str> = complete
            .iter()
            .copied()
            .filter(|other| *other != prefix && !other.is_empty() && self.are_the_same(prefix, other, needed))
            .collect();
        let other_tensors = OtherTensors::of(self, prefix, &outside, complete, &same);
        let mut notes = Vec::new();
        if !prefix.is_empty() {
            notes.push(format!("`{prefix}` taken off names"));
        }
        if !needed.numbers.is_empty() {
            notes.push(
                "numbers of an `nn.Sequential` taken for the network's modules in their order".to_owned(),
            );
        }
        let is_head_inside =
            tensors.iter().any(|(name, entry)| is_head(name, head_prefixes) && entry.shape.len() == 2);
        let mut has_no_classes = other_tensors.is_self_supervised || other_tensors.unknown().is_some();
        let mut kept = None;
        match other_tensors.classifier() {
            // There are two heads, and the file doesn't show which of them the whole model ends with.
            Some(_) if is_head_inside => has_no_classes = true,
            // Only this one layer is kept: other parts, such as a decoder, may be large.
            Some(classifier) if !has_no_classes => {
                for name in self.names().filter(|name| name.starts_with(&classifier)) {
                    if let Some(entry) = self.entry(name) {
                        tensors.entry(name.to_owned()).or_insert_with(|| entry.clone());
                    }
                }
                kept = Some(classifier);
            }
            _ => {}
        }
        notes.extend(other_tensors.words());
        if has_no_classes && (is_head_inside || other_tensors.classifier().is_some()) {
            let why = match other_tensors.unknown() {
                _ if other_tensors.is_self_supervised => {
                    "it was learnt without classes, by its names".to_owned()
                }
                Some(group) => format!("what `{group}` does, and where, a state dict doesn't show"),
                None => "there are two heads".to_owned(),
            };
            notes.push(format!("no classes are named: {why}"));
        }
        notes.extend(other_tensors.in_front());
        let is_torch = Convention::of(self) == Convention::Torch;
        if is_torch
            && (other_tensors.has_convolutions || has_convolutions_in_head(&tensors, needed, head_prefixes))
        {
            notes.push(
                "there are convolutions beside the network: if they are a segmenter's or detector's, its strides and dilations may \
                 be others than here, which no tensor shows"
                    .to_owned(),
            );
        }
        let averaged = self.averaged();
        let part = Part {
            prefix: prefix.to_owned(),
            classifier: kept,
            has_no_classes,
            has_other_average: averaged.has_others
                || others.iter().any(|other| is_ema(other) != is_ema(prefix)),
        };
        self.seen_as(tensors, notes, part)
    }
}

/// Whether a head has convolutions. A 1×1 convolution in the network's own head and auxiliary heads don't count.
fn has_convolutions_in_head(tensors: &Tensors, needed: &Needed, head_prefixes: &[&str]) -> bool {
    tensors.iter().any(|(name, entry)| {
        let is_own = head_prefixes.iter().any(|own| name.starts_with(own));
        let sides = entry.shape.get(2..).unwrap_or_default();
        is_head(name, head_prefixes)
            && !needed.tensors.contains_key(name)
            && sides.len() == 2
            && (!is_own || sides.iter().any(|side| *side > 1))
            && !name.starts_with("aux")
            && !name.starts_with("Aux")
    })
}

/// Whether a name belongs to another complete copy of the network, whose prefix begins with `prefix`.
fn is_of_another(name: &str, prefix: &str, complete: &[&str]) -> bool {
    complete
        .iter()
        .any(|other| other.len() > prefix.len() && other.starts_with(prefix) && name.starts_with(other))
}
