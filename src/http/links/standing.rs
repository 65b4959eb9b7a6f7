//! What a link is good for by now.

use std::sync::Arc;

use axum::http::StatusCode;
use chrono_tz::Tz;

use crate::{
    auth::{Decider, Permission, link::DecisionLink},
    domain::{
        approval::{Ending, State},
        decision::Verdict,
        policy::admission::Wish,
        redaction::Redactor,
    },
    store::{approvals::Loaded, links::Link},
    wire::problem::{Code, Problem},
};

/// All that a page shows.
pub struct Seen {
    /// What the link is in the hands of who has it.
    pub token: DecisionLink,
    pub link: Link,
    /// `None`: the person is disabled.
    pub decider: Option<Decider>,
    pub loaded: Option<Arc<Loaded>>,
    pub standing: LinkState,
    pub zone: Tz,
    pub redactor: Arc<Redactor>,
}

impl Seen {
    /// Whether the approval is pending at the level that the link is for.
    pub fn is_at_its_level(&self) -> bool {
        self.loaded.as_ref().is_some_and(|loaded| loaded.approval.escalation_level == self.link.level)
    }
}

/// What it is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkState {
    /// The person may answer, in one of these ways at least.
    Asked {
        approve: bool,
        reject: bool,
    },
    /// The person has answered.
    Said(Verdict),
    /// It was decided, or cancelled, without them.
    Ended(Code),
    /// It stands at another level.
    MovedOn,
    Deleted,
    /// The person is disabled, or may not decide any more.
    Forbidden,
    /// The policy does not admit them.
    NotEligible,
}

impl LinkState {
    pub fn of(
        link: &Link,
        decider: Option<&Decider>,
        loaded: Option<&Loaded>,
        said: Option<Verdict>,
    ) -> Self {
        let Some(decider) = decider else { return Self::Forbidden };
        let (approve, reject) =
            (decider.may(Permission::ApprovalApprove), decider.may(Permission::ApprovalReject));
        if !approve && !reject {
            return Self::Forbidden;
        }
        let Some(loaded) = loaded else { return Self::Deleted };
        if let Some(said) = said {
            return Self::Said(said);
        }
        let approval = &*loaded.approval;
        match &approval.state {
            State::Final { ending: Ending::Resolved { .. }, .. } => return Self::Ended(Code::AlreadyDecided),
            State::Final { ending: Ending::Cancelled { .. }, .. } => return Self::Ended(Code::Cancelled),
            State::Final { ending: Ending::Expired { .. }, .. } => return Self::Ended(Code::Expired),
            State::Pending => {}
        }
        if approval.escalation_level != link.level {
            return Self::MovedOn;
        }
        // Nothing is settled by a look: what does that is on its way.
        if loaded.due {
            return Self::Ended(Code::Expired);
        }
        let wish = Wish {
            verdict: Verdict::Approved,
            approval_type: &approval.request.approval_type,
            seat: None,
            at: loaded.now,
        };
        if approval.policy_now().may_approve(&approval.asked(), &decider.voter, wish) {
            Self::Asked { approve, reject }
        } else {
            Self::NotEligible
        }
    }

    pub fn status(self) -> StatusCode {
        self.problem().and_then(|it| StatusCode::from_u16(it.code.status()).ok()).unwrap_or(StatusCode::OK)
    }

    /// For a figure.
    pub fn word(self) -> &'static str {
        match self {
            Self::Asked { .. } | Self::Said(_) => "shown",
            Self::Ended(_) | Self::MovedOn | Self::Deleted => "ended",
            Self::Forbidden | Self::NotEligible => "forbidden",
        }
    }

    /// Whether its page tells of the approval: not to who may not decide.
    pub fn shows_the_approval(self) -> bool {
        !matches!(self, Self::Forbidden | Self::NotEligible | Self::Deleted)
    }

    /// Why nothing can be answered.
    pub fn problem(self) -> Option<Problem> {
        let (code, detail) = match self {
            Self::Asked { .. } | Self::Said(_) => return None,
            Self::Ended(code @ Code::Expired) => (code, "its deadline has passed"),
            Self::Ended(code @ Code::Cancelled) => (code, "it was cancelled"),
            Self::Ended(code) => (code, "it has been decided already"),
            Self::MovedOn => {
                (Code::Expired, "it has been handed on, and this link is not for its next level")
            }
            Self::Deleted => (Code::Expired, "it was deleted with its run"),
            Self::Forbidden => (Code::Forbidden, "who this link was made for may not decide any more"),
            Self::NotEligible => {
                (Code::NotEligible, "who this link was made for is not one of those who decide this")
            }
        };
        Some(Problem::new(code, detail))
    }
}
