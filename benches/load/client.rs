//! An HTTP/1.1 client that is little more than a socket: a real one would be what is measured.
//!
//! Knows as much of the protocol as our own answers need: `Content-Length`, keep-alive, one request at a time.

use std::net::SocketAddr;

use anyhow::{Context, bail, ensure};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// One connection.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// What came back.
pub struct Reply {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Reply {
    /// The body, if the status is the expected one.
    pub fn expect(self, status: u16) -> anyhow::Result<Vec<u8>> {
        let Self { status: got, body } = self;
        ensure!(got == status, "status {got} instead of {status}: {}", String::from_utf8_lossy(&body));
        Ok(body)
    }
}

impl Connection {
    pub async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await.with_context(|| format!("connecting to {address}"))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::new() })
    }

    pub async fn call(&mut self, request: &[u8]) -> anyhow::Result<Reply> {
        self.send(request).await?;
        self.receive().await
    }

    pub async fn send(&mut self, request: &[u8]) -> anyhow::Result<()> {
        self.stream.write_all(request).await.context("sending")
    }

    /// Waits for an answer. Holds no memory before its first byte.
    pub async fn receive(&mut self) -> anyhow::Result<Reply> {
        self.stream.readable().await?;
        let (head, length) = loop {
            if let Some(head) = find(&self.buffer, b"\r\n\r\n") {
                break (head + 4, content_length(&self.buffer[..head])?);
            }
            self.read().await?;
        };
        while self.buffer.len() < head + length {
            self.read().await?;
        }
        let status = std::str::from_utf8(&self.buffer[..head])?
            .split(' ')
            .nth(1)
            .context("an answer without a status")?
            .parse()?;
        let body = self.buffer[head..head + length].to_vec();
        self.buffer.drain(..head + length);
        Ok(Reply { status, body })
    }

    async fn read(&mut self) -> anyhow::Result<()> {
        if self.stream.read_buf(&mut self.buffer).await.context("receiving")? == 0 {
            bail!("the connection was closed before an answer");
        }
        Ok(())
    }
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

fn content_length(head: &[u8]) -> anyhow::Result<usize> {
    let head = std::str::from_utf8(head)?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then_some(value.trim())
    });
    Ok(length.with_context(|| format!("an answer without a length: {head}"))?.parse()?)
}

/// Whoever sends requests: a key, and the requests that it makes.
#[derive(Clone)]
pub struct Caller {
    key: String,
}

impl Caller {
    pub fn new(key: String) -> Self {
        Self { key }
    }

    fn request(&self, method: &str, path: &str, body: &str) -> Vec<u8> {
        let mut text =
            format!("{method} {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {}\r\n", self.key);
        if !body.is_empty() {
            text.push_str("content-type: application/json\r\ncontent-length: ");
            text.push_str(&body.len().to_string());
            text.push_str("\r\n");
        }
        text.push_str("\r\n");
        text.push_str(body);
        text.into_bytes()
    }

    pub fn get(&self, path: &str) -> Vec<u8> {
        self.request("GET", path, "")
    }

    /// A request for an approval, with a kilobyte of context.
    pub fn ask(&self, run: &str) -> Vec<u8> {
        self.ask_with(run, "{}")
    }

    /// The same, with a policy.
    pub fn ask_with(&self, run: &str, policy: &str) -> Vec<u8> {
        let context = "x".repeat(1_000);
        let body = format!(
            r#"{{"run_id":"{run}","approval_type":"tool_call","title":"Drop table users?","timeout_seconds":86400,"context":{{"sql":"{context}"}},"policy":{policy}}}"#
        );
        self.request("POST", "/api/v1/approvals", &body)
    }

    pub fn wait(&self, id: &str) -> Vec<u8> {
        self.get(&format!("/api/v1/approvals/{id}/wait?timeout=55"))
    }

    /// The handshake of a task's socket.
    pub fn socket(&self, task: &str) -> Vec<u8> {
        self.handshake(&format!("/ws/{task}"), "signoff.v1")
    }

    /// The handshake of a feed.
    pub fn feed(&self) -> Vec<u8> {
        self.handshake("/api/v1/feed", "signoff.feed.v1")
    }

    fn handshake(&self, path: &str, protocol: &str) -> Vec<u8> {
        format!(
            "GET {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {}\r\nconnection: upgrade\r\n\
             upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\
             sec-websocket-protocol: {protocol}\r\n\r\n",
            self.key
        )
        .into_bytes()
    }

    /// So many events of a task, of some hundred bytes each.
    pub fn emit(&self, task: &str, count: usize) -> Vec<u8> {
        let event = format!(r#"{{"event_type":"output","data":{{"line":"{}"}}}}"#, "x".repeat(100));
        let body = format!(r#"{{"events":[{}]}}"#, vec![event; count].join(","));
        self.request("POST", &format!("/api/v1/tasks/{task}/events"), &body)
    }

    /// A new endpoint of webhooks.
    pub fn endpoint(&self, url: &str) -> Vec<u8> {
        self.request("POST", "/api/v1/webhooks", &format!(r#"{{"url":"{url}"}}"#))
    }

    pub fn approve(&self, id: &str) -> Vec<u8> {
        self.request("POST", &format!("/api/v1/approvals/{id}/approve"), "{}")
    }
}
