//! `If-Match`: do it only if nothing has changed since I looked.

use std::convert::Infallible;

use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts},
};

use crate::domain::decision::Precondition;

/// The header, as the rules take it. Weak tags never match (RFC 9110, 13.1.1), nor does what is no tag of ours.
pub struct IfMatch(pub Precondition);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let mut versions = Vec::new();
        let mut given = false;
        for value in parts.headers.get_all(header::IF_MATCH) {
            given = true;
            for tag in value.to_str().unwrap_or_default().split(',').map(str::trim) {
                if tag == "*" {
                    return Ok(Self(Precondition::None));
                }
                let version = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
                versions.extend(version.and_then(|version| version.parse::<i32>().ok()));
            }
        }
        Ok(Self(if given { Precondition::OneOf(versions) } else { Precondition::None }))
    }
}
