-- Caps: what a member, a Space or an API key may spend in a period. Called by billing/ledger.py and by nothing else.
-- Keeps true: a cap counts its calls of the period from the first on, whenever it was set; under a default every member who
-- has a call has a cap; what is given for a period ends with it (ledger_tidy). Locking and naming: at the head of ledger.sql.

-- Internal. The pool, locked and tidied.
CREATE OR REPLACE FUNCTION ledger_lock(p_org uuid) RETURNS billing_pool LANGUAGE plpgsql AS $$
DECLARE
  v_pool billing_pool;
BEGIN
  SELECT * INTO v_pool FROM billing_pool WHERE org_id = p_org FOR NO KEY UPDATE;
  IF clock_timestamp() >= v_pool.due_at THEN v_pool := ledger_tidy(p_org, clock_timestamp()); END IF;
  RETURN v_pool;
END $$;

-- Set, change or (NULL) take away what a member, Space or key may spend in a period. What it spent in this one counts at once.
-- A member without a cap of their own falls back to the default.
CREATE OR REPLACE FUNCTION ledger_cap(p_org uuid, p_scope text, p_scope_id uuid, p_limit bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_pool billing_pool := ledger_lock(p_org);
  v_limit bigint := coalesce(p_limit, CASE p_scope WHEN 'member' THEN v_pool.member_cap_ucr END);
BEGIN
  DELETE FROM billing_cap WHERE org_id = p_org AND scope = p_scope AND scope_id = p_scope_id AND v_limit IS NULL;
  INSERT INTO billing_cap (org_id, scope, scope_id, limit_ucr, is_default, used_ucr, held_ucr)
  SELECT p_org, p_scope, p_scope_id, v_limit, p_limit IS NULL,
    coalesce(sum(charged_ucr) FILTER (WHERE created_at >= v_pool.period_starts_at), 0),
    coalesce(sum(amount_ucr) FILTER (WHERE state = 'open'), 0) FROM billing_hold
    WHERE org_id = p_org AND CASE p_scope WHEN 'member' THEN member_id WHEN 'space' THEN space_id ELSE key_id END = p_scope_id
    HAVING v_limit IS NOT NULL
  ON CONFLICT (org_id, scope_id, scope) DO UPDATE
    SET limit_ucr = EXCLUDED.limit_ucr, is_default = EXCLUDED.is_default, extra_ucr = 0, seen_percent = 0;
  UPDATE billing_cap SET outset_ucr = used_ucr + held_ucr WHERE org_id = p_org AND scope = p_scope AND scope_id = p_scope_id;
  UPDATE billing_pool SET is_capped = member_cap_ucr IS NOT NULL OR EXISTS (SELECT FROM billing_cap WHERE org_id = p_org)
    WHERE org_id = p_org;
END $$;

-- Set, change or (NULL) take away what each member may spend who has no cap of their own. Those who have a call in this period
-- get theirs here, with what it counts; the others when they first hold (ledger_cap_of_member).
CREATE OR REPLACE FUNCTION ledger_cap_default(p_org uuid, p_limit bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_pool billing_pool := ledger_lock(p_org);
BEGIN
  DELETE FROM billing_cap WHERE org_id = p_org AND is_default AND p_limit IS NULL;
  UPDATE billing_cap SET limit_ucr = p_limit, outset_ucr = used_ucr + held_ucr, seen_percent = 0 WHERE org_id = p_org AND is_default;
  INSERT INTO billing_cap (org_id, scope, scope_id, limit_ucr, is_default, used_ucr, held_ucr, outset_ucr)
  SELECT p_org, 'member', member_id, p_limit, true, used, held, used + held FROM (
    SELECT member_id, coalesce(sum(charged_ucr) FILTER (WHERE created_at >= v_pool.period_starts_at), 0) AS used,
      coalesce(sum(amount_ucr) FILTER (WHERE state = 'open'), 0) AS held FROM billing_hold
    WHERE org_id = p_org AND member_id IS NOT NULL AND (created_at >= v_pool.period_starts_at OR state = 'open')
    GROUP BY member_id) spent
  WHERE p_limit IS NOT NULL
  ON CONFLICT (org_id, scope_id, scope) DO NOTHING;
  UPDATE billing_pool SET member_cap_ucr = p_limit,
    is_capped = p_limit IS NOT NULL OR EXISTS (SELECT FROM billing_cap WHERE org_id = p_org) WHERE org_id = p_org;
END $$;

-- Give a capped member, Space or key more: for this period, or for good, which makes the limit its own. False: it has no cap.
CREATE OR REPLACE FUNCTION ledger_cap_raise(p_org uuid, p_scope text, p_scope_id uuid, p_amount bigint, p_is_for_good boolean)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_pool billing_pool := ledger_lock(p_org);
BEGIN
  IF p_scope = 'member' THEN PERFORM ledger_cap_of_member(v_pool, p_scope_id); END IF;
  UPDATE billing_cap SET limit_ucr = limit_ucr + CASE WHEN p_is_for_good THEN p_amount ELSE 0 END,
    extra_ucr = extra_ucr + CASE WHEN p_is_for_good THEN 0 ELSE p_amount END,
    is_default = is_default AND NOT p_is_for_good, seen_percent = 0
  WHERE org_id = p_org AND scope = p_scope AND scope_id = p_scope_id;
  RETURN FOUND;
END $$;
