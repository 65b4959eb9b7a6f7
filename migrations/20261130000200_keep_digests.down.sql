ALTER TABLE approval_decisions DROP COLUMN digest;
ALTER TABLE approval_requests DROP COLUMN digest;
