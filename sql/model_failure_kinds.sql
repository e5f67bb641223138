-- every kind of failing rule, one after the other: its segment and those that ask for it keep their members,
-- all others are right, status and log say so, and once mended all is right again
\set SHOW_CONTEXT never
SET client_min_messages = warning;
DROP ROLE IF EXISTS regress_failures;
CREATE ROLE regress_failures;
CREATE SCHEMA failing AUTHORIZATION regress_failures;
SET search_path = failing, public;
CREATE TABLE customer (id int PRIMARY KEY, a int, b int, c int, d int, t text);
INSERT INTO customer SELECT i, i, i, i, i, i::text FROM generate_series(1, 20) i;
CREATE TABLE limits (lowest int);
INSERT INTO limits VALUES (5);
CREATE FUNCTION judge(int) RETURNS boolean LANGUAGE sql STABLE SET search_path = failing AS 'SELECT $1 > lowest FROM limits';
REVOKE EXECUTE ON FUNCTION judge FROM PUBLIC;
GRANT EXECUTE ON FUNCTION judge TO regress_failures;
GRANT SELECT ON customer, limits TO regress_failures;

SET ROLE regress_failures;
SELECT segmentation.create_model('kinds', 'customer', '{id}');
CREATE TABLE rule (segment text, plain text);
INSERT INTO rule VALUES ('by-a', '100 / a < 20'), ('by-b', 'b > 5'), ('by-f', 'judge(c)'), ('by-t', 't::int > 5'), ('by-d', 'd > 5');
SELECT segment, members FROM rule, segmentation.define_segment('kinds', segment, plain);
SELECT members FROM rule, segmentation.define_segment('kinds', 'not-' || segment, format('NOT in_segment(%L)', segment)) ORDER BY segment;
INSERT INTO rule SELECT 'not-' || segment, format('(%s) IS NOT TRUE', plain) FROM rule;
SELECT segmentation.create_model('ranked', 'customer', '{id}', 'exclusive');
SELECT members FROM segmentation.define_segment('ranked', 'first', 'in_segment(''kinds'', ''by-b'') AND d > 10', rank => 1);
SELECT members FROM segmentation.define_segment('ranked', 'second', 'd > 7', rank => 2);
SELECT members FROM segmentation.define_segment('ranked', 'rest', rank => 3);
RESET ROLE;
CREATE TABLE stored (segment text, members int[]);
CREATE FUNCTION members(segment text) RETURNS int[] STABLE LANGUAGE sql AS
    'SELECT coalesce(array_agg(id ORDER BY id), ''{}'') FROM kinds_member m WHERE m.segment::text = members.segment';
-- a rule as a plain query of its own
CREATE FUNCTION right_members(plain text) RETURNS int[] LANGUAGE plpgsql AS $$
DECLARE
    result int[];
BEGIN
    EXECUTE format('SELECT coalesce(array_agg(id ORDER BY id), ''{}'') FROM customer WHERE %s', plain) INTO result;
    RETURN result;
END
$$;

-- breaks something, changes customers so that every segment would change, and refreshes; then mends it
CREATE PROCEDURE survives(title text, breaking text, mending text) LANGUAGE plpgsql AS $$
DECLARE
    failed text[];
    one record;
    log segmentation.refresh_log;
BEGIN
    RAISE INFO '%', title;
    DELETE FROM stored;
    INSERT INTO stored SELECT segment, members(segment) FROM rule;
    EXECUTE breaking;
    UPDATE customer SET d = 21 - d, c = 21 - c;
    log := segmentation.refresh('kinds');
    FOR one IN SELECT * FROM segmentation.model_status('kinds') WHERE status <> 'ok' ORDER BY segment LOOP
        RAISE INFO '  % % %: % %', one.segment, one.status, one.failing, one.sqlstate, one.message;
        failed := failed || one.segment::text;
        IF one.since IS DISTINCT FROM log.refreshed_at THEN
            RAISE INFO '  fails since another refresh';
        END IF;
    END LOOP;
    IF log.failed <> coalesce(cardinality(failed), 0) OR log.failed IS DISTINCT FROM
       (SELECT l.failed FROM segmentation.refresh_log l WHERE model = 'kinds' AND l.refreshed_at = log.refreshed_at) THEN
        RAISE INFO '  the log says %', log.failed;
    END IF;
    FOR one IN SELECT * FROM rule r JOIN stored s USING (segment) LOOP
        IF one.segment = ANY (failed) AND members(one.segment) <> one.members THEN
            RAISE INFO '  % has not kept its members', one.segment;
        ELSIF one.segment <> ALL (failed) AND members(one.segment) <> right_members(one.plain) THEN
            RAISE INFO '  % is not right', one.segment;
        END IF;
    END LOOP;
    PERFORM segmentation.refresh('ranked');
    RAISE INFO '  ranked: %', (SELECT string_agg(concat_ws(' ', segment, status, failing), ', ' ORDER BY segment) FROM segmentation.model_status('ranked'));
    RAISE INFO '  verify: %', (SELECT count(*) FROM segmentation.verify('kinds')) + (SELECT count(*) FROM segmentation.verify('ranked'));
    log := segmentation.refresh('kinds');
    IF (SELECT min(since) FROM segmentation.model_status('kinds')) >= log.refreshed_at THEN
        RAISE INFO '  has forgotten since when it fails';
    END IF;
    EXECUTE mending;
    log := segmentation.refresh('kinds');
    PERFORM segmentation.refresh('ranked');
    RAISE INFO '  mended: % failed, % wrong, verify %', log.failed,
        (SELECT count(*) FROM rule WHERE members(segment) <> right_members(plain)),
        (SELECT count(*) FROM segmentation.verify('kinds')) + (SELECT count(*) FROM segmentation.verify('ranked'));
