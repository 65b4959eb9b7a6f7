# shellcheck shell=bash
# The web app: its build, its checks. Needs Node.js; a server without the app
# works, so `up` goes on where the app can't be built, and says so.

WEB=$ROOT/ui

# What a build is made from, as one line.
web_sources() {
  find "$WEB" \( -name node_modules -o -name dist \) -prune -o -type f ! -name api.d.ts -print0 |
    LC_ALL=C sort -z | xargs -0 cksum | cksum
}

# Builds the app where ui/ has changed since the last time.
build_web() {
  local sources
  sources=$(web_sources)
  if [ -e "$WEB/dist/index.html" ] && [ "$(cat "$DEV_DIR/ui.stamp" 2>/dev/null)" = "$sources" ]; then return 0; fi
  node_suits || { install_packages "Node.js and npm" nodejs npm && node_suits; } || {
    warn "no Node.js $NODE_FLOOR or newer with npm here, and none could be installed"
    return 1
  }
  say "Building the web app …"
  install_web_packages && (cd "$WEB" && npm run --silent build) || return 1
  printf '%s\n' "$sources" >"$DEV_DIR/ui.stamp"
}

# The server is of use without it.
build_web_if_possible() {
  build_web || warn "the web app could not be built; the API works without it. ./dev up tries again."
}

# Each once for a lock file.
install_web_packages() {
  local stamp
  stamp=$(cksum <"$WEB/package-lock.json")
  if [ -d "$WEB/node_modules" ] && [ "$(cat "$WEB/node_modules/.stamp" 2>/dev/null)" = "$stamp" ]; then return 0; fi
  (cd "$WEB" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) || return 1
  printf '%s\n' "$stamp" >"$WEB/node_modules/.stamp"
}

# --- a step of `./dev test` ---

check_web() {
  install_locked install_web_packages || return
  in_session npm run --silent --prefix "$WEB" check || return
  in_session npm run --silent --prefix "$WEB" build || return
  in_session npm run --silent --prefix "$WEB" test
}

# --- a step of `./dev test`: a real browser against real instances ---

need_chromium() {
  local name
  for name in chromium chromium-browser google-chrome; do
    CHROMIUM=$(command -v "$name") && return 0
  done
  install_packages Chromium chromium && CHROMIUM=$(command -v chromium) && return 0
  die "Chromium is missing; install it (Debian's package: chromium)"
}

# The instances are the tests' own: they kill some. Their database and their part
# of Redis are nobody else's.
run_web_tests() {
  local status=0
  install_locked install_web_packages || return
  build_debug_binary || return
  make_clients_database || return
  [ $# -gt 0 ] || set -- "$WEB"/tests/browser/*.test.mjs
  with_web_cluster --test --test-concurrency=1 "$@" || status=1
  drop_clients_database
  return $status
}

# Arguments: what node runs. Expects BIN and a database of clients.sh.
with_web_cluster() { # NODE ARGUMENTS
  local database owner
  database=$(with_database "$DATABASE_URL" "$CLIENTS_DATABASE")
  owner=$(with_database "$CLIENTS_SERVER" "$CLIENTS_DATABASE")
  in_session env SIGNOFF_DATABASE_URL="$database" SIGNOFF_DATABASE_OWNER_URL="$owner" \
    "$BIN" migrate up --login "$(login_of "$database")" || return
  in_session env SIGNOFF_DATABASE_URL="$database" SIGNOFF_REDIS_URL="$REDIS_URL" SIGNOFF_REDIS_PREFIX="web-$$" \
    SIGNOFF_LOG_FORMAT=json WEB_TESTS_ADMIN_URL="$(with_database "$DATABASE_ADMIN_URL" "$CLIENTS_DATABASE")" SIGNOFF_BIN="$BIN" SIGNOFF_CHROMIUM="$CHROMIUM" \
    ${FONTCONFIG_FILE:+"FONTCONFIG_FILE=$FONTCONFIG_FILE"} node "$@"
}

# --- figures ---

bench_web() {
  local status=0
  need_chromium
  need_haproxy || die "haproxy is missing; install it (Debian's package: haproxy)"
  install_locked build_web || die "the web app can't be built (ui/)"
  start_run_servers
  BIN=$(target_dir)/release/signoff
  say "Building …"
  in_session cargo build --release --locked --bin signoff || die "the build failed"
  make_clients_database || die "the database could not be made"
  with_web_cluster "$WEB/bench/main.mjs" "$@" || status=1
  drop_clients_database
  [ $status -eq 0 ] || die "the benchmark failed"
}

# --- pictures ---

# With a font of their own, so that they are alike on every machine.
cmd_shots() {
  local status=0
  begin_run shots
  need_rust
  need_chromium
  [ -d /usr/share/fonts/opentype/inter ] || [ -d /usr/share/fonts/truetype/inter ] || install_packages "the font Inter" fonts-inter ||
    warn "the font Inter is missing (Debian's package: fonts-inter): the pictures have another one"
  install_locked build_web || die "the web app can't be built (ui/)"
  start_run_servers
  build_debug_binary || die "the build failed"
  make_clients_database || die "the database could not be made"
  write_fontconfig >"$STATE/fonts.conf"
  FONTCONFIG_FILE=$STATE/fonts.conf with_web_cluster "$WEB/tests/shots.mjs" "$@" || status=1
  drop_clients_database
  [ $status -eq 0 ] || die "the pictures could not be taken"
  say "They are in docs/screens/. Look at them."
}

write_fontconfig() {
  cat <<'XML'
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <match target="pattern">
    <test name="family" qual="any"><string>system-ui</string></test>
    <edit name="family" mode="prepend" binding="strong"><string>Inter</string></edit>
  </match>
  <match target="pattern">
    <test name="family" qual="any"><string>sans-serif</string></test>
    <edit name="family" mode="prepend" binding="strong"><string>Inter</string></edit>
  </match>
  <match target="pattern">
    <test name="family" qual="any"><string>sans</string></test>
    <edit name="family" mode="prepend" binding="strong"><string>Inter</string></edit>
  </match>
</fontconfig>
XML
}
