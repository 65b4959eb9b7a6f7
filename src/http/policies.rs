//! Trying a policy out: everything that creating would say of it, and nothing is created.

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    Api,
    body::Body,
    caller::{Create, May},
};
use crate::{
    approvals::request::RequestFailure,
    domain::{
        names::PrincipalName,
        policy::{Actor, Asked},
    },
    wire::{
        eligible::PolicyChecked,
        parse::Object,
        policy::{PolicyBody, satisfiable},
        problem::Problem,
        validate::{Check, Violation},
    },
};

/// A policy, and who would ask.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"policy": {"all_of": [{"groups": ["security"]}, {"groups": ["product"]}]}, "requested_by": "agent-7"}))]
pub struct CheckBody {
    #[schema(required, value_type = PolicyBody)]
    policy: Option<Object<PolicyBody>>,
    /// The caller, if nobody is named.
    requested_by: Option<String>,
}

/// Check a policy
///
/// Says what creating with this policy would say: the fields that are wrong, what nobody could satisfy, and what today's
/// members can't. Nothing is created.
#[utoipa::path(
    post, path = "/api/v1/policies/check", operation_id = "check_policy", tag = "approvals",
    security(("key" = ["approval:create"])),
    request_body = CheckBody,
    responses((status = 200, body = PolicyChecked))
)]
pub async fn check(
    State(api): State<Api>,
    may: May<Create>,
    Body { value, .. }: Body<CheckBody>,
) -> Result<Json<PolicyChecked>, Problem> {
    let caller = may.caller();
    let mut check = Check::default();
    let Some(Object(body)) = value.policy else {
        check.fail("/policy", "required", "must be given");
        return Err(check.finish().err().unwrap_or_else(Problem::not_found));
    };
    let requester = match value.requested_by.as_deref().map(PrincipalName::new) {
        None => caller.actor.clone(),
        // By name: whoever is called so.
        Some(Ok(name)) if name == caller.actor.name => caller.actor.clone(),
        Some(Ok(name)) => Actor { id: crate::domain::ids::PrincipalId(uuid::Uuid::nil()), name },
        Some(Err(error)) => {
            check.fail("/requested_by", "name", error.to_string());
            return Err(check.finish().err().unwrap_or_else(Problem::not_found));
        }
    };
    let unsupported = body.unsupported("/policy").into_iter();
    let mut errors: Vec<Violation> =
        unsupported.map(|it| Violation::new(it, "not_supported", "is not supported yet")).collect();
    let policy = body.policy(&mut check, "/policy");
    if let Err(problem) = check.finish() {
        errors.extend_from_slice(problem.errors());
    }
    let mut checked = PolicyChecked {
        valid: errors.is_empty(),
        satisfiable: false,
        satisfiable_now: false,
        alternatives: 0,
        summary: None,
        errors,
    };
    if !checked.valid {
        return Ok(Json(checked));
    }
    let asked = Asked { by: &requester, on_behalf_of: None };
    checked.alternatives = policy.ways();
    checked.summary = Some(policy.missing(&[], &asked).summary());
    if let Err(problem) = satisfiable(&policy, "/policy", &asked) {
        checked.errors.extend_from_slice(problem.errors());
        return Ok(Json(checked));
    }
    checked.satisfiable = true;
    checked.satisfiable_now = api.approvals.is_satisfiable_now(caller.workspace, &policy, &asked).await?;
    if !checked.satisfiable_now {
        checked.errors.extend_from_slice(Problem::from(RequestFailure::NoMembers { level: 0 }).errors());
    }
    Ok(Json(checked))
}
