-- what the tests of models share
\set SHOW_CONTEXT never
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS model_test CASCADE;
CREATE SCHEMA model_test;
GRANT USAGE ON SCHEMA model_test TO PUBLIC;
RESET client_min_messages;

-- runs a statement and says how it was refused, as an application sees it
CREATE PROCEDURE model_test.refused(statement text)
LANGUAGE plpgsql AS $$
DECLARE
    state text;
    message text;
    detail text;
    hint text;
BEGIN
    EXECUTE statement;
    RAISE INFO 'accepted';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
        hint = PG_EXCEPTION_HINT;
    RAISE INFO '%', pg_catalog.concat(state, ': ', message,
        CASE WHEN detail OPERATOR(pg_catalog.<>) '' THEN pg_catalog.concat(E'\nDETAIL:  ', detail) END,
        CASE WHEN hint OPERATOR(pg_catalog.<>) '' THEN pg_catalog.concat(E'\nHINT:  ', hint) END);
END
$$;
