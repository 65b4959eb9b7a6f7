//! Where state is kept: `.dev/` itself for `up`; a directory in it for each run of `test` and `bench`, so that they
//! disturb neither `up` nor one another.
//!
//! In a place, `run/` has what tells of processes (`NAME.pid`, `NAME.birth`, `NAME.port`), `log/` what they say, and
//! `data/` what servers keep.

use std::{
    fs::{self, File, TryLockError},
    io::{ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use harness::ports;

use crate::{
    interrupt,
    say::{complain, note, say, warn},
};

/// How long `./dev` waits for another one in the same directory.
const LOCKED: Duration = Duration::from_mins(15);

#[derive(Debug, Clone)]
pub struct Place {
    /// The checkout.
    pub root: PathBuf,
    pub state: PathBuf,
}

/// Which port a server prefers.
#[derive(Clone, Copy)]
pub enum Wish {
    /// The first free one from here on.
    From(u16),
    Any,
}

impl Place {
    /// The one of `up`.
    pub fn of_up(root: &Path) -> anyhow::Result<Self> {
        let place = Self { root: root.to_owned(), state: root.join(".dev") };
        place.refuse_a_copy()?;
        place.make()?;
        Ok(place)
    }

    /// One of a run.
    pub fn of_run(root: &Path, state: PathBuf) -> anyhow::Result<Self> {
        let place = Self { root: root.to_owned(), state };
        place.make()?;
        Ok(place)
    }

    fn make(&self) -> anyhow::Result<()> {
        for directory in
            [self.dev("bin"), self.state.join("run"), self.state.join("log"), self.state.join("data")]
        {
            fs::create_dir_all(&directory).with_context(|| directory.display().to_string())?;
        }
        Ok(())
    }

    /// Who copies a checkout copies `.dev/` too. The pid files in it name the original's processes, and the data were
    /// copied while they changed.
    fn refuse_a_copy(&self) -> anyhow::Result<()> {
        fs::create_dir_all(&self.state)?;
        let file = self.state.join("root");
        let origin = read(&file).map(PathBuf::from);
        if origin.as_ref() == Some(&self.root) {
            return Ok(());
        }
        // What is no path says nothing: it may have been cut off.
        if let Some(origin) = origin.filter(|it| it.is_absolute() && it.join(".dev").is_dir()) {
            warn(format_args!("this .dev/ is a copy of the one in {}; starting afresh", origin.display()));
            for part in ["run", "log", "data", "env"] {
                remove(&self.state.join(part))?;
            }
        }
        write_private(&file, &format!("{}\n", self.root.display()))
    }

    /// What all places share.
    pub fn dev(&self, name: &str) -> PathBuf {
        self.root.join(".dev").join(name)
    }

    pub fn run(&self, file: &str) -> PathBuf {
        self.state.join("run").join(file)
    }

    pub fn log(&self, file: &str) -> PathBuf {
        self.state.join("log").join(file)
    }

    pub fn data(&self, file: &str) -> PathBuf {
        self.state.join("data").join(file)
    }

    /// A path as people read it.
    pub fn shown(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).display().to_string()
    }

    /// Two at once would both find a server missing and both start it.
    pub fn lock(&self) -> anyhow::Result<File> {
        lock(&self.dev("lock"), Some(LOCKED))
    }

    /// The last lines that a log has gained since it was `offset` bytes long.
    pub fn show_log(&self, file: &Path, offset: u64) {
        warn(format_args!("the end of {}:", self.shown(file)));
        let bytes = fs::read(file).unwrap_or_default();
        let gained = bytes.get(usize::try_from(offset).unwrap_or(usize::MAX)..).unwrap_or_default();
        let text = String::from_utf8_lossy(gained);
        let lines: Vec<&str> = text.lines().collect();
        for line in &lines[lines.len().saturating_sub(40)..] {
            complain(format_args!("    {line}"));
        }
    }

    // --- ports ---

    pub fn port_of(&self, name: &str) -> Option<u16> {
        read(&self.run(&format!("{name}.port")))?.parse().ok()
    }

    pub fn set_port(&self, name: &str, port: u16) -> anyhow::Result<()> {
        Ok(fs::write(self.run(&format!("{name}.port")), format!("{port}\n"))?)
    }

    /// The port that a name had before, so that clients find it again after a restart; else one that is free.
    pub fn claim_port(&self, name: &str, wish: Wish) -> anyhow::Result<u16> {
        let old = self.port_of(name);
        if let Some(port) = old.filter(|port| !ports::taken(*port)) {
            return Ok(port);
        }
        let promised = self.promised(name)?;
        let is_free = |port: &u16| !promised.contains(port) && !ports::taken(*port);
        let port = match wish {
            Wish::From(first) => (first..first.saturating_add(1_000)).find(is_free),
            Wish::Any => std::iter::repeat_with(|| ports::random(ports::OF_DEV)).take(1_000).find(is_free),
        }
        .with_context(|| format!("found no free port for {name}"))?;
        if let Some(old) = old {
            note(format_args!("port {old} is taken by another program: {name} moves to {port}"));
        }
        self.set_port(name, port)?;
        Ok(port)
    }

    /// The ports that others of this place remember.
    fn promised(&self, name: &str) -> anyhow::Result<Vec<u16>> {
        let own = format!("{name}.port");
        let files = fs::read_dir(self.state.join("run"))?.flatten();
        let others = files.filter(|file| {
            let file = file.file_name();
            let file = file.to_string_lossy();
            file.ends_with(".port") && file != own
        });
        Ok(others.filter_map(|file| read(&file.path())?.parse().ok()).collect())
    }
}

/// Waits until no other process has the file, for so long at most.
pub fn lock(file: &Path, patience: Option<Duration>) -> anyhow::Result<File> {
    let open = File::create(file).with_context(|| file.display().to_string())?;
    let until = patience.map(|patience| Instant::now() + patience);
    let mut said = false;
    loop {
        match open.try_lock() {
            Ok(()) => return Ok(open),
            Err(TryLockError::Error(error)) => return Err(error.into()),
            Err(TryLockError::WouldBlock) if until.is_some_and(|until| Instant::now() > until) => {
                bail!("another ./dev has not finished in time; giving up");
            }
            Err(TryLockError::WouldBlock) => {
                if !said {
                    say("Another ./dev is at work in this directory; waiting for it.");
                    said = true;
                }
                interrupt::pause()?;
            }
        }
    }
}

/// A small file's text without the end of its line; nothing where there is none.
pub fn read(file: &Path) -> Option<String> {
    Some(fs::read_to_string(file).ok()?.trim_end().to_owned())
}

pub fn size(file: &Path) -> u64 {
    fs::metadata(file).map_or(0, |metadata| metadata.len())
}

/// A file or a directory, if it is there.
pub fn remove(path: &Path) -> anyhow::Result<()> {
    let removed =
        if path.is_dir() && !path.is_symlink() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| path.display().to_string())
        }
        _ => Ok(()),
    }
}

/// Writes a file that only we can read, in one step.
pub fn write_private(file: &Path, text: &str) -> anyhow::Result<()> {
    let new = file.with_added_extension("new");
    remove(&new)?;
    let mut open = File::options().write(true).create_new(true).mode(0o600).open(&new)?;
    open.write_all(text.as_bytes())?;
    Ok(fs::rename(new, file)?)
}

/// A text that can't be guessed.
pub fn secret() -> anyhow::Result<String> {
    use std::io::Read as _;
    let mut bytes = [0; 16];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}
