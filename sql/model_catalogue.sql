-- making, changing and dropping models and their segments
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/model.sql'
\set ECHO none
\i :include
\set ECHO all
SET search_path = model_test, public;
SET TimeZone = 'UTC';
CREATE TABLE customer (id bigint PRIMARY KEY, employees int, country text, mrr currency_price);
INSERT INTO customer
    SELECT i, nullif(i % 10, 0) * 100, (ARRAY['fr', 'de', NULL])[1 + i % 3],
           currency_price(i, (ARRAY['EUR', 'USD'])[1 + i % 2])
      FROM generate_series(1, 100) i;

-- a model has objects of its creator's, none a member of the extension, all commented
SELECT segmentation.create_model('Service', 'customer', '{id}', objective => 'who needs what help');
SELECT * FROM segmentation.model WHERE id = 'service' \gx
\d service_assignment
\d service_history
\d+ service_member
SELECT attname, format_type(atttypid, atttypmod), col_description(attrelid, attnum)
FROM pg_attribute WHERE attrelid = 'service_stay'::regclass AND attnum > 0 ORDER BY attnum;
\sf service_at
CREATE VIEW model_object AS
    SELECT 'pg_class'::regclass AS classid, oid, relname::text AS object FROM pg_class
     WHERE relnamespace = 'model_test'::regnamespace AND relkind IN ('r', 'v') AND relname LIKE 'service%'
    UNION ALL
    SELECT 'pg_proc'::regclass, oid, proname FROM pg_proc WHERE pronamespace = 'model_test'::regnamespace AND proname LIKE 'service%';
SELECT object, obj_description(oid, classid::regclass::name) AS comment,
       (SELECT count(*) FROM pg_attribute WHERE attrelid = o.oid AND attnum > 0 AND col_description(attrelid, attnum) IS NULL) AS columns_without,
       EXISTS (SELECT FROM pg_depend WHERE pg_depend.classid = o.classid AND objid = o.oid AND deptype = 'e') AS is_member
  FROM model_object o ORDER BY object;

-- a segment: members, their share, and for how many the rule was NULL
SELECT * FROM segmentation.define_segment('service', 'big', 'employees > 500');
SELECT * FROM segmentation.define_segment('SERVICE', 'French', $$ country = 'fr' $$, title => 'In France');
SELECT * FROM segmentation.define_segment('service', 'rich', $$ mrr > '50 EUR' $$);
SELECT * FROM segmentation.define_segment('service', 'listed');
SELECT * FROM segmentation.define_segment('service', 'uncounted', 'true', "count" => false);
-- a rule that raises an error is kept; what it says is a warning
SELECT * FROM segmentation.define_segment('service', 'broken', '1 / (employees - 100) > 0');
SELECT id, title, rank, rule, columns FROM segmentation.segment WHERE model = 'service' ORDER BY id;

-- what is not given stays; the version counts changes, and only these
SELECT version FROM segmentation.model WHERE id = 'service';
SELECT members FROM segmentation.define_segment('service', 'french', title => 'France');
SELECT members FROM segmentation.define_segment('service', 'french', $$ country = 'fr' $$, title => 'France');
SELECT title, rule FROM segmentation.segment WHERE (model, id) = ('service', 'french');
SELECT version FROM segmentation.model WHERE id = 'service';
SELECT members FROM segmentation.define_segment('service', 'broken', '100 / employees = 1');

