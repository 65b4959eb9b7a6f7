# shellcheck shell=bash
# Signoff itself: build, migrations, instances, keys; and HAProxy before them.

READY_SECONDS=60

# --- build ---

# Sets BIN. SIGNOFF_BIN, for work on these scripts, names a program to run
# instead of a build. The profile `up` (Cargo.toml) is built in less than half of
# a release's time.
build() {
  if [ -n "${SIGNOFF_BIN-}" ]; then
    BIN=$SIGNOFF_BIN
    link_program
    return
  fi
  need_rust
  build_web_if_possible
  BIN=$(target_dir)/up/signoff
  if [ -e "$BIN" ]; then
    say "Building …"
  else
    say "Building all crates, once: some 5 minutes on two cores, less on more …"
  fi
  # A DATABASE_URL in the environment is to be used, not to check queries with.
  SQLX_OFFLINE=true cargo build --profile up --locked --bin signoff || die "the build failed"
  link_program
  link_release
}

# For the shells of those who try it: .dev/bin is what README.md puts into PATH.
link_program() {
  local program=$DEV_DIR/bin/signoff
  ln -sf "$BIN" "$program.new" && mv -f "$program.new" "$program"
}

# Where there is no release, its place has the program too: older notes name it.
# `cargo build --release` puts its own there.
link_release() {
  local release
  release=$(target_dir)/release/signoff
  if [ -L "$release" ] || [ ! -e "$release" ]; then
    mkdir -p "${release%/*}"
    ln -sf ../up/signoff "$release"
  fi
}

