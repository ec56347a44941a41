-- What the application's own role may do. Where that role does not exist (a database of somebody else's,
-- with one role for everything) the triggers are what is left, and this says so.
DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'parley_app') THEN
    GRANT USAGE ON SCHEMA public TO parley_app;
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO parley_app;
    GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO parley_app;
    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO parley_app;
    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO parley_app;
    REVOKE UPDATE, DELETE ON workspace_auditline FROM parley_app;
  ELSE
    RAISE NOTICE 'role parley_app does not exist: the application runs with the rights of the owner';
  END IF;
END $$;
