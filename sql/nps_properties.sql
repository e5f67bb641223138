-- 100,000 generated responses: what must hold for any responses
CREATE TABLE generated AS
SELECT i, i % 1009 AS customer, nullif((hashint8extended(i, 1) & 15) - 2, 11) % 11 AS score,
    CASE hashint8extended(i, 2) & 63
        WHEN 0 THEN NULL WHEN 1 THEN 'infinity' WHEN 2 THEN '-infinity'
        -- few moments, so that many responses have the same
        ELSE timestamptz '2000-01-01' + (hashint8extended(i, 3) % 50) * interval '1 day'
    END AS answered_at
FROM generate_series(1::bigint, 100000) AS i;
UPDATE generated SET score = NULL WHERE score < 0;
ANALYZE generated;
SELECT count(*), count(score), count(DISTINCT score), min(score), max(score), count(*) - count(answered_at) > 1000 AS undated FROM generated;

-- what people write by hand
CREATE TEMP TABLE by_hand AS
SELECT customer,
    count(*) FILTER (WHERE score >= 9) AS promoters,
    count(*) FILTER (WHERE score IN (7, 8)) AS passives,
    count(*) FILTER (WHERE score <= 6) AS detractors,
    100.0 * (count(*) FILTER (WHERE score >= 9) - count(*) FILTER (WHERE score <= 6)) / nullif(count(score), 0) AS nps,
    var_pop(CASE WHEN score >= 9 THEN 1 WHEN score >= 7 THEN 0 WHEN score >= 0 THEN -1 END::numeric) AS variance,
    count(score) AS responses,
    (array_agg(CASE WHEN score >= 9 THEN 'promoter' WHEN score >= 7 THEN 'passive' ELSE 'detractor' END
        ORDER BY answered_at DESC, score) FILTER (WHERE score IS NOT NULL AND answered_at IS NOT NULL))[1] AS latest
FROM generated
GROUP BY GROUPING SETS ((customer), ());
CREATE TEMP TABLE ours AS
SELECT customer, nps(score), nps_tally(score) AS tally, latest_nps_class(score, answered_at)::text AS latest,
    nps(score::smallint) AS nps_smallint, nps(score::integer) AS nps_integer, nps(score::numeric) AS nps_numeric
FROM generated
GROUP BY GROUPING SETS ((customer), ());

-- every customer, and all together, as by hand: no difference
SELECT count(*) AS compared, count(*) FILTER (WHERE
    (o.nps, o.nps_smallint, o.nps_integer, o.nps_numeric, nps(tally)) IS DISTINCT FROM (h.nps, h.nps, h.nps, h.nps, h.nps)
    OR tally IS DISTINCT FROM nps_tally(promoters, passives, detractors)
    OR nps_responses(tally) <> responses
    OR abs(nps_margin(tally, 0.9) - 164.4853626951473 * sqrt(variance / nullif(responses, 0))) > 1e-9
    OR o.latest IS DISTINCT FROM h.latest) AS different
FROM by_hand h JOIN ours o ON o.customer IS NOT DISTINCT FROM h.customer;
-- each class as by hand
SELECT count(*) AS compared, count(*) FILTER (WHERE nps_class(score)::text IS DISTINCT FROM
    CASE WHEN score >= 9 THEN 'promoter' WHEN score >= 7 THEN 'passive' WHEN score >= 0 THEN 'detractor' END) AS different
FROM generated;

-- whatever the order of the rows
SELECT count(DISTINCT tally) AS tallies, count(DISTINCT latest) AS latest
FROM (
    SELECT nps_tally(score)::text AS tally, latest_nps_class(score, answered_at) AS latest FROM (SELECT * FROM generated ORDER BY i) AS t
    UNION ALL SELECT nps_tally(score)::text, latest_nps_class(score, answered_at) FROM (SELECT * FROM generated ORDER BY i DESC) AS t
    UNION ALL SELECT nps_tally(score)::text, latest_nps_class(score, answered_at) FROM (SELECT * FROM generated ORDER BY hashint8(i)) AS t
    UNION ALL SELECT nps_tally(score)::text, latest_nps_class(score, answered_at) FROM (SELECT * FROM generated ORDER BY answered_at, score DESC) AS t
) AS orders;

-- in parts, through the text of their states: no difference
CREATE TEMP TABLE parts AS
SELECT i % 17 AS part, customer, nps_tally(score)::text AS tally
FROM generated GROUP BY 1, 2;
SELECT count(*) AS compared, count(*) FILTER (WHERE whole.tally <> parts.tally) AS different
FROM ours AS whole
JOIN (SELECT customer, nps_rollup(tally::nps_tally) AS tally FROM parts GROUP BY GROUPING SETS ((customer), ())) AS parts
    ON parts.customer IS NOT DISTINCT FROM whole.customer;
