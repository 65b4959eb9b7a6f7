//! Roles: those that are built in, and the workspace's own.

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    auth::role::{BUILT_IN, BuiltIn},
    domain::names::CallerName,
    http::{
        Api,
        body::Body,
        caller::{ManagePrincipals, May},
        path::NamePath,
        query::{Params, limit},
    },
    identity::roles::Wanted,
    store::{Page, roles},
    wire::{problem::Problem, validate::Check},
};

const MAX_DESCRIPTION: usize = 1_000;

/// What a role is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"permissions": ["approval:create", "event:publish"], "description": "Our CI"}))]
pub struct RoleBody {
    /// By name, each once, at most what the caller has.
    permissions: Vec<String>,
    /// At most 1,000 characters.
    description: Option<String>,
}

/// A named set of permissions.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Role)]
pub struct RoleView {
    #[schema(example = "member")]
    name: String,
    description: Option<String>,
    permissions: Vec<String>,
    /// Every workspace has it, and it stays as it is.
    built_in: bool,
}

#[derive(Serialize, ToSchema)]
pub struct RolesPage {
    /// Those that are built in, on the first page; then the workspace's own, by name.
    items: Vec<RoleView>,
    /// Null on the last page.
    next_cursor: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RolesQuery {
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// How many of the workspace's own: 1 to 200, which is the default.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200)]
    limit: Option<String>,
}

impl From<roles::Role> for RoleView {
    fn from(role: roles::Role) -> Self {
        let roles::Role { name, description, permissions, .. } = role;
        Self { name, description, permissions, built_in: false }
    }
}

impl From<&BuiltIn> for RoleView {
    fn from(role: &BuiltIn) -> Self {
        Self {
            name: role.name.to_owned(),
            description: Some(role.meaning.to_owned()),
            permissions: role.permissions.iter().map(|it| it.as_str().to_owned()).collect(),
            built_in: true,
        }
    }
}

/// List roles
#[utoipa::path(get, path = "/api/v1/roles", operation_id = "list_roles", tag = "identity",
    security(("key" = ["principal:manage"])), params(RolesQuery), responses((status = 200, body = RolesPage)))]
pub async fn list(
    State(api): State<Api>,
    may: May<ManagePrincipals>,
    Params(query): Params<RolesQuery>,
) -> Result<Json<RolesPage>, Problem> {
    let mut check = Check::default();
    let limit = limit(&mut check, query.limit.as_deref().or(Some("200")));
    // A page ends with a name, and the next begins behind it.
    let after = query.cursor.as_deref().map(CallerName::new).transpose();
    if after.is_err() {
        check.fail("?cursor", "cursor", "must be a next_cursor of this list");
    }
    check.finish()?;
    let after = after.ok().flatten();
    let Page { items: own, more } = api.identity.roles().page(may.caller(), after.as_ref(), limit).await?;
    let next_cursor = own.last().filter(|_| more).map(|last| last.name.clone());
    let built_in = BUILT_IN.iter().filter(|_| after.is_none()).map(RoleView::from);
    let items = built_in.chain(own.into_iter().map(RoleView::from)).collect();
    Ok(Json(RolesPage { items, next_cursor }))
}

/// Make a role, or change what it allows
///
/// At once, for everybody who has it. A workspace has at most 500 roles of its own.
#[utoipa::path(
    put, path = "/api/v1/roles/{name}", operation_id = "put_role", tag = "identity",
    security(("key" = ["principal:manage"])),
    params(("name" = String, Path, description = "1 to 200 of A-Z a-z 0-9 . _ : -", example = "ci")),
    request_body = RoleBody, responses((status = 200, body = RoleView))
)]
pub async fn put(
    State(api): State<Api>,
    may: May<ManagePrincipals>,
    NamePath(name): NamePath,
    Body { value: body, .. }: Body<RoleBody>,
) -> Result<Json<RoleView>, Problem> {
    let mut check = Check::default();
    check.text("/description", body.description.as_ref(), MAX_DESCRIPTION);
    check.finish()?;
    let wanted = Wanted { name, description: body.description, permissions: body.permissions };
    Ok(Json(api.identity.roles().put(may.call(), &wanted).await?.into()))
}

/// Delete a role
///
/// Whoever has it keeps its name, which allows nothing then.
#[utoipa::path(
    delete, path = "/api/v1/roles/{name}", operation_id = "delete_role", tag = "identity",
    security(("key" = ["principal:manage"])),
    params(("name" = String, Path, description = "The role's name", example = "ci")),
    responses((status = 204, description = "Deleted"))
)]
pub async fn delete(
    State(api): State<Api>,
    may: May<ManagePrincipals>,
    NamePath(name): NamePath,
) -> Result<StatusCode, Problem> {
    api.identity.roles().delete(may.call(), name.as_str()).await?;
    Ok(StatusCode::NO_CONTENT)
}
