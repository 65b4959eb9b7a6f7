//! Text for Slack: makes sure that what callers wrote is shown as text, and fits. Pure.
//!
//! Slack counts the characters that it gets. So a text is escaped first and cut afterwards, never within an entity. A
//! character costs what it takes within JSON: Slack refuses a message that is too long as a whole.

use crate::domain::names::is_bidirectional_control;

/// The place that a text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// One line. Entities replace the characters that mean something to Slack.
    Line,
    /// Several lines, with entities.
    Lines,
    /// Several lines, without entities: Slack reads no markup there.
    Literal,
}

/// The text in one line, of at most `most` characters.
pub fn line(text: &str, most: usize) -> String {
    fitted(text, most, Form::Line)
}

/// The text in its own lines.
pub fn lines(text: &str, most: usize) -> String {
    fitted(text, most, Form::Lines)
}

/// The text in its own lines, for a place without markup.
pub fn literal(text: &str, most: usize) -> String {
    fitted(text, most, Form::Literal)
}

fn fitted(text: &str, most: usize, form: Form) -> String {
    let mut fitted = String::with_capacity(text.len().min(4 * most));
    let (mut used, mut with_room) = (0, 0);
    let mut buffer = [0; 4];
    // Characters that turn text around are left out.
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

/// How many characters a text takes within JSON, counted as UTF-16: no other count is higher.
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
