//! A cache of results that may be needed again, with a limit on its bytes.

use std::collections::VecDeque;

/// A cache that drops the least recently used entries when it holds more bytes than its budget.
pub(crate) struct LruCache<K, V> {
    entries: VecDeque<(K, V, usize)>,
    num_bytes: usize,
    budget_bytes: usize,
}

impl<K: PartialEq, V: Clone> LruCache<K, V> {
    pub(crate) fn new(budget_bytes: usize) -> Self {
        Self { entries: VecDeque::new(), num_bytes: 0, budget_bytes }
    }

    /// The value kept under a key. Getting it makes it the most recently used.
    pub(crate) fn get(&mut self, key: &K) -> Option<V> {
        let at = self.entries.iter().position(|(kept, ..)| kept == key)?;
        let entry = self.entries.remove(at)?;
        let value = entry.1.clone();
        self.entries.push_back(entry);
        Some(value)
    }

    /// The value kept under a key, without marking it as used.
    pub(crate) fn peek(&self, key: &K) -> Option<&V> {
        self.entries.iter().rev().find(|(kept, ..)| kept == key).map(|(_, value, _)| value)
    }

    #[cfg(test)]
    fn has(&self, key: &K) -> bool {
        self.entries.iter().any(|(kept, ..)| kept == key)
    }

    /// Keeps a value, replacing an earlier one under the same key. A value larger than the whole budget isn't kept.
    pub(crate) fn insert(&mut self, key: K, value: V, num_bytes: usize) {
        self.retain(|kept| *kept != key);
        if num_bytes > self.budget_bytes {
            return;
        }
        self.entries.push_back((key, value, num_bytes));
        self.num_bytes += num_bytes;
        while self.num_bytes > self.budget_bytes
            && let Some((.., freed)) = self.entries.pop_front()
        {
            self.num_bytes -= freed;
        }
    }

    pub(crate) fn retain(&mut self, wanted: impl Fn(&K) -> bool) {
        self.entries.retain(|(key, ..)| wanted(key));
        self.num_bytes = self.entries.iter().map(|(.., bytes)| bytes).sum();
    }

    pub(crate) fn clear(&mut self) {
        self.retain(|_| false);
    }

    /// Sum of the bytes of all entries, as given to [`insert`](Self::insert).
    pub(crate) fn num_bytes(&self) -> usize {
        self.num_bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_unused_goes_first_and_the_budget_holds() {
        let mut kept = LruCache::new(100);
        kept.insert("a", 1, 40);
        kept.insert("b", 2, 40);
        assert_eq!(kept.get(&"a"), Some(1), "used: now the newest");
        kept.insert("c", 3, 40);
        assert_eq!((kept.get(&"b"), kept.get(&"a"), kept.get(&"c")), (None, Some(1), Some(3)));
        kept.insert("c", 4, 10);
        assert_eq!((kept.get(&"c"), kept.num_bytes()), (Some(4), 50));
        kept.insert("d", 5, 101);
        assert!(!kept.has(&"d") && kept.has(&"a"), "one too large drives nothing out");
        kept.clear();
        assert_eq!(kept.num_bytes(), 0);
    }
}
