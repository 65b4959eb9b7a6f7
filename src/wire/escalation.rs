//! Handing a question on, as callers put it and see it: levels, hops, reminders, and moving a deadline.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    create::MAX_TIMEOUT,
    decide::reason,
    parse::Object,
    policy::{PolicyBody, PolicyView},
    problem::Problem,
    validate::Check,
    vocabulary,
};
use crate::{
    auth::Caller,
    domain::{
        escalation::{Hop, Level, Push},
        policy::Policy,
    },
};

/// Most levels above the first, and most reminders of a level.
const MAX_LEVELS: usize = 5;
const MAX_REMINDERS: usize = 5;
/// Longest label of a level, in characters.
const MAX_LABEL: usize = 100;
/// What the policies of all levels may have together, in bytes of JSON.
const MAX_POLICIES: usize = 128 * 1024;

/// One level above the request's own: a new question to other people.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"after_seconds": 1800, "policy": {"allowed_roles": ["manager"]}, "label": "Managers"}))]
pub struct LevelBody {
    /// How long it has, in seconds: the request's own `timeout_seconds` by default.
    #[schema(minimum = 1, maximum = 31_536_000)]
    after_seconds: Option<i64>,
    #[schema(required, nullable = false, value_type = PolicyBody)]
    policy: Option<Object<PolicyBody>>,
    /// What it is called where it is shown: at most 100 characters.
    label: Option<String>,
}

impl LevelBody {
    pub fn policy(&self) -> Option<&PolicyBody> {
        self.policy.as_ref().map(|Object(policy)| policy)
    }
}

/// The levels as far as their form is right, and which of them are to be looked at for members today.
#[derive(Default)]
pub struct Levels {
    pub levels: Vec<Level>,
    pub check_membership: Vec<usize>,
}

/// Reads the levels above the first, which lasts `timeout` seconds.
pub fn levels(check: &mut Check, bodies: Option<Vec<Object<LevelBody>>>, timeout: i64) -> Levels {
    let Some(bodies) = bodies else { return Levels::default() };
    if bodies.is_empty() {
        check.fail("/escalation", "min_items", "must have at least one level");
    }
    if bodies.len() > MAX_LEVELS {
        check.fail("/escalation", "max_items", format!("must have at most {MAX_LEVELS} levels"));
        return Levels::default();
    }
    let mut read = Levels::default();
    let mut together = timeout;
    for (index, Object(body)) in bodies.into_iter().enumerate() {
        let at = format!("/escalation/{index}");
        let after =
            check.range(&format!("{at}/after_seconds"), body.after_seconds, (1, MAX_TIMEOUT), timeout);
        together = together.saturating_add(after);
        let label = format!("{at}/label");
        check.text(&label, body.label.as_ref(), MAX_LABEL);
        check.visible(&label, body.label.as_ref());
        let at = format!("{at}/policy");
        let Some(Object(policy)) = body.policy else {
            check.fail(at, "required", "must be given");
            continue;
        };
        if policy.checks_membership() {
            read.check_membership.push(index + 1);
        }
        read.levels.push(Level {
            after_seconds: u32::try_from(after).unwrap_or(1),
            policy: policy.policy(check, &at),
            label: body.label,
        });
    }
    if together > MAX_TIMEOUT {
        let message = format!("must last at most {MAX_TIMEOUT} seconds, all levels together");
        check.fail("/escalation", "range", message);
    }
    read
}

/// Refuses policies that are too large together.
pub fn bound(check: &mut Check, policy: &Policy, levels: &[Level]) {
    let all = std::iter::once(policy).chain(levels.iter().map(|level| &level.policy));
    let size = |policy| serde_json::to_vec(&PolicyView::from(policy)).map_or(usize::MAX, |json| json.len());
    if !levels.is_empty() && all.map(size).fold(0, usize::saturating_add) > MAX_POLICIES {
        let message = format!("must have at most {MAX_POLICIES} bytes of policies, all levels together");
        check.fail("/escalation", "max_size", message);
    }
}

