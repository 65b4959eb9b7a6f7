//! The web app: its pages, and the files that the build in `ui/` made of it.
//!
//! Answers the app's own paths alone; what else is unknown stays a problem. It reads files and headers, nothing of a
//! workspace: pages are public, and what they show comes from the API.

mod files;
mod page;

use axum::{
    Router,
    http::{HeaderMap, Uri},
    response::{IntoResponse, Response},
    routing::get,
};

use self::files::Files;
use super::{Api, respond};
use crate::presence::VERSION;

/// Each path at which the app shows a page. The app itself reads what comes behind.
const PAGES: &[&str] = &[
    "/",
    "/inbox",
    "/inbox/{id}",
    "/approvals/{id}",
    "/runs/{run_id}",
    "/history",
    "/notifications",
    "/operations",
    "/operations/tasks/{task_id}",
    "/settings",
    "/settings/{part}",
    "/sign-in",
];

/// Files that must have a name of their own: browsers look for them there, or come back to them; or they are for the
/// case that those with a hash in their names are missing.
const NAMED: &[&str] = &["/manifest.webmanifest", "/service-worker.js", "/start.js"];

const ASSETS: &str = "/assets/";

/// Whether a path is one of the app's files: they are served from memory, and a page needs many of them at once.
pub fn is_file(path: &str) -> bool {
    path.starts_with(ASSETS) || NAMED.contains(&path)
}

pub fn routes() -> Router<Api> {
    let mut router = Router::new().route(&format!("{ASSETS}{{name}}"), get(asset));
    for path in PAGES {
        router = router.route(path, get(index));
    }
    for path in NAMED {
        router = router.route(path, get(named));
    }
    router
}

/// Of this program and the app in it, `0.1.0+4f2a9c1e`: a page whose own build is another than that of the app has
/// been replaced.
pub fn build() -> String {
    let app = Files::embedded().find("build.txt", &HeaderMap::new());
    app.map_or_else(|| VERSION.to_owned(), |app| format!("{VERSION}+{}", String::from_utf8_lossy(&app.bytes)))
}

async fn index(headers: HeaderMap) -> Response {
    page::index(Files::embedded(), &headers)
}

async fn named(uri: Uri, headers: HeaderMap) -> Response {
    let name = uri.path().trim_start_matches('/');
    match page::named(Files::embedded(), name, &headers) {
        Some(response) => response,
        None => respond::no_such_route().await.into_response(),
    }
}

/// By the path as it was sent: names of ours have nothing to decode.
async fn asset(uri: Uri, headers: HeaderMap) -> Response {
    let name = uri.path().trim_start_matches(ASSETS);
    match page::asset(Files::embedded(), name, &headers) {
        Some(response) => response,
        None => respond::no_such_route().await.into_response(),
    }
}
