-- A column that a source computes is computed once for each customer, however often rules read it.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA regress_once;
SET search_path = regress_once, public, segmentation;
SET track_functions = 'pl';
CREATE FUNCTION counted(i int) RETURNS int STABLE LANGUAGE plpgsql AS 'BEGIN RETURN i; END';
CREATE FUNCTION calls() RETURNS bigint LANGUAGE sql AS $$ SELECT coalesce(pg_stat_get_xact_function_calls('regress_once.counted(int)'::regprocedure), 0) $$;
CREATE PROCEDURE counts(what text, statement text) LANGUAGE plpgsql AS $$
DECLARE
    before bigint := regress_once.calls();
BEGIN
    EXECUTE statement;
    RAISE WARNING '%: %', what, regress_once.calls() - before;
END $$;
CREATE TABLE customer (id int PRIMARY KEY, n int);
INSERT INTO customer SELECT i, i FROM generate_series(1, 200) AS i;
CREATE VIEW plain AS SELECT * FROM customer;
CREATE VIEW computed AS SELECT id, n, counted(n) AS x FROM customer;
CREATE VIEW nested AS WITH w AS (SELECT id, x FROM computed) SELECT id, x FROM w JOIN (SELECT id FROM customer) AS c USING (id);
CREATE VIEW united AS SELECT * FROM computed WHERE id <= 100 UNION ALL SELECT * FROM computed WHERE id > 100;
CREATE VIEW grouped AS SELECT id, max(n) AS n, counted(max(n)) AS x FROM customer GROUP BY id;
CREATE VIEW of_values AS SELECT c.id, c.n, t.x FROM customer AS c, LATERAL (VALUES (counted(c.n))) AS t (x);
CREATE VIEW of_function AS SELECT c.id, c.n, t.x FROM customer AS c, LATERAL counted(c.n) AS t (x);
CREATE FUNCTION inlined(n int) RETURNS TABLE (x int) STABLE LANGUAGE sql AS 'SELECT regress_once.counted(n)';
CREATE VIEW of_inlined AS SELECT c.id, c.n, t.x FROM customer AS c JOIN LATERAL inlined(c.n) AS t ON true;
CREATE PROCEDURE try(source regclass, kind text) LANGUAGE plpgsql AS $$
BEGIN
    RAISE WARNING '% %', source, kind;
    PERFORM segmentation.create_model('m', source, '{id}', kind => kind);
    PERFORM segmentation.define_segment('m', 's' || i, format('x > %s OR x = -%s', 40 * i, i), rank => -i, "count" => false) FROM generate_series(1, 4) AS i;
    CALL regress_once.counts('define', $s$ SELECT segmentation.define_segment('m', 's1', 'x > 10 AND x < 1000') $s$);
    CALL regress_once.counts('first refresh', $s$ SELECT segmentation.refresh('m') $s$);
    CALL regress_once.counts('refresh', $s$ SELECT segmentation.refresh('m') $s$);
    UPDATE regress_once.customer SET n = -n WHERE id <= 5;
    CALL regress_once.counts('refresh of 5', $s$ SELECT segmentation.refresh('m') $s$);
    UPDATE regress_once.customer SET n = -n WHERE id <= 5;
    PERFORM segmentation.refresh('m');
    CALL regress_once.counts('verify', $s$ SELECT segmentation.verify('m') $s$);
    CALL regress_once.counts('preview', $s$ SELECT segmentation.preview('m', 'x > 20 AND x < 30', 's2') $s$);
    CALL regress_once.counts('classify', $s$ SELECT segmentation.classify('m', '7') $s$);
    CALL regress_once.counts('explain', $s$ SELECT segmentation.explain_customer('m', '7') $s$);
    PERFORM segmentation.drop_model('m');
END $$;
CALL try('computed', 'overlapping');
CALL try('computed', 'exclusive');
CALL try('nested', 'overlapping');
CALL try('united', 'overlapping');
CALL try('grouped', 'overlapping');
CALL try('of_values', 'overlapping');
CALL try('of_function', 'overlapping');
CALL try('of_inlined', 'overlapping');

