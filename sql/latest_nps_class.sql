-- a customer's class: that of the latest response with a score
\set VERBOSITY terse
\set SHOW_CONTEXT never

CREATE FUNCTION pg_temp.outcome(statement text, OUT result text, OUT code text, OUT message text, OUT detail text)
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement INTO result;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
END
$$;

CREATE TEMP TABLE response (customer text, score integer, answered_at timestamptz);
INSERT INTO response VALUES
    ('the latest counts', 9, '2024-01-01 UTC'), ('the latest counts', 3, '2024-03-01 UTC'), ('the latest counts', 8, '2024-02-01 UTC'),
    ('without a score it does not', 9, '2024-01-01 UTC'), ('without a score it does not', NULL, '2024-03-01 UTC'),
    ('without a time neither', 0, NULL), ('without a time neither', 7, '2024-01-01 UTC'), ('without a time neither', 10, NULL),
    ('only such', NULL, '2024-01-01 UTC'), ('only such', 10, NULL), ('only such', NULL, NULL),
    ('at once, the lower score', 8, '2024-01-01 UTC'), ('at once, the lower score', 5, '2024-01-01 UTC'), ('at once, the lower score', 10, '2024-01-01 UTC'),
    ('infinity is later than all', 2, '5000-01-01 UTC'), ('infinity is later than all', 9, 'infinity'),
    ('-infinity is earlier than all', 9, '-infinity'), ('-infinity is earlier than all', 7, '4000-01-01 BC'),
    ('-infinity is a time', 9, '-infinity'),
    ('before and after 2000', 9, '1999-12-31 UTC'), ('before and after 2000', 0, '1999-12-30 UTC'),
    ('one', 0, 'epoch');
SELECT customer, latest_nps_class(score, answered_at) FROM response GROUP BY customer ORDER BY customer;
SELECT latest_nps_class(score, answered_at) FROM response WHERE false;
-- of smallint, bigint and numeric scores; of dates and local times
SELECT latest_nps_class(9::smallint, now()), latest_nps_class(8::bigint, current_date), latest_nps_class(6.0, localtimestamp), latest_nps_class(NULL::integer, NULL);
-- in windows
SELECT (answered_at AT TIME ZONE 'UTC')::date AS day, score, latest_nps_class(score, answered_at) OVER (ORDER BY answered_at)
FROM response WHERE customer = 'the latest counts' ORDER BY answered_at;

-- the state as text and back, whatever the session thinks of time
SET TimeZone = 'Asia/Kathmandu';
SET DateStyle = 'SQL, DMY';
SELECT latest_nps_response_accum('none', 9, '2024-01-01 UTC') AS response,
    latest_nps_response_accum('none', 0, 'infinity') AS latest, latest_nps_response_accum('none', 10, '-infinity') AS earliest;
RESET TimeZone;
RESET DateStyle;
SELECT state, latest_nps_response_class(state)
FROM unnest('{none, 9@757382400000000, 7@-1, 0@0, 6@9223372036854775807, 10@-9223372036854775808}'::latest_nps_response[]) AS state;
-- combined in any order, with none on either side
SELECT a, b, latest_nps_response_combine(a, b) AS ab, latest_nps_response_combine(b, a) AS ba
FROM unnest('{none, none, 9@5, 9@5, 9@5, 9@-9223372036854775808}'::latest_nps_response[], '{none, 9@5, 3@4, 3@5, 9@5, none}'::latest_nps_response[]) AS t(a, b);
SELECT latest_nps_response_combine(NULL, '9@5'), latest_nps_response_combine('9@5', NULL);
-- an operand is not changed
SELECT s, latest_nps_response_accum(s, 0, 'infinity'), s FROM (SELECT '9@5'::latest_nps_response AS s OFFSET 0) AS t;

-- no other state
SELECT input, code, message, detail
FROM unnest(ARRAY['', '9', '9@', '@5', '9@5 ', ' 9@5', '9 @5', '+9@5', '-1@0', '11@5', '9@5.0', '9@x', '9@--5', 'None', '9@2024-01-01',
    '9@9223372036854775808', '9@-9223372036854775809', '9@9223372036854775806', '99999999999999999999@5', '18446744073709551625@5']) AS input,
    pg_temp.outcome(format('SELECT %L::latest_nps_response', input));
