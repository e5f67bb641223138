-- Before the demo asks: is the extension there, and whose is the schema?
\set ON_ERROR_STOP on
SELECT CASE WHEN EXISTS (SELECT FROM pg_extension WHERE extname = 'segmentation') THEN 'installed'
            WHEN EXISTS (SELECT FROM pg_available_extensions WHERE name = 'segmentation') THEN 'available'
            ELSE 'missing' END;
SELECT coalesce((SELECT CASE WHEN obj_description(oid, 'pg_namespace') = 'tables of the demo of extension segmentation'
                             THEN 'ours' ELSE 'foreign' END
                 FROM pg_namespace WHERE nspname = :'schema'), 'new');
