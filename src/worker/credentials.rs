//! Sockets whose credential is good no more, or may follow tasks no more: found within half a minute, and closed. Their
//! clients are told whether to come back with another.
//! Also notes, now and then, which keys and sessions are used.
//!
//! The look at a credential reads what its workspace has written. So one workspace must not be able to spoil the round
//! of the others: credentials are looked at in chunks, each with a time of its own. Where a chunk fails, each of its
//! workspaces is looked at by itself; and what failed before comes last, by itself. A credential that can't be looked
//! at in two rounds running counts as bad, while the database answers at all.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap, HashSet},
    future::Future,
    sync::Arc,
    time::Duration,
};

use tokio::time::{Instant, timeout};

use super::{Round, Workers};
use crate::{
    bus::{
        Seat,
        seats::{Dismissal, Outdated},
    },
    domain::{
        credential::Credential,
        ids::{KeyId, SessionId, WorkspaceId},
    },
    store::{self, credentials},
};

const INTERVAL: Duration = Duration::from_secs(15);
/// Credentials in one query.
const CHUNK: usize = 100;
/// Longest that one query may take, and after how long no other is begun.
const LOOK: Duration = Duration::from_secs(1);
const LOOKING: Duration = Duration::from_secs(3);
/// When a round asks for no more reasons, and closes what it found: before it is cut off itself.
const TELLING: Duration = Duration::from_millis(4_500);
/// Rounds in a row in which a credential could not be looked at, until it counts as bad.
const MISSES: u8 = 2;
/// Keys, or sessions, whose use is noted with one statement.
const NOTED: usize = 1_000;

pub(super) async fn run(workers: Workers) {
    let mut round = Round::new("credentials", workers.metrics.clone());
    let mut watch = Watch::default();
    loop {
        tokio::time::sleep(INTERVAL.mul_f64(rand::random_range(0.8..1.0))).await;
        let seats = workers.bus.seats.all();
        round.run(once(&workers, &mut watch, &seats)).await;
    }
}

async fn once(workers: &Workers, watch: &mut Watch, seats: &[Arc<Seat>]) -> Result<(), store::Error> {
    let begun = Instant::now();
    let held: HashSet<(WorkspaceId, Credential)> =
        seats.iter().map(|seat| (seat.key.workspace, seat.credential)).collect();
    let look = |chunk: Vec<Credential>| {
        let authenticator = workers.authenticator.clone();
        async move { authenticator.still_subscribed(&chunk).await }
    };
    let found = watch.look(held, &look).await;
    // Nothing is withdrawn while the database is away, and nothing is held against those who wait for it.
    let bad = watch.judge(&found, workers.database.is_up());
    let refused =
        bad.iter().filter(|(_, fault)| **fault == Fault::Refused).map(|(credential, _)| *credential);
    let outdated = |chunk: Vec<Credential>| {
        let authenticator = workers.authenticator.clone();
        async move { authenticator.outdated(&chunk).await }
    };
    let verdicts = verdicts(&refused.collect::<Vec<_>>(), begun + TELLING, &outdated).await;
    // Nothing is waited for from here on: what was found bad is closed in this round.
    for seat in seats {
        match (bad.get(&seat.credential), verdicts.get(&seat.credential)) {
            (None, _) => {}
            (Some(Fault::Refused), Some(dismissal)) => seat.end(dismissal.clone()),
            (Some(_), _) => seat.end(Dismissal::Unchecked),
        }
    }
    note(workers).await?;
    // What one workspace can't have looked at, its own log lines tell; a round that could look at nothing has failed.
    found.error.filter(|_| !found.looked).map_or(Ok(()), Err)
}

/// Why each is refused: whether another credential will do. Those that can't be told by then are left out.
async fn verdicts<F>(
    refused: &[Credential],
    until: Instant,
    outdated: &impl Fn(Vec<Credential>) -> F,
) -> HashMap<Credential, Dismissal>
where
    F: Future<Output = Result<HashMap<Credential, Outdated>, store::Error>>,
{
    let mut verdicts = HashMap::new();
    for chunk in refused.chunks(CHUNK) {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        let outdated = timeout(left.min(LOOK), outdated(chunk.to_vec())).await;
        match outdated.map_err(store::Error::from).flatten() {
            Ok(outdated) => verdicts.extend(chunk.iter().map(|credential| {
                let dismissal =
                    outdated.get(credential).map_or(Dismissal::Revoked, |how| Dismissal::Outdated(*how));
                (*credential, dismissal)
            })),
            Err(error) => tracing::warn!(%error, "why some credentials are refused is not known"),
        }
    }
    verdicts
}

