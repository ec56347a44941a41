-- Holds: setting credits aside for a call, and closing it. Called by billing/ledger.py and by nothing else; lots.sql is the other half.
-- Keeps true: a call is held once and closed once; no bucket is negative; every change of a lot leaves a move.
-- The pool's row is locked before anything else of its organization, and the clock is read once that lock is had, or a lot
-- granted while waiting would be newer than "now". A refusal is a status, so that the caller's transaction stands.
-- Names: p_ comes in, o_ goes out, v_ is local. Every public function costs one round trip.

-- What tokens come to by a version of the price book: cached and cache-written ones are part of the prompt, reasoning
-- is part of the completion. The sum is exact and rounded up once. Expects figures that are already cut to what can be.
CREATE OR REPLACE FUNCTION ledger_cost(p_price billing_price, p_prompt bigint, p_cached bigint, p_cache_write bigint, p_completion bigint)
RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
  SELECT ((p_prompt - p_cached - p_cache_write) * p_price.input_ucr_per_mtok + p_cached * p_price.cached_ucr_per_mtok
    + p_cache_write * p_price.cache_write_ucr_per_mtok + p_completion * p_price.output_ucr_per_mtok + 999999) / 1000000
$$;

-- The most that a call can come to: every token of the prompt at the dearest rate it may have.
CREATE OR REPLACE FUNCTION ledger_worst(p_price billing_price, p_input bigint, p_output bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
  SELECT (p_input * greatest(p_price.input_ucr_per_mtok, p_price.cached_ucr_per_mtok, p_price.cache_write_ucr_per_mtok)
    + p_output * p_price.output_ucr_per_mtok + 999999) / 1000000
$$;

-- Internal. Move an amount out of free lots in burn order, for a hold (to held, with its parts) or an overrun (to spent);
-- returns from how many. Lots exist only once effective and are made under the pool's lock, so that the id is the age.
CREATE OR REPLACE FUNCTION ledger_burn(p_org uuid, p_hold bigint, p_amount bigint, p_kind text, p_now timestamptz) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
  v_left bigint := p_amount;
  v_lots int := 0;
  v_lot bigint;
  v_take bigint;
BEGIN
  WHILE v_left > 0 LOOP
    UPDATE billing_lot l SET free_ucr = free_ucr - take, held_ucr = held_ucr + CASE p_kind WHEN 'hold' THEN take ELSE 0 END,
      spent_ucr = spent_ucr + CASE p_kind WHEN 'hold' THEN 0 ELSE take END
    FROM (SELECT id, least(free_ucr, v_left) AS take FROM billing_lot WHERE org_id = p_org AND NOT is_drained AND free_ucr > 0
      ORDER BY priority, expires_at, id LIMIT 1) next
    WHERE l.id = next.id RETURNING l.id, take INTO v_lot, v_take;
    IF NOT FOUND THEN RAISE EXCEPTION 'the pool of % has more than its lots', p_org; END IF;
    IF p_kind = 'hold' THEN
      INSERT INTO billing_holdpart (hold_id, seq, lot_id, amount_ucr) VALUES (p_hold, v_lots, v_lot, v_take);
    END IF;
    INSERT INTO billing_move (org_id, lot_id, hold_id, at, kind, src, dst, amount_ucr)
    VALUES (p_org, v_lot, p_hold, p_now, p_kind, 'free', CASE p_kind WHEN 'hold' THEN 'held' ELSE 'spent' END, v_take);
    v_left := v_left - v_take;
    v_lots := v_lots + 1;
  END LOOP;
  RETURN v_lots;
END $$;

-- Internal. Under a default for members, one who holds for the first time gets a cap made from it. Whoever had a call in this
-- period when the default was set has theirs since then (ledger_cap_default), so that a new one begins at nothing.
CREATE OR REPLACE FUNCTION ledger_cap_of_member(p_pool billing_pool, p_member uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF p_member IS NULL OR p_pool.member_cap_ucr IS NULL THEN RETURN; END IF;
  IF NOT EXISTS (SELECT FROM billing_cap WHERE org_id = p_pool.org_id AND scope = 'member' AND scope_id = p_member) THEN
    INSERT INTO billing_cap (org_id, scope, scope_id, limit_ucr, is_default)
    VALUES (p_pool.org_id, 'member', p_member, p_pool.member_cap_ucr, true);
  END IF;
END $$;

-- Internal. What a capped call may take: the least of the pool and its caps, and whose that is. A cap that does not pay
-- for p_least is named before the pool, the member's first.
CREATE OR REPLACE FUNCTION ledger_room(p_pool billing_pool, p_member uuid, p_space uuid, p_key uuid, p_least bigint,
  OUT o_room bigint, OUT o_limit_of text, OUT o_limit bigint) LANGUAGE plpgsql AS $$
DECLARE
  v_cap billing_cap;
  v_room bigint;
BEGIN
  o_room := p_pool.free_ucr;
  o_limit_of := 'pool';
  FOR v_cap IN SELECT * FROM billing_cap WHERE org_id = p_pool.org_id
      AND (scope, scope_id) IN (('member', p_member), ('space', p_space), ('key', p_key))
      ORDER BY CASE scope WHEN 'member' THEN 1 WHEN 'space' THEN 2 ELSE 3 END FOR NO KEY UPDATE LOOP
    v_room := greatest(v_cap.limit_ucr + v_cap.extra_ucr - v_cap.used_ucr - v_cap.held_ucr, 0);
    IF v_room < p_least OR v_room < o_room THEN
      o_room := v_room; o_limit_of := v_cap.scope; o_limit := v_cap.limit_ucr + v_cap.extra_ucr;
    END IF;
    EXIT WHEN v_room < p_least;
  END LOOP;
END $$;

-- Set credits aside for one call: the worst case of the dearest offer on the route, or what there is when that pays for
-- the input and p_min_output tokens on every offer. No prices at all is right only where the route runs on own keys.
-- Status: held, duplicate, foreign, unpriced, no_pool, or refused (o_limit_of says by whose limit).
CREATE OR REPLACE FUNCTION ledger_hold(p_org uuid, p_call text, p_member uuid, p_space uuid, p_key uuid, p_prices bigint[],
  p_own_key boolean, p_input bigint, p_max_output bigint, p_min_output bigint, p_ttl_seconds int, p_async boolean,
  OUT o_status text, OUT o_hold bigint, OUT o_state text, OUT o_amount bigint, OUT o_max_output bigint,
  OUT o_expires_at timestamptz, OUT o_free bigint, OUT o_limit_of text, OUT o_limit bigint, OUT o_least bigint, OUT o_resets_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan SET enable_bitmapscan = off SET enable_seqscan = off AS $$
DECLARE
  v_pool billing_pool;
  v_now timestamptz;
  v_price billing_price;
  v_hold billing_hold;
  v_room bigint;
  v_setting text;
  v_lots int;
BEGIN
  IF p_async THEN v_setting := set_config('synchronous_commit', 'off', true); END IF;
  o_amount := 0; o_least := 0; o_max_output := p_max_output;
  IF p_prices = '{}' AND NOT p_own_key THEN o_status := 'unpriced'; END IF;
  FOR i IN 1 .. cardinality(p_prices) LOOP
    SELECT * INTO v_price FROM billing_price WHERE id = p_prices[i] AND is_priced;
    IF NOT FOUND THEN o_status := 'unpriced'; END IF;
    o_amount := greatest(o_amount, ledger_worst(v_price, p_input, p_max_output));
    o_least := greatest(o_least, ledger_worst(v_price, p_input, least(p_min_output, p_max_output)));
  END LOOP;

  SELECT * INTO v_pool FROM billing_pool WHERE org_id = p_org FOR NO KEY UPDATE;
  IF NOT FOUND THEN o_status := 'no_pool'; RETURN; END IF;
  v_now := clock_timestamp();
  IF v_now >= v_pool.due_at THEN v_pool := ledger_tidy(p_org, v_now); END IF;
  v_room := v_pool.free_ucr;
  o_limit_of := 'pool';
  IF v_pool.is_capped THEN
    PERFORM ledger_cap_of_member(v_pool, p_member);
    SELECT * INTO v_room, o_limit_of, o_limit FROM ledger_room(v_pool, p_member, p_space, p_key, o_least);
  END IF;
  IF v_room >= o_amount THEN
    o_limit_of := NULL;
  ELSIF v_room < o_least THEN
    o_status := coalesce(o_status, 'refused');
  ELSE
    SELECT least(p_max_output, min((v_room * 1000000 - p_input * greatest(input_ucr_per_mtok, cached_ucr_per_mtok, cache_write_ucr_per_mtok))
        / output_ucr_per_mtok)) INTO o_max_output FROM billing_price WHERE id = ANY (p_prices) AND output_ucr_per_mtok > 0;
    SELECT max(ledger_worst(p, p_input, o_max_output)) INTO o_amount FROM billing_price p WHERE id = ANY (p_prices);
  END IF;
  IF o_status IS NULL THEN
    INSERT INTO billing_hold (org_id, call, member_id, space_id, key_id, prices, amount_ucr, max_output_tokens, created_at, expires_at)
    VALUES (p_org, p_call, p_member, p_space, p_key, p_prices, o_amount, o_max_output, v_now, v_now + make_interval(secs => p_ttl_seconds))
    ON CONFLICT (call) DO NOTHING RETURNING id, 'held', state, expires_at, v_pool.free_ucr - o_amount INTO o_hold, o_status, o_state, o_expires_at, o_free;
  END IF;
  IF o_status IS DISTINCT FROM 'held' THEN
    -- Held before? Then that is the answer, whatever else stands in the way today.
    SELECT * INTO v_hold FROM billing_hold WHERE call = p_call;
    IF v_hold.org_id <> p_org THEN o_status := 'foreign'; RETURN; END IF;
    o_free := v_pool.free_ucr; o_resets_at := v_pool.period_ends_at;
    IF v_hold.id IS NULL THEN o_amount := v_room; RETURN; END IF;
    o_status := 'duplicate'; o_hold := v_hold.id; o_state := v_hold.state; o_amount := v_hold.amount_ucr;
    o_max_output := v_hold.max_output_tokens; o_expires_at := v_hold.expires_at; o_limit_of := NULL;
    RETURN;
  END IF;
  IF o_amount > 0 THEN
    v_lots := ledger_burn(p_org, o_hold, o_amount, 'hold', v_now);
    UPDATE billing_pool SET free_ucr = free_ucr - o_amount, held_ucr = held_ucr + o_amount WHERE org_id = p_org;
    IF v_pool.is_capped THEN
      UPDATE billing_cap SET held_ucr = held_ucr + o_amount WHERE org_id = p_org
        AND (scope, scope_id) IN (('member', p_member), ('space', p_space), ('key', p_key));
    END IF;
  END IF;
END $$;

-- Internal. Write down the attempts of a call; returns what they are charged. A failed or empty attempt is charged nothing,
-- an estimated one never more than the hold, and figures that contradict each other are cut to what can be (is_odd).
CREATE OR REPLACE FUNCTION ledger_record(p_hold billing_hold, p_is_lost boolean, p_attempts jsonb, p_now timestamptz) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  v_total bigint := 0;
  v_price billing_price;
  v_list bigint;
  v_charge bigint;
  v_prompt bigint; v_cached bigint; v_cache_write bigint; v_completion bigint; v_reasoning bigint;
  a record;
BEGIN
  FOR i IN 0 .. jsonb_array_length(p_attempts) - 1 LOOP
    SELECT * INTO a FROM jsonb_to_record(p_attempts -> i) AS r(number int, price bigint, provider text, model text,
      request_id text, prompt bigint, cached bigint, cache_write bigint, completion bigint, reasoning bigint, source text,
      delivered boolean, odd boolean, own_key boolean);
    v_prompt := least(greatest(a.prompt, 0), 10000000);
    v_cached := least(greatest(a.cached, 0), v_prompt);
    v_cache_write := least(greatest(a.cache_write, 0), v_prompt - v_cached);
    v_completion := least(greatest(a.completion, 0), 10000000);
    v_reasoning := least(greatest(a.reasoning, 0), v_completion);
    v_list := 0;
    IF NOT a.own_key THEN
      SELECT * INTO v_price FROM billing_price WHERE id = a.price AND (p_is_lost OR id = ANY (p_hold.prices));
      IF NOT FOUND THEN RAISE EXCEPTION 'call % was not held at price %', p_hold.call, a.price; END IF;
      v_list := ledger_cost(v_price, v_prompt, v_cached, v_cache_write, v_completion);
    END IF;
    v_charge := CASE WHEN a.delivered AND v_completion > 0 THEN v_list ELSE 0 END;
    IF a.source = 'estimated' AND NOT p_is_lost THEN
      v_charge := least(v_charge, greatest(p_hold.amount_ucr - v_total, 0));
    END IF;
    INSERT INTO billing_usageevent (org_id, hold_id, attempt, at, member_id, space_id, key_id, price_id, provider, upstream_model,
      provider_request_id, prompt_tokens, cached_tokens, cache_write_tokens, completion_tokens, reasoning_tokens, usage_source,
      is_delivered, is_own_key, is_odd, list_ucr, charge_ucr)
    VALUES (p_hold.org_id, p_hold.id, a.number, p_now, p_hold.member_id, p_hold.space_id, p_hold.key_id, a.price, a.provider,
      a.model, a.request_id, v_prompt, v_cached, v_cache_write, v_completion, v_reasoning, a.source, a.delivered, a.own_key,
      a.odd OR (v_prompt, v_cached, v_cache_write, v_completion, v_reasoning) <> (a.prompt, a.cached, a.cache_write, a.completion, a.reasoning),
      v_list, v_charge);
    v_total := v_total + v_charge;
  END LOOP;
  RETURN v_total;
END $$;

-- Internal. Close a hold of a locked pool with what it is charged: first from its parts, whose rest goes back (or is expired or
-- revoked with its lot), then from what is free (an overrun), and what even that does not cover is written off to the operator.
CREATE OR REPLACE FUNCTION ledger_close(p_pool billing_pool, p_hold billing_hold, p_total bigint, p_state text, p_now timestamptz,
  OUT o_charged bigint, OUT o_writeoff bigint, OUT o_counted bigint, OUT o_to_free bigint, OUT o_from_held bigint)
LANGUAGE plpgsql AS $$
DECLARE
  v_left bigint := p_total;
  v_used bigint; v_back bigint; v_gone bigint; v_revoked bigint; v_frozen bigint;
  v_part record;
  v_lots int := 0;
BEGIN
  o_to_free := 0;
  o_from_held := 0;
  IF p_hold.state = 'open' THEN
    WHILE o_from_held < p_hold.amount_ucr LOOP
      SELECT q.lot_id, q.amount_ucr, l.expires_at, l.owed_ucr, l.is_frozen INTO STRICT v_part FROM billing_holdpart q
        JOIN billing_lot l ON l.id = q.lot_id WHERE q.hold_id = p_hold.id AND q.seq = v_lots;
      v_used := least(v_part.amount_ucr, v_left);
      v_revoked := least(v_part.amount_ucr - v_used, v_part.owed_ucr);
      v_back := v_part.amount_ucr - v_used - v_revoked;
      v_gone := CASE WHEN v_part.expires_at <= p_now THEN v_back ELSE 0 END;
      v_frozen := CASE WHEN v_part.is_frozen THEN v_back - v_gone ELSE 0 END;
      v_back := v_back - v_gone - v_frozen;
      UPDATE billing_lot SET held_ucr = held_ucr - v_part.amount_ucr, spent_ucr = spent_ucr + v_used, free_ucr = free_ucr + v_back, frozen_ucr = frozen_ucr + v_frozen,
        expired_ucr = expired_ucr + v_gone, revoked_ucr = revoked_ucr + v_revoked, owed_ucr = owed_ucr - v_revoked WHERE id = v_part.lot_id;
      INSERT INTO billing_move (org_id, lot_id, hold_id, at, kind, src, dst, amount_ucr)
      SELECT p_hold.org_id, v_part.lot_id, p_hold.id, p_now, m.kind, 'held', m.dst, m.amount FROM (VALUES ('spend', 'spent', v_used),
        ('release', 'free', v_back), ('expire', 'expired', v_gone), ('revoke', 'revoked', v_revoked), ('freeze', 'frozen', v_frozen)) m(kind, dst, amount) WHERE m.amount > 0;
      -- Only after the clock was set back can a lot get free again that had run out before: it is to run out again.
      IF v_back > 0 AND v_part.expires_at < p_pool.due_at THEN
        UPDATE billing_pool SET due_at = v_part.expires_at WHERE org_id = p_hold.org_id;
      END IF;
      v_left := v_left - v_used;
      o_to_free := o_to_free + v_back;
      o_from_held := o_from_held + v_part.amount_ucr;
      v_lots := v_lots + 1;
    END LOOP;
  END IF;
  o_writeoff := greatest(v_left - p_pool.free_ucr - o_to_free, 0);
  v_left := v_left - o_writeoff;
  IF v_left > 0 THEN v_lots := ledger_burn(p_hold.org_id, p_hold.id, v_left, 'overrun', p_now); END IF;
  o_to_free := o_to_free - v_left;
  o_charged := p_total - o_writeoff;
  -- Usage belongs to the period in which its call began.
  o_counted := CASE WHEN p_hold.created_at >= p_pool.period_starts_at THEN o_charged ELSE 0 END;
  UPDATE billing_hold SET state = p_state, charged_ucr = o_charged, writeoff_ucr = o_writeoff, closed_at = p_now WHERE id = p_hold.id;
  IF p_pool.is_capped THEN
    UPDATE billing_cap SET held_ucr = held_ucr - o_from_held, used_ucr = used_ucr + o_counted WHERE org_id = p_hold.org_id
      AND (scope, scope_id) IN (('member', p_hold.member_id), ('space', p_hold.space_id), ('key', p_hold.key_id));
  END IF;
END $$;

-- Internal. Write the thresholds that a locked pool has newly crossed; each once a period.
CREATE OR REPLACE FUNCTION ledger_alert(p_pool billing_pool) RETURNS int[] LANGUAGE plpgsql AS $$
DECLARE
  v_crossed int[];
BEGIN
  SELECT array_agg(t ORDER BY t) INTO v_crossed FROM unnest(ARRAY[50, 80, 100]) t
    WHERE t > p_pool.alerted_percent AND p_pool.period_spent_ucr * 100 >= p_pool.period_base_ucr * t;
  IF v_crossed IS NOT NULL THEN
    INSERT INTO billing_alert (org_id, period_starts_at, threshold_percent)
    SELECT p_pool.org_id, p_pool.period_starts_at, t FROM unnest(v_crossed) t ON CONFLICT DO NOTHING;
    UPDATE billing_pool SET alerted_percent = v_crossed[cardinality(v_crossed)] WHERE org_id = p_pool.org_id;
  END IF;
  RETURN v_crossed;
END $$;

-- Close a call once: the first settlement wins, and every later one is told what that was ('already'). One that comes after the
-- reaper charges from what is free; so does one whose hold a crash has lost, which is written anew. Status: settled, already, foreign, no_pool.
CREATE OR REPLACE FUNCTION ledger_settle(p_org uuid, p_call text, p_attempts jsonb, p_member uuid, p_space uuid, p_key uuid,
  OUT o_status text, OUT o_hold bigint, OUT o_state text, OUT o_amount bigint, OUT o_charged bigint, OUT o_writeoff bigint,
  OUT o_free bigint, OUT o_alerts int[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan SET enable_bitmapscan = off SET enable_seqscan = off AS $$
DECLARE
  v_pool billing_pool;
  v_hold billing_hold;
  v_now timestamptz;
  v_total bigint;
  v_closed record;
  v_is_lost boolean := false;
BEGIN
  SELECT * INTO v_pool FROM billing_pool WHERE org_id = p_org FOR NO KEY UPDATE;
  IF NOT FOUND THEN o_status := 'no_pool'; RETURN; END IF;
  v_now := clock_timestamp();
  IF v_now >= v_pool.due_at THEN v_pool := ledger_tidy(p_org, v_now); END IF;
  SELECT * INTO v_hold FROM billing_hold WHERE call = p_call;
  IF NOT FOUND THEN
    v_is_lost := true;
    IF v_pool.is_capped THEN PERFORM ledger_cap_of_member(v_pool, p_member); END IF;
    INSERT INTO billing_hold (org_id, call, member_id, space_id, key_id, prices, amount_ucr, max_output_tokens, state, created_at, expires_at)
    VALUES (p_org, p_call, p_member, p_space, p_key, '{}', 0, 0, 'reaped', v_now, v_now) RETURNING * INTO v_hold;
  ELSIF v_hold.org_id <> p_org THEN
    o_status := 'foreign'; RETURN;
  ELSIF v_hold.state IN ('settled', 'released') THEN
    o_status := 'already'; o_hold := v_hold.id; o_state := v_hold.state; o_amount := v_hold.amount_ucr;
    o_charged := v_hold.charged_ucr; o_writeoff := v_hold.writeoff_ucr; o_free := v_pool.free_ucr;
    RETURN;
  END IF;
  v_total := ledger_record(v_hold, v_is_lost, p_attempts, v_now);
  o_status := 'settled'; o_hold := v_hold.id; o_amount := v_hold.amount_ucr;
  o_state := CASE WHEN v_total > 0 THEN 'settled' ELSE 'released' END;
  v_closed := ledger_close(v_pool, v_hold, v_total, o_state, v_now);
  UPDATE billing_pool SET free_ucr = free_ucr + v_closed.o_to_free, held_ucr = held_ucr - v_closed.o_from_held,
    period_spent_ucr = period_spent_ucr + v_closed.o_counted WHERE org_id = p_org RETURNING * INTO v_pool;
  o_charged := v_closed.o_charged; o_writeoff := v_closed.o_writeoff; o_free := v_pool.free_ucr;
  IF v_closed.o_counted > 0 AND v_pool.alerted_percent < 100 AND v_pool.period_spent_ucr * 100 >= v_pool.period_base_ucr * 50 THEN
    o_alerts := ledger_alert(v_pool);
  END IF;
END $$;

-- Close a call that came to nothing; everything goes back. Status: released, already, missing, foreign.
CREATE OR REPLACE FUNCTION ledger_release(p_org uuid, p_call text, OUT o_status text, OUT o_state text, OUT o_free bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan SET enable_bitmapscan = off SET enable_seqscan = off AS $$
DECLARE
  v_settled record;
BEGIN
  PERFORM FROM billing_hold WHERE call = p_call;
  IF NOT FOUND THEN o_status := 'missing'; RETURN; END IF;
  SELECT * INTO v_settled FROM ledger_settle(p_org, p_call, '[]', NULL, NULL, NULL);
  o_status := CASE v_settled.o_status WHEN 'settled' THEN 'released' ELSE v_settled.o_status END;
  o_state := v_settled.o_state; o_free := v_settled.o_free;
END $$;

-- Keep calls alive that are still being answered; returns those that are still open. A hold that is being closed is passed over
-- rather than waited for, so that this can lock many without a fixed order.
CREATE OR REPLACE FUNCTION ledger_extend(p_calls text[], p_ttl_seconds int) RETURNS SETOF text
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  UPDATE billing_hold h SET expires_at = greatest(h.expires_at, clock_timestamp() + make_interval(secs => p_ttl_seconds))
  FROM (SELECT id FROM billing_hold WHERE call = ANY (p_calls) AND state = 'open' FOR NO KEY UPDATE SKIP LOCKED) mine
  WHERE h.id = mine.id RETURNING h.call
$$;

-- Give back what abandoned calls of an organization hold. Each may still be settled once, from what is free then.
CREATE OR REPLACE FUNCTION ledger_reap(p_org uuid, p_overdue_at timestamptz) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan SET enable_bitmapscan = off SET enable_seqscan = off AS $$
DECLARE
  v_pool billing_pool;
  v_hold billing_hold;
  v_now timestamptz;
  v_closed record;
  v_reaped int := 0;
  v_to_free bigint := 0;
  v_from_held bigint := 0;
BEGIN
  SELECT * INTO v_pool FROM billing_pool WHERE org_id = p_org FOR NO KEY UPDATE;
  v_now := clock_timestamp();
  IF v_now >= v_pool.due_at THEN v_pool := ledger_tidy(p_org, v_now); END IF;
  FOR v_hold IN SELECT * FROM billing_hold WHERE org_id = p_org AND state = 'open'
      AND expires_at <= coalesce(p_overdue_at, v_now) ORDER BY id FOR NO KEY UPDATE LOOP
    v_closed := ledger_close(v_pool, v_hold, 0, 'reaped', v_now);
    v_to_free := v_to_free + v_closed.o_to_free;
    v_from_held := v_from_held + v_closed.o_from_held;
    v_reaped := v_reaped + 1;
  END LOOP;
  UPDATE billing_pool SET free_ucr = free_ucr + v_to_free, held_ucr = held_ucr - v_from_held WHERE org_id = p_org AND v_reaped > 0;
  RETURN v_reaped;
END $$;
