//! Which calls people are asked about, and whom: a file of rules in TOML.
//!
//! The first rule whose `tool` and `when` fit counts. A call without a rule is not asked about. A file that can't be
//! read as a whole is an error, so that a slip of the pen lets nothing through.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, ensure};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{call::Call, json::Unshowable, pattern};

/// A file of rules.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    #[serde(default, rename = "rule")]
    pub rules: Vec<Rule>,
}

/// Who is asked about a call, and how.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rule {
    /// A pattern of names of tools.
    pub tool: Option<String>,
    /// Patterns that arguments must fit, by their names; each may be a list, of which one must fit.
    pub when: BTreeMap<String, Patterns>,
    /// `false`: such calls are not asked about.
    pub ask: Option<bool>,
    /// Names of those who may decide; with `roles` and `groups` besides. None of the three: anyone with the permission.
    pub approvers: Option<Vec<String>>,
    pub roles: Option<Vec<String>>,
    pub groups: Option<Vec<String>>,
    pub min_approvers: Option<u32>,
    /// Instead of the four above: a whole policy.
    pub policy: Option<Value>,
    /// How long people have, such as `24h`, or in seconds; the server's default where nothing is said.
    pub timeout: Option<Duration>,
    /// Such as `Refund {order}`; the call itself where nothing is said.
    pub title: Option<String>,
    pub description: Option<String>,
    pub workflow: Option<String>,
    pub notify: Option<Value>,
    /// Arguments that nobody is shown.
    pub redact: Vec<String>,
    /// Whether an approver may answer in the tool's place.
    pub allow_response: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Patterns {
    One(String),
    Any(Vec<String>),
}

/// In whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Duration(u64);

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Seconds(u64),
    Text(String),
}

impl TryFrom<Written> for Duration {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let seconds = match &written {
            Written::Seconds(seconds) => Some(*seconds),
            Written::Text(text) => seconds(text),
        };
        let wrong = || "a duration is written like 90s, 15m, 24h or 7d, or as seconds".to_owned();
        seconds.filter(|it| *it > 0).map(Self).ok_or_else(wrong)
    }
}

fn seconds(text: &str) -> Option<u64> {
    let unit = match text.chars().last()? {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return None,
    };
    text[..text.len() - 1].parse::<u64>().ok()?.checked_mul(unit)
}

impl Rules {
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        let text = fs::read_to_string(path).with_context(|| format!("can't read the rules in {shown}"))?;
        Self::parse(&text).with_context(|| format!("the rules in {shown} are not valid"))
    }

    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let rules: Self = toml::from_str(text)?;
        for (n, rule) in rules.rules.iter().enumerate() {
            rule.check().with_context(|| format!("rule {}", n + 1))?;
        }
        Ok(rules)
    }

    /// The rule by which people are asked; `None`: they are not.
    pub fn of(&self, call: &Call) -> Result<Option<&Rule>, Unshowable> {
        Ok(self.named(call)?.filter(|rule| rule.asks()))
    }

    /// The first rule that fits, also where it says that nobody is asked.
    pub fn named(&self, call: &Call) -> Result<Option<&Rule>, Unshowable> {
        for rule in &self.rules {
            if rule.tool.as_deref().is_some_and(|tool| pattern::matches(tool, &call.tool))
                && rule.fits(call)?
            {
                return Ok(Some(rule));
            }
        }
        Ok(None)
    }
}

impl Rule {
    pub fn asks(&self) -> bool {
        self.ask.unwrap_or(true)
    }

    fn check(&self) -> anyhow::Result<()> {
        let named = self.approvers.is_some()
            || self.roles.is_some()
            || self.groups.is_some()
            || self.min_approvers.is_some();
        ensure!(self.tool.is_some(), "say which tools it is for, for example tool = \"Bash\"");
        ensure!(
            !(named && self.policy.is_some()),
            "give a policy, or approvers, roles, groups and min_approvers"
        );
        ensure!(
            self.asks() || !(named || self.policy.is_some()),
            "nobody is asked where ask = false: name no approvers"
        );
        Ok(())
    }

