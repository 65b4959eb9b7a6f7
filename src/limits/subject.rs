//! Whom a bucket belongs to, and which limits there are.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
};

use super::bucket::Rate;
use crate::{
    config,
    domain::ids::{LinkId, PrincipalId, WorkspaceId},
};

/// A caller, an address or a kind of try that has a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// Requests from there, with a credential that is good.
    Address(Network),
    /// Requests from there with nothing that was good lately: pages, sign-ins, whatever has to be looked up first.
    Strangers(Network),
    /// Requests of one principal, with whichever key.
    Principal(PrincipalId),
    /// Requests of all of a workspace.
    Workspace(WorkspaceId),
    /// Credentials from there that were refused.
    FailedCredentials(Network),
    /// Sign-ins at the issuer from there that failed.
    FailedSignIns(Network),
    /// Looks at one link to decide by.
    LinkLooks(LinkId),
    /// What is sent to one.
    LinkPosts(LinkId),
}

/// What kind of bucket it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Address,
    Strangers,
    Principal,
    Workspace,
    FailedCredentials,
    FailedSignIns,
    LinkLooks,
    LinkPosts,
}

/// Where a caller is, as finely as buckets tell: an IPv4 address, or an IPv6 network of 64 bits. One customer has at
/// least that many addresses, and would otherwise have as many buckets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network(IpAddr);

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
            }
            v4 @ IpAddr::V4(_) => v4,
        })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Kind {
    /// As metrics, headers and Redis say it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Strangers => "strangers",
            Self::Principal => "principal",
            Self::Workspace => "workspace",
            Self::FailedCredentials => "failed_credentials",
            Self::FailedSignIns => "failed_sign_ins",
            Self::LinkLooks => "link_looks",
            Self::LinkPosts => "link_posts",
        }
    }
}

impl Subject {
    pub fn kind(&self) -> Kind {
        match self {
            Self::Address(_) => Kind::Address,
            Self::Strangers(_) => Kind::Strangers,
            Self::Principal(_) => Kind::Principal,
            Self::Workspace(_) => Kind::Workspace,
            Self::FailedCredentials(_) => Kind::FailedCredentials,
            Self::FailedSignIns(_) => Kind::FailedSignIns,
            Self::LinkLooks(_) => Kind::LinkLooks,
            Self::LinkPosts(_) => Kind::LinkPosts,
        }
    }
}

/// Who it is, without of which kind.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(network)
            | Self::Strangers(network)
            | Self::FailedCredentials(network)
            | Self::FailedSignIns(network) => network.fmt(f),
            Self::Principal(id) => id.fmt(f),
            Self::Workspace(id) => id.fmt(f),
            Self::LinkLooks(id) | Self::LinkPosts(id) => id.fmt(f),
        }
    }
}

/// The limit of each kind; none where there is no limit.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rules {
    pub address: Option<Rate>,
    pub principal: Option<Rate>,
    pub workspace: Option<Rate>,
    pub failed_credentials: Option<Rate>,
}

impl Rules {
    pub fn of(&self, kind: Kind) -> Option<Rate> {
        match kind {
            Kind::Address | Kind::Strangers => self.address,
            Kind::Principal => self.principal,
            Kind::Workspace => self.workspace,
            Kind::FailedCredentials | Kind::FailedSignIns => self.failed_credentials,
            // A person's looks and tries: no setting, for no one has more of them.
            Kind::LinkLooks => Some(Rate { per_second: 1.0, burst: 60 }),
            Kind::LinkPosts => Some(Rate { per_second: 10.0 / 60.0, burst: 10 }),
        }
    }
}

impl From<&config::RateLimits> for Rules {
    fn from(limits: &config::RateLimits) -> Self {
        let rate = |per_second, burst| (per_second > 0.0).then_some(Rate { per_second, burst });
        let failures = limits.failed_credentials_per_minute;
        Self {
            address: rate(limits.address_requests_per_second, limits.address_burst),
            principal: rate(limits.principal_requests_per_second, limits.principal_burst),
            workspace: rate(limits.workspace_requests_per_second, limits.workspace_burst),
            failed_credentials: rate(f64::from(failures) / 60.0, failures),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_apart_as_far_as_they_should_be() {
        let network = |text: &str| Network::from(text.parse::<IpAddr>().unwrap());
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
        assert_eq!(network("192.0.2.1"), network("::ffff:192.0.2.1"));
        assert_eq!(network("2001:db8:1:2:3::4"), network("2001:db8:1:2:ffff::"));
        assert_ne!(network("2001:db8:1:2::"), network("2001:db8:1:3::"));
        assert_eq!(network("2001:db8:1:2:3::4").to_string(), "2001:db8:1:2::");
    }
}
