-- who has changed definitions, and what is deleted of history and customers
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/model.sql'
\set ECHO none
\i :include
\set ECHO all
SET search_path = model_test, public;
SET TimeZone = 'UTC';
CREATE TABLE customer (tenant int, code text, size int, PRIMARY KEY (tenant, code));
INSERT INTO customer SELECT i % 2, 'c' || i, i FROM generate_series(1, 6) i;
SELECT segmentation.create_model('kept', 'customer', '{tenant,code}');

-- every version of a model has its author; members are counted as other rules have it
SELECT * FROM segmentation.define_segment('kept', 'big', 'size > 3', title => 'Big');
SELECT * FROM segmentation.define_segment('kept', 'small', 'NOT in_segment(''big'')');
SELECT * FROM segmentation.define_segment('kept', 'big', 'size > 4');
SELECT * FROM segmentation.define_segment('kept', 'big', title => 'Large');
SELECT segmentation.drop_segment('kept', 'small'), segmentation.alter_model('kept', objective => 'a test');
SELECT version, change, segment, title, rule, changed_by = session_user AS by_me, changed_at <= clock_timestamp() AS by_now
  FROM segmentation.definition WHERE model = 'kept' ORDER BY version;
CALL refused($$ SELECT segmentation.define_segment('kept', 'big', '1') $$);
SELECT max(d.version) = m.version AS current FROM segmentation.model m JOIN segmentation.definition d ON d.model = m.id
 WHERE m.id = 'kept' GROUP BY m.version;

-- history that ended by a moment goes; what lasts stays
INSERT INTO kept_assignment (tenant, code, since, version, segments)
    SELECT tenant, code, '2025-03-01', 2, '{big}' FROM customer;
INSERT INTO kept_history (tenant, code, since, until, version, segments, cause)
    SELECT tenant, code, '2025-01-01'::timestamptz, '2025-02-01'::timestamptz, 1, '{}'::segment_id[], 'refresh' FROM customer
    UNION ALL
    SELECT tenant, code, '2025-02-01', '2025-03-01', 1, NULL, 'refresh' FROM customer;
SELECT segmentation.prune_history('kept', '2024-01-01');
SELECT segmentation.prune_history('Kept', '2025-02-01');
SELECT count(*), min(until) FROM kept_history;
SELECT * FROM kept_at('2025-01-15');
SELECT count(*) FROM kept_at('2025-02-15');
CALL refused($$ SELECT segmentation.prune_history('kept', NULL) $$);
CALL refused($$ SELECT segmentation.prune_history('none', now()) $$);

-- a customer is forgotten as a whole; one that is still there would come back
SELECT segmentation.forget_customer('kept', '1', 'c1');
DELETE FROM customer WHERE code = 'c3';
SELECT segmentation.forget_customer('kept', '1', 'c3');
SELECT segmentation.forget_customer('kept', '1', 'c3');
SELECT code, count(*) FROM (SELECT code FROM kept_assignment UNION ALL SELECT code FROM kept_history) s GROUP BY 1 ORDER BY 1;
CALL refused($$ SELECT segmentation.forget_customer('kept', '1') $$);
CALL refused($$ SELECT segmentation.forget_customer('kept', '1', NULL) $$);
CALL refused($$ SELECT segmentation.forget_customer('kept', 'one', 'c1') $$);

-- it takes the right to delete from both tables, or does nothing
SET client_min_messages = warning;
DROP ROLE IF EXISTS regress_model_clerk;
RESET client_min_messages;
CREATE ROLE regress_model_clerk;
GRANT SELECT, DELETE ON kept_assignment TO regress_model_clerk;
SET ROLE regress_model_clerk;
CALL refused($$ SELECT segmentation.forget_customer('kept', '0', 'c2') $$);
CALL refused($$ SELECT segmentation.prune_history('kept', now()) $$);
RESET ROLE;
SELECT count(*) FROM kept_assignment WHERE code = 'c2';
-- nor does it leave what row security hides; a right to the source it does not take
GRANT USAGE ON SCHEMA model_test TO regress_model_clerk;
GRANT SELECT, DELETE ON kept_history, kept_override TO regress_model_clerk;
ALTER TABLE kept_history ENABLE ROW LEVEL SECURITY;
SET ROLE regress_model_clerk;
CALL refused($$ SELECT segmentation.forget_customer('kept', '0', 'c2') $$);
CALL refused($$ SELECT segmentation.prune_history('kept', now()) $$);
RESET ROLE;
ALTER TABLE kept_history DISABLE ROW LEVEL SECURITY;
SET ROLE regress_model_clerk;
SELECT segmentation.forget_customer('kept', '0', 'c2') > 0;
RESET ROLE;
SELECT count(*) FROM kept_assignment WHERE code = 'c2';
SELECT segmentation.drop_model('kept');
SELECT count(*) FROM segmentation.definition;
\set ECHO none
SET client_min_messages = warning;
DROP SCHEMA model_test CASCADE;
DROP ROLE regress_model_clerk;
