-- tallies: numbers of promoters, passives and detractors that can be stored
\set SHOW_CONTEXT never

CREATE FUNCTION pg_temp.outcome(statement text, OUT result text, OUT code text, OUT message text, OUT detail text)
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement INTO result;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
END
$$;

-- made of responses, of numbers or of text
SELECT nps_tally(score) FROM generate_series(0, 10) AS score;
SELECT nps_tally(291, 476, 395), nps_tally(0, 0, 0), nps_tally(1, NULL, 3), '007/1/4398046511103'::nps_tally;
-- and taken apart
SELECT nps_promoters(t), nps_passives(t), nps_detractors(t), nps_responses(t), nps(t) FROM nps_tally(4398046511103, 4398046511102, 1) AS t;

-- 16 bytes
SELECT pg_column_size('1/2/3'::nps_tally);

-- the rest is refused
SELECT input, code, message, detail
FROM unnest(ARRAY['', '1', '1/2', '1/2/', '/2/3', '1//3', '1/2/3/', '1/2/3/4', '1/2/3 ', ' 1/2/3', '1/2/-3', '+1/2/3',
    '1.0/2/3', '(1,2,3)', '1/2/x', repeat('7/', 33),
    '4398046511104/0/0', '0/0/18446744073709551617']) AS input,
    pg_temp.outcome(format('SELECT %L::nps_tally', input));
SELECT statement, code, message, detail
FROM unnest(ARRAY['SELECT nps_tally(-1, 0, 0)', 'SELECT nps_tally(0, 4398046511104, 0)',
    'SELECT nps_tally(0, 0, 9223372036854775807)']) AS statement,
    pg_temp.outcome(statement);

-- added, taken away, rolled up
SELECT '1/2/3'::nps_tally + '10/20/30' AS sum, '10/20/30'::nps_tally - '1/2/30' AS difference;
SELECT nps_rollup(tally) FROM unnest('{1/2/3, NULL, 10/20/30, 0/0/0}'::nps_tally[]) AS tally;
SELECT nps_rollup(tally), nps(nps_rollup(tally)) FROM unnest('{}'::nps_tally[]) AS tally;
SELECT nps_rollup(tally) FROM unnest('{NULL}'::nps_tally[]) AS tally;
-- counts carry from the low part to the high one, and borrow from it
SELECT '4294967295/4294967296/0'::nps_tally + '1/4294967295/1' AS sum, '4294967296/8589934592/1'::nps_tally - '1/4294967297/1' AS difference;
SELECT nps_tally_accum('4294967295/0/0', 9) AS accum, nps_tally_discard('4294967296/0/0', 9) AS discard;
-- an operand is not changed
SELECT t, t + '1/1/1', nps_tally_accum(t, 9), nps_tally_discard(t, 0), t FROM (SELECT '4/4/4'::nps_tally AS t OFFSET 0) AS s;

-- never beyond what a count can hold, never below nothing
SELECT statement, code, message, detail
FROM unnest(ARRAY[
    'SELECT ''4398046511103/0/0''::nps_tally + ''1/0/0''',
    'SELECT ''1/0/0''::nps_tally - ''0/0/1''',
    'SELECT nps_tally_accum(''4398046511103/0/0'', 9)',
    'SELECT nps_tally_discard(''1/1/0'', 0)',
    'SELECT nps_rollup(tally) FROM unnest(''{0/2199023255552/0, 0/2199023255552/0}''::nps_tally[]) AS tally']) AS statement,
    pg_temp.outcome(statement);

-- equal, different, sorted
SELECT a, b, a = b AS eq, a <> b AS ne, a < b AS lt, a <= b AS le, a > b AS gt, a >= b AS ge, nps_tally_cmp(a, b),
    nps_tally_hash(a) = nps_tally_hash(b) AS same_hash
FROM unnest('{1/2/3, 1/2/3, 1/2/3, 1/2/3, 4294967296/0/0}'::nps_tally[], '{1/2/3, 1/2/4, 1/1/9, 0/9/9, 4294967295/9/9}'::nps_tally[]) AS t(a, b);
-- the hash of a stored tally stays what it was
SELECT tally, nps_tally_hash(tally), nps_tally_hash_extended(tally, 0), nps_tally_hash_extended(tally, 1)
FROM unnest('{0/0/0, 1/0/0, 0/1/0, 0/0/1, 4398046511103/4398046511103/4398046511103}'::nps_tally[]) AS tally;
SELECT bool_and(nps_tally_hash_extended(t, 0)::bit(32) = nps_tally_hash(t)::bit(32)) AS low_half
FROM generate_series(1, 1000::bigint) AS i, nps_tally(i, i % 7, i * 4294967) AS t;
SELECT amname, amvalidate(c.oid) FROM pg_opclass c JOIN pg_am a ON a.oid = opcmethod WHERE opcintype = 'nps_tally'::regtype ORDER BY amname;

-- stored, grouped, indexed, partitioned
CREATE TABLE monthly (id integer, tally nps_tally) PARTITION BY HASH (tally);
CREATE TABLE monthly_0 PARTITION OF monthly FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE monthly_1 PARTITION OF monthly FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO monthly SELECT i, nps_tally(i % 10, i % 3, i) FROM generate_series(1, 1000) AS i;
CREATE INDEX monthly_tally ON monthly (tally);
ANALYZE monthly;
SELECT count(DISTINCT tally), min(id), max(id) FROM monthly WHERE tally >= '3/0/0' AND tally < '4/0/0';
SET enable_seqscan = off;
SELECT id FROM monthly WHERE tally = '7/2/77';
SELECT count(*) FROM monthly a JOIN monthly b USING (tally);
RESET enable_seqscan;
SELECT nps_rollup(tally) = (SELECT nps_tally(sum(i % 10)::bigint, sum(i % 3)::bigint, sum(i)) FROM generate_series(1, 1000) AS i) AS whole
FROM monthly;
DROP TABLE monthly;
