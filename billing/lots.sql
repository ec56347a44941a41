-- Lots: what an organization was given, and what time and refunds take away. Called by billing/ledger.py and by nothing else.
-- Keeps true: what one source key stands for is granted once; a lot exists only once it is effective.
-- The rules of locking and naming are at the head of ledger.sql.

-- The period around an instant: calendar months counted from the anchor (31 January, 28 February, 31 March).
CREATE OR REPLACE FUNCTION ledger_period(p_anchor timestamptz, p_at timestamptz, OUT o_starts timestamptz, OUT o_ends timestamptz)
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_anchor timestamp := p_anchor AT TIME ZONE 'UTC';
  v_at timestamp := p_at AT TIME ZONE 'UTC';
  v_months int;
BEGIN
  v_months := (extract(year FROM v_at) - extract(year FROM v_anchor)) * 12
            + extract(month FROM v_at) - extract(month FROM v_anchor);
  IF v_anchor + make_interval(months => v_months) > v_at THEN v_months := v_months - 1; END IF;
  o_starts := (v_anchor + make_interval(months => v_months)) AT TIME ZONE 'UTC';
  o_ends := (v_anchor + make_interval(months => v_months + 1)) AT TIME ZONE 'UTC';
END $$;

-- Internal. What time has done to a locked pool: lots that ran out, and the end of the period.
CREATE OR REPLACE FUNCTION ledger_tidy(p_org uuid, p_now timestamptz) RETURNS billing_pool LANGUAGE plpgsql AS $$
DECLARE
  v_pool billing_pool;
  v_period record;
  v_expired bigint;
BEGIN
  WITH gone AS (
    SELECT id, free_ucr FROM billing_lot WHERE org_id = p_org AND NOT is_drained AND free_ucr > 0 AND expires_at <= p_now FOR NO KEY UPDATE
  ), emptied AS (
    UPDATE billing_lot l SET free_ucr = 0, expired_ucr = l.expired_ucr + gone.free_ucr FROM gone WHERE l.id = gone.id
  ), moved AS (
    INSERT INTO billing_move (org_id, lot_id, at, kind, src, dst, amount_ucr)
    SELECT p_org, id, p_now, 'expire', 'free', 'expired', free_ucr FROM gone RETURNING amount_ucr
  ) SELECT coalesce(sum(amount_ucr), 0) INTO v_expired FROM moved;
  UPDATE billing_pool SET free_ucr = free_ucr - v_expired WHERE org_id = p_org RETURNING * INTO v_pool;
  IF p_now >= v_pool.period_ends_at THEN
    SELECT p.* INTO v_period FROM ledger_period(
      coalesce((SELECT anchor_at FROM billing_account WHERE org_id = p_org), v_pool.period_starts_at), p_now) p;
    UPDATE billing_pool SET period_starts_at = v_period.o_starts, period_ends_at = v_period.o_ends, period_spent_ucr = 0,
      alerted_percent = 0, period_base_ucr = free_ucr WHERE org_id = p_org;
    UPDATE billing_cap SET used_ucr = 0, outset_ucr = CASE WHEN extra_ucr > 0 THEN held_ucr ELSE least(outset_ucr, held_ucr) END,
      extra_ucr = 0, seen_percent = 0 WHERE org_id = p_org;
  END IF;
  UPDATE billing_lot SET is_drained = true WHERE org_id = p_org AND NOT is_drained AND free_ucr = 0 AND held_ucr = 0 AND frozen_ucr = 0;
  UPDATE billing_pool SET due_at = least(period_ends_at,
    (SELECT min(expires_at) FROM billing_lot WHERE org_id = p_org AND NOT is_drained AND expires_at > p_now))
    WHERE org_id = p_org RETURNING * INTO v_pool;
  RETURN v_pool;
END $$;

-- Make the pool of an organization. Harmless when there is one.
CREATE OR REPLACE FUNCTION ledger_open(p_org uuid, p_anchor timestamptz) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  INSERT INTO billing_pool (org_id, period_starts_at, period_ends_at, due_at)
  SELECT p_org, o_starts, o_ends, o_ends FROM ledger_period(p_anchor, clock_timestamp())
  ON CONFLICT (org_id) DO NOTHING RETURNING true
$$;

