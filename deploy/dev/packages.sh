# shellcheck shell=bash
# Finds the programs that we need and installs those that are missing, on
# Debian and Ubuntu. Promise: no packaged service is started or changed.

POSTGRES_FLOOR=15
REDIS_FLOOR=7
NODE_FLOOR=18
PYTHON_FLOOR=3.11

# --- apt ---

# How to become root without asking for a password where nobody can type one.
ROOT_COMMAND=()
can_install() {
  command -v apt-get >/dev/null || return 1
  [ "$(id -u)" -ne 0 ] || return 0
  command -v sudo >/dev/null || return 1
  ROOT_COMMAND=(sudo)
  sudo -n true 2>/dev/null || [ -t 0 ]
}

as_root() { ${ROOT_COMMAND[@]+"${ROOT_COMMAND[@]}"} "$@"; }

# Debian's packages start their services when installed. A policy-rc.d that
# says 101 refuses that; it and createcluster.d's file are gone afterwards.
POLICY=/usr/sbin/policy-rc.d
NO_CLUSTER=/etc/postgresql-common/createcluster.d/signoff-dev.conf

apt_quietly() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
    -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$@"
}

apt_install_without_services() ( # PACKAGE…
  policy=
  trap 'as_root rm -f "$NO_CLUSTER" $policy' EXIT
  trap 'exit 130' INT TERM
  if [ ! -e "$POLICY" ]; then
    policy=$POLICY
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$POLICY" >/dev/null
    as_root chmod 755 "$POLICY"
  fi
  as_root mkdir -p "${NO_CLUSTER%/*}"
  echo 'create_main_cluster = false' | as_root tee "$NO_CLUSTER" >/dev/null
  # The package lists may be missing (containers) or out of date.
  apt_quietly install --no-install-recommends "$@" || {
    apt_quietly update && apt_quietly install --no-install-recommends "$@"
  }
)

# Installs packages quietly; what apt-get said is shown only if it fails.
install_packages() { # WHAT PACKAGE…
  local what=$1 log=$LOG/apt.log
  shift
  can_install || return 1
  say "Installing $what ($* by apt-get; its services are not started) …"
  if ! apt_install_without_services "$@" >"$log" 2>&1; then
    show_log "$log" 0
    return 1
  fi
}

# The policy above keeps a new service from starting now, this one from
# starting at the next boot.
disable_service() {
  command -v systemctl >/dev/null || return 0
  as_root systemctl disable --quiet "$1" 2>/dev/null || true
}

need_command() { # COMMAND PACKAGE
  command -v "$1" >/dev/null || install_packages "$1" "$2" ||
    die "$1 is missing; install it (Debian's package: $2)"
}

# --- Rust ---

need_rust() {
  # Where rustup puts it; login shells have it in PATH, CI often not.
  command -v cargo >/dev/null || PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin
  command -v cargo >/dev/null || die "Rust is missing: install the stable toolchain with rustup"
  # The allocator is built with make.
  command -v make >/dev/null || install_packages make make || die "make is missing"
  command -v cc >/dev/null || install_packages "a C compiler" gcc libc6-dev ||
    die "a C compiler is missing (the TLS library needs one); Debian's package: gcc"
}

# --- Postgres ---

