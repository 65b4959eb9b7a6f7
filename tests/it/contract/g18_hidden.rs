//! G18: no record hides in a place where nobody looks, and no place is left out.

use super::g18_ledger::{ACME, Ledger};

const OTHER: &str = "workspace_id = (SELECT id FROM workspaces WHERE name = 'other')";

/// A link of acme's last record behind the end of `other`'s chain, which fits there.
fn moved_to_other(end: i64) -> String {
    format!(
        "UPDATE audit_chain m
            SET workspace_id = e.workspace_id, position = e.position + 1, hash = sha256(e.hash || m.content)
           FROM (SELECT * FROM audit_chain WHERE {OTHER} ORDER BY position DESC LIMIT 1) e
          WHERE m.{ACME} AND m.position = {end}"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn g18_a_record_is_in_the_chain_of_its_own_workspace() {
    let mut ledger = Ledger::new().await;
    let end = ledger.end;
    let last = ledger.number(&format!("SELECT max(position) FROM audit_chain WHERE {OTHER}")).await;
    let there = format!("other: inserted at {}", last + 1);
    let here = format!("inserted at {end}");
    ledger.tampered(&moved_to_other(end), &[&there, &here]).await;
    // Whoever looks at one of them only finds it too.
    ledger.tampered_with(&moved_to_other(end), &["--workspace", "acme"], &[&here]).await;
    ledger.tampered_with(&moved_to_other(end), &["--workspace", "other"], &[&there]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g18_a_chain_belongs_to_a_workspace() {
    let mut ledger = Ledger::new().await;
    let made_up = "00000000-0000-4000-8000-000000000000";
    ledger
        .sql(&format!(
            "INSERT INTO audit_log (workspace_id, at, action, via, detail)
             SELECT '{made_up}', clock_timestamp(), 'approval.resolved', 'human', '{{}}' FROM generate_series(1, 3)"
        ))
        .await;
    super::g18_chain::link(&ledger.cluster.database).await;
    assert_eq!(ledger.number("SELECT count(DISTINCT workspace_id) FROM audit_chain").await, 3);
    assert_eq!(ledger.verify(&[]).await, (1, vec!["-: inserted at 1".to_owned()]));
}
