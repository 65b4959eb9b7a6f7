//! Administering one's own workspace: its settings, principals, roles, keys and delegations.

pub mod delegations;
pub mod keys;
pub mod principals;
pub mod roles;
pub mod workspace;
