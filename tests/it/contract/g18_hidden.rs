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

/// More links than are read at once, and doubles at the edge of what is.
#[tokio::test(flavor = "multi_thread")]
async fn g18_nothing_hides_at_the_edge_of_a_page() {
    const PAGE: i64 = signoff::audit::verify::PAGE;
    let mut ledger = Ledger::new().await;
    ledger
        .sql(&format!(
            "INSERT INTO audit_log (workspace_id, at, action, via, detail)
             SELECT id, now(), 'filler', 'human', '{{}}' FROM workspaces, generate_series(1, {PAGE}) WHERE name = 'acme'"
        ))
        .await;
    super::g18_chain::link(&ledger.cluster.database).await;
    ledger
        .sql(
            "ALTER TABLE audit_chain DROP CONSTRAINT audit_chain_pkey, DROP CONSTRAINT audit_chain_seq_key;
             ALTER TABLE audit_log DROP CONSTRAINT audit_log_pkey;
             CREATE INDEX ON audit_chain (workspace_id, position); CREATE INDEX ON audit_chain (seq);
             CREATE INDEX ON audit_log (seq)",
        )
        .await;
    assert_eq!(ledger.verify(&[]).await, (0, vec![]));
    for position in [PAGE - 1, PAGE, PAGE + 1] {
        let forked = vec![format!("forked at {position}")];
        for double in [
            "INSERT INTO audit_chain SELECT workspace_id, position, seq, sha256('x'), sha256('y') FROM twice",
            "INSERT INTO audit_chain SELECT * FROM twice",
            "INSERT INTO audit_chain SELECT workspace_id, position, -1, sha256('x'), sha256('y') FROM twice",
            "INSERT INTO audit_chain SELECT t.* FROM twice t, generate_series(1, 3000)",
            "INSERT INTO audit_log OVERRIDING SYSTEM VALUE SELECT l.* FROM audit_log l JOIN twice USING (seq)",
        ] {
            ledger
                .sql(&format!(
                    "CREATE TABLE twice AS SELECT * FROM audit_chain WHERE {ACME} AND position = {position}"
                ))
                .await;
            ledger.sql(double).await;
            let (code, found) = ledger.verify(&[]).await;
            // A link without its record is a finding of its own.
            let found: Vec<String> = found.into_iter().filter(|it| it.starts_with("forked")).collect();
            assert_eq!((code, found), (1, forked.clone()), "{position}: {double}");
            ledger
                .sql(
                    "DELETE FROM audit_chain c USING twice t WHERE c.workspace_id = t.workspace_id AND c.position = t.position;
                     INSERT INTO audit_chain SELECT * FROM twice;
                     DELETE FROM audit_log l USING twice t
                      WHERE l.seq = t.seq AND l.ctid > (SELECT min(m.ctid) FROM audit_log m WHERE m.seq = t.seq);
                     DROP TABLE twice",
                )
                .await;
        }
    }
    assert_eq!(ledger.verify(&[]).await, (0, vec![]));
    // The least of all numbers is one, too.
    ledger
        .sql(
            "INSERT INTO audit_log (seq, workspace_id, at, action, via, detail) OVERRIDING SYSTEM VALUE
             SELECT -9223372036854775808, id, now(), 'x', 'human', '{}' FROM workspaces WHERE name = 'acme'",
        )
        .await;
    assert_eq!(ledger.verify(&[]).await, (1, vec!["inserted at 1".to_owned()]));
}
