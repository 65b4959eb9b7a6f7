//! What a JSON parser lets pass and we don't: duplicate keys (the parser keeps the last, the reader of a log the
//! first), NUL (Postgres refuses it), lone surrogates, towers of brackets, and numbers that a double can't hold
//! (the next program in line would round them).
//!
//! [`check`] walks text that `serde_json` has already accepted, so it need not doubt the grammar.

use std::collections::HashSet;

use crate::domain::json::pointer_step;

/// Deepest nesting.
pub const MAX_DEPTH: usize = 32;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("{0}")]
    Syntax(String),
    #[error("it begins with a byte order mark; send UTF-8 without one")]
    Mark,
    #[error("the key {key:?} occurs twice in the object at {pointer:?}")]
    DuplicateKey { pointer: String, key: String },
    #[error("a string holds the character U+0000")]
    Nul,
    #[error("it is nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
    #[error("a number can't be held by a double without loss; send it as a string")]
    Number { pointer: String },
}

/// Finds the first fault.
pub fn check(text: &[u8]) -> Result<(), Fault> {
    // What Windows puts before UTF-8, and what UTF-16 begins with.
    if [&b"\xEF\xBB\xBF"[..], b"\xFF\xFE", b"\xFE\xFF"].iter().any(|mark| text.starts_with(mark)) {
        return Err(Fault::Mark);
    }
    // One pass by the parser: grammar, UTF-8, surrogates. Its own depth limit is far beyond ours.
    serde_json::from_slice::<serde::de::IgnoredAny>(text)
        .map_err(|error| Fault::Syntax(error.to_string()))?;
    let mut walker = Walker { text, at: 0, path: Vec::new() };
    walker.value()
}

struct Walker<'a> {
    text: &'a [u8],
    at: usize,
    path: Vec<String>,
}

impl Walker<'_> {
    fn value(&mut self) -> Result<(), Fault> {
        self.blanks();
        match self.peek() {
            b'{' => self.nested(b'}', Self::member),
            b'[' => self.nested(b']', Self::element),
            b'"' => self.string().map(drop),
            b'-' | b'0'..=b'9' => self.number(),
            // true, false, null
            _ => {
                self.skip_while(|byte| byte.is_ascii_alphabetic());
                Ok(())
            }
        }
    }

    /// An object or an array: its parts, separated by commas.
    fn nested(
        &mut self,
        end: u8,
        mut part: impl FnMut(&mut Self, &mut HashSet<String>, usize) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        if self.path.len() >= MAX_DEPTH {
            return Err(Fault::TooDeep);
        }
        self.at += 1;
        let mut seen = HashSet::new();
        let mut index = 0;
        loop {
            self.blanks();
            match self.peek() {
                byte if byte == end => break,
                b',' => self.at += 1,
                _ => {
                    part(self, &mut seen, index)?;
                    self.path.pop();
                    index += 1;
                }
            }
        }
        self.at += 1;
        Ok(())
    }

    fn member(&mut self, seen: &mut HashSet<String>, _index: usize) -> Result<(), Fault> {
        let key = self.string()?;
        if !seen.insert(key.clone()) {
            return Err(Fault::DuplicateKey { pointer: self.pointer(), key });
        }
        self.path.push(key);
        self.blanks();
        self.at += 1; // the colon
        self.value()
    }

    fn element(&mut self, _seen: &mut HashSet<String>, index: usize) -> Result<(), Fault> {
        self.path.push(index.to_string());
        self.value()
    }

    fn string(&mut self) -> Result<String, Fault> {
        let from = self.at;
        self.at += 1;
        while self.peek() != b'"' {
            self.at += if self.peek() == b'\\' { 2 } else { 1 };
        }
        self.at += 1;
        let text: String = serde_json::from_slice(&self.text[from..self.at])
            .map_err(|error| Fault::Syntax(error.to_string()))?;
        if text.contains('\0') { Err(Fault::Nul) } else { Ok(text) }
    }

    fn number(&mut self) -> Result<(), Fault> {
        let from = self.at;
        self.skip_while(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
        let literal = std::str::from_utf8(&self.text[from..self.at]).unwrap_or_default();
        if holds(literal) { Ok(()) } else { Err(Fault::Number { pointer: self.pointer() }) }
    }

    fn pointer(&self) -> String {
        self.path.iter().fold(String::new(), |pointer, key| pointer + "/" + &pointer_step(key))
    }

    fn blanks(&mut self) {
        self.skip_while(|byte| byte.is_ascii_whitespace());
    }

    fn skip_while(&mut self, wanted: impl Fn(u8) -> bool) {
        while self.at < self.text.len() && wanted(self.text[self.at]) {
            self.at += 1;
        }
    }

    /// The byte here. Past the end there is none, which the grammar rules out; a quote ends every loop then.
    fn peek(&self) -> u8 {
        self.text.get(self.at).copied().unwrap_or(b'"')
    }
}

