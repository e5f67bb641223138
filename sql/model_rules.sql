-- rules: what they may contain, what is kept of them, and what is refused
SET search_path = rules_test, public;
SET client_min_messages = warning;
CREATE SCHEMA rules_test;
RESET client_min_messages;

CREATE TYPE plan AS ENUM ('free', 'team', 'business');
CREATE DOMAIN score AS integer CHECK (VALUE BETWEEN 0 AND 10);
CREATE DOMAIN agreed AS boolean;
CREATE TYPE address AS (city text, country char(2));
CREATE TABLE customer (
    id bigint PRIMARY KEY, gone text, name text COLLATE "C", code char(3), short varchar(5), plan plan, nps score, opted_in agreed,
    employees integer, "Annual Revenue" numeric, growth double precision, mrr currency_price, list_price currency_price,
    market segment_id, tags text[], plans plan[], profile jsonb, address address, active daterange, seen tstzmultirange,
    last_login timestamptz, created timestamp, birthday date, opens time, office_hours timetz, "user" text, token uuid, ip inet, flags bit(3),
    revenue_class text GENERATED ALWAYS AS (CASE WHEN "Annual Revenue" > 1000 THEN 'high' ELSE 'low' END) STORED);
ALTER TABLE customer DROP COLUMN gone;

-- what is kept: constants read in the model's time zone, defaults spelled out
\pset format unaligned
\pset tuples_only on
CREATE TABLE rule (id integer PRIMARY KEY, text text NOT NULL);
COPY rule FROM stdin (DELIMITER ';');
1;employees > 1000 and convert_currency(mrr, 'EUR') < '500 EUR'
2;last_login < now() - interval '30 days' -- silent for a month
3;name = 'O''Brien' or short like 'a\\%' or code = 'x'
4;plan >= 'team' and plan in ('team', 'business') and plan = any(plans)
5;nps between 9 and 10 and opted_in
6;"Annual Revenue" / nullif(employees, 0) > 1e3 and growth <> 0.1
7;tags @> '{vip}' and tags && array['a', 'b'] and array_length(tags, 1) > 2
8;profile ->> 'industry' = 'Bank' and profile @> '{"size": 3}' and (profile -> 'n')::int > 3
9;(address).city = 'Bonn' and (customer.address).country = 'DE'
10;active @> current_date and not isempty(active) and seen @> now()
11;created >= '2024-01-01' and last_login >= '2024-01-01' and birthday = 'epoch'
12;opens < localtime and created < localtimestamp(0) and last_login < current_timestamp(3)
13;age(birthday) > '18 years' and extract(year from age(last_login)) < 1
14;market is distinct from 'de-b2b' and nullif(mrr, '0 EUR') is not null
15;case market when 'de' then mrr > '5 EUR' when 'fr' then mrr > '6 EUR' else null end
16;case plan when 'free' then true else employees is null end
17;"user" = 'x' and revenue_class = 'high' and token is not null
18;ip << '10.0.0.0/8' and flags & b'001' = b'001'
19;(employees, id) > (10, 5) and row(name, short) is not null
20;name collate "C" < 'm' and upper(name) similar to 'A%' and name ~* '^a.*z$'
21;coalesce(employees, -1) < greatest(1, id) and (employees is null) is false
22;true
23;null
24;mrr > any(array['5 EUR', '5 USD']::currency_price[]) and market in ('a', 'b')
25;date_trunc('month', last_login) = date_trunc('month', now()) and created::date = current_date
26;to_char(last_login, 'YYYY-MM-DD') = '2024-01-01' and last_login at time zone 'UTC' > '2024-01-01 10:00'
27;employees = any('{1,2,3}') and not (employees is distinct from 3) and name is not distinct from 'x'
28;rules_test.customer.employees > 5 and customer.id::text || name = '5x'
29;nps_class(nps::int) = 'promoter' and tier(mrr, 'smb 0, mid 1000 EUR') = 'mid'
31;short in ('de', 'fr') and code not in ('a', 'b') and short = any(array['x'::varchar]) and list_price in (mrr, '5 EUR')
32;'{a,NULL}'::text[] @> tags and array[short, 'x']::text[] && tags and (array[employees, 1])[1] = 1 and employees in (1, id, 3)
30;make_interval(days => employees) > '3 days' and format('%s', employees) = '3'
\.
SELECT r.id, c.expression FROM rule r, segmentation.check_rule('customer', r.text, NULL, 'Asia/Tokyo') c ORDER BY r.id;
SELECT r.id, c.columns, c.asks_clock FROM rule r, segmentation.check_rule('customer', r.text) c ORDER BY r.id;

