//! The program under development: its build, its migrations, and what all instances of it are told.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, bail};
use harness::limits;

use crate::{
    interrupt,
    place::{Place, size, write_private},
    process::{output, program},
    say::{say, warn},
    servers::{Servers, login_of},
    tools::link_to,
    web,
};

/// A program with the servers that it is to use.
pub struct Signoff<'a> {
    pub place: &'a Place,
    pub binary: PathBuf,
    pub servers: &'a Servers,
    /// Settings beyond those that all have.
    pub settings: Vec<(String, String)>,
}

/// Builds it, for `up`. `SIGNOFF_BIN` names a program to run instead, for work on this crate. The profile `up` is built
/// in less than half of a release's time.
pub fn build(place: &Place) -> anyhow::Result<PathBuf> {
    if let Some(given) = std::env::var_os("SIGNOFF_BIN").filter(|it| !it.is_empty()) {
        let binary = PathBuf::from(given);
        link_to(&binary, &place.dev("bin").join("signoff"))?;
        return Ok(binary);
    }
    web::build_if_possible(place);
    interrupt::check()?;
    let target = target_dir(place);
    let binary = target.join("up/signoff");
    say(if binary.exists() {
        "Building …"
    } else {
        "Building all crates, once: some 5 minutes on two cores, less on more …"
    });
    let mut cargo = program("cargo");
    cargo.args(["build", "--profile", "up", "--locked", "--bin", "signoff"]);
    // A DATABASE_URL in the environment is to be used, not to check queries with.
    cargo.env("SQLX_OFFLINE", "true").current_dir(&place.root).stdin(Stdio::null());
    if !cargo.status()?.success() {
        bail!("the build failed");
    }
    link_to(&binary, &place.dev("bin").join("signoff"))?;
    link_release(&target)?;
    Ok(binary)
}

/// Where there is no release, its place has the program too: older notes name it. `cargo build --release` puts its own
/// there.
fn link_release(target: &Path) -> anyhow::Result<()> {
    let release = target.join("release/signoff");
    if release.is_symlink() || !release.exists() {
        fs::create_dir_all(target.join("release"))?;
        link_to(Path::new("../up/signoff"), &release)?;
    }
    Ok(())
}

pub fn target_dir(place: &Place) -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR").filter(|it| !it.is_empty()) {
        // A relative one is cargo's: from where it runs.
        Some(given) => place.root.join(given),
        None => place.root.join("target"),
    }
}

impl Signoff<'_> {
    /// The program, with the settings that all have. What the environment gives is taken.
    pub fn command(&self) -> anyhow::Result<Command> {
        let mut command = program(&self.binary);
        command.current_dir(&self.place.root);
        command
            .env("SIGNOFF_DATABASE_URL", &self.servers.database)
            .env("SIGNOFF_REDIS_URL", &self.servers.redis);
        command.env("SIGNOFF_LOG_FORMAT", "json");
        if !is_given("SIGNOFF_SECRETS_KEY") && !is_given("SIGNOFF_SECRETS_KEY_FILE") {
            command.env("SIGNOFF_SECRETS_KEY_FILE", key_file(self.place, "secrets.key")?);
        }
        if !is_given("SIGNOFF_RECEIPTS_SIGNING_KEY") && !is_given("SIGNOFF_RECEIPTS_SIGNING_KEY_FILE") {
            command.env("SIGNOFF_RECEIPTS_SIGNING_KEY_FILE", key_file(self.place, "receipts.key")?);
        }
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        Ok(command)
    }

    /// Limits of a load test, where the environment gives none.
    pub fn raise_limits(command: &mut Command) {
        let files = limits::raise_open_files();
        for (setting, value) in limits::RATES.into_iter().chain(limits::CAPS) {
            let variable = limits::variable(setting);
            if is_given(&variable) {
                continue;
            }
            if setting == "limits.max_sockets" {
                command.env(variable, most_sockets(files).to_string());
            } else {
                command.env(variable, value);
            }
        }
    }

    /// As the owner of the tables; the instances' login may act as their roles then.
    pub fn migration(&self) -> anyhow::Result<Command> {
        let mut command = self.command()?;
        command.env("SIGNOFF_DATABASE_OWNER_URL", &self.servers.owner);
        command.args(["migrate", "up", "--login", login_of(&self.servers.database)]);
        Ok(command)
    }

    pub fn migrate(&self) -> anyhow::Result<()> {
        if !self.migration()?.stdin(Stdio::null()).status()?.success() {
            bail!("the migrations could not be applied");
        }
        Ok(())
    }

    /// Runs a command of it; what it says.
    pub fn ask(&self, arguments: &[&str]) -> anyhow::Result<Option<String>> {
        let output = self.command()?.args(arguments).stdin(Stdio::null()).output()?;
        if !output.status.success() {
            warn(String::from_utf8_lossy(&output.stderr).trim_end());
            return Ok(None);
        }
        Ok(Some(String::from_utf8_lossy(&output.stdout).trim_end().to_owned()))
    }
}

pub fn is_given(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|it| !it.is_empty())
}

/// What the open files allow, less some for everything else: a socket too many is to be refused in words, not by the
/// kernel.
fn most_sockets(files: u64) -> u64 {
    const MOST: u64 = 20_000;
    if files < MOST + 2_000 { files - files / 10 } else { MOST }
}

impl Place {
    /// The settings of the instances that `up` starts. Receipts and mail name the address at which people reach them.
    pub fn settings_of_up(&self) -> Vec<(String, String)> {
        let mut settings = self.notify_settings();
        if !is_given("SIGNOFF_HTTP_PUBLIC_URL") {
            settings.push(("SIGNOFF_HTTP_PUBLIC_URL".to_owned(), self.instance_url(1)));
        }
        settings
    }
}

/// A key of 32 random bytes, for sealing or signing; made where there is none.
fn key_file(place: &Place, name: &str) -> anyhow::Result<PathBuf> {
    let file = place.state.join(name);
    if size(&file) == 0 {
        let mut make = Command::new("sh");
        let key = output(make.args(["-c", "head -c 32 /dev/urandom | base64"])).filter(|it| !it.is_empty());
        write_private(&file, &format!("{}\n", key.context("no key could be made: base64 is missing")?))?;
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_leave_files_for_the_rest() {
        assert_eq!(most_sockets(1_048_576), 20_000);
        assert_eq!(most_sockets(1_000), 900);
    }
}