/// A round that fails forgets them: the next use is noted again.
async fn note(workers: &Workers) -> Result<(), store::Error> {
    let used = workers.authenticator.take_used();
    let (keys, sessions): (Vec<KeyId>, Vec<SessionId>) =
        (used.keys.into_iter().collect(), used.sessions.into_iter().collect());
    if keys.is_empty() && sessions.is_empty() {
        return Ok(());
    }
    let mut conn = workers.database.work.checkout().await?;
    for keys in keys.chunks(NOTED) {
        credentials::touch(&mut conn, keys).await?;
    }
    for sessions in sessions.chunks(NOTED) {
        credentials::seen(&mut conn, sessions).await?;
    }
    conn.done();
    Ok(())
}

/// Workspaces with their credentials.
type Alone = Vec<(WorkspaceId, Vec<Credential>)>;

/// What is wrong with a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// It is good no more.
    Refused,
    /// It could not be looked at.
    Unseen,
}

/// What rounds before have shown.
#[derive(Debug, Default)]
struct Watch {
    misses: HashMap<Credential, u8>,
    /// Workspaces whose credentials could not be looked at.
    troubled: HashSet<WorkspaceId>,
}

/// What one round has shown.
#[derive(Debug, Default)]
struct Found {
    bad: HashSet<Credential>,
    unseen: HashSet<Credential>,
    /// Whether anything could be looked at.
    looked: bool,
    /// The last error of a workspace that could not be looked at.
    error: Option<store::Error>,
}

impl Watch {
    /// Looks at all of them, as far as time allows.
    async fn look<F>(
        &mut self,
        held: HashSet<(WorkspaceId, Credential)>,
        look: &impl Fn(Vec<Credential>) -> F,
    ) -> Found
    where
        F: Future<Output = Result<HashSet<Credential>, store::Error>>,
    {
        let begun = Instant::now();
        let mut found = Found::default();
        let (alone, together) = self.turns(held);
        self.troubled.clear();
        let mut failed: BTreeMap<WorkspaceId, Vec<Credential>> = BTreeMap::new();
        for chunk in together.chunks(CHUNK) {
            let credentials: Vec<Credential> = chunk.iter().map(|(_, credential)| *credential).collect();
            if begun.elapsed() > LOOKING {
                found.unseen.extend(credentials);
            } else if found.take(&credentials, look).await.is_err() {
                for (workspace, credential) in chunk {
                    failed.entry(*workspace).or_default().push(*credential);
                }
            }
        }
        for (workspace, credentials) in failed.into_iter().chain(alone) {
            for chunk in credentials.chunks(CHUNK) {
                // After the first chunk that fails, the rest of this workspace waits, and not the other workspaces.
                if begun.elapsed() > LOOKING || self.troubled.contains(&workspace) {
                    found.unseen.extend(chunk);
                } else if let Err(error) = found.take(chunk, look).await {
                    tracing::warn!(%workspace, %error, "credentials of this workspace could not be looked at");
                    found.unseen.extend(chunk);
                    self.troubled.insert(workspace);
                    found.error = Some(error);
                }
            }
        }
        found
    }

    /// In which order to look: workspaces that made trouble, by themselves, and all others. Of both, first those that
    /// had no turn before.
    fn turns(&self, held: HashSet<(WorkspaceId, Credential)>) -> (Alone, Vec<(WorkspaceId, Credential)>) {
        let mut by_workspace: BTreeMap<WorkspaceId, Vec<Credential>> = BTreeMap::new();
        for (workspace, credential) in held {
            by_workspace.entry(workspace).or_default().push(credential);
        }
        let mut turns: Alone = by_workspace.into_iter().collect();
        turns.sort_by_key(|(_, credentials)| Reverse(credentials.iter().map(|it| self.misses(it)).max()));
        let (alone, together): (Alone, Alone) =
            turns.into_iter().partition(|(workspace, _)| self.troubled.contains(workspace));
        let each = |(workspace, credentials): (WorkspaceId, Vec<Credential>)| {
            credentials.into_iter().map(move |credential| (workspace, credential))
        };
        (alone, together.into_iter().flat_map(each).collect())
    }

    fn misses(&self, credential: &Credential) -> u8 {
        self.misses.get(credential).copied().unwrap_or_default()
    }

    /// Which are bad by now. `counts`: whether it is the credentials' own fault that they could not be looked at.
    fn judge(&mut self, found: &Found, counts: bool) -> HashMap<Credential, Fault> {
        let mut bad: HashMap<Credential, Fault> = found.bad.iter().map(|it| (*it, Fault::Refused)).collect();
        let before = std::mem::take(&mut self.misses);
        for credential in &found.unseen {
            let misses = before.get(credential).copied().unwrap_or_default() + u8::from(counts);
            if misses >= MISSES {
                bad.insert(*credential, Fault::Unseen);
            } else {
                self.misses.insert(*credential, misses);
            }
        }
        bad
    }
}

