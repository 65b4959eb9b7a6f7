//! How people want to be told, each one's own.

use std::collections::{BTreeSet, HashMap};

use chrono_tz::Tz;
use sqlx::PgConnection;
use uuid::Uuid;

use super::Error;
use crate::domain::{
    ids::{PrincipalId, WorkspaceId},
    notification::Channel,
};

/// What a person has chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preferences {
    /// `None`: UTC.
    pub zone: Option<Tz>,
    /// Channels by which they want to hear nothing.
    pub muted: BTreeSet<Channel>,
}

/// What another version of the list of zones, or of the channels, knows is not chosen here.
fn read(zone: Option<&str>, muted: &[String]) -> Preferences {
    Preferences {
        zone: zone.and_then(|name| name.parse().ok()),
        muted: muted.iter().filter_map(|word| Channel::from_word(word)).collect(),
    }
}

/// Where nothing is stored, nothing is chosen.
pub async fn get(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    person: PrincipalId,
) -> Result<Preferences, Error> {
    let row = sqlx::query!(
        "SELECT timezone, muted FROM notification_preferences WHERE workspace_id = $1 AND principal_id = $2",
        workspace.0,
        person.0,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| read(row.timezone.as_deref(), &row.muted)).unwrap_or_default())
}

/// Replaces them.
pub async fn put(
    conn: &mut PgConnection,
    workspace: WorkspaceId,
    person: PrincipalId,
    preferences: &Preferences,
) -> Result<(), Error> {
    let muted: Vec<String> = preferences.muted.iter().map(|it| it.as_str().to_owned()).collect();
    sqlx::query!(
        "INSERT INTO notification_preferences (principal_id, workspace_id, timezone, muted)
         VALUES ($1, $2, $3, $4)
         ON CONFLICT (principal_id) DO UPDATE
            SET timezone = excluded.timezone, muted = excluded.muted, updated_at = now()",
        person.0,
        workspace.0,
        preferences.zone.map(Tz::name),
        &muted,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Those of several people; who has chosen nothing is left out.
pub async fn of_people(
    conn: &mut PgConnection,
    people: &[PrincipalId],
) -> Result<HashMap<PrincipalId, Preferences>, Error> {
    let ids: Vec<Uuid> = people.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        "SELECT principal_id, timezone, muted FROM notification_preferences WHERE principal_id = ANY ($1)",
        &ids,
    )
    .fetch_all(conn)
    .await?;
    let preferences = rows
        .into_iter()
        .map(|row| (PrincipalId(row.principal_id), read(row.timezone.as_deref(), &row.muted)));
    Ok(preferences.collect())
}
