//! The program's own sources, for tests that hold pages and modules to what is written in them.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Rust files under a folder.
pub fn files(folder: impl AsRef<Path>) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}
