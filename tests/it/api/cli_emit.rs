//! `signoff emit`: events from a shell.

use serde_json::{Value, json};

use crate::support::{
    Cluster, Setup,
    command::Running,
    process::signoff,
    proxy::{Mode, Proxy},
    unique,
};

const TASK: &str = "/api/v1/tasks/t/events";

struct Shell {
    cluster: Cluster,
    key: String,
}

impl Shell {
    async fn new() -> Self {
        let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
        let key = cluster.member("agent").await;
        Self { cluster, key }
    }

    async fn emit(&self, arguments: &[&str]) -> (i32, String) {
        let environment =
            [("SIGNOFF_URL", self.cluster.instances[0].url.as_str()), ("SIGNOFF_API_KEY", &self.key)];
        let output = signoff(&[&["emit"], arguments].concat(), &environment).await;
        let said = if output.stdout.is_empty() { output.stderr } else { output.stdout };
        (output.status.code().unwrap(), String::from_utf8(said).unwrap())
    }

    fn lines(&self, url: &str, arguments: &[&str]) -> Running {
        let environment = [("SIGNOFF_URL", url), ("SIGNOFF_API_KEY", &self.key)];
        Running::start(&[&["emit", "t", "--lines"], arguments].concat(), &environment)
    }

    /// The log of the task, whole.
    async fn log(&self) -> Vec<Value> {
        let api = self.cluster.api(0, &self.key);
        let mut items = Vec::new();
        let mut after = String::new();
        loop {
            let page = api.get(&format!("{TASK}?limit=200{after}")).await.expect(200).body;
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => return items,
            }
        }
    }

    async fn logged(&self) -> Vec<String> {
        let log = self.log().await;
        log.iter().map(|event| event["data"]["line"].as_str().unwrap().to_owned()).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn single_events_say_what_they_are_told_to() {
    let shell = Shell::new().await;
    let file = std::env::temp_dir().join(unique("emit"));
    std::fs::write(&file, r#"["from", "a file"]"#).unwrap();
    let at = format!("@{}", file.display());
    let (code, said) = shell.emit(&["t"]).await;
    assert!(code == 0 && said.contains("no socket follows"), "{said}");
    assert_eq!(shell.emit(&["t", "mine", "--data", r#"{"a": 1}"#]).await.0, 0);
    let (code, said) = shell.emit(&["t", "mine", "--data", &at, "--json"]).await;
    std::fs::remove_file(file).unwrap();
    let answer: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((code, &answer["connected"]), (0, &json!(false)));
    let log = shell.log().await;
    let events: Vec<_> = log.iter().map(|it| (it["event_type"].as_str().unwrap(), &it["data"])).collect();
    let file = json!(["from", "a file"]);
    assert_eq!(events, [("output", &json!({})), ("mine", &json!({ "a": 1 })), ("mine", &file)]);
    assert_eq!(answer["cursor"], log[2]["cursor"]);
    for (arguments, code, words) in [
        (&["t", "hello"][..], 12, "reserved"),
        (&["t", "--data", "{"], 14, "--data"),
        (&["t", "--data", "@/no/such/file"], 14, "no/such/file"),
        (&["t", "--data", "{}", "--lines"], 10, "--lines"),
    ] {
        let (exit, said) = shell.emit(arguments).await;
        assert!(exit == code && said.contains(words), "{exit} {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_become_events_in_their_order() {
    let shell = Shell::new().await;
    let url = shell.cluster.instances[0].url.clone();
    let lines: Vec<String> = (0..350).map(|n| format!("line {n} \u{1b}[1m \"é\"")).collect();
    let mut emit = shell.lines(&url, &[]);
    drop(emit.write(&(lines.join("\n") + "\r\n\nwithout an end")));
    let (code, out, err) = emit.end().await;
    assert_eq!((code, err), (0, vec![]));
    assert!(out[0].starts_with("352 events; cursor "), "{out:?}");
    let logged = shell.logged().await;
    assert_eq!(logged[..350], lines);
    assert_eq!(logged[350..], ["", "without an end"]);
    // They go out as they come, not when all are there.
    let mut emit = shell.lines(&url, &["progress", "--json"]);
    let stdin = emit.write("early\n");
    let answer: Value = serde_json::from_str(&emit.stdout.next().await).unwrap();
    let log = shell.log().await;
    let last = log.last().unwrap();
    assert_eq!((&last["cursor"], &last["event_type"]), (&answer["cursor"], &json!("progress")));
    drop(stdin);
    let nothing = shell.lines(&url, &[]).end().await;
    assert_eq!((emit.end().await.0, nothing.0, nothing.1), (0, 0, vec!["0 events".to_owned()]));
    // What is refused stays refused.
    let mut emit = shell.lines(&url, &["hello"]);
    let open = emit.write("never mind\n");
    let (code, _, err) = emit.end().await;
    assert!(code == 12 && err[0].contains("reserved"), "though more could be read: {err:?}");
    drop(open);
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_survive_trouble() {
    let shell = Shell::new().await;
    let (proxy, url) = Proxy::before(&shell.cluster.instances[0].url).await;
    proxy.set(Mode::Cut);
    let mut emit = shell.lines(&url, &[]);
    let stdin = emit.write("a\nb\n");
    emit.stderr.until("trying again").await;
    proxy.set(Mode::LoseAnswers);
    let said = emit.stderr.until("may come twice").await;
    assert!(said.contains("2 events"), "{said}");
    proxy.set(Mode::Pass);
    drop(stdin);
    assert_eq!(emit.end().await.0, 0);
    let logged = shell.logged().await;
    assert!(logged.len() >= 2 && logged.chunks(2).all(|pair| pair == ["a", "b"]), "{logged:?}");
}
