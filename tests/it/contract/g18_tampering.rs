//! G18: whatever whoever owns the tables does to records and links, `audit verify` says so, and where.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use super::g18_ledger::{ACME, Ledger, at};
use crate::support::process::signoff;

#[tokio::test(flavor = "multi_thread")]
async fn g18_every_column_counts() {
    let mut ledger = Ledger::new().await;
    assert_eq!(ledger.verify(&[]).await, (0, vec![]));
    let columns: Vec<(String, String)> = sqlx::query_as(
        "SELECT column_name::text, data_type::text FROM information_schema.columns
          WHERE table_name = 'audit_log' AND column_name NOT IN ('seq', 'workspace_id')",
    )
    .fetch_all(&mut ledger.admin)
    .await
    .unwrap();
    assert!(columns.len() >= 16, "{columns:?}");
    for (column, kind) in columns {
        let value = match kind.as_str() {
            "uuid" => "gen_random_uuid()".to_owned(),
            "timestamp with time zone" => format!("{column} + interval '1 microsecond'"),
            // Another text for the same value, and nothing but a space.
            "json" => format!("(coalesce({column}::text, '{{}}') || ' ')::json"),
            _ => format!("coalesce({column}, '') || ' '"),
        };
        let row = at(7);
        ledger
            .tampered(&format!("UPDATE audit_log SET {column} = {value} WHERE seq = {row}"), &["edited at 7"])
            .await;
    }
    let row = at(7);
    // The workspace that it is said to be of lacks it then.
    let elsewhere = "(SELECT id FROM workspaces WHERE name = 'other')";
    let place =
        format!("SELECT max(position) + 1 FROM audit_chain WHERE workspace_id = {elsewhere} AND seq < {row}");
    let there = format!("other: inserted at {}", ledger.number(&place).await);
    let sql = format!("UPDATE audit_log SET workspace_id = {elsewhere} WHERE seq = {row}");
    ledger.tampered(&sql, &["edited at 7", &there]).await;
    // What no calendar holds.
    ledger.sql("ALTER TABLE audit_log DROP CONSTRAINT audit_log_at_check").await;
    for odd in ["infinity", "-infinity", "294276-12-31", "4713-01-01 BC"] {
        let sql = format!("UPDATE audit_log SET at = '{odd}' WHERE seq = {row}");
        ledger.tampered(&sql, &["edited at 7"]).await;
    }
    let sql = format!(
        "UPDATE audit_log SET at = (to_char(at, 'YYYY-MM-DD HH24:MI:SS.US+00') || ' BC')::timestamptz WHERE seq = {row}"
    );
    ledger.tampered(&sql, &["edited at 7"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g18_what_is_taken_put_in_or_moved_is_named() {
    let mut ledger = Ledger::new().await;
    let (five, nine) = (at(5), at(9));
    let end = ledger.end;
    let link = |position: i64| format!("{ACME} AND position = {position}");
    let here = ledger.verify(&[]).await;
    assert_eq!(here, (0, vec![]));

    ledger.tampered(&format!("DELETE FROM audit_log WHERE seq = {five}"), &["removed at 5"]).await;
    // Without its link a row is as good as put in; it stands behind the fourth.
    let sql = format!("DELETE FROM audit_chain WHERE {}", link(5));
    ledger.tampered(&sql, &["gap at 5", "inserted at 5"]).await;
    let sql = format!("DELETE FROM audit_chain WHERE {}; DELETE FROM audit_log WHERE seq = {five}", link(5));
    ledger.tampered(&sql, &["gap at 5"]).await;

    let columns = "workspace_id, at, action, via, detail";
    let copy = format!("SELECT {columns} FROM kept_audit_log WHERE seq = {five}");
    // With numbers that were never handed out, and that were long ago.
    for number in ["-1", "1000000000"] {
        let sql = format!(
            "INSERT INTO audit_log (seq, {columns}) OVERRIDING SYSTEM VALUE SELECT {number}, r.* FROM ({copy}) r"
        );
        let place = if number == "-1" { 1 } else { end + 1 };
        ledger.tampered(&sql, &[&format!("inserted at {place}")]).await;
    }
    let sql = format!(
        "INSERT INTO audit_log (seq, {columns}) OVERRIDING SYSTEM VALUE SELECT -1, r.* FROM ({copy}) r;
         INSERT INTO audit_chain SELECT workspace_id, {end} + 1, -1, content, sha256('x') FROM kept_audit_chain
          WHERE {}",
        link(5)
    );
    // The content was taken from another link, whose row it was a part of.
    ledger.tampered(&sql, &[&format!("edited at {}", end + 1), &format!("inserted at {}", end + 1)]).await;
    let sql = format!(
        "UPDATE audit_chain SET position = position + 1000000 WHERE {ACME} AND position >= 5;
         UPDATE audit_chain SET position = position - 999999 WHERE {ACME} AND position > 1000000;
         INSERT INTO audit_chain SELECT workspace_id, 5, -1, content, sha256('x') FROM kept_audit_chain WHERE {}",
        link(5)
    );
    ledger.tampered(&sql, &["removed at 5", "inserted at 5"]).await;

    let columns = "at, action, approval_id, run_id, actor_id, actor_name, via, request_id, detail, subject,
                   on_behalf_of, credential, address, user_agent, before, after";
    let sql = format!(
        "UPDATE audit_log l SET ({columns}) = (SELECT {columns} FROM kept_audit_log k
            WHERE k.seq = CASE l.seq WHEN {five} THEN {nine} ELSE {five} END)
          WHERE l.seq IN ({five}, {nine})"
    );
    ledger.tampered(&sql, &["reordered at 5", "reordered at 9"]).await;
    for (one, other) in [(5, 9), (1, end)] {
        let sql = format!(
            "UPDATE audit_chain SET position = position + 1000000 WHERE {ACME} AND position IN ({one}, {other});
             UPDATE audit_chain SET position = {one} + {other} + 1000000 - position WHERE {ACME} AND position > 1000000"
        );
        let expected = [format!("reordered at {one}"), format!("reordered at {other}")];
        ledger.tampered(&sql, &expected.each_ref().map(String::as_str)).await;
    }
    let sql = format!(
        "UPDATE audit_chain SET position = position + 1000000 WHERE {ACME} AND position IN (5, 6);
         UPDATE audit_chain SET position = 1000011 - position WHERE {ACME} AND position > 1000000"
    );
    ledger.tampered(&sql, &["reordered at 5"]).await;

    let sql = format!("UPDATE audit_chain SET position = position + 1000 WHERE {ACME} AND position >= 5");
    ledger.tampered(&sql, &["gap at 5"]).await;
    let sql = format!(
        "DELETE FROM audit_chain WHERE {}; DELETE FROM audit_log WHERE seq = {five};
         UPDATE audit_chain SET position = position + 1000000 WHERE {ACME} AND position > 5;
         UPDATE audit_chain SET position = position - 1000001 WHERE {ACME} AND position > 1000000",
        link(5)
    );
    ledger.tampered(&sql, &["edited at 5"]).await;
    for column in ["content", "hash"] {
        let sql = format!("UPDATE audit_chain SET {column} = sha256('x') WHERE {}", link(5));
        ledger.tampered(&sql, &["edited at 5"]).await;
    }
    // A whole chain less is no whole chain either: its rows have no links.
    let sql = format!("DELETE FROM audit_chain WHERE {ACME}");
    ledger.sql(&sql).await;
    let (code, found) = ledger.verify(&[]).await;
    assert_eq!((code, found.len()), (1, usize::try_from(end).unwrap()));
    assert!(found.iter().all(|it| it == "inserted at 1"), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn g18_no_constraint_is_relied_on() {
    let mut ledger = Ledger::new().await;
    ledger
        .sql(
            "ALTER TABLE audit_chain DROP CONSTRAINT audit_chain_pkey, DROP CONSTRAINT audit_chain_seq_key,
                DROP CONSTRAINT audit_chain_position_check, DROP CONSTRAINT audit_chain_hash_check,
                DROP CONSTRAINT audit_chain_content_check;
             ALTER TABLE audit_chain ALTER workspace_id DROP NOT NULL, ALTER position DROP NOT NULL,
                ALTER seq DROP NOT NULL, ALTER content DROP NOT NULL, ALTER hash DROP NOT NULL;
             ALTER TABLE audit_log DROP CONSTRAINT audit_log_pkey;
             ALTER TABLE audit_log ALTER workspace_id DROP NOT NULL, ALTER at DROP NOT NULL,
                ALTER action DROP NOT NULL, ALTER via DROP NOT NULL, ALTER detail DROP NOT NULL;
             ALTER TABLE audit_log ALTER seq DROP IDENTITY IF EXISTS",
        )
        .await;
    // The sequence went with the identity; what it said is what counts.
    ledger.sql("CREATE SEQUENCE audit_log_seq_seq; SELECT setval('audit_log_seq_seq', (SELECT max(seq) FROM audit_log))").await;
    ledger.sql("GRANT SELECT ON SEQUENCE audit_log_seq_seq TO signoff_operator, signoff_work").await;
    ledger.sql("ALTER TABLE audit_log ALTER seq DROP NOT NULL").await;
    assert_eq!(ledger.verify(&[]).await, (0, vec![]));
    let (five, six) = (at(5), at(6));
    let link = format!("{ACME} AND position = 5");
    let fork = |seq: &str, content: &str, hash: &str| {
        format!(
            "INSERT INTO audit_chain SELECT workspace_id, position, {seq}, {content}, {hash} FROM kept_audit_chain WHERE {link}"
        )
    };
    for (sql, expected) in [
        (fork("seq", "content", "hash"), vec!["forked at 5"]),
        (fork("seq", "content", "sha256('x')"), vec!["forked at 5"]),
        (fork("-1", "sha256('y')", "sha256('x')"), vec!["removed at 5", "forked at 5"]),
        (
            format!("UPDATE audit_chain SET position = 5 WHERE {ACME} AND position = 6"),
            vec!["forked at 5", "gap at 6"],
        ),
        (format!("UPDATE audit_chain SET position = 0 WHERE {link}"), vec!["inserted at 0", "gap at 5"]),
        (format!("UPDATE audit_chain SET position = NULL WHERE {link}"), vec!["gap at 5", "inserted at 5"]),
        (
            format!("UPDATE audit_chain SET workspace_id = NULL WHERE {link}"),
            vec!["gap at 5", "inserted at 5"],
        ),
        (format!("UPDATE audit_chain SET seq = NULL WHERE {link}"), vec!["removed at 5", "inserted at 5"]),
        (format!("UPDATE audit_chain SET hash = NULL WHERE {link}"), vec!["edited at 5"]),
        (format!("UPDATE audit_chain SET content = 'short' WHERE {link}"), vec!["edited at 5"]),
        (format!("UPDATE audit_chain SET seq = {six} WHERE {link}"), vec!["edited at 5", "inserted at 5"]),
        (format!("UPDATE audit_log SET detail = NULL WHERE seq = {five}"), vec!["edited at 5"]),
        (format!("UPDATE audit_log SET at = NULL WHERE seq = {five}"), vec!["edited at 5"]),
        (
            format!("UPDATE audit_log SET workspace_id = NULL WHERE seq = {five}"),
            vec!["edited at 5", "-: inserted at 1"],
        ),
        (
            format!("UPDATE audit_log SET seq = NULL WHERE seq = {five}"),
            vec!["removed at 5", "-: inserted at 0"],
        ),
        (
            format!("INSERT INTO audit_log SELECT * FROM kept_audit_log WHERE seq = {five}"),
            vec!["forked at 5"],
        ),
        (format!("UPDATE audit_chain SET position = 9223372036854775807 WHERE {link}"), vec!["gap at 5"]),
    ] {
        ledger.sql(&sql).await;
        let (code, found) = ledger.verify(&[]).await;
        let mut expected = expected;
        if sql.contains("9223372036854775807") {
            // Behind the last one, there is another gap before it.
            assert_eq!(found[0], "gap at 5");
            assert!(found.contains(&format!("gap at {}", ledger.end + 1)), "{found:?}");
            expected.clear();
        } else {
            assert_eq!(found, expected, "{sql}");
        }
        assert_eq!(code, 1, "{sql}");
        ledger.sql("DELETE FROM audit_log; INSERT INTO audit_log SELECT * FROM kept_audit_log").await;
        ledger.sql("DELETE FROM audit_chain; INSERT INTO audit_chain SELECT * FROM kept_audit_chain").await;
    }
    ledger.sql("DELETE FROM audit_progress").await;
    let output = signoff(&["audit", "verify"], &[("DATABASE_URL", &ledger.cluster.database.url)]).await;
    assert_ne!(output.status.code(), Some(0), "nothing that can't be looked over is whole");
}

/// The tail of both tables cut off: only a checkpoint tells, and it does.
#[tokio::test(flavor = "multi_thread")]
async fn g18_a_checkpoint_tells_what_was_cut() {
    let mut ledger = Ledger::new().await;
    let end = ledger.end;
    let directory = std::env::temp_dir().join(crate::support::unique("checkpoints"));
    std::fs::create_dir(&directory).unwrap();
    let state = directory.to_str().unwrap().to_owned();
    let url = ledger.cluster.database.url.clone();
    let environment = [("DATABASE_URL", url.as_str()), ("XDG_STATE_HOME", state.as_str())];
    let text = |output: std::process::Output| {
        assert!(output.status.success(), "{output:?}");
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let cut = format!(
        "DELETE FROM audit_log WHERE seq IN (SELECT seq FROM kept_audit_chain WHERE {ACME} AND position > {end} - 3);
         DELETE FROM audit_chain WHERE {ACME} AND position > {end} - 3"
    );
    ledger.tampered(&cut, &[]).await;

    let (made, said) = text(signoff(&["audit", "checkpoint", "--workspace", "acme"], &environment).await);
    let checkpoint: Value = serde_json::from_str(&made).unwrap();
    assert_eq!(checkpoint["checkpoint"]["position"], end);
    let (public_key, quiet) = text(signoff(&["audit", "key"], &environment).await);
    assert!(quiet.is_empty(), "{quiet}");
    assert_eq!(checkpoint["public_key"], public_key.trim());
    assert!(said.contains(public_key.trim()) && said.contains("audit.key"), "{said}");
    let key_file = std::fs::metadata(directory.join("signoff/audit.key")).unwrap();
    assert_eq!(key_file.permissions().mode() & 0o777, 0o600);
    let file = directory.join("kept.jsonl");
    std::fs::write(&file, &made).unwrap();
    let file = file.to_str().unwrap().to_owned();

    ledger
        .sql("TRUNCATE kept_audit_checkpoints; INSERT INTO kept_audit_checkpoints TABLE audit_checkpoints")
        .await;
    assert_eq!(ledger.verify(&[]).await, (0, vec![]));
    let missing = format!("cut at {}", end - 2);
    ledger.tampered(&cut, &[&missing]).await;
    // Whoever cuts takes the checkpoint away too, but for the copy that was kept.
    let all = format!("{cut}; DELETE FROM audit_checkpoints");
    ledger.tampered(&all, &[]).await;
    ledger
        .tampered_with(&all, &["--checkpoint", &file, "--public-key", public_key.trim()], &[&missing])
        .await;

    // A whole new chain of hashes fits together, and is not what was signed.
    let anew =
        "DELETE FROM audit_chain; UPDATE audit_progress SET complete = 0, candidate = 0, at = '-infinity'";
    let edit = format!("UPDATE audit_log SET actor_name = 'mallory' WHERE seq = {}", at(5));
    ledger.sql(&format!("{edit}; {anew}")).await;
    super::g18_chain::link(&ledger.cluster.database).await;
    let (code, found) = ledger.verify(&[]).await;
    assert_eq!((code, found), (1, vec![format!("checkpoint_mismatch at {end}")]));
    ledger.sql("DELETE FROM audit_checkpoints").await;
    assert_eq!(ledger.verify(&[]).await, (0, vec![]), "nothing but checkpoints can tell");
    assert_eq!(ledger.verify(&["--checkpoint", &file]).await.1, [format!("checkpoint_mismatch at {end}")]);
    ledger.restore().await;

    ledger.sql("ALTER TABLE audit_checkpoints DROP CONSTRAINT audit_checkpoints_at_check").await;
    for (sql, more, expected) in [
        (
            "UPDATE audit_checkpoints SET position = position - 1".to_owned(),
            vec![],
            format!("bad_signature at {}", end - 1),
        ),
        (
            "UPDATE audit_checkpoints SET signature = sha512('x')".to_owned(),
            vec![],
            format!("bad_signature at {end}"),
        ),
        (
            "UPDATE audit_checkpoints SET at = 'infinity'".to_owned(),
            vec![],
            format!("bad_signature at {end}"),
        ),
        (
            "SELECT 1".to_owned(),
            vec!["--public-key", "Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="],
            format!("bad_signature at {end}"),
        ),
    ] {
        ledger.tampered_with(&sql, &more, &[&expected]).await;
    }
    std::fs::remove_dir_all(directory).unwrap();
}
