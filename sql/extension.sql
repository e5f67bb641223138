-- the extension refuses the schema that it makes itself, and installs into any other
\set VERBOSITY default
\set SHOW_CONTEXT never
DROP EXTENSION segmentation;
CREATE SCHEMA segmentation;
CREATE EXTENSION segmentation SCHEMA segmentation;
DROP SCHEMA segmentation;
CREATE SCHEMA "Our Types";
CREATE EXTENSION segmentation SCHEMA "Our Types";
DROP EXTENSION segmentation;
DROP SCHEMA "Our Types";
CREATE EXTENSION segmentation;

-- since 18 the server says which version of the library a session has loaded
SELECT 'eu'::segment_id;
DO $$
DECLARE
    loaded text;
BEGIN
    IF current_setting('server_version_num')::int >= 180000 THEN
        EXECUTE 'SELECT version FROM pg_get_loaded_modules() WHERE module_name = ''segmentation''' INTO loaded;
        ASSERT loaded = (SELECT extversion FROM pg_extension WHERE extname = 'segmentation'), loaded;
    END IF;
END
$$;
