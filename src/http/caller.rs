//! Who calls, in a handler's signature: `May<Create>` is a caller whose credential allows to create.

use std::{marker::PhantomData, sync::Arc};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};

use super::{
    Api,
    address::ClientAddress,
    admission::{Admission, Credential},
    cookies::Cookie,
    established::Established,
    request_id::RequestId,
    site::Site,
};
use crate::{
    approvals::Authority,
    auth::{Caller, Permission, Permissions, Rejection, secret::Secret},
    domain::credential::Origin,
    identity::Call,
    wire::problem::{Code, Problem},
};

/// Longest part of a `User-Agent` that is recorded, in bytes.
const LONGEST_AGENT: usize = 200;

/// A type that stands for a permission.
pub trait Needs: Send {
    const PERMISSION: Permission;
}

macro_rules! needs {
    ($($name:ident = $permission:ident),+ $(,)?) => {$(
        pub struct $name;

        impl Needs for $name {
            const PERMISSION: Permission = Permission::$permission;
        }
    )+};
}

needs! {
    Create = ApprovalCreate,
    Approve = ApprovalApprove,
    Reject = ApprovalReject,
    Cancel = ApprovalCancel,
    Escalate = ApprovalEscalate,
    Extend = ApprovalExtend,
    Claim = ApprovalClaim,
    ViewPending = ApprovalViewPending,
    ViewHistory = ApprovalViewHistory,
    DeleteRun = RunDelete,
    Publish = EventPublish,
    Subscribe = EventSubscribe,
    ViewConnections = ConnectionView,
    CloseConnection = ConnectionClose,
    ViewCluster = ClusterView,
    ManageKeys = KeyManage,
    ManagePrincipals = PrincipalManage,
    ViewNotifications = NotificationView,
    ManageNotifications = NotificationManage,
    ManageWebhooks = WebhookManage,
    ViewAudit = AuditView,
    Administer = WorkspaceAdmin,
}

/// An authenticated caller who may do `P`, and whose limits allow the request.
pub struct May<P> {
    established: Arc<Established>,
    /// For the record of what it does.
    pub origin: Arc<Origin>,
    permission: PhantomData<P>,
}

impl<P> May<P> {
    /// Who it is: where a body took its time, as of when it had arrived.
    pub fn caller(&self) -> &Caller {
        self.established.caller()
    }

    /// The same with where the call comes from, for administration.
    pub fn call(&self) -> Call<'_> {
        Call { caller: self.caller(), origin: &self.origin }
    }

    /// By whose authority it is done.
    pub fn authority(&self) -> Authority {
        authority(self.caller(), self.origin.clone())
    }

    /// The caller; nothing else of the request is kept.
    pub fn into_established(self) -> Arc<Established> {
        self.established
    }
}

impl<P: Needs> May<P> {
    /// The caller, if the credential allows it.
    fn of(Somebody { established, origin }: Somebody) -> Result<Self, Problem> {
        established.need(P::PERMISSION)?;
        Ok(Self { established, origin, permission: PhantomData })
    }
}

impl<P: Needs> FromRequestParts<Api> for May<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        Self::of(Somebody::from_request_parts(parts, api).await?)
    }
}

/// An authenticated caller who may do `P` or `Q`, where only the body tells which is needed. Who it is comes out only
/// for one of the two, and only if that one is allowed.
pub struct MayEither<P, Q> {
    somebody: Somebody,
    permissions: PhantomData<(P, Q)>,
}

impl<P: Needs, Q: Needs> MayEither<P, Q> {
    pub fn first(self) -> Result<May<P>, Problem> {
        May::of(self.somebody)
    }

    pub fn second(self) -> Result<May<Q>, Problem> {
        May::of(self.somebody)
    }

    /// The caller, for whom the use case itself tells which of the two is needed.
    pub fn whichever(self) -> Somebody {
        self.somebody
    }
}

