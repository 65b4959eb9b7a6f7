//! The web app as it is served: its own paths and no others, with headers that leave a page no way to do harm.

use reqwest::{Method, header::HeaderMap};

use crate::support::{Cluster, Setup, browser::Browser};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; \
                      require-trusted-types-for 'script'; trusted-types signoff";

struct Answer {
    status: u16,
    headers: HeaderMap,
    bytes: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn text(&self) -> &str {
        str::from_utf8(&self.bytes).unwrap()
    }
}

/// As it comes: nothing is decompressed on the way.
async fn ask(method: Method, url: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Browser::new().request(method, url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, bytes: response.bytes().await.unwrap().to_vec() }
}

async fn get(url: &str) -> Answer {
    ask(Method::GET, url, &[]).await
}

async fn served() -> (Cluster, String) {
    let built = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("ui/dist/index.html").exists();
    assert!(
        built,
        "the web app isn't built: ./dev test does it, or `npm ci --ignore-scripts && npm run build` in ui/"
    );
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let base = cluster.instances[0].url.clone();
    (cluster, base)
}

/// The addresses of the files that the page names.
fn assets(page: &str) -> Vec<String> {
    let mut found: Vec<_> =
        page.split('"').filter(|part| part.starts_with("/assets/")).map(str::to_owned).collect();
    found.sort();
    found.dedup();
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn the_app_answers_at_its_own_paths_and_at_no_others() {
    let (_cluster, base) = served().await;
    for path in [
        "/",
        "/inbox",
        "/inbox?q=x&workflow=a&workflow=b",
        "/inbox/0192f0c4-7d3a-7000-8000-000000000000",
        "/approvals/0192f0c4-7d3a-7000-8000-000000000000",
        "/runs/run-42",
        "/history?view=timeline",
        "/notifications",
        "/operations",
        "/operations?wall",
        "/operations/tasks/t-1",
        "/settings",
        "/settings/keys",
        "/sign-in?to=/inbox",
    ] {
        let page = get(&format!("{base}{path}")).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(page.text().contains("<div id=\"app\">"), "{path}");
    }
    for path in [
        "/api",
        "/api/v1",
        "/api/v1/nothing",
        "/auth/nothing",
        "/ws",
        "/docs/nothing.js",
        "/openapi",
        "/assets",
        "/assets/nothing.js",
        "/assets/..%2findex.html",
        "/assets/%ff",
        "/index.html",
        "/index.html.br",
        "/.gitkeep",
        "/favicon.ico",
        "/inbox/a/b",
        "/approvals",
        "/runs",
        "/history/x",
        "/notifications/x",
        "/sign-in/x",
        "/robots.txt",
        "/inboxes",
    ] {
        let answer = get(&format!("{base}{path}")).await;
        assert!(matches!(answer.status, 404 | 401), "{path}: {}", answer.status);
        // The manual's own pages answer for what is under /docs.
        let expected = if path.starts_with("/docs") { "" } else { "application/problem+json" };
        assert_eq!(answer.header("content-type"), expected, "{path}");
    }
    let posted = ask(Method::POST, &format!("{base}/inbox"), &[]).await;
    assert_eq!((posted.status, posted.header("content-type")), (405, "application/problem+json"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_may_load_our_files_and_call_us_and_nothing_more() {
    let (_cluster, base) = served().await;
    let page = get(&format!("{base}/inbox")).await;
    assert_eq!(page.header("content-security-policy"), POLICY);
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    assert_eq!(page.header("x-frame-options"), "DENY");
    assert_eq!(page.header("cache-control"), "no-cache");
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    // What the policy would refuse isn't there.
    let text = page.text();
    for inline in
        ["<style", "style=", "<script>", "onclick=", "onload=", "javascript:", "data:", "http://", "https://"]
    {
        let text = text.replace("http://www.w3.org/2000/svg", "");
        assert!(!text.contains(inline), "{inline}");
    }
    // Pages that aren't the app's keep what they need.
    let reference = get(&format!("{base}/docs/")).await;
    assert_eq!(reference.header("content-security-policy"), "frame-ancestors 'none'");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_is_asked_about_each_time_and_sent_once() {
    let (_cluster, base) = served().await;
    let url = format!("{base}/inbox");
    let first = get(&url).await;
    let tag = first.header("etag").to_owned();
    assert!(tag.len() > 10 && tag.starts_with('"'), "{tag}");
    for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
        let again = ask(Method::GET, &url, &[("if-none-match", &known)]).await;
        assert_eq!(
            (again.status, again.bytes.len(), again.header("etag")),
            (304, 0, tag.as_str()),
            "{known}"
        );
        assert_eq!(
            (again.header("content-security-policy"), again.header("vary")),
            (POLICY, "Accept-Encoding")
        );
    }
    assert_eq!(ask(Method::GET, &url, &[("if-none-match", "\"other\"")]).await.status, 200);
    // Each form is a thing of its own.
    let packed = ask(Method::GET, &url, &[("accept-encoding", "br")]).await;
    assert_ne!(packed.header("etag"), tag);
    let head = ask(Method::HEAD, &url, &[]).await;
    assert_eq!((head.status, head.bytes.len(), head.header("etag")), (200, 0, tag.as_str()));
    assert_eq!(head.header("content-length"), first.bytes.len().to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_kept_for_ever_and_come_in_the_form_that_is_taken() {
    let (_cluster, base) = served().await;
    let page = get(&format!("{base}/")).await;
    let assets = assets(page.text());
    for ending in [".js", ".css", ".svg", ".png"] {
        assert!(assets.iter().any(|path| path.ends_with(ending)), "no {ending} in {assets:?}");
    }
    for path in &assets {
        let url = format!("{base}{path}");
        let plain = get(&url).await;
        assert_eq!((plain.status, plain.header("content-encoding")), (200, ""), "{path}");
        assert_eq!(plain.header("cache-control"), "public, max-age=31536000, immutable");
        assert_eq!(plain.header("x-content-type-options"), "nosniff");
        assert_eq!(plain.header("vary"), "Accept-Encoding");
        let expected = match path.rsplit('.').next().unwrap() {
            "js" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "svg" => "image/svg+xml",
            _ => "image/png",
        };
        assert_eq!(plain.header("content-type"), expected, "{path}");
        let head = ask(Method::HEAD, &url, &[]).await;
        assert_eq!((head.status, head.bytes.len()), (200, 0), "{path}");
        for form in ["br", "gz"] {
            assert_eq!(get(&format!("{url}.{form}")).await.status, 404, "{path}.{form}");
        }
        if expected == "image/png" {
            continue;
        }
        for (taken, sent) in
            [("gzip, deflate, br, zstd", "br"), ("gzip", "gzip"), ("br;q=0, gzip", "gzip"), ("zstd", "")]
        {
            let packed = ask(Method::GET, &url, &[("accept-encoding", taken)]).await;
            assert_eq!(packed.header("content-encoding"), sent, "{path} {taken}");
            assert_eq!(packed.header("content-type"), expected);
            assert!(sent.is_empty() || packed.bytes.len() < plain.bytes.len(), "{path} {taken}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_app_can_be_installed_and_its_worker_renewed() {
    let (_cluster, base) = served().await;
    let manifest = get(&format!("{base}/manifest.webmanifest")).await;
    assert_eq!(manifest.header("content-type"), "application/manifest+json");
    assert_eq!(manifest.header("cache-control"), "no-cache");
    let said: serde_json::Value = serde_json::from_slice(&manifest.bytes).unwrap();
    assert_eq!((&said["start_url"], &said["display"]), (&"/inbox".into(), &"standalone".into()));
    let icons = said["icons"].as_array().unwrap();
    assert!(icons.iter().any(|icon| icon["purpose"] == "maskable"));
    for icon in icons {
        let picture = get(&format!("{base}{}", icon["src"].as_str().unwrap())).await;
        assert_eq!((picture.status, picture.header("content-type")), (200, icon["type"].as_str().unwrap()));
    }
    let worker = get(&format!("{base}/service-worker.js")).await;
    assert_eq!(worker.header("content-type"), "text/javascript; charset=utf-8");
    assert_eq!(worker.header("cache-control"), "no-cache");
    for path in worker.text().split('"').filter(|part| part.starts_with("/assets/") && *part != "/assets/") {
        assert_eq!(get(&format!("{base}{path}")).await.status, 200, "{path}");
    }
    // It keeps files of the app, and knows nothing of the API.
    assert!(!worker.text().contains("/api"));
}