impl Found {
    async fn take<F>(
        &mut self,
        chunk: &[Credential],
        look: &impl Fn(Vec<Credential>) -> F,
    ) -> Result<(), store::Error>
    where
        F: Future<Output = Result<HashSet<Credential>, store::Error>>,
    {
        let good = timeout(LOOK, look(chunk.to_vec())).await??;
        self.looked = true;
        self.bad.extend(chunk.iter().filter(|it| !good.contains(it)));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use super::*;
    use crate::worker::round::LONGEST;

    fn credentials(count: usize) -> Vec<Credential> {
        std::iter::repeat_with(|| Credential::Key(KeyId::generate())).take(count).collect()
    }

    fn held(of: &[(WorkspaceId, &[Credential])]) -> HashSet<(WorkspaceId, Credential)> {
        of.iter().flat_map(|(workspace, all)| all.iter().map(|it| (*workspace, *it))).collect()
    }

    /// One workspace whose credentials can't be looked at: the others' are, and its own are closed in the end.
    #[tokio::test]
    async fn what_can_not_be_looked_at_spoils_nobody_elses_look() {
        let (hostile, neighbour) = (WorkspaceId::generate(), WorkspaceId::generate());
        let (theirs, ours) = (credentials(250), credentials(30));
        let (revoked, good) = ours.split_at(1);
        let look = |chunk: Vec<Credential>| {
            assert!(chunk.len() <= CHUNK);
            let fails = chunk.iter().any(|it| theirs.contains(it));
            let found = chunk.into_iter().filter(|it| good.contains(it)).collect();
            ready(if fails { Err(store::Error::TimedOut) } else { Ok(found) })
        };
        let mut watch = Watch::default();
        let held = held(&[(hostile, &theirs), (neighbour, &ours)]);
        for (round, expected) in [(1, 1), (2, 1 + theirs.len())] {
            let found = watch.look(held.clone(), &look).await;
            assert!(found.error.is_some());
            let bad = watch.judge(&found, true);
            assert_eq!(bad.len(), expected, "in round {round}");
            assert_eq!(bad[&revoked[0]], Fault::Refused);
            assert_eq!(watch.troubled, HashSet::from([hostile]));
        }
    }

    /// However slowly the database says what is bad, and why: a round ends by itself before it is cut off, and knows
    /// which to close.
    #[tokio::test(start_paused = true)]
    async fn a_slow_round_knows_what_to_close_before_it_is_cut_off() {
        let ours = credentials(20 * CHUNK);
        let held = held(&[(WorkspaceId::generate(), &ours)]);
        let slow = |_: Vec<Credential>| async {
            tokio::time::sleep(LOOK.mul_f64(0.999)).await;
            Ok(HashSet::new())
        };
        let begun = Instant::now();
        let mut watch = Watch::default();
        let found = watch.look(held, &slow).await;
        let bad: Vec<Credential> = watch.judge(&found, true).into_keys().collect();
        assert_eq!(bad.len(), 4 * CHUNK, "all that was looked at");
        let silent = |_: Vec<Credential>| std::future::pending();
        assert!(verdicts(&bad, begun + TELLING, &silent).await.is_empty());
        assert!(begun.elapsed() < LONGEST, "{:?}", begun.elapsed());
        let slow = |chunk: Vec<Credential>| async move {
            tokio::time::sleep(Duration::from_millis(300)).await;
            Ok(chunk.into_iter().map(|it| (it, Outdated::Expired)).collect())
        };
        let begun = Instant::now();
        let told = verdicts(&bad, begun + Duration::from_millis(500), &slow).await;
        assert_eq!(told.len(), CHUNK, "what is known by then is told");
    }

    #[tokio::test]
    async fn a_database_that_is_away_closes_nothing() {
        let (workspace, ours) = (WorkspaceId::generate(), credentials(3));
        let held = held(&[(workspace, &ours)]);
        let away = |_: Vec<Credential>| ready(Err(store::Error::TimedOut));
        let mut watch = Watch::default();
        for _ in 0..5 {
            let found = watch.look(held.clone(), &away).await;
            assert!(watch.judge(&found, false).is_empty());
        }
        let back = |chunk: Vec<Credential>| ready(Ok(chunk.into_iter().collect()));
        let found = watch.look(held, &back).await;
        assert!(watch.judge(&found, true).is_empty() && watch.misses.is_empty());
    }
}
