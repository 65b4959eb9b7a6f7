# shellcheck shell=bash
# up, down, status.
#
# What `up` was asked for is kept in .dev/run/, so that a later `up` restores
# it and `status` can tell what is missing: `count` (instances), `lb`, `notify`,
# `given.database`, `given.admin`, `given.redis` (servers that aren't ours).

cmd_up() {
  local detach='' lb='' notify='' wanted=''
  while [ $# -gt 0 ]; do
    case $1 in
      --instances)
        wanted=${2:-0}
        shift
        ;;
      --instances=*) wanted=${1#*=} ;;
      --detach) detach=yes ;;
      --lb) lb=yes ;;
      --with-notify) notify=yes ;;
      -h | --help)
        help_up
        exit 0
        ;;
      *) usage up "unknown option: $1" ;;
    esac
    [ $# -eq 0 ] || shift
    case ${wanted:-1} in *[!0-9]* | 0*) usage up "--instances takes a number from 1 on" ;; esac
  done

  use_state "$DEV_DIR"
  lock
  rm -f "$RUN/rolling"
  # From here on Ctrl-C leaves nothing half started behind.
  [ -n "$detach" ] || trap stop_on_signal INT TERM HUP
  need_command curl curl
  build
  start_servers
  migrate
  choose_count "$wanted"
  remember_set "$lb" "$notify"
  start_notify
  start_all_instances
  make_keys
  introduce_ana
  [ ! -f "$RUN/lb" ] || start_haproxy
  write_env
  show_first_steps
  unlock
  [ -n "$detach" ] || stay
}

# --- servers: given or our own ---

# Addresses of our own servers, past ones too: found in the environment, they
# come from a shell that has read .dev/env and don't mean "use this server".
is_own_url() { grep -qxF "$(printf %s "$1" | cksum)" "$DEV_DIR/own-urls" 2>/dev/null; }
remember_own_url() { is_own_url "$1" || printf %s "$1" | cksum >>"$DEV_DIR/own-urls"; }

# Prints the server that the environment gives, or gave when this set was started.
given_server() { # KIND URL
  if [ -n "$2" ] && ! is_own_url "$2"; then
    printf '%s' "$2"
  else
    cat "$RUN/given.$1" 2>/dev/null || true
  fi
}

start_servers() {
  GIVEN_DATABASE=$(given_server database "${DATABASE_URL-}")
  GIVEN_ADMIN=$(given_server admin "${DATABASE_ADMIN_URL-}")
  GIVEN_REDIS=$(given_server redis "${REDIS_URL-}")
  say "Servers"
  if [ -n "$GIVEN_DATABASE" ]; then
    DATABASE_URL=$GIVEN_DATABASE
    DATABASE_ADMIN_URL=${GIVEN_ADMIN:-$GIVEN_DATABASE}
    DATABASE_OWNER_URL=$DATABASE_ADMIN_URL
    note "postgres: the one that DATABASE_URL gives"
  else
    start_postgres 200 ''
    DATABASE_URL=$(postgres_url app)
    DATABASE_OWNER_URL=$(postgres_url owner)
    DATABASE_ADMIN_URL=$(postgres_url admin)
    remember_own_url "$DATABASE_URL"
    remember_own_url "$DATABASE_ADMIN_URL"
  fi
  if [ -n "$GIVEN_REDIS" ]; then
    REDIS_URL=$GIVEN_REDIS
    note "redis: the one that REDIS_URL gives"
  else
    start_redis
    REDIS_URL=$(redis_url)
    remember_own_url "$REDIS_URL"
  fi
}

# --- instances ---

# What a later `up`, `status` and `down` need to know. Not before the servers
# have proved to work: a mistyped address isn't worth keeping.
remember_set() { # WITH_LB WITH_NOTIFY
  remember_given database "$GIVEN_DATABASE"
  remember_given admin "$GIVEN_ADMIN"
  remember_given redis "$GIVEN_REDIS"
  [ -z "$1" ] || : >"$RUN/lb"
  [ -z "$2" ] || : >"$RUN/notify"
  printf '%s\n' "$COUNT" >"$RUN/count"
}
remember_given() { # KIND URL
  if [ -n "$2" ]; then printf '%s\n' "$2" | write_private "$RUN/given.$1"; fi
}

# SIGNOFF_URLS has no gaps, so the highest that runs says how many there are.
choose_count() { # WANTED
  local highest
  COUNT=${1:-$(cat "$RUN/count" 2>/dev/null || echo 2)}
  highest=$(highest_running)
  if [ "$highest" -gt "$COUNT" ]; then
    note "$highest instances run already; none is stopped"
    COUNT=$highest
  fi
}

