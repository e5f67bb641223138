-- hints: what they show of SQL is whole, and is SQL of this extension; those that the tests expect, and those that the sources have
CREATE TEMP TABLE hint (n int GENERATED ALWAYS AS IDENTITY, hint text);
\copy hint (hint) FROM PROGRAM 'cd "$PG_ABS_SRCDIR" && grep -h "^ *HINT:  \|^ *hint *| " expected/*.out test/expected/*.out demo/expected/*.out | sort -u' WITH (FORMAT csv, DELIMITER E'\x01', QUOTE E'\x02')
SELECT count(*) > 100 AS many FROM hint;
-- and what else of the outputs shows such a call
\copy hint (hint) FROM PROGRAM 'cd "$PG_ABS_SRCDIR" && grep -h "segmentation\.[a-z_]*(.*\.\.\." expected/*.out test/expected/*.out demo/expected/*.out | grep -v "<waiting\|^LINE \|pg_temp.parse" | sort -u' WITH (FORMAT csv, DELIMITER E'\x01', QUOTE E'\x02')
-- no ellipsis in the place of SQL, but in what the server says
SELECT hint FROM hint WHERE hint ~ '\.\.\.' AND hint !~ 'Use DROP \.\.\. CASCADE';
-- a call or a query is a statement to be pasted, to its semicolon
SELECT hint FROM hint WHERE regexp_replace(hint, '(SELECT|ALTER|GRANT) [^;]*;', '', 'g') ~ 'segmentation\.(?!moment|price_list)\w+\(|SELECT .* FROM ';

-- what the server says of each statement, but for names that were there when the hint was given
CREATE FUNCTION pg_temp.parse(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('DO $hint$ BEGIN IF false THEN %s END IF; END $hint$', statement);
    IF statement ~ '^SELECT' THEN
        EXECUTE 'EXPLAIN ' || statement;
    END IF;
    RETURN NULL;
EXCEPTION
    WHEN undefined_table OR undefined_column OR undefined_object OR invalid_schema_name THEN
        RETURN NULL;
    WHEN OTHERS THEN
        RETURN sqlerrm;
END
$$;
SELECT DISTINCT statement, pg_temp.parse(statement) AS error
  FROM hint, LATERAL (SELECT m[1] AS statement FROM regexp_matches(hint, '((?:SELECT|ALTER|GRANT|UPDATE|DROP) [^;]*;)', 'g') AS m) AS s
 WHERE pg_temp.parse(statement) IS NOT NULL;
-- it would find such as these
SELECT pg_temp.parse('SELECT segmentation.alter_model(''m'', source => ...);') IS NOT NULL AS ellipsis,
       pg_temp.parse('SELECT segmentation.alter_model(''m'', sources => ''t'');') IS NOT NULL AS argument,
       pg_temp.parse('ALTER TABLE t ALTER COLUMN c TYP int;') IS NOT NULL AS statement,
       pg_temp.parse('SELECT segmentation.alter_model(''m'', source => ''there.none'');') IS NULL AS name;

-- in the sources: no string has an ellipsis within a call or a statement
CREATE TEMP TABLE source (line text);
\copy source FROM PROGRAM 'cd "$PG_ABS_SRCDIR" && find src -name "*.c" -o -name "*.h" -o -name "*.sql" | xargs grep -n "\.\.\."' WITH (FORMAT csv, DELIMITER E'\x01', QUOTE E'\x02')
SELECT line FROM source
 WHERE line !~ '^[^:]*:\d+:\s*(/?\*|--)' AND regexp_replace(line, '/\*.*|-- .*', '') ~ '["''][^"]*(\(|=> ?|TABLE |COLUMN |WHERE |SELECT )''*\.\.\.';

-- statements of ours run where errors do not tell of them
\copy source FROM PROGRAM 'cd "$PG_ABS_SRCDIR" && grep -rnE "SPI_(execute|prepare|cursor_open|exec)[a-z_]*\(" src' WITH (FORMAT csv, DELIMITER E'\x01', QUOTE E'\x02')
SELECT line FROM source WHERE line ~ 'SPI_' AND line !~ '^src/(\w+/)*refusal\.c:';
