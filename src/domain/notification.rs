//! Decides who is told what when something happens to an approval. Pure: the router reads before, and writes the answer
//! down.
//!
//! Only people who may decide are asked. Others whom the request names are told. The requester is told of votes and of
//! the outcome. A service reads no notifications, so it gets none.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    approval::{Approval, Ending, Request, State},
    decision::{Verdict, Vote},
    ids::{NotificationId, PrincipalId},
    names::PrincipalName,
    policy::{
        Kind, Names,
        admission::{Voter, Wish},
    },
};

/// How many people are told of one cause at most.
pub const MOST_TOLD: usize = 200;

/// What happened to an approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    Requested,
    Escalated,
    Voted,
    Reminder,
    Decided,
    Expired,
    Cancelled,
}

/// A way to reach people, or programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    Slack,
    Email,
    Webhook,
    InApp,
}

/// What became of a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Pending,
    Sent,
    Failed,
    /// There was no need to send it.
    Skipped,
    Read,
}

/// What is done with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Send,
    /// A message that was sent is edited.
    Update,
}

/// What a try came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TryResult {
    Sent,
    Skipped,
    /// It failed, and is tried again.
    Retried,
    /// The destination is left alone for a while. The try doesn't count.
    Held,
    Failed,
}

vocabulary! {
    Action { Send = "send", Update = "update" }
    TryResult { Sent = "sent", Skipped = "skipped", Retried = "retried", Held = "held", Failed = "failed" }
    Cause {
        Requested = "requested", Escalated = "escalated", Voted = "voted", Reminder = "reminder",
        Decided = "decided", Expired = "expired", Cancelled = "cancelled",
    }
    Channel { Slack = "slack", Email = "email", Webhook = "webhook", InApp = "in_app" }
    Status { Pending = "pending", Sent = "sent", Failed = "failed", Skipped = "skipped", Read = "read" }
    Skipped {
        Superseded = "superseded", TooMany = "too_many", Unknown = "unknown_recipient", NoAddress = "no_address",
        EndpointDeleted = "endpoint_deleted", SwitchedOff = "switched_off", Summarised = "summarised",
        Disabled = "disabled_recipient", NotSent = "not_sent", Gone = "message_gone",
    }
    News {
        SlackRefused = "slack_refused", EndpointFailing = "endpoint_failing", EndpointDisabled = "endpoint_disabled",
    }
}

/// Why there was no need to send a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skipped {
    /// Nothing was left to ask: the approval had ended or stood at another level, or the person had voted. Or a newer
    /// edit of the same message waited.
    Superseded,
    /// Stands for the people beyond [`MOST_TOLD`].
    TooMany,
    /// The request names a person who is unknown in the workspace, or disabled.
    Unknown,
    /// The channel needs an address, and the person has none.
    NoAddress,
    /// The message to be edited, or in whose thread this one goes, was never sent.
    NotSent,
    /// The message to be edited is not there any more, or can't be edited.
    Gone,
    /// The endpoint of a webhook was deleted.
    EndpointDeleted,
    /// The person has switched this channel off.
    SwitchedOff,
    /// One message told of many.
    Summarised,
    /// The person was disabled before the message was sent.
    Disabled,
}

/// News for administrators, about no approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// Slack refuses the bot's token, or the app's secrets don't open.
    SlackRefused,
    /// No webhook has arrived at an endpoint for a day.
    EndpointFailing,
    EndpointDisabled,
}

/// The cause of a test of an endpoint.
pub const TEST: &str = "test";

/// Whom a request wants told besides, and by which channels.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// `None`: all that the workspace has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channels: Option<Vec<Channel>>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub users: Names,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub roles: Names,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slack_channel: Option<String>,
    /// Which fields of the context are shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub context_fields: Vec<String>,
}

impl Wanted {
    /// What a request says about notifications. It was checked when the approval was created.
    pub fn of(request: &Request) -> Result<Self, serde_json::Error> {
        request.notify.as_ref().map_or(Ok(Self::default()), |notify| serde_json::from_str(notify.get()))
    }
}

/// A person of the workspace, as the router sees them.
#[derive(Debug, Clone)]
pub struct Person {
    /// The person as a voter, with the seats that are open to them.
    pub voter: Voter,
    /// Whether a role or a live key of theirs allows it.
    pub may_decide: bool,
    pub disabled: bool,
    pub email: Option<String>,
    /// The account in Slack that is bound to them, as `team/user`.
    pub slack: Option<String>,
    /// The channels that they have switched off. The app can't be switched off.
    pub muted: BTreeSet<Channel>,
}

impl Person {
    pub fn id(&self) -> PrincipalId {
        self.voter.member.actor.id
    }

    pub fn name(&self) -> &PrincipalName {
        &self.voter.member.actor.name
    }

    fn is_reachable(&self) -> bool {
        !self.disabled && self.voter.kind == Kind::Person
    }
}

