//! Asking for an approval.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};

use crate::{
    approvals::request::Requested,
    domain::approval::Idempotency,
    http::{
        Api,
        body::Body,
        caller::{Create, May},
        respond,
    },
    wire::{
        approval::{ApprovalView, CreatedApproval},
        create::{CreateBody, new_approval, warnings},
        idempotency::idempotency,
        problem::{Code, Problem, Violation},
    },
};

const IDEMPOTENCY_KEY: &str = "idempotency-key";
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Ask for an approval
///
/// Stored once this answers. With an `Idempotency-Key` (unique for workspace and principal, kept as long as the
/// approval is pending, and 24 hours longer) a repeated call changes nothing: the same body gets 200 and the same approval as it stands now.
#[utoipa::path(
    post, path = "/api/v1/approvals", operation_id = "create_approval", tag = "approvals",
    security(("key" = ["approval:create"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 visible ASCII characters")),
    request_body = CreateBody,
    responses(
        (status = 201, body = CreatedApproval, headers(
            ("Location", description = "The approval's path"), ("ETag", description = "Its version"))),
        (status = 200, description = "A repeated call", body = ApprovalView, headers(
            ("Idempotency-Replayed", description = "true"), ("ETag", description = "Its version"))),
    )
)]
pub async fn create(
    State(api): State<Api>,
    may: May<Create>,
    headers: HeaderMap,
    Body { value, bytes, .. }: Body<CreateBody>,
) -> Result<Response, Problem> {
    let idempotency = idempotency_key(&headers, &bytes)?;
    drop(bytes);
    let channels = api.channels.of(may.caller().workspace);
    let looked_at = may.caller().looked_at;
    let new = new_approval(value, may.caller(), may.origin.clone(), idempotency, &channels)?;
    Ok(match api.approvals.request(new, looked_at).await? {
        Requested::Created { approval, present } => {
            let mut response = respond::created(&approval, warnings(&approval.policy, present));
            if let Ok(location) = HeaderValue::try_from(format!("/api/v1/approvals/{}", approval.id)) {
                response.headers_mut().insert(header::LOCATION, location);
            }
            response
        }
        Requested::Replayed(approval) => {
            let mut response = respond::approval(StatusCode::OK, &approval);
            response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
            response
        }
    })
}

/// The key, and what the body says.
fn idempotency_key(headers: &HeaderMap, body: &[u8]) -> Result<Option<Idempotency>, Problem> {
    let mut keys = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(key) = keys.next() else { return Ok(None) };
    if keys.next().is_some() {
        let twice = Violation::new("Idempotency-Key", "once", "must be given once");
        return Err(Problem::about(Code::Invalid, vec![twice]));
    }
    // What isn't ASCII has no text, and is refused like what isn't visible.
    let key = key.to_str().unwrap_or_default();
    idempotency("Idempotency-Key", key, body).map(Some)
}
