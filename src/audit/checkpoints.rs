//! Making checkpoints, one for each chain that has moved, and reading those that are kept.

use std::time::Duration;

use sqlx::PgConnection;
use uuid::Uuid;

use super::checkpoint::{Checkpoint, Signer};
use crate::{
    domain::chain::{ChainEnd, Digest, FORMAT, written},
    ed25519::PublicKey,
    store::{
        Error,
        checkpoints::{self, Due, Row, Which},
    },
};

/// Workspaces in one page.
const PAGE: i64 = 500;

/// Signs and keeps checkpoints, of one workspace or of all. With an `age`: only of those chains that have moved since
/// their last one by this key, if that is so old. Answers with up to a page's worth, and where to go on.
pub async fn make_page(
    conn: &mut PgConnection,
    signer: &Signer,
    (workspace, age): (Option<Uuid>, Option<Duration>),
    after: Uuid,
) -> Result<(Vec<Checkpoint>, Option<Uuid>), Error> {
    let which = Which { workspace, key_id: &signer.public_key().id(), age };
    let due = checkpoints::due(conn, which, after, PAGE).await?;
    let next = due.last().map(|last| last.workspace);
    let made: Vec<Checkpoint> = due.into_iter().filter_map(|due| sign(signer, due)).collect();
    if !made.is_empty() {
        checkpoints::insert(conn, &made.iter().map(kept).collect::<Vec<_>>()).await?;
    }
    Ok((made, next))
}

/// `None`: there is nothing to sign, or nothing that could be a link.
fn sign(signer: &Signer, Due { workspace, end, at }: Due) -> Option<Checkpoint> {
    let (position, hash) = end?;
    let Ok(hash) = Digest::try_from(&*hash) else {
        tracing::error!(%workspace, position, "the end of its chain holds no hash; no checkpoint is made");
        return None;
    };
    Some(signer.sign(ChainEnd { at: written(at), format: FORMAT, hash, position, workspace_id: workspace }))
}

fn kept(made: &Checkpoint) -> Row {
    Row {
        workspace: made.standing.workspace_id,
        position: made.standing.position,
        hash: made.standing.hash.0.to_vec(),
        // What was written from the database's own moment is read back as that.
        at: made.standing.at.parse().unwrap_or_default(),
        key_id: made.key_id.clone(),
        public_key: made.public_key.0.to_vec(),
        signature: made.signature_bytes(),
    }
}

/// As it was signed. `None`: it can't have been signed like that.
pub fn read(row: &Row) -> Option<Checkpoint> {
    Some(Checkpoint {
        standing: ChainEnd {
            at: written(row.at),
            format: FORMAT,
            hash: Digest::try_from(&*row.hash).ok()?,
            position: row.position,
            workspace_id: row.workspace,
        },
        key_id: row.key_id.clone(),
        public_key: PublicKey(row.public_key.as_slice().try_into().ok()?),
        signature: Checkpoint::encode_signature(&row.signature),
    })
}
