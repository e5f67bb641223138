-- what the tests of the lock share
\set SHOW_CONTEXT never
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS lock_test CASCADE;
CREATE SCHEMA lock_test;
GRANT USAGE ON SCHEMA lock_test TO PUBLIC;
RESET client_min_messages;

-- runs a statement and says how it was refused, as an application sees it;
-- moments are left out
CREATE PROCEDURE lock_test.refused(statement text)
LANGUAGE plpgsql AS $$
DECLARE
    state text;
    message text;
    detail text;
    hint text;
    relation text;
    constraint_name text;
    context text;
BEGIN
    EXECUTE statement;
    RAISE INFO 'accepted';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
        hint = PG_EXCEPTION_HINT, relation = TABLE_NAME, constraint_name = CONSTRAINT_NAME,
        context = PG_EXCEPTION_CONTEXT;
    -- operators are qualified, for tests have others in their search_path
    IF constraint_name OPERATOR(pg_catalog.<>) '' THEN
        state := pg_catalog.concat(state, ' ', constraint_name, ' on ', relation);
    END IF;
    message := pg_catalog.concat(state, ': ', message);
    IF detail OPERATOR(pg_catalog.<>) '' THEN
        message := pg_catalog.concat(message, E'\nDETAIL:  ',
                                     pg_catalog.regexp_replace(detail, '(locked it.* at ).*\.$', '\1(a moment).'));
    END IF;
    IF hint OPERATOR(pg_catalog.<>) '' THEN
        message := pg_catalog.concat(message, E'\nHINT:  ', hint);
    END IF;
    -- a frame or statement of the extension itself is none that the application has use for
    context := pg_catalog.replace(pg_catalog.regexp_replace(context, '(^|\n)PL/pgSQL function (lock_test\.)?refused\(text\).*', ''), statement, '');
    IF context OPERATOR(pg_catalog.~) '(^|\n)(SQL statement|SQL function|PL/pgSQL function) [^\n]*(segmentation|OPERATOR)' THEN
        message := pg_catalog.concat(message, E'\nCONTEXT:  ', context);
    END IF;
    RAISE INFO '%', message;
END
$$;

-- customers and whether they are locked
CREATE FUNCTION lock_test.state(customers regclass)
RETURNS TABLE (customer text, segment text, locked boolean)
LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE format('SELECT id::text, segment::text, segment_locked_at IS NOT NULL FROM %s ORDER BY id', customers);
END
$$;
