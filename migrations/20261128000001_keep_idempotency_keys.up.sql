-- A key lives as long as its approval is pending, and 24 hours longer. The janitor looks at each key when it may have
-- had its time, and puts the next look off while it has not.
ALTER TABLE idempotency_keys ADD COLUMN look_again_at timestamptz NOT NULL DEFAULT now() + interval '24 hours';
UPDATE idempotency_keys SET look_again_at = created_at + interval '24 hours';
CREATE INDEX idempotency_keys_due ON idempotency_keys (look_again_at);
DROP INDEX idempotency_keys_age;
GRANT UPDATE (look_again_at) ON idempotency_keys TO signoff_work;
