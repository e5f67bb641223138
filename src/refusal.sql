-- how constraints refuse, and lists of names in messages

-- stable, so that the planner does not try it beforehand
CREATE FUNCTION segmentation_internal.violated("constraint" text, message text, value text, hint text) RETURNS boolean
    AS 'MODULE_PATHNAME', 'constraint_violated' LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION segmentation_internal.violated(text, text, text, text) IS
    'the last branch of a CHECK: an error that says what is wanted';

CREATE FUNCTION segmentation_internal.first_ten(names text[]) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE
RETURN pg_catalog.concat(pg_catalog.array_to_string(names[:10], ', '),
           CASE WHEN pg_catalog.cardinality(names) OPERATOR(pg_catalog.>) 10
                THEN pg_catalog.format(' and %s more', pg_catalog.cardinality(names) OPERATOR(pg_catalog.-) 10) END);
COMMENT ON FUNCTION segmentation_internal.first_ten(text[]) IS 'the first ten names, separated by commas, and how many more there are';
