//! The floor of a decision in `benches/load/equal_work.sql` writes what the product writes: the same rows, and the same
//! columns of each. Where this fails, the product writes something else by now, and the floor has to follow.

use std::collections::BTreeSet;

use serde_json::json;
use sqlx::{AssertSqlSafe, Executor, PgConnection};
use uuid::Uuid;

use crate::support::Cluster;

/// From now on each row that is written is noted: by which transaction, where, and which columns it has or changes.
const NOTING: &str = "
    CREATE TABLE noted (number bigserial, by xid8 NOT NULL, what text NOT NULL);
    CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
    BEGIN
        INSERT INTO noted (by, what)
        SELECT pg_current_xact_id(), TG_OP || ' ' || TG_TABLE_NAME || ': ' || string_agg(n.key, ', ' ORDER BY n.key)
          FROM jsonb_each(jsonb_strip_nulls(to_jsonb(NEW))) n
         WHERE TG_OP = 'INSERT' OR n.value IS DISTINCT FROM to_jsonb(OLD) -> n.key;
        RETURN NULL;
    END $$;
    DO $$ DECLARE it name; BEGIN
        FOR it IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'noted' LOOP
            EXECUTE format('CREATE TRIGGER noting AFTER INSERT OR UPDATE ON %I FOR EACH ROW EXECUTE FUNCTION note()', it);
        END LOOP;
    END $$";

/// What the transaction wrote that resolved the approval.
async fn written(conn: &mut PgConnection, nth: i64) -> BTreeSet<String> {
    let rows: Vec<String> = sqlx::query_scalar(
        "SELECT what FROM noted
          WHERE by = (SELECT by FROM noted WHERE what LIKE 'UPDATE approval_requests: %resolution%'
                       ORDER BY number LIMIT 1 OFFSET $1)",
    )
    .bind(nth)
    .fetch_all(conn)
    .await
    .unwrap();
    let count = rows.len();
    let rows: BTreeSet<String> = rows.into_iter().collect();
    assert_eq!(rows.len(), count, "two rows of one table: {rows:#?}");
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn the_floor_of_a_decision_writes_what_the_product_writes() {
    let cluster = Cluster::start().await;
    let (agent, ana) = (cluster.member("agent").await, cluster.member("ana").await);
    let (agent, ana) = (cluster.api(0, &agent), cluster.api(0, &ana));
    // Two of one task: with its last, the task would be told that it may go on.
    let id = agent.ask(json!({ "task_id": "t" })).await;
    agent.ask(json!({ "task_id": "t" })).await;
    let mut conn = cluster.database.connect().await;
    let workspace: Uuid =
        sqlx::query_scalar("SELECT workspace_id FROM approval_requests WHERE id = $1::uuid")
            .bind(&id)
            .fetch_one(&mut conn)
            .await
            .unwrap();
    sqlx::query(include_str!("../../benches/load/equal_rows.sql"))
        .bind(workspace)
        .bind(2)
        .execute(&mut conn)
        .await
        .unwrap();
    conn.execute(NOTING).await.unwrap();

    let work = include_str!("../../benches/load/equal_work.sql");
    // What pgbench takes for variables: all but casts.
    let variables = work.split("::").flat_map(|part| part.split(':').skip(1));
    let variables: Vec<&str> =
        variables.filter(|rest| rest.starts_with(|first: char| first.is_ascii_alphanumeric())).collect();
    assert!(variables.len() == 1 && variables[0] == "n", "{variables:?}");

    ana.approve(&id).await.expect(200);
    let ours = written(&mut conn, 0).await;
    let done = conn.execute(AssertSqlSafe(work.replace(":n::", "1::"))).await.unwrap();
    assert_eq!(done.rows_affected(), 1);
    assert_eq!(written(&mut conn, 1).await, ours);
}
