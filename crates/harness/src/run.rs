//! A run of `test`, `bench`, `prepare` or `shots`: servers of its own, and steps that each run in a session of their own.
//!
//! A signal, also one to this program alone as CI sends it, ends the step at work with all its children; the servers are
//! removed in any case.

use std::{
    ffi::OsString,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process_group};

use crate::{
    instances, interrupt,
    node::Npm,
    place::{Place, lock, remove},
    process::{in_own_session, program},
    say::{say, warn},
    servers::{Given, Servers, Wanted, with_database},
};

pub struct Run {
    pub place: Place,
    pub servers: Option<Servers>,
    /// What all its programs see.
    environment: Vec<(String, OsString)>,
    failed: Vec<String>,
    steps: usize,
    begun: Instant,
}

impl Run {
    /// In a directory of its own, named by our pid. What an earlier one that was killed has left behind goes first.
    pub fn begin(root: &Path, kind: &str) -> anyhow::Result<Self> {
        interrupt::listen()?;
        let all = root.join(".dev").join(kind);
        fs::create_dir_all(&all)?;
        let _lock = lock(&all.join("lock"), None)?;
        for entry in fs::read_dir(&all)?.flatten() {
            if !entry.file_name().to_string_lossy().starts_with("run-") {
                continue;
            }
            let old = Place::of_run(root, entry.path())?;
            if old.running("owner").is_none() {
                say("Removing what an earlier run has left behind");
                remove_run(&old)?;
            }
        }
        let place = Place::of_run(root, all.join(format!("run-{}", std::process::id())))?;
        place.remember("owner", std::process::id())?;
        let environment = vec![("SQLX_OFFLINE".to_owned(), "true".into())];
        Ok(Self { place, servers: None, environment, failed: Vec::new(), steps: 0, begun: Instant::now() })
    }

    /// Sees to its end: whatever became of it, what it started is stopped and removed.
    pub fn end(mut self, outcome: anyhow::Result<()>) -> anyhow::Result<()> {
        let outcome = outcome.and_then(|()| self.verdict());
        if outcome.is_err()
            && let Err(error) = self.keep_logs()
        {
            warn(format_args!("the logs could not be kept: {error:#}"));
        }
        match remove_run(&self.place) {
            // What failed first is told last.
            Err(error) if outcome.is_err() => warn(format_args!("{error:#}")),
            removed => removed?,
        }
        outcome
    }

    fn keep_logs(&self) -> anyhow::Result<()> {
        let kept = self.place.state.with_file_name("log");
        remove(&kept)?;
        copy(&self.place.state.join("log"), &kept)
    }

    fn verdict(&mut self) -> anyhow::Result<()> {
        let seconds = self.begun.elapsed().as_secs();
        if !self.failed.is_empty() {
            say("\nThe servers' logs are kept in .dev/test/log/.");
            bail!("failed after {seconds} s: {}", self.failed.join(", "));
        }
        if self.steps > 0 {
            say(format_args!("\nPassed in {seconds} s (steps: {}).", self.steps));
        }
        Ok(())
    }

    pub fn start_servers(&mut self, wanted: &Wanted) -> anyhow::Result<()> {
        let given = Given::by_environment(&self.place);
        let servers = Servers::start(&self.place, &given, wanted)?;
        self.set("DATABASE_URL", &servers.database);
        self.set("DATABASE_ADMIN_URL", &servers.admin);
        self.set("REDIS_URL", &servers.redis);
        if let Some(redis) = &servers.redis_server {
            self.set("SIGNOFF_REDIS_SERVER", redis);
        } else {
            warn("no Redis server's binary here: tests that stop one can't run");
        }
        self.servers = Some(servers);
        Ok(())
    }

    pub fn servers(&self) -> anyhow::Result<&Servers> {
        self.servers.as_ref().context("the run has no servers")
    }

