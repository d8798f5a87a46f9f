//! Finds the names that each file of a crate takes from other files: by imports, by paths written out, and by methods that a type has in
//! another file.
//!
//! A name that a module only re-exports counts as taken from the file that defines it, so a re-export hides nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{Source, closing, is_name};

/// The path of a module: the names of modules from the crate's root on.
type ModulePath = Vec<String>;

/// For each pair of files, the names that the first takes from the second.
pub type Arrows = BTreeMap<(String, String), BTreeSet<String>>;

/// A name that a `use` brings into scope, or `*`.
#[derive(Debug)]
struct Use {
    path: Vec<String>,
    name: String,
    /// Whether it is at the top level of the file, outside any braces.
    is_at_top: bool,
    is_public: bool,
}

/// An `impl` block: the path of its type, and its content.
#[derive(Debug)]
struct Impl {
    of: Vec<String>,
    is_of_trait: bool,
    words: Vec<String>,
}

#[derive(Debug, Default)]
struct Module {
    file: String,
    /// The words of the code without its imports.
    words: Vec<String>,
    uses: Vec<Use>,
    items: BTreeSet<String>,
    impls: Vec<Impl>,
}

/// The target of a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Target {
    Module(ModulePath),
    /// An item and the module that defines it.
    Item(ModulePath, String),
}

/// All files of a crate.
#[derive(Debug, Default)]
pub struct Crate {
    modules: BTreeMap<ModulePath, Module>,
}

