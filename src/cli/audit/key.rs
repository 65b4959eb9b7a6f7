//! The key that signs checkpoints: the one that is configured, or one of this user's own.

use std::{
    env, fs,
    io::{ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use anyhow::Context;
use clap::Args;
use secrecy::ExposeSecret;

use crate::{audit::checkpoint::Signer, cli::output::say, config::signing_key, ed25519::new_seed};

#[derive(Args)]
pub struct KeyArgs {
    /// A file with the key: a seed of 32 bytes in base64, or PKCS#8 as PEM. Without it, what
    /// SIGNOFF_AUDIT_SIGNING_KEY says, or the file that SIGNOFF_AUDIT_SIGNING_KEY_FILE names; without these, a key
    /// of your own in $XDG_STATE_HOME/signoff (~/.local/state/signoff), which is made where there is none.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

impl KeyArgs {
    pub fn signer(&self) -> anyhow::Result<Signer> {
        if let Some(path) = &self.key {
            return read(path);
        }
        if let Some(key) = signing_key()? {
            return Signer::parse(key.expose_secret()).context("SIGNOFF_AUDIT_SIGNING_KEY");
        }
        let path = own_path()?;
        match make(&path) {
            Ok(seed) => {
                let signer = Signer::parse(&seed)?;
                say(&format!(
                    "made a key that signs checkpoints: {}; its public key is {}",
                    path.display(),
                    signer.public_key()
                ));
                Ok(signer)
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => read(&path),
            Err(error) => Err(error).with_context(|| format!("can't make {}", path.display())),
        }
    }
}

fn read(path: &Path) -> anyhow::Result<Signer> {
    let text = fs::read_to_string(path).with_context(|| format!("can't read {}", path.display()))?;
    Signer::parse(&text).with_context(|| path.display().to_string())
}

fn own_path() -> anyhow::Result<PathBuf> {
    let state = env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/state"));
    let state =
        state.or_else(home).context("neither HOME nor XDG_STATE_HOME is set; name a key with --key")?;
    Ok(state.join("signoff/audit.key"))
}

/// Writes a new seed where there is none, for nobody else to read.
fn make(path: &Path) -> std::io::Result<String> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    let seed = new_seed();
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(seed.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    Ok(seed)
}
