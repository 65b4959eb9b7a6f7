//! A redirected POST is not a sent one: the command line follows nothing, and says where the address leads.

use serde_json::{Value, json};

use crate::support::{Cluster, Setup, between::Between, command::Running, unique};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_redirected_is_not_done_and_not_reported_as_done() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let (service, key) = (cluster.instances[0].url.clone(), cluster.member("agent").await);
    let api = cluster.api(0, &key);
    let id = api.ask(json!({ "run_id": "r" })).await;
    let between = Between::before(&service).await;
    let home = std::env::temp_dir().join(unique("home"));
    let environment = [
        ("SIGNOFF_URL", between.url.as_str()),
        ("SIGNOFF_API_KEY", &key),
        ("XDG_CONFIG_HOME", home.to_str().unwrap()),
    ];
    for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"] {
        for (command, path) in [
            (&["emit", "t"][..], "/api/v1/tasks/t/events".to_owned()),
            (&["emit", "t", "--lines"], "/api/v1/tasks/t/events".to_owned()),
            (&["ask", "--run", "r"], "/api/v1/approvals".to_owned()),
            (&["wait", &id], format!("/api/v1/approvals/{id}/wait")),
            (&["show", &id], format!("/api/v1/approvals/{id}")),
            (&["cancel", &id, "--reason", "x"], format!("/api/v1/approvals/{id}/cancel")),
            (&["tail", "t"], "/ws/t".to_owned()),
            (&["login"], "/auth/configuration".to_owned()),
        ] {
            // Who followed would reach the service itself.
            between.answer(status, &[&format!("location: {service}{path}")], "");
            let mut running = Running::start(command, &environment);
            if command.contains(&"--lines") {
                drop(running.write("a\nb\n"));
            }
            let (code, out, err) = running.end().await;
            assert!(code != 0 && code != 12 && out.is_empty(), "{status} {command:?}: {code} {out:?}");
            let words = format!("redirected to {service}; set SIGNOFF_URL to that");
            assert!(err.last().unwrap().contains(&words), "{status} {command:?}: {err:?}");
        }
    }
    let log = api.get("/api/v1/tasks/t/events").await.expect(200).body;
    assert_eq!(log["items"].as_array().unwrap().len(), 0);
    let pending: Value = api.get("/api/v1/approvals/pending").await.expect(200).body;
    assert_eq!(pending["items"].as_array().unwrap().len(), 1, "{pending}");
    std::fs::remove_dir_all(home).unwrap();
    assert!(between.heads().iter().any(|head| head.starts_with("POST ")));
}
