-- Conditions of the lock mean one thing: to who installs, under a hostile
-- search_path, in a new session, and after triggers were printed and made again.
-- Every construct that compares, over every kind of type.
SELECT count(*) = 0 AS no_citext FROM pg_available_extensions WHERE name = 'citext' \gset
\if :no_citext
\echo skipped: citext is not installed here
\quit
\endif
SET client_min_messages = warning;
CREATE SCHEMA conditions;
CREATE SCHEMA theirs;
CREATE SCHEMA hostile;
CREATE EXTENSION citext SCHEMA theirs;

-- types with operators of their own, that only schema theirs has
CREATE FUNCTION theirs.same_length(text, text) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT pg_catalog.length($1) OPERATOR(pg_catalog.=) pg_catalog.length($2)';
CREATE OPERATOR theirs.= (LEFTARG = text, RIGHTARG = text, FUNCTION = theirs.same_length, COMMUTATOR = OPERATOR(theirs.=));
CREATE TYPE theirs.mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN theirs.code AS theirs.citext;
CREATE DOMAIN theirs.short AS varchar(9);
CREATE TYPE theirs.pair AS (a theirs.citext, b int);

-- and operators that say the contrary, of just those types, before the server's
CREATE TABLE conditions.kinds (name text, type text, literals text[]);
INSERT INTO conditions.kinds VALUES
    ('citext', 'theirs.citext', '{a,A}'), ('price', 'public.currency_price', '{1 EUR,1 USD}'), ('segment', 'public.segment_id', '{eu,us}'),
    ('mood', 'theirs.mood', '{sad,happy}'), ('code', 'theirs.code', '{a,A}'), ('short', 'theirs.short', '{a,A}'),
    ('number', 'int', '{1,2}'), ('word', 'text', '{a,A}'),
    ('pair', 'theirs.pair', '{"(a,1)","(,)"}'), ('words', 'theirs.citext[]', '{"{a,B}","{NULL}"}');
DO $$
DECLARE
    one record;
    op text;
BEGIN
    FOR one IN SELECT * FROM conditions.kinds LOOP
        EXECUTE format('CREATE FUNCTION hostile.always(%s, %1$s) RETURNS boolean IMMUTABLE LANGUAGE sql AS ''SELECT true''', one.type);
        FOREACH op IN ARRAY '{=,<>,<,<=,>,>=,~~,~~*,~,@>}'::text[] LOOP
            CONTINUE WHEN one.name = 'code' OR one.name = 'short';
            EXECUTE format('CREATE OPERATOR hostile.%s (LEFTARG = %s, RIGHTARG = %2$s, FUNCTION = hostile.always)', op, one.type);
        END LOOP;
    END LOOP;