impl Crate {
    /// A crate of these files, each given by its path from the root (`src/graph/op.rs`) and its text.
    pub fn new<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut sources: BTreeMap<ModulePath, (String, Source)> = BTreeMap::new();
        for (path, text) in files {
            sources.insert(module_path(path), (path.to_owned(), Source::of(text)));
        }
        let of_tests: Vec<ModulePath> = sources
            .iter()
            .flat_map(|(path, (_, source))| {
                source.test_modules.iter().map(|name| [&path[..], std::slice::from_ref(name)].concat())
            })
            .collect();
        sources.retain(|path, _| !of_tests.iter().any(|test| path.starts_with(test)));
        let modules =
            sources.into_iter().map(|(path, (file, source))| (path, Module::new(file, &source.words)));
        let mut modules: BTreeMap<ModulePath, Module> = modules.collect();
        modules.entry(ModulePath::new()).or_default();
        Self { modules }
    }

    /// Each file with all words of its code that are names.
    pub fn names(&self) -> impl Iterator<Item = (&str, BTreeSet<&str>)> {
        self.modules.values().map(|module| {
            let of_uses = module.uses.iter().flat_map(|used| used.path.iter().chain([&used.name]));
            let names = module.words.iter().chain(of_uses).map(String::as_str).filter(|word| is_name(word));
            (module.file.as_str(), names.collect())
        })
    }

    /// Each file with all paths in its code. Imported names are expanded, so that a path starts with its crate's name
    /// (`std::thread::spawn`).
    pub fn full_paths(&self) -> impl Iterator<Item = (&str, BTreeSet<String>)> {
        self.modules.values().map(|module| {
            let uses = module.uses.iter().map(|used| used.path.join("::"));
            let written = module.paths().map(|path| {
                let alias = module.uses.iter().find(|used| used.name == path[0]);
                let begin = alias.map_or(&path[..1], |used| &used.path);
                [begin, &path[1..]].concat().join("::")
            });
            (module.file.as_str(), uses.chain(written).collect())
        })
    }

    /// The names that each file takes from each other file.
    pub fn arrows(&self) -> Arrows {
        let mut arrows = Arrows::new();
        let methods = self.methods();
        for (path, module) in &self.modules {
            let mut add = |target: Option<Target>, label: Option<String>| {
                let Some(Target::Item(owner, name)) = target else { return };
                if owner != *path {
                    let ends = (module.file.clone(), self.modules[&owner].file.clone());
                    arrows.entry(ends).or_default().insert(label.unwrap_or(name));
                }
            };
            let own: BTreeSet<&str> = module.words.iter().map(String::as_str).collect();
            for used in &module.uses {
                let target = self.resolve(path, &used.path, &mut BTreeSet::new());
                match (used.name.as_str(), target) {
                    ("*", Some(Target::Module(from))) if from != *path => {
                        for word in own.iter().filter(|word| is_name(word)) {
                            add(self.look(&from, word, false, &mut BTreeSet::new()), None);
                        }
                    }
                    // A re-export doesn't count as a use.
                    (name, target) if !used.is_public || own.contains(name) => add(target, None),
                    _ => {}
                }
            }
            for written in module.paths() {
                add(self.resolve(path, &written, &mut BTreeSet::new()), None);
            }
            for own_impl in &module.impls {
                let Some(of) = self.resolve(path, &own_impl.of, &mut BTreeSet::new()) else { continue };
                let Some(all) = methods.get(&of) else { continue };
                for called in own_impl.own_calls() {
                    if let Some(owner) = all.get(called) {
                        let label = format!("{}::{called}", own_impl.of.join("::"));
                        add(Some(Target::Item(owner.clone(), called.to_owned())), Some(label));
                    }
                }
            }
        }
        arrows
    }

    /// The functions of each type's own `impl` blocks, each with the module that it is in.
    fn methods(&self) -> BTreeMap<Target, BTreeMap<&str, ModulePath>> {
        let mut methods: BTreeMap<Target, BTreeMap<&str, ModulePath>> = BTreeMap::new();
        for (path, module) in &self.modules {
            for own_impl in module.impls.iter().filter(|own| !own.is_of_trait) {
                let Some(of) = self.resolve(path, &own_impl.of, &mut BTreeSet::new()) else { continue };
                let all = methods.entry(of).or_default();
                for pair in own_impl.words.windows(2).filter(|pair| pair[0] == "fn") {
                    all.insert(&pair[1], path.clone());
                }
            }
        }
        methods
    }

    /// The target of a path written in a module; `None` if it is outside the crate.
    fn resolve(
        &self,
        from: &ModulePath,
        path: &[String],
        seen: &mut BTreeSet<(ModulePath, String)>,
    ) -> Option<Target> {
        let mut module = from.clone();
        for (at, name) in path.iter().enumerate() {
            match name.as_str() {
                "crate" => module.clear(),
                "self" => {}
                "super" => drop(module.pop()),
                name => match self.look(&module, name, at + 1 < path.len(), seen)? {
                    Target::Module(inner) => module = inner,
                    item @ Target::Item(..) => return Some(item),
                },
            }
        }
        Some(Target::Module(module))
    }

    /// The target of a name in a module. A module and a function may have the same name; the module is meant if more of the path follows
    /// (`has_more`).
    fn look(
        &self,
        path: &ModulePath,
        name: &str,
        has_more: bool,
        seen: &mut BTreeSet<(ModulePath, String)>,
    ) -> Option<Target> {
        if !seen.insert((path.clone(), name.to_owned())) {
            return None;
        }
        let module = self.modules.get(path)?;
        let inner = [&path[..], &[name.to_owned()]].concat();
        let is_module = self.modules.contains_key(&inner);
        if module.items.contains(name) && !(has_more && is_module) {
            return Some(Target::Item(path.clone(), name.to_owned()));
        }
        if is_module {
            return Some(Target::Module(inner));
        }
        let named = module.uses.iter().filter(|used| used.name == name);
        let found = named.into_iter().find_map(|used| self.resolve(path, &used.path, seen));
        found.or_else(|| {
            let globs = module.uses.iter().filter(|used| used.name == "*" && used.is_at_top);
            globs.into_iter().find_map(|glob| match self.resolve(path, &glob.path, seen)? {
                Target::Module(from) => self.look(&from, name, has_more, seen),
                Target::Item(..) => None,
            })
        })
    }
}

/// The path of a file's module: `graph::op` for `src/graph/op.rs`, `graph` for `src/graph/mod.rs`.
fn module_path(file: &str) -> ModulePath {
    let path = file.trim_start_matches("src/").trim_end_matches(".rs");
    let mut names: ModulePath = path.split('/').map(str::to_owned).collect();
    if matches!(names.last().map(String::as_str), Some("mod" | "lib")) {
        names.pop();
    }
    names
}

impl Module {
    fn new(file: String, words: &[String]) -> Self {
        let mut module = Self { file, ..Self::default() };
        let (mut at, mut depth) = (0, 0usize);
        while at < words.len() {
            let next = words.get(at + 1).map_or("", String::as_str);
            match words[at].as_str() {
                "use" => {
                    let end = (at..words.len()).find(|at| words[*at] == ";").unwrap_or(words.len());
                    let is_public = is_public(words, at);
                    let mut brought = Vec::new();
                    tree(&words[at + 1..end], &[], &mut brought);
                    let is_at_top = depth == 0;
                    let uses =
                        brought.into_iter().map(|(path, name)| Use { path, name, is_at_top, is_public });
                    module.uses.extend(uses);
                    at = end + 1;
                    continue;
                }
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth = depth.saturating_sub(1),
                // The declaration of a module in a file of its own isn't a use of that module.
                "mod" if depth == 0 && words.get(at + 2).is_some_and(|word| word == ";") => {
                    at += 3;
                    continue;
                }
                "fn" | "struct" | "enum" | "trait" | "type" | "const" | "static" | "union"
                    if depth == 0 && is_name(next) && next != "fn" =>
                {
                    module.items.insert(next.to_owned());
                }
                "macro_rules" if depth == 0 => module.items.extend(words.get(at + 2).cloned()),
                "impl" if depth == 0 => module.impls.extend(Impl::at(words, at)),
                _ => {}
            }
            module.words.push(words[at].clone());
            at += 1;
        }
        module
    }

