# shellcheck shell=bash
# What `up --with-notify` adds: maildev, which catches mail, and echo.mjs, which plays Slack and a receiver of webhooks.
# Both listen on loopback alone, and keep what they get in memory.

NOTIFY=$ROOT/deploy/dev/notify
# Of no use to anyone: it signs what the echo sends to instances of this machine.
ECHO_SECRET=echo-signs-with-this

mail_url() { printf 'http://127.0.0.1:%s' "$(port_of maildev)"; }
echo_url() { printf 'http://127.0.0.1:%s' "$(port_of echo)"; }

with_notify() { [ -f "$RUN/notify" ]; }

start_notify() {
  with_notify || return 0
  say "Mail and echo"
  need_node
  install_locked install_npm_packages "$NOTIFY" "$DEV_DIR/notify" echo.mjs ||
    die "could not install what catches mail; the words above say why"
  running instance-1 >/dev/null || claim_port instance-1 8081
  FIRST_URL=$(instance_url 1)
  start_catcher maildev 1080 start_maildev
  start_catcher echo 3600 start_echo
}

start_catcher() { # NAME FIRST_PORT FUNCTION
  local pid deadline name=$1
  if pid=$(running "$name"); then
    note "$name already runs (pid $pid, http://127.0.0.1:$(port_of "$name"))"
    return
  fi
  claim_port "$name" "$2"
  "$3" "$PORT"
  remember_process "$name" "$STARTED" || true
  deadline=$((SECONDS + 30))
  until [ "$(http_status "http://127.0.0.1:$(port_of "$name")/")" = 200 ]; do
    if [ $SECONDS -ge $deadline ] || ! running "$name" >/dev/null; then
      show_log "$LOG/$name.log" 0
      die "$name does not answer"
    fi
    sleep 0.1
  done
  note "$name started (pid $STARTED, http://127.0.0.1:$(port_of "$name"))"
}

start_maildev() { # PORT
  local page=$1
  claim_port smtp 1025
  start_detached "$DEV_DIR/notify" "$LOG/maildev.log" node node_modules/maildev/bin/maildev \
    --ip 127.0.0.1 --smtp "$PORT" --web-ip 127.0.0.1 --web "$page"
}

# It must know where the first instance will be, which is started later.
start_echo() { # PORT
  STARTED=$(
    export SLACK_SIGNING_SECRET=$ECHO_SECRET
    SIGNOFF_URL=$FIRST_URL
    export SIGNOFF_URL
    start_detached "$DEV_DIR/notify" "$LOG/echo.log" node echo.mjs "$1"
    echo "$STARTED"
  )
}

# The settings by which an instance uses them.
export_notify() { # URL: where people reach the instance
  with_notify || return 0
  export SIGNOFF_HTTP_PUBLIC_URL=${SIGNOFF_HTTP_PUBLIC_URL:-$1}
  export SIGNOFF_SMTP_HOST=127.0.0.1
  SIGNOFF_SMTP_PORT=$(port_of smtp)
  export SIGNOFF_SMTP_PORT
  export SIGNOFF_SMTP_SECURITY=none
  export SIGNOFF_SMTP_FROM='Signoff <signoff@example.com>'
  export SIGNOFF_SLACK_BOT_TOKEN=xoxb-echo
  export SIGNOFF_SLACK_SIGNING_SECRET=$ECHO_SECRET
  export SIGNOFF_SLACK_CHANNEL=C0APPROVALS
  SIGNOFF_SLACK_API_URL=$(echo_url)/api/
  SIGNOFF_SLACK_HOOKS_URL=$(echo_url)/respond/
  SIGNOFF_WEBHOOKS_URL=$(echo_url)/hook/dev
  export SIGNOFF_SLACK_API_URL SIGNOFF_SLACK_HOOKS_URL SIGNOFF_WEBHOOKS_URL
  export SIGNOFF_WEBHOOKS_SECRET=$ECHO_SECRET
  # Endpoints that a member makes may be on this machine, too.
  export SIGNOFF_WEBHOOKS_ALLOWED_NETWORKS=127.0.0.0/8
  export SIGNOFF_WEBHOOKS_ALLOW_HTTP=true
}

# ana, who decides, has an address, and an account in Slack: U0ANA in the team that the echo plays.
introduce_ana() {
  with_notify || return 0
  (export_settings &&
    "$BIN" principals set ana --workspace dev --email ana@example.com --slack T0DEV/U0ANA >/dev/null) ||
    die "could not give ana an address"
}

stop_notify() {
  stop_process maildev TERM 10
  stop_process echo TERM 10
  rm -f "$RUN/notify"
}
