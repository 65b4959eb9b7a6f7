//! Finds the programs that are needed, in versions that will do, and has those installed that are missing.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, bail};

use crate::{
    place::{Place, remove},
    process::{find, is_program, output},
};

const POSTGRES: u32 = 15;
const REDIS: u32 = 7;
const NODE: u32 = 18;
const PYTHON: (u32, u32) = (3, 11);

/// The number that a text begins with.
fn leading_number(text: &str) -> Option<u32> {
    let digits = text.find(|it: char| !it.is_ascii_digit()).unwrap_or(text.len());
    text[..digits].parse().ok()
}

// --- Postgres ---

/// Where one version's programs are.
#[derive(Debug, Clone)]
pub struct PostgresPrograms(PathBuf);

impl PostgresPrograms {
    pub fn program(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// All of them: some directories in PATH hold links to a few of the programs.
    fn at(directory: PathBuf) -> Option<Self> {
        let all = ["postgres", "initdb", "pg_isready", "psql"];
        all.iter().all(|name| is_program(&directory.join(name))).then_some(Self(directory))
    }

    fn major(&self) -> Option<u32> {
        let version = output(Command::new(self.program("postgres")).arg("--version"))?;
        leading_number(version.split_once("PostgreSQL) ")?.1)
    }

    /// The newest that will do. Data of one major version is unreadable for the others, so existing data decides.
    pub fn find(wanted: Option<u32>) -> Option<Self> {
        let mut places: Vec<PathBuf> =
            find("postgres").and_then(|it| Some(it.parent()?.to_owned())).into_iter().collect();
        places.extend(output(Command::new("pg_config").arg("--bindir")).map(PathBuf::from));
        for (parent, prefix, bin) in [
            ("/usr/lib/postgresql", "", "bin"),
            ("/usr", "pgsql-", "bin"),
            ("/opt/homebrew/opt", "postgresql", "bin"),
            ("/usr/local/opt", "postgresql", "bin"),
            ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
        ] {
            places.extend(children(Path::new(parent), prefix).map(|it| it.join(bin)));
        }
        let suits = |major: &u32| *major >= POSTGRES && wanted.is_none_or(|wanted| wanted == *major);
        let found =
            places.into_iter().filter_map(Self::at).filter_map(|it| Some((it.major().filter(suits)?, it)));
        found.max_by_key(|(major, _)| *major).map(|(_, programs)| programs)
    }
}

fn children(parent: &Path, prefix: &str) -> impl Iterator<Item = PathBuf> {
    let prefix = prefix.to_owned();
    fs::read_dir(parent)
        .into_iter()
        .flatten()
        .flatten()
        .filter(move |it| it.file_name().to_string_lossy().starts_with(&prefix))
        .map(|it| it.path())
}

impl Place {
    pub fn need_postgres(&self, wanted: Option<u32>) -> anyhow::Result<PostgresPrograms> {
        if let Some(found) = PostgresPrograms::find(wanted) {
            return Ok(found);
        }
        if let Some(major) = wanted {
            bail!(
                "the data here was made by PostgreSQL {major}, which is not installed any more; install it again, or \
                 begin afresh with ./dev down --wipe"
            );
        }
        let installed = self.install("PostgreSQL's programs", &["postgresql"]);
        installed.then(|| PostgresPrograms::find(None)).flatten().with_context(|| {
            format!(
                "found no PostgreSQL {POSTGRES} or newer; install its server (Debian: postgresql; Homebrew: \
                 postgresql@16) or give a DATABASE_URL"
            )
        })
    }

    // --- Redis ---

    pub fn find_redis(&self) -> Option<PathBuf> {
        let names = ["redis-server", "valkey-server"].into_iter();
        let brew = ["/opt/homebrew/bin/redis-server", "/opt/homebrew/bin/valkey-server"].map(PathBuf::from);
        names.filter_map(find).chain(brew).find(|it| redis_suits(it)).or_else(|| self.link_redis_server())
    }

