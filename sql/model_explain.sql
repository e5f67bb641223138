-- a customer's segments now, and why; what a rule would give
CREATE SCHEMA explain_test;
SET search_path = explain_test, public;
SET TimeZone = 'UTC';
\pset format unaligned
\pset tuples_only on
\set SHOW_CONTEXT never
CREATE TABLE customer (id int PRIMARY KEY, employees int, country text, mrr currency_price, last_login timestamptz, market text,
    "Note, long" text, size text GENERATED ALWAYS AS (CASE WHEN employees > 1000 THEN 'large' ELSE 'small' END) STORED);
INSERT INTO customer VALUES
    (1, 1200, 'FR', '400 EUR', '2024-05-30 10:00+00', 'DE-b2b', repeat('long ', 50)),
    (2, 900, 'DE', NULL, '2024-03-01 10:00+00', NULL, ''),
    (3, NULL, 'FR', '4000 EUR', '2024-05-31 10:00+00', 'fr', NULL);
SELECT segmentation.create_model('market-of', 'customer', '{id}', 'column', segment_column => 'market');
SELECT segmentation.create_model('service', 'customer', '{id}', time_zone => 'Europe/Paris');
SELECT segmentation.create_model('tier', 'customer', '{id}', 'exclusive');
SELECT segmentation.define_segment('tier', 'big', 'employees > 1000', rank => 1);
SELECT segmentation.define_segment('tier', 'rich', 'mrr > ''300 EUR''', rank => 2);
SELECT segmentation.define_segment('tier', 'rest', rank => 3);
SELECT segmentation.define_segment('market-of', 'de-b2b');
SELECT segmentation.define_segment('service', 'hipo', 'employees > 1000 and mrr < ''500 EUR'' and country in (''FR'', ''DE'')');
SELECT segmentation.define_segment('service', 'gone', 'last_login < ''2024-05-01'' or employees is null');
SELECT segmentation.define_segment('service', 'key', 'in_segment(''hipo'') or not in_segment(''tier'', ''rest'') and not in_segment(''gone'')');
SELECT segmentation.define_segment('service', 'german', 'in_segment(''market-of'', ''de-b2b'') or (country = ''DE'') is true');
SELECT segmentation.define_segment('service', 'noted', '"Note, long" <> '''' and "Note, long" = "Note, long"');
SELECT segmentation.define_segment('service', 'by-hand');
SELECT segmentation.define_segment('service', 'nobody', 'null');
SELECT segmentation.define_segment('service', 'large', 'size = ''large''');

-- what they are in, as of now
SELECT id, segmentation.classify('Service', id::text), segmentation.classify('tier', id::text), segmentation.classify('market-of', id::text) FROM customer;
SELECT segmentation.classify('service', '4') IS NULL;

-- and why: the parts that decided, with the values that they saw
SELECT id, e.* FROM customer, segmentation.explain_customer('service', id::text) e;
SELECT id, e.* FROM customer, segmentation.explain_customer('tier', id::text) e;
SELECT id, e.* FROM customer, segmentation.explain_customer('market-of', id::text) e;
SELECT jsonb_pretty(segmentation.explain_customer_json('TIER', '2'));

-- someone who is not there yet; what is not given is NULL
SELECT segmentation.classify_row('service', '{"employees": 2000, "mrr": "4 EUR", "country": "FR", "size": "large"}');
SELECT segmentation.classify_row('tier', '{}');
SELECT segmentation.classify_row('market-of', '{"market": "DE-b2b"}');
SELECT segmentation.classify_row('service', '{"employees": 2000}');
SELECT segmentation.classify_row('tier', '{"employes": 2000}');
SELECT segmentation.classify_row('tier', '{"employees": "many"}');
SELECT segmentation.classify_row('tier', '[1]');

-- questions that have no answer
SELECT * FROM segmentation.explain_customer('service', '4');
SELECT segmentation.classify('service', 'one');
SELECT segmentation.classify('service', '1', '2');
SELECT segmentation.classify('service', NULL);
SELECT segmentation.classify('service', VARIADIC '{}');
SELECT segmentation.classify('no-such', '1');

