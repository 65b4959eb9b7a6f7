//! What a look at a credential reads where there are many principals and delegations: counted, on tables that
//! were never analysed, and on such that were.

use chrono::Utc;
use signoff::{
    domain::{
        delegation::Link,
        ids::{PrincipalId, WorkspaceId},
    },
    store::{credentials, delegations, open_seats},
};
use sqlx::{Connection, Executor, PgConnection};
use uuid::Uuid;

use crate::support::{TestDatabase, cluster::make_key};

/// What was read within this transaction.
#[derive(Debug)]
struct Read {
    /// Entries of the indexes of principals and delegations.
    entries: i64,
    /// Their rows.
    rows: i64,
    /// Rows that were come across by reading a table from its beginning.
    scanned: i64,
}

impl Read {
    async fn so_far(conn: &mut PgConnection) -> Self {
        let (entries, rows, scanned) = sqlx::query_as(
            "SELECT (SELECT sum(pg_stat_get_xact_tuples_returned(i.indexrelid)) FROM pg_index i
                      WHERE i.indrelid IN ('principals'::regclass, 'delegations'::regclass))::bigint,
                    sum(coalesce(idx_tup_fetch, 0))::bigint, sum(seq_tup_read)::bigint
               FROM pg_stat_xact_all_tables WHERE relname IN ('principals', 'delegations')",
        )
        .fetch_one(conn)
        .await
        .unwrap();
        Self { entries, rows, scanned }
    }

    fn without(self, before: &Self) -> Self {
        Self {
            entries: self.entries - before.entries,
            rows: self.rows - before.rows,
            scanned: self.scanned - before.scanned,
        }
    }
}

/// As an instance's connections have them.
const SETTINGS: &str = "SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan; SET jit = off";

/// 100,000 principals, and 10,000 delegations among the first 5,000 of them: in chains of three, p1 to p2 to p3 to p4.
const FILL: &str = "
    SET session_replication_role = replica;
    INSERT INTO principals (id, workspace_id, name)
    SELECT lpad(to_hex(n), 32, '0')::uuid, (SELECT id FROM workspaces), 'p' || n FROM generate_series(1, 100000) n;
    INSERT INTO delegations (id, workspace_id, from_id, to_id, starts_at, ends_at, redelegable, created_by, created_by_name)
    SELECT gen_random_uuid(), (SELECT id FROM workspaces), lpad(to_hex(n), 32, '0')::uuid, lpad(to_hex(n + 1), 32, '0')::uuid,
           now() - interval '1 h', now() + interval '1 d', true, lpad(to_hex(n), 32, '0')::uuid, 'p' || n
      FROM generate_series(1, 13333) n WHERE n % 4 > 0;
    RESET session_replication_role;
    UPDATE workspaces SET delegation = 'own'";

/// Runs `work` in a transaction as `role`, once, and says what it read.
async fn read<T>(
    conn: &mut PgConnection,
    (role, workspace): (&str, Uuid),
    work: impl AsyncFnOnce(&mut PgConnection) -> T,
) -> (T, Read) {
    let mut transaction = conn.begin().await.unwrap();
    let begin = format!("SET LOCAL ROLE {role}; SET LOCAL signoff.workspace = '{workspace}'");
    transaction.execute(sqlx::AssertSqlSafe(begin)).await.unwrap();
    let before = Read::so_far(&mut transaction).await;
    let found = work(&mut transaction).await;
    let read = Read::so_far(&mut transaction).await.without(&before);
    transaction.rollback().await.unwrap();
    (found, read)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_at_a_credential_reads_its_own_and_no_more() {
    let database = TestDatabase::new().await;
    let mut conn = database.connect().await;
    let alone = make_key(&database, "acme", "alone", &[]).await;
    conn.execute(FILL).await.unwrap();
    // The fourth of a chain has three seats; the first has none.
    let fourth = make_key(&database, "acme", "p4", &[]).await;
    let first = make_key(&database, "acme", "p1", &[]).await;
    let workspace: Uuid = sqlx::query_scalar("SELECT id FROM workspaces").fetch_one(&mut conn).await.unwrap();
    conn.execute(SETTINGS).await.unwrap();
    for analysed in [false, true] {
        if analysed {
            conn.execute("ANALYZE").await.unwrap();
        }
        for (key, seats, entries) in [(&alone, 0, 3), (&first, 0, 3), (&fourth, 3, 30)] {
            let prefix = key.split('_').nth(1).unwrap();
            let look = async |conn: &mut PgConnection| credentials::key(conn, prefix).await.unwrap().unwrap();
            let (found, read) = read(&mut conn, ("signoff_auth", workspace), look).await;
            let owners: Vec<String> =
                found.seats.iter().map(|seat| seat.owner.actor.name.to_string()).collect();
            assert_eq!(owners, ["p3", "p2", "p1"][..seats], "analysed: {analysed}");
            assert!(found.seats.iter().map(|seat| seat.through.len()).eq(0..seats), "{:?}", found.seats);
            let case = format!("analysed: {analysed}, {seats} seats: {read:?}");
            assert!(read.entries <= entries && read.rows <= entries && read.scanned == 0, "{case}");
        }
        // Whom the owners have let in, and what a new delegation could make a chain with.
        let owners = [1, 2, 5].map(person);
        let find = async |conn: &mut PgConnection| {
            open_seats::delegates(conn, WorkspaceId(workspace), &owners, 100).await.unwrap().len()
        };
        let (found, read_by) = read(&mut conn, ("signoff_app", workspace), find).await;
        assert_eq!(found, 3 + 2 + 3);
        assert!(read_by.entries <= 100 && read_by.scanned == 0, "analysed: {analysed}: {read_by:?}");
        let now = Utc::now();
        let [from, to] = [4, 5].map(person);
        let new = Link { from, to, starts_at: now, ends_at: now + chrono::TimeDelta::hours(1) };
        let around = async |conn: &mut PgConnection| delegations::around(conn, &new).await.unwrap().len();
        let (found, read_by) = read(&mut conn, ("signoff_app", workspace), around).await;
        assert_eq!(found, 6);
        assert!(read_by.entries <= 100 && read_by.scanned == 0, "analysed: {analysed}: {read_by:?}");
    }
}

/// The id that the rows above have.
fn person(number: u128) -> PrincipalId {
    PrincipalId(Uuid::from_u128(number))
}
