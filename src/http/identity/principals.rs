//! Principals of the caller's workspace.

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    domain::{
        ids::PrincipalId,
        names::PrincipalName,
        patch::{Patch, never_null},
    },
    http::{
        Api,
        body::Body,
        caller::{ManagePrincipals, May},
        path::UuidPath,
        query::{Params, limit},
    },
    identity::principals::Changes,
    store::{Page, principals::Principal, vocabulary},
    wire::{problem::Problem, validate::Check},
};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PrincipalsQuery {
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 200; 50 by default.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200)]
    limit: Option<String>,
}

/// One page.
#[derive(Serialize, ToSchema)]
pub struct PrincipalsPage {
    /// In the order of their names.
    items: Vec<Principal>,
    /// Null on the last page.
    next_cursor: Option<String>,
}

/// A principal that is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "ana", "kind": "person", "email": "ana@example.com", "roles": ["approver"]}))]
pub struct PrincipalBody {
    /// As policies name it: 1 to 200 characters, brought to NFC.
    #[schema(required, nullable = false)]
    name: Option<String>,
    /// Where nothing is said: `person`.
    #[schema(value_type = Option<vocabulary::PrincipalKind>)]
    kind: Option<String>,
    /// 1 to 200 characters.
    display_name: Option<String>,
    email: Option<String>,
    /// At most 100, each once, none of which allows what the caller may not do.
    #[serde(default)]
    roles: Vec<String>,
    /// At most 100, each once.
    #[serde(default)]
    groups: Vec<String>,
}

/// What is to be changed; what is left out stays, null takes it away, or empties it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"roles": ["approver", "auditor"], "disabled": false}))]
pub struct PrincipalChanges {
    /// `person` or `service`; only an administrator makes one of the other.
    #[serde(default, deserialize_with = "never_null")]
    #[schema(nullable = false, value_type = Option<vocabulary::PrincipalKind>)]
    kind: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    display_name: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    email: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    roles: Patch<Vec<String>>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    groups: Patch<Vec<String>>,
    /// Their account in Slack, team and user. Who has it may decide as them by pressing buttons there: it takes
    /// `workspace:admin`.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "T0123ABCD/U0456EFGH")]
    slack: Patch<String>,
    /// Whether everything that the principal comes with is refused: within seconds, sockets closed within a minute.
    #[serde(default, deserialize_with = "never_null")]
    #[schema(nullable = false)]
    disabled: Option<bool>,
}

/// List principals
#[utoipa::path(
    get, path = "/api/v1/principals", operation_id = "list_principals", tag = "identity",
    security(("key" = ["principal:manage"])),
    params(PrincipalsQuery), responses((status = 200, body = PrincipalsPage))
)]
pub async fn list(
    State(api): State<Api>,
    may: May<ManagePrincipals>,
    Params(query): Params<PrincipalsQuery>,
) -> Result<Json<PrincipalsPage>, Problem> {
    let mut check = Check::default();
    let limit = limit(&mut check, query.limit.as_deref());
    // A page ends with a name, and the next begins behind it.
    let after = query.cursor.as_deref().map(PrincipalName::stored).transpose();
    if after.is_err() {
        check.fail("?cursor", "cursor", "is not one that a page has given");
    }
    check.finish()?;
    let after = after.ok().flatten();
    let Page { items, more } = api.identity.principals().page(may.caller(), after.as_ref(), limit).await?;
    let next_cursor = items.last().filter(|_| more).map(|last| last.name.clone());
    Ok(Json(PrincipalsPage { items, next_cursor }))
}

/// Show a principal
#[utoipa::path(
    get, path = "/api/v1/principals/{id}", operation_id = "get_principal", tag = "identity",
    security(("key" = ["principal:manage"])),
    params(("id" = Uuid, Path, description = "The principal's id")),
    responses((status = 200, body = Principal))
)]
pub async fn get(
    State(api): State<Api>,
    may: May<ManagePrincipals>,
    UuidPath(id): UuidPath,
) -> Result<Json<Principal>, Problem> {
    let found = api.identity.principals().get(may.caller(), PrincipalId(id)).await?;
    found.map(Json).ok_or_else(Problem::not_found)
}

/// Add a principal
#[utoipa::path(
    post, path = "/api/v1/principals", operation_id = "create_principal", tag = "identity",
    security(("key" = ["principal:manage"])),
    request_body = PrincipalBody, responses((status = 201, body = Principal))
)]
pub async fn create(
    State(api): State<Api>,
    may: May<ManagePrincipals>,
    Body { value: body, .. }: Body<PrincipalBody>,
) -> Result<(StatusCode, Json<Principal>), Problem> {
    let mut check = Check::default();
    let name = name(&mut check, "/name", body.name.as_deref());
    let kind = kind(&mut check, body.kind.as_deref());
    check.finish()?;
    let name = name.ok_or_else(|| Problem::internal("a required name was let through"))?;
    let changes = Changes {
        kind,
        display_name: body.display_name.into(),
        email: body.email.into(),
        roles: Some(body.roles),
        groups: Some(body.groups),
        slack: Patch::Keep,
        is_disabled: None,
    };
    let made = api.identity.principals().create(may.call(), &name, changes).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// Change a principal
///
/// Nobody changes, or disables, whoever may do what they may not do themselves.
#[utoipa::path(
    patch, path = "/api/v1/principals/{id}", operation_id = "update_principal", tag = "identity",
    security(("key" = ["principal:manage"])),
    params(("id" = Uuid, Path, description = "The principal's id")),
    request_body = PrincipalChanges, responses((status = 200, body = Principal))
)]
pub async fn update(
    State(api): State<Api>,
    may: May<ManagePrincipals>,
    UuidPath(id): UuidPath,
    Body { value: body, .. }: Body<PrincipalChanges>,
) -> Result<Json<Principal>, Problem> {
    let mut check = Check::default();
    let kind = kind(&mut check, body.kind.as_deref());
    check.finish()?;
    let changes = Changes {
        kind,
        display_name: body.display_name,
        email: body.email,
        roles: body.roles.or_empty(),
        groups: body.groups.or_empty(),
        slack: body.slack,
        is_disabled: body.disabled,
    };
    Ok(Json(api.identity.principals().update(may.call(), PrincipalId(id), changes).await?))
}

/// A principal's name, which must be given.
pub(super) fn name(check: &mut Check, pointer: &str, text: Option<&str>) -> Option<PrincipalName> {
    let Some(text) = text else {
        check.fail(pointer, "required", "must be given");
        return None;
    };
    PrincipalName::new(text).map_err(|error| check.fail(pointer, "name", error.to_string())).ok()
}

/// What a principal is, if it is given.
pub(super) fn kind(check: &mut Check, text: Option<&str>) -> Option<&'static str> {
    match text? {
        "person" => Some("person"),
        "service" => Some("service"),
        _ => {
            check.fail("/kind", "choice", "must be person or service");
            None
        }
    }
}