/// All that [`route`] goes by.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    pub approval: &'a Approval,
    /// The votes at the approval's current level.
    pub votes: &'a [Vote],
    /// The level that the cause is about.
    pub level: i32,
    pub wanted: &'a Wanted,
    /// Everyone who may be told: whom the policy means, their delegates, whom the request names, the requester, and the
    /// one on whose behalf it was asked.
    pub people: &'a [Person],
    /// Who has been asked or told in the app about this approval before.
    pub told: &'a BTreeSet<PrincipalId>,
    /// The channels that the workspace has.
    pub channels: &'a [Channel],
    /// The channel in Slack for cards whose request names none.
    pub slack_channel: Option<&'a str>,
    /// Cards in Slack about this approval: those that were posted, and those that wait.
    pub cards: &'a [Card],
    pub now: DateTime<Utc>,
}

/// A message in Slack that shows an approval. It is edited when something happens to the approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    pub id: NotificationId,
    /// A channel, or a person's account or address.
    pub recipient: String,
    /// `None`: the card is in a channel of Slack.
    pub person: Option<PrincipalId>,
    pub level: i32,
}

/// A notification to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub channel: Channel,
    pub action: Action,
    /// An earlier notification: its message is edited, or this one goes into its thread.
    pub of: Option<NotificationId>,
    pub recipient: String,
    pub principal: Option<PrincipalId>,
    pub asks: bool,
    pub skipped: Option<Skipped>,
}

impl Scene<'_> {
    /// Whether the cause's question is over.
    fn is_superseded(&self) -> bool {
        self.approval.state.is_final() || self.approval.escalation_level != self.level
    }

    /// Whether this person may still be asked.
    fn may_decide(&self, person: &Person) -> bool {
        let level = self.approval.escalation_level;
        let policy = self.approval.policy_now();
        let wish = Wish {
            verdict: Verdict::Approved,
            approval_type: &self.approval.request.approval_type,
            seat: None,
            at: self.now,
        };
        let has_voted = self.votes.iter().any(|vote| vote.level == level && vote.by.id == person.id());
        person.may_decide && !has_voted && policy.may_approve(&self.approval.asked(), &person.voter, wish)
    }

    fn is_named(&self, person: &Person) -> bool {
        let member = &person.voter.member;
        self.wanted.users.contains(&member.actor.name)
            || self.wanted.roles.iter().any(|role| member.roles.contains(role))
    }

    fn is_requester(&self, person: &Person) -> bool {
        self.approval.asked().is(Some(person.id()), person.name())
    }

    /// Whether the request lets this channel be used, and the workspace has it.
    fn uses(&self, channel: Channel) -> bool {
        let chosen = self.wanted.channels.as_ref().is_none_or(|channels| channels.contains(&channel));
        chosen && self.channels.contains(&channel)
    }

    /// The channel in Slack where those who may decide are asked together.
    fn conversation(&self) -> Option<&str> {
        let channel = self.wanted.slack_channel.as_deref().or(self.slack_channel);
        channel.filter(|_| self.uses(Channel::Slack))
    }

    /// The channels by which people are told one by one. Where a card is posted in a channel of Slack, no person gets a
    /// further message in Slack: each is pinged once.
    fn personal(&self) -> Vec<Channel> {
        let slack = self.uses(Channel::Slack) && self.conversation().is_none();
        let chosen =
            [(Channel::Slack, slack), (Channel::Email, self.uses(Channel::Email)), (Channel::InApp, true)];
        chosen.into_iter().filter(|(_, is_used)| *is_used).map(|(channel, _)| channel).collect()
    }
}

/// The notifications that this cause makes.
pub fn route(cause: Cause, scene: &Scene<'_>) -> Vec<Notice> {
    let mut notices = match cause {
        Cause::Requested | Cause::Escalated => ask(scene, true),
        Cause::Reminder => ask(scene, false),
        Cause::Voted => tell(scene, |person| scene.is_requester(person)),
        Cause::Decided | Cause::Expired | Cause::Cancelled => {
            let by = match &scene.approval.state {
                State::Final { ending, .. } => Ending::by(ending).map(|actor| actor.id),
                State::Pending => None,
            };
            tell(scene, |person| {
                let concerned =
                    scene.told.contains(&person.id()) || scene.is_named(person) || scene.is_requester(person);
                concerned && by != Some(person.id())
            })
        }
    };
    if scene.channels.contains(&Channel::Slack) {
        notices.extend(on_cards(cause, scene));
    }
    notices
}

