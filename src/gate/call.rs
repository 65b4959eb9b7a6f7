//! One call of a tool as a question to people: its key, its title, and what they are shown of it.
//!
//! Nothing here depends on a clock, on chance or on this version: the same call is the same request after a restart.

use std::collections::BTreeMap;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::domain::chain;

use super::{
    json::{Json, Unshowable, canonical},
    rules::Rule,
};

/// Bytes of what a person is shown.
const LARGEST: usize = 256 * 1024;
const LONGEST_NAME: usize = 200;
const LONGEST_TITLE: usize = 200;
/// What stands in the place of an argument that nobody is shown.
const REDACTED: &str = "…";

/// As its framework makes it.
#[derive(Clone, Debug)]
pub struct Call {
    pub dialect: String,
    /// The agent's run, session or conversation.
    pub run: String,
    pub tool: String,
    pub call_id: String,
    pub agent: Option<String>,
    pub arguments: Json,
}

impl Call {
    /// The arguments for a person to read.
    pub fn shown(&self, redact: &[String]) -> Result<BTreeMap<String, Value>, Unshowable> {
        let Value::Object(shown) = self.arguments.shown()? else { return Ok(BTreeMap::new()) };
        let hidden = |name: &String| redact.contains(name);
        Ok(shown
            .into_iter()
            .map(|(name, value)| if hidden(&name) { (name, REDACTED.into()) } else { (name, value) })
            .collect())
    }

    /// The same for the same call, also after a restart; another for any other call.
    pub fn key(&self) -> Result<String, Unshowable> {
        let parts = json!([self.dialect, self.run, self.call_id, self.tool, self.arguments.shown()?]);
        let digest = Sha256::digest(canonical(&parts).as_bytes());
        Ok(format!("tc1.{}", BASE64_URL_SAFE_NO_PAD.encode(digest)))
    }

    /// By the template, such as `Refund {order}`, or the call itself.
    pub fn title(&self, template: Option<&str>, redact: &[String]) -> Result<String, Unshowable> {
        let arguments = self.shown(redact)?;
        let itself = || {
            let listed = arguments.iter().map(|(name, value)| format!("{name}={}", spaced(value)));
            format!("{}({})", self.tool, listed.collect::<Vec<_>>().join(", "))
        };
        let text = template.map_or_else(itself, |template| filled(template, &arguments));
        let text = text.replace('\0', "\\u0000");
        if text.chars().count() <= LONGEST_TITLE {
            return Ok(text);
        }
        Ok(text.chars().take(LONGEST_TITLE - 1).chain(['…']).collect())
    }

    /// Enough to decide by. Too much of it is refused: nothing is ever cut in silence.
    pub fn context(&self, redact: &[String]) -> Result<Value, Unshowable> {
        let mut context = Map::new();
        context.insert("tool".to_owned(), self.tool.clone().into());
        context.insert("arguments".to_owned(), self.shown(redact)?.into_iter().collect());
        context.insert("call_id".to_owned(), self.call_id.clone().into());
        if let Some(agent) = &self.agent {
            context.insert("agent".to_owned(), agent.clone().into());
        }
        let context = Value::Object(context);
        let size = context.to_string().len();
        if size > LARGEST {
            return Err(Unshowable::TooLarge { tool: self.tool.clone(), size, most: LARGEST });
        }
        Ok(context)
    }

    /// The body of the request for approval.
    pub fn request(&self, rule: &Rule) -> Result<Value, Unshowable> {
        let mut body = rule.fields();
        body.insert("run_id".to_owned(), run_name(&self.run).into());
        body.insert("approval_type".to_owned(), "tool_call".into());
        body.insert("context".to_owned(), self.context(&rule.redact)?);
        body.insert("title".to_owned(), self.title(rule.title.as_deref(), &rule.redact)?.into());
        body.insert("metadata".to_owned(), json!({ "dialect": self.dialect }));
        Ok(Value::Object(body))
    }
}

/// A name that `run_id` takes. Different texts stay different.
pub fn run_name(text: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._:-".contains(c);
    let name: String = text.chars().map(|c| if fits(c) { c } else { '-' }).collect();
    if name == text && (1..=LONGEST_NAME).contains(&text.len()) && text != "." && text != ".." {
        return name;
    }
    let mark = &chain::Digest::of(text.as_bytes()).to_string()[..8];
    let most = LONGEST_NAME - mark.len() - 1;
    format!("{}.{mark}", &name[..name.len().min(most)])
}

/// The arguments in their places; a name that is no argument stays as it is.
fn filled(template: &str, arguments: &BTreeMap<String, Value>) -> String {
    let mut filled = String::new();
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        let inside = &rest[open + 1..];
        let end = inside.find(['{', '}']).filter(|&end| inside[end..].starts_with('}'));
        filled.push_str(&rest[..open]);
        let named = end.and_then(|end| Some((end, arguments.get(&inside[..end])?)));
        rest = if let Some((end, value)) = named {
            filled.push_str(&value.as_str().map_or_else(|| spaced(value), str::to_owned));
            &inside[end + 1..]
        } else {
            filled.push('{');
            inside
        };
    }
    filled + rest
}

/// JSON with blanks, for people: sorted, and the same as in the clients.
fn spaced(value: &Value) -> String {
    let joined = |parts: Vec<String>| parts.join(", ");
    match value {
        Value::Array(items) => format!("[{}]", joined(items.iter().map(spaced).collect())),
        Value::Object(members) => {
            let sorted: BTreeMap<_, _> = members.iter().collect();
            let listed = sorted
                .into_iter()
                .map(|(name, value)| format!("{}: {}", Value::from(name.as_str()), spaced(value)));
            format!("{{{}}}", joined(listed.collect()))
        }
        scalar => canonical(scalar),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(arguments: &str) -> Call {
        Call {
            dialect: "x".to_owned(),
            run: "r".to_owned(),
            tool: "t".to_owned(),
            call_id: "c".to_owned(),
            agent: None,
            arguments: serde_json::from_str(arguments).unwrap(),
        }
    }

    #[test]
    fn a_template_is_filled_with_what_there_is() {
        let arguments = call(r#"{"a": "x{b}", "b": [1, 2.50]}"#).shown(&[]).unwrap();
        assert_eq!(filled("{a} {b} {c} {{b}} {b", &arguments), "x{b} [1, 2.5] {c} {[1, 2.5]} {b");
    }

    #[test]
    fn names_of_runs_fit_and_stay_apart() {
        assert_eq!(run_name("a.b:c-1"), "a.b:c-1");
        let (one, other) = (run_name("a/b"), run_name("a b"));
        assert!(one.starts_with("a-b.") && other.starts_with("a-b.") && one != other);
        for odd in ["", ".", "..", &"x".repeat(201), &"é".repeat(300)] {
            let name = run_name(odd);
            assert!((1..=200).contains(&name.len()) && name != odd, "{name}");
        }
    }

    #[test]
    fn too_much_to_show_is_refused() {
        let large = call(&format!(r#"{{"a": "{}"}}"#, "x".repeat(LARGEST)));
        assert!(matches!(large.context(&[]), Err(Unshowable::TooLarge { .. })));
        assert!(large.context(&["a".to_owned()]).is_ok());
    }
}
