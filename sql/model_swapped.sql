-- the source of a model is renamed, swapped for another, dropped
SET client_min_messages = warning;
CREATE SCHEMA swap_test;
SET search_path = public, swap_test;
CREATE TABLE swap_test.customer (id int PRIMARY KEY, v int);
INSERT INTO customer VALUES (1, 1);
SELECT segmentation.create_model('swapped', 'customer', '{id}', schema => 'swap_test');
SELECT FROM segmentation.define_segment('swapped', 'one', 'v = 1');
CREATE FUNCTION pg_temp.say() RETURNS TABLE (segment segment_id, status text, message text) LANGUAGE sql AS
    $$ SELECT segment, status, message FROM segmentation.model_status('swapped') ORDER BY segment $$;

-- a rename is followed, and nothing is said
ALTER TABLE customer RENAME TO client;
SELECT source FROM segmentation.model WHERE id = 'swapped';
SELECT rows_read FROM segmentation.refresh('swapped');
CREATE INDEX customer ON client (v);
SELECT source FROM segmentation.model WHERE id = 'swapped';
DROP INDEX customer;
CREATE TYPE swap_test.customer AS (a int);
SELECT source FROM segmentation.model WHERE id = 'swapped';
DROP TYPE customer;
ALTER TABLE client RENAME TO customer;

-- a loader's swap: the old table is read, and it is said how to follow or to stay
CREATE TABLE swap_test.fresh (LIKE customer INCLUDING ALL);
INSERT INTO fresh SELECT i, 1 FROM generate_series(1, 100) AS i;
BEGIN;
ALTER TABLE customer RENAME TO old;
ALTER TABLE fresh RENAME TO customer;
COMMIT;
SELECT rows_read FROM segmentation.refresh('swapped');
SELECT * FROM pg_temp.say();
SELECT source, source::regclass AS is_read, source = 'old'::regclass AS is_old FROM segmentation.model WHERE id = 'swapped';
-- to stay
BEGIN;
SELECT segmentation.alter_model('swapped', source => 'swap_test.old');
SELECT rows_read FROM segmentation.refresh('swapped');
SELECT status FROM pg_temp.say();
ROLLBACK;
-- to follow
BEGIN;
SELECT segmentation.alter_model('swapped', source => 'swap_test.customer');
SELECT rows_read FROM segmentation.refresh('swapped');
SELECT status FROM pg_temp.say();
ROLLBACK;
-- swapped by moving it to another schema, for a view
BEGIN;
CREATE SCHEMA swap_archive;
ALTER TABLE customer RENAME TO fresh;
ALTER TABLE old RENAME TO customer;
SELECT status FROM pg_temp.say();
ALTER TABLE customer SET SCHEMA swap_archive;
SELECT status FROM pg_temp.say();
CREATE VIEW swap_test.customer AS SELECT * FROM fresh;
SELECT status FROM pg_temp.say();
SELECT source FROM segmentation.model WHERE id = 'swapped';
ROLLBACK;

-- the old one is dropped, and then the new one, too
DROP TABLE old;
SELECT * FROM pg_temp.say();
SELECT source, source::regclass IS NULL AS is_gone FROM segmentation.model WHERE id = 'swapped';
SELECT segmentation.refresh('swapped');
ALTER TABLE customer RENAME TO fresh;
SELECT * FROM pg_temp.say();
SELECT segmentation.refresh('swapped');
-- one that is made anew under the name is another, which takes a person to say
ALTER TABLE fresh RENAME TO customer;
SELECT segmentation.refresh('swapped');
SELECT segmentation.alter_model('swapped', source => 'swap_test.customer');
SELECT rows_read FROM segmentation.refresh('swapped');

-- what a dump has of it: the name of now, or of then if it is gone
CREATE VIEW "swap_test"."odd (name)" AS SELECT * FROM customer;
SELECT given, r AS taken, r::regclass IS NULL AS no_relation
  FROM unnest(ARRAY['customer', 'swap_test.customer', 'SWAP_test.Customer', '"odd (name)"', 'missing', 'nowhere.missing', 'missing."odd. (name)"',
                    '(swap_test.customer)', '( swap_test.missing ) ', 'swap_test.customer (missing.odd)', 'missing.a (swap_test.customer)',
                    'swap_test."odd (name)" (swap_test.customer)']) AS given,
       CAST(given AS segmentation_internal.relation_reference) AS r;
