//! Delegations: who may sit in whose seat, and until when. Each side sees its own; who manages principals sees all.

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::principals;
use crate::{
    domain::{ids::DelegationId, names::PrincipalName},
    http::{
        Api,
        body::Body,
        caller::{Approve, ManagePrincipals, MayEither},
        path::UuidPath,
        query::{self, Params, limit},
    },
    identity::delegations::{Wanted, Wish},
    store::{Page, delegations::Delegation},
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
    let wish = Wish {
        from,
        to,
        active: active.and_then(Result::ok),
        after: after.flatten().map(|cursor| DelegationId(cursor.id)),
    };
    let somebody = may.whichever();
    let Page { items, more } = api.identity.delegations().page(somebody.caller(), &wish, limit).await?;
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
    let found = api.identity.delegations().get(somebody.caller(), DelegationId(id)).await?;
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
    let made = api.identity.delegations().create(somebody.call(), wanted).await?;
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
    api.identity.delegations().revoke(somebody.call(), DelegationId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}
