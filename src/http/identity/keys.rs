//! Keys of the caller's workspace. A key's secret is told once, to the caller who made it.

use std::time::Duration;

use axum::{
    Json,
    extract::State,
    http::{HeaderName, StatusCode, header},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::principals;
use crate::{
    domain::names::CallerName,
    http::{
        Api,
        body::{Body, OptionalBody},
        caller::{ManageKeys, May},
        path::NamePath,
        query::{Params, limit},
    },
    identity::{
        grants::Grants,
        keys::{Made, Wanted},
    },
    store::{Page, keys::ListedKey, vocabulary},
    wire::{problem::Problem, validate::Check},
};

/// Longest that a key may be made for, and overlap with its successor: ten years, thirty days.
const LONGEST: i64 = 315_360_000;
const LONGEST_OVERLAP: i64 = 2_592_000;
const OVERLAP: i64 = 3_600;
const MAX_LABEL: usize = 200;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct KeysQuery {
    /// Only those of this principal, by name.
    principal: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 200; 50 by default.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200)]
    limit: Option<String>,
}

/// One page.
#[derive(Serialize, ToSchema)]
pub struct KeysPage {
    /// Oldest first.
    items: Vec<ListedKey>,
    /// Null on the last page.
    next_cursor: Option<String>,
}

/// A key that is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"principal": "agent-7", "roles": ["agent"], "expires_in_seconds": 7_776_000}))]
pub struct KeyBody {
    /// Who acts with it; added where it is new, if the caller has `principal:manage`. Only an administrator makes keys
    /// for other people.
    #[schema(required, nullable = false)]
    principal: Option<String>,
    /// What a new principal is: `person` or `service`. Where nothing is said, it is a person if an administrator makes the
    /// key and the key allows to decide, and a service otherwise. A service decides only where a policy says so.
    #[schema(value_type = Option<vocabulary::PrincipalKind>)]
    kind: Option<String>,
    /// What it is for; at most 200 characters.
    label: Option<String>,
    /// Each once, at most what the caller has. Neither permissions nor roles: the role `member`.
    #[serde(default)]
    permissions: Vec<String>,
    /// Each once, at most 100.
    #[serde(default)]
    roles: Vec<String>,
    /// 1 to 315,360,000; without it the key is good until it is revoked.
    #[schema(minimum = 1, maximum = 315_360_000)]
    expires_in_seconds: Option<i64>,
}

/// How a key gets a successor.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"overlap_seconds": 3600}))]
pub struct RotateBody {
    /// How long the old key stays good: 0 to 2,592,000; 3,600 by default.
    #[schema(minimum = 0, maximum = 2_592_000)]
    overlap_seconds: Option<i64>,
}

/// A key that was made.
#[derive(Serialize, ToSchema)]
pub struct MadeKey {
    /// The key itself, told this once.
    #[schema(example = "so_lkaqmt2vfljk_...")]
    key: String,
    #[schema(example = "lkaqmt2vfljk")]
    prefix: String,
    principal_id: uuid::Uuid,
    permissions: Vec<String>,
    roles: Vec<String>,
    expires_at: Option<DateTime<Utc>>,
}

impl From<Made> for MadeKey {
    fn from(made: Made) -> Self {
        Self {
            key: made.key.reveal(),
            prefix: made.key.prefix,
            principal_id: made.principal.0,
            permissions: made.grants.permissions,
            roles: made.grants.roles,
            expires_at: made.expires_at,
        }
    }
}