    /// Whether each named argument is there and fits.
    fn fits(&self, call: &Call) -> Result<bool, Unshowable> {
        if self.when.is_empty() {
            return Ok(true);
        }
        let shown = call.shown(&[])?;
        Ok(self.when.iter().all(|(name, patterns)| {
            let text =
                shown.get(name).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
            text.is_some_and(|text| patterns.any(|it| pattern::matches(it, &text)))
        }))
    }

    /// What the request says by the rule alone.
    pub fn fields(&self) -> Map<String, Value> {
        let list = |names: &Option<Vec<String>>| names.as_ref().map(|it| Value::from(it.clone()));
        let members = [
            ("allowed_approvers", list(&self.approvers)),
            ("allowed_roles", list(&self.roles)),
            ("allowed_groups", list(&self.groups)),
            ("min_approvers", self.min_approvers.map(Value::from)),
        ];
        let simple: Map<_, _> =
            members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
        let simple = (!simple.is_empty()).then_some(Value::Object(simple));
        let fields = [
            ("description", self.description.clone().map(Value::from)),
            ("workflow", self.workflow.clone().map(Value::from)),
            ("policy", self.policy.clone().or(simple)),
            ("timeout_seconds", self.timeout.map(|it| it.0.into())),
            ("notify", self.notify.clone()),
        ];
        fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }
}

impl Patterns {
    fn any(&self, fits: impl Fn(&str) -> bool) -> bool {
        match self {
            Self::One(pattern) => fits(pattern),
            Self::Any(patterns) => patterns.iter().any(|pattern| fits(pattern)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(tool: &str, arguments: &str) -> Call {
        Call {
            dialect: "x".to_owned(),
            run: "r".to_owned(),
            tool: tool.to_owned(),
            call_id: "c".to_owned(),
            agent: None,
            arguments: serde_json::from_str(arguments).unwrap(),
        }
    }

    #[test]
    fn the_first_rule_that_fits_counts() {
        let rules = Rules::parse(
            r#"
            [[rule]]
            tool = "Bash"
            when = { command = ["git status*", "ls *"] }
            ask = false

            [[rule]]
            tool = "Bash"
            approvers = ["ana"]
            timeout = "2h"

            [[rule]]
            tool = "mcp__*"
            when = { amount = "1*", dry = "false" }
            "#,
        )
        .unwrap();
        let asks = |tool: &str, arguments: &str| rules.of(&call(tool, arguments)).unwrap().is_some();
        assert!(!asks("Bash", r#"{"command": "git status -s"}"#));
        assert!(asks("Bash", r#"{"command": "git push"}"#) && asks("Bash", "{}"));
        assert!(!asks("Read", "{}"));
        assert!(asks("mcp__bank__pay", r#"{"amount": 10, "dry": false}"#));
        assert!(!asks("mcp__bank__pay", r#"{"amount": 20, "dry": false}"#));
        assert!(!asks("mcp__bank__pay", r#"{"amount": 10}"#));
    }

    #[test]
    fn a_file_with_a_mistake_is_refused() {
        for (text, words) in [
            ("[[rule]]\napprovers = [\"ana\"]", "which tools"),
            ("[[rules]]\ntool = \"x\"", "unknown field"),
            ("[[rule]]\ntool = \"x\"\napprover = [\"ana\"]", "unknown field"),
            ("[[rule]]\ntool = \"x\"\ntimeout = \"2 hours\"", "90s, 15m, 24h or 7d"),
            ("[[rule]]\ntool = \"x\"\ntimeout = \"0s\"", "90s, 15m, 24h or 7d"),
            ("[[rule]]\ntool = \"x\"\nroles = []\npolicy = {}", "give a policy, or"),
            ("[[rule]]\ntool = \"x\"\nask = false\napprovers = []", "nobody is asked"),
            ("[[rule]", "TOML"),
        ] {
            let error = format!("{:#}", Rules::parse(text).unwrap_err());
            assert!(error.contains(words), "{text}: {error}");
        }
        assert!(Rules::parse("").unwrap().rules.is_empty());
    }
}
