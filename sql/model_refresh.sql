-- refresh, its history and log, and verify
CREATE SCHEMA shop;
CREATE TABLE shop.customer (id bigint PRIMARY KEY, employees int, mrr numeric, last_login timestamptz, status text);
INSERT INTO shop.customer SELECT i, i * 10, i * 5, timestamptz '2026-01-01 00:00+00' + i * interval '1 day' FROM generate_series(1, 10) i;
SET TimeZone = 'UTC';
-- a row of the log without the moments of the clock
CREATE FUNCTION shop.refresh(model text, as_of timestamptz) RETURNS TABLE (as_of timestamptz, cause text, version int,
    rows_read bigint, appeared bigint, changed bigint, vanished bigint, entered bigint, exited bigint) LANGUAGE sql AS
    'SELECT as_of, cause, version, rows_read, appeared, changed, vanished, entered, exited FROM segmentation.refresh($1, $2)';
SELECT segmentation.create_model('service', 'shop.customer', '{id}', schema => 'shop', prefix => 'service');
-- a model without segments
SELECT * FROM shop.refresh('service', '2026-01-09');
SELECT * FROM segmentation.verify('service');
SELECT * FROM segmentation.define_segment('service', 'big', 'employees > 50', "count" => false);
SELECT * FROM segmentation.define_segment('service', 'at-risk', 'last_login < now() - interval ''5 days'' AND NOT in_segment(''big'')', "count" => false);
SELECT * FROM segmentation.define_segment('service', 'watched', 'in_segment(''big'') OR in_segment(''service'', ''at-risk'')', "count" => false);
SELECT segmentation.model_sql('service');
SELECT * FROM shop.refresh('service', '2026-01-10');
SELECT id, segments, version FROM shop.service_assignment ORDER BY id;
SELECT * FROM segmentation.verify('service');
-- no change, nothing written
CREATE TEMP TABLE before AS SELECT ctid AS row, * FROM shop.service_assignment;
SELECT * FROM shop.refresh('service', '2026-01-10');
SELECT count(*) FROM before JOIN shop.service_assignment a USING (id) WHERE a.ctid = before.row AND a.since = before.since;

-- changed, vanished and new customers, and the clock
UPDATE shop.customer SET employees = 1 WHERE id = 9;
DELETE FROM shop.customer WHERE id = 2;
INSERT INTO shop.customer VALUES (11, 1000, 1, '2026-01-01');
SELECT * FROM segmentation.verify('service');
SELECT * FROM shop.refresh('service', '2026-01-11');
SELECT * FROM segmentation.verify('service');
SELECT a.id, a.segments, h.segments AS before, h.cause, h.until = a.since AS adjoins
FROM shop.service_assignment a LEFT JOIN shop.service_history h USING (id) WHERE h.id IS NOT NULL OR a.id = 11 ORDER BY a.id;
SELECT segment, l.entered, l.exited FROM segmentation.refresh_log_segment l
WHERE refreshed_at = (SELECT max(refreshed_at) FROM segmentation.refresh_log) ORDER BY segment;
-- a customer that comes again
INSERT INTO shop.customer VALUES (2, 20, 10, '2026-01-03');
SELECT * FROM shop.refresh('service', '2026-01-11');
SELECT segments, cause, until - since > interval '0' AS lasted FROM shop.service_history WHERE id = 2 ORDER BY since;
SELECT segments FROM shop.service_assignment WHERE id = 2;
SELECT segment, left_at IS NULL AS is_in FROM shop.service_stay WHERE id = 2 ORDER BY segment, entered_at;
-- another definition
SELECT * FROM segmentation.define_segment('service', 'big', 'employees > 70', "count" => false);
SELECT * FROM shop.refresh('service', '2026-01-11');
SELECT id, segments, cause, version FROM shop.service_history WHERE cause = 'definition' AND segments <> '{}' ORDER BY id;

-- what was written down at each moment is what service_at says of it
CREATE TEMP TABLE snapshot AS SELECT statement_timestamp() AS moment, id, segments FROM shop.service_assignment;
UPDATE shop.customer SET employees = 500 - employees;
SELECT * FROM shop.refresh('service', '2026-01-12');
SELECT count(*) AS differences FROM snapshot s
FULL JOIN LATERAL (SELECT * FROM shop.service_at((SELECT DISTINCT moment FROM snapshot))) a ON s.id = a.id
WHERE s.segments IS DISTINCT FROM a.segments;

