//! `signoff tail` for longer than its credential is good, and through proxies.

use serde_json::json;

use crate::support::{
    Cluster, Setup,
    between::{Between, Tunnels},
    command::Running,
    unique,
};

const WORN: &str = "the credential has expired";

async fn finish(cluster: &Cluster, key: &str) {
    let event = json!({ "event_type": "done" });
    cluster.api(0, key).post("/api/v1/tasks/t/events", &event).await.expect(202);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_worn_out_is_tried_once_more_and_then_it_ends() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let between = Between::before(&cluster.instances[0].url).await;
    let key = cluster.member("agent").await;
    let environment = [("SIGNOFF_URL", between.url.as_str()), ("SIGNOFF_API_KEY", &key)];
    let mut tail = Running::start(&["tail", "t"], &environment);
    tail.stderr.until("connected to").await;
    between.close_sockets(4401, WORN);
    let said = tail.stderr.until(WORN).await;
    assert!(said.contains("once more"), "{said}");
    tail.stderr.until("nothing missed").await;
    between.close_sockets(4401, WORN);
    let (code, _, err) = tail.end().await;
    let last = err.last().unwrap();
    assert!(code == 12 && last.contains(WORN) && last.contains("make a new key"), "{err:?}");
    // Not allowed means not to come back at all.
    let mut tail = Running::start(&["tail", "t"], &environment);
    tail.stderr.until("connected to").await;
    between.close_sockets(1008, "closed by ops");
    let (code, _, err) = tail.end().await;
    assert!(code == 12 && err.last().unwrap().contains("closed by ops"), "{err:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_was_rotated_is_read_anew_from_its_file() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let between = Between::before(&cluster.instances[0].url).await;
    let (old, new) = (cluster.member("agent").await, cluster.member("agent").await);
    let file = std::env::temp_dir().join(unique("key"));
    std::fs::write(&file, &old).unwrap();
    let environment =
        [("SIGNOFF_URL", between.url.as_str()), ("SIGNOFF_API_KEY_FILE", file.to_str().unwrap())];
    let mut tail = Running::start(&["tail", "t", "--until", "done"], &environment);
    let mut waiting = Running::start(&["tail", "other"], &environment);
    tail.stderr.until("connected to").await;
    waiting.stderr.until("connected to").await;
    std::fs::write(&file, &new).unwrap();
    let operator = cluster.api(0, &cluster.key("acme", "ops", &["workspace:admin"]).await);
    let prefix = old.split('_').nth(1).unwrap();
    operator.delete(&format!("/api/v1/keys/{prefix}")).await.expect(204);
    between.close_sockets(4401, WORN);
    for tail in [&mut tail, &mut waiting] {
        tail.stderr.until("coming back with a new one").await;
        tail.stderr.until("nothing missed").await;
    }
    // A handshake that is refused is a reason to look, too.
    let newest = cluster.member("agent").await;
    std::fs::write(&file, &newest).unwrap();
    let prefix = new.split('_').nth(1).unwrap();
    operator.delete(&format!("/api/v1/keys/{prefix}")).await.expect(204);
    between.answer("502 Bad Gateway", &[], "");
    tail.stderr.until("trying again").await;
    between.pass();
    tail.stderr.until("nothing missed").await;
    finish(&cluster, &newest).await;
    assert_eq!(tail.end().await.0, 0);
    std::fs::remove_file(file).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn sockets_go_through_the_proxy_that_the_environment_names() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let (url, key) = (cluster.instances[0].url.as_str(), cluster.member("agent").await);
    // "name:secret"
    let tunnels = Tunnels::start("bmFtZTpzZWNyZXQ=").await;
    let through = format!("http://name:secret@{}", tunnels.address);
    let service = url.trim_start_matches("http://");
    let start = |variables: &[(&str, &str)], arguments: &[&str]| {
        let environment = [&[("SIGNOFF_URL", url), ("SIGNOFF_API_KEY", &key)], variables].concat();
        Running::start(&[&["tail", "t"], arguments].concat(), &environment)
    };
    for variable in ["HTTP_PROXY", "http_proxy", "ALL_PROXY"] {
        let mut tail = start(&[(variable, &through)], &["--until", "done"]);
        tail.stderr.until("connected to").await;
        finish(&cluster, &key).await;
        assert_eq!(tail.end().await.0, 0);
        let head = tunnels.heads().pop().unwrap();
        assert!(head.starts_with(&format!("CONNECT {service} HTTP/1.1\r\n")), "{head}");
        assert!(!head.contains(&key), "the proxy is not told the credential: {head}");
    }
    let through_proxy = tunnels.heads().len();
    let mut tail = start(&[("HTTP_PROXY", &through), ("NO_PROXY", "127.0.0.1")], &[]);
    tail.stderr.until("connected to").await;
    let mut tail = start(&[("HTTPS_PROXY", &through)], &[]);
    tail.stderr.until("connected to").await;
    assert_eq!(tunnels.heads().len(), through_proxy);
    // One that doesn't let us through is trouble, and says what it wants; its password stays unsaid.
    let unknown = format!("http://name:wrong@{}", tunnels.address);
    let mut tail = start(&[("HTTP_PROXY", &unknown)], &["--patience", "0"]);
    let said = tail.stderr.until("407").await;
    assert!(said.contains(&tunnels.address) && !said.contains("wrong"), "{said}");
    assert_eq!(tail.end().await.0, 13);
    for (proxy, code, words) in [
        ("http://127.0.0.1:9", 13, "the proxy 127.0.0.1:9"),
        ("socks5://127.0.0.1:9", 14, "is one for socks5"),
    ] {
        let (ended, _, err) = start(&[("HTTP_PROXY", proxy)], &["--patience", "0"]).end().await;
        assert!(ended == code && err.last().unwrap().contains(words), "{ended} {err:?}");
    }
}
