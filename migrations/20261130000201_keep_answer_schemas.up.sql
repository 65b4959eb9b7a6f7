-- A table that a backup reads, say, is waited for only so long: everything that comes after would wait behind it.
SET LOCAL lock_timeout = '2s';

-- The JSON Schema of the modifications, as it was sent: the order of properties is that of a form's fields.
ALTER TABLE approval_requests ADD COLUMN response_schema json;