    /// Debian's redis-tools holds the server too: one program that acts by the name it is called by. Through a link we
    /// have it without the package redis-server, which would bring a service.
    fn link_redis_server(&self) -> Option<PathBuf> {
        let link = self.dev("bin").join("redis-server");
        for tool in ["redis-check-rdb", "valkey-check-rdb"] {
            let Some(tool) = find(tool) else { continue };
            link_to(&tool, &link).ok()?;
            if redis_suits(&link) {
                return Some(link);
            }
        }
        remove(&link).ok()?;
        None
    }

    pub fn need_redis(&self) -> anyhow::Result<PathBuf> {
        if let Some(found) = self.find_redis() {
            return Ok(found);
        }
        if self.install("Redis's programs", &["redis-tools"])
            && let Some(found) = self.find_redis()
        {
            return Ok(found);
        }
        // A release whose tools are built apart from the server.
        if self.install("the Redis server", &["redis-server"]) {
            self.disable_service("redis-server");
        }
        self.find_redis().with_context(|| {
            format!("found no Redis (or Valkey) {REDIS} or newer; install redis-server or give a REDIS_URL")
        })
    }

    // --- others ---

    pub fn need_haproxy(&self) -> anyhow::Result<()> {
        if find("haproxy").is_none() && self.install("HAProxy", &["haproxy"]) {
            self.disable_service("haproxy");
        }
        find("haproxy").map(drop).context("haproxy is missing; install it (Debian's package: haproxy)")
    }

    /// The library by which tests run instances whose clocks are wrong.
    pub fn need_faketime(&self) -> anyhow::Result<PathBuf> {
        let find = || {
            let mut places: Vec<PathBuf> =
                children(Path::new("/usr/lib"), "").map(|it| it.join("faketime/libfaketime.so.1")).collect();
            places.push("/usr/lib/faketime/libfaketime.so.1".into());
            places.push("/opt/homebrew/lib/faketime/libfaketime.1.dylib".into());
            places.into_iter().find(|it| it.exists())
        };
        find()
            .or_else(|| self.install("libfaketime", &["libfaketime"]).then(find).flatten())
            .context("libfaketime is missing; install it (Debian's package: libfaketime)")
    }

    pub fn need_chromium(&self) -> anyhow::Result<PathBuf> {
        let find = || ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(find);
        find()
            .or_else(|| self.install("Chromium", &["chromium"]).then(find).flatten())
            .context("Chromium is missing; install it (Debian's package: chromium)")
    }

    /// Debian's Python has venv, but without ensurepip it can make none.
    pub fn need_python(&self) -> anyhow::Result<()> {
        let (major, minor) = PYTHON;
        let check = format!("import sys, ensurepip, venv\nsys.exit(sys.version_info < ({major}, {minor}))");
        let suits = || output(Command::new("python3").args(["-c", &check])).is_some();
        let there = suits() || self.install("Python and its venv", &["python3", "python3-venv"]) && suits();
        if !there {
            bail!(
                "found no Python {major}.{minor} or newer with its module venv; install it (Debian's packages: \
                 python3, python3-venv)"
            );
        }
        Ok(())
    }

    pub fn need_node(&self) -> anyhow::Result<()> {
        let there =
            node_suits(NODE) || self.install("Node.js and npm", &["nodejs", "npm"]) && node_suits(NODE);
        if !there {
            bail!("found no Node.js {NODE} or newer with npm; install it (Debian's packages: nodejs, npm)");
        }
        Ok(())
    }
}

fn redis_suits(server: &Path) -> bool {
    let version = || {
        let said = output(Command::new(server).arg("--version"))?;
        leading_number(said.split_once("server v=")?.1)
    };
    is_program(server) && version().is_some_and(|it| it >= REDIS)
}

pub fn node_suits(floor: u32) -> bool {
    let version = || leading_number(output(Command::new("node").arg("--version"))?.strip_prefix('v')?);
    find("npm").is_some() && version().is_some_and(|it| it >= floor)
}

/// Makes a link, or moves the one that is there, in one step.
pub fn link_to(target: &Path, link: &Path) -> anyhow::Result<()> {
    let new = link.with_added_extension("new");
    remove(&new)?;
    std::os::unix::fs::symlink(target, &new)?;
    Ok(fs::rename(new, link)?)
}
