//! What was asked in a session and not used yet: a file for each question.
//!
//! An agent that tries a call again gives it a new id, and people must not be asked again. The file says under which id
//! they were asked. A hook holds its file's lock for as long as it lives, so two equal calls that wait together have a
//! file each, and the file of a hook that was killed is free for the next one. It is deleted before its outcome is
//! passed on: an approval lets one call run. So each file has a number of its own in its key. A call whose id was used
//! before is another question.

use std::{
    env,
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, ErrorKind, Read, Seek, SeekFrom, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{answer::Answer, client::Client, failure::ClientError, places};
use crate::{
    domain::chain::Digest,
    gate::{Call, Rule, Unapproved, Verdict, json::canonical, verdict},
};

/// Equal calls that wait together in a session.
const MOST: usize = 1_000;
/// What a run has left behind is forgotten after so long without a question.
const FORGOTTEN: Duration = Duration::from_hours(60 * 24);

/// As whom the call was asked about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Name {
    call_id: String,
    agent: Option<String>,
    /// Tells this question from those about the same call that were used up.
    nonce: Uuid,
}

/// What was asked.
pub struct Known {
    pub id: String,
    pub waits: bool,
}

/// Where a call would run. The same call elsewhere is another one.
pub struct Place {
    /// All that tells it from other places.
    identity: String,
    /// What approvers see of it, in the request's metadata.
    shown: (&'static str, String),
}

impl Place {
    pub fn folder(path: &str) -> Self {
        Self { identity: path.to_owned(), shown: ("cwd", path.to_owned()) }
    }

    /// A server behind a gateway: by its command, which may hold secrets, and shown by its name.
    pub fn server(command: &[String], name: &str) -> Self {
        let folder = env::current_dir().unwrap_or_default();
        let identity = json!([command, folder.to_string_lossy()]).to_string();
        Self { identity, shown: ("server", name.to_owned()) }
    }
}

/// What a model is told where people have not answered yet, and it can't be held longer.
pub fn still_waiting(id: &str) -> String {
    format!("Still waiting for sign-off of approval {id}. Try the same call again later.")
}

/// A question that is this process's own.
#[derive(Debug)]
pub struct Asked {
    path: PathBuf,
    file: File,
    name: Name,
    /// What the request says of its place.
    place: Option<(&'static str, String)>,
}

impl Asked {
    /// The question that was asked about this very call and left behind, or a new one.
    pub fn take(call: &Call, place: Option<&Place>) -> anyhow::Result<Self> {
        Self::take_in(&places::state()?.join("asked"), call, place)
    }

    fn take_in(all: &Path, call: &Call, place: Option<&Place>) -> anyhow::Result<Self> {
        forget_old(all);
        let folder = all.join(digest(&json!([call.dialect, call.run])));
        let shown = folder.display().to_string();
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .with_context(|| format!("can't make {shown}"))?;
        // As they are written: what differs may be shown alike.
        let what = digest(&json!([
            call.tool,
            serde_json::to_string(&call.arguments)?,
            place.map(|it| &it.identity)
        ]));
        for n in 0..MOST {
            let path = folder.join(format!("{what}.{n}"));
            let taken = Self::take_file(path, call).with_context(|| format!("can't use {shown}"))?;
            if let Some(asked) = taken {
                return Ok(Self { place: place.map(|it| it.shown.clone()), ..asked });
            }
        }
        bail!("{MOST} equal calls wait already")
    }

    /// Unless another process has it.
    fn take_file(path: PathBuf, call: &Call) -> io::Result<Option<Self>> {
        loop {
            let opened = OpenOptions::new()
                .create(true)
                .truncate(false)
                .read(true)
                .write(true)
                .mode(0o600)
                .open(&path);
            let mut file = opened?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(error),
            }
            // Between the opening and the lock, the one who had it may have deleted it.
            if !is_at(&file, &path)? {
                continue;
            }
            let mut text = Vec::new();
            file.read_to_end(&mut text)?;
            // Half a name: its writer died, and asked nobody yet.
            let left = serde_json::from_slice(&text).ok();
            let mut asked = Self { path, file, name: name(call), place: None };
            match left {
                Some(name) => asked.name = name,
                None => asked.write()?,
            }
            return Ok(Some(asked));
        }
    }

    fn write(&mut self) -> io::Result<()> {
        let text = serde_json::to_vec(&self.name)?;
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&text)?;
        self.file.sync_all()
    }

    /// The call as it was asked about.
    fn call(&self, call: &Call) -> Call {
        Call { call_id: self.name.call_id.clone(), agent: self.name.agent.clone(), ..call.clone() }
    }

