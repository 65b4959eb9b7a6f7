//! Who calls, in a handler's signature: `May<Create>` is a caller whose credential allows to create.

use std::marker::PhantomData;

use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts},
};

use super::Api;
use crate::{
    auth::{Caller, Permission, Rejection},
    wire::problem::Problem,
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

impl<P: Needs> FromRequestParts<Api> for May<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let header = parts.headers.get(header::AUTHORIZATION).ok_or(Rejection::Unauthenticated)?;
        let header = header.to_str().map_err(|_| Rejection::Unauthenticated)?;
        let caller = api.authenticator.authenticate(header).await?;
        if !caller.may(P::PERMISSION) {
            return Err(Problem::forbidden(P::PERMISSION));
        }
        Ok(Self { caller, permission: PhantomData })
    }
}
