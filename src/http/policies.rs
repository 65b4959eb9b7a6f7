//! Trying a policy out: everything that creating would say of it, and nothing is created.

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Api,
    body::Body,
    caller::{Create, May},
};
use crate::{
    approvals::request::RequestFailure,
    domain::{
        ids::PrincipalId,
        names::PrincipalName,
        policy::{Actor, Asked},
    },
    wire::{
        eligible::PolicyChecked,
        parse::Object,
        policy::{PolicyBody, satisfiable},
        problem::{Problem, Violation},
        validate::Check,
    },
};

/// A policy, and who would ask.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"policy": {"all_of": [{"groups": ["security"]}, {"groups": ["product"]}]}, "requested_by": "agent-7"}))]
pub struct CheckBody {
    #[schema(required, value_type = PolicyBody)]
    policy: Option<Object<PolicyBody>>,
    /// The caller by default, and for whom the caller acts.
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
    let named = match value.requested_by.as_deref().map(PrincipalName::new).transpose() {
        Ok(named) => named,
        Err(error) => {
            check.fail("/requested_by", "name", error.to_string());
            return Err(check.finish().err().unwrap_or_else(Problem::not_found));
        }
    };
    let (requester, on_behalf_of) = requester((&caller.actor, caller.on_behalf_of.as_ref()), named);
    let mut errors: Vec<Violation> = Vec::new();
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
    let asked = Asked { by: &requester, on_behalf_of };
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

/// Who would ask, and for whom: the caller, as in a create, unless another one is named.
fn requester<'a>(
    (caller, on_behalf_of): (&Actor, Option<&'a PrincipalName>),
    named: Option<PrincipalName>,
) -> (Actor, Option<&'a PrincipalName>) {
    match named {
        // By name alone: no principal has this id.
        Some(name) if name != caller.name => (Actor { id: PrincipalId(Uuid::nil()), name }, None),
        _ => (caller.clone(), on_behalf_of),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::policy::{Policy, Selectors};

    fn name(text: &str) -> PrincipalName {
        PrincipalName::new(text).unwrap()
    }

    /// As in a create: what only the one can give for whom the caller acts is not satisfiable.
    #[test]
    fn for_whom_the_caller_acts_is_kept_out_here_too() {
        let agent = Actor { id: PrincipalId::generate(), name: name("agent") };
        let boss = name("boss");
        let only_boss = Selectors { people: Some([boss.clone()].into()), ..Selectors::default() };
        let policy = Policy::simple(1, only_boss);
        for (named, is_satisfiable) in [(None, false), (Some("agent"), false), (Some("other"), true)] {
            let (by, on_behalf_of) = requester((&agent, Some(&boss)), named.map(name));
            assert_eq!(by.name, name(named.unwrap_or("agent")));
            assert_eq!(by.id == agent.id, !is_satisfiable);
            assert_eq!(policy.check(&Asked { by: &by, on_behalf_of }).is_ok(), is_satisfiable, "{named:?}");
        }
    }
}
