//! The keys that verify receipts: public, and kept by verifiers for some minutes.

use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};

use super::{Api, names::KnownNames};
use crate::receipts::Jwks;

/// How long a verifier keeps what it was told. A key has to be published for longer than this before it signs.
const KEPT: &str = "public, max-age=300";

/// See the keys of receipts
///
/// A JWK set with the keys that sign receipts of claims, those to come and those of before among them.
#[utoipa::path(
    get, path = "/.well-known/jwks.json", operation_id = "receipt_keys", tag = "acting", security(()),
    responses((status = 200, body = Jwks))
)]
pub async fn jwks(State(api): State<Api>, _: KnownNames) -> Response {
    ([(header::CACHE_CONTROL, KEPT)], Json(api.receipts.keys().clone())).into_response()
}
