//! How many rows there are, all of them: what a backup is measured by.

use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::{Error, session::SCHEMA};

/// A table and its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub name: String,
    pub rows: i64,
}

/// Whether this login sees every row, as a backup must: it passes by row-level security, and may read each table.
/// Answers the tables that it may not read, or nothing where it sees only some of the rows.
pub async fn unreadable(conn: &mut PgConnection) -> Result<Option<Vec<String>>, Error> {
    let row = sqlx::query!(
        r#"SELECT u.rolsuper OR u.rolbypassrls AS "sees_all!",
                  ARRAY(SELECT c.relname::text FROM pg_class c
                         WHERE c.relnamespace = to_regnamespace($1)::oid AND c.relkind IN ('r', 'S')
                           AND NOT has_table_privilege(c.oid, 'SELECT') ORDER BY c.relname) AS "unreadable!"
             FROM pg_roles u WHERE u.rolname = current_user"#,
        SCHEMA,
    )
    .fetch_one(conn)
    .await?;
    Ok(row.sees_all.then_some(row.unreadable))
}

/// Counts them all, at one moment. A login that doesn't see every row gets an error, not a smaller number.
pub async fn count(conn: &mut PgConnection) -> Result<Vec<Table>, Error> {
    let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL row_security = off";
    let mut transaction = conn.begin_with(begin).await?;
    let names = sqlx::query!(
        r#"SELECT c.relname::text AS "name!", quote_ident($1) || '.' || quote_ident(c.relname) AS "quoted!"
             FROM pg_class c
            WHERE c.relnamespace = to_regnamespace($1)::oid AND c.relkind = 'r' ORDER BY c.relname"#,
        SCHEMA,
    )
    .fetch_all(&mut *transaction)
    .await?;
    let mut tables = Vec::with_capacity(names.len());
    for row in names {
        let count = format!("SELECT count(*) FROM {}", row.quoted);
        let rows = sqlx::query_scalar(AssertSqlSafe(count)).fetch_one(&mut *transaction).await?;
        tables.push(Table { name: row.name, rows });
    }
    transaction.commit().await?;
    Ok(tables)
}
