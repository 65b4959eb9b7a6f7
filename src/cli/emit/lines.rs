//! Standard input as events: a line each, gathered into batches.
//!
//! A thread reads, because nothing else can be held up by a terminal and still be left alone at the end. It stays
//! at most one batch ahead, so a service that is slow makes the writer wait, not this process grow.

use std::{
    io::{self, BufRead, Read},
    time::Duration,
};

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use tokio::{
    sync::mpsc::{self, Receiver},
    time::{Instant, timeout_at},
};

/// Events in one batch.
const MAX_EVENTS: usize = 100;
/// Bytes in one batch but for its last event. A request may have 4 MiB, but many proxies let no more than 1 MiB
/// through.
const MAX_BYTES: usize = 512 * 1024;
/// How long the first line of a batch waits for others.
const GATHER: Duration = Duration::from_millis(50);
/// Longest line that stays one event: written as JSON, it must fit into the 256 KiB that an event may have.
const MAX_LINE: u64 = 32 * 1024;

/// What is sent together.
#[derive(Serialize)]
pub struct Batch {
    events: Vec<Box<RawValue>>,
}

impl Batch {
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Its second half, and its first; nothing if it is a single event.
    pub fn halves(mut self) -> Option<[Self; 2]> {
        let rest = self.events.split_off(self.len() / 2);
        (!self.events.is_empty()).then_some([Self { events: rest }, self])
    }
}

#[derive(Serialize)]
struct LineEvent<'a> {
    event_type: &'a str,
    data: Line,
}

#[derive(Serialize)]
struct Line {
    line: String,
}

/// The lines to come.
pub struct Lines<'a> {
    event_type: &'a str,
    found: Receiver<io::Result<String>>,
    /// Why no line follows those of the last batch.
    failed: Option<io::Error>,
}

impl<'a> Lines<'a> {
    pub fn of_stdin(event_type: &'a str) -> Self {
        let (find, found) = mpsc::channel(MAX_EVENTS);
        std::thread::spawn(move || {
            let mut input = Pieces::new(io::stdin().lock());
            while let Some(line) = input.next().transpose() {
                let failed = line.is_err();
                if find.blocking_send(line).is_err() || failed {
                    return;
                }
            }
        });
        Self { event_type, found, failed: None }
    }

    /// What has come within a moment; nothing at the end of the input. What was read before the input failed comes
    /// before the error.
    pub async fn next(&mut self) -> io::Result<Option<Batch>> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let Some(first) = self.found.recv().await.transpose()? else { return Ok(None) };
        let until = Instant::now() + GATHER;
        let mut batch = Batch { events: vec![self.event(first)?] };
        let mut bytes = batch.events[0].get().len();
        while batch.len() < MAX_EVENTS && bytes < MAX_BYTES {
            // Late, or the end: both are seen next time.
            let Ok(Some(line)) = timeout_at(until, self.found.recv()).await else { break };
            match line.and_then(|line| self.event(line)) {
                Ok(event) => {
                    bytes += event.get().len();
                    batch.events.push(event);
                }
                Err(error) => {
                    self.failed = Some(error);
                    break;
                }
            }
        }
        Ok(Some(batch))
    }

    /// Reads on to the end of the input, without keeping anything: a program that writes to a closed pipe is ended.
    pub async fn discard(&mut self) {
        while let Some(Ok(_)) = self.found.recv().await {}
    }

    fn event(&self, line: String) -> io::Result<Box<RawValue>> {
        Ok(to_raw_value(&LineEvent { event_type: self.event_type, data: Line { line } })?)
    }
}

/// Lines without their ends; long ones in pieces. What no event can carry, invalid UTF-8 and NUL, is replaced.
struct Pieces<R> {
    input: R,
    /// The first bytes of what the last piece was cut in: a character, or a line's end.
    rest: Vec<u8>,
    /// Whether the last piece was cut from a line.
    cut: bool,
}

impl<R: BufRead> Pieces<R> {
    fn new(input: R) -> Self {
        Self { input, rest: Vec::new(), cut: false }
    }

    fn next(&mut self) -> io::Result<Option<String>> {
        let mut piece = std::mem::take(&mut self.rest);
        let count = self.input.by_ref().take(MAX_LINE).read_until(b'\n', &mut piece)?;
        if piece.is_empty() {
            return Ok(None);
        }
        let continued = std::mem::take(&mut self.cut);
        if piece.pop_if(|last| *last == b'\n').is_some() {
            piece.pop_if(|last| *last == b'\r');
            // The end of a line that the last piece had all of.
            if piece.is_empty() && continued {
                return self.next();
            }
        } else if count as u64 == MAX_LINE {
            self.cut = true;
            if let Err(error) = str::from_utf8(&piece)
                && error.error_len().is_none()
            {
                self.rest = piece.split_off(error.valid_up_to());
            } else {
                // Perhaps half of a line's end.
                self.rest.extend(piece.pop_if(|last| *last == b'\r'));
            }
        }
        Ok(Some(String::from_utf8_lossy(&piece).replace('\0', "\u{FFFD}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(input: &[u8]) -> Vec<String> {
        let mut pieces = Pieces::new(input);
        std::iter::from_fn(|| pieces.next().unwrap()).collect()
    }

    #[tokio::test]
    async fn an_input_that_fails_loses_no_line_of_before() {
        let (find, found) = mpsc::channel(MAX_EVENTS);
        for line in ["a", "b"] {
            find.send(Ok(line.to_owned())).await.unwrap();
        }
        find.send(Err(io::Error::other("the terminal is gone"))).await.unwrap();
        drop(find);
        let mut lines = Lines { event_type: "output", found, failed: None };
        assert_eq!(lines.next().await.unwrap().unwrap().len(), 2);
        assert!(lines.next().await.is_err());
        assert!(lines.next().await.unwrap().is_none());
    }

    #[test]
    fn each_line_is_one_piece() {
        assert_eq!(pieces(b"a\n\r\n\nb\r\nlast"), ["a", "", "", "b", "last"]);
        assert_eq!(pieces(b""), [""; 0]);
        assert_eq!(pieces(b"caf\xc3"), ["caf\u{FFFD}"]);
        assert_eq!(pieces(b"\xff\xc3\n"), ["\u{FFFD}\u{FFFD}"]);
        assert_eq!(pieces(b"a\0b\n\x1b[1m\x7f\n"), ["a\u{FFFD}b", "\u{1b}[1m\u{7f}"]);
    }

    #[test]
    fn long_lines_are_cut_between_characters() {
        let line = "é".repeat(40_000) + "\n";
        let odd = format!("x{line}y");
        let found = pieces(odd.as_bytes());
        assert_eq!(found.len(), 4, "three of a line, one of the next");
        assert_eq!(found.concat(), odd.replace('\n', ""));
        assert!(found.iter().all(|piece| piece.len() <= 32 * 1024 + 4));
        for (length, count) in [(32_767, 1), (32_768, 1), (32_769, 2)] {
            let line = "x".repeat(length);
            let found = pieces(format!("{line}\r\n\nz").as_bytes());
            assert_eq!((found.len(), found[..count].concat()), (count + 2, line), "{length}");
        }
    }
}
