\echo Use "CREATE EXTENSION segmentation" to load this file. \quit

DO $$
BEGIN
    IF '@extschema@' = 'segmentation' THEN
        RAISE invalid_schema_name USING
            MESSAGE = 'cannot install the extension''s types into schema "segmentation"',
            DETAIL = 'The extension makes schema "segmentation" itself, for its catalogue and management functions.',
            HINT = 'Drop that schema and use CREATE EXTENSION segmentation SCHEMA public, or another schema of yours.';
    END IF;
END
$$;

CREATE SCHEMA segmentation;
COMMENT ON SCHEMA segmentation IS 'catalogue and management functions of extension segmentation';
GRANT USAGE ON SCHEMA segmentation TO PUBLIC;

CREATE SCHEMA segmentation_internal;
COMMENT ON SCHEMA segmentation_internal IS 'what only extension segmentation itself calls';
GRANT USAGE ON SCHEMA segmentation_internal TO PUBLIC;
