# A Bash script of Windmill, the step of a flow before the one that matters. Its worker has `signoff` in its PATH.
# In the flow, give api_key the secret variable: $var:f/ops/signoff_api_key
api_key="$1"
title="$2"

export SIGNOFF_URL=https://signoff.example.com SIGNOFF_API_KEY="$api_key"
exec signoff ask --run "windmill-${WM_FLOW_JOB_ID:-$WM_JOB_ID}" --type step_approval --title "$title" \
  --approver ana,bo --timeout 4h --idempotency-key "windmill/${WM_FLOW_JOB_ID:-$WM_JOB_ID}/${WM_FLOW_STEP_ID:-script}"
