//! Processes that outlive this program: how they are started, known again and stopped.

use std::{
    fs::{self, File},
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::{
    place::{Place, read, remove},
    say::{note, warn},
};

/// What a shell has that has read `.dev/env`. None of them is a setting.
pub const OF_DEV_ENV: [&str; 8] = [
    "SIGNOFF_URL",
    "SIGNOFF_URLS",
    "SIGNOFF_METRICS_URLS",
    "SIGNOFF_LB_URL",
    "SIGNOFF_API_KEY",
    "SIGNOFF_APPROVER_KEY",
    "SIGNOFF_MAIL_URL",
    "SIGNOFF_ECHO_URL",
];

/// A program to run, without what `.dev/env` says.
pub fn program(name: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(name);
    for name in OF_DEV_ENV {
        command.env_remove(name);
    }
    command
}

/// Where a program is, if it is in PATH.
pub fn find(name: &str) -> Option<std::path::PathBuf> {
    let places = std::env::var_os("PATH")?;
    std::env::split_paths(&places).map(|place| place.join(name)).find(|file| is_program(file))
}

pub fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(file).is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0)
}

/// What a program says on its standard output, without the end of its last line; nothing where it fails.
pub fn output(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}

/// Runs a program quietly; whether it succeeded.
pub fn succeeds(command: &mut Command) -> bool {
    output(command).is_some()
}

/// The same command in a session of its own: a signal to us, as by Ctrl-C, does not reach it.
pub fn in_own_session(command: &Command) -> Command {
    let mut own = if find("setsid").is_some() {
        Command::new("setsid")
    } else {
        let mut perl = Command::new("perl");
        perl.args(["-MPOSIX", "-e", "POSIX::setsid(); exec { $ARGV[0] } @ARGV"]);
        perl
    };
    own.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => own.env(name, value),
            None => own.env_remove(name),
        };
    }
    if let Some(directory) = command.get_current_dir() {
        own.current_dir(directory);
    }
    own
}

/// Starts a command that outlives us, whose words go to the end of a log; answers with its pid. It gets none of our open
/// files: the program that reads our output would wait for its end for ever.
pub fn detach(mut command: Command, log: &Path) -> anyhow::Result<u32> {
    let log = File::options().create(true).append(true).open(log)?;
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    let child = command.spawn().with_context(|| command.get_program().display().to_string())?;
    Ok(child.id())
}

/// What tells a process from a later one with the same pid: after a crash or a reboot a pid file may name a stranger.
/// Nothing where the process is dead; a zombie is.
pub fn birth(pid: u32) -> Option<String> {
    if Path::new("/proc/self/stat").exists() {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name before it may hold anything, closing brackets included.
        let (_, fields) = stat.rsplit_once(')')?;
        let fields: Vec<&str> = fields.split_ascii_whitespace().collect();
        let boot = read(Path::new("/proc/sys/kernel/random/boot_id"))?;
        let state = *fields.first()?;
        (state != "Z" && state != "X").then_some(format!("{boot} {}", fields.get(19)?))
    } else {
        let mut ps = Command::new("ps");
        let said = output(ps.env("LC_ALL", "C").args(["-o", "stat=,lstart=", "-p", &pid.to_string()]))?;
        let (state, started) = said.trim().split_once(char::is_whitespace)?;
        (!state.starts_with('Z')).then(|| started.trim().to_owned())
    }
}

/// Also wakes a process that was stopped: it could not act on a signal.
pub fn signal(pid: u32, signal: Signal) {
    let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return };
    // It may have ended.
    let _ = kill_process(pid, signal);
    let _ = kill_process(pid, Signal::CONT);
}

impl Place {
    /// The birth is written first: who sees a pid file may trust it. A process that has ended already has none, and is
    /// not running.
    pub fn remember(&self, name: &str, pid: u32) -> anyhow::Result<()> {
        if let Some(birth) = birth(pid) {
            fs::write(self.run(&format!("{name}.birth")), format!("{birth}\n"))?;
            fs::write(self.run(&format!("{name}.pid")), format!("{pid}\n"))?;
        }
        Ok(())
    }

    pub fn forget(&self, name: &str) -> anyhow::Result<()> {
        remove(&self.run(&format!("{name}.pid")))?;
        remove(&self.run(&format!("{name}.birth")))
    }

    /// Its pid, if that very process is alive.
    pub fn running(&self, name: &str) -> Option<u32> {
        let pid = read(&self.run(&format!("{name}.pid")))?.parse().ok()?;
        let known = read(&self.run(&format!("{name}.birth")))?;
        (birth(pid)? == known).then_some(pid)
    }

    /// Waits until it is gone; past the time that it has, with force.
    pub fn await_end(&self, name: &str, until: Instant) -> anyhow::Result<()> {
        let mut killed = false;
        while let Some(pid) = self.running(name) {
            let now = Instant::now();
            if now > until + Duration::from_secs(10) {
                bail!("{name} (pid {pid}) does not even yield to SIGKILL");
            }
            if now > until && !killed {
                warn(format_args!("{name} (pid {pid}) has not stopped in time: killed"));
                signal(pid, Signal::KILL);
                killed = true;
            }
            // Not to be interrupted: it is how an interruption ends.
            thread::sleep(Duration::from_millis(50));
        }
        self.forget(name)
    }

    /// Ends it; whether it was running.
    pub fn end(&self, name: &str, with: Signal, patience: Duration) -> anyhow::Result<bool> {
        let running = self.running(name);
        if let Some(pid) = running {
            signal(pid, with);
            self.await_end(name, Instant::now() + patience)?;
        }
        self.forget(name)?;
        Ok(running.is_some())
    }

    /// Ends it, and says so.
    pub fn stop(&self, name: &str, with: Signal, patience: Duration) -> anyhow::Result<()> {
        if self.end(name, with, patience)? {
            note(format_args!("{name} stopped"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_known_again_until_it_ends() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let (pid, born) = (child.id(), birth(child.id()));
        assert!(born.is_some());
        assert_eq!(birth(pid), born);
        child.kill().unwrap();
        // A zombie is dead.
        while birth(pid).is_some() {
            thread::yield_now();
        }
        child.wait().unwrap();
        assert_eq!(birth(pid), None);
    }

    #[test]
    fn a_session_of_its_own_keeps_the_command() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo $WORD $(pwd)"]).env("WORD", "hello").current_dir("/");
        assert_eq!(output(&mut in_own_session(&command)).unwrap(), "hello /");
    }
}
