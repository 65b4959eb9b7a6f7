//! Looks after endpoints that fail: administrators are told after a day, and the endpoint is disabled after five. And
//! keeps the endpoint that the configuration names as the configuration says.

use std::collections::BTreeSet;

use serde_json::json;
use sqlx::{Connection, PgConnection};

use super::Webhooks;
use crate::{
    auth::{Permission, role},
    domain::{
        credential::Origin,
        ids::{EndpointId, WorkspaceId},
        notification::News,
        webhook::{DISABLED_AFTER, Disabled, LATELY, TOLD_AFTER},
    },
    store::{Error, audit, lanes, news, webhooks},
};

/// How many endpoints one transaction looks at, and how many events one look gives up.
const BATCH: i64 = 100;
const GIVEN_UP: i64 = 1_000;
/// How much of a URL and of an error the news shows, in characters.
const SHORT: usize = 200;

/// The endpoint that the configuration names.
#[derive(Debug, Clone, Default)]
pub struct Configured {
    /// `None`: the configuration names no endpoint.
    pub url: Option<String>,
    /// The one workspace that has it. `None`: all have it.
    pub workspace: Option<String>,
}

/// Looks after endpoints that fail. Answers how many were disabled. Every instance calls it, and each endpoint is
/// looked at by one of them. `relay`: the relay that takes our mail.
pub async fn failing(conn: &mut PgConnection, relay: Option<&str>) -> Result<usize, Error> {
    let times = (TOLD_AFTER.as_secs_f64(), DISABLED_AFTER.as_secs_f64(), LATELY.as_secs_f64());
    let mut transaction = conn.begin().await?;
    let mut found = webhooks::failing(&mut transaction, times, BATCH).await?;
    // Lanes are locked in this order: those of mail first, as the router does.
    found.sort_by_key(|it| (it.workspace, it.id));
    let mut over = Vec::new();
    for it in found {
        if it.is_over {
            if disable(&mut transaction, (it.workspace, it.id, &it.url), Disabled::Failing, relay).await? {
                over.push((it.workspace, it.id));
            }
            continue;
        }
        let error = it.last_error.map_or_else(String::new, |error| format!(": {}", short(&error)));
        let subject = format!("No webhook has arrived at {} for a day{error}", short(&it.url));
        tell(&mut transaction, it.workspace, News::EndpointFailing, &subject, relay).await?;
        webhooks::told(&mut transaction, it.workspace, it.id).await?;
    }
    for (workspace, id) in &over {
        webhooks::hold(&mut transaction, *workspace, *id).await?;
    }
    transaction.commit().await?;
    lanes::give_up_disabled(conn, GIVEN_UP).await?;
    Ok(over.len())
}

/// Disables an endpoint that answered 410. This is on record, and administrators are told. Answers whether it was done:
/// by now the endpoint may have another URL, which has not answered 410.
pub async fn gone(
    conn: &mut PgConnection,
    which: (WorkspaceId, EndpointId, &str),
    relay: Option<&str>,
) -> Result<bool, Error> {
    let mut transaction = conn.begin().await?;
    let done = disable(&mut transaction, which, Disabled::Gone, relay).await?;
    if done {
        webhooks::hold(&mut transaction, which.0, which.1).await?;
    }
    transaction.commit().await?;
    Ok(done)
}

/// Disables an endpoint if it is enabled and still has this URL. The caller holds its lane afterwards.
async fn disable(
    conn: &mut PgConnection,
    (workspace, id, url): (WorkspaceId, EndpointId, &str),
    why: Disabled,
    relay: Option<&str>,
) -> Result<bool, Error> {
    if !webhooks::disable(&mut *conn, workspace, id, why, Some(url)).await? {
        return Ok(false);
    }
    record(&mut *conn, workspace, id, "webhook.disabled", json!({ "disabled_reason": why.as_str() })).await?;
    let reason = match why {
        Disabled::Gone => "it answered 410",
        Disabled::Failing => "it has failed for five days",
        Disabled::ByHand | Disabled::Configuration => "it was turned off",
    };
    let subject = format!("The webhook endpoint {} is disabled: {reason}. What waits is kept.", short(url));
    tell(conn, workspace, News::EndpointDisabled, &subject, relay).await?;
    Ok(true)
}

/// Keeps the endpoint that the configuration names. Turns off endpoints that it no longer names.
pub async fn keep(conn: &mut PgConnection, configured: &Configured) -> Result<(), Error> {
    let (workspace, url) = (configured.workspace.as_deref(), configured.url.as_deref());
    let mut transaction = conn.begin().await?;
    for (workspace, id) in webhooks::no_longer_configured(&mut transaction, workspace, url).await? {
        if webhooks::disable(&mut transaction, workspace, id, Disabled::Configuration, None).await? {
            webhooks::hold(&mut transaction, workspace, id).await?;
            let after = json!({ "disabled_reason": Disabled::Configuration.as_str() });
            record(&mut transaction, workspace, id, "webhook.disabled", after).await?;
        }
    }
    keep_in(&mut transaction, configured, None).await?;
    transaction.commit().await?;
    Ok(())
}

/// Makes or corrects the endpoint that the configuration names, in these workspaces (`None`: in all). The router calls
/// it, too, because a workspace may be new.
pub(super) async fn keep_in(
    conn: &mut PgConnection,
    configured: &Configured,
    workspaces: Option<&BTreeSet<WorkspaceId>>,
) -> Result<(), Error> {
    let Some(url) = configured.url.as_deref() else { return Ok(()) };
    let name = configured.workspace.as_deref();
    for (workspace, id) in webhooks::keep_configured(&mut *conn, workspaces, name, url).await? {
        record(&mut *conn, workspace, id, "webhook.configured", json!({ "url": url })).await?;
    }
    Ok(())
}

async fn record(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    id: EndpointId,
    action: &'static str,
    after: serde_json::Value,
) -> Result<(), Error> {
    let entry = audit::Entry {
        workspace,
        action,
        subject: Some(&id.to_string()),
        run: None,
        actor: None,
        via: "service",
        origin: &Origin::default(),
        before: None,
        after: Some(after),
        detail: json!({}),
    };
    audit::append(conn, entry).await
}

async fn tell(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    news: News,
    subject: &str,
    relay: Option<&str>,
) -> Result<(), Error> {
    let (permissions, roles) = role::that_allow(Permission::WebhookManage);
    let (permissions, roles) = (permissions.as_slice(), roles.as_slice());
    news::tell(conn, &news::Bulletin { workspace, permissions, roles, news, subject, relay }).await
}

fn short(text: &str) -> String {
    match text.char_indices().nth(SHORT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

impl Webhooks {
    /// Looks at all endpoints once.
    pub async fn look(&self) -> Result<(), Error> {
        let work = async |conn: &mut PgConnection| {
            keep(&mut *conn, &self.endpoint).await?;
            failing(conn, self.relay.as_deref()).await
        };
        let disabled = self.database.notify.run(super::STATEMENT, work).await?;
        if disabled > 0 {
            tracing::warn!(endpoints = disabled, "webhook endpoints have failed for days and are disabled");
        }
        Ok(())
    }
}
