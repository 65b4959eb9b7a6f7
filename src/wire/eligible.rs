//! Who may agree to an approval, as callers see it.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{problem::policy_pointer, summary::StandingView, vocabulary};
use crate::{
    approvals::eligible::{Eligible, Explained, You},
    domain::{
        names::PrincipalName,
        policy::{Selector, explain::Need},
    },
};

/// What is still missing, and who could give it.
#[derive(Serialize, ToSchema)]
pub struct EligibleView<'a> {
    /// The escalation level at which it stands.
    level: i32,
    /// The fewest approvals that it still takes.
    #[schema(example = 1)]
    missing: u32,
    /// The same in a sentence, of 300 characters at most.
    #[schema(example = "1 more of bo, cy or the group sre")]
    summary: String,
    next: NextView<'a>,
    /// How the leaves of the nearest way stand, by one assignment of the votes: the same for the same votes.
    needs: Vec<NeedView<'a>>,
    /// In how many ways the policy can be satisfied.
    ways: usize,
    /// Whether the votes leave no way to satisfy it, even if all who are named and free approved.
    impossible: bool,
    /// Whether those who may vote now could complete it. False is a warning and no outcome: members come and go. Where not
    /// all were looked at, it is never false. Once it has ended: whether it was satisfied.
    satisfiable_now: bool,
    /// Not all who are meant were looked at: of each role and group 1,000 members at most, and 2,000 people together.
    truncated: bool,
    /// How many members were found for each role and group, and for anyone.
    members: Vec<MembersView>,
    /// What the caller may do now, by policy and permissions, and why not.
    you: YouView,
    /// By name. Who may not approve sees those alone whom the policy names, and not when they were seen.
    items: Vec<EligibleItem<'a>>,
    /// Null on the last page.
    next_cursor: Option<String>,
}

/// Whose approval would bring the outcome nearer: exactly theirs.
#[derive(Default, Serialize, ToSchema)]
pub struct NextView<'a> {
    people: Vec<&'a str>,
    roles: Vec<&'a str>,
    groups: Vec<&'a str>,
    anyone: bool,
}

/// One leaf.
#[derive(Serialize, ToSchema)]
pub struct NeedView<'a> {
    /// JSON Pointer to the leaf; `/policy` for the simple form; `/escalation/0/policy` and what follows at
    /// level 1.
    #[schema(example = "/policy/all_of/0")]
    pointer: String,
    label: Option<&'a str>,
    /// Approvals that it takes.
    count: u32,
    /// Whose approvals it has.
    by: Vec<GivenView<'a>>,
}

/// An approval that counts for a leaf.
#[derive(Serialize, ToSchema)]
pub struct GivenView<'a> {
    principal: &'a str,
    /// In whose seat, where it was not their own.
    r#for: Option<&'a str>,
}

/// What the caller may do.
#[derive(Serialize, ToSchema)]
pub struct YouView {
    approve: StandingView,
    /// Approve with edits of their own.
    edit: StandingView,
    reject: StandingView,
    cancel: StandingView,
    /// Hand it to the next level.
    escalate: StandingView,
    /// Move its deadline.
    extend: StandingView,
}

impl From<&You> for YouView {
    fn from(you: &You) -> Self {
        Self {
            approve: (&you.approve).into(),
            edit: (&you.edit).into(),
            reject: (&you.reject).into(),
            cancel: (&you.cancel).into(),
            escalate: (&you.escalate).into(),
            extend: (&you.extend).into(),
        }
    }
}

/// How many are meant.
#[derive(Serialize, ToSchema)]
pub struct MembersView {
    #[schema(example = "group:sre")]
    selector: String,
    count: usize,
}

/// One person whom the policy means.
#[derive(Serialize, ToSchema)]
pub struct EligibleItem<'a> {
    principal: &'a str,
    /// Null where nobody is called so.
    principal_id: Option<Uuid>,
    /// Whose seat they may take as a delegate. Null for who is meant by themselves.
    r#for: Option<&'a str>,
    /// What of the policy means them, or the owner of the seat. For who may not approve: their name alone.
    #[schema(example = json!(["person:bo"]))]
    r#as: Vec<String>,
    #[schema(value_type = vocabulary::EligibleState, example = "can_vote")]
    state: &'static str,
    /// Whether their approval would bring the outcome nearer. For who may not approve: by their name alone.
    helps: bool,
    /// Whether a connection of theirs is live now. Absent for those who may not approve.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reachable: Option<bool>,
    /// When a connection or a browser session of theirs was last seen. Absent for those who may not approve.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    last_seen_at: Option<DateTime<Utc>>,
}

