//! Signs where the audit's chains stand, now and then, if a key is configured. Every instance looks; the age of the
//! last checkpoint says whether there is anything to do.

use std::time::Duration;

use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use super::{Round, Workers};
use crate::{
    audit::{checkpoint::Signer, checkpoints::make_page},
    store::{self, checkpoints},
};

/// Between two looks; shorter where checkpoints are made more often.
const INTERVAL: Duration = Duration::from_mins(1);
/// Longest a page may take.
const LIMIT: Duration = Duration::from_secs(4);

pub(super) async fn run(workers: Workers) {
    let (Some(signer), Some(age)) = (workers.signer.clone(), workers.audit.interval()) else {
        // Nothing to do, ever; a service that ended would bring the instance down.
        return std::future::pending().await;
    };
    let mut round = Round::new("checkpoints", workers.metrics.clone());
    loop {
        let mut after = Some(Uuid::nil());
        while let Some(behind) = after {
            let page = async |conn: &mut PgConnection| page(conn, &signer, age, behind).await;
            after = round.run(workers.database.work.run(LIMIT, page)).await.flatten();
        }
        tokio::time::sleep(INTERVAL.mul_f64(rand::random_range(0.5..1.0))).await;
    }
}

async fn page(
    conn: &mut PgConnection,
    signer: &Signer,
    age: Duration,
    behind: Uuid,
) -> Result<Option<Uuid>, store::Error> {
    let mut transaction = conn.begin().await?;
    let mut next = None;
    if checkpoints::lock(&mut transaction).await? {
        next = make_page(&mut transaction, signer, (None, Some(age)), behind).await?.1;
    }
    transaction.commit().await?;
    Ok(next)
}
