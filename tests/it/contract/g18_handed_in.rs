//! G18: a checkpoint that is handed in is compared, or is a finding, whatever the export or the database says of itself.

use serde_json::{Value, json};
use signoff::{
    audit::checkpoint::Signer,
    domain::chain::{ChainEnd, Digest, FORMAT, Record, moment},
    ed25519::new_seed,
};
use sqlx::Executor;

use super::{
    g18_chain::all_linked,
    g18_export::{Bench, stranger},
};

/// Two chains, an export of beta's, and both checkpoints.
struct Handed {
    bench: Bench,
    acme: String,
    beta: String,
    lines: Vec<Value>,
    end: usize,
    key: String,
    /// Files: beta's checkpoint, and everybody's.
    ours: String,
    all: String,
}

impl Handed {
    async fn new() -> Self {
        let bench = Bench::new(Vec::new()).await;
        let api = bench.cluster.api(0, &bench.cluster.key("beta", "agent", &["workspace:admin"]).await);
        for _ in 0..4 {
            api.ask(json!({})).await;
        }
        all_linked(&bench.cluster.database).await;
        let all = bench.good(&["audit", "checkpoint"]).await;
        let ours = bench.good(&["audit", "checkpoint", "--workspace", "beta"]).await;
        let id = |text: &str| {
            let it: Value = serde_json::from_str(text).unwrap();
            it["checkpoint"]["workspace_id"].as_str().unwrap().to_owned()
        };
        let beta = id(&ours);
        let acme = all.lines().map(id).find(|it| *it != beta).unwrap();
        let export = bench.good(&["audit", "export", "--workspace", "beta"]).await;
        let lines: Vec<Value> = export.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let lines: Vec<Value> = lines.into_iter().filter(|line| line.get("checkpoint").is_none()).collect();
        let end = lines.len() - 1;
        assert!(end >= 6, "{export}");
        let key = bench.good(&["audit", "key"]).await.trim().to_owned();
        let (ours, all) = (bench.file("beta.cp", &ours), bench.file("all.cp", &all));
        Self { bench, acme, beta, lines, end, key, ours, all }
    }

    /// With beta's checkpoint, and the right key. The verifier of the docs, to whom both are given, must say no too.
    async fn broken(&self, lines: &[Value], expected: &[String]) {
        let export = text(lines);
        let more = ["--public-key", &self.key, "--checkpoint", &self.ours];
        let found = self.bench.verified(&export, &more).await;
        assert_eq!(found, (1, expected.to_vec()), "{export}");
        self.disproved(lines).await;
    }

    async fn disproved(&self, lines: &[Value]) {
        let kept = std::fs::read_to_string(&self.ours).unwrap();
        let (code, said) = stranger(&format!("{}\n{kept}", text(lines))).await;
        assert_eq!(code, 1, "{said}");
    }

    /// What `audit verify` says in words.
    async fn said(&self, lines: &[Value], more: &[&str]) -> (i32, String) {
        let path = self.bench.file("said.jsonl", &text(lines));
        self.bench
            .run(&[&["audit", "verify", "--export", &path, "--public-key", &self.key], more].concat())
            .await
    }
}

fn text(lines: &[Value]) -> String {
    lines.iter().map(Value::to_string).collect::<Vec<_>>().join("\n")
}

/// Every record by somebody else, and all hashes computed anew.
fn forged(lines: &mut [Value], workspace: &str, before: Digest) {
    let mut before = before;
    for line in &mut lines[1..] {
        let mut record: Record = serde_json::from_value(line["record"].take()).unwrap();
        record.actor_name = Some("mallory".into());
        record.workspace_id = Some(workspace.parse().unwrap());
        let content = record.content();
        line["record"] = serde_json::to_value(&record).unwrap();
        line["previous"] = json!(before);
        line["content"] = json!(content);
        before = before.followed_by(content);
        line["hash"] = json!(before);
    }
}

