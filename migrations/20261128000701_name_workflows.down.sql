DROP FUNCTION approval_query(uuid, text, text, text, text, text, text, integer, text);
DROP FUNCTION approval_terms(uuid, uuid, text, text, text, text, text, text, text, text, text);
ALTER TABLE approval_requests DROP COLUMN view, DROP COLUMN workflow;
