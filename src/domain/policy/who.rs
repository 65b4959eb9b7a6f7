//! Whom a policy means, and what a person is when they vote: selectors on one side, a [`Member`] on the other.

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::domain::{ids::PrincipalId, names::PrincipalName};

/// Who is known to have asked or voted: the stable id decides, the name is what policies are written in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Actor {
    pub id: PrincipalId,
    pub name: PrincipalName,
}

/// What kind of principal acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Person,
    Service,
}

/// A principal as a policy sees it: what its roles and groups are now, given here or by the issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub actor: Actor,
    pub roles: BTreeSet<PrincipalName>,
    pub groups: BTreeSet<PrincipalName>,
}

impl Member {
    /// Everything by which a policy may mean this member.
    pub fn selectors(&self) -> Vec<Selector> {
        let person = [Selector::Anyone, Selector::Person(self.actor.name.clone())];
        let roles = self.roles.iter().cloned().map(Selector::Role);
        let groups = self.groups.iter().cloned().map(Selector::Group);
        person.into_iter().chain(roles).chain(groups).collect()
    }
}

/// Names in one of a selector's lists.
pub type Names = BTreeSet<PrincipalName>;

/// The union of three lists. A list that is absent adds nobody. All three absent: anyone with the permission.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Selectors {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub people: Option<Names>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<Names>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<Names>,
}

/// One reason why a vote is admitted. It is recorded with the vote, and later changes of membership don't undo it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Selector {
    Person(PrincipalName),
    Role(PrincipalName),
    Group(PrincipalName),
    Anyone,
    /// The policy's veto covers the voter. It admits rejections only.
    Veto,
}

vocabulary! {
    Kind { Person = "person", Service = "service" }
}

impl Selectors {
    /// Nobody is named, and no role or group: anyone with the permission is meant.
    pub fn is_anyone(&self) -> bool {
        self.people.is_none() && self.roles.is_none() && self.groups.is_none()
    }

    /// Every list that is given is empty.
    pub fn is_nobody(&self) -> bool {
        !self.is_anyone() && self.names().next().is_none()
    }

    /// Only people are named: who is meant doesn't change with anybody's roles or groups.
    pub fn is_closed(&self) -> bool {
        let none = |names: &Option<Names>| names.as_ref().is_none_or(BTreeSet::is_empty);
        !self.is_anyone() && none(&self.roles) && none(&self.groups)
    }

    pub fn names(&self) -> impl Iterator<Item = &PrincipalName> {
        [&self.people, &self.roles, &self.groups].into_iter().flatten().flatten()
    }

    /// What of it the member is.
    pub fn matching(&self, member: &Member) -> Vec<Selector> {
        if self.is_anyone() {
            return vec![Selector::Anyone];
        }
        let mut matching = Vec::new();
        if self.people.as_ref().is_some_and(|people| people.contains(&member.actor.name)) {
            matching.push(Selector::Person(member.actor.name.clone()));
        }
        for (wanted, has, selector) in [
            (&self.roles, &member.roles, Selector::Role as fn(PrincipalName) -> Selector),
            (&self.groups, &member.groups, Selector::Group),
        ] {
            let both = wanted.iter().flatten().filter(|name| has.contains(*name));
            matching.extend(both.cloned().map(selector));
        }
        matching
    }

    /// Whether a vote that was recorded as `selector` is one of these.
    pub fn has(&self, selector: &Selector) -> bool {
        let among = |names: &Option<Names>, name| names.as_ref().is_some_and(|names| names.contains(name));
        match selector {
            Selector::Person(name) => among(&self.people, name),
            Selector::Role(name) => among(&self.roles, name),
            Selector::Group(name) => among(&self.groups, name),
            Selector::Anyone | Selector::Veto => false,
        }
    }

    /// Each of them by itself.
    pub fn each(&self) -> impl Iterator<Item = Selector> {
        let anyone = self.is_anyone().then_some(Selector::Anyone);
        let people = self.people.iter().flatten().cloned().map(Selector::Person);
        let roles = self.roles.iter().flatten().cloned().map(Selector::Role);
        let groups = self.groups.iter().flatten().cloned().map(Selector::Group);
        anyone.into_iter().chain(people).chain(roles).chain(groups)
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(name) => write!(f, "person:{name}"),
            Self::Role(name) => write!(f, "role:{name}"),
            Self::Group(name) => write!(f, "group:{name}"),
            Self::Anyone => f.write_str("anyone"),
            Self::Veto => f.write_str("veto"),
        }
    }
}

/// A text that names no selector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no selector")]
pub struct NoSelector;

impl FromStr for Selector {
    type Err = NoSelector;

    fn from_str(text: &str) -> Result<Self, NoSelector> {
        let name = |name| PrincipalName::stored(name).map_err(|_| NoSelector);
        match text.split_once(':') {
            Some(("person", rest)) => name(rest).map(Self::Person),
            Some(("role", rest)) => name(rest).map(Self::Role),
            Some(("group", rest)) => name(rest).map(Self::Group),
            None if text == "anyone" => Ok(Self::Anyone),
            None if text == "veto" => Ok(Self::Veto),
            _ => Err(NoSelector),
        }
    }
}
