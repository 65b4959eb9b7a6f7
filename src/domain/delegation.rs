//! Delegations between people: what a workspace allows, and which would lead in a circle or too far. Pure.
//!
//! A delegation opens one person's seat to another. Where `redelegable` says so, the delegate's own delegates may sit
//! there too: a chain. Whether they do or not, a chain is never longer than [`LONGEST_CHAIN`], and never leads back.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::ids::PrincipalId;

/// Most delegations in a chain.
pub const LONGEST_CHAIN: usize = 3;

/// Whether people of a workspace may let others sit in their seats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Delegating {
    /// No one may, and no seat is open.
    #[default]
    Off,
    /// People may for themselves, and who manages principals for others.
    Own,
    /// Who manages principals may.
    Managed,
}

impl Delegating {
    pub const WORDS: &'static [&'static str] = &["off", "own", "managed"];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Own => "own",
            Self::Managed => "managed",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Off, Self::Own, Self::Managed].into_iter().find(|it| it.as_str() == word)
    }
}

/// One delegation, as far as its place in a chain goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    pub from: PrincipalId,
    pub to: PrincipalId,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
}

/// Why a delegation can't be added to those that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Tangle {
    #[error("would lead back to the person whose seat it is: they sit in for this delegate already")]
    Cycle,
    #[error("would make a chain of more than {LONGEST_CHAIN} delegations")]
    Depth,
}

/// A time in which all delegations of a chain hold.
#[derive(Clone, Copy)]
struct Window(DateTime<Utc>, DateTime<Utc>);

impl Window {
    fn of(link: &Link) -> Self {
        Self(link.starts_at, link.ends_at)
    }

    /// What two of them have in common, if anything.
    fn and(self, other: Self) -> Option<Self> {
        let both = Self(self.0.max(other.0), self.1.min(other.1));
        (both.0 < both.1).then_some(both)
    }
}

/// Whether `new` may stand beside `others`. Only delegations that hold at the same time make a chain.
pub fn check(new: &Link, others: &[Link]) -> Result<(), Tangle> {
    if leads_to(new.from, new.to, Window::of(new), others, LONGEST_CHAIN) {
        return Err(Tangle::Cycle);
    }
    let is_too_long = is_longer(new, Window::of(new), others, LONGEST_CHAIN - 1);
    if is_too_long { Err(Tangle::Depth) } else { Ok(()) }
}

/// Whether delegations lead from `at` to `goal` in at most `left` steps.
fn leads_to(goal: PrincipalId, at: PrincipalId, during: Window, links: &[Link], left: usize) -> bool {
    left > 0
        && links.iter().filter(|link| link.from == at).any(|link| {
            during
                .and(Window::of(link))
                .is_some_and(|during| link.to == goal || leads_to(goal, link.to, during, links, left - 1))
        })
}

/// Whether a chain through `new` has more than `left` other delegations, those before it and those behind it together.
fn is_longer(new: &Link, during: Window, links: &[Link], left: usize) -> bool {
    goes_on(new.to, during, links, left)
        || links.iter().filter(|link| link.to == new.from).any(|link| {
            during.and(Window::of(link)).is_some_and(|during| {
                left == 0 || {
                    let longer = Link { from: link.from, ..*new };
                    is_longer(&longer, during, links, left - 1)
                }
            })
        })
}

