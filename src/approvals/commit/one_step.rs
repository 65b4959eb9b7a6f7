//! Votes that decide by themselves, in one round trip ([`store::one_vote`]). All other commands are handed back: for them
//! the approvals are read, the rules are applied, and the result is written.
//!
//! The rules are applied here, too: to the row that the statement answers. They make the caller's answer, and must come to
//! what was written.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Instant,
};

use super::{
    ATTEMPT, Act, Answer, Command, Shared,
    draft::{self, Draft, Planned},
    give_up, singly,
};
use crate::{
    bus::Source,
    domain::{
        approval::{Approval, Ending, Outcome, Resolution, Via},
        decision::{self, Ballot, Precondition},
        ids::ApprovalId,
        policy::{Because, Kind},
    },
    limits::SMALL_ANSWER,
    store::{
        self,
        one_vote::{self, Decided, OneVote},
    },
};

/// Decides what it can, and answers those commands. The others are handed back, in their order.
pub async fn commit(shared: &Shared, commands: Vec<Command>) -> Vec<Command> {
    let begun = Instant::now();
    let epoch = shared.database.epoch().ok();
    let decided = {
        let endings = endings(&commands);
        if endings.is_empty() {
            return commands;
        }
        let votes: Vec<OneVote<'_>> = endings.iter().map(|(command, vote)| vote.of(command)).collect();
        let attempt = async {
            let mut conn = shared.database.decide.checkout().await?;
            let decided = one_vote::write(&mut conn, &votes, SMALL_ANSWER).await?;
            conn.done();
            Ok(decided)
        };
        store::in_time(ATTEMPT, attempt).await
    };
    let mut decided = match decided {
        Ok(decided) => decided,
        // A row is held, here or of a task. Not to be waited for twice by all: each by itself.
        Err(error @ store::Error::Busy(_)) => {
            tracing::warn!(%error, size = commands.len(), "a batch failed; each of its commands is retried singly");
            let tried: HashSet<ApprovalId> = endings(&commands).iter().map(|(it, _)| it.approval).collect();
            let (tried, rest): (Vec<_>, Vec<_>) =
                commands.into_iter().partition(|command| tried.contains(&command.approval));
            for command in tried {
                singly::spawn(shared, command);
            }
            return rest;
        }
        // Nothing was written: the usual way finds out which of them it is.
        Err(error) if error.is_of_the_data() => {
            tracing::warn!(%error, size = commands.len(), "a batch failed; it is tried in two steps");
            return commands;
        }
        Err(error) => {
            give_up(shared, error, commands);
            return Vec::new();
        }
    };
    if decided.is_empty() {
        return commands;
    }
    shared.metrics.batch("decide_in_one_step", decided.len(), begun.elapsed());
    let mut rest = Vec::new();
    for command in commands {
        let Some(outcome) = decided.remove(&command.approval) else {
            rest.push(command);
            continue;
        };
        let Some(approval) = approval(&command, outcome) else {
            // It is written. Read again, it can be answered as what was said before.
            shared.bus.registry.wake([command.approval], Source::Local);
            rest.push(command);
            continue;
        };
        let approval = Arc::new(approval);
        shared.announce(&approval, epoch);
        if let Act::Vote { ballot, .. } = &command.act {
            shared.metrics.vote(ballot.verdict.as_str());
        }
        command.answer(Ok(Answer { changed: true, approval, room: None }));
    }
    rest
}

/// A vote, and what it makes of an approval that one vote decides.
struct Vote<'a> {
    ballot: &'a Ballot,
    expected: Option<&'a [i32]>,
    ending: Ending,
}

impl<'a> Vote<'a> {
    /// `None`: it needs to be looked at in any case.
    fn new(command: &'a Command) -> Option<Self> {
        let Act::Vote { ballot, expected } = &command.act else { return None };
        let is_simple = ballot.seat.is_none() && ballot.modifications.is_none();
        if !is_simple || ballot.voter.kind != Kind::Person {
            return None;
        }
        let (resolution, because) = match ballot.verdict {
            decision::Verdict::Approved => (Resolution::Approved, Because::Quorum),
            decision::Verdict::Rejected => (Resolution::Rejected, Because::Rejections),
        };
        let outcome = Outcome {
            because: Some(because),
            seat: None,
            feedback: ballot.feedback.clone(),
            comment: ballot.comment.clone(),
            modifications: None,
            modifications_digest: None,
        };
        let by = Some(ballot.by().clone());
        let expected = match expected {
            Precondition::None => None,
            Precondition::OneOf(versions) => Some(versions.as_slice()),
        };
        Some(Self { ballot, expected, ending: Ending::Resolved { resolution, via: Via::Human, by, outcome } })
    }

    fn of(&'a self, command: &'a Command) -> OneVote<'a> {
        OneVote {
            workspace: command.authority.workspace,
            approval: command.approval,
            ballot: self.ballot,
            expected: self.expected,
            ending: &self.ending,
            origin: &command.authority.origin,
            detail: draft::detail(self.ballot, true),
        }
    }
}

/// The votes that may decide in one step. Where several commands are about one approval, their order counts: none of them.
fn endings(commands: &[Command]) -> Vec<(&Command, Vote<'_>)> {
    let mut times: HashMap<ApprovalId, u32> = HashMap::new();
    for command in commands {
        *times.entry(command.approval).or_default() += 1;
    }
    let alone = commands.iter().filter(|command| times[&command.approval] == 1);
    alone.filter_map(|command| Some((command, Vote::new(command)?))).collect()
}

/// The approval as the rules leave it. `None` where they would not have written what was written, or can't read it.
fn approval(command: &Command, decided: Decided) -> Option<Approval> {
    let approval_id = command.approval;
    let loaded = decided
        .loaded
        .inspect_err(
            |error| tracing::error!(%error, %approval_id, "an approval was decided that can't be read"),
        )
        .ok()?;
    let mut draft = Draft::new(loaded);
    match draft.apply(0, &command.act) {
        Planned::Changed(step)
            if step.votes && draft.ending == Vote::new(command).map(|vote| vote.ending) =>
        {
            Some(draft.stands(None, Some(&decided.at)))
        }
        other => {
            tracing::error!(
                ?other,
                %approval_id,
                "a bug: an approval was decided in one step that the rules would have left"
            );
            None
        }
    }
}