    /// All paths of more than one name in the code.
    fn paths(&self) -> impl Iterator<Item = Vec<String>> {
        paths(&self.words)
    }
}

fn paths(words: &[String]) -> impl Iterator<Item = Vec<String>> {
    let begins = (0..words.len()).filter(|at| {
        is_name(&words[*at])
            && words.get(at + 1).is_some_and(|word| word == "::")
            && (*at == 0 || words[at - 1] != "::")
    });
    begins.map(|begin| {
        let mut path = vec![words[begin].clone()];
        let mut at = begin + 1;
        while words.get(at).is_some_and(|word| word == "::")
            && words.get(at + 1).is_some_and(|word| is_name(word))
        {
            path.push(words[at + 1].clone());
            at += 2;
        }
        path
    })
}

/// Whether the item at this word has `pub` or `pub(…)` before it.
fn is_public(words: &[String], at: usize) -> bool {
    let before = words[..at].iter().rposition(|word| matches!(word.as_str(), ";" | "}" | "{" | "]"));
    words[before.map_or(0, |at| at + 1)..at].iter().any(|word| word == "pub")
}

/// Adds the paths and names of a `use` tree to `brought`.
fn tree(words: &[String], before: &[String], brought: &mut Vec<(Vec<String>, String)>) {
    let mut path = before.to_vec();
    let mut at = 0;
    while at < words.len() {
        match words[at].as_str() {
            "::" => {}
            "{" => {
                let inner = &words[at + 1..closing(words, at)];
                let (mut begin, mut depth) = (0, 0usize);
                for (at, word) in inner.iter().enumerate() {
                    match word.as_str() {
                        "{" => depth += 1,
                        "}" => depth -= 1,
                        "," if depth == 0 => {
                            tree(&inner[begin..at], &path, brought);
                            begin = at + 1;
                        }
                        _ => {}
                    }
                }
                tree(&inner[begin..], &path, brought);
                return;
            }
            "*" => return brought.push((path, "*".to_owned())),
            "as" => return brought.push((path, words.get(at + 1).cloned().unwrap_or_default())),
            // In a group, `self` is the module itself.
            "self" if !path.is_empty() => {}
            name => path.push(name.to_owned()),
        }
        at += 1;
    }
    if let Some(last) = path.last().cloned().filter(|_| !words.is_empty()) {
        brought.push((path, last));
    }
}

impl Impl {
    fn at(words: &[String], at: usize) -> Option<Self> {
        let open = (at..words.len()).find(|at| words[*at] == "{")?;
        let mut head = &words[at + 1..open];
        if head.first().is_some_and(|word| word == "<") {
            let mut depth = 0usize;
            let end = head.iter().position(|word| {
                match word.as_str() {
                    "<" => depth += 1,
                    ">" => depth -= 1,
                    _ => {}
                }
                depth == 0
            });
            head = &head[end? + 1..];
        }
        let of_trait = head.iter().position(|word| word == "for");
        let head = &head[of_trait.map_or(0, |at| at + 1)..];
        let mut of: Vec<String> = vec![head.first().filter(|word| is_name(word))?.clone()];
        for pair in head[1..].chunks_exact(2).take_while(|pair| pair[0] == "::") {
            of.push(pair[1].clone());
        }
        let words = words[open + 1..closing(words, open)].to_vec();
        Some(Self { of, is_of_trait: of_trait.is_some(), words })
    }

    /// Names of functions called with `self.` or named after `Self::`.
    fn own_calls(&self) -> impl Iterator<Item = &str> {
        self.words.windows(4).filter_map(|four| {
            let is_call = match (four[0].as_str(), four[1].as_str()) {
                ("self", ".") => matches!(four[3].as_str(), "(" | "::"),
                ("Self", "::") => true,
                _ => false,
            };
            is_call.then_some(four[2].as_str())
        })
    }
}