/// Reads how long before a deadline to remind, the longest first; the first level lasts `timeout` seconds.
pub fn reminders(check: &mut Check, seconds: Option<&[i64]>, timeout: i64) -> Vec<u32> {
    let seconds = seconds.unwrap_or_default();
    if seconds.len() > MAX_REMINDERS {
        let message = format!("must have at most {MAX_REMINDERS}");
        check.fail("/remind_before_seconds", "max_items", message);
        return Vec::new();
    }
    let mut read = Vec::new();
    for (index, &before) in seconds.iter().enumerate() {
        if (1..timeout).contains(&before) {
            read.extend(u32::try_from(before));
        } else {
            let message = format!("must be at least 1, and less than the first level's {timeout} seconds");
            check.fail(format!("/remind_before_seconds/{index}"), "range", message);
        }
    }
    read.sort_unstable_by(|a, b| b.cmp(a));
    read.dedup();
    read
}

/// Why it is handed on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "The on-call is away", "from_level": 0}))]
pub struct EscalateBody {
    /// Required; at most 5,000 characters.
    #[schema(required, nullable = false)]
    reason: Option<String>,
    /// Only if it stands at this level. Send it: a repeated call then hands it on once.
    #[schema(minimum = 0, maximum = 5)]
    from_level: Option<i64>,
}

impl EscalateBody {
    pub fn push(self, caller: &Caller) -> Result<Push, Problem> {
        let mut check = Check::default();
        let reason = reason(&mut check, self.reason);
        let most = i64::try_from(MAX_LEVELS).unwrap_or(i64::MAX);
        let from = self.from_level.map(|from| check.range("/from_level", Some(from), (0, most), 0));
        check.finish()?;
        let from_level = from.and_then(|from| i32::try_from(from).ok());
        Ok(Push { by: caller.actor.clone(), reason: caller.kept(reason), from_level })
    }
}

/// By how much a deadline is moved, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"seconds": 3600, "reason": "Waiting for the vendor"}))]
pub struct ExtendBody {
    #[schema(required, nullable = false, minimum = 1, maximum = 31_536_000)]
    seconds: Option<i64>,
    /// Required; at most 5,000 characters.
    #[schema(required, nullable = false)]
    reason: Option<String>,
}

impl ExtendBody {
    pub fn read(self) -> Result<(u32, String), Problem> {
        let mut check = Check::default();
        if self.seconds.is_none() {
            check.fail("/seconds", "required", "must be given");
        }
        let seconds = check.range("/seconds", self.seconds, (1, MAX_TIMEOUT), 1);
        let reason = reason(&mut check, self.reason);
        check.finish()?;
        Ok((u32::try_from(seconds).unwrap_or(1), reason))
    }
}

/// One level above the request's own.
#[derive(Serialize, ToSchema)]
#[schema(as = EscalationLevel)]
pub struct LevelView<'a> {
    /// How long it has, in seconds, from the hop that leads to it.
    #[schema(example = 1800)]
    after_seconds: u32,
    label: Option<&'a str>,
    policy: PolicyView<'a>,
}

/// A hop from one level to the next.
#[derive(Serialize, ToSchema)]
#[schema(as = EscalationHop)]
pub struct HopView<'a> {
    from_level: i32,
    at: DateTime<Utc>,
    /// `human`, or `timeout` where no answer came in time.
    #[schema(value_type = vocabulary::ResolvedVia, example = "timeout")]
    via: &'static str,
    /// Who did it: the name they had then.
    by: Option<&'a str>,
    by_id: Option<Uuid>,
    reason: Option<&'a str>,
}

impl<'a> From<&'a Level> for LevelView<'a> {
    fn from(level: &'a Level) -> Self {
        let (after_seconds, label) = (level.after_seconds, level.label.as_deref());
        Self { after_seconds, label, policy: (&level.policy).into() }
    }
}

impl<'a> From<&'a Hop> for HopView<'a> {
    fn from(hop: &'a Hop) -> Self {
        Self {
            from_level: hop.from_level,
            at: hop.at,
            via: hop.via.as_str(),
            by: hop.by.as_ref().map(|by| by.name.as_str()),
            by_id: hop.by.as_ref().map(|by| by.id.0),
            reason: hop.reason.as_deref(),
        }
    }
}
