//! A connection that belongs to no pool, for what takes long: no pool's work waits for it.

use std::time::Duration;

use sqlx::{Connection, PgConnection};

use super::{Database, Error};

/// Longest until it is open.
const OPENING: Duration = Duration::from_secs(2);

impl Database {
    /// A connection in the role of background work. Dropping it closes it. A
    /// statement on it may take its time.
    pub async fn apart(&self) -> Result<PgConnection, Error> {
        let options = self.options.clone().options([("role", "signoff_work"), ("statement_timeout", "30s")]);
        tokio::time::timeout(OPENING, PgConnection::connect_with(&options)).await?.map_err(Error::from)
    }
}
