//! Whose requests these are: where workspaces' own apps have signed a request, these workspaces pay for it. Requests of
//! the service's app are Slack's alone.

use axum::http::request::Parts;

use super::signature::Signed;
use crate::{
    domain::ids::WorkspaceId,
    http::{Api, admission::Admission},
    notify::{
        Slack,
        slack::{installation::Installation, press::workspaces},
    },
    wire::problem::Problem,
};

/// Whether a request is fresh and comes for the first time. If so, those whose apps have signed it have paid for it.
/// Otherwise its sender pays in the end, as a stranger.
pub async fn admit(
    api: &Api,
    slack: &Slack,
    parts: &Parts,
    apps: &[Installation],
    signed: &Signed,
) -> Result<bool, Problem> {
    let admission = Admission::of(parts)?;
    let workspaces: Vec<WorkspaceId> = workspaces(apps).collect();
    admission.refuse_spent(api, &workspaces)?;
    let is_first = slack.is_first(apps, &signed.hash, signed.made_at).await;
    let is_first = is_first.map_err(|error| Problem::from(&error))?;
    if is_first {
        admission.pay_as_workspaces(api, &workspaces).await?;
    }
    Ok(is_first)
}
