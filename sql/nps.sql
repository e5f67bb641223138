-- Net Promoter Score of responses
\set VERBOSITY terse
\set SHOW_CONTEXT never

-- what a statement gives, or how it is refused
CREATE FUNCTION pg_temp.outcome(statement text, OUT result text, OUT code text, OUT message text, OUT detail text)
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement INTO result;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
END
$$;

-- 0 to 6 detracts, 7 and 8 are passive, 9 and 10 promote
SELECT class, array_agg(score ORDER BY score) AS scores, count(*)
FROM generate_series(0, 10) AS score, nps_class(score) AS class
GROUP BY class ORDER BY class;

-- scores of any integer type, and whole numerics
SELECT nps_class(6::smallint), nps_class(7), nps_class(8::bigint), nps_class(9.00), nps_class(1e1), nps_class(NULL::integer);

-- published examples
SELECT nps(score), round(nps(score), 2) AS rounded FROM unnest(ARRAY[0, 7, 7, 9, 9, 9]) AS score;
SELECT round(nps(tally), 2) AS nps, round(nps_margin(tally), 3) AS margin FROM nps_tally(291, 476, 395) AS tally;

-- variance 5/9 and standard error .30429: the margin at one standard error
SELECT round(nps_margin(tally, erf), 3) AS margin, round(6 * (nps_margin(tally, erf) / 100) ^ 2, 5) AS variance
FROM (VALUES (nps_tally(3, 2, 1), 0.682689492137085897)) AS t(tally, erf);

-- the ends of the scale, and between
SELECT nps(10) AS highest, nps(0) AS lowest, nps(7) AS passive FROM generate_series(1, 3);
SELECT nps(a) AS smallint, nps(b) AS integer, nps(c) AS bigint, nps(d) AS numeric
FROM (VALUES (10::smallint, 10, 10::bigint, 10.0), (8, 8, 8, 8), (6, 6, 6, 6), (9, 9, 9, 9.0)) AS t(a, b, c, d);

-- no responses are no score, and a tally of nothing
SELECT nps(score), nps_tally(score) FROM unnest('{}'::integer[]) AS score;
SELECT nps(score), nps_tally(score) FROM unnest('{NULL, NULL}'::integer[]) AS score;
SELECT nps(tally), nps_responses(tally), nps_margin(tally) FROM nps_tally(0, 0, 0) AS tally;
SELECT nps(NULL::nps_tally), nps_responses(NULL), nps_margin(NULL), nps_margin('1/1/1', NULL);

-- NULL is no response
SELECT nps(score), nps_tally(score) FROM unnest('{NULL, 9, NULL, 3, 7, NULL}'::integer[]) AS score;
-- one is enough
SELECT nps(score), nps_tally(score), nps_margin(nps_tally(score)) FROM unnest('{3}'::integer[]) AS score;
-- of DISTINCT, ordered or filtered responses
SELECT nps(DISTINCT score), nps_tally(score ORDER BY score DESC), nps_tally(score) FILTER (WHERE score > 5)
FROM unnest('{9, 9, 9, 3}'::integer[]) AS score;

-- what is no score is refused, whatever its type
SELECT statement, code, message, detail
FROM unnest(ARRAY[
    'SELECT nps_class(-1)', 'SELECT nps_class(11)', 'SELECT nps_class(11::smallint)',
    'SELECT nps_class(-9223372036854775808)', 'SELECT nps_class(4294967301)',
    'SELECT nps_class(7.5)', 'SELECT nps_class(10.000000001)', 'SELECT nps_class(-0.1)', 'SELECT nps_class(1e200)',
    'SELECT nps_class(''NaN''::numeric)', 'SELECT nps_class(''-Infinity''::numeric)',
    'SELECT nps(11)', 'SELECT nps((-1)::smallint)', 'SELECT nps(4294967301)', 'SELECT nps(7.5)',
    'SELECT nps_tally(11)', 'SELECT nps_tally(9.5)',
    'SELECT latest_nps_class(11, now())', 'SELECT latest_nps_class(9.5, now())']) AS statement,
    pg_temp.outcome(statement);
-- text and floating point are no scores either
SELECT nps(9::double precision);
SELECT nps(text '9');

-- a margin for any confidence between 0 and 1
SELECT confidence, round(nps_margin(nps_tally(500, 0, 500), confidence), 8) AS margin
FROM unnest(ARRAY[1e-6, 0.1, 0.499999, 0.5, 0.8, 0.9, 0.95, 0.99, 0.999, 0.999999999, 0.999999999999999]) AS confidence;
SELECT statement, code, message, detail
FROM unnest(ARRAY['0', '1', '-0.5', '95', '''NaN''', '''Infinity''']) AS confidence,
    format('SELECT nps_margin(''1/1/1'', %s)', confidence) AS statement,
    pg_temp.outcome(statement);
-- none where all agree, also among very many
SELECT nps_margin('9/0/0'), nps_margin('0/9/0'), nps_margin('0/0/4398046511103'), nps_margin('4398046511103/0/1') > 0 AS some;
-- the error of n times the responses is smaller by the root of n
SELECT nps_margin(nps_tally(300, 200, 100)) * 10 = nps_margin(nps_tally(3, 2, 1)) AS tenth;

-- in windows, also such as responses leave
SELECT day, nps_tally(score) OVER w, round(nps(score) OVER w, 1) AS nps, nps_tally(score) OVER (ORDER BY day) AS so_far
FROM (VALUES (1, 9), (2, NULL), (3, 0), (4, 10), (5, 7), (6, NULL), (7, NULL), (8, NULL), (9, 3)) AS t(day, score)
WINDOW w AS (ORDER BY day ROWS 2 PRECEDING)
ORDER BY day;

-- a prepared statement follows the extension out, in again with a new enum, and back
PREPARE classes AS SELECT nps_class(9)::text, latest_nps_class(3, now())::text;
EXECUTE classes;
BEGIN;
SET LOCAL client_min_messages = warning;
DROP EXTENSION segmentation CASCADE;
SAVEPOINT gone;
EXECUTE classes;
ROLLBACK TO gone;
CREATE EXTENSION segmentation;
EXECUTE classes;
ROLLBACK;
EXECUTE classes;
