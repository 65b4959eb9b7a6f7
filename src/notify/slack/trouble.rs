//! Tells administrators, in the app and by mail, once a day, that Slack refuses the bot's token: nothing arrives there until they
//! have mended it.

use std::time::Duration;

use sqlx::{Connection, PgConnection};

use super::Slack;
use crate::{
    auth::{Permission, role},
    domain::notification::News,
    store::{Database, Error, news, slack},
};

/// Longest that it may take.
const TELL: Duration = Duration::from_secs(4);

/// Tells them, if there is something to tell. One instance does, of those that have seen it.
/// `relay`: takes our mail.
pub async fn tell(database: &Database, slack: &Slack, relay: Option<&str>) -> Result<(), Error> {
    let Some(why) = slack.client.refused().clone() else { return Ok(()) };
    let (permissions, roles) = role::that_allow(Permission::NotificationManage);
    let telling = async |conn: &mut PgConnection| {
        let mut transaction = conn.begin().await?;
        for workspace in slack::to_be_told(&mut transaction, News::SlackRefused).await? {
            let (permissions, roles) = (permissions.as_slice(), roles.as_slice());
            let (news, subject) = (News::SlackRefused, why.as_str());
            let bulletin = news::Bulletin { workspace, permissions, roles, news, subject, relay };
            news::tell(&mut transaction, &bulletin).await?;
        }
        transaction.commit().await?;
        Ok(())
    };
    database.notify.run(TELL, telling).await?;
    *slack.client.refused() = None;
    Ok(())
}
