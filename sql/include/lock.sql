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
    moment CONSTANT text := '\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[.\d]*[-+][:\d]*';
BEGIN
    EXECUTE statement;
    RAISE INFO 'accepted';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
        hint = PG_EXCEPTION_HINT, relation = TABLE_NAME, constraint_name = CONSTRAINT_NAME;
    message := state || coalesce(' ' || nullif(constraint_name, '') || ' on ' || relation, '') || ': ' || message;
    detail := regexp_replace(detail, moment, '(a moment)', 'g');
    IF detail <> '' AND hint <> '' THEN
        RAISE INFO '%', message USING DETAIL = detail, HINT = hint;
    ELSIF detail <> '' THEN
        RAISE INFO '%', message USING DETAIL = detail;
    ELSIF hint <> '' THEN
        RAISE INFO '%', message USING HINT = hint;
    ELSE
        RAISE INFO '%', message;
    END IF;
END
$$;

-- customers and whether they are locked
CREATE FUNCTION lock_test.state(customers regclass, ordering text DEFAULT '1')
RETURNS TABLE (customer text, segment text, locked boolean)
LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE format('SELECT id::text, segment::text, segment_locked_at IS NOT NULL FROM %s ORDER BY id', customers);
END
$$;
