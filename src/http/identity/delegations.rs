//! Delegations: who may sit in whose seat, and until when. Each side sees its own; who manages principals sees all.

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{change_as, look, principals};
use crate::{
    auth::{Caller, Permission},
    domain::{
        ids::{DelegationId, PrincipalId},
        names::PrincipalName,
    },
    http::{
        Api,
        body::Body,
        caller::{Approve, ManagePrincipals, MayEither},
        path::UuidPath,
        query::{self, Params, limit},
    },
    identity::{
        By,
        delegations::{self as use_cases, Wanted, is_side},
    },
    store::{
        Page,
        delegations::{self, Delegation, Which},
    },
    wire::{problem::Problem, validate::Check},
};

/// Most types that a delegation names, and longest reason, in characters.
const MOST_TYPES: usize = 100;
const MAX_REASON: usize = 1_000;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DelegationsQuery {
    /// Only those of this person's seat, by name.
    from: Option<String>,
    /// Only those to this person, by name.
    to: Option<String>,
    /// Only those that hold now; with false only the others.
    #[param(value_type = Option<bool>)]
    active: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 200; 50 by default.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200)]
    limit: Option<String>,
}

/// One page.
#[derive(Serialize, ToSchema)]
pub struct DelegationsPage {
    /// Newest first.
    items: Vec<Delegation>,
    /// Null on the last page.
    next_cursor: Option<String>,
}

/// Where a page ended.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cursor {
    id: Uuid,
}

/// A delegation that is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"to": "bo", "ends_at": "2026-12-24T18:00:00Z", "approval_types": ["deploy"], "reason": "leave"}))]
pub struct DelegationBody {
    /// Whose seat it is, by name: the caller's own by default. Another's takes `principal:manage`.
    from: Option<String>,
    /// Who may sit in it, by name.
    #[schema(required, nullable = false)]
    to: Option<String>,
    /// Now by default.
    #[schema(value_type = Option<DateTime<Utc>>)]
    starts_at: Option<String>,
    /// 1 minute to 90 days after the start. From this moment on it opens nothing.
    #[schema(required, nullable = false, value_type = DateTime<Utc>)]
    ends_at: Option<String>,
    /// Exact names, 1 to 100; all types by default.
    approval_types: Option<Vec<String>>,
    /// Whether delegates of `to` may sit in the seat as well; false by default.
    #[serde(default)]
    redelegable: bool,
    /// At most 1,000 characters.
    reason: Option<String>,
}

impl DelegationBody {
    fn checked(self) -> Result<Wanted, Problem> {
        let mut check = Check::default();
        let from = self.from.as_deref().and_then(|it| principals::name(&mut check, "/from", Some(it)));
        let to = principals::name(&mut check, "/to", self.to.as_deref());
        let starts_at = query::time(&mut check, "/starts_at", self.starts_at.as_deref());
        let ends_at = query::time(&mut check, "/ends_at", self.ends_at.as_deref());
        if self.ends_at.is_none() {
            check.fail("/ends_at", "required", "must be given");
        }
        let approval_types = self.approval_types.map(|types| checked_types(&mut check, &types));
        check.text("/reason", self.reason.as_ref(), MAX_REASON);
        check.visible("/reason", self.reason.as_ref());
        check.finish()?;
        let (Some(to), Some(ends_at)) = (to, ends_at) else {
            return Err(Problem::internal("a required field was let through"));
        };
        Ok(Wanted {
            from,
            to,
            starts_at,
            ends_at,
            approval_types,
            redelegable: self.redelegable,
            reason: self.reason.filter(|it| !it.is_empty()),
        })
    }
}

/// Types, each once, in the order in which they were given.
fn checked_types(check: &mut Check, types: &[String]) -> Vec<String> {
    if !(1..=MOST_TYPES).contains(&types.len()) {
        check.fail("/approval_types", "range", format!("must be 1 to {MOST_TYPES} types, or be left out"));
        return Vec::new();
    }
    let mut known: Vec<String> = Vec::new();
    for (index, text) in types.iter().enumerate() {
        let name = check.name(&format!("/approval_types/{index}"), Some(text));
        if let Some(name) = name.filter(|name| !known.iter().any(|it| it == name.as_str())) {
            known.push(name.as_str().to_owned());
        }
    }
    known
}

/// Whether the caller sees the delegations of others.
fn sees_all(caller: &Caller) -> bool {
    caller.may(Permission::PrincipalManage)
}

