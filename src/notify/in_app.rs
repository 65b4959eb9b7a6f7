//! What people were told in the app, for the screens that show it as it happens. The router of any instance may have
//! written it, and any instance may have marked it as read: so the table itself is looked at.

use std::{collections::HashMap, time::Duration};

use sqlx::PgConnection;

use crate::{
    domain::ids::{NotificationId, PrincipalId, WorkspaceId},
    store::{
        self, Database,
        in_app::{self, Told},
    },
};

/// How it stands for a person.
pub struct Latest {
    pub newest: Option<Told>,
    pub unread: i64,
}

/// How many notifications a person has not read.
pub async fn unread(
    database: &Database,
    (workspace, person): (WorkspaceId, PrincipalId),
    limit: Duration,
) -> Result<i64, store::Error> {
    let count = async |conn: &mut PgConnection| in_app::unread(conn, (workspace, person)).await;
    database.tenant.within(workspace, limit, count).await
}

/// How it stands for those of these people of whom nothing is known, or another newest notification; with `all` for all of
/// them.
pub(crate) async fn latest(
    database: &Database,
    workspace: WorkspaceId,
    people: &[PrincipalId],
    known: &HashMap<PrincipalId, Option<NotificationId>>,
    all: bool,
    limit: Duration,
) -> Result<HashMap<PrincipalId, Latest>, store::Error> {
    let look = async |conn: &mut PgConnection| {
        let mut newest = in_app::newest(&mut *conn, workspace, people).await?;
        let is_new = |person: &PrincipalId| known.get(person) != Some(&newest.get(person).map(|it| it.id));
        let asked: Vec<PrincipalId> = people.iter().copied().filter(|person| all || is_new(person)).collect();
        if asked.is_empty() {
            return Ok(HashMap::new());
        }
        let unread = in_app::unread_of(conn, workspace, &asked).await?;
        let latest = unread.into_iter().map(|(person, unread)| {
            let newest = newest.remove(&person);
            (person, Latest { newest, unread })
        });
        Ok(latest.collect())
    };
    database.tenant.within(workspace, limit, look).await
}