# One that fails stops none of the others.
start_all_instances() {
  local n failed='' deadline
  say "Instances"
  for n in $(seq 1 "$COUNT"); do start_instance "$n"; done
  API_KEY=$(env_value SIGNOFF_API_KEY)
  APPROVER_KEY=$(env_value SIGNOFF_APPROVER_KEY)
  deadline=$((SECONDS + READY_SECONDS))
  for n in $(seq 1 "$COUNT"); do await_instance "$n" $deadline || failed="$failed instance-$n"; done
  [ -n "$failed" ] || return 0
  write_env
  die "not ready:$failed. The rest keeps running: ./dev up tries again, ./dev down stops it."
}

make_keys() {
  local settings
  API_KEY=$(ensure_key SIGNOFF_API_KEY admin workspace:admin,cluster:view) || die "could not make a key"
  APPROVER_KEY=$(ensure_key SIGNOFF_APPROVER_KEY ana \
    approval:approve,approval:reject,approval:view:pending,approval:view:history) ||
    die "could not make the approver's key"
  # A development workspace tries everything, a timeout that approves too.
  settings=$(export_settings && "$BIN" workspaces set dev --allow-timeout-approve true) ||
    die "could not set the workspace: $settings"
}

# --- .dev/env ---

# Plain KEY=value, for shells and for simple parsers alike; quotes only around
# a given URL that a shell would trip over.
env_line() { # NAME VALUE
  case $2 in
    *[!A-Za-z0-9_./:@%?=,+-]*) printf "%s='%s'\n" "$1" "$2" ;;
    *) printf '%s=%s\n' "$1" "$2" ;;
  esac
}

joined() { # FUNCTION: its words for all instances, with commas between
  local n all=
  for n in $(seq 1 "$COUNT"); do all=$all,$("$1" "$n"); done
  printf '%s' "${all#,}"
}

write_env() {
  {
    env_line SIGNOFF_URLS "$(joined instance_url)"
    env_line SIGNOFF_URL "$(instance_url 1)"
    env_line SIGNOFF_METRICS_URLS "$(joined metrics_url)"
    env_line SIGNOFF_API_KEY "$API_KEY"
    env_line SIGNOFF_APPROVER_KEY "$APPROVER_KEY"
    env_line DATABASE_URL "$DATABASE_URL"
    env_line DATABASE_ADMIN_URL "$DATABASE_ADMIN_URL"
    env_line REDIS_URL "$REDIS_URL"
    [ ! -f "$RUN/lb" ] || env_line SIGNOFF_LB_URL "http://127.0.0.1:$(port_of haproxy)"
    ! with_notify || env_line SIGNOFF_MAIL_URL "$(mail_url)"
    ! with_notify || env_line SIGNOFF_ECHO_URL "$(echo_url)"
  } | write_private "$STATE/env"
}

# --- what to do with it ---

# Where a person opens the app: the balancer, if there is one.
web_url() {
  if [ -f "$RUN/lb" ]; then printf 'http://127.0.0.1:%s' "$(port_of haproxy)"; else instance_url 1; fi
}

show_first_steps() {
  local n last
  last=$(instance_url "$((COUNT > 1 ? 2 : 1))")
  say ""
  say "Ready:"
  for n in $(seq 1 "$COUNT"); do
    note "instance-$n   $(instance_url "$n")   metrics $(metrics_url "$n")"
  done
  [ ! -f "$RUN/lb" ] || note "haproxy      http://127.0.0.1:$(port_of haproxy)"
  ! with_notify || note "mail         $(mail_url)   what is sent to people arrives here"
  ! with_notify || note "echo         $(echo_url)   plays Slack and a receiver of webhooks"
  note "key          $API_KEY   (workspace dev, principal admin)"
  note "             all of it is in .dev/env: set -a; . .dev/env; set +a"
  note "web app      $(web_url)/sign-in"
  note "             sign in as ana, who may decide, with $APPROVER_KEY"
  cat <<TEXT

Ask on one instance, wait there, decide on the other as ana:

(
A=$(instance_url 1) B=$last
KEY=$API_KEY
ANA=$APPROVER_KEY
ID=\$(curl -sS "\$A/api/v1/approvals" -H "Authorization: Bearer \$KEY" -H 'Content-Type: application/json' -d '{"run_id":"demo-1","approval_type":"tool_call","title":"Refund order 1042","context":{"tool":"refund","amount":"49.90"}}' | sed 's/"id": *"\\([^"]*\\)".*/#\\1/; s/.*#//')
curl -sS -w '\\n' "\$A/api/v1/approvals/\$ID/wait?timeout=55" -H "Authorization: Bearer \$KEY" &
sleep 1
curl -sS -w '\\n' "\$B/api/v1/approvals/\$ID/approve" -H "Authorization: Bearer \$ANA" -H 'Content-Type: application/json' -d '{"comment":"Go ahead."}'
wait
)

TEXT
}

