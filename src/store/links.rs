//! Links to decide by: by their hashes, what each is for. Nothing is written when one is used.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use super::Error;
use crate::domain::{
    decision::Verdict,
    ids::{ApprovalId, LinkId, NotificationId, PrincipalId, WorkspaceId},
};

/// A link that is to be.
#[derive(Debug)]
pub struct NewLink {
    pub hash: [u8; 32],
    pub workspace: WorkspaceId,
    pub approval: ApprovalId,
    pub person: PrincipalId,
    pub level: i32,
    pub notification: NotificationId,
}

#[derive(Serialize)]
struct Row {
    id: Uuid,
    hash: String,
    workspace_id: Uuid,
    approval_id: Uuid,
    principal_id: Uuid,
    level: i32,
    notification_id: Uuid,
}

impl From<&NewLink> for Row {
    fn from(new: &NewLink) -> Self {
        Self {
            id: LinkId::generate().0,
            hash: format!("\\x{}", super::hex(&new.hash)),
            workspace_id: new.workspace.0,
            approval_id: new.approval.0,
            principal_id: new.person.0,
            level: new.level,
            notification_id: new.notification.0,
        }
    }
}

/// Stores links, before anyone gets them.
pub async fn insert(conn: &mut PgConnection, new: &[NewLink]) -> Result<(), Error> {
    let rows: Vec<Row> = new.iter().map(Row::from).collect();
    sqlx::query!(
        "INSERT INTO decision_links (id, hash, workspace_id, approval_id, principal_id, level, notification_id)
         SELECT x.id, x.hash, x.workspace_id, x.approval_id, x.principal_id, x.level, x.notification_id
           FROM json_to_recordset($1::text::json) AS x(
                id uuid, hash bytea, workspace_id uuid, approval_id uuid, principal_id uuid, level integer,
                notification_id uuid)",
        super::json(&rows)?,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What a link is for.
#[derive(Debug, Clone, Copy)]
pub struct Link {
    pub id: LinkId,
    pub workspace: WorkspaceId,
    pub approval: ApprovalId,
    pub person: PrincipalId,
    pub level: i32,
    /// The database's clock at the reading.
    pub now: DateTime<Utc>,
}

/// The one with this hash.
pub async fn find(conn: &mut PgConnection, hash: &[u8; 32]) -> Result<Option<Link>, Error> {
    let row = sqlx::query!(
        r#"SELECT id, workspace_id, approval_id, principal_id, level, clock_timestamp() AS "now!"
             FROM decision_links WHERE hash = $1"#,
        hash,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Link {
        id: LinkId(row.id),
        workspace: WorkspaceId(row.workspace_id),
        approval: ApprovalId(row.approval_id),
        person: PrincipalId(row.principal_id),
        level: row.level,
        now: row.now,
    }))
}

/// What the person of a link has said at its level, if they have.
pub async fn said(conn: &mut PgConnection, link: &Link) -> Result<Option<Verdict>, Error> {
    let verdict = sqlx::query_scalar!(
        "SELECT verdict FROM approval_decisions
          WHERE workspace_id = $1 AND approval_id = $2 AND principal_id = $3 AND level = $4",
        link.workspace.0,
        link.approval.0,
        link.person.0,
        link.level,
    )
    .fetch_optional(conn)
    .await?;
    verdict
        .map(|word| match word.as_str() {
            "approved" => Ok(Verdict::Approved),
            "rejected" => Ok(Verdict::Rejected),
            _ => Err(Error::Corrupt {
                table: "approval_decisions",
                id: link.approval.to_string(),
                what: format!("{word} is no verdict"),
            }),
        })
        .transpose()
}
