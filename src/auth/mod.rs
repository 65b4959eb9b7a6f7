//! From a credential to who acts, and what they may do. The actor of everything comes from here, never from a
//! request's body.

mod authenticator;
mod caller;
mod decider;
pub mod key;
mod known;
pub mod link;
mod newcomer;
pub mod permission;
pub mod role;
pub mod secret;
mod sessions;
mod sign_in;
mod switching;
pub mod ticket;
mod tokens;

pub use self::{
    authenticator::{Authenticator, Lasting, Rejection, Used},
    caller::Caller,
    decider::{Behind, Decider},
    permission::{Permission, Permissions},
    sessions::{Opened, Opener, Own, record_end},
    sign_in::Return,
    switching::Switched,
};
