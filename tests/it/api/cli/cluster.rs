//! `signoff cluster`: who serves.

use serde_json::Value;

use crate::support::{
    Cluster, Setup,
    command::Running,
    process::signoff,
    proxy::{Mode, Proxy},
};

#[tokio::test(flavor = "multi_thread")]
async fn the_instances_are_listed() {
    let cluster = Cluster::start().await;
    let url = cluster.instances[1].url.as_str();
    let operator = cluster.key("acme", "op", &["cluster:view"]).await;
    let run = async |key: &str, arguments: &[&str]| {
        let environment = [("SIGNOFF_URL", url), ("SIGNOFF_API_KEY", key)];
        let output = signoff(&[&["cluster"], arguments].concat(), &environment).await;
        let said = if output.stdout.is_empty() { output.stderr } else { output.stdout };
        (output.status.code().unwrap(), String::from_utf8(said).unwrap())
    };
    let (code, page) = run(&operator, &[]).await;
    assert_eq!((code, page.lines().count()), (0, 3), "{page}");
    for instance in &cluster.instances {
        let line = page.lines().find(|line| line.starts_with(&instance.app.instance)).unwrap();
        let column = page.find("STATE").unwrap();
        assert!(line[column..].starts_with("serving  "), "{page}");
    }
    let (_, answer) = run(&operator, &["--json"]).await;
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["instances"].as_array().unwrap().len(), 2);
    let (code, said) = run(&cluster.member("ana").await, &["--watch"]).await;
    assert!(code == 12 && said.contains("cluster:view"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn watching_goes_on_while_nothing_answers() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let key = cluster.key("acme", "op", &["cluster:view"]).await;
    let (proxy, url) = Proxy::before(&cluster.instances[0].url).await;
    let environment = [("SIGNOFF_URL", url.as_str()), ("SIGNOFF_API_KEY", &key)];
    let mut watch = Running::start(&["cluster", "--watch"], &environment);
    watch.stdout.until("serving").await;
    proxy.set(Mode::Cut);
    watch.stderr.until("trying again").await;
    proxy.set(Mode::Pass);
    watch.stderr.until("answers again").await;
    watch.stdout.until("serving").await;
}

/// One look takes 6 s at most. A caller may be willing to wait for more than one.
#[tokio::test(flavor = "multi_thread")]
async fn patience_lasts_for_longer_than_one_look() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let key = cluster.key("acme", "op", &["cluster:view"]).await;
    let (proxy, url) = Proxy::before(&cluster.instances[0].url).await;
    let environment = [("SIGNOFF_URL", url.as_str()), ("SIGNOFF_API_KEY", &key)];
    proxy.set(Mode::Hang);
    let mut look = Running::start(&["cluster", "--patience", "60"], &environment);
    look.stderr.until("trying again").await;
    proxy.set(Mode::Pass);
    let (code, out, _) = look.end().await;
    assert!(code == 0 && out.iter().any(|line| line.contains("serving")), "{code} {out:?}");
}
