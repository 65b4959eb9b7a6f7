CREATE OR REPLACE FUNCTION audit_log_numbered_last() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    PERFORM pg_current_xact_id();
    RETURN NULL;
END
$$;
