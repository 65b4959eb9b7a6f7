//! Text from outside, made fit for reading: nothing in it moves a cursor, hides, turns around what stands beside it,
//! or begins a line of its own. A character that would is shown as its code.

use std::{borrow::Cow, fmt::Write as _};

use super::names::{is_bidirectional_control, is_ignorable};

/// For a place that has one line: line breaks are shown as `\n`.
pub fn line(text: &str) -> Cow<'_, str> {
    if text.chars().any(deceives) { Cow::Owned(escaped(text)) } else { Cow::Borrowed(text) }
}

/// For a place that may have several: each line after the first begins with `indent` blanks.
pub fn block(text: &str, indent: usize) -> String {
    let text = text.trim_end_matches(['\n', '\r']).replace('\t', "    ");
    let mut block = String::with_capacity(text.len());
    for (n, part) in text.split('\n').enumerate() {
        if n > 0 {
            block.push('\n');
            block.extend(std::iter::repeat_n(' ', indent));
        }
        block.push_str(&line(part.strip_suffix('\r').unwrap_or(part)));
    }
    block
}

/// For JSON, which stays the same JSON. Such characters stand in strings only, and there the code is another way to
/// write them; line breaks and tabs stand between tokens only.
pub fn json(text: &str) -> Cow<'_, str> {
    let deceives = |c: char| deceives(c) && !"\n\r\t".contains(c);
    if !text.chars().any(deceives) {
        return Cow::Borrowed(text);
    }
    let mut legible = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if deceives(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a string can't fail.
                let _ = write!(legible, "\\u{unit:04x}");
            }
        } else {
            legible.push(c);
        }
    }
    Cow::Owned(legible)
}

fn escaped(text: &str) -> String {
    let mut legible = String::with_capacity(text.len() + 16);
    let mut before = None;
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if deceives(c) && !belongs_to_picture(before, c, rest.clone().next()) {
            legible.extend(c.escape_default());
        } else {
            legible.push(c);
        }
        before = Some(c);
    }
    legible
}

fn deceives(c: char) -> bool {
    c.is_control()
        || is_bidirectional_control(c)
        || is_ignorable(c)
        // Annotations between lines.
        || matches!(c, '\u{FFF9}'..='\u{FFFB}')
}

/// Whether an invisible character only says how the picture before it looks, or ties it to the one behind it.
fn belongs_to_picture(before: Option<char>, c: char, after: Option<char>) -> bool {
    let behind_picture = before.is_some_and(is_picture);
    match c {
        '\u{FE0F}' => behind_picture || after == Some('\u{20E3}'),
        '\u{200D}' => (behind_picture || before == Some('\u{FE0F}')) && after.is_some_and(is_picture),
        _ => false,
    }
}

/// The blocks that pictures (emoji) are in.
fn is_picture(c: char) -> bool {
    matches!(c,
        '\u{203C}' | '\u{2049}' | '\u{2122}' | '\u{2139}' | '\u{2190}'..='\u{21FF}' | '\u{2300}'..='\u{23FF}'
        | '\u{25A0}'..='\u{27BF}' | '\u{2900}'..='\u{297F}' | '\u{2B00}'..='\u{2BFF}' | '\u{1F000}'..='\u{1FAFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_deceives_is_shown_as_its_code() {
        for (text, shown) in [
            ("plain, é, 名, \u{1F600}", "plain, é, 名, \u{1F600}"),
            ("a\nstatus", "a\\nstatus"),
            ("a\r\nb\tc", "a\\r\\nb\\tc"),
            ("\u{1b}[2J\u{7}\0\u{7f}\u{9b}", "\\u{1b}[2J\\u{7}\\u{0}\\u{7f}\\u{9b}"),
            ("\u{202e}x\u{2066}\u{2028}\u{85}", "\\u{202e}x\\u{2066}\\u{2028}\\u{85}"),
            ("pay\u{200b}pal\u{feff}\u{ad}", "pay\\u{200b}pal\\u{feff}\\u{ad}"),
            ("\u{E0041}\u{FFF9}\u{3164}", "\\u{e0041}\\u{fff9}\\u{3164}"),
        ] {
            assert_eq!(line(text), shown);
        }
    }

    #[test]
    fn pictures_stay_whole() {
        for text in [
            "\u{26A0}\u{FE0F} careful",
            "1\u{FE0F}\u{20E3}",
            "\u{1F468}\u{200D}\u{1F469}",
            "\u{2764}\u{FE0F}\u{200D}\u{1F525}",
        ] {
            assert_eq!(line(text), text);
        }
        assert_eq!(line("root\u{FE0F}"), "root\\u{fe0f}");
        assert_eq!(line("a\u{200D}b"), "a\\u{200d}b");
        assert_eq!(line("\u{1F468}\u{200D}b"), "\u{1F468}\\u{200d}b");
    }

    #[test]
    fn further_lines_are_indented() {
        assert_eq!(block("a\r\nb\n\n\tc\u{1b}\n", 2), "a\n  b\n  \n      c\\u{1b}");
        assert_eq!(block("a\rb", 2), "a\\rb");
        assert_eq!(block("", 2), "");
    }

    #[test]
    fn json_stays_the_same_json() {
        let text = "{\n\t\"a\": [\"\u{202e}\u{7f}\u{E0041}é\", 1.10]\n}";
        let shown = json(text);
        assert_eq!(shown, "{\n\t\"a\": [\"\\u202e\\u007f\\udb40\\udc41é\", 1.10]\n}");
        let parsed = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(parsed(&shown), parsed(text));
    }
}