    /// Asks, or finds what was asked before.
    pub async fn ask(&mut self, client: &Client, call: &Call, rule: &Rule) -> anyhow::Result<Known> {
        loop {
            let as_asked = self.call(call);
            let key = format!("{}.{}", as_asked.key()?, self.name.nonce.simple());
            let mut request = as_asked.request(rule)?;
            if let Some((name, shown)) = &self.place {
                request["metadata"][*name] = shown.as_str().into();
            }
            match client.create(&key, &request).await {
                Err(ClientError::Refused { code, .. }) if code == "idempotency_mismatch" => {
                    // The rules have changed since.
                    self.renew(call)?;
                }
                created => {
                    let created = created?;
                    let id = created["id"].as_str().context("an approval without an id")?.to_owned();
                    return Ok(Known { id, waits: created["status"] == "pending" });
                }
            }
        }
    }

    /// What the outcome means for the call. Nobody uses it again, and the task hears of edits that were refused.
    pub async fn settle(
        self,
        client: &Client,
        call: &Call,
        rule: &Rule,
        approval: &Answer,
    ) -> anyhow::Result<Result<Verdict, Unapproved>> {
        let edits = approval.part(&["result", "modifications"]);
        let verdict = verdict(&self.call(call), rule, approval, edits.as_deref());
        self.use_up()?;
        if let Ok(Verdict::Refused(why)) = &verdict {
            client.tell_refused(approval, why).await;
        }
        Ok(verdict)
    }

    /// Asks anew: what was asked before was asked by other rules.
    fn renew(&mut self, call: &Call) -> anyhow::Result<()> {
        self.name = name(call);
        self.write().with_context(|| format!("can't write {}", self.path.display()))
    }

    fn use_up(self) -> anyhow::Result<()> {
        fs::remove_file(&self.path).with_context(|| format!("can't delete {}", self.path.display()))
    }
}

fn name(call: &Call) -> Name {
    Name { call_id: call.call_id.clone(), agent: call.agent.clone(), nonce: Uuid::new_v4() }
}

/// Runs that nobody has asked in for long. It matters to no call whether that works.
fn forget_old(all: &Path) {
    let is_old = |entry: &fs::DirEntry| {
        let asked = entry.metadata().and_then(|it| it.modified()).ok().and_then(|it| it.elapsed().ok());
        asked.is_some_and(|ago| ago > FORGOTTEN)
    };
    for entry in fs::read_dir(all).into_iter().flatten().flatten().filter(is_old) {
        let _ = fs::remove_dir_all(entry.path());
    }
}

fn digest(what: &serde_json::Value) -> String {
    Digest::of(canonical(what).as_bytes()).to_string()[..32].to_owned()
}

fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let (open, there) = (file.metadata()?, fs::metadata(path));
    match there {
        Ok(there) => Ok(open.ino() == there.ino() && open.dev() == there.dev()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(call_id: &str) -> Call {
        Call {
            dialect: "claude".to_owned(),
            run: "s".to_owned(),
            tool: "Bash".to_owned(),
            call_id: call_id.to_owned(),
            agent: None,
            arguments: serde_json::from_str(r#"{"command": "ls"}"#).unwrap(),
        }
    }

    fn folder() -> PathBuf {
        std::env::temp_dir().join(format!("signoff-asked-{}", Uuid::now_v7()))
    }

    #[test]
    fn what_was_left_behind_is_taken_up_and_used_once() {
        let folder = folder();
        let take =
            |id: &str, place: &str| Asked::take_in(&folder, &call(id), Some(&Place::folder(place))).unwrap();
        let id = |asked: &Asked| asked.call(&call("x")).call_id;
        let (first, second) = (take("a", "/"), take("b", "/"));
        assert_eq!((id(&first), id(&second)), ("a".to_owned(), "b".to_owned()));
        let nonce = first.name.nonce;
        drop(first);
        // The same call under a new id; elsewhere it is another one.
        assert_eq!(id(&take("c", "/prod")), "c");
        let again = take("c", "/");
        assert_eq!((id(&again), again.name.nonce), ("a".to_owned(), nonce));
        again.use_up().unwrap();
        // An id that comes again is another question.
        assert_ne!(take("a", "/").name.nonce, nonce);
        drop(second);
        let other = Call { arguments: serde_json::from_str("{}").unwrap(), ..call("e") };
        assert_eq!(id(&Asked::take_in(&folder, &other, None).unwrap()), "e");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn half_a_name_is_none() {
        let folder = folder();
        for text in [&b"{\"call_"[..], b"\xff\xfe"] {
            let path = Asked::take_in(&folder, &call("a"), None).unwrap().path;
            fs::write(&path, text).unwrap();
            assert_eq!(Asked::take_in(&folder, &call("b"), None).unwrap().name.call_id, "b");
        }
        fs::remove_dir_all(folder).unwrap();
    }
}