-- two refreshes in one transaction leave the last
BEGIN;
UPDATE shop.customer SET employees = 0 WHERE id = 1;
SELECT * FROM shop.refresh('service', '2026-01-12');
SELECT since AS first_since FROM shop.service_assignment WHERE id = 1 \gset
UPDATE shop.customer SET last_login = '2027-01-01' WHERE id = 1;
SELECT * FROM shop.refresh('service', '2026-01-12');
SELECT segments, since = :'first_since' AS same_period FROM shop.service_assignment WHERE id = 1;
SELECT count(*) FROM shop.service_history WHERE id = 1 AND until >= :'first_since';
-- a customer that comes and goes within it has no history
INSERT INTO shop.customer VALUES (12, 1000, 1, '2026-01-01');
SELECT * FROM shop.refresh('service', '2026-01-12');
DELETE FROM shop.customer WHERE id = 12;
SELECT * FROM shop.refresh('service', '2026-01-12');
SELECT segments FROM shop.service_assignment WHERE id = 12;
SELECT count(*) FROM shop.service_history WHERE id = 12;
COMMIT;
-- one that changes and changes back, or vanishes and comes again, has not changed at all
CREATE TEMP TABLE untouched AS SELECT a.*, (SELECT count(*) FROM shop.service_history h WHERE h.id = a.id) AS periods FROM shop.service_assignment a;
BEGIN;
UPDATE shop.customer SET employees = 300 - employees WHERE id IN (3, 4);
SELECT * FROM shop.refresh('service', '2026-01-12');
DELETE FROM shop.customer WHERE id = 3;
SELECT * FROM shop.refresh('service', '2026-01-12');
INSERT INTO shop.customer VALUES (3, 470, 15, '2026-01-04');
UPDATE shop.customer SET employees = 300 - employees WHERE id = 4;
SELECT * FROM shop.refresh('service', '2026-01-12');
COMMIT;
SELECT count(*) FILTER (WHERE (a.since, a.version, a.segments) IS DISTINCT FROM (u.since, u.version, u.segments)
    OR u.periods <> (SELECT count(*) FROM shop.service_history h WHERE h.id = u.id)) AS differences, count(*)
FROM untouched u LEFT JOIN shop.service_assignment a USING (id);
-- what comes after it ends the period that was there before
UPDATE shop.customer SET employees = 0, last_login = '2027-01-01' WHERE id = 3;
SELECT * FROM shop.refresh('service', '2026-01-12');
SELECT h.since = u.since AS same_period, h.segments, a.segments AS now FROM untouched u JOIN shop.service_assignment a USING (id)
JOIN shop.service_history h ON h.id = u.id AND h.until = a.since WHERE u.id = 3;

-- moments
\set VERBOSITY terse
SELECT * FROM shop.refresh('service', '2026-01-11');
\set VERBOSITY default
SELECT * FROM shop.refresh('service', 'infinity');
SELECT segmentation.refresh(NULL);
SELECT segmentation.verify(NULL);
SELECT segmentation.model_sql(NULL);
SELECT segmentation.refresh('no-such');
SELECT segmentation.verify('no-such');
SELECT as_of = now() FROM segmentation.refresh('SERVICE');

-- an exclusive model, over segments of another
SELECT segmentation.create_model('tier', 'shop.customer', '{id}', kind => 'exclusive', schema => 'shop', prefix => 'tier');
SELECT * FROM segmentation.define_segment('tier', 'gold', 'mrr > 40 OR in_segment(''service'', ''big'')', rank => 1, "count" => false);
SELECT * FROM segmentation.define_segment('tier', 'silver', 'mrr > 20', rank => 2, "count" => false);
SELECT * FROM segmentation.define_segment('tier', 'odd', 'NOT in_segment(''silver'') AND id % 2 = 1', rank => 3, "count" => false);
SELECT * FROM segmentation.define_segment('tier', 'rest', rank => 4, "count" => false);
SELECT segmentation.model_sql('tier');
SELECT rows_read, appeared, entered FROM segmentation.refresh('tier');
SELECT segments, count(*) FROM shop.tier_assignment GROUP BY 1 ORDER BY 1;
SELECT * FROM segmentation.verify('tier');
-- a rule of the other model that changes is another definition here too
SELECT * FROM segmentation.define_segment('service', 'big', 'employees > 1000', "count" => false);
SELECT cause, version, changed FROM segmentation.refresh('tier');
SELECT cause, version, changed FROM segmentation.refresh('tier');
SELECT refreshed_versions FROM segmentation.model WHERE id = 'tier';

-- a model by a column, whatever the application writes there
UPDATE shop.customer SET status = CASE WHEN id % 3 = 0 THEN 'Trial' WHEN id % 3 = 1 THEN 'paying' END;
SELECT segmentation.create_model('status', 'shop.customer', '{id}', kind => 'column', schema => 'shop', prefix => 'status', segment_column => 'status');
SELECT rows_read, appeared, entered FROM segmentation.refresh('status');
SELECT id, segments FROM shop.status_assignment ORDER BY id;
SELECT id FROM segmentation.segment WHERE model = 'status' ORDER BY id;
UPDATE shop.customer SET status = 'gone' WHERE id = 1;
SELECT changed, entered, exited FROM segmentation.refresh('status');
SELECT * FROM segmentation.verify('status');
SELECT segment, count(*) FROM shop.status_member GROUP BY 1 ORDER BY 1;