-- references, from rule to rule and model to model
SELECT segmentation.create_model('tier', 'customer', '{id}', kind => 'exclusive');
SELECT members FROM segmentation.define_segment('tier', 'large', 'employees > 500', rank => 10);
SELECT members FROM segmentation.define_segment('tier', 'medium', 'employees > 200', rank => 20);
SELECT members FROM segmentation.define_segment('tier', 'rest', rank => 30);
SELECT members FROM segmentation.define_segment('service', 'nearby', $$ in_segment('french') AND NOT in_segment('tier', 'rest') $$);
-- prices of several currencies are warned of beside references and ranks, too
SELECT members FROM segmentation.define_segment('service', 'rich-nearby', $$ mrr > '50 EUR' AND NOT in_segment('french') $$);
SELECT members FROM segmentation.define_segment('tier', 'rich', $$ mrr > '50 EUR' OR employees IS NULL $$, rank => 25);
SELECT segmentation.drop_segment('service', 'rich-nearby'), segmentation.drop_segment('tier', 'rich');
SELECT * FROM segmentation.segment_reference WHERE model = 'service' ORDER BY 1, 2, 3, 4;
SELECT * FROM segmentation.segment_dependency ORDER BY 1, 2, 3, 4;
CALL refused($$ SELECT segmentation.drop_segment('service', 'french') $$);
CALL refused($$ SELECT segmentation.drop_model('tier') $$);
CALL refused($$ SELECT segmentation.define_segment('service', 'x', 'in_segment(''none'')') $$);
CALL refused($$ SELECT segmentation.define_segment('service', 'x', 'in_segment(''none'', ''big'')') $$);

-- no circle: of one rule, of several, over models, by rank
CALL refused($$ SELECT segmentation.define_segment('service', 'self', 'in_segment(''self'')') $$);
CALL refused($$ SELECT segmentation.define_segment('service', 'french', 'in_segment(''nearby'')') $$);
CALL refused($$ SELECT segmentation.define_segment('tier', 'medium', 'in_segment(''service'', ''nearby'')') $$);
CALL refused($$ SELECT segmentation.define_segment('tier', 'large', 'in_segment(''medium'')') $$);
SELECT members IS NOT NULL AS accepted FROM segmentation.define_segment('service', 'wide', $$ in_segment('tier', 'medium') $$, "count" => false);
CALL refused($$ SELECT segmentation.define_segment('tier', 'large', 'in_segment(''service'', ''wide'')') $$);
-- ... by another rank, or when ranks begin to count
SELECT members FROM segmentation.define_segment('tier', 'rest', $$ in_segment('service', 'wide') $$, "count" => false);
CALL refused($$ SELECT segmentation.define_segment('tier', 'rest', rank => 5) $$);
SELECT segmentation.alter_model('tier', kind => 'overlapping');
SELECT members FROM segmentation.define_segment('tier', 'rest', rank => 5, "count" => false);
CALL refused($$ SELECT segmentation.alter_model('tier', kind => 'exclusive') $$);
SELECT members FROM segmentation.define_segment('tier', 'rest', rank => 30, "count" => false);
SELECT segmentation.alter_model('tier', kind => 'exclusive');
-- sixteen levels of diamonds are no circle, and no work
SELECT segmentation.create_model('diamond', 'customer', '{id}');
SELECT members FROM segmentation.define_segment('diamond', 'a0', 'employees > 100');
SELECT members FROM segmentation.define_segment('diamond', 'b0', 'employees > 200');
SELECT count(*)
  FROM (SELECT * FROM generate_series(1, 16) i, (VALUES ('a', 'OR'), ('b', 'AND')) v(name, operator) ORDER BY i, name) s,
       LATERAL segmentation.define_segment('diamond', s.name || i,
           format('in_segment(%L) %s in_segment(%L)', 'a' || i - 1, operator, 'b' || i - 1));
CALL refused($$ SELECT segmentation.define_segment('diamond', 'a0', 'in_segment(''b16'')') $$);
SELECT segmentation.drop_model('diamond');

-- ranks are for exclusive models
CALL refused($$ SELECT segmentation.define_segment('tier', 'x', 'true') $$);

-- an exclusive model's kind, and a column's
CALL refused($$ SELECT segmentation.alter_model('service', kind => 'exclusive') $$);
CALL refused($$ SELECT segmentation.alter_model('service', kind => 'column') $$);
SELECT segmentation.create_model('land', 'customer', '{id}', kind => 'column', segment_column => 'country');
SELECT * FROM segmentation.define_segment('land', 'fr', title => 'France');
CALL refused($$ SELECT segmentation.define_segment('land', 'de', 'true') $$);
CALL refused($$ SELECT segmentation.define_segment('land', 'de', rank => 1) $$);
CALL refused($$ SELECT segmentation.create_model('x', 'customer', '{id}', kind => 'column') $$);
CALL refused($$ SELECT segmentation.create_model('x', 'customer', '{id}', kind => 'column', segment_column => 'employees') $$);
CALL refused($$ SELECT segmentation.create_model('x', 'customer', '{id}', segment_column => 'country') $$);