-- what is kept is kept as it is when it is read again, by any session
CREATE TABLE kept AS SELECT r.id, c.expression FROM rule r, segmentation.check_rule('customer', r.text) c;
SET search_path = pg_catalog, pg_temp;
SET DateStyle = 'SQL, DMY';
SET IntervalStyle = 'sql_standard';
SET extra_float_digits = -10;
SET quote_all_identifiers = on;
SELECT id FROM rules_test.kept, segmentation.check_rule('rules_test.customer', expression) c WHERE c.expression <> kept.expression;
RESET DateStyle;
RESET IntervalStyle;
RESET extra_float_digits;
RESET quote_all_identifiers;

-- other schemas with the same names change nothing of it
CREATE SCHEMA elsewhere;
CREATE TABLE elsewhere.customer (employees text, market text);
CREATE FUNCTION elsewhere.convert_currency(public.currency_price, text, date) RETURNS public.currency_price IMMUTABLE LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION elsewhere.never(public.segment_id, public.segment_id) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT false';
CREATE FUNCTION elsewhere.never(public.currency_price, public.currency_price) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT false';
CREATE FUNCTION elsewhere.never(integer, integer) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT false';
CREATE OPERATOR elsewhere.= (FUNCTION = elsewhere.never, LEFTARG = public.segment_id, RIGHTARG = public.segment_id);
CREATE OPERATOR elsewhere.= (FUNCTION = elsewhere.never, LEFTARG = public.currency_price, RIGHTARG = public.currency_price);
CREATE DOMAIN elsewhere.plan AS text;
SET search_path = elsewhere, rules_test, public;
SELECT id FROM kept, segmentation.check_rule('rules_test.customer', expression) c WHERE c.expression <> kept.expression;
-- the definer's own search_path says what is meant
SELECT expression FROM segmentation.check_rule('rules_test.customer', 'market is distinct from ''a'' and convert_currency(mrr, ''EUR'', ''2024-01-01'') = mrr');
SELECT expression FROM segmentation.check_rule('rules_test.customer', 'plan::plan = ''x''');
-- also before the system's own
CREATE OPERATOR elsewhere.< (FUNCTION = elsewhere.never, LEFTARG = integer, RIGHTARG = integer);
CREATE OPERATOR elsewhere.= (FUNCTION = elsewhere.never, LEFTARG = integer, RIGHTARG = integer);
SET search_path = elsewhere, pg_catalog, public;
SELECT expression FROM segmentation.check_rule('rules_test.customer',
    'employees < 5 and nullif(employees, 5) is null and employees is distinct from 6 and case employees when 1 then true end');
-- types of ours are found wherever they are
SET search_path = '';
SELECT expression FROM segmentation.check_rule('rules_test.customer', 'mrr < ''5 EUR''::currency_price and in_segment(''a'', ''b'')');
SET search_path = rules_test, public;

-- in_segment: ids in any case, under any depth of AND, OR, NOT and IS
CREATE FUNCTION refers(rule text, model text DEFAULT 'Service') RETURNS text LANGUAGE sql AS
    $$ SELECT refers::text || ': ' || expression FROM segmentation.check_rule('customer', rule, model) $$;
SELECT refers('in_segment(''A'') and (not in_segment(''market'', ''DE-b2b'') or employees > 5 and (in_segment(''a'') is not true))');
SELECT refers('in_segment(''service'', ''a'') or in_segment(''a'') or segmentation.in_segment(id => ''b'', model => ''a'')');
SELECT refers('in_segment(''m'', ''a'')', NULL);
SELECT segmentation.in_segment('a');

-- functions that the model cannot follow are taken, and said
CREATE FUNCTION is_busy(integer) RETURNS boolean STABLE LANGUAGE sql AS 'SELECT count(*) > $1 FROM rules_test.rule';
SELECT expression FROM segmentation.check_rule('customer', 'is_busy(employees) or is_busy(3) or current_setting(''a.b'', true) = name');
SELECT expression FROM segmentation.check_rule('customer', 'to_tsvector(name) @@ ''x''');

