//! What one has signed in with, for each service: a file that only its owner can read, replaced as a whole.

use std::{
    collections::BTreeMap,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, ErrorKind, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::cli::places;

const FILE: &str = "credentials.toml";
/// More bytes than a credential takes.
const ROOM: usize = 32 * 1024;

/// By the service's address.
pub type All = BTreeMap<String, Stored>;

/// Not `Debug`: nothing of this is ever printed.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Stored {
    Key { key: String },
    Token(Token),
}

#[derive(Clone, Serialize, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the names that everybody knows them by")]
pub struct Token {
    pub issuer: String,
    pub client_id: String,
    pub access_token: String,
    /// By our own clock.
    pub expires_at: DateTime<Utc>,
    pub refresh_token: Option<String>,
}

impl Stored {
    pub fn bearer(&self) -> &str {
        match self {
            Self::Key { key } => key,
            Self::Token(token) => &token.access_token,
        }
    }
}

/// Whether there is a place for it at all.
pub fn is_placed() -> bool {
    places::settings().is_ok()
}

/// What one has signed in with there, if anything.
pub fn find(base: &str) -> anyhow::Result<Option<Stored>> {
    Ok(read(&places::settings()?)?.remove(base))
}

/// Changes what is kept; nobody else does at the same time.
pub fn update<T>(change: impl FnOnce(&mut All) -> T) -> anyhow::Result<T> {
    let held = hold()?;
    let mut all = held.read()?;
    let result = change(&mut all);
    held.write(&all)?;
    Ok(result)
}

/// The keyring, while nobody else changes it.
pub struct Held {
    directory: PathBuf,
    _lock: File,
}

pub fn hold() -> anyhow::Result<Held> {
    let directory = places::settings()?;
    let shown = directory.display().to_string();
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&directory)
        .with_context(|| format!("can't make {shown}"))?;
    let lock = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(directory.join("lock"))
        .with_context(|| format!("can't write to {shown}"))?;
    lock.lock().with_context(|| format!("can't lock {shown}"))?;
    Ok(Held { directory, _lock: lock })
}

impl Held {
    pub fn read(&self) -> anyhow::Result<All> {
        read(&self.directory)
    }

    /// The old file or the new one, never half of either.
    pub fn write(&self, all: &All) -> anyhow::Result<()> {
        let text = toml::to_string(all).context("can't write the credentials down")?;
        let path = self.directory.join(FILE);
        let writing = || fs::rename(self.write_beside(text.as_bytes())?, &path);
        writing().with_context(|| format!("can't write {}", path.display()))
    }

    /// Whether it can be read, and written with a credential more: nothing changes by that.
    pub fn try_writing(&self) -> anyhow::Result<()> {
        let path = self.directory.join(FILE);
        let mut text = toml::to_string(&self.read()?).context("can't write the credentials down")?;
        text.extend(std::iter::repeat_n('\n', ROOM));
        let trying = || fs::remove_file(self.write_beside(text.as_bytes())?);
        trying().with_context(|| format!("can't write {}", path.display()))
    }

    /// A new file, which nobody else reads.
    fn write_beside(&self, text: &[u8]) -> io::Result<PathBuf> {
        let new = self.directory.join("credentials.new");
        // One that was left behind may be anybody's to read.
        match fs::remove_file(&new) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&new)?;
        file.write_all(text)?;
        file.sync_all()?;
        Ok(new)
    }
}

fn read(directory: &Path) -> anyhow::Result<All> {
    let path = directory.join(FILE);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(All::new()),
        Err(error) => return Err(error).with_context(|| format!("can't read {}", path.display())),
    };
    let for_others = fs::metadata(&path)?.permissions().mode() & 0o077;
    let shown = path.display();
    ensure!(for_others == 0, "others can read {shown}; chmod 600 it, and sign in anew if they may have");
    // What the parser complains of would show a part of it.
    toml::from_str(&text)
        .map_err(|_| anyhow::anyhow!("{shown} can't be read; signoff login after deleting it"))
}