target_dir() {
  case ${CARGO_TARGET_DIR-} in
    '') printf '%s\n' "$ROOT/target" ;;
    /*) printf '%s\n' "$CARGO_TARGET_DIR" ;;
    *) printf '%s\n' "$ROOT/$CARGO_TARGET_DIR" ;;
  esac
}

# --- what the instances are told ---

# A shell that has read .dev/env passes these on; they are no settings.
forget_dev_env() {
  unset SIGNOFF_URL SIGNOFF_URLS SIGNOFF_METRICS_URLS SIGNOFF_LB_URL
  unset SIGNOFF_API_KEY SIGNOFF_APPROVER_KEY SIGNOFF_MAIL_URL SIGNOFF_ECHO_URL
}

# The one place for settings that all share.
export_settings() {
  forget_dev_env
  export SIGNOFF_DATABASE_URL=$DATABASE_URL
  export SIGNOFF_REDIS_URL=$REDIS_URL
  export SIGNOFF_LOG_FORMAT=json
  # What the environment gives is taken.
  if [ -z "${SIGNOFF_SECRETS_KEY-}${SIGNOFF_SECRETS_KEY_FILE-}" ]; then
    SIGNOFF_SECRETS_KEY_FILE=$(secrets_key_file)
    export SIGNOFF_SECRETS_KEY_FILE
  fi
}

# Where the key is that seals secrets in the database; made where there is none.
secrets_key_file() {
  local file=$STATE/secrets.key
  [ -s "$file" ] || head -c 32 /dev/urandom | base64 | write_private "$file"
  printf '%s' "$file"
}

# Limits of a load test, not of production: one machine plays all the clients.
# The environment may still give others.
raise_limits() {
  raise_open_files
  export SIGNOFF_LIMITS_MAX_WAITERS=${SIGNOFF_LIMITS_MAX_WAITERS:-200000}
  export SIGNOFF_LIMITS_MAX_WAITERS_PER_WORKSPACE=${SIGNOFF_LIMITS_MAX_WAITERS_PER_WORKSPACE:-200000}
  export SIGNOFF_LIMITS_MAX_CONNECTIONS=${SIGNOFF_LIMITS_MAX_CONNECTIONS:-220000}
  export SIGNOFF_LIMITS_MAX_CONNECTIONS_PER_ADDRESS=${SIGNOFF_LIMITS_MAX_CONNECTIONS_PER_ADDRESS:-220000}
  export SIGNOFF_LIMITS_MAX_SOCKETS=${SIGNOFF_LIMITS_MAX_SOCKETS:-$(most_sockets)}
  export SIGNOFF_LIMITS_MAX_SOCKETS_PER_WORKSPACE=${SIGNOFF_LIMITS_MAX_SOCKETS_PER_WORKSPACE:-100000}
  export SIGNOFF_LIMITS_MAX_SOCKETS_PER_PRINCIPAL=${SIGNOFF_LIMITS_MAX_SOCKETS_PER_PRINCIPAL:-100000}
  export SIGNOFF_SOCKETS_MESSAGES_PER_SECOND=${SIGNOFF_SOCKETS_MESSAGES_PER_SECOND:-10000}
  # Out of the way, but not off: counting is part of the load.
  export SIGNOFF_RATE_LIMITS_PRINCIPAL_REQUESTS_PER_SECOND=${SIGNOFF_RATE_LIMITS_PRINCIPAL_REQUESTS_PER_SECOND:-1000000}
  export SIGNOFF_RATE_LIMITS_PRINCIPAL_BURST=${SIGNOFF_RATE_LIMITS_PRINCIPAL_BURST:-1000000}
  export SIGNOFF_RATE_LIMITS_WORKSPACE_REQUESTS_PER_SECOND=${SIGNOFF_RATE_LIMITS_WORKSPACE_REQUESTS_PER_SECOND:-1000000}
  export SIGNOFF_RATE_LIMITS_WORKSPACE_BURST=${SIGNOFF_RATE_LIMITS_WORKSPACE_BURST:-1000000}
  export SIGNOFF_RATE_LIMITS_ADDRESS_REQUESTS_PER_SECOND=${SIGNOFF_RATE_LIMITS_ADDRESS_REQUESTS_PER_SECOND:-1000000}
  export SIGNOFF_RATE_LIMITS_ADDRESS_BURST=${SIGNOFF_RATE_LIMITS_ADDRESS_BURST:-1000000}
  export SIGNOFF_RATE_LIMITS_FAILED_CREDENTIALS_PER_MINUTE=${SIGNOFF_RATE_LIMITS_FAILED_CREDENTIALS_PER_MINUTE:-1000000}
}

# What the open files allow, less some for everything else: a socket too many
# is to be refused in words, not by the kernel.
most_sockets() {
  local files most=20000
  files=$(ulimit -n)
  if [ "$files" != unlimited ] && [ "$files" -lt $((most + 2000)) ]; then
    most=$((files - files / 10))
  fi
  echo "$most"
}

# Each waiting client and each socket is an open file.
raise_open_files() {
  local hard
  hard=$(ulimit -H -n)
  ulimit -n "$hard" 2>/dev/null || ulimit -n 10240 2>/dev/null || true
}

migrate() {
  (export_settings && migrate_database) || die "the migrations could not be applied"
}

# As the owner of the tables; the instances' login may act as their roles then.
migrate_database() {
  SIGNOFF_DATABASE_OWNER_URL=$DATABASE_OWNER_URL "$BIN" migrate up --login "$(login_of "$DATABASE_URL")"
}

login_of() { # URL
  local authority=${1#*://}
  authority=${authority%%/*}
  authority=${authority%@*}
  printf '%s' "${authority%%:*}"
}

# --- instances ---

instance_url() { printf 'http://127.0.0.1:%s' "$(port_of "instance-$1")"; }
metrics_url() { printf 'http://127.0.0.1:%s/metrics' "$(port_of "operator-$1")"; }

http_status() { # URL [curl options]
  curl -s -o /dev/null --noproxy '*' -m 5 -w '%{http_code}' "$@" || true
}

# Which servers an instance uses, to notice when a later `up` means others.
servers_fingerprint() {
  printf '%s %s' "$DATABASE_URL" "$REDIS_URL" | cksum
  ! with_notify || { port_of smtp && port_of echo; }
}

LAUNCHED='' # those that we have started ourselves, by number
launch_instance() { # N
  local name=instance-$1 http
  claim_port "$name" $((8080 + $1))
  http=$PORT
  claim_port "operator-$1" $((9090 + $1))
  servers_fingerprint >"$RUN/$name.servers"
  file_size "$LOG/$name.log" >"$RUN/$name.offset"
  # Exported in a shell of its own: the settings are the instances' alone.
  STARTED=$(
    export_settings
    raise_limits
    export SIGNOFF_INSTANCE_NAME=dev-$1
    export SIGNOFF_HTTP_LISTEN=127.0.0.1:$http
    export SIGNOFF_OPERATOR_LISTEN=127.0.0.1:$PORT
    export_notify "http://127.0.0.1:$http"
    start_detached "$ROOT" "$LOG/$name.log" "$BIN" serve
    echo "$STARTED"
  )
  remember_process "$name" "$STARTED" || true
  LAUNCHED="$LAUNCHED $1 "
}

start_instance() { # N
  local name=instance-$1 pid
  if pid=$(running "$name"); then
    if [ "$(cat "$RUN/$name.servers" 2>/dev/null)" = "$(servers_fingerprint)" ]; then
      note "$name already runs (pid $pid, $(instance_url "$1"))$(outdated "$pid")"
      return
    fi
    note "$name uses other servers: restarted"
    stop_process "$name" TERM 30
  fi
  launch_instance "$1"
  note "$name started (pid $STARTED, $(instance_url "$1"))"
}

# Cargo replaces the file; a process keeps the one that it was started from.
outdated() { # PID
  case $(readlink "/proc/$1/exe" 2>/dev/null) in
    *' (deleted)') printf ' — an older build; ./dev roll replaces it' ;;
  esac
}

# Worth another try: an instance that was draining when we found it and has
# ended since; and a port that was free a moment ago and now serves another
# checkout's instance.
worth_relaunching() { # N
  case $LAUNCHED in
    *" $1 "*) port_taken "$(port_of "instance-$1")" ;;
  esac
}

await_instance() { # N DEADLINE
  local name=instance-$1 retries=2
  until [ "$(http_status "$(instance_url "$1")/readyz")" = 200 ] && running "$name" >/dev/null; do
    if ! running "$name" >/dev/null; then
      if [ $retries -gt 0 ] && worth_relaunching "$1"; then
        retries=$((retries - 1))
        launch_instance "$1"
        note "$name has ended: started again (pid $STARTED, $(instance_url "$1"))"
        continue
      fi
      instance_failed "$name" "has ended instead of becoming ready"
      return 1
    elif [ $SECONDS -ge "$2" ]; then
      instance_failed "$name" "is not ready after $READY_SECONDS s"
      return 1
    fi
    sleep 0.1
  done
}

instance_failed() { # NAME WHAT
  show_log "$LOG/$1.log" "$(cat "$RUN/$1.offset")"
  warn "$1 $2; the whole log: ${LOG#"$ROOT/"}/$1.log"
}

# Prints the numbers of all instances that were ever started here.
known_instances() {
  local file
  for file in "$RUN"/instance-*.port; do
    [ -f "$file" ] || continue
    file=${file##*/instance-}
    printf '%s\n' "${file%.port}"
  done | sort -n
}

