//! Faults that were seen in systems like this one, each provoked.

mod backups;
mod bursts;
mod clients_that_vanish;
mod contended_rows;
mod exhausted_pools;
mod failover;
mod few_connections;
mod forgotten_flows;
mod half_closed;
mod idle_connections;
mod odd_frames;
mod own_schema;
mod passed_over;
mod strict_defaults;
mod unreadable_rows;
mod unusable_redis;
mod upgrades;

/// Holds a task's row until the transaction ends, as a large deletion does.
async fn hold_task(transaction: &mut sqlx::PgConnection, task: &str) {
    let lock = "SELECT FROM tasks WHERE task_id = $1 FOR UPDATE";
    let rows = sqlx::query(lock).bind(task).fetch_all(transaction).await.unwrap();
    assert_eq!(rows.len(), 1, "{task}");
}
