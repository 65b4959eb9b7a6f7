DROP TABLE idempotency_keys;
DROP TABLE audit_log;
DROP TABLE approval_decisions;
DROP TABLE approval_requests;
DROP TABLE sessions;
DROP TABLE workflow_runs;