highest_running() {
  local n highest=0
  for n in $(known_instances); do
    if running "instance-$n" >/dev/null; then highest=$n; fi
  done
  echo "$highest"
}

# All get the signal first, so that they finish their work side by side.
stop_instances() {
  local n pid signalled='' deadline
  for n in $(known_instances); do
    pid=$(running "instance-$n") || continue
    signal "$pid" TERM
    signalled="$signalled $n"
  done
  deadline=$((SECONDS + 30))
  for n in $signalled; do
    await_end "instance-$n" $deadline
    note "instance-$n stopped"
  done
  rm -f "$RUN"/instance-*.pid "$RUN"/instance-*.birth
}

# --- keys ---

env_value() { # NAME: from .dev/env
  [ ! -f "$STATE/env" ] || sed -n "s/^$1=//p" "$STATE/env" | tr -d "'"
}

# Prints the key in .dev/env if this database knows it, otherwise a new one.
# Only a plain 401 says that it doesn't.
ensure_key() { # NAME PRINCIPAL PERMISSIONS
  local key
  key=$(env_value "$1")
  if [ -z "$key" ] || [ "$(http_status "$(instance_url 1)/api/v1/approvals/pending" \
    -H "Authorization: Bearer $key")" = 401 ]; then
    key=$(export_settings && "$BIN" keys create \
      --workspace dev --principal "$2" --permissions "$3") || return 1
  fi
  printf '%s\n' "$key"
}

# --- HAProxy ---

# The same file as for docker-compose.yml, with the marked parts replaced.
haproxy_config() { # PORT
  local n servers=
  for n in $(seq 1 "$COUNT"); do
    servers="$servers    server dev-$n 127.0.0.1:$(port_of "instance-$n") check"$'\n'
  done
  BIND="    bind 127.0.0.1:$1" SERVERS=$servers awk '
    /# >>> bind/    { print ENVIRON["BIND"]; skip = 1 }
    /# >>> servers/ { printf "%s", ENVIRON["SERVERS"]; skip = 1 }
    /# >>> docker/  { skip = 1 }
    !skip
    /# <<< /        { skip = 0 }
  ' "$ROOT/deploy/haproxy.cfg"
}

# A running one whose instances have changed hands over to a new process,
# which takes the port without a gap.
start_haproxy() {
  local pid config=$STATE/haproxy.cfg old_config replace=()
  need_haproxy || die "haproxy is missing; install it, or leave out --lb"
  old_config=$(cat "$config" 2>/dev/null) || true
  if pid=$(running haproxy); then PORT=$(port_of haproxy); else claim_port haproxy 8080; fi
  haproxy_config "$PORT" >"$config"
  if [ -n "$pid" ]; then
    if [ "$old_config" = "$(<"$config")" ]; then
      note "haproxy already runs (pid $pid, http://127.0.0.1:$PORT)"
      return
    fi
    replace=(-sf "$pid")
  fi
  STARTED=$(
    raise_open_files
    start_detached "$STATE" "$LOG/haproxy.log" haproxy -db -f "$config" ${replace[@]+"${replace[@]}"}
    echo "$STARTED"
  )
  remember_process haproxy "$STARTED" || true
  await_haproxy "$PORT"
  note "haproxy started (pid $STARTED, http://127.0.0.1:$PORT)"
}

# It begins with no instance known to be ready.
await_haproxy() { # PORT
  local deadline=$((SECONDS + 15))
  until [ "$(http_status "http://127.0.0.1:$1/readyz")" = 200 ]; do
    if [ $SECONDS -ge $deadline ] || ! running haproxy >/dev/null; then
      show_log "$LOG/haproxy.log" 0
      die "haproxy does not pass requests on"
    fi
    sleep 0.1
  done
}