postgres_bin_dirs() {
  command -v postgres >/dev/null && dirname -- "$(command -v postgres)"
  command -v pg_config >/dev/null && pg_config --bindir
  printf '%s\n' /usr/lib/postgresql/*/bin /usr/pgsql-*/bin \
    /opt/homebrew/opt/postgresql*/bin /usr/local/opt/postgresql*/bin \
    /Applications/Postgres.app/Contents/Versions/*/bin
}

postgres_major() { # BIN_DIR
  local version
  version=$("$1/postgres" --version 2>/dev/null) || return 1
  version=${version#*PostgreSQL) }
  printf '%s\n' "${version%%[!0-9]*}"
}

# All of them: some directories in PATH hold links to a few of the programs.
has_postgres_programs() { # BIN_DIR
  [ -x "$1/postgres" ] && [ -x "$1/initdb" ] && [ -x "$1/pg_isready" ] && [ -x "$1/psql" ]
}

# Sets PG_BIN to the newest Postgres that will do. Data of one major version is
# unreadable for the others, so existing data decides.
find_postgres() { # [MAJOR]
  local dir major best=0
  PG_BIN=
  while IFS= read -r dir; do
    has_postgres_programs "$dir" || continue
    major=$(postgres_major "$dir") || continue
    [ "${major:-0}" -ge "$POSTGRES_FLOOR" ] || continue
    [ "$major" -gt "$best" ] || continue
    [ -z "${1-}" ] || [ "$major" -eq "$1" ] || continue
    PG_BIN=$dir best=$major
  done < <(postgres_bin_dirs)
  [ -n "$PG_BIN" ]
}

need_postgres() { # [MAJOR]
  find_postgres "${1-}" && return 0
  if [ -n "${1-}" ]; then
    die "the data here was made by PostgreSQL $1, which is not installed any more;" \
      "install it again, or begin afresh with ./dev down --wipe"
  fi
  install_packages "PostgreSQL's programs" postgresql && find_postgres && return 0
  die "found no PostgreSQL $POSTGRES_FLOOR or newer; install its server (Debian: postgresql;" \
    "Homebrew: postgresql@16) or give a DATABASE_URL"
}

# --- Redis ---

redis_suits() { # BINARY
  local version
  [ -x "$1" ] || return 1
  version=$("$1" --version 2>/dev/null) || return 1
  version=${version##*server v=}
  version=${version%%.*}
  case $version in '' | *[!0-9]*) return 1 ;; esac
  [ "$version" -ge $REDIS_FLOOR ]
}

# Debian's redis-tools holds the server too: one program that acts by the name
# it is called by. Through a link we have it without the package redis-server,
# which would bring a service.
link_redis_server() {
  local tool link=$DEV_DIR/bin/redis-server
  for tool in redis-check-rdb valkey-check-rdb; do
    tool=$(command -v "$tool") || continue
    ln -sf "$tool" "$link.new" && mv -f "$link.new" "$link"
    redis_suits "$link" && return 0
  done
  rm -f "$link"
  return 1
}

# Sets REDIS_SERVER.
find_redis() {
  local name
  for name in redis-server valkey-server \
    /opt/homebrew/bin/redis-server /opt/homebrew/bin/valkey-server; do
    REDIS_SERVER=$(command -v "$name") && redis_suits "$REDIS_SERVER" && return 0
  done
  REDIS_SERVER=$DEV_DIR/bin/redis-server
  link_redis_server
}

need_redis() {
  find_redis && return 0
  install_packages "Redis's programs" redis-tools && find_redis && return 0
  # A release whose tools are built apart from the server.
  if install_packages "the Redis server" redis-server; then
    disable_service redis-server
    find_redis && return 0
  fi
  die "found no Redis (or Valkey) $REDIS_FLOOR or newer; install redis-server or give a REDIS_URL"
}

# --- libfaketime ---

# Sets FAKETIME_LIBRARY: tests run instances whose clocks are wrong by it.
find_faketime() {
  local file
  for file in /usr/lib/*/faketime/libfaketime.so.1 /usr/lib/faketime/libfaketime.so.1 \
    /opt/homebrew/lib/faketime/libfaketime.1.dylib; do
    [ -e "$file" ] && FAKETIME_LIBRARY=$file && return 0
  done
  return 1
}

need_faketime() {
  find_faketime && return 0
  install_packages libfaketime libfaketime && find_faketime && return 0
  die "libfaketime is missing; install it (Debian's package: libfaketime)"
}

# --- HAProxy ---

need_haproxy() {
  # Debian has it in /usr/sbin, which is not in everyone's PATH.
  PATH=$PATH:/usr/sbin
  command -v haproxy >/dev/null && return 0
  install_packages HAProxy haproxy || return 1
  disable_service haproxy
  command -v haproxy >/dev/null
}

# --- Python and Node ---

# Debian's Python has venv, but without ensurepip it can make none.
python_suits() {
  command -v python3 >/dev/null &&
    python3 -c 'import sys, ensurepip, venv
sys.exit(sys.version_info < tuple(int(part) for part in sys.argv[1].split(".")))' "$PYTHON_FLOOR" 2>/dev/null
}

need_python() {
  python_suits && return 0
  install_packages "Python and its venv" python3 python3-venv && python_suits && return 0
  die "found no Python $PYTHON_FLOOR or newer with its module venv; install it" \
    "(Debian's packages: python3, python3-venv)"
}

node_suits() {
  local version
  command -v npm >/dev/null && version=$(node --version 2>/dev/null) || return 1
  version=${version#v}
  version=${version%%.*}
  case $version in '' | *[!0-9]*) return 1 ;; esac
  [ "$version" -ge "$NODE_FLOOR" ]
}

need_node() {
  node_suits && return 0
  install_packages "Node.js and npm" nodejs npm && node_suits && return 0
  die "found no Node.js $NODE_FLOOR or newer with npm; install it (Debian's packages: nodejs, npm)"
}
