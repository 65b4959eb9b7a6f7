//! What clients are told of limits.

use crate::support::{Cluster, Reply, Setup};

use super::{counting, limit, look};

/// `"name";a=1;b=2`, as a structured field of one item.
fn item(field: &str) -> (String, Vec<(String, u64)>) {
    let (name, rest) = field.strip_prefix('"').unwrap().split_once('"').unwrap();
    let parameters = rest.strip_prefix(';').unwrap().split(';').map(|parameter| {
        let (key, value) = parameter.split_once('=').unwrap();
        (key.to_owned(), value.parse().unwrap())
    });
    (name.to_owned(), parameters.collect())
}

fn parameters(reply: &Reply, field: &str, of: &str) -> Vec<u64> {
    let (name, parameters) = item(reply.header(field));
    assert_eq!(name, of, "{reply:?}");
    let names: Vec<&str> = parameters.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, if field == "ratelimit" { ["r", "t"] } else { ["q", "w"] });
    parameters.into_iter().map(|(_, value)| value).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_counted_response_says_how_things_stand() {
    let mut flags = limit("principal", 40);
    flags.extend(limit("workspace", 1000));
    let cluster = counting(2, flags).await;
    let key = cluster.member("agent").await;
    for used in 1..=40_u64 {
        let api = cluster.api(0, &key);
        // Whatever comes of it.
        let reply = if used.is_multiple_of(2) { look(&api).await } else { api.show("nothing").await };
        assert_eq!(reply.status, if used.is_multiple_of(2) { 200 } else { 404 });
        // 40 at 0.001 a second.
        assert_eq!(parameters(&reply, "ratelimit-policy", "principal"), [40, 40_000]);
        let [left, reset] = parameters(&reply, "ratelimit", "principal")[..] else { panic!() };
        assert_eq!(left, 40 - used);
        // Whole seconds, less the fractions of tokens that came meanwhile.
        assert!((used - 1) * 1000 < reset && reset <= used * 1000, "{reset} after {used}");
        assert_eq!(reply.header("retry-after"), "");
    }
    for instance in [0, 1, 0, 1] {
        let reply = look(&cluster.api(instance, &key)).await.problem(429, "rate_limited");
        assert_eq!(parameters(&reply, "ratelimit-policy", "principal"), [40, 40_000]);
        let [left, reset] = parameters(&reply, "ratelimit", "principal")[..] else { panic!() };
        assert_eq!(left, 0);
        assert!((1..=1000).contains(&reset), "{reset}");
        assert_eq!(reply.header("retry-after"), reset.to_string());
        assert_eq!(reply.body["detail"], "too many requests of this principal");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_wait_is_a_second() {
    let flags = vec![
        ("rate_limits.principal_requests_per_second", "100".to_owned()),
        ("rate_limits.principal_burst", "1".to_owned()),
    ];
    let cluster = counting(1, flags).await;
    let api = cluster.api(0, &cluster.member("agent").await);
    let refused = loop {
        let replies = futures_util::future::join_all((0..20).map(|_| look(&api))).await;
        if let Some(reply) = replies.into_iter().find(|reply| reply.status == 429) {
            break reply;
        }
    };
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(refused.header("ratelimit-policy"), "\"principal\";q=1;w=1");
    assert_eq!(refused.header("ratelimit"), "\"principal\";r=0;t=1");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_limits_there_is_nothing_to_tell() {
    let flags = [
        "rate_limits.principal_requests_per_second",
        "rate_limits.workspace_requests_per_second",
        "rate_limits.address_requests_per_second",
        "rate_limits.failed_credentials_per_minute",
    ];
    let flags = flags.map(|name| (name, "0".to_owned())).into();
    let cluster = Cluster::with(Setup { instances: 1, flags, ..Setup::default() }).await;
    let api = cluster.api(0, &cluster.member("agent").await);
    for _ in 0..50 {
        let reply = look(&api).await.expect(200);
        assert_eq!((reply.header("ratelimit"), reply.header("ratelimit-policy")), ("", ""));
        cluster.api(0, "so_nobody_000000000000000000000000").show("x").await.expect(401);
    }
}

/// A wait counts when it comes, and is not cut short by what comes after it.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_poll_counts_once() {
    let cluster = counting(1, limit("principal", 3)).await;
    let agent = cluster.api(0, &cluster.member("agent").await);
    let ana = cluster.api(0, &cluster.member("ana").await);
    let id = agent.ask(serde_json::json!({})).await;
    let waiter = agent.waiting(&id, 50);
    crate::support::eventually("it waits", || async { cluster.waiting(0) == 1 }).await;
    look(&agent).await.expect(200);
    look(&agent).await.problem(429, "rate_limited");
    ana.approve(&id).await.expect(200);
    let reply = waiter.await.unwrap().expect(200);
    assert_eq!(reply.body["status"], "resolved");
}
