-- No function of the extension ends its session, goes on for ever or fails as only faults
-- of the server do, whatever it is given: each one that the catalog has, with oids that
-- name nothing or something else, with NULLs, nothing at all and far too much, as a
-- superuser and as a role without rights.  What it shows is what was found: nothing.
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/calls.sql'
\set ECHO none
\o /dev/null
\i :include
\o
\set ECHO all

-- types of arguments that nothing is given for: those that SQL cannot name
SELECT DISTINCT wanted.type FROM member, unnest(types) AS wanted (type) WHERE NOT EXISTS (SELECT FROM given WHERE given.type = wanted.type) ORDER BY 1;

SET statement_timeout = '600s';
\set ECHO none
SELECT format('CALL hostile.try_all(%s)', oid) FROM member WHERE NOT 'internal'::regtype = ANY (types) AND result <> 'internal'::regtype ORDER BY name, oid \gexec
SET ROLE regress_hostile;
SELECT format('CALL hostile.try_all(%s)', oid) FROM member WHERE NOT 'internal'::regtype = ANY (types) AND result <> 'internal'::regtype ORDER BY name, oid \gexec
RESET ROLE;

-- a catalogue that a dump or a superuser's hand has filled: relations of a model that are none of its
SELECT format('CALL hostile.try_forged(%L, %s)', "column", oid) FROM unnest('{source,assignment,history,member,override}'::text[]) AS "column", relation
    WHERE name IN ('customer', 'bare', 'counter', 'index', 'composite', 'view', 'elsewhere', 'toast table', 'temporary_of_another', 'dropped') ORDER BY 1 \gexec

-- triggers of locks that were made by hand, and functions of triggers on what is none of theirs
SELECT format('CALL hostile.try_trigger(%s)', oid) FROM member WHERE result = 'trigger'::regtype ORDER BY name \gexec
\set ECHO all
RESET statement_timeout;
SELECT * FROM finding ORDER BY role, call;

-- how it is told
SELECT call, state, regexp_replace(message, '\d{4,}', 'N') AS message
FROM unnest(ARRAY[
    'SELECT * FROM segmentation.lock_violations(0)',
    'SELECT * FROM segmentation.lock_violations(''999999'')',
    'SELECT v.* FROM hostile.dropped_meanwhile, segmentation.lock_violations(relation) AS v',
    'SELECT * FROM segmentation.move_blockers(0, ''{1}'', ''b'')',
    'SELECT segmentation.move_customer(0, ''{1}'', ''b'', ''why'')',
    'SELECT segmentation.install_lock(0, ''hostile.purchase'')',
    'SELECT segmentation.install_lock(''hostile.buyer'', ''999999'')',
    'SELECT segmentation.create_model(''another'', 0, ''{id}'')',
    'SELECT segmentation.create_model(''another'', ''hostile.customer_pkey'', ''{id}'')',
    'SELECT segmentation.create_model(''another'', ''hostile.counter'', ''{id}'')',
    'SELECT segmentation.alter_model(''service'', source => ''999999'')',
    'SELECT segmentation.alter_model(''none'', rename => ''other'')',
    'SELECT * FROM segmentation.check_rule(0, ''true'')']) WITH ORDINALITY AS u (call, n), LATERAL refused(call)
ORDER BY n;

-- what takes an argument that SQL cannot name is out of its reach
SELECT m.name, refusal.*
FROM member m,
    LATERAL hostile.refused(format('SELECT %s(%s)', m.name, (SELECT string_agg(CASE type WHEN 'internal'::regtype THEN 'NULL' ELSE 'NULL::' || type END, ', ') FROM unnest(types) AS type))) AS refusal
WHERE 'internal'::regtype = ANY (types) AND refusal.state NOT IN ('0A000', '42883');

-- most functions have been reached, for some call of nine of ten has succeeded
SELECT count(*) > 200 AND count(s.oid) > 0.9 * count(*) AS reached
FROM member m LEFT JOIN success s USING (oid)
WHERE NOT 'internal'::regtype = ANY (types) AND result <> 'trigger'::regtype;

DO $$ BEGIN PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'hostile' AND datname = current_database(); END $$;
DROP SCHEMA hostile CASCADE;
DROP FOREIGN DATA WRAPPER hostile_wrapper CASCADE;
DELETE FROM segmentation.offer;
DELETE FROM segmentation.market;
DELETE FROM segmentation.segment_reference;
DELETE FROM segmentation.model WHERE id <> 'market';
DROP ROLE regress_hostile;
