//! What a person has chosen for the console. Each principal has their own, with any permissions.

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::value::to_raw_value;
use utoipa::ToSchema;

use super::{
    Api,
    approvals::precondition::IfMatch,
    body::{Body, Modest},
    caller::Somebody,
};
use crate::wire::{
    problem::{Code, Problem},
    validate::Check,
};

const MOST_VIEWS: usize = 50;
const MAX_NAME: usize = 100;
const MAX_QUERY: usize = 2_000;

/// What a person has chosen. A field that is null, or left out, is not chosen.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"theme": "dark", "saved_views": [{"name": "Deploys", "query": "?type=deploy"}]}))]
pub struct Preferences {
    /// `system`, `light` or `dark`.
    theme: Option<String>,
    /// `comfortable` or `compact`.
    density: Option<String>,
    /// Whether single keys do something.
    single_keys: Option<bool>,
    /// Whether the browser shows notifications.
    notifications: Option<bool>,
    /// At most 50.
    saved_views: Option<Vec<SavedView>>,
}

/// Filters under a name.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SavedView {
    /// 1 to 100 characters.
    #[schema(example = "Deploys")]
    name: String,
    /// At most 2,000 characters.
    #[schema(example = "?type=deploy")]
    query: String,
}

impl Preferences {
    fn check(&self) -> Result<(), Problem> {
        let mut check = Check::default();
        let choices: [(&str, Option<&String>, &[&str]); 2] = [
            ("/theme", self.theme.as_ref(), &["system", "light", "dark"]),
            ("/density", self.density.as_ref(), &["comfortable", "compact"]),
        ];
        for (pointer, given, known) in choices {
            if given.is_some_and(|given| !known.contains(&given.as_str())) {
                check.fail(pointer, "choice", format!("must be one of {}", known.join(", ")));
            }
        }
        let views = self.saved_views.as_deref().unwrap_or_default();
        if views.len() > MOST_VIEWS {
            check.fail("/saved_views", "max_items", format!("must be at most {MOST_VIEWS}"));
        }
        for (n, view) in views.iter().take(MOST_VIEWS).enumerate() {
            let pointer = |field: &str| format!("/saved_views/{n}/{field}");
            if view.name.trim().is_empty() {
                check.fail(pointer("name"), "min_length", "must not be empty");
            }
            check.text(&pointer("name"), Some(&view.name), MAX_NAME);
            check.visible(&pointer("name"), Some(&view.name));
            check.text(&pointer("query"), Some(&view.query), MAX_QUERY);
            check.visible(&pointer("query"), Some(&view.query));
        }
        check.finish()
    }
}

/// Show one's preferences
///
/// Of the principal who calls; no permission is needed. Where nothing is stored, nothing is chosen.
#[utoipa::path(
    get, path = "/api/v1/me/preferences", operation_id = "get_preferences", tag = "signing in",
    responses((status = 200, body = Preferences, headers(("ETag", description = "Their version"))))
)]
pub async fn get(State(api): State<Api>, somebody: Somebody) -> Result<Response, Problem> {
    match api.identity.preferences(somebody.caller()).await? {
        Some(stored) => Ok(tagged(stored.version, Json(stored.preferences.0))),
        None => Ok(tagged(0, Json(Preferences::default()))),
    }
}

/// Replace one's preferences
///
/// All of them, at most 16 KiB; those left out are not chosen any more. With `If-Match` only if they are still as they
/// were seen.
#[utoipa::path(
    put, path = "/api/v1/me/preferences", operation_id = "put_preferences", tag = "signing in",
    request_body = Preferences,
    responses((status = 200, body = Preferences, headers(("ETag", description = "Their new version"))))
)]
pub async fn put(
    State(api): State<Api>,
    somebody: Somebody,
    IfMatch(precondition): IfMatch,
    Body { value: wanted, .. }: Body<Preferences, Modest>,
) -> Result<Response, Problem> {
    wanted.check()?;
    let json = to_raw_value(&wanted).map_err(|error| Problem::internal(&error.to_string()))?;
    let version = api.identity.set_preferences(somebody.caller(), &json, &precondition).await?;
    let version = version.ok_or_else(|| {
        Problem::new(
            Code::VersionConflict,
            "the preferences have changed since they were seen; read them anew",
        )
    })?;
    Ok(tagged(version, Json(json)))
}

fn tagged(version: i32, body: impl IntoResponse) -> Response {
    let mut response = body.into_response();
    if let Ok(tag) = HeaderValue::try_from(format!("\"{version}\"")) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
