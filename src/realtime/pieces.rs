//! What a client sends that is no message of its own: pings, pongs, and small pieces of messages.
//!
//! The codec takes them without a word, as fast as they come, and some never get past it. So they are counted here, in
//! front of it: as many a second as messages, with the same bursts. Who sends more is read from more slowly; nothing is
//! lost, and what it costs is bounded.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

use super::allowance::Allowance;

/// A piece of a message with this many bytes or more is paid for by its size, when the message is whole.
const LARGE: u64 = 1024;
/// The longest head of a frame.
const HEAD: usize = 14;

/// A connection that is read from no faster than it may send such frames.
pub struct Paced<S> {
    inner: S,
    frames: Frames,
    allowance: Allowance,
    /// Nothing is read until it rings.
    pause: Option<Pin<Box<Sleep>>>,
    /// Whether anything has come since this was last asked.
    heard: bool,
}

impl<S> Paced<S> {
    /// At most `each_second` of them. `read` is what has been read already.
    pub fn new(inner: S, each_second: u32, read: &[u8]) -> Self {
        let (frames, allowance) = (Frames::default(), Allowance::new(each_second));
        let mut me = Self { inner, frames, allowance, pause: None, heard: false };
        me.count(read);
        me
    }

    /// Whether something has come since this was last asked, whole or not, or is not being read for now: then the
    /// answer to a ping may stand behind it.
    pub fn stirred(&mut self) -> bool {
        std::mem::take(&mut self.heard) || self.pause.is_some()
    }

    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    fn count(&mut self, bytes: &[u8]) {
        let count = self.frames.count(bytes);
        self.pause = self.allowance.owe(count).map(|debt| Box::pin(sleep_until(Instant::now() + debt)));
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(context));
            self.pause = None;
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(context, buffer))?;
        self.heard |= buffer.filled().len() > before;
        self.count(&buffer.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

/// Where in the stream of frames we are. What comes after something that is no frame doesn't matter: the codec ends
/// there.
#[derive(Default)]
struct Frames {
    head: [u8; HEAD],
    /// Bytes of the head that have come.
    have: usize,
    /// Bytes of the payload that are still to come.
    payload: u64,
}

impl Frames {
    /// How many of the frames that begin in these bytes count.
    fn count(&mut self, mut bytes: &[u8]) -> u32 {
        let mut count = 0;
        while !bytes.is_empty() {
            if self.payload > 0 {
                let passed = bytes.len().min(usize::try_from(self.payload).unwrap_or(usize::MAX));
                self.payload -= passed as u64;
                bytes = &bytes[passed..];
                continue;
            }
            self.head[self.have] = bytes[0];
            self.have += 1;
            bytes = &bytes[1..];
            if let Some(payload) = self.whole() {
                let is_message = matches!(self.head[0] & 0x0F, 1 | 2) && self.head[0] & 0x80 != 0;
                let is_large_piece = matches!(self.head[0] & 0x0F, 0..=2) && payload >= LARGE;
                count += u32::from(!is_message && !is_large_piece);
                (self.have, self.payload) = (0, payload);
            }
        }
        count
    }

    /// The payload's length, once the head is whole.
    fn whole(&self) -> Option<u64> {
        let [_, second, ..] = self.head;
        let extended = match second & 0x7F {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let mask = if second & 0x80 == 0 { 0 } else { 4 };
        if self.have < 2 || self.have < 2 + extended + mask {
            return None;
        }
        let length = &self.head[2..2 + extended];
        Some(match extended {
            0 => u64::from(second & 0x7F),
            _ => length.iter().fold(0, |length, byte| length << 8 | u64::from(*byte)),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::AsyncWriteExt;

    use super::*;

    /// A masked frame of zeros.
    fn frame(first: u8, length: usize) -> Vec<u8> {
        let mut frame = vec![first];
        match length {
            0..=125 => frame.push(0x80 | u8::try_from(length).unwrap()),
            126..=0xFFFF => {
                frame.push(0xFE);
                frame.extend(u16::try_from(length).unwrap().to_be_bytes());
            }
            _ => {
                frame.push(0xFF);
                frame.extend((length as u64).to_be_bytes());
            }
        }
        frame.extend(vec![0; 4 + length]);
        frame
    }

    #[test]
    fn what_is_no_message_of_its_own_counts() {
        for (frames, expected) in [
            (vec![(0x81, 0), (0x81, 100), (0x82, 70_000)], 0),
            (vec![(0x89, 0), (0x89, 125), (0x8A, 5)], 3),
            (vec![(0x01, 0), (0x00, 0), (0x00, 1), (0x80, 0)], 4),
            (vec![(0x01, 4_096), (0x00, 4_096), (0x80, 1_024)], 0),
            (vec![(0x01, 70_000), (0x00, 0), (0x89, 3), (0x80, 70_000)], 2),
        ] {
            let bytes: Vec<u8> = frames.iter().flat_map(|(first, length)| frame(*first, *length)).collect();
            for step in [1, 2, 3, 7, 1_000, bytes.len()] {
                let mut counter = Frames::default();
                let count: u32 = bytes.chunks(step).map(|chunk| counter.count(chunk)).sum();
                assert_eq!(count, expected, "{frames:?} by {step}");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_is_read_slowly_and_nothing_is_lost() {
        use tokio::io::AsyncReadExt;
        let flood: Vec<u8> = (0..200).flat_map(|_| frame(0x89, 0)).chain(frame(0x81, 3)).collect();
        let begun = Instant::now();
        let mut paced = Paced::new(&flood[..], 20, &[]);
        let mut read = Vec::new();
        let mut buffer = [0; 30];
        while let count @ 1.. = paced.read(&mut buffer).await.unwrap() {
            read.extend_from_slice(&buffer[..count]);
        }
        assert_eq!(read, flood);
        let took = begun.elapsed().as_secs_f64();
        assert!((4.0..6.0).contains(&took), "a burst of 100 at once, 100 more at 20 a second: {took}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_not_read_for_now_counts_as_a_sign_of_life() {
        use tokio::io::AsyncReadExt;
        let (mut client, server) = tokio::io::duplex(10_000);
        let mut paced = Paced::new(server, 1, &[]);
        assert!(!paced.stirred(), "nothing has come");
        client.write_all(&frame(0x01, 3)).await.unwrap();
        let mut buffer = [0; 200];
        assert_eq!(paced.read(&mut buffer).await.unwrap(), 9);
        assert_eq!((paced.stirred(), paced.stirred()), (true, false), "a piece has come");
        client.write_all(&frame(0x00, 0).repeat(10)).await.unwrap();
        assert_eq!(paced.read(&mut buffer).await.unwrap(), 60);
        assert_eq!((paced.stirred(), paced.stirred()), (true, true), "more may have come, and is not read");
        let reading = tokio::time::timeout(Duration::from_mins(1), paced.read(&mut buffer));
        assert!(reading.await.is_err(), "nothing more has come");
        assert!(!paced.stirred());
    }
}