-- any table or view can be the source, and every column of it
CREATE VIEW customer_view AS SELECT id, employees * 2 AS "Twice ""it""" FROM customer;
CREATE MATERIALIZED VIEW customer_kept AS SELECT * FROM customer_view;
CREATE TABLE customer_parts (id bigint, employees integer) PARTITION BY HASH (id);
CREATE TABLE customer_part PARTITION OF customer_parts FOR VALUES WITH (MODULUS 1, REMAINDER 0);
CREATE SEQUENCE counter;
CREATE INDEX customer_name ON customer (name);
SELECT s, c.* FROM unnest('{customer_view, customer_kept}'::regclass[]) s, segmentation.check_rule(s, '"Twice ""it""" > 3') c;
SELECT s, c.* FROM unnest('{customer_parts, customer_part}'::regclass[]) s, segmentation.check_rule(s, 'employees > 3') c;
SELECT segmentation.check_rule('counter', 'last_value > 3');
SELECT segmentation.check_rule('customer_name', 'true');
SELECT segmentation.check_rule('address', 'true');

-- refused, and where
CREATE FUNCTION chance() RETURNS integer VOLATILE LANGUAGE sql AS 'SELECT 4';
CREATE FUNCTION chance(low integer, high integer DEFAULT chance()) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT 4';
CREATE FUNCTION several() RETURNS SETOF boolean IMMUTABLE LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION pg_temp.mine() RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT true';
CREATE TYPE pg_temp.mood AS ENUM ('good', 'bad');
\set sqlstate '\\echo :LAST_ERROR_SQLSTATE'
SELECT segmentation.check_rule('customer', '');
:sqlstate
SELECT segmentation.check_rule('customer', E' \n -- nobody /* at all */');
SELECT segmentation.check_rule('customer', 'employees >');
:sqlstate
SELECT segmentation.check_rule('customer', E'employees > 5\nand and true');
SELECT segmentation.check_rule('customer', 'name = ''never closed');
SELECT segmentation.check_rule('customer', 'true) or (true');
SELECT segmentation.check_rule('customer', 'true; DROP TABLE customer');
SELECT segmentation.check_rule('customer', 'true;');
SELECT segmentation.check_rule('customer', 'true /* never closed');
SELECT segmentation.check_rule('customer', 'true UNION SELECT true');
SELECT segmentation.check_rule('customer', 'WHERE employees > 5');
SELECT segmentation.check_rule('customer', 'ORDER BY 1');
SELECT segmentation.check_rule('customer', 'employees > 5, true');
:sqlstate
SELECT segmentation.check_rule('customer', 'true AS x');
SELECT segmentation.check_rule('customer', 'true FROM customer');
SELECT segmentation.check_rule('customer', '*');
SELECT segmentation.check_rule('customer', 'customer.*');
SELECT segmentation.check_rule('customer', 'employes > 5');
:sqlstate
SELECT segmentation.check_rule('customer', 'gone = ''x''');
SELECT segmentation.check_rule('customer', 'rule.id = 5');
SELECT segmentation.check_rule('customer', 'true and employees');
:sqlstate
SELECT segmentation.check_rule('customer', 'employees + 1');
:sqlstate
SELECT segmentation.check_rule('customer', 'employees = ''many''');
:sqlstate
SELECT segmentation.check_rule('customer', 'plan = ''gold''');
SELECT segmentation.check_rule('customer', 'name > 5');
:sqlstate
SELECT segmentation.check_rule('customer', 'nosuch.f(5)');
:sqlstate
SELECT segmentation.check_rule('customer', 'employees > 5 and count(*) > 5');
:sqlstate
SELECT segmentation.check_rule('customer', 'row_number() over () > 5');
:sqlstate
SELECT segmentation.check_rule('customer', 'several()');
:sqlstate
SELECT segmentation.check_rule('customer', 'true and several()');
:sqlstate
SELECT segmentation.check_rule('customer', 'employees in (select id from rule)');
:sqlstate
SELECT segmentation.check_rule('customer', 'exists (select from rule)');
SELECT segmentation.check_rule('customer', 'employees > $1');
:sqlstate
SELECT segmentation.check_rule('customer', 'employees > chance()');
:sqlstate
SELECT segmentation.check_rule('customer', 'employees > 0 and employees < chance(5)');
SELECT segmentation.check_rule('customer', 'employees > 10 * random()');
SELECT segmentation.check_rule('customer', 'timeofday() > ''M''');
SELECT segmentation.check_rule('customer', 'nextval(''counter'') > 5');
SELECT segmentation.check_rule('customer', 'session_user = name');
:sqlstate
SELECT segmentation.check_rule('customer', 'customer is not null');
:sqlstate
SELECT segmentation.check_rule('customer', 'customer = customer');
SELECT segmentation.check_rule('customer', 'ctid > ''(0,1)''');
SELECT segmentation.check_rule('customer', 'pg_temp.mine()');
SELECT segmentation.check_rule('customer', 'name::pg_temp.mood = ''good''');
:sqlstate
-- a row of several types is compared column by column
SELECT expression FROM segmentation.check_rule('customer', '(market, id) < (''a'', 5)');

