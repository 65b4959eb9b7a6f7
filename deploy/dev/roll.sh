# shellcheck shell=bash
# roll: a rolling restart, one instance after the other, as a deployment does it.
#
# While an instance is away, .dev/run/rolling holds its name, so that an `up` in
# the foreground doesn't take it for dead.

# Longer than any drain with the default settings (3 s of grace, 25 s of work).
DRAIN_SECONDS=45

cmd_roll() {
  local n
  [ $# -eq 0 ] || usage roll "takes no arguments"
  use_state "$DEV_DIR"
  lock
  [ "$(highest_running)" -gt 0 ] || die "no instance runs here; ./dev up starts some"
  trap 'rm -f "$RUN/rolling"' EXIT
  need_command curl curl
  build
  start_servers
  migrate
  choose_count ''
  # First what has died: while one is replaced, the others have its work too.
  start_all_instances
  make_keys
  say "One by one"
  [ "$COUNT" -gt 1 ] || note "with a single instance nobody serves while it restarts"
  for n in $(seq 1 "$COUNT"); do roll_instance "$n"; done
  [ ! -f "$RUN/lb" ] || start_haproxy
  write_env
  say "All $COUNT run the present build and are ready."
}

roll_instance() { # N
  local name=instance-$1 old begun=$SECONDS
  case $LAUNCHED in
    *" $1 "*)
      note "$name has just been started"
      return
      ;;
  esac
  printf '%s\n' "$name" >"$RUN/rolling"
  # It may have died since.
  if old=$(running "$name"); then
    signal "$old" TERM
    await_end "$name" $((SECONDS + DRAIN_SECONDS))
  fi
  launch_instance "$1"
  if ! await_instance "$1" $((SECONDS + READY_SECONDS)); then
    write_env
    die "$name did not come back; those after it were not touched. ./dev up tries again."
  fi
  rm -f "$RUN/rolling"
  await_passed_on "$1"
  note "$name restarted in $((SECONDS - begun)) s (pid ${old:-none} before, now $(running "$name"), $(instance_url "$1"))"
}

# HAProxy needs a moment to find it ready, and the next must not go before that.
await_passed_on() { # N
  local lb id deadline=$((SECONDS + 10))
  { [ -f "$RUN/lb" ] && running haproxy >/dev/null; } || return 0
  lb=http://127.0.0.1:$(port_of haproxy)
  id=$(instance_id "$(instance_url "$1")")
  until [ "$(instance_id "$lb")" = "$id" ]; do
    if [ $SECONDS -ge $deadline ]; then
      warn "haproxy has not passed a request on to instance-$1 in 10 s; going on"
      return
    fi
    sleep 0.1
  done
}

instance_id() { # URL
  curl -s --noproxy '*' -m 5 "$1/readyz" | sed -n 's/.*"instance_id": *"\([^"]*\)".*/\1/p'
}
