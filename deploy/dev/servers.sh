# shellcheck shell=bash
# A Postgres and a Redis of our own under $STATE, as unprivileged children.
# Knows nothing of Signoff.

# --- whose process Postgres is ---

# It refuses to run as root. Existing data decides: the user `postgres` may have
# come with a package after `nobody` had made them.
SERVER_USER=
SERVER_PREFIX=()
choose_server_user() {
  local home
  [ "$(id -u)" -eq 0 ] || return 0
  if home=$(existing_postgres_home); then
    # shellcheck disable=SC2012 # stat's options differ between systems
    SERVER_USER=$(ls -ld "$home/pg" | awk '{ print $3 }')
  elif id postgres >/dev/null 2>&1; then
    SERVER_USER=postgres
  else
    SERVER_USER=nobody
  fi
  if command -v setpriv >/dev/null; then
    SERVER_PREFIX=(setpriv "--reuid=$SERVER_USER" "--regid=$(id -g "$SERVER_USER")" --init-groups --)
  elif command -v runuser >/dev/null; then
    SERVER_PREFIX=(runuser -u "$SERVER_USER" --)
  else
    die "Postgres can't run as root, and neither setpriv nor runuser is here; use another user"
  fi
}
as_server_user() { ${SERVER_PREFIX[@]+"${SERVER_PREFIX[@]}"} "$@"; }
give_to_server_user() { [ -z "$SERVER_USER" ] || chown "$SERVER_USER" "$@"; }

# Where Postgres's data is: in $STATE, or outside of the checkout when we are
# root and it lies where the other user can't go (/root, a private temporary
# directory).
inner_postgres_home() { printf '%s\n' "$STATE/data/postgres"; }
outer_postgres_homes() {
  local place
  for place in /var/tmp /dev/shm; do
    printf '%s/signoff-dev-%s\n' "$place" "$(printf %s "$STATE" | cksum | tr -d ' ')"
  done
}

existing_postgres_home() {
  local home
  for home in "$(inner_postgres_home)" $(outer_postgres_homes); do
    if [ -d "$home/pg" ]; then
      printf '%s\n' "$home"
      return
    fi
  done
  return 1
}

# Sets PG_HOME and records it for those who look for the data.
choose_postgres_home() {
  PG_HOME=$(existing_postgres_home) || make_postgres_home
  printf '%s\n' "$PG_HOME" >"$RUN/postgres.home"
}

make_postgres_home() {
  if [ -n "${POSTGRES_IN_MEMORY-}" ] && memory_has_room; then
    make_outer_postgres_home "$(outer_postgres_homes | tail -n 1)"
    return
  fi
  PG_HOME=$(inner_postgres_home)
  mkdir -p "$PG_HOME"
  chmod 700 "$PG_HOME"
  give_to_server_user "$PG_HOME"
  ! as_server_user test -w "$PG_HOME" 2>/dev/null || return 0
  rmdir "$PG_HOME" || die "$PG_HOME belongs to another user; remove it as that user"
  make_outer_postgres_home "$(outer_postgres_homes | head -n 1)"
  note "the user $SERVER_USER can't reach ${STATE#"$ROOT/"}: Postgres's data is in $PG_HOME"
}

make_outer_postgres_home() { # HOME
  PG_HOME=$1
  # Everyone may write there: a directory that we don't own is a trap.
  mkdir -m 700 "$PG_HOME" 2>/dev/null || outer_postgres_home_is_ours "$PG_HOME" ||
    die "$PG_HOME is there already and not ours; remove it"
  give_to_server_user "$PG_HOME"
}

# 4 GiB for the data, and as much again for all else.
memory_has_room() {
  local free
  [ "$(stat -f -c %T /dev/shm 2>/dev/null)" = tmpfs ] || return 1
  free=$(df -Pk /dev/shm | awk 'NR == 2 { print $4 }')
  [ "$free" -ge 4194304 ] || return 1
  awk '$1 == "MemAvailable:" && $2 >= 8388608 { found = 1 } END { exit !found }' /proc/meminfo
}

outer_postgres_home_is_ours() { # HOME
  [ -d "$1" ] && [ ! -L "$1" ] && { [ -O "$1" ] || as_server_user test -O "$1"; }
}

# --- Postgres ---

postgres_secret() { cat "$STATE/data/postgres.$1" 2>/dev/null; }

make_postgres_secrets() {
  local role
  for role in admin owner app; do
    [ -s "$STATE/data/postgres.$role" ] || random_hex | write_private "$STATE/data/postgres.$role"
  done
}