-- two columns as key, names that need quotes, a view without a unique key
CREATE TABLE shop."Odd Table" ("Tenant Id" uuid, "select" text, "Größe" int);
INSERT INTO shop."Odd Table" VALUES ('00000000-0000-0000-0000-000000000001', 'a', 1), ('00000000-0000-0000-0000-000000000001', 'b', 2), ('00000000-0000-0000-0000-000000000002', 'a', NULL);
SELECT segmentation.create_model('odd', 'shop."Odd Table"', '{Tenant Id,select}', schema => 'shop', prefix => 'Odd One');
SELECT * FROM segmentation.define_segment('odd', 'large', '"Größe" > 1', "count" => false);
SELECT * FROM segmentation.define_segment('odd', 'not-large', 'NOT in_segment(''large'')', "count" => false);
SELECT rows_read, appeared, entered FROM segmentation.refresh('odd');
SELECT "Tenant Id", "select", segments FROM shop."Odd One_assignment" ORDER BY 1, 2;
UPDATE shop."Odd Table" SET "Größe" = 3;
SELECT changed, entered, exited FROM segmentation.refresh('odd');
SELECT * FROM segmentation.verify('odd');
-- a customer twice or without a key is never silent, first or later
\set SHOW_CONTEXT never
INSERT INTO shop."Odd Table" VALUES ('00000000-0000-0000-0000-000000000002', 'a', 7);
SELECT segmentation.refresh('odd');
DELETE FROM shop."Odd Table" WHERE "Größe" = 7;
INSERT INTO shop."Odd Table" VALUES ('00000000-0000-0000-0000-000000000009', 'a', 7), ('00000000-0000-0000-0000-000000000009', 'a', 7);
SELECT segmentation.refresh('odd');
DELETE FROM shop."Odd Table" WHERE "Größe" = 7;
INSERT INTO shop."Odd Table" VALUES ('00000000-0000-0000-0000-000000000009', NULL, 7);
SELECT segmentation.refresh('odd');
TRUNCATE shop."Odd One_assignment";
SELECT segmentation.refresh('odd');
UPDATE shop."Odd Table" SET "select" = 'a';
SELECT segmentation.refresh('odd');
SELECT indexdef FROM pg_indexes WHERE tablename = 'Odd One_assignment' ORDER BY 1;

-- settings of the session change nothing; nor is anything left of the refresh's own
SET search_path = pg_temp;
SET DateStyle = 'German'; SET IntervalStyle = 'sql_standard'; SET TimeZone = 'Asia/Tokyo';
SELECT changed, vanished FROM segmentation.refresh('service');
SHOW search_path; SHOW TimeZone; SHOW work_mem;
RESET ALL;

-- who may: UPDATE on the assignment to refresh, SELECT to verify
CREATE ROLE segmentation_clerk;
GRANT USAGE ON SCHEMA shop TO segmentation_clerk;
SET ROLE segmentation_clerk;
SELECT segmentation.refresh('service');
SELECT segmentation.verify('service');
RESET ROLE;
GRANT UPDATE, SELECT ON shop.service_assignment TO segmentation_clerk;
SET ROLE segmentation_clerk;
SELECT changed FROM segmentation.refresh('service');
SELECT * FROM segmentation.verify('service');
SELECT current_user;
INSERT INTO segmentation.refresh_log SELECT * FROM segmentation.refresh_log;
RESET ROLE;
DROP OWNED BY segmentation_clerk;
DROP ROLE segmentation_clerk;

-- progress
CREATE TABLE shop.many AS SELECT i AS id, 'one' AS name FROM generate_series(1, 500000) i;
SELECT segmentation.create_model('many', 'shop.many', '{id}', schema => 'shop', prefix => 'many');
SELECT * FROM segmentation.define_segment('many', 'all', 'id > 0', "count" => false);
SELECT rows_read, entered FROM segmentation.refresh('many');
SELECT segmentation.create_model('many-columns', 'shop.many', '{id}', kind => 'column', segment_column => 'name', schema => 'shop', prefix => 'columns');
SELECT rows_read, entered FROM segmentation.refresh('many-columns');
SELECT changed FROM segmentation.refresh('many-columns');
SELECT segmentation.drop_model('many-columns'), segmentation.drop_model('many');
DROP TABLE shop.many;

-- a clock that was ahead: what is recorded comes after what was recorded then
UPDATE segmentation.model SET refreshed_at = refreshed_at + interval '1 day' WHERE id = 'service';
SELECT refreshed_at AS ahead FROM segmentation.model WHERE id = 'service' \gset
UPDATE shop.customer SET employees = 2000 - employees WHERE id = 5;
SELECT changed, refreshed_at > :'ahead' AS later FROM segmentation.refresh('service');
SELECT since > :'ahead' AS later FROM shop.service_assignment WHERE id = 5;
-- the log goes with the model
SELECT count(*) > 0 FROM segmentation.refresh_log WHERE model = 'odd';
SELECT segmentation.drop_model(m) FROM unnest('{odd,status,tier,service}'::text[]) m;
SELECT count(*) FROM segmentation.refresh_log;
\set VERBOSITY terse
SET client_min_messages = warning;
DROP SCHEMA shop CASCADE;