-- what is refused when a model is made
CALL refused($$ SELECT segmentation.create_model('service', 'customer', '{id}') $$);
CALL refused($$ SELECT segmentation.create_model('two words', 'customer', '{id}') $$);
CALL refused($$ SELECT segmentation.create_model(NULL, 'customer', '{id}') $$);
CALL refused($$ SELECT segmentation.create_model('x', NULL, '{id}') $$);
CALL refused($$ SELECT segmentation.create_model('x', 'customer', NULL) $$);
CALL refused($$ SELECT segmentation.create_model('x', 'customer', '{}') $$);
CALL refused($$ SELECT segmentation.create_model('x', 'customer', '{NULL}') $$);
CALL refused($$ SELECT segmentation.create_model('x', 'customer', '{nr}') $$);
CALL refused($$ SELECT segmentation.create_model('x', 'customer', '{id,id}') $$);
CALL refused($$ SELECT segmentation.create_model('x', 'customer', '{ctid}') $$);
CALL refused($$ SELECT segmentation.create_model('x', 'customer', '{id}', kind => 'fuzzy') $$);
CALL refused($$ SELECT segmentation.create_model('x', 'customer', '{id}', time_zone => 'Mars/Olympus') $$);
CALL refused($$ SELECT segmentation.create_model('x', 'customer', '{id}', schema => 'nowhere') $$);
CALL refused($$ SELECT segmentation.create_model('x', 'customer', '{id}', schema => NULL) $$);
CALL refused($$ SELECT segmentation.create_model('x', 'customer', '{id}', schema => 'pg_temp') $$);
CALL refused($$ SELECT segmentation.create_model('x', 'customer', '{id}', prefix => 'service') $$);
CALL refused($$ SELECT segmentation.create_model('x', 'customer', '{id}', prefix => repeat('p', 53)::name) $$);
CALL refused($$ SELECT segmentation.create_model('x', 'customer', '{id}', prefix => repeat('p', 63)::name) $$);
CALL refused($$ SELECT segmentation.create_model('x', 'customer_pkey', '{id}') $$);
CALL refused($$ SELECT segmentation.create_model('market', 'customer', '{id}') $$);
CREATE TABLE awkward (point point, since int, id int);
CREATE TEMPORARY TABLE passing (id int);
CALL refused($$ SELECT segmentation.create_model('x', 'awkward', '{point}') $$);
CALL refused($$ SELECT segmentation.create_model('x', 'awkward', '{since}') $$);
CALL refused($$ SELECT segmentation.create_model('x', 'passing', '{id}') $$);
CREATE FUNCTION x_at(timestamptz) RETURNS int LANGUAGE sql AS 'SELECT 1';
CALL refused($$ SELECT segmentation.create_model('x', 'customer', '{id}') $$);
DROP FUNCTION x_at;
-- nothing was left behind
SELECT relname FROM pg_class WHERE relnamespace = 'model_test'::regnamespace AND relname LIKE 'x%';

-- a key that nothing keeps unique is worth a word, a view's is not
SELECT segmentation.create_model('x', 'awkward', '{id}');
SELECT segmentation.drop_model('x');

-- keys of several columns and any type, names that need quotes, a prefix of 52 bytes
CREATE SCHEMA "Model Test";
CREATE TABLE "Model Test"."Kunde ""A""" ("Nr." uuid, "select" varchar(5) COLLATE "C", "user" numeric(6, 2), "Größe" int,
    PRIMARY KEY ("Nr.", "select", "user"));
SELECT segmentation.create_model('quoted.model-1', '"Model Test"."Kunde ""A"""', '{Nr.,select,user}',
    schema => 'Model Test', prefix => 'Prä "fix" ' || repeat('x', 41));
