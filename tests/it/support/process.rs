//! Instances as processes of their own, to kill, freeze, drain and restart.

use std::{
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use harness::{
    instance::{Settings, serve},
    limits::RATES,
    ports,
};

use super::{Setup, TestDatabase, eventually};

pub struct Process {
    child: Child,
    pub url: String,
    /// For starting it again.
    command: Command,
}

impl Process {
    /// Starts the binary and waits until it is ready.
    pub async fn start(database: &TestDatabase, prefix: &str, setup: &Setup) -> Self {
        let address = format!("127.0.0.1:{}", ports::lasting(ports::OF_TESTS));
        let settings = Settings {
            listen: &address,
            operator: "",
            database_url: setup.database_url.as_deref().unwrap_or(&database.url),
            redis_url: &setup.redis_url,
        };
        let mut command = serve(Path::new(env!("CARGO_BIN_EXE_signoff")), &settings);
        if let Some((soft, hard)) = setup.open_files {
            command = limited(&command, soft, hard);
        }
        command.envs([
            ("SIGNOFF_REDIS_PREFIX", prefix),
            ("SIGNOFF_DRAIN_GRACE_SECONDS", "0.2"),
            ("SIGNOFF_LOG_LEVEL", "warn"),
        ]);
        command.envs(setup.environment.iter().map(|(name, value)| (name, value)));
        for (name, value) in RATES {
            command.arg("--set").arg(format!("{name}={value}"));
        }
        for (name, value) in &setup.flags {
            command.arg("--set").arg(format!("{name}={value}"));
        }
        command.stdout(Stdio::null());
        // Owned from the first moment: a test that fails while it waits leaves no process behind.
        let process = Self { child: command.spawn().unwrap(), url: format!("http://{address}"), command };
        process.ready().await;
        process
    }

    async fn ready(&self) {
        let ready = format!("{}/readyz", self.url);
        eventually("the process is ready", || async {
            let body = match crate::support::client::get(&ready).await {
                Ok(response) => response.text().await.unwrap_or_default(),
                Err(_) => String::new(),
            };
            body.contains("\"bus\":\"up\"")
        })
        .await;
    }

    /// As a deployment does: SIGTERM, its end in good order, and the same again on the same port, until it is ready.
    pub async fn restart(&mut self) {
        self.signal("TERM");
        let child = &mut self.child;
        eventually("the process has ended", || {
            let ended = child.try_wait().unwrap().is_some();
            async move { ended }
        })
        .await;
        assert_eq!(self.child.wait().unwrap().code(), Some(0), "{} ended in good order", self.url);
        self.child = self.command.spawn().unwrap();
        self.ready().await;
    }

    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn signal(&self, name: &str) {
        signal(self.child.id(), name);
    }

    /// Waits for the process's end, without holding up the runtime.
    pub async fn exit_code(mut self) -> Option<i32> {
        tokio::task::spawn_blocking(move || self.child.wait().unwrap().code()).await.unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The same command, by a shell that first limits the files that it may open.
fn limited(command: &Command, soft: u32, hard: u32) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(format!("ulimit -S -n {soft} && ulimit -H -n {hard} && exec \"$0\" \"$@\""));
    shell.arg(command.get_program()).args(command.get_args()).env_clear();
    shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell
}

pub fn signal(pid: u32, name: &str) {
    let status = Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).status().unwrap();
    assert!(status.success(), "kill -{name} {pid}");
}

/// Runs the binary's command line to its end.
pub async fn signoff(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_signoff"));
    command.args(arguments).env_clear().envs(environment.iter().copied());
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

/// The same, with a standard output that goes elsewhere.
pub async fn signoff_into(stdout: Stdio, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_signoff"));
    command.args(arguments).env_clear().envs(environment.iter().copied());
    command.stdin(Stdio::null()).stdout(stdout).stderr(Stdio::piped());
    tokio::task::spawn_blocking(move || command.spawn().unwrap().wait_with_output().unwrap()).await.unwrap()
}
