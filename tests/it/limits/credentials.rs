//! Refused credentials: too many from one place are a limit of their own, which keeps nobody else out.

use reqwest::Method;
use serde_json::json;

use crate::support::{Api, Reply, Setup, Socket, forge::Forge, socket};

use super::{counting, counting_with};

const PATH: &str = "/api/v1/approvals/pending?limit=1";

fn failing(per_minute: u32) -> Vec<(&'static str, String)> {
    vec![
        ("rate_limits.failed_credentials_per_minute", per_minute.to_string()),
        ("http.trusted_proxies", "127.0.0.1".to_owned()),
    ]
}

async fn try_key(api: &Api, address: &str) -> Reply {
    Api::send(api.request(Method::GET, PATH).header("X-Forwarded-For", address)).await
}

fn guess() -> String {
    format!("so_{:012}_{:030}", rand::random_range(0..999_999_999_u64), 7)
}

/// Fails until it is told to stop; answers how often it was not.
async fn fail(cluster: &crate::support::Cluster, address: &str) -> usize {
    let mut failed = 0;
    loop {
        let reply = try_key(&cluster.api(failed % cluster.instances.len(), &guess()), address).await;
        if reply.status == 429 {
            let refused = reply.problem(429, "rate_limited");
            assert!(refused.header("ratelimit").starts_with("\"failed_credentials\";r=0;"), "{refused:?}");
            assert!(refused.header("retry-after").parse::<u64>().unwrap() >= 1);
            return failed;
        }
        reply.problem(401, "unauthenticated");
        failed += 1;
    }
}

/// A token comes back every minute here: a test that takes longer than that has other troubles.
#[tokio::test(flavor = "multi_thread")]
async fn too_many_refused_credentials_are_refused_otherwise() {
    let cluster = counting(2, failing(1)).await;
    let (known, new) = (cluster.member("ana").await, cluster.member("bo").await);
    for instance in [0, 1] {
        try_key(&cluster.api(instance, &known), "198.51.100.1").await.expect(200);
    }
    assert_eq!(fail(&cluster, "198.51.100.1").await, 1, "over both instances");
    for number in 0..40 {
        // Known here or not: who is refused hears the same.
        let wrong = format!("{known}x");
        let key = if number % 2 == 0 { guess() } else { wrong };
        try_key(&cluster.api(number % 2, &key), "198.51.100.1").await.problem(429, "rate_limited");
        // What is in use goes on.
        try_key(&cluster.api(number % 2, &known), "198.51.100.1").await.expect(200);
    }
    // Who is new here gets in after a few tries, whatever goes on beside it.
    let mut tries = 0;
    loop {
        tries += 1;
        assert!(tries <= 16, "a good key is kept out");
        let reply = try_key(&cluster.api(0, &new), "198.51.100.1").await;
        if reply.status == 200 {
            break;
        }
        reply.problem(429, "rate_limited");
    }
    try_key(&cluster.api(0, &new), "198.51.100.1").await.expect(200);
    // Elsewhere nobody notices.
    try_key(&cluster.api(0, &guess()), "198.51.100.2").await.problem(401, "unauthenticated");
    // No credential is not a wrong one.
    let plain = crate::support::client::http().get(format!("{}{PATH}", cluster.instances[0].url));
    assert_eq!(plain.header("X-Forwarded-For", "198.51.100.1").send().await.unwrap().status(), 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn guessed_credentials_reach_the_database_only_now_and_then() {
    let cluster = counting(1, failing(1)).await;
    fail(&cluster, "198.51.100.1").await;
    let mut conn = cluster.database.connect().await;
    // Whoever looks a key up now finds the table locked, and waits.
    let mut transaction = sqlx::Connection::begin(&mut conn).await.unwrap();
    sqlx::query("LOCK TABLE api_keys IN ACCESS EXCLUSIVE MODE").execute(&mut *transaction).await.unwrap();
    let attempts: Vec<_> = (0..80)
        .map(|_| {
            let api = cluster.api(0, &guess());
            tokio::task::spawn(async move { try_key(&api, "198.51.100.1").await.status })
        })
        .collect();
    let mut statuses = Vec::new();
    for attempt in attempts {
        statuses.push(attempt.await.unwrap());
    }
    transaction.rollback().await.unwrap();
    let looked = statuses.iter().filter(|status| **status == 503).count();
    assert_eq!(looked, 10, "one in eight: {statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 70);
}

/// Tickets are credentials, too; one that is refused for the limit's sake is not used up.
#[tokio::test(flavor = "multi_thread")]
async fn tickets_count_as_credentials() {
    let cluster =
        crate::support::Cluster::with(Setup { instances: 1, flags: failing(1), ..Setup::default() }).await;
    super::shared(&cluster, true).await;
    let api = cluster.api(0, &cluster.member("ana").await);
    let ticket = api.post("/api/v1/ws-tickets", &json!({})).await.expect(201);
    let ticket = ticket.body["ticket"].as_str().unwrap().to_owned();
    let open = async |ticket: &str| {
        let mut request = socket::request(&api, "task", &format!("ticket={ticket}"));
        request.headers_mut().remove("authorization");
        request.headers_mut().insert("x-forwarded-for", "198.51.100.1".parse().unwrap());
        Socket::try_open(request).await
    };
    let wrong = format!("{}x", &ticket[..ticket.len() - 1]);
    assert_eq!(open(&wrong).await.err().unwrap().status, 401);
    assert_eq!(open(&wrong).await.err().unwrap().status, 429);
    let mut tries = 0;
    loop {
        tries += 1;
        assert!(tries <= 16, "a good ticket is kept out");
        match open(&ticket).await {
            Ok(socket) => break drop(socket.unwrap()),
            Err(refused) => {
                assert_eq!((refused.status, &refused.body["code"]), (429, &json!("rate_limited")));
            }
        }
    }
}

/// A token that is good, of somebody who doesn't get in: it counts, and isn't looked into again and again.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_refused_with_a_good_token_is_counted_and_remembered() {
    let forge = Forge::start().await;
    let mut setup = forge.setup(&[("oidc.claim_principal", "preferred_username")]);
    setup.flags.extend(failing(3));
    let cluster = counting_with(setup).await;
    cluster.member("agent").await;
    let token = |subject: &str| {
        let mut claims = forge.claims(subject);
        claims["preferred_username"] = json!("ana");
        forge.token(&claims)
    };
    try_key(&cluster.api(0, &token("the-first")), "198.51.100.1").await.expect(200);
    let second = cluster.api(0, &token("the-second"));
    let refused = try_key(&second, "198.51.100.1").await.problem(403, "forbidden");
    assert!(refused.body["detail"].as_str().unwrap().contains("belongs to somebody else"), "{refused:?}");
    let mut conn = cluster.database.connect().await;
    // Whoever is looked up now finds the table locked, and waits.
    let mut transaction = sqlx::Connection::begin(&mut conn).await.unwrap();
    sqlx::query("LOCK TABLE principals IN ACCESS EXCLUSIVE MODE").execute(&mut *transaction).await.unwrap();
    for _ in 0..2 {
        try_key(&second, "198.51.100.1").await.problem(403, "forbidden");
    }
    for _ in 0..20 {
        try_key(&second, "198.51.100.1").await.problem(429, "rate_limited");
    }
    transaction.rollback().await.unwrap();
    // Another address is told why.
    try_key(&second, "198.51.100.2").await.problem(403, "forbidden");
}