CREATE FUNCTION pg_temp.state(scores bigint[], times timestamptz[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    state latest_nps_response = 'none';
BEGIN
    FOR i IN 1 .. cardinality(scores) LOOP
        state = coalesce(latest_nps_response_accum(state::text::latest_nps_response, scores[i], times[i]), state);
    END LOOP;
    RETURN state;
END
$$;
SELECT count(*) AS compared, count(*) FILTER (WHERE
    latest_nps_response_class(latest_nps_response_combine(a::latest_nps_response, b::latest_nps_response))::text IS DISTINCT FROM latest
    OR latest_nps_response_class(latest_nps_response_combine(b::latest_nps_response, a::latest_nps_response))::text IS DISTINCT FROM latest) AS different
FROM (
    SELECT customer,
        pg_temp.state(array_agg(score) FILTER (WHERE i % 3 = 0), array_agg(answered_at) FILTER (WHERE i % 3 = 0)) AS a,
        pg_temp.state(array_agg(score) FILTER (WHERE i % 3 > 0), array_agg(answered_at) FILTER (WHERE i % 3 > 0)) AS b
    FROM generated GROUP BY customer) AS states
JOIN by_hand USING (customer);
-- tallies survive text and binary
SELECT count(*) AS tallies, count(*) FILTER (WHERE tally::text::nps_tally <> tally
    OR nps_tally_send(tally) <> int8send(nps_promoters(tally)) || int8send(nps_passives(tally)) || int8send(nps_detractors(tally))) AS changed
FROM (
    SELECT nps_tally(hashint8extended(i, 4) & 4398046511103, hashint8extended(i, 5) & 4398046511103, hashint8extended(i, 6) & 4398046511103) AS tally
    FROM generated) AS t;
-- adding what was taken away gives back the tally; order is as by the numbers
SELECT count(*) AS pairs,
    count(*) FILTER (WHERE a + b - b <> a OR a + b <> b + a) AS not_added,
    count(*) FILTER (WHERE (a < b) <> (pa < pb) OR (a > b) <> (pa > pb) OR (a = b) <> (pa = pb)
        OR (a = b AND nps_tally_hash(a) <> nps_tally_hash(b)) OR nps_tally_cmp(a, b) <> -nps_tally_cmp(b, a)) AS not_ordered
FROM (
    SELECT nps_tally(pa[1], pa[2], pa[3]) AS a, nps_tally(pb[1], pb[2], pb[3]) AS b, pa, pb
    FROM generated,
        LATERAL (SELECT ARRAY[(hashint8extended(i, 4) & 3) << 30, hashint8extended(i, 5) & 1, hashint8extended(i, 6) & 1]) AS a(pa),
        LATERAL (SELECT ARRAY[(hashint8extended(i, 7) & 3) << 30, hashint8extended(i, 8) & 1, hashint8extended(i, 9) & 1]) AS b(pb)) AS t;

-- rolling windows, in which responses come and go, as counted anew: no difference
SELECT count(*) AS compared, count(*) FILTER (WHERE
    rolling IS DISTINCT FROM nps_tally(promoters, passives, detractors) OR nps IS DISTINCT FROM nps(rolling)
    OR rolled_up IS DISTINCT FROM rolling) AS different
FROM (
    SELECT nps_tally(score) OVER w AS rolling, nps(score) OVER w AS nps,
        nps_rollup(nps_tally((score >= 9)::integer, (score IN (7, 8))::integer, (score <= 6)::integer)) OVER w AS rolled_up,
        count(*) FILTER (WHERE score >= 9) OVER w AS promoters, count(*) FILTER (WHERE score IN (7, 8)) OVER w AS passives,
        count(*) FILTER (WHERE score <= 6) OVER w AS detractors
    FROM generated
    WINDOW w AS (PARTITION BY customer ORDER BY i ROWS BETWEEN 20 PRECEDING AND 2 PRECEDING)) AS t;

-- in parallel workers, too
SET max_parallel_workers_per_gather = 2;
SET min_parallel_table_scan_size = 0;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
EXPLAIN (COSTS OFF) SELECT nps(score), nps_tally(score), latest_nps_class(score, answered_at) FROM generated;
CREATE TEMP TABLE parallel AS
SELECT NULL::bigint AS customer, nps(score), nps_tally(score) AS tally, latest_nps_class(score, answered_at)::text AS latest FROM generated
UNION ALL
SELECT customer, nps(score), nps_tally(score), latest_nps_class(score, answered_at)::text FROM generated GROUP BY customer;
SELECT count(*) AS compared, count(*) FILTER (WHERE
    (p.nps, p.tally, p.latest) IS DISTINCT FROM (s.nps, s.tally, s.latest)) AS different
FROM parallel p JOIN ours s ON p.customer IS NOT DISTINCT FROM s.customer;
SELECT count(*) AS classes, sum(counted) AS counted FROM (SELECT nps_class(score), count(*) AS counted FROM generated GROUP BY 1) AS t;
SELECT (SELECT nps_rollup(tally) FROM ours WHERE customer IS NOT NULL) = tally AS rollup FROM ours WHERE customer IS NULL;
RESET ALL;
DROP TABLE generated;