/// Edits of the cards in Slack, reminders in their threads, and the card that is posted in a channel.
fn on_cards(cause: Cause, scene: &Scene<'_>) -> Vec<Notice> {
    let edited = |card: &Card| on_card(card, Action::Update);
    match cause {
        Cause::Requested => posted(scene).into_iter().collect(),
        // The cards of earlier levels are closed.
        Cause::Escalated => {
            let before = scene.cards.iter().filter(|card| card.level < scene.level);
            before.map(edited).chain(posted(scene)).collect()
        }
        // A person is reminded by a message of their own, a channel in the thread of its card.
        Cause::Reminder if scene.is_superseded() => Vec::new(),
        Cause::Reminder => {
            let here = scene.cards.iter().filter(|card| card.person.is_none() && card.level == scene.level);
            here.map(|card| on_card(card, Action::Send)).collect()
        }
        Cause::Voted | Cause::Decided | Cause::Expired | Cause::Cancelled => {
            scene.cards.iter().map(edited).collect()
        }
    }
}

/// The card in a channel, where all who may decide are asked together. Whether a person may decide is checked when they
/// press.
fn posted(scene: &Scene<'_>) -> Option<Notice> {
    let recipient = scene.conversation()?.to_owned();
    let skipped = scene.is_superseded().then_some(Skipped::Superseded);
    let (action, asks) = (Action::Send, skipped.is_none());
    Some(Notice { channel: Channel::Slack, action, of: None, recipient, principal: None, asks, skipped })
}

fn on_card(card: &Card, action: Action) -> Notice {
    Notice {
        channel: Channel::Slack,
        action,
        of: Some(card.id),
        recipient: card.recipient.clone(),
        principal: card.person,
        asks: false,
        skipped: None,
    }
}

/// Asks the people who may decide. `first`: others whom the request names are told, too, and unknown names are written
/// down as skipped.
fn ask(scene: &Scene<'_>, first: bool) -> Vec<Notice> {
    let superseded = scene.is_superseded().then_some(Skipped::Superseded);
    let channels = scene.personal();
    let mut notices = Vec::new();
    let mut people: Vec<(&Person, bool)> = scene
        .people
        .iter()
        .filter(|person| person.is_reachable())
        .map(|person| (person, scene.may_decide(person)))
        .filter(|(person, asks)| *asks || first && scene.is_named(person) && !scene.is_requester(person))
        .collect();
    // Those who are asked come first, in case not all can be told.
    people.sort_by_key(|(_, asks)| !asks);
    let too_many = people.len().saturating_sub(MOST_TOLD);
    people.truncate(MOST_TOLD);
    for (person, asks) in people {
        for channel in &channels {
            // Without an account and an address there is nothing to send to.
            if *channel == Channel::Slack && person.slack.is_none() && person.email.is_none() {
                continue;
            }
            notices.push(notice(person, *channel, asks && superseded.is_none(), superseded));
        }
    }
    notices.extend(cut(too_many));
    if first {
        let known: BTreeSet<&PrincipalName> =
            scene.people.iter().filter(|person| !person.disabled).map(Person::name).collect();
        for name in scene.wanted.users.iter().filter(|name| !known.contains(name)) {
            notices.push(unreached(Channel::InApp, name.to_string(), Skipped::Unknown));
        }
    }
    notices
}

/// Tells these people, in the app alone. Nothing is asked of them.
fn tell(scene: &Scene<'_>, whom: impl Fn(&Person) -> bool) -> Vec<Notice> {
    let people = scene.people.iter().filter(|person| person.is_reachable() && whom(person));
    let mut people: Vec<&Person> = people.collect();
    // The requester comes first, then those who were told before, in case not all can be told.
    people.sort_by_key(|person| (!scene.is_requester(person), !scene.told.contains(&person.id())));
    let too_many = people.len().saturating_sub(MOST_TOLD);
    people.truncate(MOST_TOLD);
    let mut notices: Vec<Notice> =
        people.into_iter().map(|person| notice(person, Channel::InApp, false, None)).collect();
    notices.extend(cut(too_many));
    notices
}

fn notice(person: &Person, channel: Channel, asks: bool, skipped: Option<Skipped>) -> Notice {
    let address = match channel {
        Channel::Email => person.email.clone(),
        // Slack finds a person by the address. It does not prove who they are.
        Channel::Slack => person.slack.clone().or_else(|| person.email.clone()),
        _ => Some(person.name().to_string()),
    };
    let is_muted = channel != Channel::InApp && person.muted.contains(&channel);
    let skipped = skipped
        .or_else(|| is_muted.then_some(Skipped::SwitchedOff))
        .or_else(|| address.is_none().then_some(Skipped::NoAddress));
    let recipient = address.unwrap_or_else(|| person.name().to_string());
    let (action, of) = (Action::Send, None);
    Notice { channel, action, of, recipient, principal: Some(person.id()), asks, skipped }
}

/// Says that some people were left out, and how many.
fn cut(too_many: usize) -> Option<Notice> {
    let recipient = format!("{too_many} others");
    (too_many > 0).then(|| unreached(Channel::InApp, recipient, Skipped::TooMany))
}

fn unreached(channel: Channel, recipient: String, why: Skipped) -> Notice {
    let (action, of) = (Action::Send, None);
    Notice { channel, action, of, recipient, principal: None, asks: false, skipped: Some(why) }
}

#[cfg(test)]
mod tests;
