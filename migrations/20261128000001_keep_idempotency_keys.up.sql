-- A table that a backup reads, say, is waited for only so long: everything that comes after would wait behind it.
SET LOCAL lock_timeout = '2s';

-- A key lives as long as its approval is pending, and 24 hours longer. The janitor looks at each key when it may have
-- had its time, and puts the next look off while it has not.
ALTER TABLE idempotency_keys
    ADD COLUMN look_again_at timestamptz NOT NULL DEFAULT now() + interval '24 hours',
    -- Of what the body asks for. `body_hash` is of the body with the defaults that it spells out, as instances of the
    -- version before know it. NULL: one of those made it.
    ADD COLUMN meaning_hash bytea CHECK (octet_length(meaning_hash) = 32);
-- The index on created_at stays for instances of the version before.
CREATE INDEX IF NOT EXISTS idempotency_keys_due ON idempotency_keys (look_again_at);
GRANT UPDATE (look_again_at) ON idempotency_keys TO signoff_work;
