//! What the history and its search read: counted, for plans change with every figure that the planner has.

use signoff::{
    domain::ids::WorkspaceId,
    store::{
        history::{self, Search},
        listing::Position,
        purge, search_index,
    },
};
use sqlx::{Connection, Executor, PgConnection};
use uuid::Uuid;

use crate::support::{TestDatabase, ended};

/// What was read within this transaction.
#[derive(Debug)]
struct Read {
    /// Entries of the index that has the history's order.
    history: i64,
    /// Entries of the search's index.
    terms: i64,
    /// Rows, wherever they were found.
    rows: i64,
    /// Rows that were come across by reading a table from its beginning.
    scanned: i64,
}

impl Read {
    async fn so_far(conn: &mut PgConnection) -> Self {
        let (history, terms, rows, scanned) = sqlx::query_as(
            "SELECT pg_stat_get_xact_tuples_returned('approval_requests_history'::regclass),
                    pg_stat_get_xact_tuples_returned('approval_search_terms'::regclass),
                    sum(coalesce(idx_tup_fetch, 0))::bigint, sum(seq_tup_read)::bigint
               FROM pg_stat_xact_user_tables
              WHERE relname IN ('approval_requests', 'approval_search', 'approval_decisions')",
        )
        .fetch_one(conn)
        .await
        .unwrap();
        Self { history, terms, rows, scanned }
    }

    /// What came since, and the end of the transaction.
    async fn since(self, conn: &mut PgConnection) -> Self {
        let now = Self::so_far(conn).await;
        conn.execute("ROLLBACK").await.unwrap();
        now.without(&self)
    }

    fn without(self, before: &Self) -> Self {
        Self {
            history: self.history - before.history,
            terms: self.terms - before.terms,
            rows: self.rows - before.rows,
            scanned: self.scanned - before.scanned,
        }
    }
}

fn search(workspace: Uuid, text: Option<&str>) -> Search {
    Search {
        workspace: WorkspaceId(workspace),
        run_id: None,
        workflow: None,
        status: None,
        resolution: None,
        requested_by: None,
        decided_by: None,
        text: text.map(str::to_owned),
        from: None,
        to: None,
    }
}

/// As an instance's connections have them.
const SETTINGS: &str = "SET LOCAL enable_seqscan = off; SET LOCAL plan_cache_mode = force_generic_plan";

/// A transaction of its own that is for one workspace.
async fn begin(conn: &mut PgConnection, workspace: Uuid) {
    conn.execute("BEGIN").await.unwrap();
    conn.execute(SETTINGS).await.unwrap();
    let name = format!("SET LOCAL signoff.workspace = '{workspace}'");
    conn.execute(sqlx::AssertSqlSafe(name)).await.unwrap();
}

/// Goes on in the role that row-level security holds within that workspace.
async fn within_walls(conn: &mut PgConnection) {
    conn.execute("SET LOCAL ROLE signoff_app").await.unwrap();
}