type Created = (StatusCode, [(HeaderName, &'static str); 1], Json<MadeKey>);

fn created(made: Made) -> Created {
    (StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(made.into()))
}

/// List keys
///
/// Never their secrets, of which nothing but a hash is kept.
#[utoipa::path(
    get, path = "/api/v1/keys", operation_id = "list_keys", tag = "identity",
    security(("key" = ["key:manage"])),
    params(KeysQuery), responses((status = 200, body = KeysPage))
)]
pub async fn list(
    State(api): State<Api>,
    may: May<ManageKeys>,
    Params(query): Params<KeysQuery>,
) -> Result<Json<KeysPage>, Problem> {
    let mut check = Check::default();
    let limit = limit(&mut check, query.limit.as_deref());
    let cursor = check.name("?cursor", query.cursor.as_deref());
    let principal = query.principal.as_deref();
    let principal = principal.and_then(|it| principals::name(&mut check, "?principal", Some(it)));
    check.finish()?;
    let after = cursor.as_ref().map(CallerName::as_str);
    let Page { items, more } =
        api.identity.keys().page(may.caller(), principal.as_ref(), after, limit).await?;
    let next_cursor = items.last().filter(|_| more).map(|last| last.prefix.clone());
    Ok(Json(KeysPage { items, next_cursor }))
}

/// Show a key
#[utoipa::path(
    get, path = "/api/v1/keys/{prefix}", operation_id = "get_key", tag = "identity",
    security(("key" = ["key:manage"])),
    params(("prefix" = String, Path, description = "The part of the key that is no secret", example = "lkaqmt2vfljk")),
    responses((status = 200, body = ListedKey))
)]
pub async fn get(
    State(api): State<Api>,
    may: May<ManageKeys>,
    NamePath(prefix): NamePath,
) -> Result<Json<ListedKey>, Problem> {
    let found = api.identity.keys().get(may.caller(), prefix.as_str()).await?;
    found.map(Json).ok_or_else(Problem::not_found)
}

/// Make a key
#[utoipa::path(
    post, path = "/api/v1/keys", operation_id = "create_key", tag = "identity",
    security(("key" = ["key:manage"])),
    request_body = KeyBody,
    responses((status = 201, body = MadeKey, headers(("Cache-Control", description = "no-store"))))
)]
pub async fn create(
    State(api): State<Api>,
    may: May<ManageKeys>,
    Body { value: body, .. }: Body<KeyBody>,
) -> Result<Created, Problem> {
    let mut check = Check::default();
    let principal = principals::name(&mut check, "/principal", body.principal.as_deref());
    let kind = principals::kind(&mut check, body.kind.as_deref());
    check.text("/label", body.label.as_ref(), MAX_LABEL);
    check.visible("/label", body.label.as_ref());
    let valid_for =
        body.expires_in_seconds.map(|it| check.range("/expires_in_seconds", Some(it), (1, LONGEST), 1));
    check.finish()?;
    let principal = principal.ok_or_else(|| Problem::internal("a required name was let through"))?;
    let wanted = Wanted {
        workspace: may.caller().workspace,
        principal,
        kind,
        label: body.label.filter(|it| !it.is_empty()),
        grants: Grants { permissions: body.permissions, roles: body.roles },
        valid_for: valid_for.map(|it| Duration::from_secs(it.unsigned_abs())),
    };
    Ok(created(api.identity.keys().create(may.call(), wanted).await?))
}

/// Give a key a successor
///
/// It allows the same. The old key stays good for a while, so that whoever uses it can change over.
#[utoipa::path(
    post, path = "/api/v1/keys/{prefix}/rotate", operation_id = "rotate_key", tag = "identity",
    security(("key" = ["key:manage"])),
    params(("prefix" = String, Path, description = "The part of the key that is no secret", example = "lkaqmt2vfljk")),
    request_body = Option<RotateBody>,
    responses((status = 201, body = MadeKey, headers(("Cache-Control", description = "no-store"))))
)]
pub async fn rotate(
    State(api): State<Api>,
    may: May<ManageKeys>,
    NamePath(prefix): NamePath,
    OptionalBody(body, _place): OptionalBody<RotateBody>,
) -> Result<Created, Problem> {
    let mut check = Check::default();
    let overlap = check.range("/overlap_seconds", body.overlap_seconds, (0, LONGEST_OVERLAP), OVERLAP);
    check.finish()?;
    let overlap = Duration::from_secs(overlap.unsigned_abs());
    Ok(created(api.identity.keys().rotate(may.call(), prefix.as_str(), overlap).await?))
}

/// Revoke a key
///
/// Every instance refuses it within 5 seconds; its sockets are closed within 60. Doing so again changes nothing.
#[utoipa::path(
    delete, path = "/api/v1/keys/{prefix}", operation_id = "revoke_key", tag = "identity",
    security(("key" = ["key:manage"])),
    params(("prefix" = String, Path, description = "The part of the key that is no secret", example = "lkaqmt2vfljk")),
    responses((status = 204, description = "Revoked"))
)]
pub async fn revoke(
    State(api): State<Api>,
    may: May<ManageKeys>,
    NamePath(prefix): NamePath,
) -> Result<StatusCode, Problem> {
    api.identity.keys().revoke(may.call(), prefix.as_str()).await?;
    Ok(StatusCode::NO_CONTENT)
}
