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
