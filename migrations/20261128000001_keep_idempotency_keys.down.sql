CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);
DROP INDEX idempotency_keys_due;
ALTER TABLE idempotency_keys DROP COLUMN look_again_at;