# --- the foreground ---

stop_on_signal() {
  trap '' INT TERM HUP
  say ""
  say "Stopping everything under .dev/, also what ran before …"
  lock
  stop_all
  exit 0
}

# Says when something dies; starting it again is left to whoever killed it. What
# `roll` is replacing hasn't died.
stay() {
  local name dead='' now alive
  say "In the foreground; Ctrl-C stops everything under .dev/, also what ran before."
  while :; do
    sleep 1
    now='' alive=''
    for name in $(expected); do
      if running "$name" >/dev/null || [ "$name" = "$(cat "$RUN/rolling" 2>/dev/null)" ]; then
        alive=yes
      else
        now="$now $name"
      fi
    done
    if [ -z "$alive" ]; then
      say "Everything has been stopped."
      return
    fi
    for name in $now; do
      case " $dead " in
        *" $name "*) ;;
        *) warn "$name has died; ./dev up --detach in another terminal starts it again" ;;
      esac
    done
    dead=$now
  done
}

# --- status and down ---

# Prints the names of what should run; after an `up` that got no further than
# the servers, those that do run.
expected() {
  local n count
  if [ ! -f "$RUN/count" ]; then
    for n in postgres redis; do
      if running $n >/dev/null; then echo $n; fi
    done
    return
  fi
  [ -f "$RUN/given.database" ] || echo postgres
  [ -f "$RUN/given.redis" ] || echo redis
  count=$(<"$RUN/count")
  for n in $(seq 1 "$count"); do echo "instance-$n"; done
  [ ! -f "$RUN/lb" ] || echo haproxy
  ! with_notify || printf '%s\n' maildev echo
}

# Sets ADDRESS and READY ("ready", or what is wrong).
inspect() { # NAME
  local port
  port=$(port_of "$1") || port=
  case $1 in
    postgres)
      ADDRESS=127.0.0.1:$port
      find_postgres "" && postgres_answers "$port" && READY=ready
      ;;
    redis)
      ADDRESS=127.0.0.1:$port
      redis_answers "$port" && READY=ready
      ;;
    maildev | echo)
      ADDRESS=http://127.0.0.1:$port
      [ "$(http_status "$ADDRESS/")" = 200 ] && READY=ready
      ;;
    *)
      ADDRESS=http://127.0.0.1:$port
      READY=$(http_status "$ADDRESS/readyz")
      case $READY in
        200) READY=ready ;;
        000) READY="no answer" ;;
        *) READY="not ready ($READY)" ;;
      esac
      ;;
  esac || READY="no answer"
}

cmd_status() {
  local name names pid missing=
  [ $# -eq 0 ] || usage status "takes no arguments"
  use_state "$DEV_DIR"
  names=$(expected)
  if [ -z "$names" ]; then
    say "Nothing runs here; ./dev up starts it."
    exit 3
  fi
  [ -f "$RUN/count" ] || missing=yes
  for name in $names; do
    inspect "$name"
    if ! pid=$(running "$name"); then
      pid=-
      # A Redis that someone restarted by hand serves as well.
      [ "$name $READY" = "redis ready" ] || READY="not running"
    fi
    [ "$READY" = ready ] || missing=yes
    printf '%-12s %-8s %-28s %s\n' "$name" "$pid" "$ADDRESS" "$READY"
  done
  for name in database redis; do
    [ ! -f "$RUN/given.$name" ] || printf '%-12s %-8s %s\n' "$name" - "given"
  done
  [ -z "$missing" ] || exit 3
}

# The set is forgotten, ports and data are kept.
stop_all() {
  stop_process haproxy TERM 10
  stop_instances
  stop_notify
  stop_redis
  stop_postgres
  rm -f "$RUN/count" "$RUN/lb" "$RUN"/given.*
}

cmd_down() {
  local wipe=
  case $#:${1-} in
    0:) ;;
    1:--wipe) wipe=yes ;;
    *) usage down "unknown option: $*" ;;
  esac
  use_state "$DEV_DIR"
  lock
  say "Stopping"
  stop_all
  [ -n "$wipe" ] || return 0
  remove_postgres_data
  # The lock stays, others may be waiting for it; so does what `test` runs on.
  rm -rf "$RUN" "$LOG" "$STATE/data" "$STATE/env" "$STATE/secrets.key" "$STATE/haproxy.cfg"
  note "data, logs and keys removed"
}