impl<'a> EligibleView<'a> {
    /// A page of the people, from the one behind `after` on. `sees_members`: for an approver.
    pub fn of(
        (you, explained): (&You, &'a Explained),
        sees_members: bool,
        after: Option<(&str, Option<&str>)>,
        limit: usize,
    ) -> (Self, bool) {
        let shown = explained.people.iter().filter(|it| sees_members || is_named(it));
        let place = |it: &'a Eligible| (it.name.as_str(), it.seat.as_ref().map(PrincipalName::as_str));
        let behind = shown.filter(|it| after.is_none_or(|after| place(it) > after));
        let mut page: Vec<&Eligible> = behind.take(limit + 1).collect();
        let more = page.len() > limit;
        page.truncate(limit);
        let view = Self {
            level: explained.level,
            missing: explained.missing.missing,
            summary: explained.missing.summary(),
            next: NextView::from(&*explained.missing.next),
            needs: explained.needs.iter().map(|need| NeedView::of(need, explained.level)).collect(),
            ways: explained.ways,
            impossible: explained.impossible,
            satisfiable_now: explained.satisfiable_now,
            truncated: explained.truncated,
            members: explained
                .members
                .iter()
                .map(|(selector, count)| MembersView { selector: selector.to_string(), count: *count })
                .collect(),
            you: you.into(),
            items: page.into_iter().map(|it| item(it, sees_members, &explained.missing.next)).collect(),
            next_cursor: None,
        };
        (view, more)
    }

    /// The last one on the page, and in whose seat.
    pub fn last(&self) -> Option<(&str, Option<&str>)> {
        self.items.last().map(|item| (item.principal, item.r#for))
    }

    pub fn go_on_at(&mut self, cursor: String) {
        self.next_cursor = Some(cursor);
    }
}

fn is_named(eligible: &Eligible) -> bool {
    eligible.seat.is_none()
        && eligible.counted_as.iter().any(|selector| matches!(selector, Selector::Person(_)))
}

/// Who sees no members is not told either which of those who are named are members.
fn item<'a>(it: &'a Eligible, sees_members: bool, next: &[Selector]) -> EligibleItem<'a> {
    let is_shown = |selector: &&Selector| sees_members || matches!(selector, Selector::Person(_));
    let shown = || it.counted_as.iter().filter(is_shown);
    let is_next = next.contains(&Selector::Anyone) || shown().any(|selector| next.contains(selector));
    let candidate = it.candidate.as_ref();
    let seen = candidate.filter(|_| sees_members);
    EligibleItem {
        principal: it.name.as_str(),
        principal_id: candidate.map(|candidate| candidate.member.actor.id.0),
        r#for: it.seat.as_ref().map(PrincipalName::as_str),
        r#as: shown().map(ToString::to_string).collect(),
        state: it.state.as_str(),
        helps: it.helps && is_next,
        reachable: seen.map(|candidate| candidate.reachable),
        last_seen_at: seen.and_then(|candidate| candidate.last_seen_at),
    }
}

impl<'a> From<&'a [Selector]> for NextView<'a> {
    fn from(next: &'a [Selector]) -> Self {
        let mut view = Self::default();
        for selector in next {
            match selector {
                Selector::Person(name) => view.people.push(name.as_str()),
                Selector::Role(name) => view.roles.push(name.as_str()),
                Selector::Group(name) => view.groups.push(name.as_str()),
                Selector::Anyone => view.anyone = true,
                Selector::Veto => {}
            }
        }
        view
    }
}

impl<'a> NeedView<'a> {
    fn of(need: &'a Need, level: i32) -> Self {
        let policy = policy_pointer(usize::try_from(level).unwrap_or(0));
        Self {
            pointer: format!("{policy}{}", need.pointer),
            label: need.label.as_deref(),
            count: need.count,
            by: need
                .by
                .iter()
                .map(|given| GivenView {
                    principal: given.by.as_str(),
                    r#for: given.seat.as_ref().map(PrincipalName::as_str),
                })
                .collect(),
        }
    }
}

/// What there is to say of a policy before anything is asked.
#[derive(Serialize, ToSchema)]
pub struct PolicyChecked {
    /// The form is right.
    pub valid: bool,
    /// The people whom it names can satisfy it, as far as that depends on them.
    pub satisfiable: bool,
    /// The members that its roles and groups have now could satisfy it.
    pub satisfiable_now: bool,
    /// In how many ways it can be satisfied.
    pub alternatives: usize,
    /// What it takes, in a sentence.
    #[schema(example = "2 more of the group product or the group security")]
    pub summary: Option<String>,
    /// What is wrong: each field, and the rule that it breaks.
    pub errors: Vec<super::problem::Violation>,
}
