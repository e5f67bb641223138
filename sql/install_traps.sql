-- names without a schema: nothing of the extension is bound to what others have made of them where it is
-- installed, and none of its bodies looks there when it runs
\set SHOW_CONTEXT never
SET client_min_messages = warning;
DROP DATABASE IF EXISTS regress_traps;
DROP ROLE IF EXISTS regress_trapper;
CREATE ROLE regress_trapper SUPERUSER;
CREATE DATABASE regress_traps TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C';
\c regress_traps
SET client_min_messages = warning;
SET SESSION AUTHORIZATION regress_trapper;

-- better matches than the server's own: of each function that the script names and each operator, for
-- each argument that takes more than one type, or all of them
CREATE SCHEMA workshop;
CREATE TABLE workshop.better (wide regtype, narrow regtype);
INSERT INTO workshop.better SELECT wide::regtype, narrow::regtype FROM (VALUES
    ('text', 'name'), ('text', 'varchar'), ('int8', 'int4'), ('int8', 'int2'), ('int4', 'int2'), ('numeric', 'int4'), ('numeric', 'int8'),
    ('float8', 'numeric'), ('float8', 'int4'), ('oid', 'regclass'), ('oid', 'regproc'), ('oid', 'regtype'), ('oid', 'regnamespace'),
    ('timestamptz', 'date'), ('timestamp', 'date'), ('text[]', 'name[]'), ('text[]', 'varchar[]'), ('oid[]', 'regclass[]'),
    ('anyarray', 'name[]'), ('anyarray', 'text[]'), ('anyarray', 'int2[]'), ('anyarray', 'int4[]'), ('anyarray', 'bool[]'), ('anyarray', 'oid[]'),
    ('anycompatiblearray', 'name[]'), ('anycompatiblearray', 'text[]'), ('anycompatiblearray', 'int4[]'),
    ('anyelement', 'name'), ('anyelement', 'text'), ('anyelement', 'int4'), ('anyelement', 'timestamptz'), ('anynonarray', 'name'),
    ('anycompatible', 'name'), ('anycompatible', 'text'), ('anycompatible', 'int4'), ('anycompatiblenonarray', 'text'),
    ('anyrange', 'daterange'), ('anyrange', 'tstzrange'), ('"any"', 'text'), ('"any"', 'name'), ('"any"', 'int4'), ('"any"', 'int8'),
    ('record', 'int4'), ('name', 'text'), ('anyenum', 'text')) b (wide, narrow);

CREATE FUNCTION workshop.narrower(types oidvector, place int, choice int) RETURNS oid[] LANGUAGE sql STABLE AS $$
    SELECT array_agg(coalesce(CASE WHEN place IS NULL OR place = n THEN (
               SELECT b.narrow::oid FROM workshop.better b WHERE b.wide = t ORDER BY b.narrow::text OFFSET choice LIMIT 1) END, t) ORDER BY n)
      FROM unnest(types::oid[]) WITH ORDINALITY u (t, n)
$$;
CREATE TABLE workshop.script AS SELECT pg_read_file(setting || '/extension/' || f.name) AS text
  FROM pg_config, LATERAL (SELECT 'segmentation--' || default_version || '.sql' AS name FROM pg_available_extensions WHERE name = 'segmentation') f
 WHERE pg_config.name = 'SHAREDIR';
CREATE TABLE workshop.named AS SELECT DISTINCT m[1] AS name FROM workshop.script, regexp_matches(text, '([a-z_0-9]+)\s*\(', 'g') m;
CREATE PROCEDURE workshop.lay_traps() LANGUAGE plpgsql AS $$
DECLARE
    trap record;
    made int := 0;
