//! How many approvals are pending, as callers see it.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::store::listing::Counts;

/// How many are pending.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Counts)]
pub struct CountsView {
    /// Those that the caller may still vote on: as many as the list has with `approver=me`.
    #[schema(example = 7)]
    mine: i64,
    #[schema(example = 23)]
    all: i64,
    soonest: SoonestView,
}

/// The earliest deadline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Soonest)]
pub struct SoonestView {
    mine: Option<DateTime<Utc>>,
    all: Option<DateTime<Utc>>,
}

impl CountsView {
    /// `decides`: whether the credential allows to decide anything.
    pub fn new(counts: Counts, decides: bool) -> Self {
        let soonest = SoonestView { mine: counts.soonest_mine.filter(|_| decides), all: counts.soonest };
        Self { mine: if decides { counts.mine } else { 0 }, all: counts.all, soonest }
    }
}
