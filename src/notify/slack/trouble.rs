//! Tells administrators that their app in Slack can't be used: Slack refuses its token, or its secrets don't open. They
//! are told in the app and by mail, once a day. Of a workspace's own app only this workspace is told.

use std::{collections::HashMap, time::Duration};

use sqlx::{Connection, PgConnection};

use super::{
    Slack,
    installation::{Installation, Whose},
    kept::Entry,
};
use crate::{
    auth::{Permission, role},
    domain::{ids::WorkspaceId, notification::News},
    store::{Database, Error, news, slack, slack_installations},
};

/// The longest time that a statement may take.
const TELL: Duration = Duration::from_secs(4);

/// Tells administrators, if there is something to tell. Where several instances have seen it, one of them tells.
/// `relay`: the relay that takes our mail.
pub async fn tell(database: &Database, slack: &Slack, relay: Option<&str>) -> Result<(), Error> {
    if let Some(service) = slack.service() {
        settle((database, relay), service).await?;
    }
    let mut unusable = HashMap::new();
    for entry in slack.kept.all() {
        let Entry { workspace, installation, .. } = &*entry;
        match installation {
            Ok(installation) => settle((database, relay), installation).await?,
            Err(why) => drop(unusable.insert(*workspace, why.to_string())),
        }
    }
    if unusable.is_empty() {
        return Ok(());
    }
    let of: Vec<WorkspaceId> = unusable.keys().copied().collect();
    told((database, relay), Some(&of), |workspace| unusable.get(&workspace).map_or("", String::as_str)).await
}

/// Tells of one app that Slack refuses, and notes it for the other instances.
async fn settle((database, relay): (&Database, Option<&str>), app: &Installation) -> Result<(), Error> {
    let refused = app.client.refused().clone();
    let only = match &app.whose {
        Whose::Service => None,
        Whose::Workspace { workspace, revision, .. } => {
            if refused.is_some() || app.client.has_recovered() {
                let note = async |conn: &mut PgConnection| {
                    slack_installations::set_refused(conn, *workspace, *revision, refused.as_deref()).await
                };
                database.notify.run(TELL, note).await?;
            }
            Some(*workspace)
        }
    };
    let Some(why) = refused else { return Ok(()) };
    match only {
        None => tracing::error!(error = %why, "nothing is sent to Slack for a while: docs/slack.md"),
        Some(id) => tracing::warn!(error = %why, workspace = %id.0, "Slack refuses a workspace's own app"),
    }
    told((database, relay), only.as_ref().map(std::slice::from_ref), |_| &why).await?;
    *app.client.refused() = None;
    Ok(())
}

/// Tells these workspaces (`only`), or those that the service's own app serves.
async fn told<'a>(
    (database, relay): (&Database, Option<&str>),
    only: Option<&[WorkspaceId]>,
    why: impl Fn(WorkspaceId) -> &'a str,
) -> Result<(), Error> {
    let (permissions, roles) = role::that_allow(Permission::NotificationManage);
    let telling = async |conn: &mut PgConnection| {
        let mut transaction = conn.begin().await?;
        for workspace in slack::to_be_told(&mut transaction, News::SlackRefused, only).await? {
            let (permissions, roles) = (permissions.as_slice(), roles.as_slice());
            let (news, subject) = (News::SlackRefused, why(workspace));
            let bulletin = news::Bulletin { workspace, permissions, roles, news, subject, relay };
            news::tell(&mut transaction, &bulletin).await?;
        }
        transaction.commit().await?;
        Ok(())
    };
    database.notify.run(TELL, telling).await
}