BEGIN
    FOR trap IN
        SELECT DISTINCT proname AS name, (SELECT string_agg(format_type(t, NULL), ', ' ORDER BY n) FROM unnest(types) WITH ORDINALITY u (t, n)) AS arguments,
               CASE WHEN prorettype::regtype::text ~ '^any|^record$|^internal$' THEN 'text' ELSE prorettype::regtype::text END AS result, 'function' AS kind
          FROM pg_proc CROSS JOIN generate_series(0, 5) choice CROSS JOIN LATERAL generate_series(0, pronargs) place
               CROSS JOIN LATERAL workshop.narrower(proargtypes, nullif(place, 0), choice) types
         WHERE pronamespace = 'pg_catalog'::regnamespace AND proname IN (SELECT name FROM workshop.named) AND pronargs > 0
           AND types <> proargtypes::oid[]
        UNION
        SELECT oprname, (SELECT string_agg(format_type(t, NULL), ', ' ORDER BY n) FROM unnest(types) WITH ORDINALITY u (t, n)),
               CASE WHEN oprresult::regtype::text ~ '^any|^record$|^internal$' THEN 'text' ELSE oprresult::regtype::text END, 'operator'
          FROM pg_operator CROSS JOIN generate_series(0, 5) choice CROSS JOIN generate_series(0, 2) place
               CROSS JOIN LATERAL workshop.narrower(format('%s %s', oprleft, oprright)::oidvector, nullif(place, 0), choice) types
         WHERE oprnamespace = 'pg_catalog'::regnamespace AND oprkind = 'b' AND types <> ARRAY[oprleft, oprright]
    LOOP
        BEGIN
            IF trap.kind = 'function' THEN
                EXECUTE format('CREATE FUNCTION public.%I(%s) RETURNS %s IMMUTABLE LANGUAGE plpgsql AS %L', trap.name, trap.arguments, trap.result,
                               format('BEGIN RAISE ''trap %s(%s)''; END', trap.name, trap.arguments));
            ELSE
                EXECUTE format('CREATE FUNCTION workshop.trap_%s(%s) RETURNS %s IMMUTABLE LANGUAGE plpgsql AS %L', made, trap.arguments, trap.result,
                               format('BEGIN RAISE ''trap %s(%s)''; END', trap.name, trap.arguments));
                EXECUTE format('CREATE OPERATOR public.%s (FUNCTION = workshop.trap_%s, LEFTARG = %s, RIGHTARG = %s)', trap.name, made,
                               split_part(trap.arguments, ', ', 1), split_part(trap.arguments, ', ', 2));
            END IF;
            made := made + 1;
        EXCEPTION WHEN OTHERS THEN      -- of types that no such function takes
            NULL;
        END;
    END LOOP;
END
$$;
CALL workshop.lay_traps();
-- the very ones of an attack that worked
CREATE FUNCTION workshop.works() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM public.cardinality('{a}'::name[]);
    RETURN 'no trap';
EXCEPTION WHEN raise_exception THEN
    RETURN SQLERRM;
END
$$;
SELECT workshop.works();
SELECT count(*) > 500 AS many FROM pg_proc WHERE pronamespace IN ('public'::regnamespace, 'workshop'::regnamespace);

CREATE EXTENSION segmentation SCHEMA public;
SHOW search_path;
SET search_path = pg_catalog;
-- nothing is bound to a trap
SELECT pg_describe_object(d.classid, d.objid, d.objsubid) AS object, pg_describe_object(d.refclassid, d.refobjid, 0) AS bound_to
  FROM pg_depend d
 WHERE (d.refclassid = 'pg_proc'::regclass AND d.refobjid IN (SELECT oid FROM pg_proc WHERE proowner = 'regress_trapper'::regrole AND prosrc LIKE 'BEGIN RAISE ''trap%')
        AND d.classid <> 'pg_operator'::regclass)
    OR (d.refclassid = 'pg_operator'::regclass AND d.refobjid IN (SELECT o.oid FROM pg_operator o JOIN pg_proc p ON p.oid = o.oprcode WHERE p.prosrc LIKE 'BEGIN RAISE ''trap%'))
 ORDER BY 1, 2;
-- bodies that are read when they run either set the path, or are these, which name every schema
SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
  JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
 WHERE l.lanname NOT IN ('c', 'internal') AND p.prosqlbody IS NULL
   AND NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (p.proconfig), false)
 ORDER BY p.oid::regprocedure::text COLLATE "C";

-- all rooms at work, with the traps in the path
CREATE FUNCTION workshop.run(statement text) RETURNS text LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
    EXECUTE statement;
    RETURN 'ran';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;
