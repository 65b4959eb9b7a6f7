//! What is shown to no one outside, and taking it out: values by the names of their fields, parts of texts by patterns.
//! Pure: it knows no channels, and of workspaces only which setting is whose.
//!
//! JSON is not read and written anew: all but what is taken out stays byte for byte as its caller wrote it.

mod glob;
mod kept;
mod pattern;
mod walk;

use std::{borrow::Cow, ops::Range};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use self::{glob::Glob, walk::Walk};
pub use self::{
    kept::Redactors,
    pattern::{InvalidPattern, Pattern},
};

/// What stands in the place of what was taken out.
pub const REDACTED: &str = "[redacted]";

/// Names of fields whose values are taken out, where a workspace says nothing of its own.
pub const DEFAULT_KEYS: [&str; 11] = [
    "*password*",
    "*passwd*",
    "*passphrase*",
    "*secret*",
    "*token*",
    "*api_key*",
    "*access_key*",
    "*private_key*",
    "*credential*",
    "authorization",
    "*cookie*",
];

/// What is taken out of texts in that case: what HTTP and URLs carry, and what keys of well-known services look like.
pub const DEFAULT_PATTERNS: [&str; 10] = [
    r"(?i)(?-u:\b)(bearer|basic)[ \t]+[A-Za-z0-9._~+/=-]{8,}",
    r"//[^/ :@]{1,64}:[^/ @]{1,64}@",
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(-----END [A-Z ]*PRIVATE KEY-----)?",
    r"(?-u:\b)eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*",
    r"(?-u:\b)(xox[a-z]|xapp)-[A-Za-z0-9-]{8,}",
    r"(?-u:\b)(AKIA|ASIA)[0-9A-Z]{16}",
    r"(?-u:\b)(gh[a-z]|github_pat)_[A-Za-z0-9_]{20,}",
    r"(?-u:\b)sk-[A-Za-z0-9_-]{20,}",
    r"(?-u:\b)(sd|wt)_[A-Za-z0-9_-]{43}",
    r"(?-u:\b)(so_[a-z2-7]{12}_|whsec_)[A-Za-z0-9+/=]{16,}",
];

/// Most names, and the longest of them in characters.
pub const MOST_KEYS: usize = 100;
pub const LONGEST_KEY: usize = 100;
/// Most patterns, and the longest of them in characters.
pub const MOST_PATTERNS: usize = 20;
pub const LONGEST_PATTERN: usize = 200;

/// What a workspace has set. What it leaves out is as the service has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Redaction {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patterns: Option<Vec<String>>,
    /// Taken out before anything is stored, not only before it is shown.
    #[serde(default)]
    pub store: bool,
}

impl Redaction {
    /// The names of fields that are in force.
    pub fn keys(&self) -> Vec<String> {
        self.keys.clone().unwrap_or_else(|| DEFAULT_KEYS.map(str::to_owned).to_vec())
    }

    /// The patterns that are in force.
    pub fn patterns(&self) -> Vec<String> {
        self.patterns.clone().unwrap_or_else(|| DEFAULT_PATTERNS.map(str::to_owned).to_vec())
    }
}

/// Takes out what a workspace shows to no one.
#[derive(Debug)]
pub struct Redactor {
    keys: Vec<Glob>,
    patterns: Vec<Pattern>,
    /// It can't tell what may be shown: nothing is.
    all: bool,
}

/// What a redactor takes without its names and patterns, in bytes: more than it is.
const BARE: usize = 4 * 1024;

impl Redactor {
    pub fn new(redaction: &Redaction) -> Self {
        let keys = redaction.keys().iter().map(|it| Glob::new(it)).collect();
        let patterns = redaction.patterns().iter().map(|it| Pattern::new(it)).collect::<Result<Vec<_>, _>>();
        // They were checked when they were set, perhaps by another version.
        let all = patterns.is_err();
        Self { keys, patterns: patterns.unwrap_or_default(), all }
    }

    /// A text as a workspace wants it stored. `None`: it wants all of it.
    pub fn kept(redactor: Option<&Self>, text: String) -> String {
        match redactor {
            Some(redactor) => redactor.text(&text).into_owned(),
            None => text,
        }
    }

    /// A text without what must not be shown.
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.all && !text.is_empty() {
            return Cow::Borrowed(REDACTED);
        }
        let found = self.patterns.iter().flat_map(|it| it.find(text));
        let mut ranges: Vec<Range<usize>> = found.collect();
        if ranges.is_empty() {
            return Cow::Borrowed(text);
        }
        ranges.sort_unstable_by_key(|it| it.start);
        let mut clean = String::with_capacity(text.len());
        let mut end = 0;
        for (n, range) in ranges.into_iter().enumerate() {
            // What touches what was taken out before is one with it.
            if n == 0 || range.start > end {
                clean.push_str(&text[end..range.start]);
                clean.push_str(REDACTED);
            }
            end = end.max(range.end);
        }
        clean.push_str(&text[end..]);
        Cow::Owned(clean)
    }

    /// JSON without what must not be shown, at any depth; also within texts that are JSON themselves.
    pub fn json<'a>(&self, json: &'a str) -> Cow<'a, str> {
        Walk::through(self, json)
    }

    /// The same of JSON that is kept as it was written.
    pub fn raw(&self, json: &RawValue) -> Box<RawValue> {
        let clean = match self.json(json.get()) {
            Cow::Borrowed(_) => return json.to_owned(),
            Cow::Owned(clean) => clean,
        };
        // It is JSON as before, but for some texts. If it were not, nothing of it would be shown.
        RawValue::from_string(clean).unwrap_or_else(|_| RawValue::NULL.to_owned())
    }

    /// How much memory it takes at most while one thread uses it, in bytes.
    fn memory(&self) -> usize {
        let keys: usize = self.keys.iter().map(Glob::memory).sum();
        let patterns: usize = self.patterns.iter().map(Pattern::memory).sum();
        BARE + keys + patterns
    }

    fn hides(&self, key: &str) -> bool {
        self.all || self.keys.iter().any(|glob| glob.matches(key))
    }
}

#[cfg(test)]
mod tests;
