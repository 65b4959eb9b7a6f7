DROP FUNCTION approval_size;
ALTER TABLE approval_requests DROP COLUMN size;