/// Whether more than `left` delegations follow one another from `at` on.
fn goes_on(at: PrincipalId, during: Window, links: &[Link], left: usize) -> bool {
    links.iter().filter(|link| link.from == at).any(|link| {
        during
            .and(Window::of(link))
            .is_some_and(|during| left == 0 || goes_on(link.to, during, links, left - 1))
    })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;

    use super::*;

    fn link((from, to): (u8, u8), (starts, ends): (i64, i64)) -> Link {
        let person = |number: u8| PrincipalId(uuid::Uuid::from_u128(u128::from(number)));
        let at = |second| DateTime::UNIX_EPOCH + TimeDelta::seconds(second);
        Link { from: person(from), to: person(to), starts_at: at(starts), ends_at: at(ends) }
    }

    #[test]
    fn a_chain_has_three_links_and_leads_nowhere_back() {
        let always = (0, 100);
        let mut links = vec![link((1, 2), always), link((2, 3), always)];
        assert_eq!(check(&link((3, 1), always), &links), Err(Tangle::Cycle));
        assert_eq!(check(&link((2, 1), always), &links), Err(Tangle::Cycle));
        assert_eq!(check(&link((3, 4), always), &links), Ok(()));
        assert_eq!(check(&link((1, 3), always), &links), Ok(()));
        links.push(link((3, 4), always));
        for (from, to) in [(4, 5), (0, 1), (5, 2), (0, 2)] {
            let tangle = check(&link((from, to), always), &links);
            assert_eq!(tangle.is_err(), !matches!((from, to), (5 | 0, 2)), "{from} to {to}");
        }
        assert_eq!(check(&link((4, 1), always), &links), Err(Tangle::Cycle));
        // In the middle: one before it, and two behind it.
        let apart = [link((1, 2), always), link((3, 4), always), link((4, 5), always)];
        assert_eq!(check(&link((2, 3), always), &apart), Err(Tangle::Depth));
        assert_eq!(check(&link((2, 3), always), &apart[..2]), Ok(()));
    }

    #[test]
    fn only_what_holds_at_one_moment_is_a_chain() {
        let links = [link((1, 2), (0, 10)), link((2, 3), (8, 20)), link((3, 4), (0, 100))];
        assert_eq!(check(&link((2, 1), (9, 12)), &links), Err(Tangle::Cycle));
        assert_eq!(check(&link((2, 1), (10, 12)), &links), Ok(()));
        // From 3 back to 1 when the first has ended.
        assert_eq!(check(&link((3, 1), (10, 20)), &links), Ok(()));
        assert_eq!(check(&link((3, 1), (9, 20)), &links), Err(Tangle::Cycle));
        assert_eq!(check(&link((4, 5), (9, 12)), &links), Err(Tangle::Depth));
        assert_eq!(check(&link((4, 5), (10, 12)), &links), Ok(()));
    }

    /// The longest chain at a moment, or `None` where there is a circle.
    fn longest(links: &[Link], at: DateTime<Utc>) -> Option<usize> {
        let now: Vec<&Link> = links.iter().filter(|it| it.starts_at <= at && at < it.ends_at).collect();
        let mut ends: Vec<PrincipalId> = now.iter().map(|it| it.to).collect();
        for length in 1..=now.len() + 1 {
            if ends.is_empty() {
                return Some(length - 1);
            }
            let on =
                |at: &PrincipalId| now.iter().filter(|it| it.from == *at).map(|it| it.to).collect::<Vec<_>>();
            ends = ends.iter().flat_map(on).collect();
        }
        if ends.is_empty() { Some(now.len()) } else { None }
    }

    proptest! {
        /// What is let in one after the other never makes a circle, nor a chain that is too long; and what is refused
        /// would have.
        #[test]
        fn what_is_let_in_stays_short_and_straight(
            wanted in prop::collection::vec(((0..6u8, 0..6u8), (0..6i64, 1..4i64)), 1..14)
        ) {
            let mut links: Vec<Link> = Vec::new();
            let fits = |links: &[Link]| (0..12).all(|second| {
                let at = DateTime::UNIX_EPOCH + TimeDelta::seconds(second);
                longest(links, at).is_some_and(|length| length <= LONGEST_CHAIN)
            });
            for (ends, (starts, lasts)) in wanted {
                if ends.0 == ends.1 { continue; }
                let new = link(ends, (starts, starts + lasts));
                let with: Vec<Link> = links.iter().copied().chain([new]).collect();
                prop_assert_eq!(check(&new, &links).is_ok(), fits(&with), "{:?} beside {:?}", new, links);
                if check(&new, &links).is_ok() { links = with; }
            }
        }
    }
}
