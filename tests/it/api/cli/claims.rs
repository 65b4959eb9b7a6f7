//! `signoff claim`, `renew`, `release`, `complete` and `receipt verify`.

use serde_json::{Value, json};

use crate::{
    contract::g21_claims::signing,
    support::{Cluster, Setup, Shell},
};

/// One that signs receipts, and an approval that is approved.
async fn approved(options: &[&str]) -> (Shell, String) {
    let cluster = Cluster::with(Setup { instances: 1, flags: signing(), ..Setup::default() }).await;
    let (agent, ana) = (cluster.member("agent").await, cluster.member("ana").await);
    let shell = Shell { cluster, agent, ana };
    let ask = ["ask", "--run", "r", "--type", "refund", "--no-wait", "--context", r#"{"order": 1}"#];
    let (code, said) = shell.run(&shell.agent, &[&ask[..], options].concat()).await;
    assert_eq!(code, 0, "{said}");
    let id = said.trim().to_owned();
    let (code, said) = shell.run(&shell.ana, &["approve", &id]).await;
    assert_eq!(code, 0, "{said}");
    (shell, id)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_prints_its_receipt_which_is_verified_without_a_key() {
    let (shell, id) = approved(&["--executor", "deployer,ops", "--claim-within", "1h"]).await;
    let (_, shown) = shell.run(&shell.agent, &["show", &id, "--json"]).await;
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(
        (&shown["executors"], &shown["claim_within_seconds"]),
        (&json!(["deployer", "ops"]), &json!(3600))
    );
    let deployer = shell.cluster.member("deployer").await;
    let claim = ["claim", &id, "--key", "k", "--lease", "5m", "--audience", "refunds"];
    let (code, receipt) = shell.run(&deployer, &claim).await;
    assert!(code == 0 && receipt.starts_with("ey"), "{receipt}");
    assert_eq!(shell.run(&deployer, &claim).await, (0, receipt.clone()), "the same again");
    let (code, said) = shell.run(&shell.agent, &["claim", &id, "--key", "k"]).await;
    assert!(code == 12 && said.contains("already_claimed") && said.contains("deployer"), "{code} {said}");

    let (_, digest) = shell.run(&shell.agent, &["digest", &id]).await;
    let issuer = "https://signoff.example";
    let receipt = receipt.trim();
    let verify = async |options: &[&str]| {
        let verify = ["receipt", "verify", receipt, "--issuer", issuer];
        shell.run("", &[&verify[..], options].concat()).await
    };
    let (code, said) =
        verify(&["--audience", "refunds", "--digest", digest.trim(), "--modifications-digest", ""]).await;
    assert_eq!(code, 0, "{said}");
    assert_eq!(serde_json::from_str::<Value>(&said).unwrap()["claimed_by"]["name"], "deployer");
    let other = format!("sha256:{}", "a".repeat(64));
    for (options, word) in [
        (&["--audience", "else"][..], "aud"),
        (&[], "aud"),
        (&["--audience", "refunds", "--digest", &other], "digest"),
        (&["--audience", "refunds", "--modifications-digest", &other], "modifications_digest"),
    ] {
        let (code, said) = verify(options).await;
        assert!(code == 1 && said.contains(word), "{options:?}: {code} {said}");
    }
    let (code, said) = shell.run("", &["receipt", "verify", "nothing"]).await;
    assert!(code == 1 && said.contains("no receipt"), "{code} {said}");

    let held = ["--key", "k", "--fence", "1"];
    let (code, renewed) = shell.run(&deployer, &[&["renew", &id][..], &held].concat()).await;
    assert!(code == 0 && renewed.starts_with("ey") && renewed.trim() != receipt, "{renewed}");
    let (code, said) =
        shell.run(&deployer, &["complete", &id, "--key", "k", "--fence", "2", "--outcome", "failed"]).await;
    assert!(code == 12 && said.contains("stale_claim"), "{code} {said}");
    let complete = [&["complete", &id, "--outcome", "succeeded"][..], &held].concat();
    let (code, said) = shell.run(&deployer, &complete).await;
    assert_eq!((code, said.trim()), (0, "completed by deployer, fence 1"));
    let (code, said) = shell.run(&deployer, &claim).await;
    assert!(code == 12 && said.contains("completed"), "{code} {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_released_can_be_claimed_again() {
    let (shell, id) = approved(&[]).await;
    shell.run(&shell.agent, &["claim", &id, "--key", "k"]).await;
    let (code, said) = shell.run(&shell.agent, &["release", &id]).await;
    assert!(code == 10 && said.contains("--key"), "{code} {said}");
    let (code, said) = shell.run(&shell.agent, &["release", &id, "--key", "k", "--fence", "1"]).await;
    assert_eq!((code, said.trim()), (0, "released by agent, fence 1"));
    let (_, again) = shell.run(&shell.agent, &["claim", &id, "--key", "k2", "--json"]).await;
    let again: Value = serde_json::from_str(&again).unwrap();
    assert_eq!(again["claim"]["fence"], 2);
}