-- a rule that raises an error has no answer for that customer; the others have theirs
SET client_min_messages = error;
SELECT segmentation.define_segment('service', 'ratio', '100 / (employees - 900) > 0');
SELECT segmentation.define_segment('service', 'ratio-too', 'in_segment(''ratio'')');
RESET client_min_messages;
SELECT segment, member, decided_by, because FROM segmentation.explain_customer('service', '2') WHERE segment IN ('ratio', 'ratio-too', 'gone');
SELECT segment, member, decided_by, because FROM segmentation.explain_customer('service', '1') WHERE segment IN ('ratio', 'ratio-too');
SELECT segmentation.classify('service', '2');
-- nor has one that can be read no more
ALTER TABLE customer RENAME country TO land;
SELECT segment, member, decided_by, because FROM segmentation.explain_customer('service', '2') WHERE segment NOT IN ('noted', 'nobody', 'by-hand');
SELECT segmentation.explain_customer_json('service', '1') -> 'segments' -> 1 ->> 'error';
SELECT segmentation.classify('service', '2');
ALTER TABLE customer RENAME land TO country;
SELECT segmentation.drop_segment('service', 'ratio-too');
SELECT segmentation.drop_segment('service', 'ratio');

-- a person's decision beats the rules until it expires
INSERT INTO tier_override (id, segment, member, reason, author, expires_at) VALUES
    (1, 'rest', true, 'a test account', 'ann', '2999-01-01'), (1, 'rich', true, 'rather', 'bob', now()),
    (3, 'rich', false, 'mistyped', 'ann', NULL);
INSERT INTO service_override (id, segment, member, reason, author) VALUES
    (2, 'by-hand', true, 'asked for it', 'ann'), (2, 'gone', false, 'we know him', 'bob');
INSERT INTO "market-of_override" (id, segment, member, reason, author) VALUES (1, 'de-b2b', false, 'moved', 'ann'), (3, 'de-b2b', true, 'moved', 'ann');
SELECT id, segmentation.classify('tier', id::text), segmentation.classify('service', id::text), segmentation.classify('market-of', id::text) FROM customer;
SELECT id, e.* FROM customer, segmentation.explain_customer('tier', id::text) e WHERE decided_by <> 'rule';
SELECT id, e.* FROM customer, segmentation.explain_customer('service', id::text) e WHERE decided_by = 'override' OR segment IN ('key', 'german');
SELECT id, e.* FROM customer, segmentation.explain_customer('market-of', id::text) e;
SELECT segmentation.classify_row('tier', '{"id": 1, "employees": 2000}');
SELECT jsonb_path_query(segmentation.explain_customer_json('tier', '1'), '$.segments[0].override');
TRUNCATE tier_override, service_override, "market-of_override";

-- what a rule would give, and what it would change
SELECT * FROM segmentation.preview('service', 'employees > 800');
SELECT * FROM segmentation.preview('service', 'employees > 800', 'hipo');
SELECT * FROM segmentation.preview_changes('service', 'employees > 800 and in_segment(''tier'', ''rest'')', 'hipo');
SELECT * FROM segmentation.preview_changes('service', 'in_segment(''german'') and in_segment(''market-of'', ''de-b2b'')', 'new-one');
SELECT * FROM segmentation.preview('tier', 'employees > 800', 'rich');
SELECT * FROM segmentation.preview_changes('tier', 'employees > 800', 'rich');
SELECT * FROM segmentation.preview('service', 'last_login < now() - interval ''30 days''', as_of => '2024-06-30 12:00+00');
SELECT segmentation.preview('service', 'in_segment(''key'')', 'hipo');
SELECT segmentation.preview('service', 'in_segment(''hipo'')', 'hipo');
SELECT segmentation.preview('tier', 'in_segment(''rest'')', 'rich');
-- what only in_segment guards is evaluated for all, as in a refresh
SELECT segmentation.preview('service', 'in_segment(''hipo'') and 100 / (employees - 900) > 0');
SELECT segmentation.preview('service', 'employees');
SELECT segmentation.preview('market-of', 'true');
SELECT segmentation.preview('service', 'true', sample => 0);
SELECT segmentation.preview('service', 'true', sample => 'NaN');

-- a sample of many, the same for the same seed; its interval holds the truth
CREATE TABLE visitor AS SELECT i AS id, i % 100 AS score FROM generate_series(1, 20000) i;
ALTER TABLE visitor ADD PRIMARY KEY (id);
SELECT segmentation.create_model('visitors', 'visitor', '{id}');
SELECT looked_at BETWEEN 1700 AND 2300, members_low <= 4000 AND 4000 <= members_high, members_high - members_low < 1500, customers
  FROM segmentation.preview('visitors', 'score < 20', sample => 0.1, seed => 5);
SELECT segmentation.preview('visitors', 'score < 20', sample => 0.1, seed => 5) = segmentation.preview('visitors', 'score < 20', sample => 0.1, seed => 5);
SELECT segmentation.preview('visitors', 'score < 20', sample => 0.1, seed => 5) = segmentation.preview('visitors', 'score < 20', sample => 0.1, seed => 6);
SELECT * FROM segmentation.preview('visitors', 'score < 20', sample => 1);
TRUNCATE visitor;
SELECT * FROM segmentation.preview('visitors', 'score < 20', sample => 0.5);

