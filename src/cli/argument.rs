//! What several commands take as an argument.

use std::{fs, io::Read};

use anyhow::Context;
use serde_json::value::RawValue;

/// JSON, untouched, from the argument itself, a file (`@path`), or standard input (`@-`).
pub fn json_argument(argument: &str) -> anyhow::Result<Box<RawValue>> {
    let text = match argument.strip_prefix('@') {
        None => argument.to_owned(),
        Some("-") => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text)?;
            text
        }
        Some(path) => fs::read_to_string(path).with_context(|| format!("can't read {path}"))?,
    };
    serde_json::from_str(&text).context("is no JSON")
}
