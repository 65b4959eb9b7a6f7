//! Commands for operators go to the database, not through the API: they work before there is a key, and when no
//! instance runs.

use anyhow::Context;
use secrecy::ExposeSecret;
use sqlx::{Connection, PgConnection};

use crate::{app::database_options, config::database_url};

/// A connection in the role that may administer workspaces, and nothing else.
pub async fn connect() -> anyhow::Result<PgConnection> {
    let options = database_options(database_url()?.expose_secret())?.options([("role", "signoff_operator")]);
    PgConnection::connect_with(&options).await.context(
        "can't connect to the database as an operator (its login must be a member of signoff_app; \
         `signoff check` tells)",
    )
}
