//! Tells administrators, in the app and once a day, that Slack refuses the bot's token: nothing arrives there until they
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
pub async fn tell(database: &Database, slack: &Slack) -> Result<(), Error> {
    let Some(why) = slack.client.refused().clone() else { return Ok(()) };
    let (permissions, roles) = role::that_allow(Permission::NotificationManage);
    let telling = async |conn: &mut PgConnection| {
        let mut transaction = conn.begin().await?;
        for workspace in slack::to_be_told(&mut transaction, News::SlackRefused).await? {
            let whom = (permissions.as_slice(), roles.as_slice());
            news::tell(&mut transaction, workspace, whom, News::SlackRefused, &why).await?;
        }
        transaction.commit().await?;
        Ok(())
    };
    database.notify.run(TELL, telling).await?;
    *slack.client.refused() = None;
    Ok(())
}
