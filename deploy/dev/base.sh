# shellcheck shell=bash
# What every ./dev command rests on: messages, the state directory, the lock,
# ports and processes. Knows nothing of Postgres, Redis or Signoff.

DEV_DIR=$ROOT/.dev

say() { printf '%s\n' "$*"; }
note() { printf '  %s\n' "$*"; }
warn() { printf 'dev: %s\n' "$*" >&2; }
die() {
  warn "$@"
  exit 1
}
usage() {
  warn "$2"
  "help_$1" >&2
  exit 2
}

# `up` keeps its state in .dev/ itself; each run of `test` and `bench` has a
# directory of its own, so that they disturb neither `up` nor one another.
use_state() {
  STATE=$1
  RUN=$STATE/run
  LOG=$STATE/log
  mkdir -p "$DEV_DIR/bin"
  [ "$STATE" != "$DEV_DIR" ] || refuse_copied_state
  mkdir -p "$RUN" "$LOG" "$STATE/data"
}

# Whoever copies a checkout copies .dev/ too. The pid files in it name the
# original's processes, and the data were copied while they changed.
refuse_copied_state() {
  local origin
  origin=$(cat "$DEV_DIR/root" 2>/dev/null) || origin=$ROOT
  if [ "$origin" != "$ROOT" ] && [ -d "$origin/.dev" ]; then
    warn "this .dev/ is a copy of the one in $origin; starting afresh"
    rm -rf "$RUN" "$LOG" "$STATE/data" "$STATE/env"
  fi
  printf '%s\n' "$ROOT" >"$DEV_DIR/root"
}

# Two at once would both find a server missing and both start it. Where flock
# is absent (macOS) we go without: the ports and Postgres's own lock file
# still refuse the worst.
lock() {
  command -v flock >/dev/null || return 0
  exec 9>"$DEV_DIR/lock"
  flock -n 9 && return 0
  say "Another ./dev is at work in this directory; waiting for it."
  flock -w 900 9 || die "it has not finished in 15 minutes; giving up"
}
unlock() { exec 9>&-; }

random_hex() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }

# Writes stdin to a file that only we can read, in one step.
write_private() {
  local file=$1
  (umask 077 && cat >"$file.new") && mv -f "$file.new" "$file"
}

# --- ports ---

port_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

