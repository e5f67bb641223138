-- Generated rules over generated customers: what a model answers is what each
-- rule, spelt out as plain SQL, answers row by row.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA regress_generated;
SET search_path = regress_generated, public;
SET TimeZone = 'Europe/Paris';

-- the same dice on every machine
CREATE SEQUENCE draw;
CREATE FUNCTION dice(sides bigint) RETURNS int VOLATILE
    RETURN ((hashint8extended(nextval('draw'), 5) & 2147483647) % sides)::int;
CREATE FUNCTION pick(choice anyarray) RETURNS anyelement VOLATILE LANGUAGE plpgsql AS
    'BEGIN RETURN choice[1 + dice(cardinality(choice))]; END';

-- two columns of each type, with a few values each, so that they often agree
CREATE TYPE plan AS ENUM ('free', 'team', 'scale');
CREATE TABLE kind (name text PRIMARY KEY, type text, values text[], operators text[] DEFAULT '{=,<>,<,<=,>,>=}');
INSERT INTO kind VALUES
    ('count', 'int', '{-2,-1,0,1,2,3}'),
    ('large', 'bigint', '{-9223372036854775808,0,1,9223372036854775807}'),
    ('amount', 'numeric', '{-1,0,0.00,1.5,1e30,NaN,Infinity}'),
    ('ratio', 'float8', '{-Infinity,-0.5,-0,0,0.1,NaN,1e300}'),
    ('word', 'text', '{"","a","A","ab","é","a%b","''"," "}'),
    ('code', 'varchar(5)', '{"","de","fr","de "}'),
    ('pad', 'char(3)', '{"","de","fr","de "}'),
    ('segment', 'segment_id', '{smb,mid,enterprise,a-b}'),
    ('price', 'currency_price', '{-5 EUR,0 EUR,9.90 EUR,10 EUR,10 USD,1200 JPY}'),
    ('flag', 'boolean', '{true,false}'),
    ('day', 'date', '{2025-02-28,2025-03-01,2025-03-29,2025-03-30,2025-03-31,2025-10-26}'),
    ('moment', 'timestamptz', '{2025-03-01 00:00,2025-03-29 23:30,2025-03-30 01:59:59,2025-03-30 03:00,2025-03-31 12:00,2025-10-26 02:30}'),
    ('local', 'timestamp', '{2025-03-01 00:00,2025-03-30 02:30,2025-03-31 12:00,2025-10-26 02:30}'),
    ('clock', 'time', '{00:00,02:30,12:00,24:00}'),
    ('span', 'interval', '{-1 day,0,23:30,1 day,1 mon,30 days}'),
    ('ref', 'uuid', '{00000000-0000-0000-0000-000000000000,a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11,ffffffff-ffff-ffff-ffff-ffffffffffff}'),
    ('plan', 'plan', '{free,team,scale}'),
    ('bytes', 'bytea', '{"\\x","\\x00","\\xdeadbeef"}'),
    ('host', 'inet', '{10.0.0.1,10.0.0.0/8,::1}'),
    ('bits', 'bit varying', '{"",0,101}'),
    ('numbers', 'int[]', '{"{}","{1}","{NULL}","{1,2}","{2,NULL}"}'),
    ('words', 'text[]', '{"{}","{a}","{a,b}","{\"\"}"}'),
    ('reach', 'int4range', '{empty,"[1,5)","[2,2]","(,)","[3,)"}'),
    ('tags', 'jsonb', '{"{}","{\"a\": 1}","{\"a\": null}","[1, 2]","null","\"x\""}');
SELECT format('CREATE TABLE customer (id int PRIMARY KEY, %s)', string_agg(format('%1$I %3$s, %2$I %3$s', name || '1', name || '2', type), ', ' ORDER BY name))
FROM kind \gexec

