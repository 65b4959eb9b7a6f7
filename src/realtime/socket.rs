//! One socket's connection: whole frames in, whole frames out, each within its time.
//!
//! Text frames are written past the codec. It would keep a buffer as large as the largest frame that it ever
//! sent, for as long as the socket lives, and after a time-out nobody could say how much of a frame had gone.

use std::{pin::Pin, time::Duration};

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::{Instant, timeout, timeout_at},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        self, Message, Utf8Bytes,
        error::CapacityError,
        protocol::{CloseFrame, Role, WebSocketConfig, frame::coding::CloseCode},
    },
};

use super::{close::Reason, pieces::Paced};
use crate::line::Line;

/// What frames travel on.
type Stream = Paced<Line>;

/// What a socket's client may do.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How long it may take to receive what is sent.
    pub send_timeout: Duration,
    /// Its largest message, in bytes.
    pub max_message: usize,
    /// Frames a second that are no message of their own.
    pub pieces_per_second: u32,
}

/// What may wait in the codec to be sent: one event with all that surrounds it is less.
const WRITE_BUFFER: usize = 512 * 1024;
/// What a socket reads at once; larger messages grow it for their time.
const READ_BUFFER: usize = 1024;
/// What the kernel takes of ours before the client has received it. More would only hide who is slow.
const SEND_BUFFER: usize = 64 * 1024;
/// How much goes out in one piece, and has the send time-out for itself.
pub const PIECE: usize = 16 * 1024;
/// Longest we stay for the client's side of the close handshake.
const GOODBYE: Duration = Duration::from_secs(2);
/// Longest reason in a close frame.
const MAX_REASON: usize = 123;

/// Something that is being sent.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<(), Lost>> + Send + 'a>>;

/// A connection that speaks WebSocket.
pub struct Socket {
    /// Boxed: the futures that hand a socket on hold room for it several times.
    ws: Box<WebSocketStream<Stream>>,
    send_timeout: Duration,
    /// What could not be sent in time, and how far it went.
    stuck: Option<(Vec<u8>, usize)>,
}

/// What a client sent.
#[derive(Debug)]
pub enum Received {
    Text(Utf8Bytes),
    /// A text was expected.
    Binary,
    /// A pong, or a ping, which has been answered.
    Life,
}

/// The connection is not to be used any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// It broke, or the client closed it.
    Gone,
    /// The client didn't receive in time.
    TooSlow,
    TooBig,
    Protocol,
    /// What should have been text isn't UTF-8.
    NoText,
}

impl From<Lost> for Reason {
    fn from(lost: Lost) -> Self {
        match lost {
            Lost::Gone => Self::Gone,
            Lost::TooSlow => Self::TooSlow,
            Lost::TooBig => Self::TooBig,
            Lost::Protocol => Self::Protocol,
            Lost::NoText => Self::NoText,
        }
    }
}

impl From<tungstenite::Error> for Lost {
    fn from(error: tungstenite::Error) -> Self {
        match error {
            tungstenite::Error::Capacity(CapacityError::MessageTooLong { .. }) => Self::TooBig,
            tungstenite::Error::Protocol(tungstenite::error::ProtocolError::ResetWithoutClosingHandshake) => {
                Self::Gone
            }
            tungstenite::Error::Protocol(_) => Self::Protocol,
            tungstenite::Error::Utf8(_) => Self::NoText,
            _ => Self::Gone,
        }
    }
}

/// A whole, final, unmasked text frame.
fn frame(text: &[u8], into: &mut Vec<u8>) {
    into.push(0x81);
    match text.len() {
        length @ 0..=125 => into.push(u8::try_from(length).unwrap_or(125)),
        length @ 126..=0xFFFF => {
            into.push(126);
            into.extend(u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes());
        }
        length => {
            into.push(127);
            into.extend((length as u64).to_be_bytes());
        }
    }
    into.extend_from_slice(text);
}

impl Socket {
    /// Takes a connection over after its handshake, with what was read of it beyond that.
    pub async fn new(line: Line, read: Bytes, limits: Limits) -> Self {
        let Limits { send_timeout, max_message, pieces_per_second } = limits;
        if let Err(error) = line.socket().set_send_buffer_size(SEND_BUFFER) {
            tracing::debug!(%error, "the send buffer keeps its size");
        }
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(0)
            .max_write_buffer_size(WRITE_BUFFER)
            .max_message_size(Some(max_message))
            .max_frame_size(Some(max_message));
        // Copied: what was read beyond the handshake is little or nothing, in a buffer of eight kilobytes.
        let read = Vec::from(&read[..]);
        let stream = Paced::new(line, pieces_per_second, &read);
        let ws = WebSocketStream::from_partially_read(stream, read, Role::Server, Some(config)).await;
        Self { ws: Box::new(ws), send_timeout, stuck: None }
    }

