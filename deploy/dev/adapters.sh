# shellcheck shell=bash
# The agents and frameworks that our adapters stand in, with their real packages and models that say what they are told
# to. The light ones are a part of `./dev test`. Those with hundreds of megabytes are `./dev adapters`.

AGENTS=$ROOT/tests/agents

# The light ones, in an environment of their own. Expects the clients' instances.
run_light_adapters() {
  local venv=$DEV_DIR/adapters client=$ROOT/clients/python status=0
  install_locked install_python_packages "$venv" "$AGENTS/light.txt" || return
  in_session "${IN_FOLDER[@]}" "$client" "$venv/bin/mypy" --cache-dir "$DEV_DIR/mypy-adapters" || status=1
  run_own_client "${IN_FOLDER[@]}" "$client" env PYTHONPATH=src PYTHONDONTWRITEBYTECODE=1 \
    "$venv/bin/python" -m pytest -p no:cacheprovider tests/adapters || status=1
  return $status
}

# Whole agents: their command lines, and the SDKs that start them. And workflow tools.
cmd_adapters() {
  local begun=$SECONDS
  [ $# -eq 0 ] || usage adapters "takes no arguments"
  begin_run test
  need_rust
  need_clients
  start_run_servers
  step "agents" run_heavy_adapters
  end_tests "$begun"
}

run_heavy_adapters() {
  local status=0
  install_locked install_python_packages "$DEV_DIR/heavy" "$AGENTS/heavy.txt" || return
  install_locked install_npm_packages "$AGENTS" "$DEV_DIR/agents" || return
  build_debug_binary || return
  make_clients_database || return
  if start_clients_instances; then run_all_agents || status=1; else status=1; fi
  stop_instances
  drop_clients_database
  return $status
}

run_all_agents() {
  local status=0 python=$DEV_DIR/heavy/bin/python client=$ROOT/clients/python
  export SIGNOFF_CLAUDE SIGNOFF_CODEX
  export SIGNOFF_FILES_SERVER=$DEV_DIR/agents/node_modules/@modelcontextprotocol/server-filesystem/dist/index.js
  SIGNOFF_CLAUDE=$(first_of "$DEV_DIR"/heavy/lib/python*/site-packages/claude_agent_sdk/_bundled/claude) &&
    SIGNOFF_CODEX=$(first_of "$DEV_DIR"/agents/node_modules/@openai/codex-*/vendor/*/bin/codex) || return
  say "signoff hook and signoff mcp with Claude Code and Codex"
  run_own_client "${IN_FOLDER[@]}" "$AGENTS" env PYTHONDONTWRITEBYTECODE=1 \
    "$python" -m pytest -q -p no:cacheprovider --ignore=recipes || status=1
  say "Claude Agent SDK (Python)"
  run_own_client "${IN_FOLDER[@]}" "$client" env PYTHONPATH=src PYTHONDONTWRITEBYTECODE=1 \
    "$python" -m pytest -p no:cacheprovider tests/adapters/heavy || status=1
  say "Airflow"
  run_airflow || status=1
  say "recipes"
  run_recipes || status=1
  say "Claude Agent SDK and AI SDK (TypeScript)"
  run_typescript_agents "$python" || status=1
  return $status
}

# With a scheduler and a triggerer, in an environment of its own: its pins don't go with the others'.
run_airflow() {
  local venv=$DEV_DIR/airflow client=$ROOT/clients/python status=0
  install_locked install_python_packages "$venv" "$AGENTS/airflow.txt" || return
  in_session "${IN_FOLDER[@]}" "$client" "$venv/bin/mypy" --cache-dir "$DEV_DIR/mypy-airflow" src/signoff/adapters/airflow || status=1
  run_own_client "${IN_FOLDER[@]}" "$client" env PYTHONPATH=src PYTHONDONTWRITEBYTECODE=1 \
    "$venv/bin/python" -m pytest -p no:cacheprovider tests/adapters/heavy/airflow || status=1
  return $status
}

# What docs/recipes shows, with Prefect, Dagster and Temporal.
run_recipes() {
  local venv=$DEV_DIR/recipes
  install_locked install_python_packages "$venv" "$AGENTS/recipes.txt" || return
  run_own_client "${IN_FOLDER[@]}" "$AGENTS/recipes" env PYTHONDONTWRITEBYTECODE=1 "$venv/bin/python" -m pytest
}

run_typescript_agents() { # PYTHON
  local client=$ROOT/clients/typescript before=$PATH status=0
  use_newer_node "$1" || return
  if install_locked install_typescript_client "$client" && in_session "${IN_FOLDER[@]}" "$client" npm run --silent build &&
    in_session "${IN_FOLDER[@]}" "$client" npx tsc -p tests; then
    run_own_client "${IN_FOLDER[@]}" "$client" env SIGNOFF_HEAVY_PACKAGES="$DEV_DIR/agents" \
      node --test tests/heavy/claude.test.mjs tests/heavy/ai.test.mjs || status=1
  else
    status=1
  fi
  export PATH=$before
  return $status
}

first_of() { # FILE…
  [ -x "$1" ] || { warn "is no program: $1"; return 1; }
  printf '%s\n' "$1"
}
