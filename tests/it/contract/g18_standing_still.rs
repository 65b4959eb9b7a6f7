//! G18: nothing that anybody writes stops linking unseen: it goes on, or it is told that it doesn't.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use signoff::{
    audit::{checkpoint::Signer, checkpoints::make_page},
    ed25519::new_seed,
};
use sqlx::{AssertSqlSafe, Executor, PgConnection};
use tokio::sync::Mutex;
use uuid::Uuid;

use super::{
    g18_chain::{all_linked, link},
    g18_export::Bench,
    g18_ledger::Ledger,
};
use crate::support::{Cluster, eventually, process::signoff};

const ADD: &str = "INSERT INTO audit_log (workspace_id, at, action, via, detail)
    SELECT id, clock_timestamp(), 'test', 'human', '{}' FROM workspaces WHERE name = 'acme'";

async fn sql(conn: &mut PgConnection, sql: &str) {
    conn.execute(AssertSqlSafe(sql.to_owned())).await.unwrap_or_else(|it| panic!("{sql}: {it}"));
}

/// Two instances, and a chain in acme.
async fn cluster() -> (Cluster, PgConnection) {
    let cluster = Cluster::start().await;
    cluster.key("acme", "agent", &[]).await;
    all_linked(&cluster.database).await;
    let conn = cluster.database.connect().await;
    (cluster, conn)
}

/// What is noted of how far linking has come can be anything.
#[tokio::test(flavor = "multi_thread")]
async fn g18_no_note_stops_linking() {
    let (cluster, mut conn) = cluster().await;
    for note in [
        "chainer = 'x', at = 'infinity'",
        "chainer = 'x', at = clock_timestamp() + interval '1 hour'",
        "complete = 9223372036854775807",
        "candidate = 9223372036854775807",
        "complete = 9223372036854775807, candidate = 9223372036854775807, horizon = 9223372036854775807",
        "complete = 0, candidate = 0",
    ] {
        sql(&mut conn, &format!("UPDATE audit_progress SET {note}")).await;
        sql(&mut conn, ADD).await;
        all_linked(&cluster.database).await;
    }
}

/// Whoever says that he links, or holds the lock, and doesn't: the other instances' metrics tell.
#[tokio::test(flavor = "multi_thread")]
async fn g18_who_stands_back_tells_what_waits() {
    let (cluster, mut conn) = cluster().await;
    let lag = async || {
        let [one, other] = &cluster.instances[..] else { panic!("two instances") };
        let (lag, unlinked) = ("signoff_audit_lag_seconds", "signoff_audit_unlinked");
        let lags = (one.metric(lag).await, other.metric(lag).await);
        let unlinked = (one.metric(unlinked).await, other.metric(unlinked).await);
        (lags.0.min(lags.1), lags.0.max(lags.1), unlinked.0.min(unlinked.1))
    };
    let holds = "SELECT pg_advisory_lock(7303)";
    let says = "UPDATE audit_progress SET chainer = 'x', at = clock_timestamp()";
    for (hold, release) in [(holds, "SELECT pg_advisory_unlock(7303)"), (says, "SELECT 1")] {
        let holder = Arc::new(Mutex::new(cluster.database.connect().await));
        sql(&mut *holder.lock().await, hold).await;
        sql(&mut conn, ADD).await;
        eventually("both instances tell that a record waits", || async {
            if hold == says {
                sql(&mut *holder.lock().await, says).await;
            }
            let (least, _, unlinked) = lag().await;
            least > 1.0 && unlinked >= 1.0
        })
        .await;
        sql(&mut *holder.lock().await, release).await;
        all_linked(&cluster.database).await;
        // A round that does nothing says so.
        eventually("nothing waits any more", || async { lag().await.1 < 1.0 }).await;
    }
}

/// Records that nobody links are a finding, but not in the moments that linking takes.
#[tokio::test(flavor = "multi_thread")]
async fn g18_what_waits_for_long_is_named() {
    let mut ledger = Ledger::new().await;
    let next = ledger.end + 1;
    for _ in 0..2 {
        ledger.sql(ADD).await;
    }
    assert_eq!(ledger.verify(&[]).await, (0, vec![]));
    for at in ["clock_timestamp() - interval '61 seconds'", "clock_timestamp() + interval '61 seconds'"] {
        ledger.sql(&ADD.replace("clock_timestamp()", at)).await;
    }
    assert_eq!(ledger.verify(&[]).await, (1, vec![format!("unlinked at {next}")]));
    assert_eq!(ledger.verify(&["--workspace", "other"]).await, (0, vec![]));
    link(&ledger.cluster.database).await;
    assert_eq!(ledger.verify(&[]).await, (0, vec![]));
}

