//! What members do with endpoints. Each change is on record. A secret is shown once, when it is made.

use std::time::Duration;

use secrecy::SecretString;
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::{
    Trial, Webhooks,
    keys::{Key, Keys},
};
use crate::{
    domain::{
        ids::{EndpointId, NotificationId, WorkspaceId},
        lane::BREAKS_AT,
        patch::Patch,
        webhook::{Disabled, Format, MOST_ENDPOINTS, ManagedBy, own_id},
    },
    identity::{Attempted, By, Refusal},
    store::{
        self, Error,
        deliveries::{self, Which},
        webhooks::{self, Endpoint, Wanted},
    },
};

/// A change of an endpoint. A field that is not given stays as it is.
#[derive(Debug, Default)]
pub struct Change {
    pub url: Option<String>,
    pub description: Patch<String>,
    pub events: Option<Vec<String>>,
    pub format: Option<Format>,
    pub include_context: Option<bool>,
    pub enabled: Option<bool>,
}

impl Change {
    fn is_of_more_than_the_switch(&self) -> bool {
        self.url.is_some()
            || self.description != Patch::Keep
            || self.events.is_some()
            || self.format.is_some()
            || self.include_context.is_some()
    }
}

const CONFIGURED: Refusal =
    Refusal::Forbidden("the operator has set this endpoint in the configuration (webhooks.url)");
const NOT_FOUND: Refusal = Refusal::NotFound("webhook");

impl Webhooks {
    /// Makes an endpoint. Answers it with its secret.
    pub async fn create(
        &self,
        conn: &mut PgConnection,
        by: &By<'_>,
        workspace: WorkspaceId,
        wanted: &Wanted,
    ) -> Attempted<(Endpoint, SecretString)> {
        let most = i64::try_from(MOST_ENDPOINTS).unwrap_or(i64::MAX);
        if webhooks::count(&mut *conn, workspace).await? >= most {
            let message = format!("a workspace has {MOST_ENDPOINTS} endpoints at most");
            return Ok(Err(Refusal::LimitReached(message)));
        }
        let (id, key) = (EndpointId::generate(), Key::generate());
        let told = key.reveal();
        let sealed = self.sealed(workspace, id, &Keys::of(key))?;
        webhooks::insert(&mut *conn, workspace, id, wanted, &sealed).await?;
        let made = present(&mut *conn, workspace, id).await?;
        by.record(conn, workspace, "webhook.created", &id.to_string(), (None, Some(recorded(&made)))).await?;
        Ok(Ok((made, told)))
    }

    /// Gives an endpoint another secret. The old one still signs for a while.
    pub async fn rotate(
        &self,
        conn: &mut PgConnection,
        by: &By<'_>,
        (workspace, id): (WorkspaceId, EndpointId),
        overlap: Duration,
    ) -> Attempted<(Endpoint, SecretString)> {
        let Some(before) = webhooks::lock(&mut *conn, workspace, id).await? else {
            return Ok(Err(NOT_FOUND));
        };
        let Some(sealed) = before.secrets.as_deref().filter(|_| before.managed_by == ManagedBy::Api) else {
            return Ok(Err(CONFIGURED));
        };
        let key = Key::generate();
        let told = key.reveal();
        let keys = match Keys::open(self.sealer(), workspace, id, sealed) {
            Ok(keys) => {
                keys.rotated(key, before.now, chrono::Duration::from_std(overlap).unwrap_or_default())
            }
            // The old secret can't sign any more, so there is no overlap.
            Err(error) => {
                tracing::warn!(%error, endpoint = %id, "a secret is replaced that can't be used");
                Keys::of(key)
            }
        };
        let sealed = self.sealed(workspace, id, &keys)?;
        webhooks::set_secrets(&mut *conn, workspace, id, &sealed).await?;
        let after = present(&mut *conn, workspace, id).await?;
        let overlap = json!({ "overlap_seconds": overlap.as_secs() });
        by.record(conn, workspace, "webhook.rotated", &id.to_string(), (None, Some(overlap))).await?;
        Ok(Ok((after, told)))
    }

    /// Sends a test. Answers the id of its delivery.
    pub async fn test(
        &self,
        conn: &mut PgConnection,
        by: &By<'_>,
        (workspace, id): (WorkspaceId, EndpointId),
    ) -> Attempted<NotificationId> {
        let Some(endpoint) = webhooks::lock(&mut *conn, workspace, id).await? else {
            return Ok(Err(NOT_FOUND));
        };
        if endpoint.disabled.is_some() {
            let why = "the endpoint is disabled; enable it first".to_owned();
            return Ok(Err(Refusal::NotRedrivable(why)));
        }
        let name = store::workspaces::get(&mut *conn, workspace).await?.map(|it| it.name).unwrap_or_default();
        let delivery = NotificationId::generate();
        let body = (self.bodies.trial)(&Trial {
            id: &own_id(delivery),
            source: &self.source(&name),
            endpoint: id,
            at: endpoint.now,
            format: endpoint.wanted.format,
        });
        deliveries::test(&mut *conn, workspace, id, delivery, &body).await?;
        let after = json!({ "delivery_id": delivery.0 });
        by.record(conn, workspace, "webhook.tested", &id.to_string(), (None, Some(after))).await?;
        Ok(Ok(delivery))
    }

