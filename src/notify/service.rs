//! Notifications as members reach them: their own, and those of their workspace.

use sqlx::PgConnection;

use super::redrive;
use crate::{
    auth::{Caller, Permission},
    domain::ids::NotificationId,
    identity::{By, Call, Failure, Identity},
    store::{
        Page,
        in_app::{self, Told},
        notification_preferences::{self, Preferences},
        notifications::{self, Attempt, Filter, Notification},
        redrive::Which,
    },
};

/// What callers do with notifications.
pub struct Notifications<'a>(&'a Identity);

impl<'a> Notifications<'a> {
    pub fn of(identity: &'a Identity) -> Self {
        Self(identity)
    }

    /// A page of the workspace's, the newest first, and where the next page begins.
    pub async fn page(
        &self,
        caller: &Caller,
        filter: &Filter,
        limit: i64,
    ) -> Result<(Page<Notification>, Option<NotificationId>), Failure> {
        let page =
            async |conn: &mut PgConnection| notifications::list(conn, caller.workspace, filter, limit).await;
        self.0.look(caller, page).await
    }

    /// A notification, and what its last tries came to.
    pub async fn get(
        &self,
        caller: &Caller,
        id: NotificationId,
    ) -> Result<Option<(Notification, Vec<Attempt>)>, Failure> {
        let get = async |conn: &mut PgConnection| {
            let found = notifications::get(&mut *conn, caller.workspace, id).await?;
            let Some(found) = found else { return Ok(None) };
            Ok(Some((found, notifications::attempts(conn, caller.workspace, id).await?)))
        };
        self.0.look(caller, get).await
    }

    /// Sends a failed one again.
    pub async fn redrive(&self, call: Call<'_>, id: NotificationId) -> Result<Notification, Failure> {
        let workspace = call.caller.workspace;
        let one = async |conn: &mut PgConnection, by: &By<'_>| redrive::one(conn, by, workspace, id).await;
        self.0.change(call, Some(Permission::NotificationManage), one).await
    }

    /// Sends all failed ones again that fit. Answers how many.
    pub async fn redrive_all(&self, call: Call<'_>, which: &Which) -> Result<i64, Failure> {
        let workspace = call.caller.workspace;
        let all = async |conn: &mut PgConnection, by: &By<'_>| redrive::all(conn, by, workspace, which).await;
        self.0.change(call, Some(Permission::NotificationManage), all).await
    }

    /// A page of what the caller was told in the app, the newest first, behind that one.
    pub async fn own(
        &self,
        caller: &Caller,
        is_unread: bool,
        before: Option<NotificationId>,
        limit: i64,
    ) -> Result<Page<Told>, Failure> {
        let whose = (caller.workspace, caller.actor.id);
        let own = async |conn: &mut PgConnection| in_app::list(conn, whose, is_unread, before, limit).await;
        self.0.look(caller, own).await
    }

    /// How much of it is unread.
    pub async fn own_unread(&self, caller: &Caller) -> Result<i64, Failure> {
        let whose = (caller.workspace, caller.actor.id);
        self.0.look(caller, async |conn: &mut PgConnection| in_app::unread(conn, whose).await).await
    }

    /// Marks some of it as read. Answers how many had been unread, and how many still are.
    pub async fn read_own(&self, caller: &Caller, which: in_app::Which<'_>) -> Result<(u64, i64), Failure> {
        let whose = (caller.workspace, caller.actor.id);
        let read = async |conn: &mut PgConnection| {
            let read = in_app::read(&mut *conn, whose, which).await?;
            Ok((read, in_app::unread(conn, whose).await?))
        };
        self.0.look(caller, read).await
    }

    /// How the caller wants to be told.
    pub async fn preferences(&self, caller: &Caller) -> Result<Preferences, Failure> {
        let (workspace, person) = (caller.workspace, caller.actor.id);
        let get =
            async |conn: &mut PgConnection| notification_preferences::get(conn, workspace, person).await;
        self.0.look(caller, get).await
    }

    pub async fn set_preferences(&self, caller: &Caller, wanted: &Preferences) -> Result<(), Failure> {
        let (workspace, person) = (caller.workspace, caller.actor.id);
        let put = async |conn: &mut PgConnection| {
            notification_preferences::put(conn, workspace, person, wanted).await
        };
        self.0.look(caller, put).await
    }
}
