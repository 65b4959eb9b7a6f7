//! Who calls, in a handler's signature: `May<Create>` is a caller whose credential allows to create.

use std::marker::PhantomData;

use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts},
};

use super::Api;
use crate::{
    auth::{Caller, Permission, Rejection},
    wire::problem::{Code, Problem},
};

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
    ViewPending = ApprovalViewPending,
    ViewHistory = ApprovalViewHistory,
    Publish = EventPublish,
    Subscribe = EventSubscribe,
    ViewConnections = ConnectionView,
    CloseConnection = ConnectionClose,
    DeleteRun = RunDelete,
    ViewCluster = ClusterView,
}

/// An authenticated caller who may do `P`.
pub struct May<P> {
    pub caller: Caller,
    permission: PhantomData<P>,
}

impl<P: Needs> May<P> {
    /// The caller, if the credential allows it.
    fn of(caller: Caller) -> Result<Self, Problem> {
        if caller.may(P::PERMISSION) {
            Ok(Self { caller, permission: PhantomData })
        } else {
            Err(Problem::forbidden(P::PERMISSION))
        }
    }
}

impl<P: Needs> FromRequestParts<Api> for May<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        Self::of(authenticate(parts, api).await?)
    }
}

/// An authenticated caller who may do `P` or `Q`, where only the body tells which is needed. Who it is comes out only
/// for one of the two, and only if that one is allowed.
pub struct MayEither<P, Q> {
    caller: Caller,
    permissions: PhantomData<(P, Q)>,
}

impl<P: Needs, Q: Needs> MayEither<P, Q> {
    pub fn first(self) -> Result<May<P>, Problem> {
        May::of(self.caller)
    }

    pub fn second(self) -> Result<May<Q>, Problem> {
        May::of(self.caller)
    }
}

impl<P: Needs, Q: Needs> FromRequestParts<Api> for MayEither<P, Q> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let caller = authenticate(parts, api).await?;
        if caller.may(P::PERMISSION) || caller.may(Q::PERMISSION) {
            Ok(Self { caller, permissions: PhantomData })
        } else {
            let (one, other) = (P::PERMISSION.as_str(), Q::PERMISSION.as_str());
            Err(Problem::new(Code::Forbidden, format!("it needs the permission {one} or {other}")))
        }
    }
}

async fn authenticate(parts: &Parts, api: &Api) -> Result<Caller, Problem> {
    let header = parts.headers.get(header::AUTHORIZATION).ok_or(Rejection::Unauthenticated)?;
    let header = header.to_str().map_err(|_| Rejection::Unauthenticated)?;
    Ok(api.authenticator.authenticate(header).await?)
}
