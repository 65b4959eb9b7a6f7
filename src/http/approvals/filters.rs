//! Which pending approvals a call is about: the same names, and the same rules, for the list, its counts and its facets.

use axum::{extract::FromRequestParts, http::request::Parts};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    domain::{ids::WorkspaceId, names::PrincipalName},
    http::query::{self, given_once, pairs},
    store::listing::Filter,
    wire::{problem::Problem, validate::Check},
};

/// Most values of one name.
const MOST: usize = 50;

/// Which pending approvals.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filters {
    run_id: Option<String>,
    session_id: Option<String>,
    task_id: Option<String>,
    /// May be given up to 50 times: one of these.
    #[param(required = false, style = Form, explode, example = json!(["tool_call"]))]
    approval_type: Vec<String>,
    /// May be given up to 50 times: one of these.
    #[param(required = false, style = Form, explode, example = json!(["checkout-release"]))]
    workflow: Vec<String>,
    /// A principal's name. May be given up to 50 times: asked by one of these.
    #[param(required = false, style = Form, explode, example = json!(["agent-7"]))]
    requested_by: Vec<String>,
    /// A text within title, description, type, run, requester or workflow, whatever its case.
    q: Option<String>,
}

/// What may be given several times.
const SEVERAL: &[&str] = &["approval_type", "workflow", "requested_by"];

impl<S: Send + Sync> FromRequestParts<S> for Filters {
    type Rejection = Problem;

    /// Other names are looked at elsewhere.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        query::refuse_nul(parts)?;
        let mut check = Check::default();
        let pairs = pairs(parts).unwrap_or_default();
        let once: Vec<(String, String)> =
            pairs.iter().filter(|(name, _)| !SEVERAL.contains(&name.as_str())).cloned().collect();
        given_once(&mut check, &once);
        let mut filters = Self::default();
        for (name, value) in pairs {
            match name.as_str() {
                "run_id" => filters.run_id = Some(value),
                "session_id" => filters.session_id = Some(value),
                "task_id" => filters.task_id = Some(value),
                "q" => filters.q = Some(value),
                "approval_type" => filters.approval_type.push(value),
                "workflow" => filters.workflow.push(value),
                "requested_by" => filters.requested_by.push(value),
                _ => {}
            }
        }
        let lists = [&filters.approval_type, &filters.workflow, &filters.requested_by];
        for (name, list) in SEVERAL.iter().zip(lists) {
            if list.len() > MOST {
                check.fail(format!("?{name}"), "max_items", format!("must be given at most {MOST} times"));
            }
        }
        check.finish()?;
        Ok(filters)
    }
}

impl Filters {
    /// What is wrong with them is told to `check`.
    pub fn filter(self, check: &mut Check, workspace: WorkspaceId) -> Filter {
        query::text(check, "?q", self.q.as_ref());
        let mut names = |pointer: &str, list: &[String]| {
            let names = list.iter().filter_map(|name| check.name(pointer, Some(name)));
            names.map(|name| name.to_string()).collect()
        };
        let approval_types = names("?approval_type", &self.approval_type);
        let workflows = names("?workflow", &self.workflow);
        let requesters = self.requested_by.iter().filter_map(|name| {
            let name = PrincipalName::new(name);
            name.inspect_err(|error| check.fail("?requested_by", "name", error.to_string())).ok()
        });
        let requesters = requesters.map(|name| name.to_string()).collect();
        Filter {
            workspace,
            run_id: check.name("?run_id", self.run_id.as_deref()),
            session_id: check.name("?session_id", self.session_id.as_deref()),
            task_id: check.name("?task_id", self.task_id.as_deref()),
            approval_types,
            workflows,
            requesters,
            text: self.q,
        }
    }
}
