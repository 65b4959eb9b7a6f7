//! Endpoints of webhooks: where a workspace wants its events. A secret is shown once, to the caller who made it.

pub mod actions;
pub mod deliveries;

use axum::{
    Json,
    extract::State,
    http::{HeaderName, StatusCode, header},
};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Api,
    body::{Body, Modest},
    caller::{ManageWebhooks, May},
    path::UuidPath,
};
use crate::{
    domain::ids::EndpointId,
    store::webhooks::Endpoint,
    wire::{
        problem::{Code, Problem},
        validate::Check,
        webhook::{WebhookBody, WebhookPatch, WebhookView, WebhookWithSecret},
    },
};

/// All of a workspace: 50 at most.
#[derive(Serialize, ToSchema)]
pub struct WebhooksPage {
    /// Oldest first.
    items: Vec<WebhookView>,
    /// Always null: there is one page.
    next_cursor: Option<String>,
}

/// An answer with a secret. No cache may store it.
type WithSecret = (StatusCode, [(HeaderName, &'static str); 1], Json<WebhookWithSecret>);

fn with_secret(status: StatusCode, endpoint: Endpoint, secret: &SecretString) -> WithSecret {
    let body = WebhookWithSecret { webhook: endpoint.into(), secret: secret.expose_secret().to_owned() };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(body))
}

/// Refuses the call if secrets can't be sealed.
fn can_seal(api: &Api) -> Result<(), Problem> {
    if api.webhooks.sealer().is_some() {
        return Ok(());
    }
    let why = "secrets of webhooks can't be kept: the operator must set secrets.key (SIGNOFF_SECRETS_KEY), 32 bytes in \
               base64";
    Err(Problem::new(Code::NotSupported, why))
}

/// List webhooks
///
/// Secrets are never shown.
#[utoipa::path(
    get, path = "/api/v1/webhooks", operation_id = "list_webhooks", tag = "webhooks",
    security(("key" = ["webhook:manage"])),
    responses((status = 200, body = WebhooksPage))
)]
pub async fn list(State(api): State<Api>, may: May<ManageWebhooks>) -> Result<Json<WebhooksPage>, Problem> {
    let list = api.webhooks.endpoints(&api.identity).list(may.caller()).await?;
    let items = list.into_iter().map(Into::into).collect();
    Ok(Json(WebhooksPage { items, next_cursor: None }))
}

/// Make a webhook
///
/// The endpoint gets events from now on. A workspace has 50 at most. Only this answer shows the secret.
#[utoipa::path(
    post, path = "/api/v1/webhooks", operation_id = "create_webhook", tag = "webhooks",
    security(("key" = ["webhook:manage"])),
    request_body = WebhookBody,
    responses((status = 201, body = WebhookWithSecret, headers(("Cache-Control", description = "no-store"))))
)]
pub async fn create(
    State(api): State<Api>,
    may: May<ManageWebhooks>,
    Body { value: body, .. }: Body<WebhookBody, Modest>,
) -> Result<WithSecret, Problem> {
    can_seal(&api)?;
    let mut check = Check::default();
    let wanted = body.check(&mut check, &api.webhooks.guard);
    check.finish()?;
    let wanted = wanted.ok_or_else(|| Problem::internal("a required URL was let through"))?;
    let endpoints = api.webhooks.endpoints(&api.identity);
    let (endpoint, secret) = endpoints.create(may.call(), &wanted).await?;
    Ok(with_secret(StatusCode::CREATED, endpoint, &secret))
}

/// Show a webhook
#[utoipa::path(
    get, path = "/api/v1/webhooks/{id}", operation_id = "get_webhook", tag = "webhooks",
    security(("key" = ["webhook:manage"])),
    params(("id" = Uuid, Path, description = "The webhook's id")),
    responses((status = 200, body = WebhookView))
)]
pub async fn get(
    State(api): State<Api>,
    may: May<ManageWebhooks>,
    UuidPath(id): UuidPath,
) -> Result<Json<WebhookView>, Problem> {
    let found = api.webhooks.endpoints(&api.identity).get(may.caller(), EndpointId(id)).await?;
    found.map(|it| Json(it.into())).ok_or_else(Problem::not_found)
}

/// Change a webhook
///
/// A field that is left out stays. An endpoint that the configuration sets can only be disabled and enabled.
#[utoipa::path(
    patch, path = "/api/v1/webhooks/{id}", operation_id = "update_webhook", tag = "webhooks",
    security(("key" = ["webhook:manage"])),
    params(("id" = Uuid, Path, description = "The webhook's id")),
    request_body = WebhookPatch, responses((status = 200, body = WebhookView))
)]
pub async fn update(
    State(api): State<Api>,
    may: May<ManageWebhooks>,
    UuidPath(id): UuidPath,
    Body { value: body, .. }: Body<WebhookPatch, Modest>,
) -> Result<Json<WebhookView>, Problem> {
    let mut check = Check::default();
    let wanted = body.check(&mut check, &api.webhooks.guard);
    check.finish()?;
    let endpoints = api.webhooks.endpoints(&api.identity);
    Ok(Json(endpoints.update(may.call(), EndpointId(id), wanted).await?.into()))
}

/// Delete a webhook
///
/// Deliveries that wait for it are skipped.
#[utoipa::path(
    delete, path = "/api/v1/webhooks/{id}", operation_id = "delete_webhook", tag = "webhooks",
    security(("key" = ["webhook:manage"])),
    params(("id" = Uuid, Path, description = "The webhook's id")),
    responses((status = 204, description = "Deleted"))
)]
pub async fn delete(
    State(api): State<Api>,
    may: May<ManageWebhooks>,
    UuidPath(id): UuidPath,
) -> Result<StatusCode, Problem> {
    api.webhooks.endpoints(&api.identity).delete(may.call(), EndpointId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}