#[tokio::test]
async fn searches_read_what_they_need_also_within_walls() {
    let database = TestDatabase::new().await;
    let mut conn = database.connect().await;
    let mut workspaces = Vec::new();
    for number in 0..4 {
        let workspace = Uuid::now_v7();
        sqlx::query("INSERT INTO workspaces (id, name) VALUES ($1, $2)")
            .bind(workspace)
            .bind(format!("w{number}"))
            .execute(&mut conn)
            .await
            .unwrap();
        workspaces.push(workspace);
        let title = "'common table ' || CASE n % 2500 WHEN 0 THEN 'needle' ELSE 'hay' || n END";
        ended::add(&mut conn, workspace, 10_000, title).await;
    }
    let workspace = workspaces[1];
    ended::index(&mut conn).await;
    for analysed in [false, true] {
        if analysed {
            conn.execute("ANALYZE").await.unwrap();
        }
        for walls in [false, true] {
            let case = format!("analysed: {analysed}, walls: {walls}");
            let begun = async |conn: &mut PgConnection| {
                begin(conn, workspace).await;
                if walls {
                    within_walls(conn).await;
                }
                Read::so_far(conn).await
            };
            let before = begun(&mut conn).await;
            let newest = history::newest(&mut conn, &search(workspace, None), None, 51).await.unwrap();
            let read = before.since(&mut conn).await;
            assert_eq!(newest.len(), 51);
            assert!(read.history <= 60 && read.scanned == 0 && read.rows <= 60, "{case}: {read:?}");

            let before = begun(&mut conn).await;
            let common = search(workspace, Some("common"));
            let walked = history::walk(&mut conn, &common, None, (1_000, 51)).await.unwrap();
            let read = before.since(&mut conn).await;
            assert_eq!(walked.found, newest, "{case}");
            assert!(read.history <= 1_000 && read.scanned == 0 && read.rows <= 1_200, "{case}: {read:?}");

            let before = begun(&mut conn).await;
            let rare = search(workspace, Some("needle"));
            let walked = history::walk(&mut conn, &rare, None, (1_000, 51)).await.unwrap();
            let read = before.since(&mut conn).await;
            assert!(walked.found.is_empty() && walked.stopped.is_some(), "{case}: {walked:?}");
            assert!(read.history <= 1_000 && read.scanned == 0 && read.rows <= 2_100, "{case}: {read:?}");

            let before = begun(&mut conn).await;
            let from_the_newest = Position { at: newest[0].at, id: Uuid::max() };
            let found = history::look_up(&mut conn, &rare, from_the_newest, 100).await.unwrap();
            let read = before.since(&mut conn).await;
            assert_eq!(found.len(), 4, "{case}");
            assert!(read.terms <= 4 && read.scanned == 0 && read.rows <= 4, "{case}: {read:?}");
        }
    }
    // Why it is a function: within walls a search of the table itself doesn't use the index.
    begin(&mut conn, workspace).await;
    within_walls(&mut conn).await;
    let plan: Vec<String> = sqlx::query_scalar(
        "EXPLAIN SELECT approval_id FROM approval_search WHERE terms @@ 'x'::tsquery LIMIT 10",
    )
    .fetch_all(&mut conn)
    .await
    .unwrap();
    assert!(plan.iter().any(|line| line.contains("Seq Scan on approval_search")), "{plan:#?}");
}

/// Also while the planner knows nothing of the tables yet, and where almost everything is indexed.
#[tokio::test]
async fn the_indexer_reads_what_it_indexes() {
    let database = TestDatabase::new().await;
    let mut conn = database.connect().await;
    let workspace = Uuid::now_v7();
    sqlx::query("INSERT INTO workspaces (id, name) VALUES ($1, 'w')")
        .bind(workspace)
        .execute(&mut conn)
        .await
        .unwrap();
    ended::add(&mut conn, workspace, 5_000, "'x'").await;
    for analysed in [false, true] {
        if analysed {
            ended::index(&mut conn).await;
            conn.execute("ANALYZE; UPDATE approval_search_progress SET resolved_at = '1970-01-01T00:00:00Z'")
                .await
                .unwrap();
        }
        // It has a transaction of its own, which must end within this one.
        let mut transaction = conn.begin().await.unwrap();
        transaction.execute(SETTINGS).await.unwrap();
        let before = Read::so_far(&mut transaction).await;
        search_index::index(&mut transaction, &mut search_index::Pass::default(), (200, 50)).await.unwrap();
        let read = Read::so_far(&mut transaction).await.without(&before);
        transaction.rollback().await.unwrap();
        assert!(read.scanned == 0 && read.rows <= 1_000, "analysed: {analysed}: {read:?}");
    }
}

#[tokio::test]
async fn the_janitor_reads_what_it_deletes() {
    let database = TestDatabase::new().await;
    let mut conn = database.connect().await;
    for number in 0..3 {
        let workspace = Uuid::now_v7();
        sqlx::query("INSERT INTO workspaces (id, name, history_retention_days) VALUES ($1, $2, $3)")
            .bind(workspace)
            .bind(format!("w{number}"))
            .bind((number == 1).then_some(1))
            .execute(&mut conn)
            .await
            .unwrap();
        ended::add(&mut conn, workspace, 3_000, "'x'").await;
    }
    conn.execute("UPDATE approval_requests SET resolved_at = resolved_at - interval '1 day'").await.unwrap();
    ended::index(&mut conn).await;
    for analysed in [false, true] {
        if analysed {
            conn.execute("ANALYZE").await.unwrap();
        }
        begin(&mut conn, Uuid::nil()).await;
        let before = Read::so_far(&mut conn).await;
        assert_eq!(purge::ended_approvals(&mut conn, 50).await.unwrap(), 50);
        let read = before.since(&mut conn).await;
        assert!(read.scanned == 0 && read.rows <= 500, "analysed: {analysed}: {read:?}");
    }
}
