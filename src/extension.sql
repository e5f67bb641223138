\echo Use "CREATE EXTENSION segmentation" to load this file. \quit

CREATE SCHEMA segmentation_internal;
COMMENT ON SCHEMA segmentation_internal IS 'what only extension segmentation itself calls';
GRANT USAGE ON SCHEMA segmentation_internal TO PUBLIC;

CREATE FUNCTION segmentation_internal.refuse(sqlstate text, message text, detail text DEFAULT NULL, hint text DEFAULT NULL,
    "table" text DEFAULT NULL, "constraint" text DEFAULT NULL) RETURNS void
    AS 'MODULE_PATHNAME' LANGUAGE C PARALLEL SAFE;
COMMENT ON FUNCTION segmentation_internal.refuse(text, text, text, text, text, text) IS
    'raises an error, whose context does not name the functions of the extension that lead there';

SELECT segmentation_internal.refuse('3F000', 'cannot install the extension''s types into schema "segmentation"',
    'The extension makes schema "segmentation" itself, for its catalogue and management functions.',
    'Drop that schema and use CREATE EXTENSION segmentation SCHEMA public, or another schema of yours.')
 WHERE '@extschema@' OPERATOR(pg_catalog.=) 'segmentation';

CREATE SCHEMA segmentation;
COMMENT ON SCHEMA segmentation IS 'catalogue and management functions of extension segmentation';
GRANT USAGE ON SCHEMA segmentation TO PUBLIC;