# `owner` has the tables, `app` is whom instances sign in as and owns nothing.
postgres_url() { # admin|owner|app; empty where there is no such server yet
  local user secret port
  case $1 in
    admin) user=postgres ;;
    owner) user=signoff_owner ;;
    app) user=signoff ;;
  esac
  secret=$(postgres_secret "$1") && port=$(port_of postgres) || return 0
  printf 'postgres://%s:%s@127.0.0.1:%s/signoff' "$user" "$secret" "$port"
}

# Upper and lower case of all of Unicode, sorted by code point, where the
# system offers that.
postgres_locale() {
  local name
  for name in C.UTF-8 C.utf8 en_US.UTF-8 en_US.utf8; do
    if locale -a 2>/dev/null | grep -qx "$name"; then
      echo "$name"
      return
    fi
  done
  echo C
}

# Made beside its place and moved there, so that half a cluster is never used.
init_postgres() {
  local new=$PG_HOME/new secret=$PG_HOME/secret
  [ ! -d "$PG_HOME/pg" ] || return 0
  rm -rf "$new"
  (umask 077 && postgres_secret admin >"$secret")
  give_to_server_user "$secret"
  (cd / && as_server_user "$PG_BIN/initdb" -D "$new" -U postgres --pwfile="$secret" \
    --auth="${POSTGRES_AUTH:-scram-sha-256}" --encoding=UTF8 --locale="$(postgres_locale)") \
    >"$LOG/initdb.log" 2>&1 || {
    show_log "$LOG/initdb.log" 0
    die "initdb failed"
  }
  rm -f "$secret"
  echo "include 'signoff.conf'" >>"$new/postgresql.conf"
  mv "$new" "$PG_HOME/pg"
}

# Benchmarks have Postgres count what its statements take, where it can. It counts
# nothing until it is told to.
statement_counting() {
  [ -n "${COUNT_STATEMENTS-}" ] && [ -e "$("$PG_BIN/pg_config" --pkglibdir 2>/dev/null)/pg_stat_statements.so" ] || return 0
  printf '%s\n' "shared_preload_libraries = 'pg_stat_statements'" "pg_stat_statements.track = none"
}

# A file rather than flags: whoever restarts this Postgres keeps the settings.
configure_postgres() { # PORT MAX_CONNECTIONS
  cat >"$PG_HOME/pg/signoff.conf" <<TEXT
listen_addresses = '127.0.0.1'
port = $1
unix_socket_directories = ''
max_connections = $2
shared_buffers = 256MB
fsync = on
synchronous_commit = on
full_page_writes = on
timezone = 'UTC'
log_timezone = 'UTC'
# A connection that comes while its database is dropped waits for the drop, and
# the drop for it: until this is over.
authentication_timeout = 10s
log_line_prefix = '%m [%p] %q%u@%d '
log_checkpoints = off
$(statement_counting)
TEXT
  give_to_server_user "$PG_HOME/pg/signoff.conf"
}

# Prints the pid of a postmaster that serves our data directory, whoever
# started it. After a reboot the pid in the file may be another Postgres, which
# would keep ours from starting; then the file is removed.
postmaster() {
  local file=$PG_HOME/pg/postmaster.pid pid
  pid=$(head -n 1 "$file" 2>/dev/null) && [ -n "$pid" ] || return 1
  process_birth "$pid" >/dev/null || return 1
  if [ -d "/proc/$pid" ]; then
    [ "$(readlink "/proc/$pid/cwd")" = "$PG_HOME/pg" ]
  else
    ps -o command= -p "$pid" | grep -qF "$PG_HOME/pg"
  fi && printf '%s\n' "$pid" && return 0
  rm -f "$file"
  return 1
}

postgres_answers() { # PORT
  "$PG_BIN/pg_isready" -q -h 127.0.0.1 -p "$1" -U postgres -d postgres -t 2
}

# One attempt; false if the process ended. A kill -9 leaves work to recover,
# which may take a while.
launch_postgres() { # MAX_CONNECTIONS
  local deadline=$((SECONDS + 120))
  claim_port postgres random
  configure_postgres "$PORT" "$1"
  start_detached / "$LOG/postgres.log" ${SERVER_PREFIX[@]+"${SERVER_PREFIX[@]}"} \
    "$PG_BIN/postgres" -D "$PG_HOME/pg"
  while process_birth "$STARTED" >/dev/null; do
    if postgres_answers "$PORT" && postmaster >/dev/null; then
      remember_process postgres "$(postmaster)"
      return
    fi
    [ $SECONDS -lt $deadline ] || die "Postgres does not accept connections after 120 s"
    sleep 0.1
  done
  return 1
}

# Prints nothing and fails if it isn't there; otherwise takes note of it.
find_running_postgres() {
  local pid
  running postgres && return 0
  pid=$(postmaster) || return 1
  sed -n 4p "$PG_HOME/pg/postmaster.pid" >"$RUN/postgres.port"
  remember_process postgres "$pid"
  printf '%s\n' "$pid"
}