port_promised() { # PORT NAME: remembered for another than NAME
  local file
  for file in "$RUN"/*.port; do
    [ "$file" != "$RUN/$2.port" ] || continue
    [ "$(cat "$file" 2>/dev/null)" != "$1" ] || return 0
  done
  return 1
}

port_of() { cat "$RUN/$1.port" 2>/dev/null; }

# Sets PORT to the one remembered for NAME, so that clients find it again after
# a restart, or else to the first free one from FIRST on ("random" for any).
# Random ones stay below the range from which the kernel picks ports for
# outgoing connections: one of those could take a dead server's port.
claim_port() { # NAME FIRST
  local name=$1 first=$2 old tries=0
  old=$(port_of "$name") || old=
  PORT=$old
  if [ -z "$PORT" ] || port_taken "$PORT"; then
    PORT=$first
    [ "$first" != random ] || PORT=$((20000 + RANDOM % 10000))
    while port_taken "$PORT" || port_promised "$PORT" "$name"; do
      tries=$((tries + 1))
      [ $tries -lt 1000 ] || die "found no free port for $name"
      PORT=$((PORT + 1))
      [ "$first" != random ] || PORT=$((20000 + RANDOM % 10000))
    done
    [ -z "$old" ] || note "port $old is taken by another program: $name moves to $PORT"
  fi
  printf '%s\n' "$PORT" >"$RUN/$name.port"
}

# --- processes ---

# Prints what tells a process from a later one with the same pid: after a crash
# or a reboot a pid file may name a stranger. Fails where the process is dead;
# a zombie is (nobody may be there to reap it where there is no init).
process_birth() { # PID
  local text
  if [ -r /proc/self/stat ]; then
    # Not $(<FILE): where the file is missing, bash 5.2 ends the whole script.
    { IFS= read -r text <"/proc/$1/stat"; } 2>/dev/null || return 1
    # shellcheck disable=SC2086 # split on purpose; the name in front may hold blanks
    set -- ${text##*) }
    [ "$1" != Z ] && [ "$1" != X ] || return 1
    printf '%s %s\n' "$(</proc/sys/kernel/random/boot_id)" "${20}"
  else
    text=$(LC_ALL=C ps -o stat=,lstart= -p "$1" 2>/dev/null) || return 1
    case $text in '' | Z*) return 1 ;; esac
    # shellcheck disable=SC2086 # split on purpose
    set -- $text
    shift
    printf '%s\n' "$*"
  fi
}

# The birth is written first: whoever sees a pid file may trust it.
remember_process() { # NAME PID
  process_birth "$2" >"$RUN/$1.birth" || return 1
  printf '%s\n' "$2" >"$RUN/$1.pid"
}

forget_process() { rm -f "$RUN/$1.pid" "$RUN/$1.birth"; }

# Prints NAME's pid if that very process is alive.
running() { # NAME
  local pid birth
  { IFS= read -r pid <"$RUN/$1.pid" && IFS= read -r birth <"$RUN/$1.birth"; } 2>/dev/null || return 1
  case $pid in '' | *[!0-9]*) return 1 ;; esac
  [ "$(process_birth "$pid")" = "$birth" ] && printf '%s\n' "$pid"
}

# Replaces this process by a command in a session of its own, under the same pid.
exec_in_session() {
  if command -v setsid >/dev/null; then
    exec setsid "$@"
  else
    exec perl -MPOSIX -e 'POSIX::setsid(); exec { $ARGV[0] } @ARGV' "$@"
  fi
}

# Starts a command that outlives us, in a session of its own so that our Ctrl-C
# isn't its; sets STARTED to its pid. It gets none of our open files: it would
# hold our lock, and keep the pipe of whoever reads our output open for ever.
start_detached() { # DIRECTORY LOGFILE COMMAND…
  local dir=$1 log=$2
  shift 2
  (
    cd -- "$dir" || exit
    for fd in /dev/fd/*; do
      case ${fd##*/} in 0 | 1 | 2 | 255) ;; *) eval "exec ${fd##*/}>&-" ;; esac
    done
    exec_in_session "$@"
  ) </dev/null >>"$log" 2>&1 &
  STARTED=$!
  # Otherwise bash reports its death in words of its own.
  disown "$STARTED"
}

# Also wakes a process that someone has stopped: it could not act on a signal.
signal() { # PID SIGNAL
  kill -s "$2" "$1" 2>/dev/null || true
  kill -s CONT "$1" 2>/dev/null || true
}

# Waits until NAME is gone; past DEADLINE (in terms of SECONDS) it uses force.
await_end() { # NAME DEADLINE
  local pid killed=
  while pid=$(running "$1"); do
    if [ $SECONDS -ge $(($2 + 10)) ]; then
      die "$1 (pid $pid) does not even yield to SIGKILL"
    elif [ $SECONDS -ge "$2" ] && [ -z "$killed" ]; then
      warn "$1 (pid $pid) has not stopped in time: killed"
      signal "$pid" KILL
      killed=yes
    fi
    sleep 0.1
  done
  forget_process "$1"
}

stop_process() { # NAME SIGNAL PATIENCE
  local pid
  if pid=$(running "$1"); then
    signal "$pid" "$2"
    await_end "$1" $((SECONDS + $3))
    note "$1 stopped"
  fi
  forget_process "$1"
}

file_size() { if [ -f "$1" ]; then wc -c <"$1" | tr -d ' '; else echo 0; fi; }

# The last lines that a log has gained since it was OFFSET bytes long.
show_log() { # FILE OFFSET
  warn "the end of ${1#"$ROOT/"}:"
  tail -c "+$(($2 + 1))" "$1" | tail -n 40 | sed 's/^/    /' >&2
}

# The allocator's build can't cope with a blank in its path: such a checkout is
# built elsewhere.
case $ROOT in
  *[[:space:]]*)
    : "${CARGO_TARGET_DIR:=${XDG_CACHE_HOME:-$HOME/.cache}/signoff-target-$(printf %s "$ROOT" | cksum | tr -d ' ')}"
    export CARGO_TARGET_DIR
    ;;
esac
