//! Where a user's files are, by the rules of the XDG base directories.

use std::{env, path::PathBuf};

use anyhow::Context;

fn absolute(name: &str) -> Option<PathBuf> {
    env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute())
}

/// What the user has set, and signed in with.
pub fn settings() -> anyhow::Result<PathBuf> {
    let found = absolute("XDG_CONFIG_HOME").or_else(|| Some(absolute("HOME")?.join(".config")));
    let found = found.context("neither XDG_CONFIG_HOME nor HOME says where settings are")?;
    Ok(found.join("signoff"))
}

/// What commands remember from one run to the next.
pub fn state() -> anyhow::Result<PathBuf> {
    let found = absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")));
    let found = found.context("neither XDG_STATE_HOME nor HOME says where to remember what was asked")?;
    Ok(found.join("signoff"))
}

/// A folder in the user's home, or where this variable says.
pub fn home(variable: &str, name: &str) -> anyhow::Result<PathBuf> {
    let found = absolute(variable).or_else(|| Some(absolute("HOME")?.join(name)));
    found.with_context(|| format!("neither {variable} nor HOME says where {name} is"))
}