    /// The next thing that the client sends. Nothing is lost if this is cancelled.
    pub async fn receive(&mut self) -> Result<Received, Lost> {
        match self.ws.next().await {
            None => Err(Lost::Gone),
            Some(Ok(Message::Close(_))) => {
                // The codec has made its answer, but would send it only while it is read on.
                let _ = timeout(self.send_timeout, self.ws.flush()).await;
                Err(Lost::Gone)
            }
            Some(Ok(Message::Text(text))) => Ok(Received::Text(text)),
            Some(Ok(Message::Binary(_) | Message::Frame(_))) => Ok(Received::Binary),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(Received::Life),
            Some(Err(error)) => Err(error.into()),
        }
    }

    /// Whether the client has shown life since this was last asked, be it with a part of a message, or may have and is
    /// not listened to for now.
    pub fn stirred(&mut self) -> bool {
        self.ws.get_mut().stirred()
    }

    /// Sends texts, in order. Each piece of them has the send time-out, and all of them have it twice.
    ///
    /// Boxed, like all that a socket does but wait: while it waits it keeps no room for the rest.
    pub fn send<'a>(&mut self, texts: impl IntoIterator<Item = &'a [u8]>) -> Sending<'_> {
        let mut frames = Vec::new();
        for text in texts {
            frame(text, &mut frames);
        }
        Box::pin(self.send_frames(frames))
    }

    async fn send_frames(&mut self, frames: Vec<u8>) -> Result<(), Lost> {
        // What the codec has queued (a pong) must not end up inside a frame of ours.
        timeout(self.send_timeout, self.ws.flush()).await.map_err(|_| Lost::TooSlow)??;
        let mut sent = 0;
        let until = Instant::now() + self.send_timeout * 2;
        while sent < frames.len() {
            let end = frames.len().min(sent + PIECE);
            let in_time = until.min(Instant::now() + self.send_timeout);
            match timeout_at(in_time, write(self.ws.get_mut(), &frames[..end], &mut sent)).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return Err(Lost::Gone),
                Err(_) => {
                    self.stuck = Some((frames, sent));
                    return Err(Lost::TooSlow);
                }
            }
        }
        Ok(())
    }

    /// Asks the client for a sign of life.
    pub fn ping(&mut self) -> Sending<'_> {
        Box::pin(async {
            let pinging = self.ws.send(Message::Ping(Bytes::new()));
            Ok(timeout(self.send_timeout, pinging).await.map_err(|_| Lost::TooSlow)??)
        })
    }

    /// Says why, if it can be said within the send time-out. Otherwise the connection is reset, so that neither
    /// side holds on to it.
    pub async fn close(&mut self, reason: &Reason) -> bool {
        let saying = async {
            if let Some((frames, mut sent)) = self.stuck.take() {
                write(self.ws.get_mut(), &frames, &mut sent).await?;
            }
            let frame =
                CloseFrame { code: CloseCode::from(reason.code()), reason: cut(reason.text()).into() };
            (*self.ws).close(Some(frame)).await.map_err(std::io::Error::other)
        };
        let said = matches!(timeout(self.send_timeout, saying).await, Ok(Ok(())));
        if !said && let Err(error) = self.ws.get_ref().get_ref().socket().set_linger(Some(Duration::ZERO)) {
            tracing::debug!(%error, "a connection is closed instead of reset");
        }
        said
    }

    /// Stays until the client has closed its side, or long enough: closing with something unread resets
    /// the connection, and what was said last might be lost.
    pub async fn linger(mut self) {
        let listening = async {
            while let Some(Ok(_)) = self.ws.next().await {}
            // The client waits for us to end the connection first (RFC 6455, 7.1.1). One that is gone needs nothing.
            let _ = self.ws.get_mut().shutdown().await;
            let mut rest = [0; 512];
            while matches!(self.ws.get_mut().read(&mut rest).await, Ok(1..)) {}
        };
        // Long enough is long enough.
        let _ = timeout(GOODBYE, listening).await;
    }
}

/// Writes up to the end of `frames`, counting what has gone.
async fn write(stream: &mut Stream, frames: &[u8], sent: &mut usize) -> std::io::Result<()> {
    while *sent < frames.len() {
        match stream.write(&frames[*sent..]).await? {
            0 => return Err(std::io::ErrorKind::WriteZero.into()),
            count => *sent += count,
        }
    }
    Ok(())
}

fn cut(reason: &str) -> &str {
    let mut end = reason.len().min(MAX_REASON);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    &reason[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_have_the_shortest_head_that_fits() {
        for (length, head) in [
            (0, vec![0x81, 0]),
            (125, vec![0x81, 125]),
            (126, vec![0x81, 126, 0, 126]),
            (65_535, vec![0x81, 126, 255, 255]),
            (65_536, vec![0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let mut bytes = Vec::new();
            frame(&vec![b'x'; length], &mut bytes);
            assert_eq!(&bytes[..head.len()], head, "{length}");
            assert_eq!(bytes.len(), head.len() + length);
        }
    }

    #[test]
    fn reasons_are_cut_between_characters() {
        assert_eq!(cut("short"), "short");
        assert_eq!(cut(&"é".repeat(100)).len(), 122);
    }
}
