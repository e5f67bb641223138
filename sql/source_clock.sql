-- A source that asks the server's clock is told of, with what to write instead.
\set VERBOSITY default
\set SHOW_CONTEXT never
CREATE SCHEMA regress_clock;
CREATE SCHEMA app;
SET search_path = regress_clock, public;
SET TimeZone = 'UTC';
CREATE TABLE app.customer (id int PRIMARY KEY, birth date, joined timestamp, login timestamptz, revenue currency_price);
INSERT INTO app.customer VALUES (1, '1980-02-29', '2020-01-01', now() - interval '3 days', '5 EUR');

-- a model over a view with such a column
CREATE PROCEDURE tell(columns text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'CREATE VIEW app.asks AS SELECT id, ' || columns || ' AS answer FROM app.customer';
    PERFORM segmentation.create_model('asks', 'app.asks', '{id}', schema => 'app');
    PERFORM segmentation.drop_model('asks');
    DROP VIEW app.asks;
END
$$;
-- what it is about
CREATE VIEW app.profile AS SELECT id, login > now() - interval '7 days' AS active FROM app.customer;
SELECT segmentation.create_model('m', 'app.profile', '{id}');
SELECT segmentation.alter_model('m', source => 'app.profile');
SELECT segmentation.alter_model('m', source => 'app.customer');
SELECT segmentation.alter_model('m', objective => 'none');
SELECT segmentation.alter_model('m', source => 'app.profile');
-- the view is mended as the hint says
CREATE OR REPLACE VIEW app.profile AS SELECT id, login > segmentation.moment() - interval '7 days' AS active FROM app.customer;
SELECT segmentation.alter_model('m', source => 'app.profile');
SELECT members FROM segmentation.define_segment('m', 'active', 'active');
SELECT members FROM segmentation.preview('m', 'active', as_of => now() + interval '30 days');
SELECT entered FROM segmentation.refresh('m', now() + interval '30 days');
SELECT segmentation.drop_model('m');

-- each way to ask, and none
CALL tell('now()');
CALL tell('transaction_timestamp()');
CALL tell('statement_timestamp()');
CALL tell('clock_timestamp()');
CALL tell('timeofday()');
CALL tell('current_date');
CALL tell('current_time');
CALL tell('current_time(3)');
CALL tell('current_timestamp');
CALL tell('current_timestamp(0)');
CALL tell('localtime');
CALL tell('localtime(2)');
CALL tell('localtimestamp');
CALL tell('localtimestamp(1)');
CALL tell('age(birth)');
CALL tell('age(joined)');
CALL tell('''now''::text::timestamptz');
CALL tell('''Today 12:00''::varchar::timestamptz');
CALL tell('''tomorrow''::text::date');
CALL tell('''yesterday''::text::timestamp');
CALL tell('date_in(''today'')');
CALL tell('''today''::text::time');
CALL tell('''now''::text::time');
CALL tell('''[today,tomorrow]''::text::daterange');
CALL tell('timezone(''Europe/Berlin'', timetz ''12:00+00'')');
CALL tell('time ''12:00''::timetz');
CALL tell('convert_currency(revenue, ''EUR'')');
CALL tell('convert_currency(revenue, ''EUR'', segmentation.moment()::date)');
CALL tell('(SELECT count(*) FROM segmentation.price_list(''m''))');
CALL tell('(SELECT count(*) FROM segmentation.price_list(''m'', on_date => birth))');
CALL tell('login AT TIME ZONE ''Europe/Berlin''');
CALL tell('segmentation.moment()');
CALL tell('timestamptz ''now'' IS NOT NULL');
CALL tell('current_user || current_schema');
CALL tell('age(joined, login::timestamp)');
CALL tell('date_trunc(''day'', login)');
CALL tell('''now''::text');
CALL tell('to_date(''now'' || birth, ''YYYY'')');

-- what is to be written instead has the type that the column has
CREATE VIEW app.types AS SELECT id, now() AS a, current_date AS b, current_time AS c, current_time(3) AS d, current_timestamp(0) AS e,
    localtime AS f, localtimestamp AS g, localtimestamp(1) AS h, timeofday() AS i, age(birth) AS j, age(joined) AS k,
    'today'::text::timestamptz AS l, 'tomorrow'::text::date AS m FROM app.customer;
BEGIN;
CREATE TABLE before AS SELECT a, b, c, d, e, f, g, h, j, k, l, m FROM app.types;
CREATE OR REPLACE VIEW app.types AS SELECT id, segmentation.moment() AS a, segmentation.moment()::date AS b,
    segmentation.moment()::time with time zone AS c, segmentation.moment()::time(3) with time zone AS d,
    segmentation.moment()::timestamp(0) with time zone AS e, segmentation.moment()::time without time zone AS f,
    segmentation.moment()::timestamp without time zone AS g, segmentation.moment()::timestamp(1) without time zone AS h,
    segmentation.moment()::text AS i, age(segmentation.moment()::date, birth) AS j, age(segmentation.moment()::date, joined) AS k,
    segmentation.moment()::date::timestamp with time zone AS l, (segmentation.moment()::date + 1) AS m FROM app.customer;
SELECT before = (SELECT row(a, b, c, d, e, f, g, h, j, k, l, m) FROM app.types) AS same FROM before;
COMMIT;
SELECT segmentation.create_model('types', 'app.types', '{id}');
SELECT segmentation.drop_model('types');

-- wherever in the query
CALL tell('(WITH w AS (SELECT now() AS at) SELECT at FROM w)');
CALL tell('(WITH RECURSIVE w (n) AS (SELECT current_date UNION ALL SELECT n + 1 FROM w WHERE n < birth) SELECT max(n) FROM w)');
CALL tell('(SELECT login > at FROM (SELECT now() AS at) AS s)');
CALL tell('(SELECT count(*) FROM app.customer AS a, LATERAL (SELECT a.login > now()) AS s)');
CALL tell('(SELECT count(*) FROM app.customer AS a LEFT JOIN app.customer AS b ON b.login > now())');
CALL tell('(SELECT count(*) FROM generate_series(joined, localtimestamp, interval ''1 day''))');
CALL tell('(SELECT count(*) FROM (VALUES (current_date)) AS v)');
CALL tell('(SELECT count(*) FROM app.customer GROUP BY login > now() HAVING min(login) > now() ORDER BY max(login) > now() LIMIT 1)');
CALL tell('(SELECT sum(1) FILTER (WHERE login > now()) OVER (ORDER BY now()) FROM app.customer LIMIT extract(day FROM clock_timestamp()))');
CALL tell('(SELECT true UNION SELECT false WHERE now() > ''2000-01-01'')');
CALL tell('CASE WHEN login IS NULL THEN false WHEN birth > ''2000-01-01'' THEN login > now() ELSE true END');
CALL tell('ARRAY[coalesce(login, greatest(now(), login))]');
CALL tell('login IN (now(), ''2000-01-01'')');

-- through views and functions, each place once
CREATE VIEW app.recent AS SELECT *, now() AS first, now() AS second FROM app.customer WHERE login > now() - interval '7 days';
CREATE VIEW app."Odd view" AS SELECT * FROM app.recent;
CALL tell('(SELECT count(*) FROM app."Odd view" AS a JOIN app.recent AS b USING (id))');
CREATE FUNCTION app.week_ago() RETURNS timestamptz LANGUAGE sql STABLE RETURN now() - interval '7 days';
CREATE FUNCTION app.atomic(n int) RETURNS timestamptz LANGUAGE sql STABLE
    BEGIN ATOMIC SELECT 1; SELECT current_date + make_interval(days => n) FROM app.recent LIMIT 1; END;
CREATE FUNCTION app.text_body(days interval) RETURNS timestamptz LANGUAGE sql STABLE AS 'SELECT 1; SELECT clock_timestamp() - days';
CREATE FUNCTION app.by_number(interval) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS 'SELECT app.week_ago() - $1';
CREATE FUNCTION app.any_later(anyelement, anyarray) RETURNS anyelement LANGUAGE sql AS 'SELECT CASE WHEN $2[1] > $1 AND localtimestamp > $2[1] THEN $1 END';
CREATE FUNCTION app.literal() RETURNS timestamptz LANGUAGE sql AS 'SELECT ''now''::timestamptz + interval ''1 day''';
CREATE FUNCTION app.rows() RETURNS SETOF app.recent LANGUAGE sql STABLE AS 'SELECT * FROM app.recent';
CREATE FUNCTION app.by_path() RETURNS bigint LANGUAGE sql STABLE SET search_path = app AS 'SELECT count(*) FROM recent';
CREATE FUNCTION app.since(since timestamptz, at timestamptz DEFAULT now()) RETURNS interval LANGUAGE sql IMMUTABLE RETURN at - since;
CREATE FUNCTION app.between(since timestamptz DEFAULT now(), at timestamptz DEFAULT '2000-01-01') RETURNS interval LANGUAGE plpgsql AS 'BEGIN RETURN at - since; END';
CREATE FUNCTION app.again(n int) RETURNS boolean LANGUAGE sql AS 'SELECT now() IS NULL';
CREATE OR REPLACE FUNCTION app.again(n int) RETURNS boolean LANGUAGE sql AS 'SELECT n = 0 OR app.again(n - 1) OR now() IS NULL';
CREATE FUNCTION app.later(timestamptz, timestamptz) RETURNS boolean LANGUAGE sql RETURN $1 > greatest($2, now());
CREATE OPERATOR app.>>> (FUNCTION = app.later, LEFTARG = timestamptz, RIGHTARG = timestamptz);
CREATE FUNCTION app.add(timestamptz, int) RETURNS timestamptz LANGUAGE sql AS 'SELECT greatest($1, now())';
CREATE AGGREGATE app.latest(int) (SFUNC = app.add, STYPE = timestamptz);
CREATE FUNCTION app.to_moment(app.customer) RETURNS timestamptz LANGUAGE sql RETURN $1.login - (now() - now());
CREATE CAST (app.customer AS timestamptz) WITH FUNCTION app.to_moment(app.customer);
CALL tell('login > app.week_ago()');
CALL tell('app.atomic(3)');
CALL tell('app.text_body(interval ''1 day'')');
CALL tell('app.by_number(interval ''1 day'')');
CALL tell('app.any_later(joined, ARRAY[joined])');
CALL tell('app.literal()');
CALL tell('(SELECT count(*) FROM app.rows())');
CALL tell('app.by_path()');
CALL tell('app.since(login)');
CALL tell('app.since(at => segmentation.moment(), since => login)');
CALL tell('app.between(at => login)');
CALL tell('app.between(since => login)');
CALL tell('app.between()');
CALL tell('app.again(3)');
CALL tell('login OPERATOR(app.>>>) joined');
CALL tell('(SELECT app.latest(id) FROM app.customer)');
CALL tell('customer::timestamptz');

-- what cannot be looked into, or does not ask at an evaluation
CREATE FUNCTION app.plpgsql() RETURNS timestamptz LANGUAGE plpgsql STABLE AS 'BEGIN RETURN now(); END';
CREATE MATERIALIZED VIEW app.stored AS SELECT *, now() AS at FROM app.customer;
CREATE TABLE app.defaults (id int PRIMARY KEY, at timestamptz DEFAULT now());
SET check_function_bodies = off;
CREATE FUNCTION app.broken() RETURNS int LANGUAGE sql AS 'SELEC now()';
CREATE FUNCTION app.lost() RETURNS int LANGUAGE sql AS 'SELECT count(*) FROM app.nowhere WHERE now() > ''2000-01-01''';
CREATE FUNCTION app.no_schema() RETURNS int LANGUAGE sql AS 'SELECT nowhere.f(now())';
CREATE FUNCTION app.as_postgres() RETURNS timestamptz LANGUAGE sql SET role = 'none' AS 'SELECT now()';
CREATE FUNCTION app.makes() RETURNS int LANGUAGE sql AS 'CREATE TABLE app.made (); SELECT 1';
RESET check_function_bodies;
CALL tell('app.plpgsql()');
CALL tell('(SELECT max(at) FROM app.stored)');
CALL tell('app.broken()');
CALL tell('app.lost()');
CALL tell('app.no_schema()');
CALL tell('app.as_postgres()');
CALL tell('app.makes()');
SELECT segmentation.create_model('m', 'app.defaults', '{id}');
SELECT segmentation.drop_model('m');
SELECT segmentation.create_model('m', 'app.stored', '{id}');
SELECT segmentation.drop_model('m');

-- more than can be read
CREATE FUNCTION app.many() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    FOR n IN 1..12 LOOP
        EXECUTE format('CREATE VIEW app.view_%s AS SELECT id, now() AS a, current_date AS b FROM app.customer', n);
    END LOOP;
END $$;
SELECT app.many();
SELECT format('(SELECT count(*) FROM %s)', string_agg('app.view_' || n, ', ' ORDER BY n)) AS many FROM generate_series(1, 12) AS n \gset
CALL tell(:'many');

-- the other ways to a source; the views of a model itself are as of the moment
SELECT segmentation.create_model('m', 'app.customer', '{id}', schema => 'app');
CALL tell('(SELECT max(duration) FROM app.m_stay)');
CALL tell('(SELECT max(segment) FROM app.m_member)');
SELECT segmentation.drop_model('m');
CREATE VIEW app.seen AS SELECT id, now() AS created_at, login AS last_active_at FROM app.customer;
SELECT count(*) FROM segmentation.create_model_from('lifecycle', 'app.seen', key => '{id}');
SELECT segmentation.drop_model('lifecycle');
INSERT INTO segmentation.model (id, kind, time_zone) VALUES ('later', 'overlapping', 'UTC');
SELECT segmentation.alter_model('later', source => 'app.seen', key => '{id}');
SELECT segmentation.drop_model('later');

-- views and functions of others: nothing of theirs runs, but what reads literals, with their own rights
CREATE ROLE regress_clock_author;
CREATE ROLE regress_clock_owner;
GRANT USAGE ON SCHEMA app TO regress_clock_owner, regress_clock_author;
GRANT CREATE ON SCHEMA app TO regress_clock_author;
GRANT CREATE, USAGE ON SCHEMA regress_clock TO regress_clock_owner;
GRANT SELECT ON app.customer TO regress_clock_author;
SET ROLE regress_clock_author;
CREATE FUNCTION app.who(text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'runs as %', current_user; RETURN true; END $$;
CREATE DOMAIN app.spy AS text CHECK (app.who(VALUE));
CREATE FUNCTION app.trap() RETURNS boolean LANGUAGE sql AS 'SELECT ''{x}''::app.spy[] IS NOT NULL AND now() IS NOT NULL';
CREATE FUNCTION app.trap_runs() RETURNS boolean LANGUAGE sql AS 'SELECT app.who(''x'') AND now() IS NOT NULL';
CREATE VIEW app.others AS SELECT id, app.trap_runs() AS trap_runs, app.trap() AS trap, now() AS at FROM app.customer;
GRANT SELECT ON app.others TO regress_clock_owner;
SET ROLE regress_clock_owner;
SELECT segmentation.create_model('owners', 'app.others', '{id}');
SELECT segmentation.drop_model('owners');
RESET ROLE;
SELECT current_user = session_user AS same;

SET client_min_messages = error;
DROP SCHEMA app CASCADE;
DROP SCHEMA regress_clock CASCADE;
DROP ROLE regress_clock_author, regress_clock_owner;
