-- a first model by recency, frequency and monetary value
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/model.sql'
\set ECHO none
\i :include
\set ECHO all
SET search_path = model_test, public;
SET TimeZone = 'UTC';

-- few customers: scores are their order
CREATE TABLE customer (id int PRIMARY KEY, recency int, frequency bigint, monetary numeric, last_order timestamptz, revenue currency_price);
INSERT INTO customer (id, recency, frequency, monetary) VALUES (1, 3, 41, 9120), (2, 10, 17, 4100.50), (3, 12, 20, 880), (4, 31, 9, 1250), (5, 40, 2, 75), (6, NULL, 0, 0);
SELECT * FROM segmentation.create_model_from('rfm', 'customer', as_of => '2026-01-01');
SELECT objective, kind FROM segmentation.model WHERE id = 'rfm';
SELECT id, segments FROM rfm_assignment ORDER BY id;

-- the same by the time of the last order, as it ages: days are the model's
UPDATE customer SET last_order = '2026-01-01 00:30 Pacific/Auckland'::timestamptz - recency * interval '1 day', revenue = currency_price(monetary, 'EUR');
SELECT segment, rule, members FROM segmentation.create_model_from('rfm', 'customer', 'last_order', 'frequency', 'revenue',
    name => 'aging', as_of => '2026-01-01 13:00 Pacific/Auckland', time_zone => 'Pacific/Auckland');
SELECT count(*) AS customers, count(*) FILTER (WHERE r.segments = a.segments) AS same FROM rfm_assignment r JOIN aging_assignment a USING (id);
SELECT rows_read, changed FROM segmentation.refresh('aging', '2026-01-02 00:30 Pacific/Auckland');
SELECT id, segments FROM aging_assignment ORDER BY id;
SELECT changed FROM segmentation.refresh('aging', '2027-01-02 00:30 Pacific/Auckland');
SELECT id, segments FROM aging_assignment ORDER BY id;
-- a dollar has no score
UPDATE customer SET revenue = '5000 USD' WHERE id = 1;
SELECT changed FROM segmentation.refresh('aging');
SELECT segments FROM aging_assignment WHERE id = 1;
CALL refused($$ SELECT segmentation.create_model_from('rfm', 'customer', 'last_order', 'frequency', 'revenue', name => 'x') $$);

-- ties, one customer, none, only NULLs
UPDATE customer SET frequency = 1;
SELECT segment, rule, members FROM segmentation.create_model_from('rfm', 'customer', name => 'ties');
DELETE FROM customer WHERE id <> 2;
SELECT segment, members FROM segmentation.create_model_from('rfm', 'customer', name => 'one');
UPDATE customer SET monetary = NULL;
CALL refused($$ SELECT segmentation.create_model_from('rfm', 'customer', name => 'x') $$);
DELETE FROM customer;
CALL refused($$ SELECT segmentation.create_model_from('rfm', 'customer', name => 'x') $$);
CALL refused($$ SELECT segmentation.create_model_from('rfm', 'customer', 'recency', 'last_order', name => 'x') $$);

-- by any numbers, the model's segment is that of the scores by the breaks that stand in its rules
SELECT setseed(0.5);
INSERT INTO customer SELECT i, 400 * random() ^ 2, 1 + 30 * random() ^ 3, round((1000 * random() ^ 4)::numeric, 2), '2025-12-31'::timestamptz - random() * interval '400 days' FROM generate_series(1, 2000) i;
UPDATE customer SET revenue = currency_price(monetary, 'CHF');
SELECT count(*) FROM segmentation.create_model_from('rfm', 'customer', name => 'random');
SELECT count(*) FROM segmentation.create_model_from('rfm', 'customer', 'last_order', 'frequency', 'revenue', name => 'later', as_of => '2026-01-01');
CREATE FUNCTION pg_temp.breaks(model text, place int) RETURNS numeric[] LANGUAGE sql
    RETURN (SELECT regexp_split_to_array((regexp_matches(objective, ' at ([0-9., ]+);', 'g'))[1], ', ')::numeric[] FROM segmentation.model WHERE id::text = breaks.model OFFSET place - 1 LIMIT 1);
SELECT count(*) AS customers, count(*) FILTER (WHERE a.segments <> ARRAY[rfm_segment(rfm_score(recency, pg_temp.breaks('random', 1), true),
           rfm_score(frequency, pg_temp.breaks('random', 2)), rfm_score(monetary, pg_temp.breaks('random', 3)))]) AS different
  FROM customer JOIN random_assignment a USING (id);
SELECT count(*) AS customers, count(*) FILTER (WHERE a.segments <> ARRAY[rfm_segment(rfm_score('2026-01-01' - last_order::date, pg_temp.breaks('later', 1), true),
           rfm_score(frequency, pg_temp.breaks('later', 2)), rfm_score(amount(revenue), pg_temp.breaks('later', 3)))]) AS different
  FROM customer JOIN later_assignment a USING (id);
-- each fifth has as many customers as the next, ties aside
SELECT rfm_score(recency, pg_temp.breaks('random', 1), true) AS score, count(*) BETWEEN 380 AND 420 AS fifth FROM customer GROUP BY 1 ORDER BY 1;
SELECT rfm_score(monetary, pg_temp.breaks('random', 3)) AS score, count(*) BETWEEN 395 AND 405 AS fifth FROM customer GROUP BY 1 ORDER BY 1;

SET client_min_messages = warning;
SELECT count(segmentation.drop_model(id::text)) > 0 FROM segmentation.model WHERE id <> 'market';
DROP SCHEMA model_test CASCADE;