END $$;
CREATE FUNCTION hostile.similar_to_escape(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT ''.*''';

CREATE TABLE conditions.constructs (n int GENERATED ALWAYS AS IDENTITY, template text, texts boolean DEFAULT false);
INSERT INTO conditions.constructs (template) VALUES
    ('a IS DISTINCT FROM b'), ('a IS NOT DISTINCT FROM b'), ('a IS DISTINCT FROM %L'), ('NOT a IS NOT DISTINCT FROM %L'), ('a IS DISTINCT FROM NULL'),
    ('NULLIF(a, b) IS NULL'), ('NULLIF(a, %L) IS NOT NULL'), ('NULLIF(NULLIF(a, b), %L) IS NULL'),
    ('CASE a WHEN b THEN true WHEN %L THEN NULL ELSE false END'), ('CASE a WHEN %L THEN CASE b WHEN a THEN true END ELSE b = %1$L END'),
    ('CASE NULLIF(a, b) WHEN %L THEN true END'),
    ('a IN (b, %L)'), ('a NOT IN (%L, b)'), ('a = ANY (ARRAY[b, %L])'), ('a <> ALL (ARRAY[b, %L])'),
    ('a BETWEEN b AND %L'), ('a NOT BETWEEN b AND %L'), ('a BETWEEN SYMMETRIC b AND %L'), ('a NOT BETWEEN SYMMETRIC b AND %L'),
    ('(a, id) < (b, other)'), ('(id, a) <= (other, b)'), ('(other, a, id) > (id, b, other)'), ('(a, b) >= (b, a)'),
    ('(a, id) = (b, other)'), ('(a, id) <> (b, other)'), ('(a, b) IN ((b, a), (%L, %1$L))'), ('(a, id) IS DISTINCT FROM (b, other)'),
    ('GREATEST(a, b) = a'), ('LEAST(a, b, %L) = b'), ('ARRAY[a, b] = ARRAY[b, a]'), ('ARRAY[a, b] @> ARRAY[a]'), ('ARRAY[a] < ARRAY[b]'), ('ROW(a, b) = ROW(b, a)'),
    ('COALESCE(a, b) = b'), ('(a = b) IS UNKNOWN'), ('a < b OR NOT a <= b');
INSERT INTO conditions.constructs (template, texts) VALUES
    ('a LIKE b', true), ('a NOT LIKE %L', true), ('a ILIKE b', true), ('a SIMILAR TO %L', true), ('a ~ b', true), ('a LIKE ANY (ARRAY[b, %L])', true);

CREATE TABLE conditions.cases (n int GENERATED ALWAYS AS IDENTITY, subscriptions text, kind text, condition text, refused text, holds int[]);
INSERT INTO conditions.cases (subscriptions, kind, condition)
    SELECT format('conditions.%s_%s', k.name, c.n), k.name, format(c.template, k.literals[1])
      FROM conditions.kinds k CROSS JOIN conditions.constructs c WHERE (NOT c.texts OR k.name IN ('citext', 'code', 'short', 'word'))
       AND (c.texts OR k.name IN ('citext', 'price', 'pair') OR (c.n + length(k.name)) % 3 = 0);

-- each on a table of its own, whose rows are all combinations of the values; all
-- of the wrong segment, so that those for which the condition holds are refused
CREATE PROCEDURE conditions.install() LANGUAGE plpgsql AS $$
DECLARE
    one record;
BEGIN
    FOR one IN SELECT c.*, k.type, k.literals FROM conditions.cases c JOIN conditions.kinds k ON k.name OPERATOR(pg_catalog.=) c.kind ORDER BY c.n LOOP
        EXECUTE format('CREATE TABLE %s_customers AS SELECT 1 AS id, ''eu''::public.segment_id AS segment', one.subscriptions);
        EXECUTE format('ALTER TABLE %s_customers ADD PRIMARY KEY (id)', one.subscriptions);
        EXECUTE format('CREATE TABLE %s (id int PRIMARY KEY, other int, a %s, b %2$s, customer int DEFAULT 1 REFERENCES %1$s_customers, segment public.segment_id DEFAULT ''us'')', one.subscriptions, one.type);
        EXECUTE format('CREATE TABLE %s_rows AS SELECT row_number() OVER ()::int AS id, (4 + row_number() OVER () %% 3)::int AS other, a::%s, b::%2$s FROM unnest($1 || NULL::text) a, unnest($1 || NULL::text) b', one.subscriptions, one.type) USING one.literals;
        BEGIN
            PERFORM segmentation.install_lock(one.subscriptions || '_customers', one.subscriptions, running_when => one.condition);
            EXECUTE format('SELECT COALESCE(array_agg(id ORDER BY id), ''{}'') FROM %s_rows WHERE %s', one.subscriptions, one.condition) INTO one.holds;
            UPDATE conditions.cases SET holds = one.holds WHERE n = one.n;
        EXCEPTION WHEN OTHERS THEN
            UPDATE conditions.cases SET refused = SQLSTATE || ' ' || SQLERRM WHERE n = one.n;
        END;
    END LOOP;
END $$;

-- what the lock refuses, row by row and all at once, and what it finds
CREATE FUNCTION conditions.refused(subscriptions text) RETURNS int[] LANGUAGE plpgsql AS $$
DECLARE
    row_id int;
    result int[] := '{}';
BEGIN
    FOR row_id IN EXECUTE pg_catalog.format('SELECT id FROM %s_rows ORDER BY id', subscriptions) LOOP
        BEGIN
            EXECUTE pg_catalog.format('INSERT INTO %s (id, other, a, b) SELECT * FROM %1$s_rows r WHERE r.id OPERATOR(pg_catalog.=) $1', subscriptions) USING row_id;
        EXCEPTION WHEN check_violation THEN
            result := pg_catalog.array_append(result, row_id);
        END;
    END LOOP;
    EXECUTE 'DELETE FROM ' OPERATOR(pg_catalog.||) subscriptions;
    RETURN result;
END $$;
CREATE FUNCTION conditions.found(subscriptions text) RETURNS int[] LANGUAGE plpgsql AS $$
DECLARE
    result int[];
BEGIN
    EXECUTE pg_catalog.format('ALTER TABLE %s DISABLE TRIGGER USER', subscriptions);
    EXECUTE pg_catalog.format('INSERT INTO %s (id, other, a, b) SELECT * FROM %1$s_rows', subscriptions);
    SELECT COALESCE(pg_catalog.array_agg(b.subscription_key[1]::int ORDER BY b.subscription_key[1]::int), '{}') INTO result
      FROM segmentation.move_blockers((subscriptions OPERATOR(pg_catalog.||) '_customers')::pg_catalog.regclass, '{1}', 'eu') b;
    EXECUTE 'DELETE FROM ' OPERATOR(pg_catalog.||) subscriptions;
    EXECUTE pg_catalog.format('ALTER TABLE %s ENABLE TRIGGER USER', subscriptions);
    RETURN result;
END $$;

SET search_path = theirs, pg_catalog, public;
CALL conditions.install();
-- what cannot be installed is no condition at all, as the server says
SELECT kind, count(*), refused FROM conditions.cases WHERE holds IS NULL GROUP BY kind, refused ORDER BY kind, refused;
SELECT count(*) > 150 AS installed, count(DISTINCT holds) > 30 AS various FROM conditions.cases WHERE holds IS NOT NULL;

CREATE FUNCTION conditions.wrong(by text) RETURNS TABLE (kind text, condition text, holds int[], other int[]) LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE pg_catalog.format('SELECT c.kind, c.condition, c.holds, d.o FROM conditions.cases c CROSS JOIN LATERAL conditions.%I(c.subscriptions) d(o)'
        ' WHERE c.holds IS NOT NULL AND d.o OPERATOR(pg_catalog.<>) c.holds ORDER BY c.n', by);
END $$;
SET search_path = hostile, pg_catalog;
SELECT * FROM conditions.wrong('found');
-- printed and made again, as a dump does it
SET search_path = '';
CREATE TABLE conditions.printed AS
    SELECT tgrelid, tgname, pg_catalog.pg_get_triggerdef(oid) AS definition FROM pg_catalog.pg_trigger
     WHERE NOT tgisinternal AND tgrelid OPERATOR(pg_catalog.=) ANY (SELECT subscriptions::pg_catalog.regclass FROM conditions.cases);
DO $$
DECLARE
    one record;
BEGIN
    FOR one IN SELECT * FROM conditions.printed LOOP
        EXECUTE pg_catalog.format('DROP TRIGGER %I ON %s', one.tgname, one.tgrelid::pg_catalog.regclass);
        EXECUTE one.definition;
    END LOOP;
END $$;
SELECT count(*) FROM conditions.printed p JOIN pg_catalog.pg_trigger t ON t.tgrelid OPERATOR(pg_catalog.=) p.tgrelid AND t.tgname OPERATOR(pg_catalog.=) p.tgname
 WHERE pg_catalog.pg_get_triggerdef(t.oid) OPERATOR(pg_catalog.<>) p.definition;
\c -
SET search_path = hostile, theirs, pg_catalog;
SET array_nulls = off;
SELECT * FROM conditions.wrong('refused');
RESET array_nulls;

SET client_min_messages = warning;
SET search_path = public;
DO $$
DECLARE
    one text;
BEGIN
    FOR one IN SELECT subscriptions FROM conditions.cases LOOP
        EXECUTE format('DROP TABLE %s, %1$s_rows, %1$s_customers', one);
    END LOOP;
END $$;
DROP SCHEMA conditions, hostile, theirs CASCADE;
