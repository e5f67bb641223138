-- Large models: 500 segments, long rules, deep nesting, and a catalogue of 10,000.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA regress_limits;
SET search_path = regress_limits, public;
CREATE TABLE customer (id int PRIMARY KEY, a int, b text, c timestamptz);
INSERT INTO customer SELECT n, n % 500, 'word ' || n % 50, timestamptz '2025-01-01 UTC' + n * interval '1 day' FROM generate_series(1, 1000) AS n;

-- 9,000 segments of 18 exclusive models, as a restore brings them, stand in the way of nothing that follows
INSERT INTO segmentation.model (id, kind, time_zone) SELECT 'full-' || n, 'exclusive', 'UTC' FROM generate_series(1, 18) AS n;
INSERT INTO segmentation.segment (model, id, rule, rank) SELECT 'full-' || n, 's' || i, 'true', i FROM generate_series(1, 18) AS n, generate_series(1, 500) AS i;
INSERT INTO segmentation.segment_reference SELECT 'full-' || n, 's' || i, 'full-' || n, 's' || i - 1 FROM generate_series(1, 18) AS n, generate_series(2, 500) AS i;
SELECT count(*) >= 9000 AS "in the catalogue" FROM segmentation.segment;

-- 500 segments with a rule of a thousand characters each, every one of them another
CREATE FUNCTION long_rule(n int) RETURNS text RETURN (
    SELECT rpad(format('a = %s AND (', n) || string_agg(format('b = ''word %s'' OR c < now() - interval ''%s days''', (n + i) % 50, 3000 + n + i), ' OR '), 990, ' ') || ' OR true)'
    FROM generate_series(1, 17) AS i);
SELECT min(length(long_rule(n))) AS shortest, max(length(long_rule(n))) AS longest FROM generate_series(0, 499) AS n;
SELECT count(*) FROM segmentation.create_model('wide', 'customer', '{id}', time_zone => 'UTC');
SELECT count(*) AS segments FROM generate_series(0, 499) AS n, segmentation.define_segment('wide', 's' || n, long_rule(n), "count" => false);
SELECT rows_read, entered FROM segmentation.refresh('wide');
SELECT count(*) AS memberships, count(DISTINCT segment) AS segments FROM wide_member;
-- one more, and one less, cost what one costs
SELECT members FROM segmentation.define_segment('wide', 'more', 'a = 1 AND in_segment(''s1'')');
SELECT segmentation.drop_segment('wide', 'more');

-- 16 levels of diamonds: each asks for two, which ask for the same two
SELECT count(*) FROM segmentation.create_model('deep', 'customer', '{id}', time_zone => 'UTC');
SELECT members FROM segmentation.define_segment('deep', 'l0', 'a % 2 = 0');
SELECT members FROM segmentation.define_segment('deep', 'r0', 'a % 3 = 0');
SELECT sum(l.members) AS left_members, sum(r.members) AS right_members
FROM generate_series(1, 16) AS n,
    segmentation.define_segment('deep', 'l' || n, format('in_segment(''l%1$s'') AND in_segment(''r%1$s'') OR NOT (in_segment(''l%1$s'') OR in_segment(''r%1$s''))', n - 1)) AS l,
    segmentation.define_segment('deep', 'r' || n, format('in_segment(''l%1$s'') OR NOT in_segment(''r%1$s'')', n - 1)) AS r;
SELECT length(segmentation.model_sql('deep')) < 10000 AS "short enough to read";
SELECT rows_read FROM segmentation.refresh('deep');
-- by hand, level by level
WITH RECURSIVE level (n, id, l, r) AS (
    SELECT 0, id, a % 2 = 0, a % 3 = 0 FROM customer
    UNION ALL
    SELECT n + 1, id, l AND r OR NOT (l OR r), l OR NOT r FROM level WHERE n < 16),
    by_hand AS (SELECT id, side || n AS segment FROM level, LATERAL (VALUES ('l', l), ('r', r)) AS s (side, member) WHERE member)
SELECT (SELECT count(*) FROM by_hand) > 10000 AS many,
    (SELECT count(*) FROM (SELECT id, segment FROM by_hand EXCEPT SELECT id, segment::text FROM deep_member) AS d) AS missing,
    (SELECT count(*) FROM (SELECT id, segment::text FROM deep_member EXCEPT SELECT id, segment FROM by_hand) AS d) AS wrong;

-- a chain of a hundred, each asking for the one before
SELECT count(*) FROM segmentation.create_model('chain', 'customer', '{id}', time_zone => 'UTC');
SELECT members FROM segmentation.define_segment('chain', 'c0', 'a > 100');
SELECT count(*) AS segments FROM generate_series(1, 100) AS n, segmentation.define_segment('chain', 'c' || n, format('NOT in_segment(''c%s'')', n - 1), "count" => false);
SELECT rows_read FROM segmentation.refresh('chain');
SELECT count(*) FROM chain_member WHERE segment = 'c100';
SELECT segmentation.define_segment('chain', 'c99', 'in_segment(''c100'')');

-- an exclusive model of 60, each of the last ten asking for the one before
SELECT count(*) FROM segmentation.create_model('ranks', 'customer', '{id}', kind => 'exclusive', time_zone => 'UTC');
SELECT count(*) AS segments FROM generate_series(1, 60) AS n, segmentation.define_segment('ranks', 'r' || n, CASE WHEN n <= 50 THEN format('a = %s', n) ELSE format('NOT in_segment(''r%s'')', n - 1) END, rank => n, "count" => false);
SELECT rows_read FROM segmentation.refresh('ranks');
SELECT segment, count(*) FROM ranks_member WHERE segment IN ('r1', 'r50', 'r51', 'r52') GROUP BY segment ORDER BY segment;

SELECT count(*) >= 9600 AS "in the catalogue" FROM segmentation.segment;
DELETE FROM segmentation.segment_reference WHERE model::text LIKE 'full-%';
DELETE FROM segmentation.model WHERE id::text LIKE 'full-%';

-- leave nothing to the tests that follow
DELETE FROM segmentation.segment_reference
WHERE model IN (SELECT id FROM segmentation.model JOIN pg_class ON pg_class.oid = assignment WHERE relnamespace = quote_ident(current_schema())::regnamespace);
DELETE FROM segmentation.model USING pg_class WHERE pg_class.oid = assignment AND relnamespace = quote_ident(current_schema())::regnamespace;
SET client_min_messages = warning;
DROP SCHEMA regress_limits CASCADE;