fn genesis(workspace: &str) -> Digest {
    Digest::genesis(workspace.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn g18_no_header_makes_a_checkpoint_fall_away() {
    let it = Handed::new().await;
    let (end, unmatched) = (it.end, format!("unmatched_checkpoint at {}", it.end));
    let more = ["--public-key", &it.key, "--checkpoint", &it.ours];
    assert_eq!(it.bench.verified(&text(&it.lines), &more).await, (0, vec![]));
    let (code, said) = it.said(&it.lines, &["--checkpoint", &it.ours]).await;
    let range = format!("from 1 to {end} of {}", it.beta);
    assert!(code == 0 && said.contains("1 checkpoint(s) compared") && said.contains(&range), "{said}");

    // Cut, and said to be so.
    let mut cut = it.lines[..3].to_vec();
    cut[0]["export"]["to"] = json!(2);
    it.broken(&cut, std::slice::from_ref(&unmatched)).await;
    let (_, said) = it.said(&cut, &["--checkpoint", &it.ours]).await;
    assert!(said.contains(&format!("to compare that, export up to {end}")), "{said}");
    // Another's, and nothing of it true.
    let mut others = it.lines.clone();
    others[0]["export"]["workspace_id"] = json!(it.acme);
    forged(&mut others, &it.acme, genesis(&it.acme));
    it.broken(&others, std::slice::from_ref(&unmatched)).await;
    // Its own, but of records of another.
    let mut hidden = it.lines.clone();
    forged(&mut hidden, &it.acme, genesis(&it.beta));
    let (code, found) = it.bench.verified(&text(&hidden), &[]).await;
    let all: Vec<String> = (1..=end).map(|position| format!("inserted at {position}")).collect();
    assert_eq!((code, found), (1, all));
    it.disproved(&hidden).await;
    // Said to begin behind the checkpoint.
    let mut late = it.lines.clone();
    (late[0]["export"]["from"], late[0]["export"]["to"]) = (json!(1000), json!(1000 + end - 1));
    for (line, position) in late[1..].iter_mut().zip(1000..) {
        line["position"] = json!(position);
    }
    forged(&mut late, &it.beta, Digest::of(b"made up"));
    it.broken(&late, std::slice::from_ref(&unmatched)).await;
    // Nothing in it at all, or less than it says, or more.
    let mut nothing = it.lines[..1].to_vec();
    nothing[0]["export"]["to"] = json!(0);
    it.broken(&nothing, std::slice::from_ref(&unmatched)).await;
    (nothing[0]["export"]["from"], nothing[0]["export"]["to"]) = (json!(5), json!(end));
    let lacking = vec!["cut at 5".to_owned()];
    assert_eq!(it.bench.verified(&text(&nothing), &[]).await, (1, lacking.clone()));
    it.broken(&nothing, &lacking).await;
    assert_eq!(it.bench.verified(&text(&it.lines[..5]), &[]).await, (1, lacking));
    let mut longer = it.lines.clone();
    longer[0]["export"]["to"] = json!(4);
    let (code, found) = it.bench.verified(&text(&longer), &[]).await;
    assert_eq!((code, found), (1, vec!["inserted at 5".to_owned()]));
    it.disproved(&longer).await;
    // What no export says.
    for (field, value) in [
        ("format", json!(7)),
        ("from", json!(0)),
        ("from", json!(i64::MIN)),
        ("from", json!(end + 1)),
        ("from", json!(i64::MAX)),
        ("to", json!(-1)),
        ("to", json!(i64::MIN)),
        ("to", Value::Null),
    ] {
        let mut odd = it.lines.clone();
        odd[0]["export"][field] = value;
        let (code, said) = it.said(&odd, &[]).await;
        assert!(code == 14 && said.contains("line 1 of the export"), "{code}: {said}");
        it.disproved(&odd).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g18_checkpoints_of_others_are_set_aside_by_id_only() {
    let it = Handed::new().await;
    let lines = text(&it.lines);
    let acme_end = {
        let all = std::fs::read_to_string(&it.all).unwrap();
        let all: Vec<Value> = all.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let of_acme = all.iter().find(|line| line["checkpoint"]["workspace_id"] == it.acme.as_str()).unwrap();
        of_acme["checkpoint"]["position"].clone()
    };
    let unmatched = vec![format!("unmatched_checkpoint at {acme_end}")];
    assert_eq!(it.bench.verified(&lines, &["--checkpoint", &it.all]).await, (1, unmatched.clone()));
    let by_id = ["--checkpoint", &it.all, "--workspace", &it.beta];
    assert_eq!(it.bench.verified(&lines, &by_id).await, (0, vec![]));
    let (_, said) = it.said(&it.lines, &by_id).await;
    assert!(said.contains("1 checkpoint(s) compared") && said.contains("1 checkpoint(s) of other"), "{said}");
    // Not if there is none of that one.
    let of_acme = ["--checkpoint", &it.ours, "--workspace", &it.acme];
    for more in [&of_acme[..], &["--workspace", "beta"], &["--workspace", &it.acme]] {
        let (code, said) = it.said(&it.lines, more).await;
        assert_eq!(code, 14, "{said}");
    }
    let empty = it.bench.file("empty.cp", "\n");
    let (code, said) = it.said(&it.lines, &["--checkpoint", &empty]).await;
    assert!(code == 14 && said.contains("no checkpoint"), "{said}");

    // The same of a database, where names can come to mean something else.
    let database = async |more: &[&str]| {
        let arguments =
            [&["audit", "verify", "--json", "--public-key", &it.key, "--checkpoint"], more].concat();
        let (code, text) = it.bench.run(&arguments).await;
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let of = |line: &Value| Some(format!("{} at {}", line["kind"].as_str()?, line["position"]));
        let summary = lines.last().unwrap();
        let found: Vec<String> = lines.iter().filter_map(of).collect();
        (code, found, (summary["checkpoints"].clone(), summary["set_aside"].clone()))
    };
    // Each is in the database, too.
    assert_eq!(database(&[&it.all]).await, (0, vec![], (json!(4), json!(0))));
    assert_eq!(database(&[&it.ours, "--workspace", "beta"]).await, (0, vec![], (json!(2), json!(0))));
    assert_eq!(database(&[&it.all, "--workspace", "beta"]).await, (1, unmatched, (json!(2), json!(0))));
    assert_eq!(database(&[&it.all, "--workspace", &it.beta]).await, (0, vec![], (json!(2), json!(1))));
    let mut conn = it.bench.cluster.database.connect().await;
    conn.execute(
        "UPDATE workspaces SET name = 'was beta' WHERE name = 'beta';
         UPDATE workspaces SET name = 'beta' WHERE name = 'acme'",
    )
    .await
    .unwrap();
    let unmatched = vec![format!("unmatched_checkpoint at {}", it.end)];
    assert_eq!(database(&[&it.ours, "--workspace", "beta"]).await, (1, unmatched, (json!(1), json!(0))));
    let nobody = "00000000-0000-4000-8000-000000000000";
    let (code, said) = it.bench.run(&["audit", "verify", "--workspace", nobody]).await;
    assert!(code == 14 && said.contains("there is no workspace"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn g18_a_part_begins_where_a_checkpoint_says() {
    let it = Handed::new().await;
    let signer = Signer::parse(&new_seed()).unwrap();
    let key = signer.public_key().to_string();
    let sign = |position: i64, hash: Value| {
        let (hash, workspace_id) = (serde_json::from_value(hash).unwrap(), it.beta.parse().unwrap());
        let at = moment(0);
        serde_json::to_value(signer.sign(ChainEnd { at, format: FORMAT, hash, position, workspace_id }))
            .unwrap()
    };
    let part = it.bench.good(&["audit", "export", "--workspace", "beta", "--from", "3", "--to", "5"]).await;
    let part: Vec<Value> = part.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(part.len(), 4);
    let before = sign(2, it.lines[2]["hash"].clone());
    let kept = it.bench.file("before.cp", &before.to_string());
    let more = ["--checkpoint", &kept, "--public-key", &key];
    assert_eq!(it.bench.verified(&text(&part), &more).await, (0, vec![]));
    let path = it.bench.file("part.jsonl", &text(&part));
    let (code, said) = it.bench.run(&[&["audit", "verify", "--export", &path], &more[..]].concat()).await;
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("this part is whole") && said.contains("from 3 to 5"), "{said}");
    assert!(said.contains("1 checkpoint(s) compared"), "{said}");
    let both = |lines: &[Value]| format!("{}\n{before}", text(lines));
    let (code, said) = stranger(&both(&part)).await;
    assert!(code == 0 && said.ends_with("1 checkpoint(s) compared"), "{said}");

    // It begins elsewhere, and all of it is made up.
    let mut made_up = part.clone();
    forged(&mut made_up, &it.beta, Digest::of(b"made up"));
    let mismatch = vec!["checkpoint_mismatch at 2".to_owned()];
    assert_eq!(it.bench.verified(&text(&made_up), &more).await, (1, mismatch));
    assert_eq!(stranger(&both(&made_up)).await.0, 1);
    // It doesn't say where it begins.
    made_up[1]["previous"] = Value::Null;
    assert_eq!(
        it.bench.verified(&text(&made_up), &more).await,
        (1, vec!["unmatched_checkpoint at 2".to_owned()])
    );
    assert_eq!(stranger(&both(&made_up)).await.0, 1);
    // What stands before a part, or behind it, can't be compared with it.
    let early = it.bench.file("early.cp", &sign(1, it.lines[1]["hash"].clone()).to_string());
    let late = it.bench.file("late.cp", &sign(6, it.lines[6]["hash"].clone()).to_string());
    let more = ["--checkpoint", &early, "--checkpoint", &late, "--checkpoint", &kept];
    let expected = [1, 6].map(|position| format!("unmatched_checkpoint at {position}")).to_vec();
    assert_eq!(it.bench.verified(&text(&part), &more).await, (1, expected));

    let (code, said) = it.bench.run(&["audit", "export", "--workspace", "beta", "--from", "1000"]).await;
    assert!(code == 14 && said.contains(&format!("the chain ends at {}", it.end)), "{said}");
    let longer = it.bench.good(&["audit", "export", "--workspace", "beta", "--to", "1000"]).await;
    assert_eq!(it.bench.verified(&longer, &[]).await, (0, vec![]));
}
