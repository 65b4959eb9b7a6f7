//! What an outcome means for the call: whether the tool runs, with which arguments, and what the model is told.

use serde_json::Value;

use super::{
    call::Call,
    json::{Json, Name},
    rules::Rule,
};

const LAPSED: &str = "Nobody answered in time. The call was not executed.";
const NOT_AGAIN: &str = "Don't try this call again unless you are asked to.";

/// What to do with a call.
#[derive(Debug)]
pub enum Verdict {
    Runs {
        arguments: Json,
        /// Of edits, for the model to read before the result.
        note: Option<String>,
    },
    /// The model reads this in the place of a result.
    Denied(String),
    /// The same, of edits that can't be carried out. Its task is told, too.
    Refused(String),
    /// A person answered in the tool's place: this is its result.
    Answered(String),
}

/// An answer in the tool's place, where it can't be given as a result.
pub fn in_its_place(response: &str) -> String {
    format!("The call was not executed. A person answered in its place: {response}")
}

/// No verdict: there is nothing to tell the model.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unapproved {
    #[error("The request was withdrawn.")]
    Withdrawn,
    #[error("Nobody decided approval {0} in time. The call was not executed.")]
    Lapsed(String),
    #[error("Approval {0} is {1}, not approved. The call was not executed.")]
    Other(String, String),
}

/// How an approval ended.
struct Outcome<'a>(&'a Value);

impl<'a> Outcome<'a> {
    fn text(&self, pointer: &str) -> Option<&'a str> {
        self.0.pointer(pointer).and_then(Value::as_str)
    }

    fn id(&self) -> &'a str {
        self.text("/id").unwrap_or_default()
    }

    fn status(&self) -> &'a str {
        self.text("/status").unwrap_or_default()
    }

    fn by(&self) -> &'a str {
        self.text("/resolved_by").unwrap_or("an approver")
    }

    /// A status that this version doesn't know approves nothing.
    fn is_final(&self) -> bool {
        matches!(self.status(), "resolved" | "expired")
    }

    fn unapproved(&self) -> Unapproved {
        match self.status() {
            "cancelled" => Unapproved::Withdrawn,
            "expired" => Unapproved::Lapsed(self.id().to_owned()),
            other => Unapproved::Other(self.id().to_owned(), other.to_owned()),
        }
    }
}

/// `edits`: the `modifications` of the approval's result, as they were written.
pub fn verdict(
    call: &Call,
    rule: &Rule,
    approval: &Value,
    edits: Option<&str>,
) -> Result<Verdict, Unapproved> {
    let outcome = Outcome(approval);
    let resolution = outcome.text("/resolution").unwrap_or_default();
    if !outcome.is_final() {
        return Err(outcome.unapproved());
    }
    match resolution {
        "approved" => Ok(Verdict::Runs { arguments: call.arguments.clone(), note: None }),
        "modified" => Ok(of_edits(call, rule, &outcome, edits)),
        _ if outcome.text("/resolved_via") == Some("timeout") => Ok(Verdict::Denied(LAPSED.to_owned())),
        "rejected" => {
            let why = outcome.text("/result/feedback").filter(|it| !it.is_empty());
            let why = why.map_or_else(|| ".".to_owned(), |why| format!(": {}", sentence(why)));
            Ok(Verdict::Denied(format!("Rejected by {}{why} {NOT_AGAIN}", outcome.by())))
        }
        _ => Err(outcome.unapproved()),
    }
}

fn of_edits(call: &Call, rule: &Rule, outcome: &Outcome<'_>, edits: Option<&str>) -> Verdict {
    let refused = |why: &str| {
        let (by, why) = (outcome.by(), sentence(why));
        Verdict::Refused(format!(
            "The edits of {by} could not be carried out: {why} The call was not executed."
        ))
    };
    let id = outcome.id();
    let Some(edits) = edits.and_then(|it| serde_json::from_str::<Json>(it).ok()) else {
        return refused(&format!("approval {id} was approved with edits, and they are missing"));
    };
    if let Some(Ok(Value::String(response))) = edits.get("response").map(Json::shown) {
        if rule.allow_response {
            return Verdict::Answered(response);
        }
        return refused("an answer in the tool's place is not allowed here");
    }
    let (Some(Json::Object(changed)), [_]) = (edits.get("arguments"), edits.members()) else {
        let form = "{\"arguments\": {…}}";
        return refused(&format!("the edits of approval {id} have another form than {form}"));
    };
    let before = match call.shown(&rule.redact) {
        Ok(before) => before,
        Err(unshowable) => return refused(&unshowable.to_string()),
    };
    let mut arguments = call.arguments.clone();
    for (name, edit) in changed {
        let name = name.shown();
        let value = match (call.arguments.get(&name), before.get(&name)) {
            (Some(original), Some(before)) => merged(original, before, edit),
            _ => edit.clone(),
        };
        arguments.set(&name, value);
    }
    let edited = Call { arguments, ..call.clone() };
    match edited.title(None, &rule.redact) {
        Ok(title) => Verdict::Runs {
            arguments: edited.arguments,
            note: Some(format!("A person changed this call before it ran. Executed with: {title}.")),
        },
        Err(unshowable) => refused(&unshowable.to_string()),
    }
}

