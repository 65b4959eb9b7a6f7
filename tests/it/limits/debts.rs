//! What is owed beyond what is left is paid with what comes back: over any time a caller has its burst and its rate.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use uuid::Uuid;

use super::counting;
use crate::support::Api;

/// What a call for two hundred ids costs.
const EACH: u32 = 20;

/// The limit that is tried: tokens a second, and at most.
const RATE: u32 = 20;
const BURST: u32 = 40;

async fn bulk(api: &Api) -> u16 {
    let ids: Vec<Value> = std::iter::repeat_with(|| json!(Uuid::now_v7())).take(200).collect();
    api.post("/api/v1/approvals/bulk", &json!({ "ids": ids, "action": "approve" })).await.status
}

/// With an empty bucket a caller goes on sending large calls to all instances.
#[tokio::test(flavor = "multi_thread")]
async fn large_calls_get_no_further_than_the_rate_of_their_tokens() {
    let flags = vec![
        ("rate_limits.principal_requests_per_second", RATE.to_string()),
        ("rate_limits.principal_burst", BURST.to_string()),
    ];
    let cluster = counting(2, flags).await;
    let key = cluster.member("ana").await;
    let apis = [cluster.api(0, &key), cluster.api(1, &key)];
    let begun = Instant::now();
    let mut spent = 0;
    while begun.elapsed() < Duration::from_secs(4) {
        for api in &apis {
            match bulk(api).await {
                200 => spent += EACH,
                429 => {}
                status => panic!("{status}"),
            }
        }
    }
    // The last call of each instance may be owed still.
    let most = f64::from(BURST + 2 * EACH) + f64::from(RATE) * begun.elapsed().as_secs_f64();
    assert!(f64::from(spent) <= most, "{spent} tokens were let in, and {most} were there");
    assert!(spent > BURST, "what comes back lets calls in again: {spent}");
}
