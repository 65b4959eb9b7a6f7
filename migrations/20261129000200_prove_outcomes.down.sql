SET LOCAL lock_timeout = '2s';

DROP TABLE proof_keys;
DROP FUNCTION fresh_proof_key();