SELECT members FROM segmentation.define_segment('quoted.model-1', 'gross', '"Größe" > 5 AND "select" < ''x''');
SELECT c.relname, a.attname, format_type(atttypid, atttypmod), attcollation::regcollation
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
 WHERE relnamespace = '"Model Test"'::regnamespace AND relname LIKE 'Pr%assignment' AND attnum > 0
 ORDER BY c.relname, attnum;
SELECT rule FROM segmentation.segment WHERE model = 'quoted.model-1';
SELECT count(*) FROM segmentation.model m WHERE m.id = 'quoted.model-1' AND m.prefix = 'Prä "fix" ' || repeat('x', 41);
SELECT segmentation.drop_model('quoted.model-1');
SELECT relname FROM pg_class WHERE relnamespace = '"Model Test"'::regnamespace AND relkind = 'r';
DROP SCHEMA "Model Test" CASCADE;

-- sources of every kind
CREATE VIEW customer_view AS SELECT id, employees FROM customer;
CREATE MATERIALIZED VIEW customer_stored AS SELECT id, employees FROM customer;
CREATE TABLE customer_parted (id int, employees int, PRIMARY KEY (id)) PARTITION BY RANGE (id);
CREATE TABLE customer_part PARTITION OF customer_parted FOR VALUES FROM (0) TO (9);
INSERT INTO customer_parted VALUES (1, 600), (2, 5);
DO $$
DECLARE
    source regclass;
BEGIN
    FOREACH source IN ARRAY '{customer_view,customer_stored,customer_parted,customer_part}'::regclass[] LOOP
        PERFORM segmentation.create_model('kind', source, '{id}');
        RAISE INFO '%: %', source, (SELECT members FROM segmentation.define_segment('kind', 'big', 'employees > 500'));
        PERFORM segmentation.drop_model('kind');
    END LOOP;
END
$$;

