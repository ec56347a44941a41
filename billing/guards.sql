-- What keeps the books honest against SQL written by hand: triggers for everyone, rights for the application's own role.
-- Keeps true: moves, usage and prices only grow; a pool with a history stays; the application reads the books and writes them
-- only through the functions of lots.sql, ledger.sql, caps.sql and prices.sql.

CREATE OR REPLACE TRIGGER move_append_only BEFORE UPDATE OR DELETE ON billing_move FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER move_never_emptied BEFORE TRUNCATE ON billing_move FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER usage_append_only BEFORE UPDATE OR DELETE ON billing_usageevent FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER usage_never_emptied BEFORE TRUNCATE ON billing_usageevent FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER price_append_only BEFORE UPDATE OR DELETE ON billing_price FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER price_never_emptied BEFORE TRUNCATE ON billing_price FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE OR REPLACE FUNCTION pool_refuse_delete() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM billing_hold WHERE org_id = OLD.org_id AND state = 'open') THEN
    RAISE EXCEPTION 'the pool of % has open holds', OLD.org_id USING ERRCODE = 'restrict_violation';
  ELSIF EXISTS (SELECT FROM billing_lot WHERE org_id = OLD.org_id) THEN
    RAISE EXCEPTION 'the pool of % has a history', OLD.org_id USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN OLD;
END $$;
CREATE OR REPLACE TRIGGER pool_with_history_stays BEFORE DELETE ON billing_pool FOR EACH ROW EXECUTE FUNCTION pool_refuse_delete();

-- Room on the page for the next version of a hot row: without it every hold would write the indexes too.
ALTER TABLE billing_pool SET (fillfactor = 20);
ALTER TABLE billing_lot SET (fillfactor = 40);
ALTER TABLE billing_cap SET (fillfactor = 40);
ALTER TABLE billing_hold SET (fillfactor = 80);

DO $$
DECLARE
  v_books text := 'billing_pool, billing_lot, billing_hold, billing_holdpart, billing_move, billing_usageevent, billing_price, billing_cap, billing_alert';
  v_function regprocedure;
BEGIN
  FOR v_function IN SELECT oid FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname ~ '^(ledger|prices)_' LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', v_function);
  END LOOP;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'parley_app') THEN
    RAISE NOTICE 'role parley_app does not exist: the application may write the books with the rights of the owner';
    RETURN;
  END IF;
  EXECUTE 'REVOKE ALL ON ' || v_books || ' FROM parley_app';
  EXECUTE 'GRANT SELECT ON ' || v_books || ' TO parley_app';
  -- That an alert was mailed is no matter of money.
  GRANT UPDATE (sent_at) ON billing_alert TO parley_app;
  -- Nor is it that somebody has seen how much of theirs is used.
  GRANT UPDATE (seen_percent) ON billing_cap TO parley_app;
  FOR v_function IN SELECT oid FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname ~ '^(ledger|prices)_' AND prosecdef LOOP
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO parley_app', v_function);
  END LOOP;
  GRANT EXECUTE ON FUNCTION ledger_period, ledger_cost TO parley_app;
END $$;
