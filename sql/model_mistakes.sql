-- What goes wrong where each segment is a query of its own that a nightly job
-- runs into a table of memberships, and what a model answers there.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA regress_mistakes;
SET search_path = regress_mistakes, public;
SET TimeZone = 'America/New_York';
CREATE TABLE customer (id int PRIMARY KEY, name text, plan text, revenue currency_price, last_login timestamptz, signed_up timestamptz);
INSERT INTO customer VALUES
    (1, 'Acme',   'team',  '12000 EUR', '2025-05-31 12:00 UTC', '2025-02-28 22:30 UTC'),
    (2, 'Bright', 'free',  '0 EUR',     '2025-01-01 12:00 UTC', '2025-02-28 23:30 UTC'),
    (3, 'Corvus', NULL,    '15000 USD', NULL,                   '2025-03-01 12:00 UTC'),
    (4, 'Delta',  'scale', '30000 EUR', '2025-01-01 12:00 UTC', '2025-03-31 21:59 UTC'),
    (5, 'Elm',    'team',  NULL,        '2025-05-30 12:00 UTC', '2025-03-31 22:00 UTC');

-- the nightly job: a query for each segment, in the order of their names
CREATE TABLE job (segment text PRIMARY KEY, query text);
CREATE TABLE membership (customer int, segment text);
CREATE FUNCTION nightly() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    j job;
BEGIN
    FOR j IN SELECT * FROM job ORDER BY segment LOOP
        DELETE FROM membership WHERE segment = j.segment;
        EXECUTE format('INSERT INTO membership SELECT id, %L FROM customer WHERE %s', j.segment, replace(j.query, 'now()', '''2025-06-01 00:00 UTC''::timestamptz'));
    END LOOP;
END
$$;
SELECT count(*) FROM segmentation.create_model('care', 'customer', '{id}', time_zone => 'Europe/Paris');
CREATE FUNCTION by_job() RETURNS TABLE (segment text, customers text) BEGIN ATOMIC
    SELECT segment, string_agg(name, ', ' ORDER BY id) FROM membership JOIN customer ON id = membership.customer GROUP BY segment ORDER BY segment;
END;
CREATE FUNCTION by_model() RETURNS TABLE (segment text, customers text) BEGIN ATOMIC
    SELECT segment::text, string_agg(name, ', ' ORDER BY id) FROM care_member JOIN customer USING (id) GROUP BY segment ORDER BY segment;
END;

-- Negation.  Whoever is not active is inactive; but who never logged in is neither
-- by the job.  in_segment knows everybody as in or out, and so does NOT in_segment.
INSERT INTO job VALUES
    ('active', 'last_login >= now() - interval ''30 days'''),
    ('inactive', 'NOT last_login >= now() - interval ''30 days''');
SELECT * FROM segmentation.define_segment('care', 'active', 'last_login >= now() - interval ''30 days''', "count" => false);
SELECT * FROM segmentation.define_segment('care', 'inactive', 'NOT in_segment(''active'')', "count" => false);
SELECT nightly();
SELECT rows_read FROM segmentation.refresh('care', '2025-06-01 00:00 UTC');
SELECT * FROM by_job();
SELECT * FROM by_model();

-- NULL.  Everybody but those on the free plan is not everybody that pays; the job
-- loses who has no plan without a word, definition counts them.  A list with a NULL in
-- it leaves nobody; a price in another currency is neither above nor below.
SELECT * FROM segmentation.define_segment('care', 'paying', 'plan <> ''free''');
SELECT * FROM segmentation.define_segment('care', 'paying', 'plan IS DISTINCT FROM ''free''');
SELECT * FROM segmentation.define_segment('care', 'in-neither', 'plan NOT IN (''team'', ''free'', NULL)');
SET client_min_messages = notice;
SELECT * FROM segmentation.define_segment('care', 'key-account', 'revenue >= ''10000 EUR''');
SET client_min_messages = warning;
SELECT rows_read FROM segmentation.refresh('care', '2025-06-01 00:00 UTC');
SELECT * FROM by_model();

-- Time zones.  Who signed up in March?  By the job that depends on where it runs;
-- by the model March is March in Paris.
INSERT INTO job VALUES ('march', 'date_trunc(''month'', signed_up) = ''2025-03-01''');
SELECT nightly();
SELECT * FROM by_job() WHERE segment = 'march';
SET TimeZone = 'Asia/Tokyo';
SELECT nightly();
SELECT * FROM by_job() WHERE segment = 'march';
SELECT * FROM segmentation.define_segment('care', 'march', 'date_trunc(''month'', signed_up) = ''2025-03-01''');
SELECT rows_read FROM segmentation.refresh('care', '2025-06-01 00:00 UTC');
SELECT * FROM by_model() WHERE segment = 'march';
SET TimeZone = 'America/New_York';
SELECT changed FROM segmentation.refresh('care', '2025-06-01 00:00 UTC');
SELECT * FROM by_model() WHERE segment = 'march';

-- Nested segments.  Whom to call is who is at risk, at risk is a key account that is
-- inactive.  The job asks for memberships of yesterday where the names stand the
-- other way round, and needs a night for each level; a refresh is right at once.
INSERT INTO job VALUES
    ('call', 'EXISTS (SELECT FROM membership WHERE customer = id AND segment = ''lapsing'')'),
    ('lapsing', 'EXISTS (SELECT FROM membership WHERE customer = id AND segment = ''passive'')'),
    ('passive', 'last_login < now() - interval ''30 days''');
SELECT * FROM segmentation.define_segment('care', 'passive', 'last_login < now() - interval ''30 days''', "count" => false);
SELECT * FROM segmentation.define_segment('care', 'lapsing', 'in_segment(''passive'')', "count" => false);
SELECT * FROM segmentation.define_segment('care', 'call', 'in_segment(''lapsing'')', "count" => false);
SELECT nightly(), nightly(), nightly();
SELECT rows_read FROM segmentation.refresh('care', '2025-06-01 00:00 UTC');
SELECT * FROM by_job() WHERE segment IN ('call', 'lapsing', 'passive');
UPDATE customer SET last_login = '2025-06-01 00:00 UTC' WHERE id = 4;
UPDATE customer SET last_login = '2025-04-01 00:00 UTC' WHERE id = 1;
SELECT nightly();
SELECT rows_read FROM segmentation.refresh('care', '2025-06-01 00:00 UTC');
SELECT * FROM by_job() WHERE segment IN ('call', 'lapsing', 'passive');
SELECT * FROM by_model() WHERE segment IN ('call', 'lapsing', 'passive');

-- Yesterday.  The job has thrown it away; the model knows who was in, and since when.
SELECT max(until) AS change FROM care_history \gset
SELECT string_agg(name, ', ' ORDER BY id) AS "to be called before the change"
FROM care_at(:'change'::timestamptz - interval '1 microsecond') JOIN customer USING (id) WHERE segments @> '{call}';
SELECT string_agg(name, ', ' ORDER BY id) AS "and after" FROM care_at(:'change') JOIN customer USING (id) WHERE segments @> '{call}';
SELECT name, segment, left_at IS NOT NULL AS "has left", entered_at < :'change' AS "was there before"
FROM care_stay JOIN customer USING (id) WHERE segment = 'call' ORDER BY id;

-- One pass.  The job reads the table once for each segment; a refresh reads each customer once.
SELECT (SELECT count(*) FROM segmentation.segment WHERE model = 'care') AS segments,
       (SELECT max(rows_read) FROM segmentation.refresh_log WHERE model = 'care') AS "rows read";
SELECT count(*) AS differences FROM segmentation.verify('care');

-- leave nothing to the tests that follow
DELETE FROM segmentation.segment_reference
WHERE model IN (SELECT id FROM segmentation.model JOIN pg_class ON pg_class.oid = assignment WHERE relnamespace = quote_ident(current_schema())::regnamespace);
DELETE FROM segmentation.model USING pg_class WHERE pg_class.oid = assignment AND relnamespace = quote_ident(current_schema())::regnamespace;
SET client_min_messages = warning;
DROP SCHEMA regress_mistakes CASCADE;
