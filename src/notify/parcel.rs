//! A parcel is what goes as one message. Mostly it is one notification. Where too many wait for one recipient, they go
//! together.

use std::collections::{HashMap, VecDeque};

use crate::{
    domain::{
        ids::{ApprovalId, PrincipalId},
        notification::{Action, Cause},
    },
    store::lanes::Waiting,
};

/// Notifications that go as one message, the longest overdue first.
#[derive(Debug)]
pub(super) struct Parcel {
    pub first: Waiting,
    pub others: Vec<Waiting>,
}

impl Parcel {
    fn of(first: Waiting) -> Self {
        Self { first, others: Vec::new() }
    }

    pub fn all(&self) -> impl Iterator<Item = &Waiting> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// The approvals that they are about.
    pub fn approvals(&self) -> impl Iterator<Item = ApprovalId> {
        self.all().filter_map(|it| it.approval)
    }
}

/// Whether it asks its recipient for a decision, or tells them that others are asked.
pub(super) fn is_request(it: &Waiting) -> bool {
    it.action == Action::Send
        && matches!(Cause::from_word(&it.cause), Some(Cause::Requested | Cause::Escalated | Cause::Reminder))
}

/// Packs what waits in a lane. Where more requests than `flood` wait for one recipient and are still to be sent, they
/// go together.
pub(super) fn parcels(
    waiting: Vec<Waiting>,
    flood: Option<usize>,
    is_open: impl Fn(&Waiting) -> bool,
) -> VecDeque<Parcel> {
    type Recipient = (String, Option<PrincipalId>);
    let Some(flood) = flood else { return waiting.into_iter().map(Parcel::of).collect() };
    // For each request that may go together with others: its recipient.
    let whose: Vec<Option<Recipient>> = waiting
        .iter()
        .map(|it| {
            (is_request(it) && it.of.is_none() && is_open(it)).then(|| (it.recipient.clone(), it.person))
        })
        .collect();
    let mut counts: HashMap<&Recipient, usize> = HashMap::new();
    for recipient in whose.iter().flatten() {
        *counts.entry(recipient).or_default() += 1;
    }
    let mut parcels: VecDeque<Parcel> = VecDeque::with_capacity(waiting.len());
    let mut together: HashMap<&Recipient, usize> = HashMap::new();
    for (it, whose) in waiting.into_iter().zip(&whose) {
        if let Some(whose) =
            whose.as_ref().filter(|whose| counts.get(whose).is_some_and(|count| *count > flood))
        {
            if let Some(parcel) = together.get(whose).and_then(|place| parcels.get_mut(*place)) {
                parcel.others.push(it);
                continue;
            }
            together.insert(whose, parcels.len());
        }
        parcels.push_back(Parcel::of(it));
    }
    parcels
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chrono::{DateTime, TimeDelta};

    use super::*;
    use crate::domain::ids::{NotificationId, WorkspaceId};
    use crate::store::lanes::When;

    fn waiting(n: i64, recipient: &str, cause: Cause) -> Waiting {
        Waiting {
            id: NotificationId::generate(),
            lane: 1,
            workspace: WorkspaceId::generate(),
            approval: Some(ApprovalId::generate()),
            cause: cause.as_str().to_owned(),
            level: 0,
            version: 1,
            ordinal: 0,
            action: Action::Send,
            of: None,
            place: None,
            recipient: recipient.to_owned(),
            person: None,
            is_disabled: false,
            asks: true,
            news: None,
            due_at: DateTime::UNIX_EPOCH + TimeDelta::seconds(n),
            waited: Duration::ZERO,
            attempts: 0,
            when: When::Now,
        }
    }

    #[test]
    fn only_a_flood_for_one_recipient_goes_together() {
        let mut all = Vec::new();
        for n in 0..11 {
            all.push(waiting(n, "ana", Cause::Requested));
            if n < 10 {
                all.push(waiting(n, "bo", Cause::Requested));
            }
        }
        all.push(waiting(12, "ana", Cause::Decided));
        let parcels = parcels(all.clone(), Some(10), |_| true);
        let sizes: Vec<usize> = parcels.iter().map(|it| it.all().count()).collect();
        assert_eq!(sizes[0], 11, "ana's, in the place of the first of them");
        assert_eq!(sizes[1..], [1; 11], "ten for bo, and what ana is only told");
        assert_eq!(parcels.iter().flat_map(Parcel::approvals).count(), all.len(), "none is lost");
        assert_eq!(super::parcels(all.clone(), None, |_| true).len(), all.len());
        assert_eq!(
            super::parcels(all.clone(), Some(10), |_| false).len(),
            all.len(),
            "what is not sent is no flood"
        );
    }
}