-- Count the months of a pool from another instant on. What was spent within the period that is running by that count counts.
CREATE OR REPLACE FUNCTION ledger_move_anchor(p_org uuid, p_anchor timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_pool billing_pool;
  v_period record;
  v_spent bigint;
  v_held bigint;
BEGIN
  SELECT * INTO v_pool FROM billing_pool WHERE org_id = p_org FOR NO KEY UPDATE;
  IF clock_timestamp() >= v_pool.due_at THEN v_pool := ledger_tidy(p_org, clock_timestamp()); END IF;
  SELECT * INTO v_period FROM ledger_period(p_anchor, clock_timestamp());
  IF v_period.o_starts = v_pool.period_starts_at AND v_period.o_ends = v_pool.period_ends_at THEN RETURN; END IF;
  SELECT coalesce(sum(charged_ucr), 0), coalesce(sum(amount_ucr) FILTER (WHERE state = 'open'), 0) INTO v_spent, v_held
    FROM billing_hold WHERE org_id = p_org AND created_at >= v_period.o_starts;
  UPDATE billing_cap c SET used_ucr = (SELECT coalesce(sum(h.charged_ucr), 0) FROM billing_hold h WHERE h.org_id = p_org
      AND h.created_at >= v_period.o_starts AND CASE c.scope WHEN 'member' THEN h.member_id WHEN 'space' THEN h.space_id ELSE h.key_id END = c.scope_id)
    WHERE org_id = p_org;
  UPDATE billing_cap SET outset_ucr = greatest(outset_ucr, used_ucr + held_ucr) WHERE org_id = p_org;
  UPDATE billing_pool SET period_starts_at = v_period.o_starts, period_ends_at = v_period.o_ends, period_spent_ucr = v_spent,
    period_base_ucr = free_ucr + v_held + v_spent, alerted_percent = 0, due_at = least(due_at, v_period.o_ends) WHERE org_id = p_org;
END $$;

-- Add a lot. The same source key again changes nothing: 'duplicate'.
CREATE OR REPLACE FUNCTION ledger_grant(p_org uuid, p_kind text, p_amount bigint, p_source_key text, p_expires_at timestamptz,
  p_paid_minor bigint, p_currency text, p_note text, OUT o_status text, OUT o_lot bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_pool billing_pool;
  v_now timestamptz;
BEGIN
  SELECT * INTO v_pool FROM billing_pool WHERE org_id = p_org FOR NO KEY UPDATE;
  IF NOT FOUND THEN o_status := 'no_pool'; RETURN; END IF;
  v_now := clock_timestamp();
  IF v_now >= v_pool.due_at THEN v_pool := ledger_tidy(p_org, v_now); END IF;
  IF p_amount <= 0 OR p_kind NOT IN ('starter', 'plan', 'seat', 'promo', 'topup', 'adjust') THEN
    RAISE EXCEPTION 'no lot of kind % and amount %', p_kind, p_amount USING ERRCODE = 'check_violation';
  END IF;
  INSERT INTO billing_lot (org_id, kind, priority, source_key, granted_ucr, free_ucr, effective_at, expires_at, paid_minor, currency, note)
  VALUES (p_org, p_kind, CASE p_kind WHEN 'promo' THEN 15 WHEN 'topup' THEN 20 WHEN 'adjust' THEN 20 ELSE 10 END,
    p_source_key, p_amount, p_amount, v_now, p_expires_at, p_paid_minor, p_currency, p_note)
  ON CONFLICT (source_key) DO NOTHING RETURNING id INTO o_lot;
  IF o_lot IS NULL THEN
    o_status := 'duplicate';
    SELECT id INTO o_lot FROM billing_lot WHERE source_key = p_source_key;
    RETURN;
  END IF;
  INSERT INTO billing_move (org_id, lot_id, at, kind, src, dst, amount_ucr)
  VALUES (p_org, o_lot, v_now, 'grant', 'issued', 'free', p_amount);
  UPDATE billing_pool SET free_ucr = free_ucr + p_amount, period_base_ucr = period_base_ucr + p_amount,
    due_at = least(due_at, p_expires_at) WHERE org_id = p_org;
  o_status := 'granted';
END $$;


-- Tidy one pool now, rather than when it is next used. Returns what it has free.
CREATE OR REPLACE FUNCTION ledger_expire(p_org uuid) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_pool billing_pool;
BEGIN
  SELECT * INTO v_pool FROM billing_pool WHERE org_id = p_org FOR NO KEY UPDATE;
  IF clock_timestamp() >= v_pool.due_at THEN v_pool := ledger_tidy(p_org, clock_timestamp()); END IF;
  RETURN v_pool.free_ucr;
END $$;

-- Take back p_total of a lot, all its refunds together, so that the same refund told twice changes nothing. What is spent stays
-- spent and what is held is owed: it is revoked when a hold gives it back. Returns revoked and still owed, or nothing: no such lot.
CREATE OR REPLACE FUNCTION ledger_revoke(p_org uuid, p_source_key text, p_total bigint, OUT o_revoked bigint, OUT o_owed bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_lot billing_lot;
  v_more bigint;
  v_take bigint;
  v_frozen bigint;
BEGIN
  PERFORM FROM billing_pool WHERE org_id = p_org FOR NO KEY UPDATE;
  SELECT * INTO v_lot FROM billing_lot WHERE org_id = p_org AND source_key = p_source_key FOR NO KEY UPDATE;
  IF NOT FOUND THEN RETURN; END IF;
  v_more := greatest(least(p_total, v_lot.granted_ucr) - v_lot.revoked_ucr - v_lot.owed_ucr, 0);
  v_take := least(v_more, v_lot.free_ucr);
  v_frozen := least(v_more - v_take, v_lot.frozen_ucr);
  UPDATE billing_lot SET free_ucr = free_ucr - v_take, frozen_ucr = frozen_ucr - v_frozen, revoked_ucr = revoked_ucr + v_take + v_frozen,
    owed_ucr = owed_ucr + v_more - v_take - v_frozen WHERE id = v_lot.id RETURNING revoked_ucr, owed_ucr INTO o_revoked, o_owed;
  IF v_frozen > 0 THEN
    INSERT INTO billing_move (org_id, lot_id, at, kind, src, dst, amount_ucr)
    VALUES (p_org, v_lot.id, clock_timestamp(), 'revoke', 'frozen', 'revoked', v_frozen);
  END IF;
  IF v_take > 0 THEN
    INSERT INTO billing_move (org_id, lot_id, at, kind, src, dst, amount_ucr)
    VALUES (p_org, v_lot.id, clock_timestamp(), 'revoke', 'free', 'revoked', v_take);
    UPDATE billing_pool SET free_ucr = free_ucr - v_take, period_base_ucr = greatest(period_base_ucr - v_take, 0)
      WHERE org_id = p_org;
  END IF;
END $$;

-- Freeze a lot while its payment is disputed, or thaw it. What holds give back meanwhile is frozen too (ledger_close). What ran
-- out while it was frozen expires when it thaws. Returns what was moved, or nothing: no such lot.
CREATE OR REPLACE FUNCTION ledger_freeze(p_org uuid, p_source_key text, p_is_frozen boolean) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_lot billing_lot;
  v_now timestamptz;
  v_moved bigint;
  v_is_gone boolean;
BEGIN
  PERFORM FROM billing_pool WHERE org_id = p_org FOR NO KEY UPDATE;
  v_now := clock_timestamp();
  SELECT * INTO v_lot FROM billing_lot WHERE org_id = p_org AND source_key = p_source_key FOR NO KEY UPDATE;
  IF NOT FOUND THEN RETURN NULL; END IF;
  v_moved := CASE WHEN p_is_frozen THEN v_lot.free_ucr ELSE v_lot.frozen_ucr END;
  v_is_gone := NOT p_is_frozen AND coalesce(v_lot.expires_at <= v_now, false);
  UPDATE billing_lot SET is_frozen = p_is_frozen, is_drained = is_drained AND v_moved = 0,
    free_ucr = CASE WHEN p_is_frozen THEN 0 WHEN v_is_gone THEN free_ucr ELSE free_ucr + v_moved END,
    frozen_ucr = CASE WHEN p_is_frozen THEN frozen_ucr + v_moved ELSE 0 END,
    expired_ucr = expired_ucr + CASE WHEN v_is_gone THEN v_moved ELSE 0 END WHERE id = v_lot.id;
  IF v_moved > 0 THEN
    INSERT INTO billing_move (org_id, lot_id, at, kind, src, dst, amount_ucr) VALUES (p_org, v_lot.id, v_now,
      CASE WHEN p_is_frozen THEN 'freeze' WHEN v_is_gone THEN 'expire' ELSE 'thaw' END, CASE WHEN p_is_frozen THEN 'free' ELSE 'frozen' END,
      CASE WHEN p_is_frozen THEN 'frozen' WHEN v_is_gone THEN 'expired' ELSE 'free' END, v_moved);
    UPDATE billing_pool SET free_ucr = free_ucr + CASE WHEN p_is_frozen THEN -v_moved WHEN v_is_gone THEN 0 ELSE v_moved END,
      period_base_ucr = greatest(period_base_ucr + CASE WHEN p_is_frozen THEN -v_moved WHEN v_is_gone THEN 0 ELSE v_moved END, 0),
      due_at = CASE WHEN p_is_frozen THEN due_at ELSE least(due_at, v_lot.expires_at) END WHERE org_id = p_org;
  END IF;
  RETURN v_moved;
END $$;
