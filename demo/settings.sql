-- What the scripts of the demo run under, whatever the caller's settings.
\set ON_ERROR_STOP on
\pset pager off
\pset footer off
SET client_min_messages = warning;
SET TimeZone = 'UTC';
SET DateStyle = 'ISO';
SET default_transaction_isolation = 'read committed';
SELECT quote_ident(nspname) AS extension_schema
FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace
WHERE extname = 'segmentation' \gset
SET search_path = :"schema", :extension_schema;
