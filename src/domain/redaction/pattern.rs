//! A pattern of what is taken out of texts: how large it may become, and how much memory it takes. Pure.

use std::ops::Range;

use regex_automata::{
    meta::{BuildError, Regex},
    nfa::thompson::WhichCaptures,
};

/// Largest that a pattern may become, in bytes.
const LARGEST: usize = 256 * 1024;
/// Largest that the patterns of one workspace may become together, in bytes.
const LARGEST_TOGETHER: usize = 1024 * 1024;
/// What a pattern may use beside that to be fast, in bytes and in each direction. A larger pattern may use its own size.
const FAST: usize = 64 * 1024;

/// Why a pattern can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPattern {
    #[error("{0}")]
    Syntax(String),
    #[error("becomes too large: {LARGEST} bytes are the most; repeat less, or name fewer characters")]
    TooLarge,
    #[error(
        "becomes too large together with those before it: {LARGEST_TOGETHER} bytes are the most; repeat less, or name \
         fewer characters"
    )]
    TooLargeTogether,
    #[error("matches the empty text, and so every place")]
    Empty,
}

/// A pattern, ready for use.
#[derive(Debug)]
pub struct Pattern {
    regex: Regex,
    /// What it became, in bytes.
    size: usize,
}

impl Pattern {
    pub fn new(text: &str) -> Result<Self, InvalidPattern> {
        let small = built(text, FAST)?;
        let size = small.memory_usage();
        let regex = if size > FAST { built(text, size)? } else { small };
        if regex.is_match("") { Err(InvalidPattern::Empty) } else { Ok(Self { regex, size }) }
    }

    /// Counts it with those before it. `together`: what these became.
    pub fn counted(&self, together: &mut usize) -> Result<(), InvalidPattern> {
        *together = together.saturating_add(self.size);
        if *together > LARGEST_TOGETHER { Err(InvalidPattern::TooLargeTogether) } else { Ok(()) }
    }

    /// How much memory it takes at most while one thread uses it, in bytes.
    pub(super) fn memory(&self) -> usize {
        self.size + 2 * self.size.max(FAST)
    }

    /// Where it matches.
    pub(super) fn find<'a>(&'a self, text: &'a str) -> impl Iterator<Item = Range<usize>> + 'a {
        self.regex.find_iter(text).map(|found| found.range())
    }
}

/// `fast`: what it may use beside its size to be fast.
fn built(text: &str, fast: usize) -> Result<Regex, InvalidPattern> {
    let config = Regex::config()
        .nfa_size_limit(Some(LARGEST))
        .hybrid_cache_capacity(fast)
        // Only whole matches are asked for. The engine that finds groups could take a megabyte more.
        .which_captures(WhichCaptures::Implicit)
        .onepass(false);
    Regex::builder().configure(config).build(text).map_err(|error| invalid(&error))
}

fn invalid(error: &BuildError) -> InvalidPattern {
    if error.size_limit().is_some() {
        return InvalidPattern::TooLarge;
    }
    // The last line says what; those before it show where.
    let whole = error.syntax_error().map_or_else(|| error.to_string(), ToString::to_string);
    let last = whole.lines().last().unwrap_or_default();
    InvalidPattern::Syntax(last.trim_start_matches("error: ").to_owned())
}