CREATE TABLE workshop.result AS SELECT n, statement, workshop.run(statement) AS result FROM (VALUES
    (1, $$ CREATE TABLE public.tt (id int PRIMARY KEY, email text, size int, price currency_price, score int, first date, last date, segment segment_id, days int, worth numeric) $$),
    (2, $$ INSERT INTO public.tt SELECT i, pg_catalog.format('c%s', i), i, pg_catalog.format('%s EUR', i)::currency_price, i % 11, date '2025-01-01' + i, date '2026-01-01' + i, NULL, i, i FROM pg_catalog.generate_series(1, 50) i $$),
    (3, $$ SELECT segmentation.create_model('m', 'public.tt', '{id}') $$),
    (4, $$ SELECT segmentation.define_segment('m', 'big', 'size > 20', 'Big') $$),
    (5, $$ SELECT segmentation.define_segment('m', 'dear', 'price > ''30 EUR'' AND in_segment(''big'')') $$),
    (6, $$ INSERT INTO public.m_override (id, segment, member, reason) VALUES (1, 'big', true, 'asked') $$),
    (7, $$ SELECT segmentation.refresh('m') $$),
    (8, $$ SELECT * FROM segmentation.verify('m') $$),
    (9, $$ SELECT segmentation.classify('m', '33'), segmentation.classify_row('m', '{"size": 3}') $$),
    (10, $$ SELECT * FROM segmentation.explain_customer('m', '33'), segmentation.explain_customer_json('m', '33') $$),
    (11, $$ SELECT * FROM segmentation.preview('m', 'size > 3', 'big'), segmentation.preview_changes('m', 'size > 3', 'big') $$),
    (12, $$ SELECT * FROM segmentation.impact('m', 'big', 'size > 3') $$),
    (13, $$ SELECT * FROM segmentation.model_status('m'), segmentation.model_overrides('m') $$),
    (14, $$ SELECT segmentation.check_rule('public.tt', 'size > 3'), segmentation.model_sql('m') $$),
    (15, $$ SELECT * FROM public.m_member, public.m_stay, public.m_at(now()) $$),
    (16, $$ SELECT segmentation.alter_model('m', rename => 'n'), segmentation.alter_model('n', kind => 'overlapping', time_zone => 'UTC') $$),
    (17, $$ SELECT segmentation.forget_customer('n', '1'), segmentation.prune_history('n', now()) $$),
    (18, $$ SELECT segmentation.create_model_from('nps', 'public.tt', 'score', 'last') $$),
    (19, $$ SELECT segmentation.create_model_from('lifecycle', 'public.tt', 'first', 'last') $$),
    (20, $$ SELECT segmentation.create_model_from('revenue', 'public.tt', 'price') $$),
    (21, $$ SELECT segmentation.create_model_from('revenue', 'public.tt', 'price', name => 'scaled', tiers => 'smb 0, mid 10 EUR') $$),
    (21, $$ SELECT segmentation.create_model_from('revenue', 'public.tt', 'worth', name => 'worth') $$),
    (22, $$ SELECT segmentation.create_model_from('rfm', 'public.tt', 'last', 'size', 'price') $$),
    (23, $$ SELECT segmentation.create_market('eu', 'EUR', '{DE,FR}', default_language => 'de') $$),
    (24, $$ INSERT INTO segmentation.offer (market, code, price, billing_period, available, customer) VALUES ('eu', 'basic', '9.90 EUR', '1 month', '[2025-01-01,)', NULL), ('eu', 'own', '8 EUR', '1 month', '[2025-01-01,)', '{1}') $$),
    (25, $$ INSERT INTO segmentation.offer_text VALUES ('eu', 'basic', 'de', 'Basis', NULL), ('eu', 'own', 'de', 'Eigenes', NULL) $$),
    (26, $$ SELECT * FROM segmentation.check_market('eu'), segmentation.price_list('eu', 'fr-CH') $$),
    (27, $$ SELECT segmentation.activate_market('eu'), segmentation.clone_market('eu', 'at', 'EUR', 1) $$),
    (28, $$ UPDATE segmentation.market SET countries = '{AT}' WHERE id = 'at' $$),
    (28, $$ SELECT segmentation.suspend_market('eu'), segmentation.activate_market('eu'), segmentation.activate_market('at') $$),
    (29, $$ INSERT INTO segmentation.exchange_rate VALUES ('EUR', 'USD', '2025-01-01', 1.1) $$),
    (30, $$ SELECT convert_currency('3 EUR', 'USD'), monthly('3 EUR', interval '1 year') $$),
    (31, $$ CREATE TABLE public.sub (id int PRIMARY KEY, customer_id int REFERENCES public.tt, segment segment_id, price currency_price, status text DEFAULT 'active') $$),
    (32, $$ SELECT segmentation.install_lock('public.tt', 'public.sub', markets => true, subscription_price => 'price', running_when => 'status = ''active''') $$),
    (33, $$ INSERT INTO public.sub VALUES (1, 1, 'eu', '3 EUR'), (2, 2, 'eu', '4 EUR') $$),
    (34, $$ UPDATE public.sub SET status = 'ended' $$),
    (35, $$ SELECT * FROM segmentation.lock, segmentation.lock_violations('public.tt'), segmentation.move_blockers('public.tt', '{1}', 'at') $$),
    (36, $$ SELECT segmentation.move_customer('public.tt', '{1}', 'at', 'asked') $$),
    (37, $$ SELECT segmentation.remove_lock('public.tt') $$),
    (38, $$ SELECT segmentation.drop_model('n') $$)) s (n, statement);
SELECT statement, result FROM workshop.result WHERE result <> 'ran' ORDER BY n;
RESET SESSION AUTHORIZATION;
\c contrib_regression
DROP DATABASE regress_traps;
DROP ROLE regress_trapper;
