//! JSON as text: laid out anew, while its numbers and the order of its members stay as they were written. A number that
//! is read and written again may come out as another one. Pure.

use serde_json::Value;

/// A name as a step of a JSON Pointer (RFC 6901).
pub fn pointer_step(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Without the space between tokens.
pub fn compact(json: &str) -> String {
    let mut inside = Inside::default();
    json.chars().filter(|c| inside.is_string(*c) || !c.is_ascii_whitespace()).collect()
}

/// With a line for each member and element.
pub fn pretty(json: &str) -> String {
    let compact = compact(json);
    let mut pretty = String::with_capacity(compact.len() * 2);
    let mut inside = Inside::default();
    let mut depth: usize = 0;
    let mut before = ' ';
    for c in compact.chars() {
        if inside.is_string(c) {
            if before == '[' || before == '{' {
                new_line(&mut pretty, depth);
            }
            pretty.push(c);
            // What stands in a string opens nothing.
            before = '"';
            continue;
        }
        match c {
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                if before != '{' && before != '[' {
                    new_line(&mut pretty, depth);
                }
                pretty.push(c);
            }
            ',' => {
                pretty.push(c);
                new_line(&mut pretty, depth);
            }
            ':' => pretty.push_str(": "),
            _ => {
                if before == '[' || before == '{' {
                    new_line(&mut pretty, depth);
                }
                pretty.push(c);
                depth += usize::from(c == '{' || c == '[');
            }
        }
        before = c;
    }
    pretty
}

/// With each string written anew: a code stands only for a character that needs one.
pub fn readable(json: &str) -> String {
    let mut readable = String::with_capacity(json.len());
    let mut inside = Inside::default();
    let mut string = String::new();
    for c in json.chars() {
        if !inside.is_string(c) {
            readable.push(c);
            continue;
        }
        string.push(c);
        if !inside.string {
            readable.push_str(&spelled(&string));
            string.clear();
        }
    }
    // What has no end is no JSON. It stays as it is.
    readable.push_str(&string);
    readable
}

/// A string's token, written anew.
fn spelled(token: &str) -> String {
    let text = serde_json::from_str::<String>(token);
    text.map_or_else(|_| token.to_owned(), |text| Value::String(text).to_string())
}

fn new_line(text: &mut String, depth: usize) {
    text.push('\n');
    text.extend(std::iter::repeat_n("  ", depth));
}

/// Whether one is inside a string.
#[derive(Default)]
struct Inside {
    string: bool,
    escaped: bool,
}

impl Inside {
    /// Whether the next character belongs to a string; its quotes do.
    fn is_string(&mut self, c: char) -> bool {
        let (was, ends) = (self.string, c == '"' && !self.escaped);
        self.escaped = was && c == '\\' && !self.escaped;
        self.string ^= ends;
        was || self.string
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_stay_as_they_were_written() {
        for (text, line) in [
            ("{ \"a\" :\n [1.0,\t1e2 , 123456789012345678901] }", r#"{"a":[1.0,1e2,123456789012345678901]}"#),
            (r#"{"a b": "c \" d\\" , "e": "\\\" f"}"#, r#"{"a b":"c \" d\\","e":"\\\" f"}"#),
        ] {
            assert_eq!(compact(text), line);
            assert_eq!(compact(&pretty(text)), line);
        }
    }

    #[test]
    fn strings_are_readable_and_all_else_stays() {
        let text =
            r#"{"M\u00fcller": "\u0022\/\n", "n": [1.50, 12345678901234567890.25], "\\u00fc": "é\u0007"}"#;
        let expected = r#"{"Müller": "\"/\n", "n": [1.50, 12345678901234567890.25], "\\u00fc": "é\u0007"}"#;
        assert_eq!(readable(text), expected);
        for odd in [r#""\ud800""#, r#"{"open"#, r#"{"a": "b\""#, "", "1.0"] {
            assert_eq!(readable(odd), odd);
        }
    }

    #[test]
    fn members_get_lines_of_their_own() {
        let text = r#"{"n":1.10,"s":"[{,:\"","e":{},"l":[12345678901234567.0,[],{"x":null}]}"#;
        let expected = "{\n  \"n\": 1.10,\n  \"s\": \"[{,:\\\"\",\n  \"e\": {},\n  \"l\": [\n    12345678901234567.0,\n    [],\n    {\n      \"x\": null\n    }\n  ]\n}";
        assert_eq!(pretty(text), expected);
        assert_eq!((pretty("{}"), pretty(" 1.0 ")), ("{}".to_owned(), "1.0".to_owned()));
    }
}