/// List delegations
///
/// Who does not manage principals sees those from and to themselves.
#[utoipa::path(
    get, path = "/api/v1/delegations", operation_id = "list_delegations", tag = "identity",
    security(("key" = ["principal:manage"]), ("key" = ["approval:approve"])),
    params(DelegationsQuery), responses((status = 200, body = DelegationsPage))
)]
pub async fn list(
    State(api): State<Api>,
    may: MayEither<ManagePrincipals, Approve>,
    Params(query): Params<DelegationsQuery>,
) -> Result<Json<DelegationsPage>, Problem> {
    let mut check = Check::default();
    let limit = limit(&mut check, query.limit.as_deref());
    let mut name = |pointer, text: Option<&str>| -> Option<PrincipalName> {
        text.and_then(|it| principals::name(&mut check, pointer, Some(it)))
    };
    let (from, to) = (name("?from", query.from.as_deref()), name("?to", query.to.as_deref()));
    let active = query.active.as_deref().map(str::parse::<bool>);
    if let Some(Err(_)) = active {
        check.fail("?active", "choice", "must be true or false");
    }
    let after = query.cursor.as_deref().map(query::decode_cursor::<Cursor>);
    if let Some(None) = after {
        check.fail("?cursor", "cursor", "must be a next_cursor of this list");
    }
    check.finish()?;
    let somebody = may.whichever();
    let caller = somebody.caller();
    let which = Which {
        from: from.as_ref(),
        to: to.as_ref(),
        active: active.and_then(Result::ok),
        of: Some(caller.actor.id).filter(|_: &PrincipalId| !sees_all(caller)),
        after: after.flatten().map(|cursor| cursor.id),
    };
    let list = async |conn: &mut PgConnection| delegations::page(conn, caller.workspace, &which, limit).await;
    let Page { items, more } = look(&api, caller, list).await?;
    let ends_at = items.last().filter(|_| more).map(|end| Cursor { id: end.id });
    let next_cursor = ends_at.as_ref().map(query::encode_cursor).transpose()?;
    Ok(Json(DelegationsPage { items, next_cursor }))
}

/// Show a delegation
#[utoipa::path(
    get, path = "/api/v1/delegations/{id}", operation_id = "get_delegation", tag = "identity",
    security(("key" = ["principal:manage"]), ("key" = ["approval:approve"])),
    params(("id" = Uuid, Path, description = "The delegation's id")),
    responses((status = 200, body = Delegation))
)]
pub async fn get(
    State(api): State<Api>,
    may: MayEither<ManagePrincipals, Approve>,
    UuidPath(id): UuidPath,
) -> Result<Json<Delegation>, Problem> {
    let somebody = may.whichever();
    let caller = somebody.caller();
    let get =
        async |conn: &mut PgConnection| delegations::get(conn, caller.workspace, DelegationId(id)).await;
    let found = look(&api, caller, get).await?;
    let found = found.filter(|it| sees_all(caller) || is_side(&caller.actor, it));
    found.map(Json).ok_or_else(Problem::not_found)
}

/// Let a person sit in a seat
///
/// Until it ends, `to` may decide in the seat of `from`, where the policy admits `from` and not `to` by themselves. As
/// the workspace's setting `delegation` has it: `off` refuses it, and with `managed` it takes `principal:manage`.
#[utoipa::path(
    post, path = "/api/v1/delegations", operation_id = "create_delegation", tag = "identity",
    security(("key" = ["approval:approve"]), ("key" = ["principal:manage"])),
    request_body = DelegationBody, responses((status = 201, body = Delegation))
)]
pub async fn create(
    State(api): State<Api>,
    may: MayEither<Approve, ManagePrincipals>,
    Body { value: body, .. }: Body<DelegationBody>,
) -> Result<(StatusCode, Json<Delegation>), Problem> {
    let wanted = body.checked()?;
    let somebody = may.whichever();
    let workspace = somebody.caller().workspace;
    let create =
        async |conn: &mut PgConnection, by: &By<'_>| use_cases::create(conn, by, workspace, wanted).await;
    let made = change_as(&api, (somebody.caller(), &somebody.origin), None, create).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// Revoke a delegation
///
/// By either side, or by who manages principals. It opens nothing after 5 seconds at most; votes that were cast stay.
/// Doing so again changes nothing.
#[utoipa::path(
    delete, path = "/api/v1/delegations/{id}", operation_id = "revoke_delegation", tag = "identity",
    security(("key" = ["principal:manage"]), ("key" = ["approval:approve"])),
    params(("id" = Uuid, Path, description = "The delegation's id")),
    responses((status = 204, description = "Revoked"))
)]
pub async fn revoke(
    State(api): State<Api>,
    may: MayEither<ManagePrincipals, Approve>,
    UuidPath(id): UuidPath,
) -> Result<StatusCode, Problem> {
    let somebody = may.whichever();
    let workspace = somebody.caller().workspace;
    let revoke = async |conn: &mut PgConnection, by: &By<'_>| {
        use_cases::revoke(conn, by, workspace, DelegationId(id)).await
    };
    change_as(&api, (somebody.caller(), &somebody.origin), None, revoke).await?;
    Ok(StatusCode::NO_CONTENT)
}
