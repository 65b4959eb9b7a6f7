//! The law of the code's layout: modules know only those below them, as the map in `src/lib.rs` has them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use crate::support::sources::files;

/// A file's code, without comments.
fn code(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    let code = text.lines().map(|line| line.split_once("//").map_or(line, |(code, _)| code));
    code.collect::<Vec<_>>().join("\n")
}

/// The module of the crate that a file belongs to: `src/store/pool.rs` is part of `store`.
fn module_of(file: &Path) -> String {
    let inside = file.strip_prefix("src").unwrap();
    let first = inside.components().next().unwrap().as_os_str().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

fn word(text: &str) -> String {
    text.trim_start().chars().take_while(|it| it.is_alphanumeric() || *it == '_').collect()
}

/// The modules of the crate that some code names: behind `crate::`, alone or in braces.
fn named(code: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (at, begin) in code.match_indices("crate::") {
        let rest = &code[at + begin.len()..];
        let Some(list) = rest.strip_prefix('{') else {
            names.insert(word(rest));
            continue;
        };
        let (mut depth, mut item) = (0, String::new());
        for it in list.chars() {
            match it {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    names.insert(word(&std::mem::take(&mut item)));
                    continue;
                }
                _ => {}
            }
            item.push(it);
        }
        names.insert(word(&item));
    }
    names.remove("");
    names
}

/// The modules of the map in `src/lib.rs`, from the outside in.
fn map() -> Vec<String> {
    let text = fs::read_to_string("src/lib.rs").unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix("//! | [`"));
    rows.map(|row| row.split('`').next().unwrap().trim_start_matches("mod@").to_owned()).collect()
}

#[test]
fn names_are_found_wherever_they_stand() {
    let code =
        "use crate::config; use crate::{\n    a::{b, c},\n    d,\n    e::f,\n};\nfn x() { crate::g::h(); }";
    let names: Vec<String> = named(code).into_iter().collect();
    assert_eq!(names, ["a", "config", "d", "e", "g"]);
}

#[test]
fn the_map_has_every_module() {
    let text = fs::read_to_string("src/lib.rs").unwrap();
    let modules = text.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    let modules: BTreeSet<String> = modules.map(str::to_owned).collect();
    let map = map();
    assert_eq!(map.iter().cloned().collect::<BTreeSet<_>>(), modules);
    assert_eq!(map.len(), modules.len(), "each stands once");
}

#[test]
fn modules_know_only_those_below() {
    let map = map();
    let level: BTreeMap<&str, usize> = map.iter().enumerate().map(|(at, name)| (name.as_str(), at)).collect();
    let mut wrong = Vec::new();
    for file in files("src") {
        let own = module_of(&file);
        // What puts the modules together, and the program's entry.
        let Some(own_level) = level.get(own.as_str()) else { continue };
        for name in named(&code(&file)) {
            if name != own && level.get(name.as_str()).is_some_and(|it| it < own_level) {
                wrong.push(format!("{} names {name}, which is above {own}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_the_parts_below_hold_connections_to_postgres() {
    let mut wrong = Vec::new();
    for outer in ["http", "mcp", "realtime", "wire", "gate", "line"] {
        for file in files(Path::new("src").join(outer)) {
            if words(&code(&file)).any(|it| it == "sqlx") {
                wrong.push(format!("{} names sqlx", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The words of some code, names and keywords alike.
fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|it: char| !it.is_alphanumeric() && it != '_')
}