END
$$;
SET client_min_messages = error;
SELECT failed FROM segmentation.refresh('kinds');
SELECT failed FROM segmentation.refresh('ranked');
CALL survives('a division by zero for one customer', 'UPDATE customer SET a = 0 WHERE id = 3', 'UPDATE customer SET a = 3 WHERE id = 3');
CALL survives('and for all', 'UPDATE customer SET a = 0', 'UPDATE customer SET a = id');
CALL survives('a cast that fails', 'UPDATE customer SET t = ''many'' WHERE id = 3', 'UPDATE customer SET t = ''3'' WHERE id = 3');
CALL survives('a column that is gone', 'ALTER TABLE customer DROP b', 'ALTER TABLE customer ADD b int; UPDATE customer SET b = id');
CALL survives('a column of another name', 'ALTER TABLE customer RENAME b TO bee', 'ALTER TABLE customer RENAME bee TO b');
CALL survives('a column of another type', 'ALTER TABLE customer ALTER b TYPE text', 'ALTER TABLE customer ALTER b TYPE int USING b::int');
CALL survives('a type that means the same', 'ALTER TABLE customer ALTER b TYPE bigint', 'ALTER TABLE customer ALTER b TYPE int');
CALL survives('a column that the owner may not read',
    'REVOKE SELECT ON customer FROM regress_failures; GRANT SELECT (id, a, c, d, t) ON customer TO regress_failures', 'GRANT SELECT ON customer TO regress_failures');
CALL survives('a function that raises', 'ALTER TABLE limits ADD more int; ALTER FUNCTION judge RENAME TO judged;
    CREATE FUNCTION judge(int) RETURNS boolean LANGUAGE plpgsql STABLE AS $f$ BEGIN RAISE ''not today'' USING ERRCODE = ''38000''; END $f$',
    'DROP FUNCTION judge; ALTER FUNCTION judged RENAME TO judge');
CALL survives('a function that raises for one customer', 'ALTER FUNCTION judge RENAME TO judged;
    CREATE FUNCTION judge(int) RETURNS boolean LANGUAGE plpgsql STABLE AS $f$ BEGIN ASSERT $1 <> 7, ''not him''; RETURN failing.judged($1); END $f$',
    'DROP FUNCTION judge; ALTER FUNCTION judged RENAME TO judge');
CALL survives('a function that is gone', 'ALTER FUNCTION judge RENAME TO judged', 'ALTER FUNCTION judged RENAME TO judge');
CALL survives('a function of another result', 'ALTER FUNCTION judge RENAME TO judged; CREATE FUNCTION judge(int) RETURNS text LANGUAGE sql AS $f$ SELECT ''yes'' $f$',
    'DROP FUNCTION judge; ALTER FUNCTION judged RENAME TO judge');
CALL survives('a function that the owner may not call', 'REVOKE EXECUTE ON FUNCTION judge FROM regress_failures', 'GRANT EXECUTE ON FUNCTION judge TO regress_failures');
CALL survives('a table that the owner may not read', 'REVOKE SELECT ON limits FROM regress_failures', 'GRANT SELECT ON limits TO regress_failures');
CALL survives('several at once', 'UPDATE customer SET a = 0, t = ''x'' WHERE id = 4; ALTER TABLE customer DROP b; REVOKE SELECT ON limits FROM regress_failures',
    'UPDATE customer SET a = 4, t = ''4'' WHERE id = 4; ALTER TABLE customer ADD b int; UPDATE customer SET b = id; GRANT SELECT ON limits TO regress_failures');
