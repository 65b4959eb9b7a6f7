//! Where Postgres' data is, and whose: it refuses to run as root.

use std::{
    fs::{self, DirBuilder},
    hash::{DefaultHasher, Hash, Hasher},
    os::unix::fs::{DirBuilderExt, MetadataExt, chown},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, bail};
use rustix::process::getuid;

use crate::{
    place::{Place, read, remove},
    process::{output, succeeds},
    say::note,
};

/// 4 GiB for data in memory, and as much again for all else.
const ROOM_KIB: u64 = 4 * 1024 * 1024;

/// Whose process Postgres is. Nothing: ours.
#[derive(Debug, Clone, Default)]
pub struct User(Option<(String, u32, u32)>);

impl User {
    /// Existing data decides: the user `postgres` may have come with a package after `nobody` had made them.
    fn choose(existing: Option<&Path>) -> anyhow::Result<Self> {
        if !getuid().is_root() {
            return Ok(Self(None));
        }
        if let Some(home) = existing {
            let metadata = fs::metadata(home.join("pg"))?;
            return Ok(Self(Some((metadata.uid().to_string(), metadata.uid(), metadata.gid()))));
        }
        let id = |name: &str, what: &str| output(Command::new("id").args([what, name]))?.parse().ok();
        let found = ["postgres", "nobody"]
            .into_iter()
            .find_map(|name| Some((name.to_owned(), id(name, "-u")?, id(name, "-g")?)));
        Ok(Self(Some(
            found.context("Postgres can't run as root, and there is no user nobody; use another user")?,
        )))
    }

    /// Has a command run as this user.
    pub fn run<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        use std::os::unix::process::CommandExt;
        if let Some((_, uid, gid)) = self.0 {
            command.uid(uid).gid(gid);
        }
        command
    }

    pub fn give(&self, path: &Path) -> anyhow::Result<()> {
        match self.0 {
            Some((_, uid, gid)) => {
                chown(path, Some(uid), Some(gid)).context("giving a file to Postgres' user")
            }
            None => Ok(()),
        }
    }

    fn owns(&self, path: &Path) -> bool {
        let Ok(metadata) = fs::symlink_metadata(path) else { return false };
        let owner = metadata.uid();
        metadata.is_dir() && (owner == getuid().as_raw() || self.0.as_ref().is_some_and(|it| it.1 == owner))
    }

    fn reaches(&self, path: &Path) -> bool {
        succeeds(self.run(Command::new("test").arg("-w").arg(path)))
    }
}

/// Where the data is: in the place, or outside of the checkout where we are root and the other user can't go there.
pub struct Home {
    pub path: PathBuf,
    pub user: User,
}

impl Home {
    /// The cluster itself.
    pub fn cluster(&self) -> PathBuf {
        self.path.join("pg")
    }
}

impl Place {
    fn inner_home(&self) -> PathBuf {
        self.data("postgres")
    }

    fn outer_homes(&self) -> [PathBuf; 2] {
        // Another version of Rust may hash otherwise: then `run/postgres.home` still says where the data is.
        let mut hasher = DefaultHasher::new();
        self.state.hash(&mut hasher);
        let name = format!("signoff-dev-{:016x}", hasher.finish());
        ["/var/tmp", "/dev/shm"].map(|parent| Path::new(parent).join(&name))
    }

    pub fn existing_home(&self) -> Option<PathBuf> {
        let recorded = read(&self.run("postgres.home")).map(PathBuf::from);
        let all = recorded.into_iter().chain([self.inner_home()]).chain(self.outer_homes());
        all.into_iter().find(|home| home.join("pg").is_dir())
    }

    /// The one that is there, or a new one. It is recorded for those who look for the data.
    pub fn home(&self, in_memory: bool) -> anyhow::Result<Home> {
        let existing = self.existing_home();
        let user = User::choose(existing.as_deref())?;
        let path = match existing {
            Some(path) => path,
            None => self.make_home(&user, in_memory)?,
        };
        fs::write(self.run("postgres.home"), format!("{}\n", path.display()))?;
        Ok(Home { path, user })
    }

    fn make_home(&self, user: &User, in_memory: bool) -> anyhow::Result<PathBuf> {
        let [on_disk, memory] = self.outer_homes();
        if in_memory && memory_has_room() {
            return make_outer(memory, user);
        }
        let inner = self.inner_home();
        DirBuilder::new().recursive(true).mode(0o700).create(&inner)?;
        user.give(&inner)?;
        if user.reaches(&inner) {
            return Ok(inner);
        }
        fs::remove_dir(&inner).with_context(|| {
            format!("{} belongs to another user; remove it as that user", inner.display())
        })?;
        let home = make_outer(on_disk, user)?;
        note(format_args!(
            "Postgres' user can't reach {}: its data is in {}",
            self.shown(&self.state),
            home.display()
        ));
        Ok(home)
    }

    /// Also what is outside of the place.
    pub fn remove_homes(&self) -> anyhow::Result<()> {
        let user = User::choose(self.existing_home().as_deref())?;
        for home in self.existing_home().into_iter().chain(self.outer_homes()) {
            if user.owns(&home) {
                remove(&home)?;
            }
        }
        remove(&self.inner_home())
    }
}

/// Everyone may write beside it: a directory that we don't own is a trap.
fn make_outer(home: PathBuf, user: &User) -> anyhow::Result<PathBuf> {
    if DirBuilder::new().mode(0o700).create(&home).is_err() && !user.owns(&home) {
        bail!("{} is there already and not ours; remove it", home.display());
    }
    user.give(&home)?;
    Ok(home)
}

fn memory_has_room() -> bool {
    let is_memory =
        output(Command::new("stat").args(["-f", "-c", "%T", "/dev/shm"])).is_some_and(|it| it == "tmpfs");
    let free = || {
        let said = output(Command::new("df").args(["-Pk", "/dev/shm"]))?;
        said.lines().nth(1)?.split_ascii_whitespace().nth(3)?.parse::<u64>().ok()
    };
    let available = || {
        let text = fs::read_to_string("/proc/meminfo").ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
        line.split_ascii_whitespace().next()?.parse::<u64>().ok()
    };
    is_memory && free().is_some_and(|it| it >= ROOM_KIB) && available().is_some_and(|it| it >= 2 * ROOM_KIB)
}
