# shellcheck shell=bash
# test, bench, prepare: commands that run against servers of their own; audit, which needs none.

# --- a run's own servers ---

# Each run has a directory of its own, named by our pid. What an earlier one
# that was killed has left behind goes first.
begin_run() { # KIND
  local kind=$1 old
  # Settings of a running set would change what is tested.
  forget_dev_env
  mkdir -p "$DEV_DIR/$kind"
  command -v flock >/dev/null && exec 8>"$DEV_DIR/$kind/lock" && flock 8
  for old in "$DEV_DIR/$kind"/run-*; do
    [ -d "$old" ] || continue
    use_state "$old"
    running owner >/dev/null && continue
    say "Removing what an earlier run has left behind"
    remove_run
  done
  use_state "$DEV_DIR/$kind/run-$$"
  remember_process owner $$
  exec 8>&-
  trap end_run EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
}

remove_run() {
  local pid n
  if pid=$(running session); then kill -s KILL -- "-$pid" 2>/dev/null || true; fi
  for n in $(known_instances); do stop_process "instance-$n" KILL 10; done
  stop_process redis KILL 10
  # Its data is thrown away: no need to write it out.
  stop_process postgres QUIT 20
  remove_postgres_data
  rm -rf "$STATE"
}

end_run() {
  local status=$?
  trap '' INT TERM HUP
  set +e
  end_session
  drop_clients_database
  rm -rf "${STATE%/*}/log"
  [ $status -eq 0 ] || cp -R "$LOG" "${STATE%/*}/log"
  remove_run >/dev/null
  exit $status
}

# Sets and exports what tests and benchmarks are told.
start_run_servers() {
  say "Servers"
  if [ -n "${DATABASE_URL-}" ] && ! is_own_url "$DATABASE_URL"; then
    if [ -z "${DATABASE_ADMIN_URL-}" ] || is_own_url "$DATABASE_ADMIN_URL"; then
      DATABASE_ADMIN_URL=$DATABASE_URL
    fi
    DATABASE_OWNER_URL=$DATABASE_ADMIN_URL
    note "postgres: the one that DATABASE_URL gives"
  else
    # Many tests at once, each with a database and pools of its own.
    start_postgres 400 CREATEDB
    DATABASE_URL=$(postgres_url app)
    DATABASE_OWNER_URL=$(postgres_url owner)
    DATABASE_ADMIN_URL=$(postgres_url admin)
  fi
  if [ -n "${REDIS_URL-}" ] && ! is_own_url "$REDIS_URL"; then
    find_redis || note "no Redis server's binary here: tests that stop one can't run"
    note "redis: the one that REDIS_URL gives"
  else
    start_redis
    REDIS_URL=$(redis_url)
  fi
  export DATABASE_URL DATABASE_ADMIN_URL REDIS_URL
  export SIGNOFF_REDIS_SERVER=$REDIS_SERVER
  export SQLX_OFFLINE=true
}

# --- steps ---

# A step runs in a session of its own, and we wait for it: so a signal, also
# one to us alone as CI sends it, ends it with all its children, and the
# servers are removed in any case.
SESSION=
in_session() { # COMMAND…
  local status=0
  (exec_in_session "$@") </dev/null &
  SESSION=$!
  remember_process session "$SESSION" || true
  wait "$SESSION" || status=$?
  SESSION=
  return $status
}

end_session() {
  local deadline=$((SECONDS + 15))
  [ -n "$SESSION" ] || return 0
  kill -s TERM -- "-$SESSION" 2>/dev/null
  while kill -s 0 -- "-$SESSION" 2>/dev/null && [ $SECONDS -lt $deadline ]; do sleep 0.1; done
  kill -s KILL -- "-$SESSION" 2>/dev/null
}

FAILED=()
STEPS=0
step() { # TITLE COMMAND…
  local title=$1 begun=$SECONDS outcome=ok
  shift
  say ""
  say "=== $title"
  "$@" || outcome="FAILED (exit $?)"
  STEPS=$((STEPS + 1))
  [ "$outcome" = ok ] || FAILED+=("$title")
  say "--- $title: $outcome, $((SECONDS - begun)) s"
}

# Prints the list given as arguments with commas between.
listed() {
  local text
  text=$(printf ', %s' "$@")
  printf '%s' "${text#, }"
}

# --- test ---

# Sets BIN. The build of the tests turns on more features of some libraries. To build the program by itself would compile
# half of all libraries again. So a whole run takes the program that the tests were built with.
TESTS_BUILT=
build_debug_binary() {
  BIN=$(target_dir)/debug/signoff
  [ -n "$TESTS_BUILT" ] || in_session cargo build --locked --bin signoff
}