CREATE FUNCTION new_customers(first int, last int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    FOR id IN first .. last LOOP
        EXECUTE (
            SELECT format('INSERT INTO customer VALUES (%s, %s)', id, string_agg(value, ', ' ORDER BY name, side))
            FROM (SELECT name, side, CASE WHEN dice(6) > 0 THEN quote_literal(pick(values)) ELSE 'NULL' END AS value
                  FROM (SELECT * FROM kind, generate_series(1, 2) AS side ORDER BY name, side) AS columns) AS drawn);
    END LOOP;
END
$$;
SELECT new_customers(1, 120);

-- what is particular to a type, and what asks the clock
CREATE TABLE special (place int GENERATED ALWAYS AS IDENTITY, condition text);
INSERT INTO special (condition) VALUES
    ('word1 LIKE ''a%'''), ('word1 NOT LIKE ''%\%%'''), ('word2 ILIKE ''A_'''), ('word1 ~ ''^[a-z]*$'''), ('word1 || word2 = ''aa'''),
    ('length(word1) > count1'), ('lower(word1) = lower(word2)'), ('coalesce(nullif(word1, ''''), word2) = ''a'''), ('code1 = word1'),
    ('word1 COLLATE "C" < word2'), ('''a'' = ANY (words1)'), ('words1 @> words2'), ('words1 && ARRAY[word1, ''b'']'), ('cardinality(words1) > 0'),
    ('count1 = ANY (numbers1)'), ('count1 <> ALL (numbers1)'), ('numbers1[1] IS NULL'), ('count1 + count2 > 1'), ('count1 % 2 = 0'), ('-count1 < count2'),
    ('count1 = amount1'), ('ratio1 > count1'), ('amount1 > ratio1'), ('large1 > count1'), ('abs(ratio1) < 1'), ('round(amount1) = amount1'),
    ('price1 * 2 > price2'), ('sign(price1) > 0'), ('currency(price1) = ''EUR'''), ('currency(price1) = currency(price2)'), ('flag1'), ('NOT flag2'),
    ('flag1 IS NOT UNKNOWN'), ('flag1 IS DISTINCT FROM flag2'), ('segment1 = ANY (''{smb,mid}'')'), ('segment1::text LIKE ''%-%'''),
    ('reach1 @> count1'), ('reach1 && reach2'), ('upper(reach1) IS NULL'), ('isempty(reach1)'), ('host1 <<= ''10.0.0.0/8'''), ('tags1 ? ''a'''),
    ('tags1 ->> ''a'' IS NULL'), ('(tags1 -> ''a'')::text = ''1'''), ('tags1 @> ''{}'''), ('tags1 = tags2'), ('jsonb_typeof(tags1) = ''object'''),
    ('(count1, word1) = (1, ''a'')'), ('(count1, word1 COLLATE "C") < (count2, word2)'), ('(count1, word1) IS NULL'), ('(flag1, day1) IS NOT NULL'),
    ('num_nulls(count1, word1, flag1) > 1'), ('greatest(count1, count2) = 2'), ('CASE WHEN flag1 THEN count1 ELSE count2 END > 0'),
    ('CASE plan1 WHEN ''free'' THEN true WHEN ''team'' THEN flag1 END'), ('CASE WHEN count1 <> 0 THEN 6 / count1 > 1 ELSE flag1 END'), ('NULL'), ('true'),
    ('moment1 < now()'), ('moment1 < now() - interval ''1 day'''), ('now() - moment1 > interval ''1 month'''), ('moment1 BETWEEN now() - interval ''2 days'' AND now()'),
    ('moment1 + span1 < current_timestamp'), ('day1 = current_date'), ('day1 > current_date - 7'), ('current_date - day1 > 30'), ('moment1::date = current_date'),
    ('moment1::date = day1'), ('local1 < localtimestamp'), ('local1 < now()'), ('moment1 = local1'), ('local1::time > clock1'),
    ('date_trunc(''month'', now()) <= moment1'), ('extract(hour FROM now()) >= 2'), ('extract(dow FROM moment1) = 0'), ('to_char(moment1, ''HH24:MI'') > ''02:00'''),
    ('to_char(day1, ''YYYY-MM'') = to_char(now(), ''YYYY-MM'')'), ('day1::text LIKE ''2025-03-%'''), ('moment1 AT TIME ZONE ''UTC'' < localtimestamp'),
    ('date_trunc(''day'', moment1) = date_trunc(''day'', statement_timestamp())'), ('age(now(), moment1) > ''1 day'''), ('day1 + clock1 < localtimestamp'),
    ('span1 > current_timestamp - moment2');

CREATE FUNCTION leaf() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    k kind;
    a text;
    b text;
    op text;
    x text;
    y text;
BEGIN
    IF dice(5) < 2 THEN
        SELECT condition INTO a FROM special ORDER BY place OFFSET dice((SELECT count(*) FROM special)) LIMIT 1;
        RETURN a;
    END IF;
    SELECT * INTO k FROM kind ORDER BY name OFFSET dice((SELECT count(*) FROM kind)) LIMIT 1;
    a := k.name || 1 + dice(2);
    b := k.name || 1 + dice(2);
    op := pick(k.operators);
    x := format('%L::%s', pick(k.values), k.type);
    y := format('%L::%s', pick(k.values), k.type);
    CASE dice(12)
        WHEN 0 THEN RETURN format('%s %s %s', a, op, b);
        WHEN 1 THEN RETURN format('%s IS %s NULL', a, pick('{NOT,""}'::text[]));
        WHEN 2 THEN RETURN format('%s IS %s DISTINCT FROM %s', a, pick('{NOT,""}'::text[]), x);
        WHEN 3 THEN RETURN format('%s %s IN (%s, %s)', a, pick('{NOT,""}'::text[]), x, pick(ARRAY[y, y, 'NULL']));
        WHEN 4 THEN RETURN format('%s %s %s AND %s', a, pick('{BETWEEN,NOT BETWEEN,BETWEEN SYMMETRIC}'::text[]), x, y);
        WHEN 5 THEN RETURN format('coalesce(%s, %s) %s %s', a, b, op, x);
        WHEN 6 THEN RETURN format('CASE WHEN %s %s %s THEN %s %s %s END', a, op, x, b, op, y);
        WHEN 7 THEN RETURN format('%s %s nullif(%s, %s)', x, op, a, y);
        ELSE RETURN format('%s %s %s', a, op, x);
    END CASE;
END
$$;

-- Rules of segments s1, s2, ... of models a and b, by turns; plain is the same
-- without in_segment: what the segment asked for says, and false where that is unknown.
CREATE TABLE rule (place int PRIMARY KEY, model text, rule text, plain text);
CREATE FUNCTION tree(depth int, OUT rule text, OUT plain text) LANGUAGE plpgsql AS $$
DECLARE
    l record;
    r record;
BEGIN
    CASE dice(10) + 10 * (depth = 0)::int
        WHEN 0, 1, 2 THEN
            l := tree(depth - 1);
            r := tree(depth - 1);
            rule := format('(%s AND %s)', l.rule, r.rule);
            plain := format('(%s AND %s)', l.plain, r.plain);
        WHEN 3, 4, 5 THEN
            l := tree(depth - 1);
            r := tree(depth - 1);
            rule := format('(%s OR %s)', l.rule, r.rule);
            plain := format('(%s OR %s)', l.plain, r.plain);
        WHEN 6 THEN
            l := tree(depth - 1);
            rule := format('NOT (%s)', l.rule);
            plain := format('NOT (%s)', l.plain);
        WHEN 7 THEN
            l := tree(depth - 1);
            rule := pick('{IS TRUE,IS NOT TRUE,IS FALSE,IS NOT FALSE,IS UNKNOWN,IS NOT UNKNOWN}'::text[]);
            plain := format('(%s) %s', l.plain, rule);
            rule := format('(%s) %s', l.rule, rule);
        WHEN 8 THEN
            SELECT format('in_segment(%L, %L)', model, 's' || place), format('coalesce(%s, false)', known.plain)
            INTO rule, plain
            FROM rule AS known WHERE length(known.plain) < 4000
            ORDER BY hashint8extended(place, nextval('draw')) LIMIT 1;
        ELSE
            plain := leaf();
            plain := format(pick('{%s,%s,NOT (%s)}'::text[]), '(' || plain || ')');
            rule := plain;
    END CASE;
END
$$;
INSERT INTO rule VALUES (1, 'a', 'count1 > 0', 'count1 > 0'), (2, 'b', 'flag1', 'flag1');
DO $$
DECLARE
    place int;
BEGIN
    FOR place IN 3 .. 200 LOOP
        INSERT INTO rule SELECT place, CASE WHEN place % 2 = 1 THEN 'a' ELSE 'b' END, t.rule, t.plain FROM tree(4) AS t;
    END LOOP;
END
$$;
SELECT count(*) AS rules, count(*) FILTER (WHERE rule ~ 'in_segment') > 60 AS "many ask others", max(length(plain)) > 2000 AS "some are long",
       count(*) FILTER (WHERE rule ~ 'now|current|local[ts]') > 60 AS "many ask the clock"
FROM rule;

-- Model c takes every fourth rule, the first that is true, and everyone else; d
-- asks who that is.
INSERT INTO rule
    SELECT 1000 + place, 'c', format('in_segment(%L, %L)', model, 's' || place), plain FROM rule WHERE place % 4 = 3;
SELECT count(segmentation.create_model(model, 'customer', '{id}', CASE WHEN model = 'c' THEN 'exclusive' ELSE 'overlapping' END, time_zone => 'Europe/Paris'))
FROM unnest('{a,b,c,d}'::text[]) AS model;
SET TimeZone = 'America/New_York';
DO $$
DECLARE
    r rule;
BEGIN
    FOR r IN SELECT * FROM rule ORDER BY place LOOP
        PERFORM segmentation.define_segment(r.model, 's' || r.place, r.rule, rank => CASE WHEN r.model = 'c' THEN -r.place END, "count" => false);
    END LOOP;
    PERFORM segmentation.define_segment('c', 'rest', rank => 0);
    FOR r IN SELECT * FROM rule WHERE model = 'c' ORDER BY place LOOP
        PERFORM segmentation.define_segment('d', 's' || r.place,
            format('in_segment(''c'', ''s%s'') AND NOT (count1 IS NULL OR in_segment(''c'', ''rest''))', r.place), "count" => false);
    END LOOP;
    PERFORM segmentation.define_segment('d', 'rest', 'in_segment(''c'', ''rest'')', "count" => false);
END
$$;

-- what plain SQL says, with the moment written where a rule asks the clock
CREATE FUNCTION plain_at(plain text, moment timestamptz) RETURNS text SET TimeZone = 'Europe/Paris' RETURN
    replace(replace(replace(replace(replace(plain,
        'now()', quote_literal(moment) || '::timestamptz'),
        'current_timestamp', quote_literal(moment) || '::timestamptz'),
        'statement_timestamp()', quote_literal(moment) || '::timestamptz'),
        'localtimestamp', quote_literal(moment::timestamp) || '::timestamp'),
        'current_date', quote_literal(moment::date) || '::date');
CREATE TABLE expected (model text, segment text, id int);
CREATE FUNCTION expect(moment timestamptz) RETURNS void LANGUAGE plpgsql SET TimeZone = 'Europe/Paris' SET DateStyle = 'ISO' AS $$
DECLARE
    r rule;
BEGIN
    TRUNCATE expected;
    FOR r IN SELECT * FROM rule WHERE model IN ('a', 'b') LOOP
        EXECUTE format('INSERT INTO expected SELECT %L, %L, id FROM customer WHERE %s', r.model, 's' || r.place, plain_at(r.plain, moment));
    END LOOP;
    EXECUTE (SELECT format('INSERT INTO expected SELECT ''c'', CASE %s ELSE ''rest'' END, id FROM customer',
                           string_agg(format('WHEN %s THEN ''s%s''', plain_at(plain, moment), place), ' ' ORDER BY -place))
             FROM rule WHERE model = 'c');
    INSERT INTO expected SELECT 'd', segment, id FROM expected JOIN customer USING (id) WHERE model = 'c' AND (segment = 'rest' OR count1 IS NOT NULL);
END
$$;

CREATE FUNCTION compared(moment timestamptz, OUT customers bigint, OUT combinations bigint, OUT missing bigint, OUT wrong bigint)
    LANGUAGE plpgsql AS $$
BEGIN
    PERFORM segmentation.refresh(model, moment) FROM unnest('{a,b,c,d}'::text[]) AS model;
    PERFORM expect(moment);
    CREATE TEMP TABLE answered ON COMMIT DROP AS
        SELECT 'a' AS model, segment::text, id FROM a_member UNION ALL SELECT 'b', segment::text, id FROM b_member
        UNION ALL SELECT 'c', segment::text, id FROM c_member UNION ALL SELECT 'd', segment::text, id FROM d_member;
    SELECT count(*), count(*) * (SELECT count(*) FROM rule) INTO customers, combinations FROM customer;
    SELECT count(*) INTO missing FROM (SELECT * FROM expected EXCEPT ALL SELECT * FROM answered) AS m;
    SELECT count(*) INTO wrong FROM (SELECT * FROM answered EXCEPT ALL SELECT * FROM expected) AS w;
END
$$;

-- a month before, by the side of the changes of the clock, and after; and other customers each time
SET DateStyle = 'German, DMY';
SELECT * FROM compared('2025-03-01 00:00 Europe/Paris');
DELETE FROM customer WHERE id % 5 = 0;
SELECT new_customers(121, 150);
SELECT * FROM compared('2025-03-30 01:59:59 Europe/Paris');
SELECT * FROM compared('2025-03-30 03:00 Europe/Paris');
DELETE FROM customer WHERE id % 3 = 0;
SELECT new_customers(n, n) FROM generate_series(3, 120, 15) AS n;
UPDATE customer SET count1 = count2, word2 = NULL, moment1 = moment2 WHERE id % 2 = 0;
SELECT * FROM compared('2025-03-31 12:00 Europe/Paris');
SELECT * FROM compared('2025-10-26 00:30 UTC');
SELECT * FROM compared('2025-10-26 01:30 UTC');
SELECT count(*) AS differences FROM segmentation.verify('c');
DELETE FROM customer;
SELECT * FROM compared('2025-10-26 01:30 UTC');

-- it was not all one way: of how many segments somebody was in and somebody out
SELECT count(*) > 100 AS "most rules divide"
FROM (SELECT segment FROM a_history, unnest(segments) AS segment UNION SELECT segment FROM b_history, unnest(segments) AS segment) AS s;

-- leave nothing to the tests that follow
DELETE FROM segmentation.segment_reference
WHERE model IN (SELECT id FROM segmentation.model JOIN pg_class ON pg_class.oid = assignment WHERE relnamespace = quote_ident(current_schema())::regnamespace);
DELETE FROM segmentation.model USING pg_class WHERE pg_class.oid = assignment AND relnamespace = quote_ident(current_schema())::regnamespace;
SET client_min_messages = warning;
DROP SCHEMA regress_generated CASCADE;
