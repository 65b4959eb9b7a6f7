//! The deliveries of an endpoint: each event, each try, the body and the answers.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    domain::{
        ids::{EndpointId, NotificationId},
        notification::Status,
    },
    http::{
        Api,
        caller::{ManageWebhooks, May},
        path::{UuidPath, UuidsPath},
        query::{self, Params, limit},
    },
    store::Page,
    wire::{
        problem::Problem,
        validate::Check,
        vocabulary::NotificationStatus,
        webhook::{DeliveryView, DeliveryWithAttempts},
    },
};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeliveriesQuery {
    #[param(value_type = Option<NotificationStatus>)]
    status: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 200; 50 by default.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200)]
    limit: Option<String>,
}

/// One page.
#[derive(Serialize, ToSchema)]
pub struct DeliveriesPage {
    /// Newest first.
    items: Vec<DeliveryView>,
    /// Null on the last page.
    next_cursor: Option<String>,
}

/// Where the page before ended.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cursor {
    id: Uuid,
}

/// List deliveries of a webhook
///
/// Newest first. Kept for `notify.retention_days`, 30 by default.
#[utoipa::path(
    get, path = "/api/v1/webhooks/{id}/deliveries", operation_id = "list_deliveries", tag = "webhooks",
    security(("key" = ["webhook:manage"])),
    params(("id" = Uuid, Path, description = "The webhook's id"), DeliveriesQuery),
    responses((status = 200, body = DeliveriesPage))
)]
pub async fn list(
    State(api): State<Api>,
    may: May<ManageWebhooks>,
    UuidPath(id): UuidPath,
    Params(query): Params<DeliveriesQuery>,
) -> Result<Json<DeliveriesPage>, Problem> {
    let mut check = Check::default();
    let limit = limit(&mut check, query.limit.as_deref());
    let status = query.status.as_deref().and_then(|word| {
        let known = Status::from_word(word);
        if known.is_none() {
            check.fail("?status", "choice", format!("must be one of {}", Status::WORDS.join(", ")));
        }
        known
    });
    let after = query.cursor.as_deref().map(query::decode_cursor::<Cursor>);
    if let Some(None) = after {
        check.fail("?cursor", "cursor", "must be a next_cursor of this list");
    }
    check.finish()?;
    let before = after.flatten().map(|cursor| NotificationId(cursor.id));
    let endpoints = api.webhooks.endpoints(&api.identity);
    let found = endpoints.deliveries(may.caller(), EndpointId(id), (status, before), limit).await?;
    let Page { items, more } = found.ok_or_else(Problem::not_found)?;
    let ends_at = items.last().filter(|_| more).map(|end| Cursor { id: end.id.0 });
    let next_cursor = ends_at.as_ref().map(query::encode_cursor).transpose()?;
    Ok(Json(DeliveriesPage { items: items.into_iter().map(Into::into).collect(), next_cursor }))
}

/// Show a delivery
///
/// With the body as it is sent, and what each try came to.
#[utoipa::path(
    get, path = "/api/v1/webhooks/{id}/deliveries/{delivery_id}", operation_id = "get_delivery", tag = "webhooks",
    security(("key" = ["webhook:manage"])),
    params(
        ("id" = Uuid, Path, description = "The webhook's id"),
        ("delivery_id" = Uuid, Path, description = "The delivery's id")
    ),
    responses((status = 200, body = DeliveryWithAttempts))
)]
pub async fn get(
    State(api): State<Api>,
    may: May<ManageWebhooks>,
    UuidsPath(id, delivery): UuidsPath,
) -> Result<Json<DeliveryWithAttempts>, Problem> {
    let which = (EndpointId(id), NotificationId(delivery));
    let found = api.webhooks.endpoints(&api.identity).delivery(may.caller(), which).await?;
    let (found, body, attempts) = found.ok_or_else(Problem::not_found)?;
    let attempts = attempts.into_iter().map(Into::into).collect();
    Ok(Json(DeliveryWithAttempts { delivery: found.into(), body, attempts }))
}