/// An edit, with the original wherever it is what was shown of it: a number that was shown as a text stays a number.
fn merged(original: &Json, before: &Value, edit: &Json) -> Json {
    if plain(edit).as_ref() == Some(before) {
        return original.clone();
    }
    match (original, before, edit) {
        (Json::Object(_), Value::Object(shown), Json::Object(members)) => {
            let member = |(name, edit): &(Name, Json)| {
                let text = name.shown();
                let value = match (original.get(&text), shown.get(&text)) {
                    (Some(original), Some(before)) => merged(original, before, edit),
                    _ => edit.clone(),
                };
                (original_name(original, name), value)
            };
            Json::Object(members.iter().map(member).collect())
        }
        (Json::List(originals), Value::Array(shown), Json::List(edits)) if originals.len() == edits.len() => {
            let items = originals.iter().zip(shown).zip(edits);
            Json::List(items.map(|((original, before), edit)| merged(original, before, edit)).collect())
        }
        _ => edit.clone(),
    }
}

/// An edit as the server has it.
fn plain(edit: &Json) -> Option<Value> {
    serde_json::from_str(&serde_json::to_string(edit).ok()?).ok()
}

/// The name as the original has it.
fn original_name(original: &Json, name: &Name) -> Name {
    let shown = name.shown();
    let found = original.members().iter().find(|(it, _)| it.shown() == shown);
    found.map_or_else(|| name.clone(), |(it, _)| it.clone())
}

fn sentence(text: &str) -> String {
    if text.ends_with(['.', '!', '?', '…']) { text.to_owned() } else { format!("{text}.") }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use serde::Deserialize;
    use serde_json::{json, value::RawValue};

    use super::*;

    #[derive(Deserialize)]
    struct Transcript {
        call: Asked,
        rule: Rule,
        key: String,
        create: Value,
        outcome: Box<RawValue>,
        verdict: Option<Json>,
        error: Option<String>,
    }

    #[derive(Deserialize)]
    struct Asked {
        dialect: String,
        run: String,
        tool: String,
        call_id: String,
        agent: Option<String>,
        arguments: Json,
    }

    /// What the transcript says of it.
    fn told(verdict: &Verdict) -> Value {
        match verdict {
            Verdict::Runs { arguments, note } => {
                json!({ "runs": true, "arguments": arguments.shown().unwrap(), "text": note, "response": null })
            }
            Verdict::Denied(text) | Verdict::Refused(text) => {
                json!({ "runs": false, "arguments": {}, "text": text, "response": null })
            }
            Verdict::Answered(response) => {
                json!({ "runs": false, "arguments": {}, "text": null, "response": response })
            }
        }
    }

    /// The arguments of a transcript's verdict are what runs. They are compared as they are shown.
    fn expected(verdict: &Json) -> Value {
        let mut shown = verdict.shown().unwrap();
        // By themselves: deeper down, more would be one text.
        shown["arguments"] = verdict.get("arguments").unwrap().shown().unwrap();
        shown
    }

    fn modifications(outcome: &RawValue) -> Option<String> {
        #[derive(Deserialize)]
        struct Ended {
            result: Option<Edited>,
        }
        #[derive(Deserialize)]
        struct Edited {
            modifications: Option<Box<RawValue>>,
        }
        let ended: Ended = serde_json::from_str(outcome.get()).unwrap();
        Some(ended.result?.modifications?.get().to_owned())
    }

    #[test]
    fn a_call_goes_as_the_transcripts_say() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/transcripts/gate");
        let mut cases = 0;
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let case: Transcript =
                serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            let Asked { dialect, run, tool, call_id, agent, arguments } = case.call;
            let call = Call { dialect, run, tool, call_id, agent, arguments };
            assert_eq!(call.key().unwrap(), case.key, "{name}");
            assert_eq!(call.request(&case.rule).unwrap(), case.create, "{name}");
            let approval: Value = serde_json::from_str(case.outcome.get()).unwrap();
            let edits = modifications(&case.outcome);
            match (verdict(&call, &case.rule, &approval, edits.as_deref()), case.error.as_deref()) {
                (Ok(verdict), None) => {
                    assert_eq!(Some(told(&verdict)), case.verdict.as_ref().map(expected), "{name}");
                }
                (Err(Unapproved::Withdrawn), Some("Withdrawn"))
                | (Err(Unapproved::Lapsed(_)), Some("Lapsed"))
                | (Err(Unapproved::Other(..)), Some("NotApproved")) => {}
                (other, error) => panic!("{name}: {other:?} instead of {error:?}"),
            }
            cases += 1;
        }
        assert!(cases > 15);
    }
}
