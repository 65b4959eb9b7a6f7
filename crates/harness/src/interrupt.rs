//! Signals that ask this program to end: what waits hears of them, and a step's processes get them too.

use std::{
    fs,
    sync::atomic::{AtomicI32, Ordering},
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process_group};
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    iterator::Signals,
};

/// The first that came; 0 for none.
static CAME: AtomicI32 = AtomicI32::new(0);
/// The session of the step at work; 0 for none.
static SESSION: AtomicI32 = AtomicI32::new(0);

/// How long a step's processes have to end.
const PATIENCE: Duration = Duration::from_secs(15);

/// A signal asked this program to end.
#[derive(Debug, thiserror::Error)]
#[error("interrupted")]
pub struct Interrupted {
    signal: i32,
}

impl Interrupted {
    /// As shells have it.
    pub fn exit_code(&self) -> u8 {
        u8::try_from(128 + self.signal).unwrap_or(1)
    }
}

/// From here on signals end nothing by themselves: [`check`] tells of them.
pub fn listen() -> anyhow::Result<()> {
    // `nohup`, and a shell that starts us behind its back, have us ignore some: they stay ignored.
    let ignored = ignored();
    let wanted = [SIGHUP, SIGINT, SIGTERM].into_iter().filter(|signal| ignored & (1 << (signal - 1)) == 0);
    let mut signals = Signals::new(wanted)?;
    thread::spawn(move || {
        for signal in signals.forever() {
            if CAME.swap(signal, Ordering::SeqCst) == 0 {
                end_session();
            }
        }
    });
    Ok(())
}

/// Which signals this process ignores, as Linux tells: a bit for each.
fn ignored() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    line.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

/// Whether one came.
pub fn check() -> Result<(), Interrupted> {
    match CAME.load(Ordering::SeqCst) {
        0 => Ok(()),
        signal => Err(Interrupted { signal }),
    }
}

/// Waits a moment, for those who ask again and again.
pub fn pause() -> Result<(), Interrupted> {
    thread::sleep(Duration::from_millis(100));
    check()
}

/// From here on a signal also ends that session, which is a step's.
pub fn session_began(pid: i32) {
    SESSION.store(pid, Ordering::SeqCst);
    // One may have come just before.
    if check().is_err() {
        end_session();
    }
}

pub fn session_ended() {
    SESSION.store(0, Ordering::SeqCst);
}

/// Ends all its processes; with force where they don't end in time.
fn end_session() {
    let Some(pid) = Pid::from_raw(SESSION.load(Ordering::SeqCst)) else { return };
    // A step that has just begun is no session yet. Or it has ended already.
    for _ in 0..10 {
        let is_current = SESSION.load(Ordering::SeqCst) == pid.as_raw_nonzero().get();
        if kill_process_group(pid, Signal::TERM).is_ok() || !is_current {
            break;
        }
        thread::sleep(Duration::from_millis(100));
    }
    thread::spawn(move || {
        thread::sleep(PATIENCE);
        if SESSION.load(Ordering::SeqCst) == pid.as_raw_nonzero().get() {
            let _ = kill_process_group(pid, Signal::KILL);
        }
    });
}
