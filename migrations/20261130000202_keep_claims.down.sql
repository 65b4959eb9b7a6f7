DROP TABLE approval_claims;
ALTER TABLE approval_requests DROP COLUMN executors, DROP COLUMN claim_within_seconds;
