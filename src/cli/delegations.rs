//! `signoff delegate` and `signoff delegations`: who may sit in whose seat, and until when.

use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::Value;

use super::{
    argument::{duration, moment, name},
    client::{ClientArgs, path_segment},
    exit::Exit,
    output::{Text, field, print, print_done},
};

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Delegate {
    #[command(flatten)]
    client: ClientArgs,
    /// Who may sit in the seat, by name.
    to: String,
    /// When it ends: a time, a date, or how long after the start (8h, 2w). Up to 90 days.
    #[arg(long, value_name = "TIME", value_parser = end)]
    until: End,
    /// Start now, which is the default.
    #[arg(long, conflicts_with = "starts")]
    from_now: bool,
    /// When it starts: a time or a date.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    starts: Option<DateTime<Utc>>,
    /// Only for these types of approvals.
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', value_parser = name)]
    types: Option<Vec<String>>,
    /// Whose seat it is; yours by default. For another's you need principal:manage.
    #[arg(long, value_name = "NAME")]
    from: Option<String>,
    /// Delegates of TO may sit in the seat as well.
    #[arg(long)]
    redelegable: bool,
    #[arg(long)]
    reason: Option<String>,
}

const EXAMPLES: &str = "\
TO decides in your seat, where the policy admits you and not them by themselves; you still can. The record says \
\"TO for you\". It prints the delegation's id.

Examples:
  signoff delegate bo --until 2026-12-24T18:00:00Z --reason leave
  signoff delegate bo --starts 2026-12-01 --until 2w --types deploy,rollback
  signoff delegations list --active
  signoff delegations revoke 0193d1a4-7c1e-7b60-9f43-0f2f5a3c9a10";

#[derive(Args)]
pub struct Delegations {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// List delegations from and to you; all, for who manages principals.
    List(List),
    /// Revoke a delegation. It opens nothing after a few seconds; votes that were cast stay.
    Revoke(Revoke),
}

#[derive(Args)]
struct List {
    #[command(flatten)]
    client: ClientArgs,
    /// Only those of this person's seat.
    #[arg(long, value_name = "NAME")]
    from: Option<String>,
    /// Only those to this person.
    #[arg(long, value_name = "NAME")]
    to: Option<String>,
    /// Only those that hold now.
    #[arg(long)]
    active: bool,
}

#[derive(Args)]
struct Revoke {
    #[command(flatten)]
    client: ClientArgs,
    id: String,
}

/// When a delegation ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    At(DateTime<Utc>),
    After(TimeDelta),
}

fn end(text: &str) -> Result<End, String> {
    if let Ok(at) = moment(text) {
        return Ok(End::At(at));
    }
    let length = duration(text).ok().and_then(|it| TimeDelta::from_std(it).ok());
    let expected =
        "expected a time like 2026-11-21T12:00:00Z, a date like 2026-11-21, or a length like 8h or 2w";
    length.map(End::After).ok_or_else(|| expected.to_owned())
}

#[derive(Serialize)]
struct Body<'a> {
    to: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    starts_at: Option<DateTime<Utc>>,
    ends_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approval_types: Option<&'a [String]>,
    redelegable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

#[expect(clippy::disallowed_methods, reason = "a length is meant from the moment of the command")]
fn now() -> DateTime<Utc> {
    Utc::now()
}

impl Delegate {
    pub async fn run(self) -> anyhow::Result<Exit> {
        let start = self.starts.unwrap_or_else(now);
        let ends_at = match self.until {
            End::At(at) => at,
            End::After(length) => start
                .checked_add_signed(length)
                .ok_or_else(|| anyhow::anyhow!("--until is further away than there are dates"))?,
        };
        let body = Body {
            to: &self.to,
            from: self.from.as_deref(),
            starts_at: self.starts,
            ends_at,
            approval_types: self.types.as_deref(),
            redelegable: self.redelegable,
            reason: self.reason.as_deref(),
        };
        let made = self.client.client()?.delegate(&body).await?;
        let text =
            if self.client.json { Text::json(made.text()) } else { Text::to_copy(&field(&made, "id")) };
        print_done(&text)?;
        Ok(Exit::Success)
    }
}

impl Delegations {
    pub async fn run(self) -> anyhow::Result<Exit> {
        match self.action {
            Action::List(list) => list.run().await,
            Action::Revoke(revoke) => revoke.run().await,
        }
    }
}

impl List {
    async fn run(self) -> anyhow::Result<Exit> {
        let mut path = String::from("/delegations?limit=200");
        for (of, name) in [("from", &self.from), ("to", &self.to)] {
            if let Some(name) = name {
                path = format!("{path}&{of}={}", path_segment(name));
            }
        }
        if self.active {
            path += "&active=true";
        }
        let items = self.client.client()?.list(&path).await?;
        if self.client.json {
            print(&Text::json(&serde_json::to_string(&items)?))?;
            return Ok(Exit::Success);
        }
        let rows = items.iter().map(|item| {
            [
                field(item, "id"),
                field(item, "from"),
                field(item, "to"),
                field(item, "state"),
                field(item, "starts_at"),
                field(item, "ends_at"),
                types(item),
                field(item, "reason"),
            ]
        });
        print(&Text::table(["ID", "FROM", "TO", "STATE", "STARTS AT", "ENDS AT", "TYPES", "REASON"], rows))?;
        Ok(Exit::Success)
    }
}

fn types(item: &Value) -> String {
    match item["approval_types"].as_array() {
        None => "all".to_owned(),
        Some(types) => types.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","),
    }
}

impl Revoke {
    async fn run(self) -> anyhow::Result<Exit> {
        self.client.client()?.revoke_delegation(&self.id).await?;
        print_done(&Text::single_line(&format!("revoked {}", self.id)))?;
        Ok(Exit::Success)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_a_moment_or_a_length() {
        assert_eq!(end("2026-12-24"), Ok(End::At("2026-12-24T00:00:00Z".parse().unwrap())));
        assert_eq!(end("2w"), Ok(End::After(TimeDelta::weeks(2))));
        for text in ["", "soon", "0h", "-1d"] {
            assert!(end(text).is_err(), "{text}");
        }
    }
}
