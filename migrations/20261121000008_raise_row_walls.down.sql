-- The roles stay: other databases of the server may use them.
DO $$
DECLARE
    policy record;
    duty text;
    t text;
BEGIN
    FOR policy IN SELECT policyname, tablename FROM pg_policies WHERE schemaname = current_schema() LOOP
        EXECUTE format('DROP POLICY %I ON %I', policy.policyname, policy.tablename);
    END LOOP;
    FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND rowsecurity LOOP
        EXECUTE format('ALTER TABLE %I DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY', t);
    END LOOP;
    FOREACH duty IN ARRAY ARRAY['signoff_app', 'signoff_commit', 'signoff_read', 'signoff_work', 'signoff_auth',
                                'signoff_operator'] LOOP
        EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM %I', current_schema(), duty);
        EXECUTE format('REVOKE ALL ON ALL SEQUENCES IN SCHEMA %I FROM %I', current_schema(), duty);
    END LOOP;
END
$$;
DROP FUNCTION current_workspace();
