//! A WebSocket client that is little more than a socket: it shakes hands and reads text frames.

use std::net::SocketAddr;

use anyhow::{Context, bail, ensure};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{
    client::Caller,
    load::{LANES, in_lanes},
};

/// One socket. Idle, it holds little more than what the kernel does.
pub struct Socket {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Socket {
    /// Shakes hands and waits for the first frame.
    pub async fn open(address: SocketAddr, caller: &Caller, task: &str) -> anyhow::Result<Self> {
        Self::shake_hands(address, &caller.socket(task)).await
    }

    /// The same of a feed.
    pub async fn open_feed(address: SocketAddr, caller: &Caller) -> anyhow::Result<Self> {
        Self::shake_hands(address, &caller.feed()).await
    }

    /// Sends a text of less than 126 bytes, masked with zeros.
    pub async fn say(&mut self, text: &str) -> anyhow::Result<()> {
        let length = u8::try_from(text.len()).ok().filter(|length| *length < 126).context("a long text")?;
        let frame = [&[0x81, 0x80 | length, 0, 0, 0, 0], text.as_bytes()].concat();
        Ok(self.stream.write_all(&frame).await?)
    }

    async fn shake_hands(address: SocketAddr, handshake: &[u8]) -> anyhow::Result<Self> {
        let mut stream =
            TcpStream::connect(address).await.with_context(|| format!("connecting to {address}"))?;
        stream.set_nodelay(true)?;
        stream.write_all(handshake).await?;
        let mut socket = Self { stream, buffer: Vec::new() };
        let head = loop {
            if let Some(head) = socket.buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                break head + 4;
            }
            socket.read().await?;
        };
        ensure!(socket.buffer.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&socket.buffer));
        socket.buffer.drain(..head);
        let hello = socket.next().await?;
        ensure!(!hello.is_empty(), "an empty first frame");
        socket.buffer.shrink_to_fit();
        Ok(socket)
    }

    /// The next text frame; others (pings) are passed over, unanswered.
    pub async fn next(&mut self) -> anyhow::Result<Vec<u8>> {
        loop {
            let (opcode, payload) = self.frame().await?;
            match opcode {
                1 => return Ok(payload),
                8 => bail!("closed: {}", String::from_utf8_lossy(payload.get(2..).unwrap_or_default())),
                _ => {}
            }
        }
    }

    /// Reads and answers pings for as long as it is polled.
    pub async fn live(&mut self) -> anyhow::Result<()> {
        loop {
            if self.frame().await?.0 == 9 {
                // A pong, masked with zeros.
                self.stream.write_all(&[0x8A, 0x80, 0, 0, 0, 0]).await?;
            }
        }
    }

    async fn frame(&mut self) -> anyhow::Result<(u8, Vec<u8>)> {
        loop {
            if let Some((head, length)) = head(&self.buffer)
                && self.buffer.len() >= head + length
            {
                let opcode = self.buffer[0] & 0x0F;
                let payload = self.buffer[head..head + length].to_vec();
                self.buffer.drain(..head + length);
                return Ok((opcode, payload));
            }
            self.read().await?;
        }
    }

    async fn read(&mut self) -> anyhow::Result<()> {
        // No memory before its first byte.
        self.stream.readable().await?;
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            bail!("the connection was closed");
        }
        Ok(())
    }
}

/// Lengths of a frame's head and payload, once they are known.
fn head(buffer: &[u8]) -> Option<(usize, usize)> {
    Some(match buffer.get(1)? & 0x7F {
        126 => (4, usize::from(u16::from_be_bytes(buffer.get(2..4)?.try_into().ok()?))),
        127 => (10, usize::try_from(u64::from_be_bytes(buffer.get(2..10)?.try_into().ok()?)).ok()?),
        length => (2, usize::from(length)),
    })
}

/// Opens a socket for each task, [`LANES`] at a time.
pub async fn open_all(
    address: SocketAddr,
    caller: &Caller,
    tasks: Vec<String>,
) -> anyhow::Result<Vec<Socket>> {
    let sockets = in_lanes(tasks, LANES, async |_, share| {
        let mut sockets = Vec::with_capacity(share.len());
        for task in share {
            sockets.push(Socket::open(address, caller, &task).await?);
        }
        Ok(sockets)
    })
    .await?;
    Ok(sockets.into_iter().flatten().collect())
}