# A killed postmaster's children need some seconds to notice; until then the
# shared memory is in use and a new postmaster refuses to start.
launch_postgres_patiently() { # MAX_CONNECTIONS
  local tries=0 offset
  offset=$(file_size "$LOG/postgres.log")
  until launch_postgres "$1"; do
    tries=$((tries + 1))
    if [ $tries -ge 10 ]; then
      show_log "$LOG/postgres.log" "$offset"
      die "Postgres does not start"
    fi
    sleep 1
  done
}

start_postgres() { # MAX_CONNECTIONS ROLE_OPTIONS
  local pid home major=
  if home=$(existing_postgres_home); then major=$(cat "$home/pg/PG_VERSION"); fi
  # First: the package brings the user that it is to run as.
  need_postgres "$major"
  choose_server_user
  choose_postgres_home
  if pid=$(find_running_postgres); then
    note "postgres already runs (pid $pid, port $(port_of postgres))"
  else
    make_postgres_secrets
    init_postgres
    launch_postgres_patiently "$1"
    note "postgres started (pid $(running postgres), port $PORT)"
  fi
  make_postgres_secrets
  prepare_database "$2"
}

admin_psql() {
  PGCONNECT_TIMEOUT=10 PGPASSWORD=$(postgres_secret admin) "$PG_BIN/psql" -X -q -v ON_ERROR_STOP=1 \
    -h 127.0.0.1 -p "$(port_of postgres)" -U postgres -d postgres
}

# Repeated at each start: an earlier run may have been interrupted before it, and
# in older ones the instances' login owned everything.
prepare_database() { # ROLE_OPTIONS
  admin_psql <<TEXT || die "could not prepare the database"
SELECT 'CREATE ROLE ' || name FROM unnest(ARRAY['signoff', 'signoff_owner']) AS name
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \\gexec
ALTER ROLE signoff_owner LOGIN NOSUPERUSER CREATEROLE $1 PASSWORD '$(postgres_secret owner)';
ALTER ROLE signoff LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB PASSWORD '$(postgres_secret app)';
SELECT 'CREATE DATABASE signoff OWNER signoff_owner'
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'signoff') \\gexec
ALTER DATABASE signoff OWNER TO signoff_owner;
\\connect signoff
REASSIGN OWNED BY signoff TO signoff_owner;
TEXT
}

# SIGINT is its fast shutdown: sessions are cut, nothing is lost.
stop_postgres() { stop_process postgres INT 60; }

# Also what is outside of $STATE.
remove_postgres_data() {
  local home
  choose_server_user
  for home in $(outer_postgres_homes); do
    if outer_postgres_home_is_ours "$home"; then rm -rf "$home"; fi
  done
  rm -rf "$(inner_postgres_home)"
}

# --- Redis ---

redis_url() { # empty where there is no such server yet
  local port
  port=$(port_of redis) || return 0
  printf 'redis://127.0.0.1:%s/0' "$port"
}

# Without redis-cli, which need not be installed.
redis_answers() ( # PORT
  exec 2>/dev/null 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
  printf 'PING\r\n' >&3
  IFS= read -r -t 2 answer <&3
  [ "$answer" = $'+PONG\r' ]
)

# No persistence: what Redis holds of Signoff is rebuilt by itself.
launch_redis() {
  local deadline=$((SECONDS + 20))
  claim_port redis random
  start_detached "$RUN" "$LOG/redis.log" "$REDIS_SERVER" --port "$PORT" \
    --bind 127.0.0.1 --save '' --appendonly no --daemonize no
  while process_birth "$STARTED" >/dev/null; do
    if redis_answers "$PORT"; then
      remember_process redis "$STARTED"
      return
    fi
    [ $SECONDS -lt $deadline ] || return 1
    sleep 0.1
  done
  return 1
}

start_redis() {
  local pid port tries=0 offset
  need_redis
  if pid=$(running redis); then
    note "redis already runs (pid $pid, port $(port_of redis))"
    return
  fi
  # Perhaps someone who tests an outage has restarted it by hand.
  if port=$(port_of redis) && redis_answers "$port"; then
    note "redis: another one answers on port $port, used as it is"
    return
  fi
  offset=$(file_size "$LOG/redis.log")
  until launch_redis; do
    tries=$((tries + 1))
    if [ $tries -ge 3 ]; then
      show_log "$LOG/redis.log" "$offset"
      die "Redis does not start"
    fi
  done
  note "redis started (pid $STARTED, port $PORT; it keeps nothing on disk)"
}

stop_redis() { stop_process redis TERM 10; }
