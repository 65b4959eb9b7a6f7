//! Text for Slack: what callers wrote is shown as text, and fits. Pure.
//!
//! Slack counts what it gets, so a text is escaped first and cut then, and never within what stands for one character.
//! A character costs what it takes within JSON: a message is refused as a whole that is too long.

use crate::domain::names::is_bidirectional_control;

/// What a text is put into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// One line; entities stand for characters that mean something to Slack.
    Line,
    /// Several lines, with entities.
    Lines,
    /// Several lines, as they are: where Slack reads no markup and no entities.
    Literal,
}

/// In one line, of at most so many characters.
pub fn line(text: &str, most: usize) -> String {
    fitted(text, most, Form::Line)
}

/// In its own lines.
pub fn lines(text: &str, most: usize) -> String {
    fitted(text, most, Form::Lines)
}

/// In its own lines, for a place without markup.
pub fn literal(text: &str, most: usize) -> String {
    fitted(text, most, Form::Literal)
}

fn fitted(text: &str, most: usize, form: Form) -> String {
    let mut fitted = String::with_capacity(text.len().min(4 * most));
    let (mut used, mut with_room) = (0, 0);
    let mut buffer = [0; 4];
    // What turns around the text beside it is left out.
    for c in text.chars().filter(|c| !is_bidirectional_control(*c)) {
        let piece: &str = match c {
            '&' if form != Form::Literal => "&amp;",
            '<' if form != Form::Literal => "&lt;",
            '>' if form != Form::Literal => "&gt;",
            '\n' if form != Form::Line => "\n",
            c if c.is_control() => " ",
            c => c.encode_utf8(&mut buffer),
        };
        used += cost(piece);
        if used > most {
            fitted.truncate(with_room);
            fitted.push('…');
            break;
        }
        fitted.push_str(piece);
        // The mark of a cut takes one character.
        if used < most {
            with_room = fitted.len();
        }
    }
    fitted
}

/// Characters that a text takes within JSON, as UTF-16 counts them: nothing counts more.
pub fn cost(text: &str) -> usize {
    let of = |c: char| match c {
        '"' | '\\' | '\n' => 2,
        c => c.len_utf16(),
    };
    text.chars().map(of).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_means_something_to_slack_is_shown_as_text() {
        assert_eq!(
            line("<!channel> & <https://evil|Approve>", 100),
            "&lt;!channel&gt; &amp; &lt;https://evil|Approve&gt;"
        );
        assert_eq!(line("one\r\ntwo\tthree", 100), "one  two three");
        assert_eq!(lines("one\ntwo", 100), "one\ntwo");
        assert_eq!(literal("<b> & `x`", 100), "<b> & `x`");
        assert_eq!(line("pay\u{202E}001\u{2066}", 100), "pay001");
    }

    #[test]
    fn a_cut_falls_between_characters() {
        assert_eq!(line("abcdef", 6), "abcdef");
        assert_eq!(line("abcdef", 5), "abcd…");
        assert_eq!(line("ab<cd", 5), "ab…", "not within the entity");
        assert_eq!(line("ab<", 6), "ab&lt;");
        assert_eq!(line("🙂🙂🙂", 5), "🙂🙂…");
        assert_eq!(literal("\"\"\"", 5), "\"\"…", "quotation marks take two in JSON");
    }

    proptest! {
        #[test]
        fn whatever_is_written_fits_and_holds_nothing_that_means_something(text in any::<String>(), most in 1usize..60) {
            for form in [Form::Line, Form::Lines, Form::Literal] {
                let fitted = fitted(&text, most, form);
                prop_assert!(cost(&fitted) <= most, "{fitted:?}");
                prop_assert!(!fitted.chars().any(|c| is_bidirectional_control(c) || c.is_control() && c != '\n'));
                if form != Form::Literal {
                    prop_assert!(!fitted.contains(['<', '>']));
                    let mut rest = fitted.as_str();
                    while let Some(at) = rest.find('&') {
                        rest = &rest[at..];
                        let entity = ["&amp;", "&lt;", "&gt;"].into_iter().find(|entity| rest.starts_with(entity));
                        prop_assert!(entity.is_some(), "a cut entity: {fitted:?}");
                        rest = &rest[1..];
                    }
                }
            }
        }
    }
}
