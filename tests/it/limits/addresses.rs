//! Whose address counts.

use reqwest::Method;

use crate::support::{Api, Reply};

use super::{counting, limit};

const PATH: &str = "/api/v1/approvals/pending?limit=1";

fn trusting(proxies: &str, burst: u32) -> Vec<(&'static str, String)> {
    let mut flags = limit("address", burst);
    flags.push(("http.trusted_proxies", proxies.to_owned()));
    flags
}

async fn from(api: &Api, lines: &[&str]) -> Reply {
    let mut request = api.request(Method::GET, PATH);
    for line in lines {
        request = request.header("X-Forwarded-For", *line);
    }
    Api::send(request).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_client_claims_of_itself_counts_for_nothing() {
    // Somebody is trusted, but not who calls.
    let cluster = counting(2, trusting("192.0.2.0/24", 6)).await;
    let key = cluster.member("agent").await;
    for number in 0..6 {
        from(&cluster.api(number % 2, &key), &[&format!("198.51.100.{number}")]).await.expect(200);
    }
    for number in 6..20 {
        let api = cluster.api(number % 2, &key);
        let refused = from(&api, &[&format!("198.51.100.{number}, 192.0.2.1")]).await;
        let refused = refused.problem(429, "rate_limited");
        assert!(refused.header("ratelimit").starts_with("\"address\";r=0;"), "{refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trusted_proxy_says_where_a_request_comes_from() {
    let cluster = counting(2, trusting("127.0.0.0/8, 10.0.0.1", 6)).await;
    let key = cluster.member("agent").await;
    let api = |number: usize| cluster.api(number % 2, &key);
    for client in ["198.51.100.1", "198.51.100.2", "2001:db8::1"] {
        for number in 0..6 {
            // What the client wrote itself stands in front, and is different each time.
            let forged = format!("203.0.113.{number}, {client}, 10.0.0.1");
            from(&api(number), &[&forged]).await.expect(200);
        }
        from(&api(0), &[client]).await.problem(429, "rate_limited");
        // Several lines are one list.
        from(&api(1), &["203.0.113.77", client]).await.problem(429, "rate_limited");
    }
    // One network of 64 bits is one client.
    from(&api(0), &["2001:db8::ffff:1"]).await.problem(429, "rate_limited");
    from(&api(0), &["2001:db8:0:1::1"]).await.expect(200);
    // What can't be read is the proxy's own: one bucket for all of it.
    for number in 0..6 {
        from(&api(number), &["198.51.100.1, unknown"]).await.expect(200);
    }
    from(&api(0), &["nonsense"]).await.problem(429, "rate_limited");
    from(&api(1), &[]).await.problem(429, "rate_limited");
}

/// Whatever has no caller counts for its address too, but never a health check.
#[tokio::test(flavor = "multi_thread")]
async fn pages_without_a_caller_count_for_their_address() {
    let cluster = counting(1, limit("address", 4)).await;
    let nobody = cluster.api(0, "so_nobody_000000000000000000000000");
    let url = &cluster.instances[0].url;
    let get = async |path: &str| crate::support::client::get(format!("{url}{path}")).await.unwrap();
    assert_eq!(get("/openapi.json").await.status(), 200);
    assert_eq!(get("/no/such/path").await.status(), 404);
    assert_eq!(get(PATH).await.status(), 401);
    nobody.get(PATH).await.expect(401);
    for path in ["/openapi.json", "/docs/", "/no/such/path", PATH] {
        let refused = get(path).await;
        assert_eq!(refused.status(), 429, "{path}");
        assert!(refused.headers().contains_key("retry-after"), "{path}");
    }
    nobody.get(PATH).await.problem(429, "rate_limited");
    for _ in 0..20 {
        assert_eq!(get("/livez").await.status(), 200);
        assert_eq!(get("/readyz").await.status(), 200);
        // A page needs many files at once, and an office has many pages behind one address.
        assert_eq!(get("/assets/none.js").await.status(), 404);
    }
}
