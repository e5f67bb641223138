-- statements on the catalogue are planned once in a session, whatever becomes of the catalogue meanwhile
SET client_min_messages = warning;
SET TimeZone = 'UTC';
CREATE SCHEMA kept_plans;
SET search_path = kept_plans;
CREATE TABLE customer (id int PRIMARY KEY, size int);
INSERT INTO customer SELECT i, i * 10 FROM generate_series(1, 10) AS i;

-- what definitions, refreshes, readers, decisions, markets and rates do with it
CREATE FUNCTION used(sells boolean DEFAULT true, OUT classified text, OUT decided bigint, OUT refused text, OUT reached text, OUT converted text) LANGUAGE plpgsql AS $$
DECLARE
    types text := (SELECT quote_ident(nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = extnamespace WHERE extname = 'segmentation');
BEGIN
    PERFORM segmentation.create_model('m', 'kept_plans.customer', '{id}', kind => 'exclusive', schema => 'kept_plans');
    PERFORM segmentation.define_segment('m', 'big', 'size > 50', rank => 1);
    PERFORM segmentation.define_segment('m', 'big', 'size > 60');
    PERFORM segmentation.define_segment('m', 'other', 'NOT in_segment(''big'')', rank => 2);
    EXECUTE 'INSERT INTO kept_plans.m_override (id, segment, member, reason) VALUES (1, ''big'', true, ''said so''), (2, ''big'', true, ''said so'')';
    decided := (SELECT entered FROM segmentation.refresh('m'));
    classified := (SELECT array_agg(segmentation.classify('m', id::text)::text ORDER BY id) FROM unnest('{1,3,9}'::int[]) AS id);
    BEGIN
        PERFORM segmentation.drop_segment('m', 'big');
    EXCEPTION WHEN dependent_objects_still_exist THEN
        refused := sqlerrm;
    END;
    reached := (SELECT string_agg(i::text, ' ') FROM segmentation.impact('m', 'big', 'size > 90') AS i);
    PERFORM segmentation.alter_model('m', rename => 'n');
    PERFORM segmentation.drop_model('n');
    IF NOT sells THEN
        RETURN;
    END IF;
    PERFORM segmentation.create_market('fr', 'EUR', '{FR}');
    DELETE FROM segmentation.market;
    PERFORM segmentation.drop_model('market');
    INSERT INTO segmentation.exchange_rate VALUES ('EUR', 'USD', '2026-01-01', 1.25), ('EUR', 'GBP', '2026-01-01', 0.80);
    EXECUTE format('SELECT %1$s.convert_currency(''8 USD'', ''GBP'', ''2026-02-01'')', types) INTO converted;
    DELETE FROM segmentation.exchange_rate;
END
$$;
-- what is kept twice, and how much there is
CREATE FUNCTION kept(OUT twice bigint, OUT number bigint) LANGUAGE sql AS $$
    SELECT count(*) - count(DISTINCT ident), count(*) FROM pg_backend_memory_contexts
     WHERE name = 'CachedPlanSource' AND ident ~ '(FROM|INTO|UPDATE) segmentation\.' AND ident ~ '\$1'
$$;

SELECT * FROM used();
SELECT twice, number > 30 AS many, number AS before FROM kept() \gset
\echo :twice :many
SELECT * FROM used();
SELECT twice, number - :before AS more FROM kept();

-- tables that were small when a statement was planned, and have grown since
SELECT segmentation.create_model('m', 'customer', '{id}');
VACUUM ANALYZE segmentation.segment, segmentation.definition;
BEGIN;
SELECT count(segmentation.define_segment('m', 's' || i, 'size > ' || i, "count" => false)) FROM generate_series(1, 800) AS i;
SELECT relname, idx_scan > 200 AS by_index FROM pg_stat_xact_user_tables
 WHERE schemaname = 'segmentation' AND relname IN ('segment', 'definition') ORDER BY relname;
ROLLBACK;
SELECT segmentation.drop_model('m');

-- an error within a statement says whose it is, not which statement, and leaves the plan as it was
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF new.segment::text = 'refused' THEN
        RAISE EXCEPTION 'refused';
    END IF;
    RAISE WARNING '% by %', new.change, CURRENT_USER;
    RETURN new;
END
$$;
CREATE TRIGGER refuse BEFORE INSERT ON segmentation.definition FOR EACH ROW EXECUTE FUNCTION refuse();
SELECT segmentation.create_model('m', 'customer', '{id}');
\set SHOW_CONTEXT always
SELECT segmentation.define_segment('m', 'refused', 'size > 1', "count" => false);
\set SHOW_CONTEXT errors
SELECT segmentation.define_segment('m', 'allowed', 'size > 1', "count" => false);
BEGIN;
SAVEPOINT a;
SELECT segmentation.define_segment('m', 'refused', 'size > 1', "count" => false);
ROLLBACK TO a;
SELECT segmentation.define_segment('m', 'allowed', 'size > 2', "count" => false);
COMMIT;

-- another owner of the catalogue
CREATE ROLE regress_kept_plans;
DO $$ BEGIN
    EXECUTE (SELECT string_agg(format('ALTER TABLE %s OWNER TO regress_kept_plans;', oid::regclass), '')
               FROM pg_class WHERE relnamespace = 'segmentation'::regnamespace AND relkind IN ('r', 'v'));
END $$;
SELECT segmentation.define_segment('m', 'allowed', 'size > 3', "count" => false);
-- who lacks rights then
ALTER TABLE segmentation.segment OWNER TO CURRENT_USER;
SELECT segmentation.define_segment('m', 'allowed', 'size > 4', "count" => false);
GRANT ALL ON segmentation.segment TO regress_kept_plans;
SELECT segmentation.define_segment('m', 'allowed', 'size > 5', "count" => false);
DROP TRIGGER refuse ON segmentation.definition;
SELECT segmentation.drop_model('m');

-- the extension made anew, its types elsewhere, and that schema named anew, which functions in PL do not follow
DROP EXTENSION segmentation;
DROP ROLE regress_kept_plans;
CREATE SCHEMA types;
CREATE EXTENSION segmentation SCHEMA types;
SELECT * FROM used();
ALTER SCHEMA types RENAME TO "Our Types";
SELECT * FROM used(sells => false);
DROP EXTENSION segmentation;
CREATE EXTENSION segmentation SCHEMA "Our Types";
SELECT * FROM used();
DROP EXTENSION segmentation;
CREATE EXTENSION segmentation SCHEMA public;
CREATE TEMPORARY TABLE model (id int);
SELECT * FROM used();
-- three schemas of types, three plans at most
SELECT twice, number <= 3 * :before AS at_most FROM kept();
DISCARD ALL;
SELECT * FROM kept_plans.used();
SET client_min_messages = warning;
DROP SCHEMA kept_plans, "Our Types" CASCADE;