-- where nothing is computed twice there is no fence
SELECT create_model('p', 'plain', '{id}'), create_model('c', 'computed', '{id}');
SELECT FROM define_segment('p', 'a', 'n > 1 AND n < 100'), define_segment('c', 'a', 'x > 1 AND n > 2 AND n < 9') AS c;
SELECT id, model_sql(id::text) ~ 'OFFSET 0' AS fenced FROM model WHERE id IN ('p', 'c') ORDER BY id;
SELECT FROM define_segment('c', 'b', 'x > 1');
SELECT model_sql('c');
-- a column that raises an error where a rule's guard does not ask for it: refresh and verify go on as if there were no fence
CREATE VIEW guarded AS SELECT id, n, 10 / n AS ratio FROM customer;
SELECT create_model('g', 'guarded', '{id}');
SELECT FROM define_segment('g', 'a', 'CASE WHEN n <> 0 THEN ratio > 5 END', "count" => false), define_segment('g', 'b', 'CASE WHEN n <> 0 THEN ratio > 1 END', "count" => false) AS b;
SELECT failed FROM refresh('g');
UPDATE customer SET n = 0 WHERE id = 1;
SELECT failed FROM refresh('g');
SELECT * FROM verify('g');
SELECT id, segments FROM g_assignment WHERE id < 3 ORDER BY id;
SELECT classify('g', '1'), classify('g', '2');
SELECT segment, member, because FROM explain_customer('g', '1');
SELECT FROM define_segment('g', 'c', 'ratio > 7', "count" => false);
SELECT failed FROM refresh('g');
SELECT * FROM verify('g');
SELECT classify('g', '1');

-- so does everyone who evaluates such a rule
CREATE TABLE small (id int PRIMARY KEY, x int);
INSERT INTO small VALUES (1, 0), (2, 1), (3, 5);
CREATE VIEW risky AS SELECT id, x, 10 / x AS y FROM small;
SELECT create_model('o', 'risky', '{id}'), create_model('e', 'risky', '{id}', kind => 'exclusive');
SELECT members FROM define_segment('o', 'c', 'x <> 0 AND y > 1 AND y < 100');
SELECT members FROM define_segment('o', 'd', 'x <> 0 AND y > 5 AND in_segment(''c'')');
SELECT members FROM define_segment('e', 'p', 'x <> 0 AND y > 5', rank => 1);
SELECT members FROM define_segment('e', 'q', 'x <> 0 AND y > 2 AND y < 4', rank => 2);
SELECT members FROM define_segment('e', 'r', NULL, rank => 3);
SELECT failed FROM refresh('o') UNION ALL SELECT failed FROM refresh('e');
SELECT id, o.segments AS o, classify('o', id::text) AS o_now, e.segments AS e, classify('e', id::text) AS e_now FROM o_assignment AS o JOIN e_assignment AS e USING (id) ORDER BY id;
SELECT * FROM verify('o') UNION ALL SELECT * FROM verify('e');
SELECT classify_row('e', '{"id": 9, "x": 0}');
SELECT key, segment, member, because FROM unnest('{1,2}'::text[]) AS key, explain_customer('e', key) ORDER BY key, segment;
SELECT members, entering, leaving FROM preview('o', 'x <> 0 AND y > 2 AND y < 100', 'c');
SELECT members, entering, leaving FROM preview('e', 'x <> 0 AND y > 2 AND y < 100', 'p');
SELECT * FROM preview_changes('o', 'x <> 0 AND y > 2 AND y < 100', 'c');
SELECT * FROM preview_changes('e', 'x <> 0 AND y > 2 AND y < 100', 'p');
SELECT * FROM impact('o', 'c', 'x <> 0 AND y > 2 AND y < 100');
SELECT * FROM impact('e', 'p', 'x <> 0 AND y > 2 AND y < 100');

SET client_min_messages = error;
SELECT drop_model(id) FROM unnest('{p,c,g,o,e}'::text[]) AS id;
DROP SCHEMA regress_once CASCADE;
