-- A source's moment() is that of the evaluation, and now() where none is under way.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA regress_moment;
SET search_path = regress_moment, public, segmentation;
SET TimeZone = 'UTC';
SELECT moment() = now() AS is_now;

-- logins of the last seven days, through a view of a view and a function
CREATE TABLE customer (id int PRIMARY KEY);
INSERT INTO customer VALUES (1), (2);
CREATE TABLE login (customer int, at timestamptz);
INSERT INTO login VALUES (1, now() - interval '3 days'), (2, now() - interval '8 days'), (2, now() + interval '29 days');
CREATE FUNCTION week_ago() RETURNS timestamptz LANGUAGE plpgsql STABLE PARALLEL SAFE AS 'BEGIN RETURN segmentation.moment() - interval ''7 days''; END';
CREATE VIEW recent AS SELECT * FROM login WHERE at > week_ago() AND at <= segmentation.moment();
CREATE VIEW profile AS
    SELECT id, (SELECT count(*) FROM recent WHERE customer = id) AS logins, segmentation.moment() AS seen_at FROM customer;
CREATE TABLE moments AS SELECT now() + interval '30 days' AS later, now() + interval '60 days' AS last;

-- every way to evaluate
SELECT create_model('win', 'profile', '{id}');
SELECT members FROM define_segment('win', 'active', 'logins >= 1');
SELECT members FROM define_segment('win', 'other', 'logins >= 1 AND in_segment(''active'')');
SELECT members FROM preview('win', 'logins >= 1');
SELECT members FROM moments, preview('win', 'logins >= 1', as_of => later);
SELECT customer, change FROM moments, preview_changes('win', 'logins = 0', 'active', as_of => later) ORDER BY 1;
SELECT affected_segment, entering, leaving FROM moments, impact('win', 'active', 'logins = 0', as_of => later) WHERE affected_segment = 'active';
SELECT (refresh('win', later)).entered FROM moments;
SELECT id, segments FROM win_assignment ORDER BY id;
SELECT * FROM verify('win');
SELECT id, classify('win', id::text), explain.because FROM customer, explain_customer('win', id::text) AS explain WHERE segment = 'active' ORDER BY id;
SELECT (refresh('win', last)).exited FROM moments;
SELECT * FROM verify('win');
-- in a rule it is the clock, like now()
SELECT expression, asks_clock FROM check_rule('profile', 'seen_at = moment()');
SELECT members FROM define_segment('win', 'same', 'seen_at = moment() AND seen_at = now()');
SELECT moment() = now() AS is_now;

-- what starters read
CREATE VIEW scored AS SELECT n AS id, (n + extract(year FROM segmentation.moment()) * 100)::int AS revenue FROM generate_series(1, 9) AS n;
SELECT segment, rule, members FROM create_model_from('revenue', 'scored', key => '{id}', as_of => '2030-06-01');
SELECT moment() = now() AS is_now;

-- nothing is left behind by an error, whatever has caught it, nor by a cancel
CREATE FUNCTION fail(fails boolean, sleeps boolean) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF sleeps THEN PERFORM pg_sleep(10); END IF;
    IF fails THEN RAISE insufficient_resources; END IF;
    RETURN true;
END $$;
CREATE TABLE switch AS SELECT false AS fails, false AS sleeps;
CREATE VIEW failing AS SELECT id, fail(fails, sleeps) AS fine FROM customer, switch;
SELECT create_model('failing', 'failing', '{id}');
SELECT members FROM define_segment('failing', 'fine', 'fine');
UPDATE switch SET fails = true;
SELECT failed FROM refresh('failing', '2040-01-01');
SELECT moment() = now() AS is_now;
BEGIN;
SAVEPOINT before;
SELECT classify('failing', '1');
ROLLBACK TO before;
SELECT moment() = now() AS is_now;
DO $$
BEGIN
    PERFORM segmentation.preview('failing', 'fine', as_of => '2040-01-01');
EXCEPTION WHEN insufficient_resources THEN
    RAISE WARNING '%', segmentation.moment() = now();
