//! A migration never changes once it has landed: databases have it applied, and refuse another one of its number.

use std::{collections::BTreeMap, fs};

use sha2::{Digest, Sha256};

/// The sums of the files there, by name.
fn found() -> BTreeMap<String, String> {
    let files = fs::read_dir("migrations").unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|file| file.extension().is_some_and(|it| it == "sql"));
    files
        .map(|file| {
            let sum = Sha256::digest(fs::read(&file).unwrap());
            let sum: Vec<String> = sum.iter().map(|byte| format!("{byte:02x}")).collect();
            (file.file_name().unwrap().to_str().unwrap().to_owned(), sum.concat())
        })
        .collect()
}

#[test]
fn no_migration_has_changed() {
    let text = fs::read_to_string("migrations/SHA256SUMS").unwrap();
    let frozen: BTreeMap<String, String> = text
        .lines()
        .map(|line| line.split_once("  ").expect("a sum and a name"))
        .map(|(sum, name)| (name.to_owned(), sum.to_owned()))
        .collect();
    let found = found();
    let what = "one that has landed stays as it is: write a new one. For a new one: \
                (cd migrations && sha256sum *.sql >SHA256SUMS)";
    assert_eq!(found, frozen, "{what}");
    // Both ways exist for each.
    for name in found.keys().filter_map(|name| name.strip_suffix(".up.sql")) {
        assert!(found.contains_key(&format!("{name}.down.sql")), "{name} can't be taken back");
    }
}
