-- generated values: what must hold for any, against plain SQL
CREATE TABLE generated AS
SELECT i, i % 97 AS part,
    CASE WHEN hashint8extended(i, 1) & 31 <> 0 THEN (abs(hashint8extended(i, 2)) % CASE i % 4 WHEN 0 THEN 7 WHEN 1 THEN 1000 ELSE 1000000000 END)::bigint - 100 END AS value
FROM generate_series(1::bigint, 100000) AS i;
CREATE TEMP TABLE sets AS
SELECT 'part ' || part AS name, value, bins FROM generated, unnest('{1,2,3,5,7,10}'::int[]) AS bins
UNION ALL SELECT 'size ' || size, value, bins FROM generated JOIN generate_series(1, 40) AS size ON i <= size, unnest('{3,5}'::int[]) AS bins
UNION ALL SELECT 'all', value, bins FROM generated, unnest('{5,100}'::int[]) AS bins;

-- the definition, in whole numbers: bins times the break
CREATE TEMP TABLE ranked AS
SELECT name, bins, value, row_number() OVER (PARTITION BY name, bins ORDER BY value) - 1 AS place, count(*) OVER (PARTITION BY name, bins) AS n
FROM sets WHERE value IS NOT NULL;
CREATE INDEX ON ranked (name, bins, place);
ANALYZE ranked;
CREATE TEMP TABLE by_hand AS
SELECT s.name, s.bins, k, low.value * s.bins + (high.value - low.value) * ((s.n - 1) * k % s.bins) AS times_bins
FROM (SELECT DISTINCT name, bins, n FROM ranked) AS s CROSS JOIN LATERAL generate_series(1, s.bins - 1) AS k
    JOIN ranked AS low ON (low.name, low.bins, low.place) = (s.name, s.bins, (s.n - 1) * k / s.bins)
    JOIN ranked AS high ON (high.name, high.bins, high.place) = (s.name, s.bins, least((s.n - 1) * k / s.bins + 1, s.n - 1));
CREATE TEMP TABLE ours AS
SELECT name, bins, quantile_breaks(value, bins) AS breaks, quantile_breaks(value::numeric / 100, bins) AS of_numeric, quantile_breaks(value::float8, bins) AS of_reals,
    quantile_breaks(currency_price(value, 'EUR'), bins) AS of_prices, quantile_breaks(date '2000-01-01' + (value % 1000000)::int, bins) AS of_dates,
    percentile_cont(ARRAY(SELECT k::float8 / bins FROM generate_series(1, bins - 1) AS k)) WITHIN GROUP (ORDER BY value) AS of_server
FROM sets GROUP BY name, bins;
SELECT count(*) AS compared, count(*) FILTER (WHERE breaks[k] * 1e18 IS DISTINCT FROM (times_bins * 1e18 - ((times_bins * 1e18) % bins + bins) % bins) / bins
    OR abs(times_bins / bins::float8 - of_reals[k]) > 1e-6 OR abs(of_server[k] - of_reals[k]) > 1e-3
    OR abs(times_bins / bins::numeric - amount(of_prices[k])) > 1e-8 OR abs(times_bins / bins::numeric / 100 - of_numeric[k]) > 1e-8) AS different
FROM by_hand JOIN ours USING (name, bins);
SELECT count(*) AS groups, count(*) FILTER (WHERE cardinality(breaks) <> bins - 1) AS wrong_length FROM ours WHERE breaks IS NOT NULL;

-- scores: one more than the number of breaks below, whatever the type
SELECT count(*) AS compared, count(*) FILTER (WHERE score <> 1 + (SELECT count(*) FROM unnest(breaks) AS b WHERE b < value)
    OR score <> rfm_score(value::numeric, breaks) OR score <> rfm_score(value::float8, of_reals) OR score <> rfm_score(value::numeric / 100, of_numeric)
    OR score <> rfm_score(currency_price(value, 'EUR'), of_prices)
    OR score <> r.bins + 1 - rfm_score(value, breaks, true)) AS different
FROM (SELECT *, rfm_score(value, breaks) AS score FROM ranked JOIN ours USING (name, bins) WHERE bins IN (3, 5)) AS r;
SELECT count(*) AS compared, count(*) FILTER (WHERE rfm_score(value, breaks) <> 1 + (SELECT count(*) FROM unnest(breaks) AS b WHERE b < value)) AS different
FROM (SELECT date '2000-01-01' + (value % 1000000)::int AS value, of_dates AS breaks FROM ranked JOIN ours USING (name, bins) WHERE bins = 5) AS r;
-- without ties, and as many values as fill the bins: ntile
SELECT count(*) AS compared, count(*) FILTER (WHERE rfm_score(value, breaks) <> tile) AS different
FROM (SELECT bins, i AS value, ntile(bins) OVER (PARTITION BY bins ORDER BY i) AS tile, quantile_breaks(i, bins) OVER (PARTITION BY bins) AS breaks
      FROM unnest('{1,2,5,7,11}'::int[]) AS bins, generate_series(1, 7700) AS i) AS t;

-- whatever the order of rows, in parts through the text of their states, and with parallel workers
SELECT count(DISTINCT breaks) AS breaks FROM (
    SELECT quantile_breaks(value, 5) AS breaks FROM (SELECT * FROM generated ORDER BY i DESC) AS t
    UNION ALL SELECT quantile_breaks(value, 5) FROM (SELECT * FROM generated ORDER BY value) AS t
    UNION ALL SELECT quantile_breaks(value, 5) FROM (SELECT * FROM generated ORDER BY value DESC) AS t) AS orders;
CREATE AGGREGATE pg_temp.state_of(bigint, integer) (SFUNC = quantile_accum, STYPE = quantile_state, INITCOND = 'empty', COMBINEFUNC = quantile_combine);
CREATE AGGREGATE pg_temp.state_of(quantile_state) (SFUNC = quantile_combine, STYPE = quantile_state, INITCOND = 'empty');
SELECT quantile_breaks_numeric(pg_temp.state_of(state::quantile_state)) = (SELECT breaks FROM ours WHERE name = 'all' AND bins = 5) AS same
FROM (SELECT pg_temp.state_of(value, 5)::text AS state FROM generated GROUP BY part) AS parts;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
ALTER TABLE generated SET (parallel_workers = 3);
EXPLAIN (COSTS OFF) SELECT quantile_breaks(value, 5) FROM generated;
SELECT quantile_breaks(value, 5) = (SELECT breaks FROM ours WHERE name = 'all' AND bins = 5) AS same FROM generated;
DROP TABLE generated;
