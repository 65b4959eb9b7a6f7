//! What operators see of the outbox: numbers of all workspaces, and nothing of what they are about.

use serde_json::{Value, json};

use crate::support::{
    Api,
    client::http,
    cluster::make_key,
    eventually,
    office::{Office, for_person},
    relay::Does,
};

fn mail(told: &Value) -> &Value {
    let channels = told["channels"].as_array().unwrap();
    let names: Vec<_> = channels.iter().map(|it| it["channel"].as_str().unwrap()).collect();
    assert_eq!(names, ["email", "slack", "webhook"]);
    &channels[0]
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_sees_what_waits_for_a_relay_that_is_away_and_no_one_else_does() {
    let mut office = Office::open(2).await;
    office.relay.does(|command| if command == "connect" { Does::HangsUp } else { Does::Well });
    let process = office.process().await;
    let operator = make_key(&office.database, "elsewhere", "olga", &["cluster:view"]).await;
    let operator = Api::with(http(), &process.url, &operator);
    let look = async || operator.get("/api/v1/cluster/outbox").await.expect(200).body;
    let quiet = json!({
        "channel": "email", "waiting": 0, "destinations": 0, "held": 0, "failing": 0, "oldest_seconds": 0.0,
        "late_seconds": 0.0,
    });
    assert_eq!(mail(&look().await), &quiet);
    let api = office.api(&process);
    for person in 0..2 {
        api.ask(for_person(person)).await;
    }
    eventually("two messages wait, and their relay is held", || async {
        let told = look().await;
        let mail = mail(&told);
        ["waiting", "destinations", "held", "failing"].map(|it| mail[it].as_i64().unwrap()) == [2, 1, 1, 1]
            && mail["oldest_seconds"].as_f64().unwrap() > 0.0
    })
    .await;
    // An administrator of the workspace looks beyond it no more here than elsewhere.
    api.get("/api/v1/cluster/outbox").await.problem(403, "forbidden");
    office.relay.is_well();
    office.let_holds_pass().await;
    office.has(2, "sent").await;
    eventually("nothing waits any more", || async { mail(&look().await) == &quiet }).await;
    assert_eq!(look().await["causes"], json!({ "stuck": 0, "oldest_seconds": 0.0 }));
}
