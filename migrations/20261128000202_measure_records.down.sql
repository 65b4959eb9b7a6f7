DROP FUNCTION audit_record_size;
