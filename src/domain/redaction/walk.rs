//! A walk through JSON that copies what may be shown and leaves out the rest. It never fails: text that is no JSON is
//! copied as far as it goes, with its strings looked at.

use std::{borrow::Cow, ops::Range};

use serde::de::IgnoredAny;

use super::{REDACTED, Redactor};

/// Deeper than this, nothing is shown.
const DEEPEST: usize = 128;

pub(super) struct Walk<'r, 'a> {
    redactor: &'r Redactor,
    text: &'a str,
    at: usize,
    clean: String,
    /// How much of the text is in `clean`, or was left out.
    copied: usize,
}

impl<'r, 'a> Walk<'r, 'a> {
    pub fn through(redactor: &'r Redactor, text: &'a str) -> Cow<'a, str> {
        let mut walk = Self { redactor, text, at: 0, clean: String::new(), copied: 0 };
        while walk.at < text.len() {
            let before = walk.at;
            walk.value(0);
            // A bracket too many: it is passed over.
            walk.at = walk.at.max(before + 1);
        }
        if walk.copied == 0 {
            return Cow::Borrowed(text);
        }
        walk.clean.push_str(text.get(walk.copied..).unwrap_or_default());
        Cow::Owned(walk.clean)
    }

    fn value(&mut self, depth: usize) {
        self.blanks();
        match self.peek() {
            Some(b'{' | b'[') if depth >= DEEPEST => self.leave_out(),
            Some(b'{') => self.parts(b'}', depth),
            Some(b'[') => self.parts(b']', depth),
            Some(b'"') => {
                let string = self.string();
                self.look_at(string);
            }
            _ => self.scalar(),
        }
    }

    /// What stands between brackets: members of an object, or elements.
    fn parts(&mut self, end: u8, depth: usize) {
        self.at += 1;
        loop {
            self.blanks();
            match self.peek() {
                None => return,
                Some(byte) if byte == end => break,
                Some(b',' | b':' | b']' | b'}') => self.at += 1,
                Some(b'"') if end == b'}' => self.member(depth),
                Some(_) => self.value(depth + 1),
            }
        }
        self.at += 1;
    }

    fn member(&mut self, depth: usize) {
        let key = self.string();
        let is_hidden = self.redactor.hides(&self.decoded(key));
        self.blanks();
        if self.peek() != Some(b':') {
            return;
        }
        self.at += 1;
        if is_hidden {
            self.blanks();
            self.leave_out();
        } else {
            self.value(depth + 1);
        }
    }

    /// Passes over a string, from one quotation mark to the other.
    fn string(&mut self) -> Range<usize> {
        let from = self.at;
        self.at += 1;
        loop {
            match self.peek() {
                None => break,
                Some(b'"') => {
                    self.at += 1;
                    break;
                }
                Some(b'\\') => self.at += 2,
                Some(_) => self.at += 1,
            }
        }
        self.at = self.at.min(self.text.len());
        from..self.at
    }

    fn decoded(&self, string: Range<usize>) -> String {
        let written = self.text.get(string).unwrap_or_default();
        serde_json::from_str(written).unwrap_or_else(|_| written.to_owned())
    }

    fn look_at(&mut self, string: Range<usize>) {
        let text = self.decoded(string.clone());
        let is_json =
            text.trim_start().starts_with(['{', '[']) && serde_json::from_str::<IgnoredAny>(&text).is_ok();
        let clean = match self.redactor.text(&text) {
            // First by the names of fields: a pattern may leave no JSON behind.
            _ if is_json => {
                let inside = self.redactor.json(&text).into_owned();
                self.redactor.text(&inside).into_owned()
            }
            clean => clean.into_owned(),
        };
        if clean != text {
            self.replace(string, &serde_json::Value::String(clean).to_string());
        }
    }

    /// Puts the mark in the place of whatever value stands here.
    fn leave_out(&mut self) {
        let from = self.at;
        let mut open = 0_usize;
        loop {
            match self.peek() {
                None => break,
                Some(b'"') => drop(self.string()),
                Some(b'{' | b'[') => {
                    open += 1;
                    self.at += 1;
                }
                Some(b'}' | b']') => {
                    open = open.saturating_sub(1);
                    self.at += 1;
                }
                Some(_) if open > 0 => self.at += 1,
                Some(_) => self.scalar(),
            }
            if open == 0 {
                break;
            }
        }
        self.replace(from..self.at, &format!("\"{REDACTED}\""));
    }

    fn replace(&mut self, what: Range<usize>, by: &str) {
        self.clean.push_str(self.text.get(self.copied..what.start).unwrap_or_default());
        self.clean.push_str(by);
        self.copied = what.end;
    }

    /// A number, true, false or null.
    fn scalar(&mut self) {
        while self.peek().is_some_and(|byte| !byte.is_ascii_whitespace() && !b",:]}\"[{".contains(&byte)) {
            self.at += 1;
        }
    }

    fn blanks(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}
