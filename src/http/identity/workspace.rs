//! The caller's workspace and its settings.

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    domain::{
        delegation::Delegating,
        patch::{Patch, never_null},
        redaction::{InvalidPattern, LONGEST_KEY, LONGEST_PATTERN, MOST_KEYS, MOST_PATTERNS, Pattern},
    },
    http::{
        Api,
        body::Body,
        caller::{Administer, May},
    },
    store::workspaces::{RedactionChange, Settings, Workspace},
    wire::{parse::Object, problem::Problem, validate::Check, vocabulary},
};

/// A hundred years, in days.
const LONGEST_RETENTION: i64 = 36_500;
/// Most reasons that are offered, and the longest, in characters.
const MOST_REASONS: usize = 20;
const MAX_REASON: usize = 200;

/// What is to be changed; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"allow_timeout_approve": true}))]
pub struct SettingsBody {
    /// Whether approvals may be asked for that a timeout approves.
    #[serde(default, deserialize_with = "never_null")]
    #[schema(nullable = false)]
    allow_timeout_approve: Option<bool>,
    /// After so many days what has ended is deleted, its record apart; 1 to 36,500, null for never.
    #[serde(default)]
    #[schema(value_type = Option<i32>, minimum = 1, maximum = 36_500)]
    history_retention_days: Patch<i32>,
    /// Whether people may let others sit in their seats: `off`, `own` or `managed`.
    #[serde(default, deserialize_with = "never_null")]
    #[schema(nullable = false, value_type = Option<vocabulary::Delegating>)]
    delegation: Option<String>,
    /// What who rejects is offered to say: at most 20, of 1 to 200 characters, in this order.
    #[serde(default, deserialize_with = "never_null")]
    #[schema(nullable = false)]
    reject_reasons: Option<Vec<String>>,
    /// What is taken out of notifications, webhooks and logs; null for the defaults.
    #[serde(default)]
    #[schema(value_type = Option<RedactionBody>)]
    redaction: Patch<Object<RedactionBody>>,
}

/// What is to be changed of it; what is left out stays, and null is the default.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RedactionBody {
    /// Names of fields whose values are taken out: at most 100, of 1 to 100 characters. `*` stands for any characters,
    /// `?` for one.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    keys: Patch<Vec<String>>,
    /// Regular expressions for parts of texts that are taken out: at most 20, of 1 to 200 characters.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    patterns: Patch<Vec<String>>,
    /// Whether it is taken out before an approval is stored.
    #[serde(default, deserialize_with = "never_null")]
    #[schema(nullable = false)]
    store: Option<bool>,
}

impl RedactionBody {
    fn checked(self, check: &mut Check) -> RedactionChange {
        check_list(check, "/redaction/keys", self.keys.value(), (MOST_KEYS, LONGEST_KEY));
        let pointer = "/redaction/patterns";
        check_list(check, pointer, self.patterns.value(), (MOST_PATTERNS, LONGEST_PATTERN));
        let mut together = 0;
        for (n, text) in self.patterns.value().into_iter().flatten().take(MOST_PATTERNS).enumerate() {
            if text.is_empty() || text.chars().count() > LONGEST_PATTERN {
                continue;
            }
            if let Err(error) = Pattern::new(text).and_then(|it| it.counted(&mut together)) {
                let rule = match error {
                    InvalidPattern::Syntax(_) => "pattern",
                    InvalidPattern::TooLarge | InvalidPattern::TooLargeTogether => "max_size",
                    InvalidPattern::Empty => "empty_match",
                };
                check.fail(format!("{pointer}/{n}"), rule, error.to_string());
                // Each that is too large takes its time.
                if rule == "max_size" {
                    break;
                }
            }
        }
        RedactionChange { keys: self.keys, patterns: self.patterns, store: self.store }
    }
}

/// Show the workspace
#[utoipa::path(get, path = "/api/v1/workspace", operation_id = "get_workspace", tag = "identity",
    security(("key" = ["workspace:admin"])), responses((status = 200, body = Workspace)))]
pub async fn get(State(api): State<Api>, may: May<Administer>) -> Result<Json<Workspace>, Problem> {
    let found = api.identity.workspace(may.caller()).await?;
    found.map(Json).ok_or_else(Problem::not_found)
}

/// Change the workspace's settings
#[utoipa::path(
    patch, path = "/api/v1/workspace", operation_id = "update_workspace", tag = "identity",
    security(("key" = ["workspace:admin"])),
    request_body = SettingsBody, responses((status = 200, body = Workspace))
)]
pub async fn update(
    State(api): State<Api>,
    may: May<Administer>,
    Body { value: body, .. }: Body<SettingsBody>,
) -> Result<Json<Workspace>, Problem> {
    let mut check = Check::default();
    if let Some(days) = body.history_retention_days.value() {
        check.range("/history_retention_days", Some((*days).into()), (1, LONGEST_RETENTION), 1);
    }
    let delegation = body.delegation.as_deref().map(Delegating::from_word);
    if delegation == Some(None) {
        check.fail("/delegation", "choice", "must be off, own or managed");
    }
    check_reasons(&mut check, body.reject_reasons.as_deref().unwrap_or_default());
    let redaction = match body.redaction {
        Patch::Keep => RedactionChange::default(),
        Patch::Clear => RedactionChange { keys: Patch::Clear, patterns: Patch::Clear, store: Some(false) },
        Patch::Set(Object(redaction)) => redaction.checked(&mut check),
    };
    check.finish()?;
    let settings = Settings {
        allow_timeout_approve: body.allow_timeout_approve,
        history_retention_days: body.history_retention_days,
        delegation: delegation.flatten(),
        reject_reasons: body.reject_reasons,
        redaction,
    };
    Ok(Json(api.identity.set_workspace(may.call(), settings).await?))
}

/// Texts that aren't empty: so many at most, and each of so many characters.
fn check_list(check: &mut Check, pointer: &str, list: Option<&Vec<String>>, (most, longest): (usize, usize)) {
    let list = list.map(Vec::as_slice).unwrap_or_default();
    if list.len() > most {
        check.fail(pointer, "max_items", format!("must be at most {most}"));
    }
    for (n, text) in list.iter().take(most).enumerate() {
        let pointer = format!("{pointer}/{n}");
        if text.is_empty() {
            check.fail(pointer.as_str(), "min_length", "must not be empty");
        }
        check.text(&pointer, Some(text), longest);
        if text.contains('\0') {
            check.fail(pointer, "characters", "must not hold U+0000");
        }
    }
}

fn check_reasons(check: &mut Check, reasons: &[String]) {
    if reasons.len() > MOST_REASONS {
        check.fail("/reject_reasons", "max_items", format!("must be at most {MOST_REASONS}"));
    }
    for (n, reason) in reasons.iter().take(MOST_REASONS).enumerate() {
        let pointer = format!("/reject_reasons/{n}");
        if reason.trim().is_empty() {
            check.fail(pointer.as_str(), "min_length", "must not be empty");
        }
        check.text(&pointer, Some(reason), MAX_REASON);
        check.visible(&pointer, Some(reason));
        if reasons[..n].contains(reason) {
            check.fail(pointer, "unique", "must not be there twice");
        }
    }
}
