//! What an agent gives its hook, and what it reads of it. Pure.

use serde::{Deserialize, Serialize};

use super::Agent;
use crate::gate::{Call, Json, Unapproved, Verdict, verdict::in_its_place};

const EVENT: &str = "PreToolUse";

/// What stands on standard input. Agents add to it as they like.
#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "the agents' names")]
pub struct Input {
    session_id: String,
    #[serde(default)]
    hook_event_name: Option<String>,
    tool_name: String,
    tool_input: Json,
    #[serde(default)]
    pub cwd: Option<String>,
    #[serde(default)]
    tool_use_id: Option<String>,
    #[serde(default)]
    agent_id: Option<String>,
    #[serde(default)]
    agent_type: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    #[error("this is a hook for {EVENT}, not for {0}")]
    Event(String),
    #[error("the input of {0} is no JSON object")]
    Input(String),
}

impl Input {
    /// The call, in the agent's session or a run of that name. Its id may be missing.
    pub fn call(self, agent: Agent, run: Option<&str>) -> Result<Call, Unusable> {
        if let Some(event) = self.hook_event_name.filter(|event| event != EVENT) {
            return Err(Unusable::Event(event));
        }
        let tool = self.tool_name;
        if !matches!(self.tool_input, Json::Object(_)) {
            return Err(Unusable::Input(tool));
        }
        let named = |text: Option<String>| text.filter(|it| !it.is_empty());
        Ok(Call {
            dialect: agent.dialect().to_owned(),
            run: run.unwrap_or(&self.session_id).to_owned(),
            call_id: self.tool_use_id.unwrap_or_default(),
            agent: named(self.agent_type).or(named(self.agent_id)),
            arguments: self.tool_input,
            tool,
        })
    }
}

/// What goes to standard output.
#[derive(Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the agents' names")]
pub struct Output {
    #[serde(rename = "continue", skip_serializing_if = "Option::is_none")]
    goes_on: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_reason: Option<String>,
    hook_specific_output: Decision,
}

#[derive(Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the agents' names")]
struct Decision {
    hook_event_name: &'static str,
    permission_decision: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    permission_decision_reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_input: Option<Written>,
    #[serde(skip_serializing_if = "Option::is_none")]
    additional_context: Option<String>,
}

/// The input as it is to run.
#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Written(Json);

impl PartialEq for Written {
    fn eq(&self, other: &Self) -> bool {
        self.0.shown() == other.0.shown()
    }
}

impl Output {
    fn of(permission_decision: &'static str) -> Self {
        let decision = Decision { hook_event_name: EVENT, permission_decision, ..Decision::default() };
        Self { hook_specific_output: decision, ..Self::default() }
    }

    pub fn denied(reason: impl Into<String>) -> Self {
        let mut output = Self::of("deny");
        output.hook_specific_output.permission_decision_reason = Some(reason.into());
        output
    }

    /// The agent ends its run, and asks again when it is resumed.
    pub fn deferred() -> Self {
        Self::of("defer")
    }

    /// Of an outcome. Codex takes `continue` for a mistake, and runs the call.
    pub fn new(agent: Agent, verdict: Result<Verdict, Unapproved>) -> Self {
        match verdict {
            Ok(Verdict::Runs { arguments, note }) => {
                let mut output = Self::of("allow");
                output.hook_specific_output.updated_input = Some(Written(arguments));
                output.hook_specific_output.additional_context = note;
                output
            }
            Ok(Verdict::Denied(text) | Verdict::Refused(text)) => Self::denied(text),
            Ok(Verdict::Answered(response)) => Self::denied(in_its_place(&response)),
            Err(withdrawn @ Unapproved::Withdrawn) if agent == Agent::ClaudeCode => {
                let reason = withdrawn.to_string();
                Self { goes_on: Some(false), stop_reason: Some(reason.clone()), ..Self::denied(reason) }
            }
            Err(unapproved) => Self::denied(unapproved.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use serde_json::{Value, json, value::RawValue};

    use super::*;
    use crate::gate::{Rule, Rules, verdict};

    #[derive(Deserialize)]
    struct Transcript {
        rules: Json,
        run: Option<String>,
        pause: Input,
        key: Option<String>,
        create: Option<Value>,
        outcome: Option<Box<RawValue>>,
        resume: Option<Value>,
        error: Option<String>,
    }

    /// In the order in which they are written.
    fn rules(written: &Json) -> Rules {
        let rule = |(name, rule): &(crate::gate::json::Name, Json)| {
            let text = serde_json::to_string(rule).unwrap();
            Rule { tool: Some(name.shown()), ..serde_json::from_str(&text).unwrap() }
        };
        Rules { rules: written.members().iter().map(rule).collect() }
    }

    fn edits(outcome: &RawValue) -> Option<String> {
        let outcome: Json = serde_json::from_str(outcome.get()).unwrap();
        let edits = outcome.get("result")?.get("modifications")?;
        (edits.shown() != Ok(Value::Null)).then(|| serde_json::to_string(edits).unwrap())
    }

    #[test]
    fn a_hook_answers_as_the_transcripts_say() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/transcripts/claude");
        let mut cases = 0;
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|it| it != "json") {
                continue;
            }
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let text = fs::read_to_string(&path).unwrap();
            let case: Transcript =
                serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            cases += 1;
            let call = case.pause.call(Agent::ClaudeCode, case.run.as_deref()).unwrap();
            let rules = rules(&case.rules);
            let Some(rule) = rules.of(&call).unwrap() else {
                assert!(case.create.is_none() && case.resume == Some(json!({})), "{name}");
                continue;
            };
            if call.call_id.is_empty() {
                assert_eq!(case.error.as_deref(), Some("MissingCallId"), "{name}");
                continue;
            }
            assert_eq!(Some(call.key().unwrap()), case.key, "{name}");
            assert_eq!(Some(call.request(rule).unwrap()), case.create, "{name}");
            let outcome = case.outcome.unwrap();
            let approval: Value = serde_json::from_str(outcome.get()).unwrap();
            let verdict = verdict(&call, rule, &approval, edits(&outcome).as_deref());
            let output = Output::new(Agent::ClaudeCode, verdict);
            match case.resume {
                Some(resume) => assert_eq!(serde_json::to_value(&output).unwrap(), resume, "{name}"),
                // Where a program would be raised an error, the hook denies.
                None => assert_eq!(output.hook_specific_output.permission_decision, "deny", "{name}"),
            }
        }
        assert!(cases > 15);
    }

    #[test]
    fn codex_is_never_told_to_stop() {
        let withdrawn = serde_json::to_value(Output::new(Agent::Codex, Err(Unapproved::Withdrawn))).unwrap();
        assert_eq!(withdrawn.as_object().unwrap().keys().collect::<Vec<_>>(), ["hookSpecificOutput"]);
        assert_eq!(withdrawn["hookSpecificOutput"]["permissionDecision"], "deny");
    }

    #[test]
    fn what_is_no_call_is_refused() {
        let call = |text: &str| serde_json::from_str::<Input>(text).unwrap().call(Agent::Codex, None);
        let base = r#""session_id":"s","tool_name":"t","tool_use_id":"u""#;
        let event = format!(r#"{{{base},"tool_input":{{}},"hook_event_name":"PostToolUse"}}"#);
        assert!(matches!(call(&event), Err(Unusable::Event(_))));
        assert!(matches!(call(&format!(r#"{{{base},"tool_input":[]}}"#)), Err(Unusable::Input(_))));
        assert!(serde_json::from_str::<Input>(r#"{"tool_name":"t","tool_input":{}}"#).is_err());
    }
}
