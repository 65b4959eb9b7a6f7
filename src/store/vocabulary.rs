//! Closed vocabularies of stored texts as the OpenAPI document shows them: an `enum` each.
//!
//! Only schemas. `wire::vocabulary` has the others.

use crate::domain::{approval::Via, policy::who::Kind};

/// A schema for each list of words.
macro_rules! schemas {
    ($($(#[doc = $text:literal])+ $name:ident = $words:expr;)+) => {$(
        $(#[doc = $text])+
        pub struct $name;

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::schema::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .description(Some(concat!($($text),+).trim()))
                    .enum_values(Some($words.iter().copied()))
                    .build()
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}
    )+};
}

pub(crate) use schemas;

schemas! {
    /// What a principal is. A service decides only where a policy says so.
    PrincipalKind = Kind::WORDS;
    /// How a delegation stands.
    DelegationState = ["scheduled", "active", "ended", "revoked"];
    /// How something came about: as an approval ended, by an operator at the command line, by a sign-in, or by the service
    /// itself.
    RecordVia = [Via::WORDS, &["operator", "sign_in", "service"]].concat();
}
