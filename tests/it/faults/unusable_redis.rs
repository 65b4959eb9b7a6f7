//! A Redis that answers and can't be used: the log says why, once, and so does `signoff check`.

use serde_json::json;

use crate::support::{
    Cluster, RedisServer, Setup, TestDatabase, command::Running, eventually, process::signoff, unique,
};

const PASSWORD: &str = "secret";

/// A server with a user who has these rights, and the URL of that user.
async fn limited(rights: &[&str]) -> (RedisServer, String) {
    let server = RedisServer::start().await;
    let password = format!(">{PASSWORD}");
    server.command(&[&["ACL", "SETUSER", "limited", "on", &password][..], rights].concat()).await;
    let url = format!("redis://limited:{PASSWORD}@127.0.0.1:{}", server.port());
    (server, url)
}

async fn check(database: &TestDatabase, redis: &str, prefix: &str) -> (i32, String) {
    let environment =
        [("DATABASE_URL", database.url.as_str()), ("REDIS_URL", redis), ("SIGNOFF_REDIS_PREFIX", prefix)];
    let output = signoff(&["check"], &environment).await;
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reason_is_told() {
    let database = TestDatabase::new().await;
    let prefix = unique("it");
    let keys = format!("~{prefix}:*");
    let (no_channels, without_channels) = limited(&["resetchannels", &keys, "+@all"]).await;
    let (no_keys, without_keys) = limited(&["allchannels", "resetkeys", "+@all"]).await;
    let wrong = without_keys.replace(PASSWORD, "guess");
    let nodes = unique("it_nodes");
    let cluster =
        RedisServer::start_with(&["--cluster-enabled", "yes", "--cluster-config-file", &nodes]).await;
    for (url, word, advice) in [
        (&without_channels, "NOPERM", "Rights in Redis"),
        (&without_keys, "NOPERM", "Rights in Redis"),
        (&wrong, "WRONGPASS", "password"),
        (&cluster.url(), "CLUSTERDOWN", "cluster mode"),
    ] {
        let (code, said) = check(&database, url, &prefix).await;
        assert!(code == 14 && said.contains(advice), "{word}: {said}");
        assert!(!said.contains(PASSWORD) && !said.contains("guess"), "{said}");
        let environment = [
            ("DATABASE_URL", database.url.as_str()),
            ("REDIS_URL", url.as_str()),
            ("SIGNOFF_REDIS_PREFIX", prefix.as_str()),
        ];
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--set", "operator.listen="];
        let mut serving = Running::start(&arguments, &environment);
        let line = serving.stderr.until("Redis can't be used").await;
        assert!(line.contains("WARN") && line.contains(advice), "{word}: {line}");
        serving.signal("TERM");
        serving.end().await;
    }
    drop((no_channels, no_keys, cluster));
    std::fs::remove_file(std::env::temp_dir().join(nodes)).unwrap();
}

/// What docs/operating.md says that it needs is all that it needs.
#[tokio::test(flavor = "multi_thread")]
async fn the_documented_rights_are_enough() {
    let operating = include_str!("../../../docs/operating.md");
    let line = operating.lines().find(|line| line.starts_with("ACL SETUSER signoff ")).expect("it is there");
    let prefix = unique("it");
    let rights: Vec<String> = line
        .split_whitespace()
        .skip(3)
        .filter(|word| *word != "on" && !word.starts_with('>'))
        .map(|word| word.replace("signoff:", &format!("{prefix}:")))
        .collect();
    let (server, url) = limited(&rights.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let database = TestDatabase::new().await;
    let (code, said) = check(&database, &url, &prefix).await;
    assert_eq!(code, 0, "{said}");
    let setup = Setup { redis_url: url, ..Setup::default() };
    // Its names begin with another prefix.
    server.command(&["ACL", "SETUSER", "limited", "~it_*", "&it_*"]).await;
    let cluster = Cluster::with(setup).await.connected().await;
    let api = cluster.api(0, &cluster.member("agent").await);
    let mut socket = crate::support::Socket::open(&api, "t").await;
    api.emit("t", [1]).await;
    assert_eq!(socket.event("output").await["data"], json!({ "n": 1 }));
    eventually("requests are counted", || async {
        cluster.instances[0].metric("signoff_rate_limits_shared").await > 0.5
    })
    .await;
}