impl<P: Needs, Q: Needs> FromRequestParts<Api> for MayEither<P, Q> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let somebody = Somebody::from_request_parts(parts, api).await?;
        let caller = somebody.caller();
        if caller.may(P::PERMISSION) || caller.may(Q::PERMISSION) {
            Ok(Self { somebody, permissions: PhantomData })
        } else {
            let (one, other) = (P::PERMISSION.as_str(), Q::PERMISSION.as_str());
            Err(Problem::new(Code::Forbidden, format!("it needs the permission {one} or {other}")))
        }
    }
}

/// An authenticated caller, whatever they may do, and whose limits allow the request.
pub struct Somebody {
    established: Arc<Established>,
    pub origin: Arc<Origin>,
}

impl Somebody {
    pub fn caller(&self) -> &Caller {
        self.established.caller()
    }

    pub fn call(&self) -> Call<'_> {
        Call { caller: self.caller(), origin: &self.origin }
    }
}

impl FromRequestParts<Api> for Somebody {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let origin = arrival(parts);
        let secret;
        let credential = if let Some(header) = parts.headers.get(header::AUTHORIZATION) {
            // What can't be read is a credential that is refused, like any other.
            Credential::Header(header.to_str().unwrap_or_default(), &origin)
        } else {
            secret = session(parts, api)?;
            Credential::Session(&secret)
        };
        // Boxed: a waiter would otherwise carry room for it for as long as it waits.
        let admission = Admission::of(parts)?;
        let caller = Box::pin(admission.caller(api, credential)).await?;
        api.names.check(parts)?;
        let origin = Arc::new(self::origin(&caller, parts));
        let established = Arc::new(Established::new(caller));
        // For the body, which is still to come.
        admission.establish(established.clone());
        Ok(Self { established, origin })
    }
}

/// The browser's cookie, if one of our own pages asks.
fn session(parts: &Parts, api: &Api) -> Result<Secret, Problem> {
    if !parts.headers.contains_key(header::COOKIE) {
        return Err(Rejection::Unauthenticated.into());
    }
    let site = Site::of(api, &parts.headers).map_err(|_| Rejection::Unauthenticated)?;
    let secret = Cookie::Session.read(&site, &parts.headers).ok_or(Rejection::Unauthenticated)?;
    site.check_same_origin(parts)?;
    Ok(secret)
}

/// Why, and for a caller who may do nothing at all, what to do about it.
pub fn refused(caller: &Caller, needed: Permission) -> Problem {
    if caller.permissions != Permissions::NONE {
        return Problem::forbidden(needed);
    }
    let name = caller.actor.name.as_str();
    Problem::new(
        Code::Forbidden,
        format!(
            "{name} has no role here yet, and may do nothing: an administrator gives one (signoff principals set), or \
             the issuer does in its roles claim"
        ),
    )
}

/// By whose authority `caller` does something that is recorded with `origin`.
pub fn authority(caller: &Caller, origin: Arc<Origin>) -> Authority {
    Authority { workspace: caller.workspace, origin, looked_at: Some(caller.looked_at) }
}

/// By what, and from where, `caller` does something.
pub fn origin(caller: &Caller, parts: &Parts) -> Origin {
    Origin {
        credential: Some(caller.credential_name.to_string()),
        on_behalf_of: caller.on_behalf_of.clone(),
        ..arrival(parts)
    }
}

/// From where a request comes, before it is known who sends it.
pub fn arrival(parts: &Parts) -> Origin {
    Origin {
        credential: None,
        on_behalf_of: None,
        address: parts.extensions.get::<ClientAddress>().map(|ClientAddress(address)| *address),
        user_agent: user_agent(&parts.headers),
        request_id: parts.extensions.get::<RequestId>().map(|RequestId(id)| id.clone()),
    }
}

fn user_agent(headers: &HeaderMap) -> Option<String> {
    let agent = headers.get(header::USER_AGENT)?.to_str().ok()?;
    Some(agent.chars().take(LONGEST_AGENT).collect())
}
