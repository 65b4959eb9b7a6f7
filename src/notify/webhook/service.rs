//! Endpoints of webhooks as members reach them.

use std::time::Duration;

use secrecy::SecretString;
use sqlx::PgConnection;

use super::{
    Webhooks,
    manage::{self, Change},
};
use crate::{
    auth::{Caller, Permission},
    domain::{
        ids::{EndpointId, NotificationId},
        notification::Status,
    },
    identity::{By, Call, Failure, Identity},
    store::{
        Page,
        deliveries::{self, Which},
        notifications::{self, Attempt, Notification},
        webhooks::{self, Endpoint, Wanted},
    },
};

const MANAGE: Option<Permission> = Some(Permission::WebhookManage);

/// What callers do with the endpoints of their workspace.
pub struct Endpoints<'a> {
    webhooks: &'a Webhooks,
    identity: &'a Identity,
}

/// A delivery: what was sent, if that is still there, and what its last tries came to.
pub type WithTries = (Notification, Option<String>, Vec<Attempt>);

impl Webhooks {
    pub fn endpoints<'a>(&'a self, identity: &'a Identity) -> Endpoints<'a> {
        Endpoints { webhooks: self, identity }
    }
}

impl Endpoints<'_> {
    /// All of them, the oldest first.
    pub async fn list(&self, caller: &Caller) -> Result<Vec<Endpoint>, Failure> {
        let list = async |conn: &mut PgConnection| webhooks::list(conn, caller.workspace).await;
        self.identity.look(caller, list).await
    }

    pub async fn get(&self, caller: &Caller, id: EndpointId) -> Result<Option<Endpoint>, Failure> {
        let get = async |conn: &mut PgConnection| webhooks::get(conn, caller.workspace, id).await;
        self.identity.look(caller, get).await
    }

    /// Makes one. Answers it with its secret.
    pub async fn create(&self, call: Call<'_>, wanted: &Wanted) -> Result<(Endpoint, SecretString), Failure> {
        let workspace = call.caller.workspace;
        let create = async |conn: &mut PgConnection, by: &By<'_>| {
            self.webhooks.create(conn, by, workspace, wanted).await
        };
        self.identity.change(call, MANAGE, create).await
    }

    pub async fn update(&self, call: Call<'_>, id: EndpointId, change: Change) -> Result<Endpoint, Failure> {
        let which = (call.caller.workspace, id);
        let update =
            async |conn: &mut PgConnection, by: &By<'_>| manage::update(conn, by, which, change).await;
        self.identity.change(call, MANAGE, update).await
    }

    pub async fn delete(&self, call: Call<'_>, id: EndpointId) -> Result<(), Failure> {
        let which = (call.caller.workspace, id);
        let delete = async |conn: &mut PgConnection, by: &By<'_>| manage::delete(conn, by, which).await;
        self.identity.change(call, MANAGE, delete).await
    }

    /// Gives one another secret. Answers it with that.
    pub async fn rotate(
        &self,
        call: Call<'_>,
        id: EndpointId,
        overlap: Duration,
    ) -> Result<(Endpoint, SecretString), Failure> {
        let which = (call.caller.workspace, id);
        let rotate =
            async |conn: &mut PgConnection, by: &By<'_>| self.webhooks.rotate(conn, by, which, overlap).await;
        self.identity.change(call, MANAGE, rotate).await
    }

    /// Sends a test. Answers the id of its delivery.
    pub async fn test(&self, call: Call<'_>, id: EndpointId) -> Result<NotificationId, Failure> {
        let which = (call.caller.workspace, id);
        let test = async |conn: &mut PgConnection, by: &By<'_>| self.webhooks.test(conn, by, which).await;
        self.identity.change(call, MANAGE, test).await
    }

    /// Sends events again that fit. Answers how many.
    pub async fn replay(&self, call: Call<'_>, id: EndpointId, which: &Which) -> Result<i64, Failure> {
        let endpoint = (call.caller.workspace, id);
        let replay =
            async |conn: &mut PgConnection, by: &By<'_>| manage::replay(conn, by, endpoint, which).await;
        self.identity.change(call, MANAGE, replay).await
    }

    /// A page of an endpoint's deliveries, the newest first, behind that one. `None`: there is no such endpoint.
    pub async fn deliveries(
        &self,
        caller: &Caller,
        id: EndpointId,
        which: (Option<Status>, Option<NotificationId>),
        limit: i64,
    ) -> Result<Option<Page<Notification>>, Failure> {
        let list = async |conn: &mut PgConnection| {
            if webhooks::get(&mut *conn, caller.workspace, id).await?.is_none() {
                return Ok(None);
            }
            notifications::deliveries(conn, caller.workspace, id, which, limit).await.map(Some)
        };
        self.identity.look(caller, list).await
    }

    /// A delivery of an endpoint.
    pub async fn delivery(
        &self,
        caller: &Caller,
        (id, delivery): (EndpointId, NotificationId),
    ) -> Result<Option<WithTries>, Failure> {
        let workspace = caller.workspace;
        let get = async |conn: &mut PgConnection| {
            let found = notifications::get(&mut *conn, workspace, delivery).await?;
            let is_its = |it: &Notification| it.channel == "webhook" && it.recipient == id.to_string();
            let Some(found) = found.filter(is_its) else { return Ok(None) };
            let body = deliveries::body(&mut *conn, workspace, id, delivery).await?;
            Ok(Some((found, body, notifications::attempts(conn, workspace, delivery).await?)))
        };
        self.identity.look(caller, get).await
    }
}
