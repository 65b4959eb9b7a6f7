//! The chain over the log, as it stands in the database: for those that link (`linking`), and for those that verify
//! (`looking`).

use uuid::Uuid;

use crate::domain::chain::{FORMAT, Record, moment};

struct RawRow {
    seq: Option<i64>,
    at: Option<Vec<u8>>,
    action: Option<String>,
    actor_id: Option<Uuid>,
    actor_name: Option<String>,
    address: Option<String>,
    after: Option<String>,
    approval_id: Option<Uuid>,
    before: Option<String>,
    credential: Option<String>,
    detail: Option<String>,
    on_behalf_of: Option<String>,
    request_id: Option<String>,
    run_id: Option<String>,
    subject: Option<String>,
    user_agent: Option<String>,
    via: Option<String>,
    workspace_id: Option<Uuid>,
    // Of the link.
    position: Option<i64>,
    link: Option<i64>,
    content: Option<Vec<u8>>,
    hash: Option<Vec<u8>>,
    // Of the row; where a page is to end by it.
    bytes: Option<i32>,
}

/// Since 2000. As bytes, because a moment that is no date must not stop a reader.
fn micros(sent: Option<&[u8]>) -> Option<i64> {
    Some(i64::from_be_bytes(sent?.try_into().ok()?))
}

impl RawRow {
    fn into_record(self) -> Record {
        Record {
            action: self.action,
            actor_id: self.actor_id,
            actor_name: self.actor_name,
            address: self.address,
            after: self.after,
            approval_id: self.approval_id,
            at: micros(self.at.as_deref()).map(moment),
            before: self.before,
            credential: self.credential,
            detail: self.detail,
            format: FORMAT,
            on_behalf_of: self.on_behalf_of,
            request_id: self.request_id,
            run_id: self.run_id,
            subject: self.subject,
            user_agent: self.user_agent,
            via: self.via,
            workspace_id: self.workspace_id,
        }
    }
}

/// Reads rows with their links: everything that is hashed, from what follows `FROM`.
macro_rules! rows {
    ($from:literal, $($argument:expr),*) => {
        sqlx::query_as!(
            RawRow,
            r#"SELECT l.seq AS "seq?", timestamptz_send(l.at) AS "at?", l.action AS "action?", l.actor_id,
                      l.actor_name, l.address, l.after::text, l.approval_id, l.before::text, l.credential,
                      l.detail::text AS "detail?", l.on_behalf_of, l.request_id, l.run_id, l.subject, l.user_agent,
                      l.via AS "via?", l.workspace_id AS "workspace_id?",
                      c.position AS "position?", c.seq AS "link?", c.content AS "content?", c.hash AS "hash?",
                      l.bytes AS "bytes?"
                 FROM "# + $from,
            $($argument),*
        )
    };
}

mod linking;
mod looking;

pub use self::{linking::*, looking::*};
