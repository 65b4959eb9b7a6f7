//! Who a request comes from. A body may take its time to arrive; then the caller is looked at once more before anything
//! is done, for the credential may have been withdrawn meanwhile.
//!
//! A body that comes at once costs no second look.

use std::{
    sync::OnceLock,
    time::{Duration, Instant},
};

use super::{Api, caller::refused};
use crate::{
    auth::{Caller, Permission},
    wire::problem::Problem,
};

/// A caller is taken for what it was for so long. With what is remembered of a credential, it stays below the five
/// seconds of the contract.
const MOMENT: Duration = Duration::from_secs(1);

/// The caller of a request.
pub struct Established {
    first: Caller,
    at: Instant,
    /// What the request needs.
    needs: OnceLock<Permission>,
    /// The caller as it was when the body had arrived.
    renewed: OnceLock<Box<Caller>>,
}

impl Established {
    pub fn new(caller: Caller) -> Self {
        Self { first: caller, at: Instant::now(), needs: OnceLock::new(), renewed: OnceLock::new() }
    }

    /// As it was last looked at.
    pub fn caller(&self) -> &Caller {
        self.renewed.get().map_or(&self.first, |renewed| renewed)
    }

    /// Refuses whom this isn't allowed, now and when the caller is looked at again.
    pub fn need(&self, permission: Permission) -> Result<(), Problem> {
        // A request needs one permission; the first that is asked for is that one.
        let _ = self.needs.set(permission);
        check(self.caller(), permission)
    }

    /// To be called when the body has arrived.
    pub async fn look_again(&self, api: &Api) -> Result<(), Problem> {
        if self.at.elapsed() < MOMENT {
            return Ok(());
        }
        // Boxed: what comes at once should not carry room for it.
        let now = Box::pin(api.authenticator.again_since(&self.first, self.at)).await?;
        if let Some(permission) = self.needs.get() {
            check(&now, *permission)?;
        }
        // A request has one body.
        let _ = self.renewed.set(Box::new(now));
        Ok(())
    }
}

fn check(caller: &Caller, permission: Permission) -> Result<(), Problem> {
    if caller.may(permission) { Ok(()) } else { Err(refused(caller, permission)) }
}
