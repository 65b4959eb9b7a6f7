//! One command by itself, under the row's lock: what a batch left out, because another holds the row, or was
//! faster.

use sqlx::Connection;
use tokio::time::timeout;

use super::{COMMAND, Command, Committed, Failure, Shared, Taken, attempt};
use crate::{
    batch::{Trouble, Weigh, has_lapsed},
    store::{self, approvals},
};

/// Takes one command under the row's lock, waiting for the transaction that holds it.
pub fn spawn(shared: &Shared, command: Command) {
    let shared_here = shared.clone();
    shared.lifecycle.spawn("single commit", async move {
        let left = COMMAND.saturating_sub(command.since.elapsed());
        let commands = [command];
        let result = timeout(left, singly(&shared_here, &commands)).await;
        let [command] = commands;
        match result {
            Ok(Ok(Some(outcome))) => drop(outcome.conclude(&shared_here, vec![command])),
            Ok(Ok(None)) => command.answer(Err(Failure::Trouble(Trouble::TimedOut))),
            Ok(Err(error)) => {
                shared_here.may_have_committed();
                tracing::warn!(%error, approval_id = %command.approval, "a command failed");
                command.answer(Err(Failure::Trouble(error.into())));
            }
            Err(elapsed) => {
                shared_here.may_have_committed();
                command.answer(Err(Failure::Trouble(elapsed.into())));
            }
        }
    });
}

/// `None`: it took so long to get the lock that the caller would have to be looked at again. Nothing was done.
async fn singly(shared: &Shared, command: &[Command; 1]) -> Result<Option<Committed>, store::Error> {
    loop {
        let epoch = shared.database.epoch().ok();
        let (mut conn, _place) = shared.transaction(command[0].workspace()).await?;
        let mut transaction = conn.begin().await?;
        approvals::lock(&mut transaction, command[0].approval).await?;
        if has_lapsed(command[0].looked_at()) {
            transaction.rollback().await?;
            conn.done();
            return Ok(None);
        }
        let mut outcome = attempt(shared, &mut transaction, command).await?.written_in(epoch);
        transaction.commit().await?;
        conn.done();
        outcome.announce(shared);
        // Under the lock only the deadline can still come between reading and writing; then it is due. Or it was due, and
        // stands at its next level now.
        if outcome.results.iter().all(|taken| matches!(taken, Taken::Done(_))) {
            return Ok(Some(outcome));
        }
    }
}