-- a source that cannot be read at all is no rule's fault: nothing is written
REVOKE SELECT ON customer FROM regress_failures;
\set VERBOSITY terse
SELECT segmentation.refresh('kinds');
SELECT count(*) FILTER (WHERE status = 'ok') AS ok, count(*) FROM segmentation.model_status('kinds');
GRANT SELECT ON customer TO regress_failures;

-- 1 and 30 of 100 segments, for one customer and for all
ALTER TABLE customer ADD one int DEFAULT 1, ADD thirty int DEFAULT 1;
SET ROLE regress_failures;
SELECT segmentation.create_model('hundred', 'customer', '{id}');
CREATE TABLE hundred_rule AS
    SELECT 's' || i AS segment, concat(CASE WHEN i = 1 THEN '1 / one > 0 AND ' END, CASE WHEN i % 10 IN (1, 4, 8) THEN '1 / thirty > 0 AND ' END,
               'd > ', i % 20) AS plain
      FROM generate_series(1, 100) i;
SELECT count(*) FROM hundred_rule, segmentation.define_segment('hundred', segment, plain, "count" => false);
RESET ROLE;
CREATE PROCEDURE survives_hundred(breaking text) LANGUAGE plpgsql AS $$
DECLARE
    log segmentation.refresh_log;
    kept bigint;
    wrong bigint;
BEGIN
    UPDATE customer SET one = 1, thirty = 1, d = id;
    log := segmentation.refresh('hundred');
    CREATE TEMP TABLE before AS SELECT segment, array_agg(id ORDER BY id) AS members FROM hundred_member GROUP BY segment;
    EXECUTE breaking;
    UPDATE customer SET d = 21 - d;
    log := segmentation.refresh('hundred');
    SELECT count(*) FILTER (WHERE f.segment IS NOT NULL AND now_in IS NOT DISTINCT FROM b.members),
           count(*) FILTER (WHERE f.segment IS NULL AND now_in IS DISTINCT FROM nullif(right_members(r.plain), '{}'))
      INTO kept, wrong
      FROM hundred_rule r
           LEFT JOIN segmentation.rule_failure f ON f.model = 'hundred' AND f.segment::text = r.segment
           LEFT JOIN before b ON b.segment::text = r.segment
           LEFT JOIN (SELECT segment, array_agg(id ORDER BY id) AS now_in FROM hundred_member GROUP BY segment) m ON m.segment::text = r.segment;
    RAISE INFO '%: % failed, % kept theirs, % wrong, verify %', breaking, log.failed, kept, wrong, (SELECT count(*) FROM segmentation.verify('hundred'));
    UPDATE customer SET one = 1, thirty = 1;
    log := segmentation.refresh('hundred');
    RAISE INFO '  mended: % failed, % wrong', log.failed, (SELECT count(*) FROM hundred_rule r
        WHERE right_members(r.plain) <> (SELECT coalesce(array_agg(id ORDER BY id), '{}') FROM hundred_member m WHERE m.segment::text = r.segment));
    DROP TABLE before;
END
$$;
CALL survives_hundred('UPDATE customer SET one = 0 WHERE id = 13');
CALL survives_hundred('UPDATE customer SET one = 0');
CALL survives_hundred('UPDATE customer SET thirty = 0 WHERE id = 13');
CALL survives_hundred('UPDATE customer SET thirty = 0');
SELECT count(*) FROM segmentation.refresh_log WHERE model = 'hundred' AND failed > 0;

-- a rule's function lies that it is immutable, and asks for a refresh, a change or the end of models
CREATE FUNCTION meddle(statement text, id int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS
'BEGIN EXECUTE statement; RETURN true; END';
SELECT segmentation.create_model('meddled', 'customer', '{id}', time_zone => 'UTC');
SET client_min_messages = error;
CREATE PROCEDURE meddled(statement text)
LANGUAGE plpgsql AS $$
DECLARE
    state text;
    message text;
BEGIN
    PERFORM segmentation.define_segment('meddled', 'meddling', format('failing.meddle(%L, id)', statement), "count" => false);
    PERFORM segmentation.refresh('meddled');
    RAISE INFO 'refreshed';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT;
    RAISE INFO '% %', state, message;
END
$$;
CALL meddled('SELECT segmentation.refresh(''meddled'')');
CALL meddled('SELECT segmentation.define_segment(''meddled'', ''other'', ''id > 1'')');
CALL meddled('SELECT segmentation.drop_model(''meddled'')');
CALL meddled('SELECT segmentation.forget_customer(''meddled'', ''1'')');
RESET client_min_messages;

SELECT segmentation.drop_model(m) FROM unnest('{ranked,kinds,hundred,meddled}'::text[]) m;
SET client_min_messages = warning;
DROP SCHEMA failing CASCADE;
DROP ROLE regress_failures;
