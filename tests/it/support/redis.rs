//! A Redis server of the test's own, to stop, freeze and kill.

use std::{
    path::Path,
    process::{Child, Stdio},
    time::Duration,
};

use harness::{ports, redis::server};
use tokio::net::TcpStream;

use super::{process::signal, variable, within};

pub struct RedisServer {
    child: Option<Child>,
    port: u16,
    options: Vec<String>,
}

impl RedisServer {
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    pub async fn start_with(options: &[&str]) -> Self {
        let options = options.iter().map(|it| (*it).to_owned()).collect();
        let mut server = Self { child: None, port: ports::free().unwrap(), options };
        server.restart().await;
        server
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Starts it (again), empty, on the same port.
    pub async fn restart(&mut self) {
        self.kill();
        let child = server(Path::new(&variable("SIGNOFF_REDIS_SERVER")), self.port)
            .args(&self.options)
            // What it writes where it is started would be another server's, too.
            .current_dir(std::env::temp_dir())
            .stdout(Stdio::null())
            .spawn()
            .expect("SIGNOFF_REDIS_SERVER can be run");
        self.child = Some(child);
        let port = self.port;
        within(Duration::from_secs(10), "redis listens", || async move {
            TcpStream::connect(("127.0.0.1", port)).await.is_ok()
        })
        .await;
    }

    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Freezes it: connections stay open, nothing answers.
    pub fn freeze(&self) {
        signal(self.child.as_ref().unwrap().id(), "STOP");
    }

    pub fn thaw(&self) {
        signal(self.child.as_ref().unwrap().id(), "CONT");
    }

    /// One command, by a connection of its own.
    pub async fn command(&self, words: &[&str]) {
        command(&self.url(), words).await;
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// One command on any server.
pub async fn command(url: &str, words: &[&str]) -> redis::Value {
    let client = redis::Client::open(url).unwrap();
    let mut conn = client.get_multiplexed_async_connection().await.unwrap();
    let mut command = redis::cmd(words[0]);
    for word in &words[1..] {
        command.arg(word);
    }
    command.query_async(&mut conn).await.unwrap()
}

/// Puts a list where a key of another kind is expected. The key is never absent between, so an instance that writes
/// it meanwhile finds either its own value or the list.
pub async fn put_list(url: &str, key: &str, item: &str) {
    let scratch = format!("{key}:scratch");
    command(url, &["LPUSH", &scratch, item]).await;
    command(url, &["RENAME", &scratch, key]).await;
}