/// Whether a double holds the number: an integer exactly, a fraction as closely as fractions go, neither too
/// large nor too small to be told from infinity and zero.
fn holds(literal: &str) -> bool {
    let Ok(double) = literal.parse::<f64>() else { return false };
    if !double.is_finite() {
        return false;
    }
    if !literal.contains(['.', 'e', 'E']) {
        // A double prints as all the digits that it stands for.
        return format!("{double:.0}") == literal || (double == 0.0 && literal == "-0");
    }
    let mantissa = literal.split(['e', 'E']).next().unwrap_or_default();
    double != 0.0 || !mantissa.contains(|digit: char| ('1'..='9').contains(&digit))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    #[test]
    fn faults_are_found() {
        let deep = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        for (text, fault) in [
            (r#"{"a":1,"a":2}"#.to_owned(), "occurs twice"),
            (r#"{"x":{"a":1,"\u0061":2}}"#.to_owned(), r#"at "/x""#),
            (r#"["\u0000"]"#.to_owned(), "U+0000"),
            (r#"{"\u0000":1}"#.to_owned(), "U+0000"),
            (r#"["\ud800"]"#.to_owned(), "hex escape"),
            (deep(33), "deeper"),
            ("[9007199254740993]".to_owned(), "double"),
            ("[1e400]".to_owned(), "double"),
            ("[1e-400]".to_owned(), "double"),
            ("[123456789012345678901234567890]".to_owned(), "double"),
            ("[1,]".to_owned(), "expected value"),
            (String::new(), "EOF"),
        ] {
            let found = check(text.as_bytes()).unwrap_err().to_string();
            assert!(found.contains(fault), "{text}: {found} should say {fault}");
        }
        assert!(check(b"[\"\xff\"]").is_err());
        for marked in [&b"\xEF\xBB\xBF{}"[..], b"\xFF\xFE{\0}\0", b"\xFE\xFF\0{\0}"] {
            assert_eq!(check(marked), Err(Fault::Mark));
        }
    }

    #[test]
    fn what_is_fine_passes() {
        let deep = "[".repeat(32) + &"]".repeat(32);
        for text in [
            "{}",
            "[]",
            " [ 1 , -0 , 0.1, 1e5, -1.5E-3, 9007199254740992, 18014398509481984, 1e22, 0e-999 ] ",
            r#"{"a":{"b":"\ud83d\ude00"},"c":{"b":"\\\""}}"#,
            "null",
            "\"x\"",
            &deep,
        ] {
            assert_eq!(check(text.as_bytes()), Ok(()), "{text}");
        }
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            "[^\0]{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(6, 64, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::hash_map("[^\0]{0,6}", inner, 0..6)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn whatever_serde_writes_passes(value in json()) {
            prop_assert_eq!(check(value.to_string().as_bytes()), Ok(()));
            prop_assert_eq!(check(serde_json::to_string_pretty(&value).unwrap().as_bytes()), Ok(()));
        }

        #[test]
        fn noise_never_panics(noise in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = check(&noise);
        }

        #[test]
        fn near_json_never_panics(noise in r#"[\[\]{}",:\\u0123e.+ -]{0,40}"#) {
            let _ = check(noise.as_bytes());
        }
    }
}
