//! What a principal has chosen for the web app.

use serde_json::value::RawValue;
use sqlx::PgConnection;

use super::{Failure, Identity};
use crate::{
    auth::Caller,
    domain::decision::Precondition,
    store::preferences::{self, Stored},
};

impl Identity {
    /// The caller's own. `None`: nothing was ever stored.
    pub async fn preferences(&self, caller: &Caller) -> Result<Option<Stored>, Failure> {
        let get =
            async |conn: &mut PgConnection| preferences::get(conn, caller.workspace, caller.actor.id).await;
        self.look(caller, get).await
    }

    /// Replaces the caller's own, and answers their new version. `None`: they have changed since the caller saw them.
    pub async fn set_preferences(
        &self,
        caller: &Caller,
        wanted: &RawValue,
        precondition: &Precondition,
    ) -> Result<Option<i32>, Failure> {
        let put = async |conn: &mut PgConnection| {
            preferences::put(conn, caller.workspace, caller.actor.id, wanted, precondition).await
        };
        self.look(caller, put).await
    }
}
