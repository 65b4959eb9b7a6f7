//! Lines that are longer than a terminal is wide. A terminal would begin the rest of one at its edge, where it could
//! look like a line of ours; so the rest is indented here.

use std::os::fd::AsFd;

use terminal_size::{Width, terminal_size_of};

/// How far the rest of a line is indented at least.
const INDENT: usize = 2;

/// The columns of what this goes to, if it is a terminal.
pub fn width(out: &impl AsFd) -> Option<usize> {
    let (Width(width), _) = terminal_size_of(out)?;
    Some(usize::from(width))
}

/// Each line in parts of at most this width, of which all but the first begin with `indent` blanks.
pub fn fold(text: &str, width: usize, indent: usize) -> String {
    let indent = indent.max(INDENT).min(width / 2);
    let mut folded = String::with_capacity(text.len() + text.len() / 8);
    let mut column = 0;
    for c in text.chars() {
        // What is not ASCII may take two columns.
        let columns = if c.is_ascii() { 1 } else { 2 };
        if c == '\n' {
            column = 0;
        } else if column + columns > width {
            folded.push('\n');
            folded.extend(std::iter::repeat_n(' ', indent));
            column = indent + columns;
        } else {
            column += columns;
        }
        folded.push(c);
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_part_of_a_line_begins_at_the_edge() {
        assert_eq!(fold("title  abcdefgh\nok\n", 10, 4), "title  abc\n    defgh\nok\n");
        assert_eq!(fold("0123456789\n", 10, 4), "0123456789\n");
        assert_eq!(fold("01234567名名\n", 10, 2), "01234567名\n  名\n");
        let forged = format!("title        {}status       resolved\n", " ".repeat(67));
        assert!(fold(&forged, 80, 13).lines().skip(1).all(|line| line.starts_with("             ")));
        assert_eq!(fold("abcdef", 2, 13), "ab\n c\n d\n e\n f");
    }
}
