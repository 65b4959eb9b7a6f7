//! What is sent for a page or a file of the app, and with which headers.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::files::{File, Files, media_type};

/// What a page may load, and do: our own files, and calls to this site. Text never becomes script, markup or style.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; \
                      require-trusted-types-for 'script'; trusted-types signoff";

/// A file's name has a hash of what is in it.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// Kept, and asked about each time.
const ASK_EACH_TIME: HeaderValue = HeaderValue::from_static("no-cache");

/// What is there instead of the app where it was not built.
const MISSING: &str = "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Signoff</title>\n\
<h1>Signoff runs. Its web app is not in this build.</h1>\n\
<p>The app is built by Node.js, apart from the server. In the source's folder:</p>\n\
<pre>cd ui &amp;&amp; npm ci --ignore-scripts &amp;&amp; npm run build</pre>\n\
<p>Then build the server again. <code>./dev up</code> and the container image do both.</p>\n\
<p>The API works without it: <a href=\"/docs/\">reference</a>, <a href=\"/openapi.json\">OpenAPI document</a>.</p>\n\
</html>\n";

/// The one page, which the app fills in.
pub fn index(files: Files, headers: &HeaderMap) -> Response {
    let mut response = match files.find("index.html", headers) {
        Some(file) => fresh(file, "index.html", headers),
        None => ([(header::CONTENT_TYPE, media_type("index.html"))], MISSING).into_response(),
    };
    let set = response.headers_mut();
    set.insert(header::CACHE_CONTROL, ASK_EACH_TIME);
    set.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    set.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    set.insert(
        header::HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    );
    response
}

/// A file with a name for good, whose content changes.
pub fn named(files: Files, name: &str, headers: &HeaderMap) -> Option<Response> {
    let mut response = fresh(files.find(name, headers)?, name, headers);
    response.headers_mut().insert(header::CACHE_CONTROL, ASK_EACH_TIME);
    // The worker has a policy of its own: it fetches from this site, and no more.
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    Some(response)
}

/// A file whose name has a hash of its content.
pub fn asset(files: Files, name: &str, headers: &HeaderMap) -> Option<Response> {
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    let file = plain.then(|| files.find(&format!("assets/{name}"), headers)).flatten()?;
    let mut response = sent(file, name);
    response.headers_mut().insert(header::CACHE_CONTROL, FOR_EVER);
    Some(response)
}

/// The file, or that the browser has it already.
fn fresh(file: File, name: &str, headers: &HeaderMap) -> Response {
    let tag = format!("\"{}\"", file.hash);
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut known = known.flat_map(|value| value.split(','));
    let is_known = known.any(|it| it.trim().trim_start_matches("W/") == tag || it.trim() == "*");
    let mut response = if is_known {
        (StatusCode::NOT_MODIFIED, [(header::VARY, "Accept-Encoding")]).into_response()
    } else {
        sent(file, name)
    };
    if let Ok(tag) = HeaderValue::try_from(tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

fn sent(file: File, name: &str) -> Response {
    let mut response = Response::new(Body::from(file.bytes));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(name)));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    if let Some(encoding) = file.encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;

    fn none() -> Files {
        Files(|_| None)
    }

    #[tokio::test]
    async fn without_the_bundle_the_page_says_how_to_get_it() {
        let response = index(none(), &HeaderMap::new());
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
        assert_eq!(response.headers()["content-security-policy"], POLICY);
        let text = to_bytes(response.into_body(), 10_000).await.unwrap();
        let text = str::from_utf8(&text).unwrap();
        assert!(
            text.contains("npm run build") && text.contains("./dev up") && text.contains("/docs/"),
            "{text}"
        );
    }

    #[test]
    fn without_the_bundle_there_are_no_files() {
        assert!(asset(none(), "app-1.js", &HeaderMap::new()).is_none());
        assert!(named(none(), "service-worker.js", &HeaderMap::new()).is_none());
    }
}
