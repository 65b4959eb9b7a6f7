//! Whether the other end is still there while it waits for an answer.
//!
//! A client that has shut its writing side (`nc -N`, `socat`, some balancers) still wants the answer. One that has gone
//! looks the same at first: both have sent a FIN. Only what is sent to them tells them apart: who has gone answers with
//! a reset. What can be sent before the answer is known is what every answer begins with, a byte at a time; the
//! answer then leaves those bytes out. See docs/decisions/0027-clients-that-shut-their-writing-side.md.

use std::{io, sync::atomic::Ordering, time::Duration};

use tokio::{io::Interest, time::sleep};

use super::Control;

/// What every answer begins with, whichever version of HTTP/1 it is of.
const BEGINNING: &[u8] = b"HTTP/1.";
/// Most answers come sooner, and no client is asked.
const FIRST: Duration = Duration::from_millis(200);
/// With all bytes of the beginning it lasts for as long as a long poll is held.
const BETWEEN: Duration = Duration::from_secs(8);

impl Control {
    /// Completes when the other end has gone. To be dropped before the answer is written.
    pub async fn gone(&self) {
        match self.0.tcp.peek(&mut [0]).await {
            Err(_) => {}
            // The next request has come already: the client is there, until the connection breaks.
            Ok(1..) => self.broken().await,
            Ok(0) => Box::pin(self.asked_in_vain()).await,
        }
    }

    /// The other end has shut its writing side, or has gone.
    async fn asked_in_vain(&self) {
        let pauses = std::iter::once(FIRST).chain(std::iter::repeat_n(BETWEEN, BEGINNING.len() - 1));
        for pause in pauses {
            tokio::select! {
                () = self.broken() => return,
                () = sleep(pause) => {}
            }
            // What was written before must be out, or this would end up in the middle of it.
            let ahead = self.0.ahead.load(Ordering::Relaxed);
            let Some(byte) = BEGINNING.get(ahead) else { break };
            if self.0.unfinished.load(Ordering::Relaxed) {
                continue;
            }
            match self.0.tcp.try_write(&[*byte]) {
                Ok(sent) => _ = self.0.ahead.fetch_add(sent, Ordering::Relaxed),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return,
            }
        }
        self.broken().await;
    }

    /// Completes when the connection has been reset.
    async fn broken(&self) {
        let broken = match self.0.tcp.ready(Interest::ERROR).await {
            Ok(_) => !matches!(self.0.tcp.take_error(), Ok(None)),
            Err(_) => true,
        };
        if !broken {
            // The error was read before, by a write that ends the connection.
            std::future::pending::<()>().await;
        }
    }
}
