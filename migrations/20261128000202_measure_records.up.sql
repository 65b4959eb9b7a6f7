-- How many bytes a record of the audit log takes, for whoever reads many of them: counted where they stand, and not
-- kept with them, for rows of the log are never touched again.
CREATE FUNCTION audit_record_size(before json, after json, detail json, subject text, user_agent text)
RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT 256 + coalesce(octet_length(before::text), 0) + coalesce(octet_length(after::text), 0)
           + coalesce(octet_length(detail::text), 0) + coalesce(octet_length(subject), 0)
           + coalesce(octet_length(user_agent), 0);
END;
