//! What a caller came with, as far as it may be remembered: enough to look it up again, never a secret.

use std::net::IpAddr;

use chrono::{DateTime, Utc};

use super::{
    ids::{KeyId, PrincipalId, SessionId},
    names::PrincipalName,
};

/// A credential by its row, or, for an issuer's token, by whom it speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Credential {
    Key(KeyId),
    Session(SessionId),
    Token { principal: PrincipalId, expires_at: DateTime<Utc> },
}

/// By what, and from where, something is done: what its record says besides by whom.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// The credential's public name, for example `key:lkaqmt2vfljk`.
    pub credential: Option<String>,
    /// For whom the actor acts, where that is another person.
    pub on_behalf_of: Option<PrincipalName>,
    pub address: Option<IpAddr>,
    pub user_agent: Option<String>,
    /// The HTTP request.
    pub request_id: Option<String>,
}