    fn sealed(&self, workspace: WorkspaceId, id: EndpointId, keys: &Keys) -> Result<Vec<u8>, Error> {
        let corrupt = |what: String| Error::Corrupt { table: "webhook_endpoints", id: id.to_string(), what };
        // Without a sealer the caller was refused before.
        let sealer = self.sealer().ok_or_else(|| corrupt("nothing can be sealed".to_owned()))?;
        keys.seal(sealer, workspace, id).map_err(|error| corrupt(error.to_string()))
    }
}

/// Changes an endpoint. Writes and records nothing where nothing is different.
pub async fn update(
    conn: &mut PgConnection,
    by: &By<'_>,
    (workspace, id): (WorkspaceId, EndpointId),
    change: Change,
) -> Attempted<Endpoint> {
    let Some(before) = webhooks::lock(&mut *conn, workspace, id).await? else { return Ok(Err(NOT_FOUND)) };
    if before.managed_by == ManagedBy::Configuration && change.is_of_more_than_the_switch() {
        return Ok(Err(CONFIGURED));
    }
    let mut wanted = before.wanted.clone();
    change.description.apply(&mut wanted.description);
    wanted.url = change.url.unwrap_or(wanted.url);
    wanted.events = change.events.unwrap_or(wanted.events);
    wanted.format = change.format.unwrap_or(wanted.format);
    wanted.include_context = change.include_context.unwrap_or(wanted.include_context);
    if wanted != before.wanted {
        webhooks::update(&mut *conn, workspace, id, &wanted).await?;
    }
    match (change.enabled, before.disabled) {
        (Some(true), Some((_, Disabled::Configuration))) => return Ok(Err(CONFIGURED)),
        (Some(true), Some(_)) => drop(webhooks::enable(&mut *conn, workspace, id, BREAKS_AT).await?),
        (Some(false), None) => {
            webhooks::disable(&mut *conn, workspace, id, Disabled::ByHand, None).await?;
            webhooks::hold(&mut *conn, workspace, id).await?;
        }
        _ => {}
    }
    let after = present(&mut *conn, workspace, id).await?;
    let (was, is) = (recorded(&before), recorded(&after));
    if was != is {
        by.record(conn, workspace, "webhook.updated", &id.to_string(), (Some(was), Some(is))).await?;
    }
    Ok(Ok(after))
}

/// Deletes an endpoint. The deliveries that wait for it are skipped later, in turns of its lane.
pub async fn delete(
    conn: &mut PgConnection,
    by: &By<'_>,
    (workspace, id): (WorkspaceId, EndpointId),
) -> Attempted<()> {
    let Some(before) = webhooks::lock(&mut *conn, workspace, id).await? else { return Ok(Err(NOT_FOUND)) };
    if !webhooks::delete(&mut *conn, workspace, id).await? {
        return Ok(Err(CONFIGURED));
    }
    by.record(conn, workspace, "webhook.deleted", &id.to_string(), (Some(recorded(&before)), None)).await?;
    Ok(Ok(()))
}

/// Sends deliveries again. Answers how many.
pub async fn replay(
    conn: &mut PgConnection,
    by: &By<'_>,
    (workspace, id): (WorkspaceId, EndpointId),
    which: &Which,
) -> Attempted<i64> {
    if webhooks::lock(&mut *conn, workspace, id).await?.is_none() {
        return Ok(Err(NOT_FOUND));
    }
    let count = deliveries::replay(&mut *conn, workspace, id, which).await?;
    if count > 0 {
        let after =
            json!({ "replayed": count, "from": which.from, "to": which.to, "status": which.statuses });
        by.record(conn, workspace, "webhook.replayed", &id.to_string(), (None, Some(after))).await?;
    }
    Ok(Ok(count))
}

/// Reads an endpoint that was there earlier in this transaction.
async fn present(conn: &mut PgConnection, workspace: WorkspaceId, id: EndpointId) -> Result<Endpoint, Error> {
    webhooks::get(conn, workspace, id).await?.ok_or_else(|| Error::Corrupt {
        table: "webhook_endpoints",
        id: id.to_string(),
        what: "it went while it was changed".to_owned(),
    })
}

/// The endpoint as the record shows it: without secrets.
fn recorded(it: &Endpoint) -> Value {
    json!({
        "url": it.wanted.url,
        "description": it.wanted.description,
        "events": it.wanted.events,
        "format": it.wanted.format.as_str(),
        "include_context": it.wanted.include_context,
        "disabled_reason": it.disabled.map(|(_, why)| why.as_str()),
    })
}