-- another source must have the key, of the same types, and what the rules read
CREATE VIEW narrow AS SELECT id, country FROM customer;
CREATE VIEW other_type AS SELECT id::int, employees, country, mrr FROM customer;
CREATE VIEW renamed AS SELECT id AS customer_id, employees::numeric, country, mrr FROM customer;
CALL refused($$ SELECT segmentation.alter_model('service', source => 'narrow') $$);
CALL refused($$ SELECT segmentation.alter_model('service', source => 'other_type') $$);
CALL refused($$ SELECT segmentation.alter_model('service', source => 'renamed') $$);
CALL refused($$ SELECT segmentation.alter_model('service', key => '{id,country}') $$);
SELECT segmentation.alter_model('service', source => 'renamed', key => '{customer_id}');
SELECT source, key FROM segmentation.model WHERE id = 'service';
SELECT array_agg(attname::text ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'service_history'::regclass AND attnum > 0;
SELECT * FROM service_at(now());
SELECT customer_id FROM service_member;
SELECT customer_id FROM service_stay;
SELECT rule FROM segmentation.segment WHERE (model, id) = ('service', 'big');
SELECT segmentation.alter_model('service', source => 'customer', key => '{id}');
-- a source that was made again has another identity
SELECT segmentation.create_model('again', 'narrow', '{id}');
SELECT members FROM segmentation.define_segment('again', 'french', $$ country = 'fr' $$);
DROP VIEW narrow;
CALL refused($$ SELECT segmentation.define_segment('again', 'french', 'true') $$);
CREATE VIEW narrow AS SELECT id, country FROM customer WHERE id < 50;
SELECT segmentation.alter_model('again', source => 'narrow');
SELECT members FROM segmentation.define_segment('again', 'french', $$ country = 'fr' $$);
SELECT segmentation.drop_model('again');

-- a model of another name: its objects keep theirs, rules that name it follow
SELECT segmentation.alter_model('service', rename => 'Help-Desk', time_zone => 'europe/paris', objective => '');
SELECT segmentation.alter_model('tier', rename => 'size');
SELECT id, objective, time_zone, assignment FROM segmentation.model WHERE id IN ('help-desk', 'size') ORDER BY id;
SELECT model, id, rule FROM segmentation.segment WHERE rule LIKE '%in_segment%' ORDER BY 1, 2;
SELECT DISTINCT to_model FROM segmentation.segment_reference ORDER BY to_model;
SELECT obj_description('service_assignment'::regclass), pg_get_viewdef('service_member'::regclass) LIKE '%''help-desk''::%' AS view_follows;
CALL refused($$ SELECT segmentation.alter_model('help-desk', rename => 'size') $$);
CALL refused($$ SELECT segmentation.alter_model('help-desk', rename => 'market') $$);
CALL refused($$ SELECT segmentation.alter_model('help-desk', schema => 'public') $$);
CALL refused($$ SELECT segmentation.alter_model('service', time_zone => 'UTC') $$);
CALL refused($$ SELECT segmentation.alter_model('help-desk', time_zone => 'Mars/Olympus') $$);

-- objects that were renamed or moved are found; what was dropped is not missed
ALTER TABLE service_assignment RENAME TO answers;
ALTER TABLE service_history SET SCHEMA public;
SELECT assignment, history FROM segmentation.model WHERE id = 'help-desk';
SELECT members FROM segmentation.define_segment('help-desk', 'big', 'employees > 600');
SELECT * FROM service_at(now());
ALTER TABLE public.service_history SET SCHEMA model_test;
ALTER TABLE answers RENAME TO service_assignment;

-- what depends on a model's objects stops it from being dropped
CALL refused($$ SELECT segmentation.drop_model('size') $$);
SELECT segmentation.drop_segment('help-desk', 'nearby');
CALL refused($$ SELECT segmentation.drop_segment('help-desk', 'nearby') $$);
SELECT segmentation.drop_segment('size', 'rest'), segmentation.drop_segment('help-desk', 'wide');
CREATE VIEW of_mine AS SELECT * FROM tier_member;
CALL refused($$ SELECT segmentation.drop_model('size') $$);
DROP VIEW of_mine;
SELECT segmentation.drop_model('size');
CALL refused($$ SELECT segmentation.drop_model('size') $$);
-- tables that were dropped by hand
DROP TABLE service_assignment CASCADE;
CALL refused($$ SELECT segmentation.define_segment('help-desk', 'big', 'true') $$);
CALL refused($$ SELECT segmentation.alter_model('help-desk', source => 'customer') $$);
SELECT segmentation.drop_model('help-desk'), segmentation.drop_model('land');
SELECT object FROM model_object;
SELECT count(*) FROM segmentation.segment WHERE model <> 'market';

-- the markets' model has segments before it has customers
INSERT INTO segmentation.market (id, currency) VALUES ('fr', 'EUR');
CALL refused($$ SELECT segmentation.create_model('market', 'customer', '{id}', kind => 'column', segment_column => 'country') $$);
CALL refused($$ SELECT segmentation.alter_model('market', source => 'customer', segment_column => 'country') $$);
SELECT segmentation.alter_model('market', source => 'customer', key => '{id}', segment_column => 'country');
SELECT source, key, segment_column, assignment FROM segmentation.model WHERE id = 'market';
SELECT * FROM segmentation.define_segment('market', 'fr', title => 'France');
CALL refused($$ SELECT segmentation.drop_segment('market', 'fr') $$);
DELETE FROM segmentation.market;
SELECT segmentation.drop_model('market');

-- many segments: each definition costs its own rule, not the model's
SELECT segmentation.create_model('many', 'customer', '{id}');
SELECT count(*) FROM generate_series(1, 500) i,
    LATERAL segmentation.define_segment('many', 's' || i, 'employees > ' || i || ' AND ' || repeat('id <> 0 AND ', 80) || 'country IS NOT NULL');
SELECT count(*), min(length(rule)) > 1000 AS long FROM segmentation.segment WHERE model = 'many';
SELECT segmentation.drop_model('many');
SELECT count(*) FROM segmentation.model;
\set ECHO none
SET client_min_messages = warning;
DROP SCHEMA model_test CASCADE;
