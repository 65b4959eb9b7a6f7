//! Workspaces' own apps in Slack. Secrets are read and written sealed.

use std::{collections::HashMap, time::Duration};

use chrono::{DateTime, Utc};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use super::Error;
use crate::domain::ids::WorkspaceId;

/// An app of a team, as Slack names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    pub team: String,
    pub team_name: String,
    /// The organisation that the team is part of.
    pub enterprise: Option<String>,
    /// The user as which the app posts.
    pub bot: String,
}

/// A workspace's own app.
#[derive(Debug, Clone)]
pub struct Installed {
    pub workspace: WorkspaceId,
    /// It is new after each change.
    pub revision: Uuid,
    pub app: App,
    pub channel: Option<String>,
    /// Sealed.
    pub secrets: Vec<u8>,
    /// Since when Slack has refused the token, and by which word.
    pub refused: Option<(DateTime<Utc>, String)>,
    pub set_at: DateTime<Utc>,
}

struct Row {
    workspace_id: Uuid,
    revision: Uuid,
    team: String,
    team_name: String,
    enterprise: Option<String>,
    bot: String,
    channel: Option<String>,
    secrets: Vec<u8>,
    refused_at: Option<DateTime<Utc>>,
    refused_why: Option<String>,
    set_at: DateTime<Utc>,
}

impl From<Row> for Installed {
    fn from(row: Row) -> Self {
        Self {
            workspace: WorkspaceId(row.workspace_id),
            revision: row.revision,
            app: App { team: row.team, team_name: row.team_name, enterprise: row.enterprise, bot: row.bot },
            channel: row.channel,
            secrets: row.secrets,
            refused: row.refused_at.zip(row.refused_why),
            set_at: row.set_at,
        }
    }
}

/// The app of a workspace.
pub async fn get(conn: &mut PgConnection, workspace: WorkspaceId) -> Result<Option<Installed>, Error> {
    let row = sqlx::query_as!(
        Row,
        "SELECT i.workspace_id, i.revision, i.team, i.team_name, i.enterprise, i.bot, i.channel, i.secrets,
                i.refused_at, i.refused_why, i.set_at
           FROM slack_installations i
          WHERE i.workspace_id = $1",
        workspace.0,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(Installed::from))
}

/// The apps of these workspaces.
pub async fn of(conn: &mut PgConnection, workspaces: &[WorkspaceId]) -> Result<Vec<Installed>, Error> {
    let ids: Vec<Uuid> = workspaces.iter().map(|id| id.0).collect();
    let rows = sqlx::query_as!(
        Row,
        "SELECT i.workspace_id, i.revision, i.team, i.team_name, i.enterprise, i.bot, i.channel, i.secrets,
                i.refused_at, i.refused_why, i.set_at
           FROM slack_installations i
          WHERE i.workspace_id = ANY ($1)",
        &ids,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Installed::from).collect())
}

/// All apps in short: the workspace, the revision, and whether Slack refuses the token.
pub async fn revisions(conn: &mut PgConnection) -> Result<Vec<(WorkspaceId, Uuid, bool)>, Error> {
    let rows = sqlx::query!(
        r#"SELECT i.workspace_id, i.revision, i.refused_at IS NOT NULL AS "is_refused!" FROM slack_installations i"#
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (WorkspaceId(row.workspace_id), row.revision, row.is_refused)).collect())
}

/// The revisions of these workspaces' apps. A workspace without an app is left out.
pub async fn revisions_of(
    conn: &mut PgConnection,
    workspaces: &[WorkspaceId],
) -> Result<HashMap<WorkspaceId, Uuid>, Error> {
    let ids: Vec<Uuid> = workspaces.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        "SELECT i.workspace_id, i.revision FROM slack_installations i WHERE i.workspace_id = ANY ($1)",
        &ids,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (WorkspaceId(row.workspace_id), row.revision)).collect())
}

/// Gives a workspace this app, in place of the one that it had. Answers whether the app was free. If not, nothing is
/// changed.
pub async fn put(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    revision: Uuid,
    (app, channel): (&App, Option<&str>),
    secrets: &[u8],
) -> Result<bool, Error> {
    let mut point = conn.begin().await?;
    delete(&mut point, workspace).await?;
    let put = sqlx::query!(
        "INSERT INTO slack_installations (workspace_id, revision, team, team_name, enterprise, bot, channel, secrets)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT DO NOTHING",
        workspace.0,
        revision,
        app.team,
        app.team_name,
        app.enterprise,
        app.bot,
        channel,
        secrets,
    )
    .execute(&mut *point)
    .await?;
    if put.rows_affected() == 1 {
        point.commit().await?;
        return Ok(true);
    }
    point.rollback().await?;
    Ok(false)
}

/// Takes the app away from a workspace. Answers whether there was one.
pub async fn delete(conn: &mut PgConnection, workspace: WorkspaceId) -> Result<bool, Error> {
    let deleted = sqlx::query!("DELETE FROM slack_installations i WHERE i.workspace_id = $1", workspace.0)
        .execute(conn)
        .await?;
    Ok(deleted.rows_affected() == 1)
}

/// Ends long holds of a workspace's conversations, so that what waits there is sent at once. Only holds that are longer
/// than `lease` end: a lane that a worker has stays the worker's. Lanes are locked in the same order as everywhere.
pub async fn release(conn: &mut PgConnection, workspace: WorkspaceId, lease: Duration) -> Result<(), Error> {
    sqlx::query!(
        "WITH held AS MATERIALIZED (
             SELECT l.id FROM notification_lanes l
              WHERE l.workspace_id = $1 AND l.channel = 'slack'
                AND l.hold_until > clock_timestamp() + make_interval(secs => $2)
              ORDER BY l.workspace_id, l.channel, l.destination
                FOR UPDATE)
         UPDATE notification_lanes l
            SET hold_until = 'epoch', failures = 0, failing_since = NULL, wakes = l.wakes + 1
           FROM held
          WHERE l.id = held.id",
        workspace.0,
        lease.as_secs_f64(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Remembers that Slack refuses the token of this revision, and since when. Without `why`: that Slack takes it.
pub async fn set_refused(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    revision: Uuid,
    why: Option<&str>,
) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE slack_installations
            SET refused_at = CASE WHEN $3::text IS NULL THEN NULL ELSE coalesce(refused_at, clock_timestamp()) END,
                refused_why = $3
          WHERE workspace_id = $1 AND revision = $2 AND refused_why IS DISTINCT FROM $3",
        workspace.0,
        revision,
        why,
    )
    .execute(conn)
    .await?;
    Ok(())
}
