DROP INDEX idempotency_keys_due;
ALTER TABLE idempotency_keys DROP COLUMN look_again_at, DROP COLUMN meaning_hash;
