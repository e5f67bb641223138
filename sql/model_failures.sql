-- rules that fail: their segments keep their members, all others are right
CREATE SCHEMA shop;
\set SHOW_CONTEXT never
CREATE TABLE shop.customer (id int PRIMARY KEY, a int, b int, c int, t text);
INSERT INTO shop.customer SELECT i, i, i, i, i::text FROM generate_series(1, 10) i;
SELECT segmentation.create_model('m', 'shop.customer', '{id}', schema => 'shop', prefix => 'm');
SELECT segmentation.define_segment('m', 'few', '10 / a < 2', "count" => false);
SELECT segmentation.define_segment('m', 'asks', 'NOT in_segment(''few'')', "count" => false);
SELECT segmentation.define_segment('m', 'number', 't::int > 5', "count" => false);
SELECT segmentation.define_segment('m', 'gone', 'b > 5', "count" => false);
SELECT segmentation.define_segment('m', 'good', 'c > 5', "count" => false);
SELECT changed, appeared, failed FROM segmentation.refresh('m');
SELECT segment, status, message FROM segmentation.model_status('m');
SELECT * FROM segmentation.model_status('no-such');
SELECT * FROM segmentation.model_status(NULL);
CREATE VIEW shop.size AS SELECT segment, array_agg(id ORDER BY id) AS members FROM shop.m_member GROUP BY segment;
TABLE shop.size ORDER BY segment;

-- a division by zero for one customer; what asks for the segment waits with it
UPDATE shop.customer SET a = 0, c = 6 WHERE id = 3;
-- before a refresh has said so, verification goes on without them
SELECT * FROM segmentation.verify('m');
SELECT changed, failed FROM segmentation.refresh('m');
SELECT segment, status, failing, sqlstate, message, rule FROM segmentation.model_status('m');
TABLE shop.size ORDER BY segment;
SELECT * FROM segmentation.verify('m');
SELECT since AS first_since FROM segmentation.model_status('m') WHERE segment = 'few' \gset

-- a cast that fails, a column that is gone, a type that has changed
UPDATE shop.customer SET t = 'x' WHERE id = 1;
ALTER TABLE shop.customer DROP COLUMN b;
UPDATE shop.customer SET c = 60 WHERE id = 1;
SELECT * FROM segmentation.verify('m');
CREATE ROLE regress_failure_verifier;
GRANT USAGE ON SCHEMA shop TO regress_failure_verifier;
GRANT SELECT ON shop.m_assignment TO regress_failure_verifier;
SET ROLE regress_failure_verifier;
SELECT * FROM segmentation.verify('m');
RESET ROLE;
DROP OWNED BY regress_failure_verifier;
DROP ROLE regress_failure_verifier;
SELECT changed, failed FROM segmentation.refresh('m');
SELECT segment, status, failing, sqlstate, message, since = :'first_since' AS same FROM segmentation.model_status('m');
TABLE shop.size ORDER BY segment;
SELECT * FROM segmentation.verify('m');
-- the error, which may quote a customer's data, is for those who may refresh the model
CREATE ROLE regress_failure_reader;
SET ROLE regress_failure_reader;
SELECT segment, status, sqlstate, message FROM segmentation.model_status('m') WHERE segment = 'number';
SELECT count(*) FROM segmentation.rule_failure_message;
SELECT message FROM segmentation.rule_failure;
RESET ROLE;
GRANT UPDATE ON shop.m_assignment TO regress_failure_reader;
SET ROLE regress_failure_reader;
SELECT segment, status, sqlstate, message FROM segmentation.model_status('m') WHERE segment = 'number';
RESET ROLE;
DROP OWNED BY regress_failure_reader;
DROP ROLE regress_failure_reader;
-- a new customer is in none of the segments that keep theirs
INSERT INTO shop.customer VALUES (11, 11, 60, '60');
SELECT appeared, entered, failed FROM segmentation.refresh('m');
SELECT segments FROM shop.m_assignment WHERE id = 11;

-- repaired, they heal by themselves
UPDATE shop.customer SET t = '1' WHERE id = 1;
ALTER TABLE shop.customer ADD b int DEFAULT 7;
UPDATE shop.customer SET a = 3 WHERE id = 3;
SELECT changed, failed FROM segmentation.refresh('m');
SELECT segment, status FROM segmentation.model_status('m');
TABLE shop.size ORDER BY segment;
SELECT * FROM segmentation.verify('m');

-- at the first refresh, and a function that raises for all customers
CREATE FUNCTION shop.raises(int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RAISE ''not today''; END';
SELECT segmentation.create_model('first', 'shop.customer', '{id}', kind => 'exclusive', schema => 'shop', prefix => 'first');
SELECT segmentation.define_segment('first', 'bad', 'shop.raises(a)', rank => 1, "count" => false);
SELECT segmentation.define_segment('first', 'high', 'a > 5', rank => 2, "count" => false);
SELECT segmentation.define_segment('first', 'rest', rank => 3, "count" => false);
SELECT appeared, entered, failed FROM segmentation.refresh('first');
SELECT segments, count(*) FROM shop.first_assignment GROUP BY 1 ORDER BY 1;
CREATE OR REPLACE FUNCTION shop.raises(int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 = 7';
SELECT changed, failed FROM segmentation.refresh('first');
SELECT segments, count(*) FROM shop.first_assignment GROUP BY 1 ORDER BY 1;
-- a failing rule of another model
CREATE OR REPLACE FUNCTION shop.raises(int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RAISE ''not today''; END';
SELECT segmentation.create_model('second', 'shop.customer', '{id}', schema => 'shop', prefix => 'second');
SELECT segmentation.define_segment('second', 'bad-too', 'in_segment(''first'', ''bad'')', "count" => false);
SELECT segmentation.define_segment('second', 'high-too', 'in_segment(''first'', ''high'')', "count" => false);
SELECT entered, failed FROM segmentation.refresh('second');
SELECT segment, status, failing FROM segmentation.model_status('second');
SELECT segments, count(*) FROM shop.second_assignment GROUP BY 1 ORDER BY 1;

-- 30 of 100, for one customer and for all
SELECT segmentation.create_model('many', 'shop.customer', '{id}', schema => 'shop', prefix => 'many');
SELECT count(*) FROM generate_series(1, 100) i, segmentation.define_segment('many', 's' || i,
    CASE WHEN i % 10 < 3 THEN format('%s / (a - %s) > 100', i, CASE WHEN i < 50 THEN '3' ELSE 'a' END) ELSE format('a > %s', i) END, "count" => false);
SET client_min_messages = error;
SELECT rows_read, entered, failed FROM segmentation.refresh('many');
SELECT status, sqlstate, message, count(*) FROM segmentation.model_status('many') GROUP BY 1, 2, 3 ORDER BY 1;
SELECT * FROM segmentation.verify('many');
-- an error that is no rule's is the refresh's
ALTER TABLE shop.many_assignment ADD CONSTRAINT unwanted CHECK (cardinality(segments) < 5) NOT VALID;
UPDATE shop.customer SET a = 200;
\set VERBOSITY terse
SELECT segmentation.refresh('many');
DROP VIEW shop.size;
SELECT segmentation.drop_model(m) FROM unnest('{second,first,many,m}'::text[]) m;
SELECT count(*) FROM segmentation.rule_failure;
DROP SCHEMA shop CASCADE;
