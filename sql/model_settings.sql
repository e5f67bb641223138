-- The settings of the session that defines, refreshes or verifies change no answer.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA regress_settings;
SET search_path = regress_settings, public;

-- customers at the edges of days in Paris and elsewhere, and values that look different by setting
CREATE TABLE customer (
    id int PRIMARY KEY, seen timestamptz, day date, span interval, ratio float8, bytes bytea, words text[], n int, name text, body xml, fee money);
SET TimeZone = 'UTC';
INSERT INTO customer VALUES
    (1, '2025-02-28 22:59', '2025-02-01', '1 day 2 hours', 0.1, '\x00ff', '{a}', 1, 'Ana', 'x', '1.50'),
    (2, '2025-02-28 23:00', '2025-01-02', '-1 mons', 1.0 / 3, '\xdead', '{NULL}', 2, 'ana', '<x/>', '-1.50'),
    (3, '2025-03-30 00:59:59.999', '2025-12-11', '36:00', 1e15, '', '{"NULL"}', NULL, 'a\b', 'y', '0'),
    (4, '2025-03-30 22:00', '2024-02-29', '1 year', 'NaN', NULL, '{}', NULL, 'running', '<y>1</y>', NULL),
    (5, '2025-10-26 01:30', '2025-11-10', '0', -0.0, '\x5c', NULL, 5, '', NULL, '1234567.89'),
    (6, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

-- rules that ask what a setting says
CREATE TABLE rule (segment segment_id PRIMARY KEY, rule text);
INSERT INTO rule VALUES
    ('local-day', 'seen::date = ''2025-03-01'''),
    ('local-hour', 'extract(hour FROM seen) = 0'),
    ('local-midnight', 'seen >= date ''2025-03-31'''),
    ('today', 'seen::date <= current_date AND current_date = ''2025-10-27'''),
    ('tomorrow', 'day < now()::date + 1'),
    ('wall-clock', 'localtimestamp::time < ''00:30'''),
    ('zoneless', 'seen > ''2025-03-30 02:30'''),
    ('moment-literal', 'seen = ''2025-03-01 00:00'''),
    ('span-literal', 'span = ''-1 mon'''),
    ('ratio-literal', 'ratio = ''0.3333333333333333'''),
    ('bytes-literal', 'bytes = decode(''5c'', ''hex'')'),
    ('day-range', 'day <@ ''[2025-02-01,2025-03-01)''::daterange'),
    ('words-literal', '''a"b'' <> ALL (words)'),
    ('day-text', 'day::text = ''2025-02-01'''),
    ('moment-text', 'seen::text LIKE ''2025-03-30 01:59:59.999+01'''),
    ('day-literal', 'day = ''01/02/2025'''),
    ('span-text', 'span::text = ''1 day 02:00:00'''),
    ('ratio-text', 'ratio::text = ''0.3333333333333333'''),
    ('ratio-pretty', 'length(ratio::text) > 10'),
    ('bytes-text', 'bytes::text = ''\xdead'''),
    ('words-null', 'words = ''{NULL}'''),
    ('words-or', 'coalesce(words, ''{NULL}'') = ''{NULL}'''),
    ('equals-null', 'n = NULL'),
    ('backslash', 'name = ''a\b'''),
    ('search', 'to_tsvector(coalesce(name, '''')) @@ ''run''::tsquery'),
    ('fee', 'fee > ''1.00'''),
    ('month-name', 'to_char(day, ''TMMonth'') = ''February'''),
    ('zone-name', 'to_char(seen, ''TZ'') = ''CEST'''),
    ('upper-name', 'lower(name) = ''ana''');

-- settings, each other than usual
CREATE TABLE setting (name text, value text, PRIMARY KEY (name, value));
INSERT INTO setting VALUES
    ('TimeZone', 'Asia/Kolkata'), ('TimeZone', 'America/Anchorage'), ('TimeZone', 'Pacific/Kiritimati'),
    ('DateStyle', 'SQL, DMY'), ('DateStyle', 'German'), ('DateStyle', 'Postgres, YMD'),
    ('IntervalStyle', 'iso_8601'), ('IntervalStyle', 'sql_standard'),
    ('extra_float_digits', '-10'), ('extra_float_digits', '0'), ('bytea_output', 'escape'),
    ('array_nulls', 'off'), ('transform_null_equals', 'on'),
    ('standard_conforming_strings', 'off'), ('backslash_quote', 'on'), ('quote_all_identifiers', 'on'),
    ('search_path', 'regress_evil, pg_catalog'), ('search_path', '""'),
    ('default_text_search_config', 'english'), ('xmloption', 'document'), ('xmlbinary', 'hex'),
    ('row_security', 'off'), ('enable_seqscan', 'off'), ('jit', 'off'), ('plan_cache_mode', 'force_generic_plan'),
    ('max_parallel_workers_per_gather', '4'), ('work_mem', '64kB'), ('check_function_bodies', 'off'),
    ('timezone_abbreviations', 'India'), ('client_min_messages', 'error'), ('default_transaction_isolation', 'repeatable read'),
    ('statement_timeout', '100000'), ('lc_messages', 'C'), ('force_parallel_mode', 'on'), ('escape_string_warning', 'off');
DELETE FROM setting WHERE current_setting(name, true) IS NULL;
INSERT INTO setting
    SELECT DISTINCT name, collcollate FROM pg_collation, unnest('{lc_time,lc_numeric,lc_monetary}'::text[]) AS name
    WHERE collprovider = 'c' AND collcollate ~ '^(de|fr)_';

-- what shadows the server's own, for whom the search_path leads there first
CREATE SCHEMA regress_evil;
CREATE FUNCTION regress_evil.lower(text) RETURNS text IMMUTABLE RETURN 'evil';
CREATE FUNCTION regress_evil.always(date, date) RETURNS boolean IMMUTABLE RETURN true;
CREATE FUNCTION regress_evil.always(text, text) RETURNS boolean IMMUTABLE RETURN true;
CREATE OPERATOR regress_evil.= (FUNCTION = regress_evil.always, LEFTARG = date, RIGHTARG = date);
CREATE OPERATOR regress_evil.= (FUNCTION = regress_evil.always, LEFTARG = text, RIGHTARG = text);
CREATE OPERATOR regress_evil.< (FUNCTION = regress_evil.always, LEFTARG = date, RIGHTARG = date);
CREATE DOMAIN regress_evil.date AS text;
CREATE TABLE regress_evil.customer (id int);

-- the answer under settings as they are
SELECT count(*) FROM segmentation.create_model('usual', 'customer', '{id}', time_zone => 'Europe/Paris');
SELECT count(d.members) AS defined FROM rule, segmentation.define_segment('usual', segment::text, rule) AS d;
SELECT rows_read FROM segmentation.refresh('usual', '2025-10-27 00:15 Europe/Paris');
CREATE VIEW answer AS
    SELECT segment, array_agg(id ORDER BY id) FILTER (WHERE id IS NOT NULL) AS customers
    FROM rule LEFT JOIN usual_member USING (segment) GROUP BY segment;
SELECT * FROM answer ORDER BY segment;

-- a refresh and verify under other settings find nothing else; neither does a first refresh
CREATE TABLE result (name text, value text, finding text);
CREATE FUNCTION refresh_under(name text, value text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    l record;
    v record;
BEGIN
    PERFORM pg_catalog.set_config(name, value, true);
    SELECT appeared, changed, vanished, entered, exited INTO l FROM segmentation.refresh('usual', '2025-10-27 00:15 Europe/Paris');
    IF l::pg_catalog.text OPERATOR(pg_catalog.<>) '(0,0,0,0,0)' THEN
        RETURN NEXT pg_catalog.format('refresh: %s', l);
    END IF;
    FOR v IN SELECT * FROM segmentation.verify('usual') LOOP
        RETURN NEXT pg_catalog.format('verify: %s', v);
    END LOOP;
    DELETE FROM regress_settings.usual_assignment;
    PERFORM segmentation.refresh('usual', '2025-10-27 00:15 Europe/Paris');
END
$$;
DO $$
DECLARE
    s setting;
    was text;
BEGIN
    FOR s IN SELECT * FROM setting ORDER BY 1, 2 LOOP
        was := current_setting(s.name);
        INSERT INTO result SELECT s.name, s.value, finding FROM refresh_under(s.name, s.value) AS finding;
        PERFORM set_config(s.name, was, true);
        INSERT INTO result SELECT s.name, s.value, format('first refresh: %s is %s and not %s', segment, now.customers, answer.customers)
            FROM (SELECT segment, array_agg(id ORDER BY id) AS customers FROM usual_member GROUP BY segment) AS now FULL JOIN answer USING (segment)
            WHERE now.customers IS DISTINCT FROM answer.customers;
    END LOOP;
END
$$;
SELECT * FROM result ORDER BY name, value, finding;

-- Nor do settings of who defines, but for what SQL itself reads by them.
DELETE FROM rule WHERE segment = 'day-literal';
CREATE FUNCTION define_under(name text, value text, model text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    r record;
BEGIN
    PERFORM pg_catalog.set_config(name, value, true);
    PERFORM segmentation.create_model(model, 'regress_settings.customer', '{id}', time_zone => 'Europe/Paris', schema => 'regress_settings');
    FOR r IN SELECT segment, rule FROM regress_settings.rule LOOP
        PERFORM segmentation.define_segment(model, r.segment::text, r.rule);
    END LOOP;
END
$$;
CREATE TABLE defined AS
    SELECT name, value, 'defined-' || row_number() OVER (ORDER BY name, value) AS model FROM setting
    WHERE name IN ('TimeZone', 'DateStyle', 'IntervalStyle', 'extra_float_digits', 'bytea_output', 'quote_all_identifiers', 'xmlbinary', 'lc_monetary', 'lc_numeric', 'lc_time');
DO $$
DECLARE
    d record;
    was text;
BEGIN
    FOR d IN SELECT * FROM defined LOOP
        was := current_setting(d.name);
        PERFORM define_under(d.name, d.value, d.model);
        PERFORM set_config(d.name, was, true);
        PERFORM segmentation.refresh(d.model, '2025-10-27 00:15 Europe/Paris');
        EXECUTE format($q$
            INSERT INTO result SELECT $1, $2, format('defined: %%s is %%s and not %%s', segment, theirs.customers, ours.customers)
            FROM (SELECT segment, array_agg(id ORDER BY id) AS customers FROM %I GROUP BY segment) AS theirs
            FULL JOIN (SELECT segment, array_agg(id ORDER BY id) AS customers FROM usual_member JOIN rule USING (segment) GROUP BY segment) AS ours USING (segment)
            WHERE theirs.customers IS DISTINCT FROM ours.customers $q$, d.model || '_member') USING d.name, d.value;
    END LOOP;
END
$$;
SELECT * FROM result ORDER BY name, value, finding;
SELECT count(*) > 25 AS "many settings" FROM setting;
-- a backslash is read as the definer's session reads it, and kept as one that every session reads
SELECT segmentation.create_model('backslashes', 'regress_settings.customer', '{id}', time_zone => 'UTC', schema => 'regress_settings');
SET standard_conforming_strings = off;
SET escape_string_warning = off;
SELECT members FROM segmentation.define_segment('backslashes', 'one', $$ name = 'a\\b' $$);
SELECT members FROM segmentation.define_segment('backslashes', 'same', $$ name = E'a\\b' $$);
RESET standard_conforming_strings;
RESET escape_string_warning;
SELECT id AS segment, rule FROM segmentation.segment WHERE model = 'backslashes' ORDER BY 1;
SELECT entered FROM segmentation.refresh('backslashes');

-- leave nothing to the tests that follow
DELETE FROM segmentation.segment_reference
WHERE model IN (SELECT id FROM segmentation.model JOIN pg_class ON pg_class.oid = assignment WHERE relnamespace = quote_ident(current_schema())::regnamespace);
DELETE FROM segmentation.model USING pg_class WHERE pg_class.oid = assignment AND relnamespace = quote_ident(current_schema())::regnamespace;
SET client_min_messages = warning;
DROP SCHEMA regress_settings CASCADE;
