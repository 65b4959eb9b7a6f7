//! From a credential to who acts, and what they may do. The actor of everything comes from here, never from a
//! request's body.

mod authenticator;
pub mod key;
pub mod permission;
pub mod ticket;

pub use self::{
    authenticator::{Authenticator, Caller, Rejection},
    permission::Permission,
};
