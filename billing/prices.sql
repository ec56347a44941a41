-- The price book. Called by billing/prices.py and by nothing else.
-- Keeps true: versions are only added; an offer whose price is unknown, negative, out of range, or zero without being declared
-- free has no price. NULL for cached or cache-written input means that it costs what input costs.

-- Add a version for each offer whose price differs from its newest one; returns how many. Rates are rounded up to whole ucr.
CREATE OR REPLACE FUNCTION prices_publish(p_credit_usd numeric, p_markup numeric, p_dearest bigint, p_offers bigint[]) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_added int;
BEGIN
  -- Two publishers at once would both add the same next version.
  LOCK TABLE billing_price IN SHARE ROW EXCLUSIVE MODE;
  WITH rated AS (
    SELECT id, is_free, ceil(input_usd_per_mtok * f) AS input, ceil(coalesce(cached_usd_per_mtok, input_usd_per_mtok) * f) AS cached,
      ceil(coalesce(cache_write_usd_per_mtok, input_usd_per_mtok) * f) AS cache_write, ceil(output_usd_per_mtok * f) AS output
    FROM catalog_offer, (SELECT (1 + p_markup) / p_credit_usd * 1000000 AS f) factor
    WHERE withdrawn_at IS NULL AND (p_offers IS NULL OR id = ANY (p_offers))
  ), judged AS (
    SELECT *, coalesce(least(input, cached, cache_write, output) >= 0 AND greatest(input, cached, cache_write, output) <= p_dearest
      AND input IS NOT NULL AND output IS NOT NULL AND (is_free OR input + output > 0), false) AS is_priced FROM rated
  ), wanted AS (
    SELECT id, is_priced, CASE WHEN is_priced THEN input ELSE 0 END AS input, CASE WHEN is_priced THEN cached ELSE 0 END AS cached,
      CASE WHEN is_priced THEN cache_write ELSE 0 END AS cache_write, CASE WHEN is_priced THEN output ELSE 0 END AS output FROM judged
  ), newest AS (
    SELECT DISTINCT ON (offer_id) * FROM billing_price ORDER BY offer_id, version DESC
  )
  INSERT INTO billing_price (offer_id, version, effective_at, is_priced, input_ucr_per_mtok, cached_ucr_per_mtok,
    cache_write_ucr_per_mtok, output_ucr_per_mtok)
  SELECT w.id, coalesce(n.version, 0) + 1, clock_timestamp(), w.is_priced, w.input, w.cached, w.cache_write, w.output
  FROM wanted w LEFT JOIN newest n ON n.offer_id = w.id
  WHERE (w.is_priced OR n.is_priced) AND (n.id IS NULL OR (w.is_priced, w.input, w.cached, w.cache_write, w.output) IS DISTINCT FROM
    (n.is_priced, n.input_ucr_per_mtok, n.cached_ucr_per_mtok, n.cache_write_ucr_per_mtok, n.output_ucr_per_mtok));
  GET DIAGNOSTICS v_added = ROW_COUNT;
  RETURN v_added;
END $$;
