-- What a condition of the lock names gets another name, or means something else:
-- the session that has the lock loaded finds it out like one that begins, and both
-- say how to repair it.
SET client_min_messages = warning;
CREATE SCHEMA renames;
CREATE TABLE renames.objects (n int, definition text);
INSERT INTO renames.objects VALUES
    (1, $$ CREATE SCHEMA own $$),
    (2, $$ CREATE TYPE own.state AS ENUM ('active', 'off') $$),
    (3, $$ CREATE DOMAIN own.level AS int $$),
    (4, $$ CREATE DOMAIN own.deep AS own.level $$),
    (5, $$ CREATE TYPE own.pair AS (a int, b int) $$),
    (6, $$ CREATE FUNCTION own.counts(text) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT $1 OPERATOR(pg_catalog.=) ''active'' ' $$),
    (7, $$ CREATE FUNCTION own.is_active(text) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT $1::own.state OPERATOR(pg_catalog.=) ''active'' ' $$),
    (8, $$ CREATE FUNCTION own.same(text, text) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT pg_catalog.lower($1) OPERATOR(pg_catalog.=) pg_catalog.lower($2)' $$),
    (9, $$ CREATE OPERATOR own.=== (LEFTARG = text, RIGHTARG = text, FUNCTION = own.same) $$),
    (10, $$ CREATE FUNCTION own.as_text(own.pair) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT ''active'' ' $$),
    (11, $$ CREATE CAST (own.pair AS text) WITH FUNCTION own.as_text(own.pair) $$),
    (12, $$ CREATE COLLATION own.sorted (provider = libc, locale = 'C') $$),
    (13, $$ CREATE TABLE own.things (id int) $$),
    (14, $$ CREATE TABLE own.customers (id int PRIMARY KEY, segment segment_id) $$),
    (15, $$ INSERT INTO own.customers VALUES (1, 'eu') $$),
    (16, $$ CREATE TABLE own.subscriptions (id serial PRIMARY KEY, customer int DEFAULT 1 REFERENCES own.customers, segment segment_id DEFAULT 'us',
                state own.state DEFAULT 'active', status text DEFAULT 'active', pair own.pair DEFAULT (1, 1), thing regclass DEFAULT 'pg_class') $$);
CREATE TABLE renames.cases (n int, condition text, change text, back text);
INSERT INTO renames.cases VALUES
    (1, 'state = ''active''', 'ALTER TYPE own.state RENAME VALUE ''active'' TO ''live''', 'ALTER TYPE own.state RENAME VALUE ''live'' TO ''active'''),
    (2, 'state = ANY (''{active,off}'')', 'ALTER TYPE own.state RENAME VALUE ''off'' TO ''ended''', 'ALTER TYPE own.state RENAME VALUE ''ended'' TO ''off'''),
    (3, 'status::own.state = ''active''', 'ALTER TYPE own.state RENAME TO status', 'ALTER TYPE own.status RENAME TO state'),
    (4, 'state = ''active''', 'ALTER TYPE own.state SET SCHEMA public', 'ALTER TYPE public.state SET SCHEMA own'),
    (5, 'own.counts(status)', 'ALTER FUNCTION own.counts(text) RENAME TO counted', 'ALTER FUNCTION own.counted(text) RENAME TO counts'),
    (6, 'own.counts(status)', 'ALTER FUNCTION own.counts(text) SET SCHEMA public', 'ALTER FUNCTION public.counts(text) SET SCHEMA own'),
    (7, 'own.is_active(status)', 'ALTER TYPE own.state RENAME VALUE ''active'' TO ''live''', 'ALTER TYPE own.state RENAME VALUE ''live'' TO ''active'''),
    (8, 'status OPERATOR(own.===) ''ACTIVE''', 'ALTER OPERATOR own.=== (text, text) SET SCHEMA renames', 'ALTER OPERATOR renames.=== (text, text) SET SCHEMA own'),
    (9, 'status OPERATOR(own.===) ''ACTIVE''', 'ALTER SCHEMA own RENAME TO his', 'ALTER SCHEMA his RENAME TO own'),
    (10, '1::own.level > 0', 'ALTER DOMAIN own.level RENAME TO grade', 'ALTER DOMAIN own.grade RENAME TO level'),
    (11, 'id::own.level > 0', 'ALTER DOMAIN own.level ADD CONSTRAINT small CHECK (VALUE < 0) NOT VALID', 'ALTER DOMAIN own.level DROP CONSTRAINT small'),
    (12, 'id::own.deep > 0', 'ALTER DOMAIN own.level ADD CONSTRAINT small CHECK (VALUE < 0) NOT VALID', 'ALTER DOMAIN own.level DROP CONSTRAINT small'),
    (13, '(pair).a > 0', 'ALTER TYPE own.pair RENAME ATTRIBUTE a TO c', 'ALTER TYPE own.pair RENAME ATTRIBUTE c TO a'),
    (14, 'pair::text = ''active''', 'DROP CAST (own.pair AS text)', 'CREATE CAST (own.pair AS text) WITH FUNCTION own.as_text(own.pair)'),
    (15, 'status < ''b'' COLLATE own.sorted', 'ALTER COLLATION own.sorted RENAME TO s', 'ALTER COLLATION own.s RENAME TO sorted'),
    (16, 'thing <> ''own.things''::regclass', 'ALTER TABLE own.things RENAME TO stuff', 'ALTER TABLE own.stuff RENAME TO things'),
    (17, 'pg_typeof(state) = ''own.state''::regtype', 'ALTER TYPE own.state RENAME TO status', 'ALTER TYPE own.status RENAME TO state'),
    (18, 'status = ''active''', 'ALTER TABLE own.subscriptions RENAME status TO former', 'ALTER TABLE own.subscriptions RENAME former TO status'),
    (19, 'status = ''active''', 'ALTER TABLE own.subscriptions RENAME TO former', 'ALTER TABLE own.former RENAME TO subscriptions'),
    (20, 'own.counts(status)', 'CREATE TEMPORARY TABLE passing (id int)', 'DROP TABLE IF EXISTS passing');
CREATE TABLE renames.tables (n int, subscriptions oid);

-- each has a schema of its own in place of "own"
CREATE FUNCTION renames.of(text, n int) RETURNS text LANGUAGE sql AS $$ SELECT regexp_replace($1, '\mown\M', 'own' || n, 'g') $$;
CREATE PROCEDURE renames.install(n int, condition text) LANGUAGE plpgsql AS $$
DECLARE
    definition text;
BEGIN
    FOR definition IN SELECT o.definition FROM renames.objects o ORDER BY o.n LOOP
        EXECUTE renames.of(definition, n);
    END LOOP;
    PERFORM segmentation.install_lock(renames.of('own.customers', n)::regclass, renames.of('own.subscriptions', n)::regclass,
                                      running_when => renames.of(condition, n));
    INSERT INTO renames.tables VALUES (n, renames.of('own.subscriptions', n)::regclass);
END $$;

-- a subscription in the wrong segment, for which each condition holds
CREATE FUNCTION renames.outcome(subscriptions regclass) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    hint text;
BEGIN
    EXECUTE format('INSERT INTO %s DEFAULT VALUES', subscriptions);
    RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
    IF SQLERRM LIKE 'customer % segment "eu" %' THEN
        RETURN 'refused';
    END IF;
    RETURN format('%s %s%s', SQLSTATE, SQLERRM, CASE WHEN hint LIKE 'Give it back its name%' THEN ' (how to repair it)' END);
END $$;
CREATE TABLE renames.outcomes (n int, session text, outcome text);
CREATE FUNCTION renames.try(session text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO renames.outcomes SELECT n, session, renames.outcome(subscriptions) FROM renames.tables
$$;
CREATE VIEW renames.results AS
    SELECT n, outcome, string_agg(DISTINCT session, ', ' ORDER BY session) AS sessions FROM renames.outcomes GROUP BY n, outcome ORDER BY n, outcome;

DO $$
DECLARE
    one renames.cases;
BEGIN
    FOR one IN SELECT * FROM renames.cases ORDER BY n LOOP
        CALL renames.install(one.n, one.condition);
    END LOOP;
END $$;
SELECT renames.try('1');
SELECT outcome, count(*) FROM renames.outcomes GROUP BY outcome;

-- each is loaded anew before its change, since other changes make it forgotten
CREATE PROCEDURE renames.try(number int, session text) LANGUAGE sql AS $$
    INSERT INTO renames.outcomes SELECT n, session, renames.outcome(subscriptions) FROM renames.tables WHERE n = number
$$;
\set ECHO none
SELECT unnest(ARRAY[format('CALL renames.try(%s, %L)', n, '1'), renames.of(change, n), format('CALL renames.try(%s, %L)', n, '2 has changed it')])
  FROM renames.cases ORDER BY n \gexec
\set ECHO all
\c -
SET client_min_messages = warning;
SELECT renames.try('3 is new');
SELECT * FROM renames.results WHERE sessions <> '1';

-- and back
TRUNCATE renames.outcomes;
\set ECHO none
SELECT unnest(ARRAY[format('CALL renames.try(%s, %L)', n, 'loaded'), renames.of(back, n), format('CALL renames.try(%s, %L)', n, '1')])
  FROM renames.cases ORDER BY n \gexec
\set ECHO all
\c -
SET client_min_messages = warning;
SELECT renames.try('2');
SELECT outcome, sessions, count(*) FROM renames.results WHERE sessions <> 'loaded' GROUP BY outcome, sessions;

SELECT renames.of('DROP SCHEMA own CASCADE', n) FROM renames.cases ORDER BY n \gexec
DROP SCHEMA renames CASCADE;
