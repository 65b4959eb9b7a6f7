//! What is passed on piece by piece: exports.

use std::io::{self, IsTerminal, Stdout, Write};

use crate::domain::legible;

/// Standard output for what the service, or the database, has laid out. Elsewhere than on a terminal each byte is
/// passed on as it is; on a terminal, what could deceive is shown as its code.
pub struct Stream<W = Stdout> {
    out: W,
    is_terminal: bool,
    /// The first bytes of a character whose others are yet to come.
    rest: Vec<u8>,
}

impl Stream {
    pub fn to_stdout() -> Self {
        let out = io::stdout();
        Self { is_terminal: out.is_terminal(), out, rest: Vec::new() }
    }
}

impl<W: Write> Write for Stream<W> {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        if !self.is_terminal {
            return self.out.write(piece);
        }
        let mut bytes = std::mem::take(&mut self.rest);
        bytes.extend_from_slice(piece);
        if let Err(error) = str::from_utf8(&bytes)
            && error.error_len().is_none()
        {
            self.rest = bytes.split_off(error.valid_up_to());
        }
        let text = String::from_utf8_lossy(&bytes);
        self.out.write_all(legible::json(&text).as_bytes())?;
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_terminal_gets_other_bytes() {
        let text = "é,\u{9b}2J,\"a\nb\"\r\n\u{202e}";
        for (is_terminal, expected) in [(false, text), (true, "é,\\u009b2J,\"a\nb\"\r\n\\u202e")] {
            for size in 1..5 {
                let mut stream = Stream { out: Vec::new(), is_terminal, rest: Vec::new() };
                for piece in text.as_bytes().chunks(size) {
                    stream.write_all(piece).unwrap();
                }
                assert_eq!(String::from_utf8(stream.out).unwrap(), expected, "{size}");
            }
        }
    }
}
