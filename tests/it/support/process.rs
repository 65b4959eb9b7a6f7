//! Instances as processes of their own, to kill, freeze and drain.

use std::process::{Child, Command, Output, Stdio};

use super::{Setup, TestDatabase, eventually};

pub struct Process {
    child: Child,
    pub url: String,
}

impl Process {
    /// Starts the binary and waits until it is ready.
    pub async fn start(database: &TestDatabase, prefix: &str, setup: &Setup) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let mut command = Command::new(env!("CARGO_BIN_EXE_signoff"));
        command.arg("serve").env_clear();
        for (name, value) in [
            ("SIGNOFF_HTTP_LISTEN", address.to_string().as_str()),
            ("SIGNOFF_OPERATOR_LISTEN", ""),
            ("SIGNOFF_DATABASE_URL", setup.database_url.as_deref().unwrap_or(&database.url)),
            ("SIGNOFF_REDIS_URL", &setup.redis_url),
            ("SIGNOFF_REDIS_PREFIX", prefix),
            ("SIGNOFF_DRAIN_GRACE_SECONDS", "0.2"),
            ("SIGNOFF_LOG_LEVEL", "warn"),
        ] {
            command.env(name, value);
        }
        command.envs(setup.environment.iter().map(|(name, value)| (name, value)));
        for (name, value) in &setup.flags {
            command.arg("--set").arg(format!("{name}={value}"));
        }
        let child = command.stdout(Stdio::null()).spawn().unwrap();
        // Owned from the first moment: a test that fails while it waits leaves no process behind.
        let process = Self { child, url: format!("http://{address}") };
        let ready = format!("{}/readyz", process.url);
        eventually("the process is ready", || async {
            let body = match crate::support::client::get(&ready).await {
                Ok(response) => response.text().await.unwrap_or_default(),
                Err(_) => String::new(),
            };
            body.contains("\"bus\":\"up\"")
        })
        .await;
        process
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
