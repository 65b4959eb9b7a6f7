//! What stands in a path. Whatever can't be a name or an id names nothing: 404, like a thing of another workspace.

use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};
use uuid::Uuid;

use crate::{
    domain::{ids::ApprovalId, names::CallerName},
    wire::problem::Problem,
};

/// An approval's id.
pub struct IdPath(pub ApprovalId);

/// The id of something else.
pub struct UuidPath(pub Uuid);

/// Two ids, of a thing and of one of its own.
pub struct UuidsPath(pub Uuid, pub Uuid);

/// A name that a caller gave.
pub struct NamePath(pub CallerName);

async fn segment<S: Send + Sync>(parts: &mut Parts, state: &S) -> Result<String, Problem> {
    let path = Path::<String>::from_request_parts(parts, state).await;
    path.map(|Path(segment)| segment).map_err(|_| Problem::not_found())
}

impl<S: Send + Sync> FromRequestParts<S> for IdPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        UuidPath::from_request_parts(parts, state).await.map(|UuidPath(id)| Self(ApprovalId(id)))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for UuidPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        ApprovalId::parse(&segment(parts, state).await?).map(|it| Self(it.0)).ok_or_else(Problem::not_found)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for UuidsPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<(String, String)>::from_request_parts(parts, state).await;
        let Path((one, other)) = path.map_err(|_| Problem::not_found())?;
        let id = |text: &str| ApprovalId::parse(text).map(|it| it.0).ok_or_else(Problem::not_found);
        Ok(Self(id(&one)?, id(&other)?))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for NamePath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let name = CallerName::new(&segment(parts, state).await?).map_err(|_| Problem::not_found())?;
        Ok(Self(name))
    }
}