    /// From here on its programs see this variable.
    pub fn set(&mut self, name: &str, value: impl Into<OsString>) {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.into()));
    }

    pub fn unset(&mut self, name: &str) {
        self.environment.retain(|(known, _)| known != name);
    }

    /// A program to run, in the checkout.
    pub fn program(&self, name: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = program(name);
        command.current_dir(&self.place.root);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs a program to its end, in a session of its own; whether it succeeded.
    pub fn runs(&self, command: &Command) -> anyhow::Result<bool> {
        self.runs_into(command, None)
    }

    /// The same, with its standard output in a file.
    pub fn runs_into(&self, command: &Command, output: Option<File>) -> anyhow::Result<bool> {
        interrupt::check()?;
        let mut own = in_own_session(command);
        own.stdin(Stdio::null());
        if let Some(output) = output {
            own.stdout(output);
        }
        let mut child =
            own.spawn().with_context(|| format!("starting {}", command.get_program().display()))?;
        let pid = i32::try_from(child.id())?;
        interrupt::session_began(pid);
        self.place.remember("session", child.id())?;
        let status = child.wait();
        interrupt::session_ended();
        self.place.forget("session")?;
        // What it left behind must not disturb the next step.
        if let Some(session) = Pid::from_raw(pid) {
            let _ = kill_process_group(session, Signal::KILL);
        }
        interrupt::check()?;
        Ok(status?.success())
    }

    /// Runs a program; an error where it fails.
    pub fn must(&self, command: &Command, otherwise: &str) -> anyhow::Result<()> {
        if !self.runs(command)? {
            bail!("{otherwise}");
        }
        Ok(())
    }

    /// One of the things that must pass. The next one runs also where it fails; a signal alone ends the run.
    pub fn step(
        &mut self,
        title: &str,
        work: impl FnOnce(&mut Self) -> anyhow::Result<bool>,
    ) -> anyhow::Result<()> {
        let begun = Instant::now();
        say(format_args!("\n=== {title}"));
        let passed = match work(self) {
            Ok(passed) => passed,
            Err(error) => {
                interrupt::check()?;
                warn(format_args!("{error:#}"));
                false
            }
        };
        self.steps += 1;
        if !passed {
            self.failed.push(title.to_owned());
        }
        let outcome = if passed { "ok" } else { "FAILED" };
        say(format_args!("--- {title}: {outcome}, {} s", begun.elapsed().as_secs()));
        Ok(())
    }

    /// Other runs install packages, too: one at a time.
    pub fn installing<T>(&self, work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
        installing(&self.place, work)
    }

    /// Installs packages of npm by a step of this run.
    pub fn npm(&self) -> Npm<'_> {
        Npm { place: &self.place, command: self.program("npm"), runs: Box::new(|npm| self.runs(npm)) }
    }

    // --- a database for what several programs use ---

    /// Makes one that is this run's alone, for as long as the work takes.
    pub fn with_own_database(
        &mut self,
        work: impl FnOnce(&mut Self, &Servers) -> anyhow::Result<bool>,
    ) -> anyhow::Result<bool> {
        let servers = self.servers()?.clone();
        let name = format!("signoff_clients_{}", std::process::id());
        self.must(
            &self.psql(&servers, &format!("CREATE DATABASE {name}")),
            "the database could not be made",
        )?;
        let mut own = servers.clone();
        for url in [&mut own.database, &mut own.owner, &mut own.admin] {
            *url = with_database(url, &name);
        }
        let outcome = work(self, &own);
        // Also where it was interrupted: given servers are not removed with the run.
        if let Err(error) = self.drop_database(&servers, &name) {
            warn(format_args!("the database {name} could not be dropped: {error:#}"));
        }
        outcome
    }

    /// With the copies that were made of it: their names begin with its own.
    fn drop_database(&self, servers: &Servers, name: &str) -> anyhow::Result<()> {
        // In sessions of their own: a second Ctrl-C is not for them.
        let own = |sql: &str| in_own_session(self.psql(servers, sql).arg("-At"));
        let listed = own(&format!(
            "SELECT datname FROM pg_database WHERE datname = '{name}' OR starts_with(datname, '{name}_')"
        ))
        .stderr(Stdio::inherit())
        .output()?;
        let mut all_went = listed.status.success();
        for name in String::from_utf8(listed.stdout)?.lines() {
            all_went &= own(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).status()?.success();
        }
        if !all_went {
            bail!("psql says why");
        }
        Ok(())
    }

    fn psql(&self, servers: &Servers, sql: &str) -> Command {
        let psql = servers.postgres.as_ref().map_or_else(|| PathBuf::from("psql"), |it| it.program("psql"));
        let mut command = self.program(psql);
        command.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", &servers.owner, "-c", sql]);
        command
    }
}

/// One at a time, over all runs of this checkout.
pub fn installing<T>(place: &Place, work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    fs::create_dir_all(place.dev("test"))?;
    let _lock = lock(&place.dev("test").join("packages.lock"), None)?;
    work()
}

fn remove_run(place: &Place) -> anyhow::Result<()> {
    if let Some(pid) = place.running("session").and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?)) {
        // It may end by itself meanwhile.
        let _ = kill_process_group(pid, Signal::KILL);
    }
    let patience = Duration::from_secs(10);
    for n in place.known_instances()? {
        place.end(&instances::name(n), Signal::KILL, patience)?;
    }
    place.end("redis", Signal::KILL, patience)?;
    // Its data is thrown away: no need to write it out.
    place.end("postgres", Signal::QUIT, patience * 2)?;
    place.remove_homes()?;
    remove(&place.state)
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)?.flatten() {
        fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}
