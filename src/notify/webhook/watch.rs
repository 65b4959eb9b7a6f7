//! Endpoints that fail: administrators are told after a day, and after five days they are disabled, visibly. And the
//! endpoint that the configuration names, which is kept as it says.

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
    store::{Error, audit, news, webhooks},
};

/// Endpoints that are looked at in one transaction, and events that are given up.
const BATCH: i64 = 100;
const GIVEN_UP: i64 = 1_000;
/// Longest part of a URL and of an error in the news, in characters.
const SHORT: usize = 200;

/// The endpoint that the configuration names.
#[derive(Debug, Clone, Default)]
pub struct Configured {
    /// `None`: none.
    pub url: Option<String>,
    /// The only workspace that has it. `None`: all have it.
    pub workspace: Option<String>,
}

/// Looks after endpoints that fail; answers how many were disabled. Called by every instance: each endpoint is looked at
/// by one of them. `relay`: takes our mail.
pub async fn failing(conn: &mut PgConnection, relay: Option<&str>) -> Result<usize, Error> {
    let times = (TOLD_AFTER.as_secs_f64(), DISABLED_AFTER.as_secs_f64(), LATELY.as_secs_f64());
    let mut transaction = conn.begin().await?;
    let mut disabled = 0;
    let mut found = webhooks::failing(&mut transaction, times, BATCH).await?;
    // Lanes are locked in this order.
    found.sort_by_key(|it| it.workspace);
    for it in found {
        if it.is_over {
            disable(&mut transaction, (it.workspace, it.id, &it.url), Disabled::Failing, relay).await?;
            disabled += 1;
            continue;
        }
        let error = it.last_error.map_or_else(String::new, |error| format!(": {}", short(&error)));
        let subject = format!("No webhook has arrived at {} for a day{error}", short(&it.url));
        tell(&mut transaction, it.workspace, News::EndpointFailing, &subject, relay).await?;
        webhooks::told(&mut transaction, it.workspace, it.id).await?;
    }
    transaction.commit().await?;
    webhooks::give_up(conn, GIVEN_UP).await?;
    Ok(disabled)
}

/// Disables an endpoint that shows it wants nothing, or takes nothing; on record, and administrators are told.
pub async fn disable(
    conn: &mut PgConnection,
    (workspace, id, url): (WorkspaceId, EndpointId, &str),
    why: Disabled,
    relay: Option<&str>,
) -> Result<(), Error> {
    if !webhooks::disable(&mut *conn, workspace, id, why).await? {
        return Ok(());
    }
    record(&mut *conn, workspace, id, "webhook.disabled", json!({ "disabled_reason": why.as_str() })).await?;
    let reason = match why {
        Disabled::Gone => "it answered 410",
        Disabled::Failing => "it has failed for five days",
        Disabled::ByHand | Disabled::Configuration => "it was turned off",
    };
    let subject = format!("The webhook endpoint {} is disabled: {reason}. What waits is kept.", short(url));
    tell(conn, workspace, News::EndpointDisabled, &subject, relay).await
}

/// Keeps the endpoint that the configuration names, and turns off what it names no more.
pub async fn keep(conn: &mut PgConnection, configured: &Configured) -> Result<(), Error> {
    let (workspace, url) = (configured.workspace.as_deref(), configured.url.as_deref());
    let mut transaction = conn.begin().await?;
    for (workspace, id) in webhooks::no_longer_configured(&mut transaction, workspace, url).await? {
        if webhooks::disable(&mut transaction, workspace, id, Disabled::Configuration).await? {
            let after = json!({ "disabled_reason": Disabled::Configuration.as_str() });
            record(&mut transaction, workspace, id, "webhook.disabled", after).await?;
        }
    }
    keep_in(&mut transaction, configured, None).await?;
    transaction.commit().await?;
    Ok(())
}

/// The same in these workspaces, for what is about to be routed there: some may have come a moment ago. `None`: in all.
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
    /// One look at all endpoints.
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