/// The last position that there is, or an end that is no hash: that chain can't go on, all others do.
#[tokio::test(flavor = "multi_thread")]
async fn g18_a_chain_that_cannot_go_on_holds_nobody_up() {
    let (cluster, mut conn) = cluster().await;
    let api = cluster.api(0, &cluster.key("acme", "auditor", &["audit:view"]).await);
    cluster.key("other", "agent", &[]).await;
    all_linked(&cluster.database).await;
    let looking = Arc::new(Mutex::new(cluster.database.connect().await));
    let unlinked = async |name: &str| {
        let query = "SELECT count(*) FROM audit_log l JOIN workspaces w ON w.id = l.workspace_id
                      WHERE w.name = $1 AND NOT EXISTS (SELECT FROM audit_chain c WHERE c.seq = l.seq)";
        sqlx::query_scalar::<_, i64>(query).bind(name).fetch_one(&mut *looking.lock().await).await.unwrap()
    };
    let stuck = async || {
        let mut most = 0.0_f64;
        for instance in &cluster.instances {
            most = most.max(instance.metric("signoff_audit_chains_stuck").await);
        }
        most
    };
    let acme = "(SELECT id FROM workspaces WHERE name = 'acme')";
    sql(&mut conn, "ALTER TABLE audit_chain DROP CONSTRAINT audit_chain_hash_check").await;
    for (position, hash) in [("9223372036854775807", "sha256('x')"), ("1000000", "''")] {
        sql(
            &mut conn,
            &format!("INSERT INTO audit_chain VALUES ({acme}, {position}, -1, sha256('x'), {hash})"),
        )
        .await;
        for name in ["acme", "other", "acme", "other"] {
            sql(&mut conn, &ADD.replace("'acme'", &format!("'{name}'"))).await;
        }
        eventually("others are linked", || async { unlinked("other").await == 0 }).await;
        assert_eq!(unlinked("acme").await, 2);
        eventually("it is told", || async { stuck().await >= 1.0 }).await;
        // Who signs doesn't stop at it, and who reads gets to the beginning.
        let mut transaction = cluster.database.connect().await;
        let signer = Signer::parse(&new_seed()).unwrap();
        let (made, _) = make_page(&mut transaction, &signer, (None, None), Uuid::nil()).await.unwrap();
        assert!(!made.is_empty());
        let page = api.get("/api/v1/audit?action=workspace.created").await.expect(200).body;
        assert_eq!((page["items"].as_array().unwrap().len(), &page["next_cursor"]), (1, &Value::Null));
        // Mended: what was passed over is linked.
        sql(
            &mut conn,
            "DELETE FROM audit_chain WHERE seq = -1; DELETE FROM audit_checkpoints;
             UPDATE audit_progress SET complete = 0, candidate = 0",
        )
        .await;
        all_linked(&cluster.database).await;
        eventually("it is told no more", || async { stuck().await < 1.0 }).await;
    }
    let output = signoff(&["audit", "verify"], &[("DATABASE_URL", &cluster.database.url)]).await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

/// Checkpoints that nobody can have made yet don't keep others from being made.
#[tokio::test(flavor = "multi_thread")]
async fn g18_no_checkpoint_keeps_others_from_being_made() {
    let mut ledger = Ledger::new().await;
    let signer = Signer::parse(&new_seed()).unwrap();
    let key = signer.public_key().id();
    for (name, position, at) in [("acme", i64::MAX, "now()"), ("other", 1, "'9999-01-01'")] {
        ledger
            .sql(&format!(
                "INSERT INTO audit_checkpoints SELECT id, {position}, sha256('x'), {at}, '{key}', sha256('x'), sha512('x')
                   FROM workspaces WHERE name = '{name}'"
            ))
            .await;
    }
    let wanted = (None, Some(Duration::from_hours(1)));
    let (made, _) = make_page(&mut ledger.admin, &signer, wanted, Uuid::nil()).await.unwrap();
    assert_eq!(made.len(), 2);
    let (made, _) = make_page(&mut ledger.admin, &signer, wanted, Uuid::nil()).await.unwrap();
    assert_eq!(made.len(), 0, "nothing has moved");
}

/// A moment that is none, or JSON that not everybody can read, keeps nobody from reading the rest.
#[tokio::test(flavor = "multi_thread")]
async fn g18_what_cannot_be_read_hides_nothing_else() {
    let bench = Bench::new(Vec::new()).await;
    let approval = bench.api.ask(json!({})).await;
    all_linked(&bench.cluster.database).await;
    let mut conn = bench.cluster.database.connect().await;
    for at in ["infinity", "-infinity", "294276-12-31", "4713-01-01 BC", "10000-01-01 00:00+00"] {
        let refused = conn.execute(AssertSqlSafe(ADD.replace("clock_timestamp()", &format!("'{at}'")))).await;
        let refused = refused.expect_err(at);
        assert_eq!(refused.as_database_error().unwrap().code().as_deref(), Some("23514"), "{at}");
    }
    // Whoever may append can append this.
    for detail in ["{\"n\":1e999}", "\"\\ud800\"", &format!("{}1{}", "[".repeat(500), "]".repeat(500))] {
        sql(&mut conn, &ADD.replace("'{}'", &format!("'{detail}'"))).await;
    }
    all_linked(&bench.cluster.database).await;
    bench.good(&["audit", "verify"]).await;
    // Whoever owns the tables this.
    sql(&mut conn, "ALTER TABLE audit_log DROP CONSTRAINT audit_log_at_check").await;
    sql(
        &mut conn,
        &format!("UPDATE audit_log SET at = 'infinity', detail = '[1e999]' WHERE approval_id = '{approval}'"),
    )
    .await;
    sql(&mut conn, &ADD.replace("clock_timestamp()", "'infinity'")).await;
    all_linked(&bench.cluster.database).await;
    let key = bench.cluster.key("acme", "reader", &["audit:view", "approval:view:history"]).await;
    let reader = bench.cluster.api(0, &key);
    let page = reader.get("/api/v1/audit").await.expect(200).body;
    let shown: Vec<&Value> = page["items"].as_array().unwrap().iter().map(|item| &item["detail"]).collect();
    for text in ["[1e999]", "{\"n\":1e999}", "\"\\ud800\""] {
        assert!(shown.contains(&&json!(text)), "{text}: {shown:?}");
    }
    let page = reader.get(&format!("/api/v1/approvals/{approval}/audit")).await.expect(200).body;
    assert_eq!(page["items"][0]["at"], "1970-01-01T00:00:00Z");
    for more in [&[][..], &["--json"]] {
        bench.good(&[&["audit", "list", "--workspace", "acme"], more].concat()).await;
    }
    let (code, said) = bench.run(&["audit", "verify"]).await;
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("edited at") && said.contains("the record is of no date"), "{said}");
}
