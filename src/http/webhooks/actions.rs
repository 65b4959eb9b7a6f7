//! Actions on an endpoint: give it another secret, test it, send events again.

use std::time::Duration;

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{WithSecret, can_seal, with_secret};
use crate::{
    domain::{
        ids::EndpointId,
        notification::{Channel, Status},
    },
    http::{
        Api,
        body::OptionalBody,
        caller::{ManageWebhooks, May},
        path::UuidPath,
        query,
    },
    store::deliveries::{MOST_REPLAYED, Which},
    wire::{problem::Problem, validate::Check, webhook::WebhookWithSecret},
};

/// How long the old secret still signs: at most thirty days, by default one day.
const LONGEST_OVERLAP: i64 = 2_592_000;
const OVERLAP: i64 = 86_400;

/// How an endpoint gets another secret.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"overlap_seconds": 86_400}))]
pub struct RotateSecretBody {
    /// How long the old secret still signs, in seconds. 86,400 by default. 0 is for a secret that others have seen.
    #[schema(minimum = 0, maximum = 2_592_000)]
    overlap_seconds: Option<i64>,
}

/// Give a webhook another secret
///
/// For a while each message is signed with both secrets, so that the receiver can change over.
#[utoipa::path(
    post, path = "/api/v1/webhooks/{id}/rotate-secret", operation_id = "rotate_webhook_secret", tag = "webhooks",
    security(("key" = ["webhook:manage"])),
    params(("id" = Uuid, Path, description = "The webhook's id")),
    request_body = Option<RotateSecretBody>,
    responses((status = 200, body = WebhookWithSecret, headers(("Cache-Control", description = "no-store"))))
)]
pub async fn rotate(
    State(api): State<Api>,
    may: May<ManageWebhooks>,
    UuidPath(id): UuidPath,
    OptionalBody(body, _place): OptionalBody<RotateSecretBody>,
) -> Result<WithSecret, Problem> {
    can_seal(&api)?;
    let mut check = Check::default();
    let overlap = check.range("/overlap_seconds", body.overlap_seconds, (0, LONGEST_OVERLAP), OVERLAP);
    check.finish()?;
    let overlap = Duration::from_secs(overlap.unsigned_abs());
    let endpoints = api.webhooks.endpoints(&api.identity);
    let (endpoint, secret) = endpoints.rotate(may.call(), EndpointId(id), overlap).await?;
    Ok(with_secret(StatusCode::OK, endpoint, &secret))
}

/// A test that is on its way.
#[derive(Serialize, ToSchema)]
pub struct Tested {
    delivery_id: Uuid,
}

/// Try a webhook
///
/// Sends `webhook:test` to the endpoint. The delivery shows what came of it. An endpoint that is left alone because it
/// fails gets the test at once, before all other messages. 409 `not_redrivable` while the endpoint is disabled.
#[utoipa::path(
    post, path = "/api/v1/webhooks/{id}/test", operation_id = "test_webhook", tag = "webhooks",
    security(("key" = ["webhook:manage"])),
    params(("id" = Uuid, Path, description = "The webhook's id")),
    responses((status = 202, body = Tested))
)]
pub async fn test(
    State(api): State<Api>,
    may: May<ManageWebhooks>,
    UuidPath(id): UuidPath,
) -> Result<(StatusCode, Json<Tested>), Problem> {
    let delivery = api.webhooks.endpoints(&api.identity).test(may.call(), EndpointId(id)).await?;
    api.hints.hint(Channel::Webhook);
    Ok((StatusCode::ACCEPTED, Json(Tested { delivery_id: delivery.0 })))
}

/// Which deliveries are sent again: those that fit all that is given.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"status": "failed", "from": "2026-11-28T00:00:00Z"}))]
pub struct ReplayBody {
    /// Of events from then on.
    #[schema(value_type = Option<DateTime<Utc>>)]
    from: Option<String>,
    /// Of events before then.
    #[schema(value_type = Option<DateTime<Utc>>)]
    to: Option<String>,
    /// `sent` or `failed`; both by default.
    status: Option<String>,
}

/// What it came to.
#[derive(Serialize, ToSchema)]
pub struct Replayed {
    replayed: i64,
    /// Whether there may be more: 10,000 is the most of one call.
    more: bool,
}

/// Send events again
///
/// Sends the same bytes with the same `webhook-id` again, the oldest first, 10,000 at most. Pending deliveries stay as
/// they are.
#[utoipa::path(
    post, path = "/api/v1/webhooks/{id}/replay", operation_id = "replay_webhook", tag = "webhooks",
    security(("key" = ["webhook:manage"])),
    params(("id" = Uuid, Path, description = "The webhook's id")),
    request_body = Option<ReplayBody>, responses((status = 200, body = Replayed))
)]
pub async fn replay(
    State(api): State<Api>,
    may: May<ManageWebhooks>,
    UuidPath(id): UuidPath,
    OptionalBody(body, _place): OptionalBody<ReplayBody>,
) -> Result<Json<Replayed>, Problem> {
    let mut check = Check::default();
    let from = query::time(&mut check, "/from", body.from.as_deref());
    let to = query::time(&mut check, "/to", body.to.as_deref());
    let both = [Status::Sent.as_str(), Status::Failed.as_str()];
    let statuses: Vec<String> = match body.status {
        None => both.map(str::to_owned).to_vec(),
        Some(status) if both.contains(&status.as_str()) => vec![status],
        Some(_) => {
            check.fail("/status", "choice", "must be sent or failed");
            Vec::new()
        }
    };
    check.finish()?;
    let which = Which { from, to, statuses };
    let endpoints = api.webhooks.endpoints(&api.identity);
    let replayed = endpoints.replay(may.call(), EndpointId(id), &which).await?;
    api.hints.hint(Channel::Webhook);
    Ok(Json(Replayed { replayed, more: replayed >= MOST_REPLAYED }))
}
