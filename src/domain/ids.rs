//! Ids that Signoff makes: UUIDv7, one type for each thing, so that one can't be passed for another.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id, ordered by the time of its making.
            pub fn generate() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

ids! {
    /// One question to people.
    ApprovalId,
    /// One person's answer to it.
    DecisionId,
    /// A tenant.
    WorkspaceId,
    /// Who acts: a person or a service.
    PrincipalId,
    /// An API key's row (never its secret).
    KeyId,
    /// A browser session's row.
    SessionId,
    /// Where a workspace wants its events.
    EndpointId,
    /// One message to one recipient.
    NotificationId,
    /// One link to decide by.
    LinkId,
    /// One person's leave for another to sit in their seat.
    DelegationId,
    /// One executor's hold on an approved action.
    ClaimId,
}

impl ApprovalId {
    /// What a text names, if it is an id. One spelling for each: the hyphenated one.
    pub fn parse(text: &str) -> Option<Self> {
        Uuid::try_parse(text).ok().filter(|_| text.len() == 36).map(Self)
    }
}