END $$;
COMMIT;
UPDATE switch SET fails = false, sleeps = true;
BEGIN;
SET LOCAL statement_timeout = '100ms';
SAVEPOINT before;
SELECT failed FROM refresh('failing', '2040-01-01');
ROLLBACK TO before;
SELECT moment() = now() AS is_now;
COMMIT;
UPDATE switch SET sleeps = false;

-- a plan that is kept, and a cursor that is open while the model is refreshed
SET plan_cache_mode = force_generic_plan;
PREPARE kept AS SELECT DISTINCT seen_at = now() AS is_now FROM profile;
EXECUTE kept;
BEGIN;
DECLARE open_cursor CURSOR FOR SELECT seen_at = now() AS is_now FROM profile ORDER BY id;
FETCH open_cursor;
SELECT (refresh('win', last + interval '1 day')).failed FROM moments;
FETCH open_cursor;
COMMIT;
EXECUTE kept;
RESET plan_cache_mode;

-- workers
CREATE FUNCTION in_worker() RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE AS
    'BEGIN RETURN (SELECT leader_pid IS NOT NULL FROM pg_stat_activity WHERE pid = pg_backend_pid()); END';
CREATE TABLE many AS SELECT generate_series(1, 100) AS id;
CREATE VIEW parallel AS SELECT id, segmentation.moment() AS seen_at, in_worker() AS in_worker FROM many;
SELECT create_model('parallel', 'parallel', '{id}');
SELECT members FROM define_segment('parallel', 'right', 'seen_at = now() AND seen_at = timestamptz ''2040-01-01 12:34:56.654321''');
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET parallel_leader_participation = off;
SELECT members FROM preview('parallel', 'in_worker AND seen_at = now()', as_of => '2040-01-01 12:34:56.654321');
SELECT rows_read FROM refresh('parallel', '2040-01-01 12:34:56.654321');
SELECT * FROM verify('parallel');
SELECT count(*) FILTER (WHERE segments @> '{right}') AS "right" FROM parallel_assignment;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET parallel_leader_participation;

-- moments at the ends of time
SELECT members FROM preview('parallel', 'seen_at = now()', as_of => 'infinity');
SELECT members FROM preview('parallel', 'seen_at = now()', as_of => '-infinity');
SELECT members FROM preview('parallel', 'seen_at = now()', as_of => '4713-01-01 BC');
SELECT members FROM preview('parallel', 'seen_at = now()', as_of => '294276-12-31 23:59:59.999999');

-- a user can neither set it nor find it set; what an evaluation calls cannot take it back
SET segmentation.moment = 'yesterday';
CREATE ROLE regress_moment_user;
GRANT USAGE ON SCHEMA regress_moment TO regress_moment_user;
SET ROLE regress_moment_user;
SET segmentation.moment = '0';
SELECT set_config('segmentation.moment', '0', true);
SELECT count(*) FROM pg_settings WHERE name = 'segmentation.moment';
RESET ROLE;
CREATE FUNCTION reset_all() RETURNS timestamptz LANGUAGE plpgsql VOLATILE AS 'BEGIN RESET ALL; RETURN segmentation.moment(); END';
CREATE VIEW resetting AS SELECT 1 AS id, reset_all() AS seen_at;
SELECT create_model('resetting', 'resetting', '{id}');
SELECT members FROM define_segment('resetting', 'same', 'seen_at = now()');
SELECT members FROM preview('resetting', 'seen_at = now()', as_of => '2040-01-01');
\c
-- set before the library is there
SET segmentation.moment = '0';
SELECT segmentation.moment() AT TIME ZONE 'UTC' AS moment;
RESET segmentation.moment;
SELECT segmentation.moment() = now() AS is_now;
\c
SET ROLE regress_moment_user;
SET segmentation.moment = '0';
SELECT segmentation.moment() = now() AS is_now;
RESET ROLE;

SET client_min_messages = error;
SELECT segmentation.drop_model(id::text) FROM segmentation.model ORDER BY id;
DROP SCHEMA regress_moment CASCADE;
DROP ROLE regress_moment_user;
