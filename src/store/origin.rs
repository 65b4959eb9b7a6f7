//! From where a call came, as columns of its record.

use std::net::IpAddr;

use serde::Serialize;

use crate::domain::{credential::Origin, names::PrincipalName};

/// Part of a row that becomes JSON. Absent fields are NULL to the statement.
#[derive(Serialize)]
pub(super) struct OriginRow<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    on_behalf_of: Option<&'a PrincipalName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credential: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
}

impl<'a> From<&'a Origin> for OriginRow<'a> {
    fn from(origin: &'a Origin) -> Self {
        Self {
            on_behalf_of: origin.on_behalf_of.as_ref(),
            credential: origin.credential.as_deref(),
            address: origin.address,
            user_agent: origin.user_agent.as_deref(),
            request_id: origin.request_id.as_deref(),
        }
    }
}
