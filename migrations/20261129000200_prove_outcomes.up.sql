-- A table that a backup reads, say, is waited for only so long: everything that comes after would wait behind it.
SET LOCAL lock_timeout = '2s';

-- Keys by which instances prove to each other that an outcome was committed. The newest proves; it and the one before it
-- are believed, so that a new key may reach the instances one after the other.

CREATE TABLE proof_keys (
    -- The microseconds of its making: no key ever has the number of another one, in no copy either.
    id         bigint PRIMARY KEY,
    key        bytea NOT NULL CHECK (octet_length(key) = 32),
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Both together have 244 random bits.
CREATE FUNCTION fresh_proof_key() RETURNS bytea LANGUAGE sql VOLATILE
BEGIN ATOMIC
    SELECT sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8'));
END;

INSERT INTO proof_keys (id, key)
VALUES ((extract(epoch FROM clock_timestamp()) * 1000000)::bigint, fresh_proof_key());

ALTER TABLE proof_keys ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
-- It belongs to no workspace.
CREATE POLICY proving ON proof_keys FOR SELECT TO signoff_work USING (true);
CREATE POLICY rotating ON proof_keys TO signoff_operator USING (true) WITH CHECK (true);
GRANT SELECT ON proof_keys TO signoff_work;
GRANT SELECT (id) ON proof_keys TO signoff_operator;
GRANT INSERT, DELETE ON proof_keys TO signoff_operator;
REVOKE EXECUTE ON FUNCTION fresh_proof_key() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION fresh_proof_key() TO signoff_operator;
