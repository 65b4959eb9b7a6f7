ALTER TABLE approval_requests DROP COLUMN response_schema;
