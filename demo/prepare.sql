-- An empty schema for the demo, and the extension.  An earlier demo's tables are
-- dropped, but nothing that somebody else has made since, there or upon them.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SELECT coalesce(current_schema(), 'public') AS extension_schema \gset
BEGIN;
CREATE EXTENSION IF NOT EXISTS segmentation SCHEMA :"extension_schema";
CREATE SCHEMA IF NOT EXISTS :"schema";
SET LOCAL search_path = :"schema", pg_temp;
DO $$
BEGIN
    PERFORM segmentation.drop_model(id::text) FROM segmentation.model WHERE assignment = to_regclass('service_assignment');
END
$$;
DROP VIEW IF EXISTS customer_profile, customer_revenue, customer_loyalty;
DROP TABLE IF EXISTS segments, offers, customers, subscriptions, invoices, logins, responses,
    nps_by_month, scales, lines, readings, unread;
DROP FUNCTION IF EXISTS today(), dice(bigint, bigint, bigint), plain_number(text, text), read_score(text);
DROP FUNCTION IF EXISTS read_price;
DROP SCHEMA :"schema";
CREATE SCHEMA :"schema";
COMMENT ON SCHEMA :"schema" IS 'tables of the demo of extension segmentation';
COMMIT;
