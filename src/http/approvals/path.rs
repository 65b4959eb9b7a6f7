//! The `{id}` of a path.

use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};
use uuid::Uuid;

use crate::{domain::ids::ApprovalId, http::problem::Problem};

/// An approval's id. What is no id names nothing: 404, like an id of another workspace.
pub struct IdPath(pub ApprovalId);

impl<S: Send + Sync> FromRequestParts<S> for IdPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        let Path(id) = path.map_err(|_| Problem::not_found())?;
        let id = Uuid::try_parse(&id).map_err(|_| Problem::not_found())?;
        Ok(Self(ApprovalId(id)))
    }
}