run_tests() {
  # One test opens two thousand sockets.
  raise_open_files
  if command -v cargo-nextest >/dev/null; then
    in_session cargo nextest run --locked --no-run || return
    TESTS_BUILT=yes
    # A run of everything tells every failure, not only the first.
    [ $# -gt 0 ] || set -- --no-fail-fast
    in_session cargo nextest run --locked "$@"
  else
    # Documentation tests are a step of their own.
    in_session cargo test --locked --lib --bins --tests --no-run || return
    TESTS_BUILT=yes
    in_session cargo test --locked --lib --bins --tests "$@"
  fi
}

cmd_test() {
  local begun=$SECONDS
  begin_run test
  need_rust
  need_faketime
  need_haproxy || die "haproxy is missing; install it (Debian's package: haproxy)"
  need_node
  need_command curl curl
  [ $# -gt 0 ] || need_checkers
  install_locked build_web || die "the web app can't be built (ui/)"
  install_issuer || die "the issuer for the tests of signing in can't be installed (tests/oidc)"
  # With SCRAM each connection hashes the password 4,096 times, in code that is not optimized: 8 % of what all tests
  # compute. The server is on loopback and lives as long as the run. `up` and `bench` use SCRAM.
  POSTGRES_AUTH=md5
  # Each test makes a database and drops it: a thousand files, which a disk's file system takes long to make and to drop.
  POSTGRES_IN_MEMORY=yes
  start_run_servers
  export SIGNOFF_FAKETIME=$FAKETIME_LIBRARY
  if [ "${1-}" = web ]; then
    shift
    need_chromium
    step "web app: browser tests" run_web_tests "$@"
  elif [ "${1-}" = clients ]; then
    need_clients
    step "clients" run_clients
  elif [ $# -gt 0 ]; then
    step "tests ($*)" run_tests "$@"
  else
    step "formatting" in_session cargo fmt --check
    step "clippy" in_session cargo clippy --all-targets --locked -- -D warnings
    step "web app: types, build, unit tests" check_web
    step "tests" run_tests
    step "web app: browser tests" run_web_tests
    step "clients" run_clients
    step "documentation tests" in_session cargo test --doc --locked
    step "documentation" in_session env RUSTDOCFLAGS=-Dwarnings cargo doc --no-deps --locked
    step "dependencies" in_session python3 deploy/dev/dependencies.py
    step "shell scripts" in_session shellcheck -x -a dev .ci/run deploy/postgres/*.sh
    step "deployment files" check_deployment
    step "HAProxy's configuration" check_haproxy_config
  fi
  end_tests "$begun"
}

# What failed, if anything, is said last.
end_tests() { # BEGUN
  say ""
  if [ ${#FAILED[@]} -gt 0 ]; then
    say "The servers' logs are kept in .dev/test/log/."
    warn "failed after $((SECONDS - $1)) s: $(listed "${FAILED[@]}")"
    exit 1
  fi
  say "Passed in $((SECONDS - $1)) s (steps: $STEPS)."
}

# Before the long steps: a check whose program is missing is a failure.
need_checkers() {
  need_clients
  need_chromium
  need_command shellcheck shellcheck
}

# By the Python of the clients' tests: it can read YAML.
check_deployment() {
  install_clients_venv || return
  in_session env PYTHONDONTWRITEBYTECODE=1 "$DEV_DIR/venv/bin/python" deploy/dev/deployment.py
}

# Both as Docker Compose and as `./dev up --lb` use it.
check_haproxy_config() {
  COUNT=2
  echo 8081 >"$RUN/instance-1.port"
  echo 8082 >"$RUN/instance-2.port"
  haproxy_config 8080 >"$STATE/haproxy.cfg"
  haproxy -c -f deploy/haproxy.cfg && haproxy -c -f "$STATE/haproxy.cfg"
}

# --- audit ---

cmd_audit() {
  [ $# -eq 0 ] || usage audit "takes no arguments"
  need_rust
  command -v cargo-deny >/dev/null || die "cargo-deny is missing: cargo install --locked cargo-deny"
  cargo deny --locked check
}

# --- bench ---

cmd_bench() {
  # As cargo's users write it.
  [ "${1-}" != -- ] || shift
  begin_run bench
  need_rust
  if [ -n "$(running_set)" ]; then
    warn "what ./dev up started is running here and will disturb the figures; ./dev down stops it"
  fi
  if [ "${1-}" = ui ]; then
    shift
    bench_web "$@"
    return
  fi
  COUNT_STATEMENTS=yes
  start_run_servers
  raise_open_files
  # Also where DATABASE_URL gives the server, the floor is measured with ours.
  [ -n "${PG_BIN-}" ] || find_postgres || true
  if [ -x "${PG_BIN-}/pgbench" ]; then
    export SIGNOFF_PGBENCH=$PG_BIN/pgbench
  else
    SIGNOFF_PGBENCH=$(command -v pgbench) || warn "pgbench is not installed"
    export SIGNOFF_PGBENCH
  fi
  SIGNOFF_BIN_DIR=$(target_dir)/release
  export SIGNOFF_BIN_DIR
  say "Building …"
  # It builds the program, too.
  in_session cargo bench --locked --bench load --no-run || die "the build failed"
  in_session cargo bench --locked --bench load -- "$@" || die "the benchmark failed"
}

running_set() (
  RUN=$DEV_DIR/run
  for name in $(expected); do running "$name" || true; done
)

# --- prepare ---

cmd_prepare() {
  [ $# -eq 0 ] || usage prepare "takes no arguments"
  begin_run prepare
  need_rust
  # It brings both `sqlx` and `cargo sqlx`.
  command -v cargo-sqlx >/dev/null || die "sqlx-cli is missing:" \
    "cargo install sqlx-cli --locked --no-default-features --features postgres,rustls"
  say "Servers"
  start_postgres 50 CREATEDB
  DATABASE_URL=$(postgres_url owner)
  export DATABASE_URL SQLX_OFFLINE=false
  in_session sqlx migrate run --source migrations || die "the migrations could not be applied"
  in_session cargo sqlx prepare -- --all-targets || die "not every query could be checked"
  say "Commit .sqlx/ with the change that made it necessary."
}