-- the clock of the definition must not get in
SELECT segmentation.check_rule('customer', 'last_login > ''now''');
:sqlstate
SELECT segmentation.check_rule('customer', 'last_login > timestamptz ''Yesterday 10:00''');
SELECT segmentation.check_rule('customer', 'birthday < date(''tomorrow'')');
SELECT segmentation.check_rule('customer', 'birthday < ''today''::text::date');
SELECT segmentation.check_rule('customer', 'active @> ''[today,)''::daterange');
SELECT segmentation.check_rule('customer', 'created = any(''{2024-01-01,now}'')');
SELECT segmentation.check_rule('customer', 'office_hours < opens');
SELECT segmentation.check_rule('customer', 'office_hours at time zone ''Europe/Paris'' < ''10:00+01''');
SELECT expression FROM segmentation.check_rule('customer', 'name = ''now'' and short = ''today''');
SELECT expression FROM segmentation.check_rule('customer', 'last_login < ''infinity'' and created > ''-infinity'' and last_login < clock_timestamp() and last_login < statement_timestamp()');

-- in_segment where it could not be told which segment, or what it decides
SELECT segmentation.check_rule('customer', 'in_segment(''a'')');
:sqlstate
SELECT segmentation.check_rule('customer', 'in_segment(market)', 'm');
SELECT segmentation.check_rule('customer', 'in_segment(null)', 'm');
SELECT segmentation.check_rule('customer', 'in_segment(''not an id'')', 'm');
:sqlstate
SELECT segmentation.check_rule('customer', 'true and case when in_segment(''a'') then employees > 5 end', 'm');
:sqlstate
SELECT segmentation.check_rule('customer', 'in_segment(''a'') = true', 'm');
SELECT segmentation.check_rule('customer', 'coalesce(in_segment(''a''), employees > 5)', 'm');
SELECT segmentation.check_rule('customer', 'in_segment(''a'') is null', 'm');
SELECT segmentation.check_rule('customer', 'true', 'not an id');

-- NULL is no rule
SELECT segmentation.check_rule('customer', NULL);
:sqlstate
SELECT segmentation.check_rule(NULL, 'true');
SELECT segmentation.check_rule('customer', 'true', NULL, NULL);
SELECT segmentation.check_rule('customer', 'true', NULL, 'Nowhere/At all');
:sqlstate

-- what has been found wrong leaves no settings behind
SHOW search_path;
SHOW TimeZone;

-- an unprivileged role that may not read the source learns what the catalog shows
CREATE ROLE regress_rules_reader;
GRANT USAGE ON SCHEMA rules_test TO regress_rules_reader;
SET ROLE regress_rules_reader;
SELECT columns FROM segmentation.check_rule('customer', 'employees > 5 and mrr > ''5 EUR''');
RESET ROLE;

-- hundreds of long rules in far less than a second
CREATE TABLE long_rule AS
    SELECT i, string_agg(format('%I %s %s', CASE j % 3 WHEN 0 THEN 'employees' WHEN 1 THEN 'id' ELSE 'Annual Revenue' END, '>', i * j), ' OR ') AS text
      FROM generate_series(1, 500) i, generate_series(1, 60) j GROUP BY i;
SELECT count(*), min(length(text)) > 900 FROM long_rule;
SET statement_timeout = '60s';
SELECT count(c.expression) FROM long_rule, segmentation.check_rule('customer', text) c;
RESET statement_timeout;

DROP OWNED BY regress_rules_reader;
DROP ROLE regress_rules_reader;
SET client_min_messages = warning;
DROP SCHEMA rules_test, elsewhere CASCADE;