-- the clock is the moment of the evaluation in the model's time zone, whatever the session's is
CREATE TABLE login (id int PRIMARY KEY, at timestamptz, day date, local timestamp);
INSERT INTO login SELECT i, at, (at AT TIME ZONE 'Asia/Tokyo')::date, at AT TIME ZONE 'Asia/Tokyo'
  FROM generate_series(1, 240) i, LATERAL (SELECT timestamptz '2024-03-28 00:30+00' + i * interval '1 hour' AS at) t;
SELECT segmentation.create_model('clock', 'login', '{id}', time_zone => 'Asia/Tokyo');
CREATE TABLE asking (rule text, plain text);
INSERT INTO asking VALUES
    ('at < now()', 'at < $1'),
    ('at < current_timestamp and at < transaction_timestamp() and at < statement_timestamp() and at < clock_timestamp()', 'at < $1'),
    ('at < current_timestamp(0)', 'at < date_trunc(''second'', $1)'),
    ('day < current_date', 'day < ($1 AT TIME ZONE ''Asia/Tokyo'')::date'),
    ('day = current_date - 1', 'day = ($1 AT TIME ZONE ''Asia/Tokyo'')::date - 1'),
    ('local < localtimestamp', 'local < $1 AT TIME ZONE ''Asia/Tokyo'''),
    ('local::time < localtime', 'local::time < ($1 AT TIME ZONE ''Asia/Tokyo'')::time'),
    ('at::time < current_time::time', 'local::time < ($1 AT TIME ZONE ''Asia/Tokyo'')::time'),
    ('age(local) > ''2 days''', 'age((($1 AT TIME ZONE ''Asia/Tokyo'')::date)::timestamp, local) > ''2 days'''),
    ('age(at) > ''2 days''', 'age((($1 AT TIME ZONE ''Asia/Tokyo'')::date)::timestamp, local) > ''2 days'''),
    ('at::date = current_date', 'day = ($1 AT TIME ZONE ''Asia/Tokyo'')::date'),
    ('date_trunc(''month'', at) = date_trunc(''month'', now())', 'date_trunc(''month'', local) = date_trunc(''month'', $1 AT TIME ZONE ''Asia/Tokyo'')'),
    ('at < ''2024-04-01''', 'local < ''2024-04-01'''),
    ('to_char(at, ''DD.MM.'') = to_char(now(), ''DD.MM.'')', 'day = ($1 AT TIME ZONE ''Asia/Tokyo'')::date'),
    ('at between now() - interval ''1 month'' and now() - interval ''1 day 2 hours''', 'at <= $1 - interval ''26 hours'''),
    ('now() > ''2024-04-05''', '$1 > timestamptz ''2024-04-04 15:00+00''');
CREATE FUNCTION counts(moment timestamptz) RETURNS TABLE (rule text, ours bigint, plain bigint) LANGUAGE plpgsql AS $$
DECLARE
    asked record;
BEGIN
    FOR asked IN SELECT * FROM asking LOOP
        rule := asked.rule;
        ours := (segmentation.preview('clock', asked.rule, as_of => moment)).members;
        EXECUTE format('SELECT count(*) FROM login WHERE %s', asked.plain) INTO plain USING moment;
        RETURN NEXT;
    END LOOP;
END
$$;
SELECT rule, ours FROM counts('2024-04-02 15:00:00.7+00');
SELECT count(*) FILTER (WHERE ours <> plain) AS wrong, count(*), count(*) FILTER (WHERE ours BETWEEN 1 AND 239)
  FROM generate_series('2024-03-28 00:00+00'::timestamptz, '2024-04-07', '7 hours 13 minutes') t, counts(t);
SET TimeZone = 'America/Los_Angeles';
SET DateStyle = 'SQL, DMY';
SELECT count(*) FILTER (WHERE ours <> plain) AS wrong FROM generate_series('2024-03-28 00:00+00'::timestamptz, '2024-04-07', '1 day') t, counts(t);
RESET DateStyle;
SET TimeZone = 'UTC';

