//! Names with wildcards: `*` any text, `?` one character, `[ab]`, `[a-z]` and `[!ab]` one of them, or none of them.
//! The clients read patterns in the same way.

/// Whether the whole text fits the pattern.
pub fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut seen) = (0, 0);
    // Where the last star stands, and how far it reaches.
    let mut star = None;
    while seen < text.len() {
        match step(&pattern[at..], text[seen]) {
            Segment::Star => {
                star = Some((at + 1, seen));
                at += 1;
            }
            Segment::Fits(length) => {
                at += length;
                seen += 1;
            }
            Segment::Differs => {
                let Some((after, reach)) = star else { return false };
                star = Some((after, reach + 1));
                (at, seen) = (after, reach + 1);
            }
        }
    }
    pattern[at..].iter().all(|c| *c == '*')
}

enum Segment {
    Star,
    /// So many characters of the pattern stand for this one.
    Fits(usize),
    Differs,
}

fn step(pattern: &[char], c: char) -> Segment {
    let (fits, length) = match pattern {
        [] => return Segment::Differs,
        ['*', ..] => return Segment::Star,
        ['?', ..] => (true, 1),
        ['[', inside @ ..] => match set_end(inside) {
            Some(end) => (in_set(&inside[..end], c), end + 2),
            // A bracket that nothing closes is a character like any other.
            None => (c == '[', 1),
        },
        [other, ..] => (*other == c, 1),
    };
    if fits { Segment::Fits(length) } else { Segment::Differs }
}

/// Where the set ends. A bracket right at its beginning is one of it.
fn set_end(inside: &[char]) -> Option<usize> {
    let first = usize::from(inside.first() == Some(&'!'));
    (first + 1..inside.len()).find(|&at| inside[at] == ']')
}

fn in_set(set: &[char], c: char) -> bool {
    let (negated, mut rest) = match set {
        ['!', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    let mut found = false;
    while let [from, after @ ..] = rest {
        rest = after;
        if let ['-', to, after @ ..] = rest {
            rest = after;
            found |= (*from..=*to).contains(&c);
        } else {
            found |= *from == c;
        }
    }
    found != negated
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_those_of_the_shell() {
        for (pattern, fits, differs) in [
            ("refund", &["refund"][..], &["Refund", "refunds", ""][..]),
            ("delete_*", &["delete_", "delete_a/b\nc"], &["delete", "a_delete_"]),
            ("*rm*-rf*", &["rm -rf /", "sudo rm -v -rf"], &["rm -r", "-rf rm"]),
            ("a?c", &["abc", "aéc"], &["ac", "abbc"]),
            ("[a-cx]1", &["a1", "c1", "x1"], &["d1", "-1", "a"]),
            ("[!a-c]1", &["d1", "-1"], &["a1", "1"]),
            ("[]a]", &["]", "a"], &["b", "[]a]"]),
            ("[!]]", &["a"], &["]"]),
            ("[a", &["[a"], &["a"]),
            ("[c-a]", &[], &["a", "b", "c"]),
            ("*", &["", "x"], &[]),
            ("a*b*c", &["abc", "a1b2b3c"], &["a1c2b"]),
        ] {
            for text in fits {
                assert!(matches(pattern, text), "{pattern} {text}");
            }
            for text in differs {
                assert!(!matches(pattern, text), "{pattern} {text}");
            }
        }
    }

    #[test]
    fn many_stars_take_no_time() {
        assert!(!matches(&"*a".repeat(50), &"a".repeat(10_000).replace('a', "b")));
        assert!(matches(&"*a".repeat(50), &"a".repeat(10_000)));
    }
}
