//! Commands that go on for a while: their lines as they come, and their end.

use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio},
    time::Duration,
};

use tokio::{
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
    time::timeout,
};

use super::eventually;

/// Longest that anything may take here.
const LIMIT: Duration = Duration::from_secs(30);

/// A command of the binary, at work. Ends with the test.
pub struct Running {
    child: Child,
    pub stdout: Lines,
    pub stderr: Lines,
    unheard: Option<ChildStdout>,
}

pub struct Lines(UnboundedReceiver<String>);

impl Running {
    pub fn start(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut me = Self::unheard(arguments, environment);
        me.hear();
        me
    }

    /// With a standard output that nobody reads.
    pub fn unheard(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_signoff"));
        command.args(arguments).env_clear().envs(environment.iter().copied());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let unheard = child.stdout.take();
        let stderr = Lines::of(child.stderr.take().unwrap());
        Self { child, stdout: Lines::of(std::io::empty()), stderr, unheard }
    }

    /// Reads its standard output after all.
    pub fn hear(&mut self) {
        self.stdout = Lines::of(self.unheard.take().unwrap());
    }

    /// Nobody reads its standard output any more.
    pub fn stop_reading(&mut self) {
        self.unheard = None;
    }

    pub fn signal(&self, name: &str) {
        super::process::signal(self.child.id(), name);
    }

    /// Writes to its standard input; dropping what comes back ends it.
    pub fn write(&mut self, text: &str) -> ChildStdin {
        self.write_bytes(text.as_bytes())
    }

    pub fn write_bytes(&mut self, bytes: &[u8]) -> ChildStdin {
        let mut stdin = self.child.stdin.take().unwrap();
        stdin.write_all(bytes).unwrap();
        stdin
    }

    /// How it ended, while its standard input may still be open.
    pub async fn status(&mut self) -> ExitStatus {
        let mut ended = None;
        eventually("it ends", || {
            ended = self.child.try_wait().unwrap();
            std::future::ready(ended.is_some())
        })
        .await;
        ended.unwrap()
    }

    /// Waits for its end; answers with its code, and what it said that nobody has heard yet.
    pub async fn end(mut self) -> (i32, Vec<String>, Vec<String>) {
        drop(self.child.stdin.take());
        let (out, err) = (self.stdout.rest().await, self.stderr.rest().await);
        let code = tokio::task::spawn_blocking(move || self.child.wait().unwrap().code());
        (code.await.unwrap().expect("no signal ended it"), out, err)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Lines {
    fn of(pipe: impl Read + Send + 'static) -> Self {
        let (lines, read) = unbounded_channel();
        std::thread::spawn(move || {
            for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                if lines.send(line).is_err() {
                    return;
                }
            }
        });
        Self(read)
    }

    pub async fn next(&mut self) -> String {
        self.next_or_end().await.expect("it goes on")
    }

    pub async fn next_or_end(&mut self) -> Option<String> {
        timeout(LIMIT, self.0.recv()).await.expect("a line comes in time, or the end")
    }

    /// Waits for a line with these words in it.
    pub async fn until(&mut self, words: &str) -> String {
        loop {
            let line = self.next().await;
            if line.contains(words) {
                return line;
            }
        }
    }

    pub async fn rest(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        while let Some(line) = timeout(LIMIT, self.0.recv()).await.expect("it ends in time") {
            lines.push(line);
        }
        lines
    }
}