-- several columns of a key, and names and types that need quotes
CREATE TYPE "Kind of" AS ENUM ('a b', 'c');
CREATE TABLE "My customers" ("Tenant No" uuid, "name" varchar(10), kind "Kind of", vip boolean, PRIMARY KEY ("Tenant No", "name", kind));
INSERT INTO "My customers" VALUES ('00000000-0000-0000-0000-000000000001', 'it''s', 'a b', true), ('00000000-0000-0000-0000-000000000001', 'x', 'c', NULL);
SELECT segmentation.create_model('quoted', '"My customers"', '{"Tenant No",name,kind}');
SELECT segmentation.define_segment('quoted', 'vip', 'vip');
SELECT segmentation.classify('quoted', '00000000-0000-0000-0000-000000000001', 'it''s', 'a b');
SELECT * FROM segmentation.explain_customer('quoted', '00000000-0000-0000-0000-000000000001', 'x', 'c');
SELECT * FROM segmentation.preview_changes('quoted', 'kind = ''c''', 'vip');
SELECT segmentation.classify('quoted', '00000000-0000-0000-0000-000000000001', 'x');

-- the source may be a view, which may have several rows of a customer by mistake
CREATE VIEW twice AS SELECT id, employees FROM customer UNION ALL SELECT id, 5 FROM customer WHERE id = 1;
SET client_min_messages = error;
SELECT segmentation.create_model('twice', 'twice', '{id}');
RESET client_min_messages;
SELECT segmentation.define_segment('twice', 'small', 'employees < 10');
SELECT segmentation.classify('twice', '2');
SELECT segmentation.classify('twice', '1');
SELECT segmentation.classify_row('twice', '{"employees": 3}');

-- who may ask: classify takes SELECT on the assignment, explain on the source and the overrides too, preview the owner's role
CREATE ROLE regress_explain_reader;
GRANT USAGE ON SCHEMA explain_test TO regress_explain_reader;
SET ROLE regress_explain_reader;
SELECT segmentation.classify('tier', '1');
SELECT segmentation.classify_row('tier', '{}');
RESET ROLE;
GRANT SELECT ON tier_assignment TO regress_explain_reader;
SET ROLE regress_explain_reader;
SELECT segmentation.classify('tier', '1');
SELECT * FROM segmentation.explain_customer('tier', '1');
SELECT segmentation.preview('tier', 'true');
SELECT segmentation.preview_changes('tier', 'true', 'rich');
RESET ROLE;
GRANT SELECT ON customer TO regress_explain_reader;
SET ROLE regress_explain_reader;
SELECT segment, member FROM segmentation.explain_customer('tier', '1');
RESET ROLE;
GRANT SELECT ON tier_override TO regress_explain_reader;
SET ROLE regress_explain_reader;
SELECT segment, member FROM segmentation.explain_customer('tier', '1');
RESET ROLE;
ALTER TABLE customer ENABLE ROW LEVEL SECURITY;
SET ROLE regress_explain_reader;
SELECT segment, member FROM segmentation.explain_customer('tier', '1');
RESET ROLE;
ALTER TABLE customer DISABLE ROW LEVEL SECURITY;

-- rules run as the owner, and cannot use the rights of whoever asks
CREATE ROLE regress_explain_owner;
GRANT USAGE, CREATE ON SCHEMA explain_test TO regress_explain_owner;
SET ROLE regress_explain_owner;
CREATE TABLE bait (id int PRIMARY KEY);
INSERT INTO bait VALUES (1);
CREATE FUNCTION whoami(int) RETURNS text IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN current_user; END';
CREATE FUNCTION become() RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM set_config('role', 'postgres', false); RETURN true; END $$;
SELECT segmentation.create_model('bait', 'bait', '{id}');
SELECT segmentation.define_segment('bait', 'mine', 'whoami(id) = ''regress_explain_owner''', count => false);
RESET ROLE;
SELECT segmentation.classify('bait', '1');
SELECT segmentation.preview('bait', 'become() and id = 1');
SELECT current_user = session_user;

-- deep diamonds are decided at once
SELECT count(segmentation.define_segment('visitors', 'd' || i, CASE i WHEN 0 THEN 'score > 1' ELSE format('in_segment(%L) and not not in_segment(%1$L)', 'd' || i - 1) END, count => false))
  FROM generate_series(0, 40) i;
SELECT cardinality(segmentation.classify_row('visitors', '{"score": 2}')), segmentation.classify_row('visitors', '{"score": 1}');
SELECT * FROM segmentation.preview('visitors', 'in_segment(''d40'')');

SET client_min_messages = warning;
SELECT segmentation.drop_model(id::text) FROM segmentation.model WHERE id IN ('service');
SELECT segmentation.drop_model(id::text) FROM segmentation.model WHERE id NOT IN ('market', 'service');
DROP SCHEMA explain_test CASCADE;
DROP ROLE regress_explain_reader, regress_explain_owner;