SELECT ''::segmentation_internal.relation_reference;
SELECT 'a.b.c'::segmentation_internal.relation_reference;
SELECT 'customer (old'::segmentation_internal.relation_reference;
SELECT 'customer () '::segmentation_internal.relation_reference;
SELECT '"customer'::segmentation_internal.relation_reference;
SELECT CAST(4294967295::oid AS segmentation_internal.relation_reference);
SELECT CAST(0::oid AS segmentation_internal.relation_reference) IS NULL AS is_null;
SET search_path = pg_catalog;
SELECT source FROM segmentation.model WHERE id::text = 'swapped';
SET search_path = public, swap_test;

-- a source that was not there when the model was read in, and comes: of the model's owner it is taken, of others not
CREATE ROLE swap_owner;
CREATE ROLE swap_other;
GRANT ALL ON SCHEMA swap_test TO swap_owner, swap_other;
DO $$ DECLARE r regclass; BEGIN FOREACH r IN ARRAY '{swapped_assignment,swapped_history,swapped_override}'::regclass[] LOOP
    EXECUTE format('ALTER TABLE %s OWNER TO swap_owner', r); END LOOP; END $$;
ALTER VIEW swapped_member OWNER TO swap_owner;
UPDATE segmentation.model SET source = 'swap_test.later' WHERE id = 'swapped';
SELECT source, source::regclass IS NULL AS no_relation FROM segmentation.model WHERE id = 'swapped';
SELECT segmentation.refresh('swapped');
CREATE TABLE swap_test.later (id int PRIMARY KEY, v int);
ALTER TABLE later OWNER TO swap_other;
SELECT * FROM pg_temp.say();
SELECT segmentation.refresh('swapped');
ALTER TABLE later OWNER TO swap_owner;
SELECT * FROM pg_temp.say();
SELECT rows_read, vanished FROM segmentation.refresh('swapped');
SELECT segmentation.alter_model('swapped', source => 'swap_test.later');
SELECT source, source::regclass FROM segmentation.model WHERE id = 'swapped';

-- another table in the place of one of the model's own: by a rename, and after a drop
SET client_min_messages = warning;
CREATE TABLE swap_test.put (LIKE swapped_history);
CREATE FUNCTION pg_temp.found() RETURNS TABLE (finding text, sentence text, hint text) LANGUAGE sql AS
    $$ SELECT finding, sentence, hint FROM segmentation.check_restore() WHERE object = 'swapped' $$;
SELECT DISTINCT status FROM pg_temp.say();
\x on
DO $$
DECLARE
    part text;
    found record;
BEGIN
    FOREACH part IN ARRAY '{assignment,history,override}'::text[] LOOP
        EXECUTE format('ALTER TABLE swap_test.swapped_%1$s RENAME TO %1$s_old', part);
        EXECUTE format('ALTER TABLE swap_test.put RENAME TO swapped_%s', part);
        FOR found IN SELECT DISTINCT s.status, s.message FROM pg_temp.say() AS s LOOP
            RAISE WARNING '%: %', found.status, found.message;
        END LOOP;
        PERFORM segmentation.alter_model('swapped');
        FOR found IN SELECT * FROM pg_temp.found() LOOP
            RAISE WARNING '%: %', found.finding, found.sentence;
            EXECUTE split_part(found.hint, ': ', 2);
        END LOOP;
        IF EXISTS (SELECT FROM pg_temp.found()) THEN
            RAISE WARNING 'the hint is not enough';
        END IF;
        EXECUTE format('ALTER TABLE swap_test.swapped_%s_other RENAME TO put', part);
        EXECUTE format('ALTER TABLE swap_test.%1$s_old RENAME TO swapped_%1$s', part);
    END LOOP;
END
$$;
\x off
BEGIN;
DROP TABLE swapped_override;
ALTER TABLE put RENAME TO swapped_override;
SELECT DISTINCT status, message FROM pg_temp.say();
SELECT rows_read FROM segmentation.refresh('swapped');
SELECT finding FROM pg_temp.found();
ALTER TABLE swapped_override RENAME TO put;
SELECT segmentation.alter_model('swapped');
SELECT finding FROM pg_temp.found();
ROLLBACK;
-- a table of overrides that has lost what decides must not count for none
BEGIN;
ALTER TABLE swapped_override DROP COLUMN member CASCADE;
SELECT DISTINCT status, message FROM pg_temp.say();
ROLLBACK;
DROP TABLE put;

-- the model's own tables are gone
DROP TABLE swapped_history CASCADE;
SELECT * FROM pg_temp.say();
SELECT segmentation.drop_model('swapped');
\set VERBOSITY terse
DROP SCHEMA swap_test CASCADE;
DROP OWNED BY swap_owner, swap_other;
DROP ROLE swap_owner, swap_other;
