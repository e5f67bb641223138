-- Keys of every type: a text that names a customer names the one whom a refresh
-- has stored, in every function that takes one.

\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/refusal.sql'
\i :include

CREATE EXTENSION citext;
CREATE SCHEMA shop;
CREATE COLLATION shop.ignore_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TYPE shop.size AS ENUM ('S', 'M', 'L', 'extra large');
CREATE TYPE shop.place AS (country char(2), number int);
CREATE TYPE shop.price_range AS RANGE (subtype = numeric);
CREATE DOMAIN shop.code AS char(5);
CREATE DOMAIN shop.german_code AS shop.code CHECK (VALUE LIKE 'D%') NOT NULL;
CREATE DOMAIN shop.short AS varchar(4) CHECK (VALUE <> '');
CREATE DOMAIN shop.flags AS bit(4);
CREATE DOMAIN shop.amount AS numeric(6,2) CHECK (VALUE > 0);
CREATE DOMAIN shop.minute AS timestamp(0);
CREATE DOMAIN shop.span AS interval day;
CREATE DOMAIN shop.email AS citext;
CREATE DOMAIN shop.dress AS shop.size;
CREATE DOMAIN shop.years AS int4range;
CREATE DOMAIN shop.host AS inet;
CREATE DOMAIN shop.token AS uuid;
CREATE DOMAIN shop.raw AS bytea;
CREATE DOMAIN shop.name AS text COLLATE shop.ignore_case;
CREATE DOMAIN shop.market AS segment_id;
CREATE DOMAIN shop.codes AS char(5)[];
CREATE DOMAIN shop.position AS shop.place;

-- values: of three customers; nobody: what is a value of the type, and no customer's
CREATE TABLE key_type (type text PRIMARY KEY, "values" text[], nobody text[]);
INSERT INTO key_type VALUES
    ('char(5)', '{A,ALFKI,""}', '{AXXXX,ALFKIX,AL}'),
    ('char', '{A,B,C}', '{AX,""}'),
    ('bpchar', '{A,ALFKI,ALFKIX}', '{AXXXX,AL}'),
    ('varchar(4)', '{A,AB,ABCD}', '{ABCDE,AC}'),
    ('varchar', '{A,AB,ABCD}', '{ABCDE,AC}'),
    ('text', '{A,a,"O''Brien, \\\\ \"x\""}', '{ABCDE,AC}'),
    ('text COLLATE "C"', '{A,a,é}', '{É,e}'),
    ('text COLLATE shop.ignore_case', '{alfki,anatr,é}', '{e,alfkix}'),
    ('citext', '{alfki,anatr,é}', '{alf,alfkix}'),
    ('bit(4)', '{0001,1000,1111}', '{1,10001,000,0000}'),
    ('bit', '{0,1}', '{10,01}'),
    ('varbit(4)', '{1,0001,1111}', '{01,10001,11110}'),
    ('"char"', '{a,b,z}', '{ab,c,""}'),
    ('name', '{a,A,éé}', '{aa}'),
    ('numeric(5,2)', '{1.00,1.01,999.99}', '{1.004,1.005,1000,NaN}'),
    ('numeric(3,-2)', '{100,1200,0}', '{104,1249}'),
    ('numeric', '{1.00,1.004,NaN}', '{1.005,Infinity}'),
    ('smallint', '{1,-1,32767}', '{2}'),
    ('bigint', '{1,-1,9223372036854775807}', '{2}'),
    ('real', '{0.1,NaN,-0}', '{0.2}'),
    ('double precision', '{0.1,NaN,-0}', '{0.1000000000001,Infinity}'),
    ('money', '{1.00,1.01}', '{2}'),
    ('boolean', '{t,f}', '{}'),
    ('oid', '{1,2,4294967295}', '{3}'),
    ('regtype', '{integer,text,shop.size}', '{date}'),
    ('timestamp(0)', '{2024-02-29 12:00:00,2024-03-31 02:30:00,infinity}', '{2024-02-29 12:00:00.4,-infinity}'),
    ('timestamp(3)', '{2024-02-29 12:00:00.001,2024-03-31 02:30:00}', '{2024-02-29 12:00:00.0014}'),
    ('timestamp', '{2024-02-29 12:00:00.000001,2024-03-31 02:30:00}', '{2024-02-29 12:00:00}'),
    ('timestamptz(0)', '{2024-02-29 12:00:00+00,2024-10-27 02:30:00+01,2024-10-27 02:30:00+02}', '{2024-02-29 12:00:00.4+00}'),
    ('timestamptz', '{2024-02-29 12:00:00.000001+00,2024-10-27 02:30:00+01,-infinity}', '{2024-02-29 12:00:00+00}'),
    ('date', '{2024-02-29,2024-03-01,infinity}', '{2024-03-02}'),
    ('time(0)', '{12:00:00,24:00:00}', '{12:00:00.4}'),
    ('time', '{12:00:00.000001,24:00:00}', '{12:00:00}'),
    ('timetz(0)', '{12:00:00+00,12:00:00+02}', '{12:00:00.4+00,12:00:00+01}'),
    ('interval', '{1 day,-1 day -02:03:04.5,1 mon}', '{1 day 1 second}'),
    ('interval(0)', '{1 day,-1 day -02:03:04}', '{1 day 0.4 seconds}'),
    ('interval day', '{1 day,-2 days}', '{1 day 5 hours,2 days 1 minute}'),
    ('interval day to second(1)', '{1 day 00:00:00.1,-2 days}', '{1 day 00:00:00.14}'),
    ('interval year to month', '{1 mon,14 mons}', '{1 mon 1 hour}'),
    ('uuid', '{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11,00000000-0000-0000-0000-000000000000}', '{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12}'),
    ('bytea', '{"\\\\x00ff","\\\\x",abc}', '{"\\\\x00"}'),
    ('inet', '{10.0.0.1,10.0.0.1/24,::1}', '{10.0.0.0/24}'),
    ('cidr', '{10.0.0.0/24,10.0.0.0/25,::1/128}', '{10.0.0.1}'),
    ('macaddr', '{08:00:2b:01:02:03,08:00:2b:01:02:04}', '{08:00:2b:01:02:05}'),
    ('macaddr8', '{08:00:2b:01:02:03:04:05}', '{08:00:2b:01:02:03:04:06}'),
    ('int4range', '{"[1,5)",empty,"(,)"}', '{"[1,6)"}'),
    ('tstzrange', '{"[2024-02-29 12:00:00+00,)",empty}', '{"(2024-02-29 12:00:00+00,)"}'),
    ('shop.price_range', '{"[1.0,5)","(1.0,5)"}', '{"[1.0,5]"}'),
    ('int4multirange', '{"{[1,5),[7,9)}","{}"}', '{"{[1,5),[7,10)}"}'),
    ('jsonb', '{"{\"a\": 1}",1,"\"x\""}', '{"{\"a\": 2}"}'),
    ('shop.size', '{S,"extra large"}', '{M}'),
    ('shop.place', '{"(DE,1)","(FR,1)"}', '{"(DE,2)"}'),
    ('char(5)[]', '{"{A,ALFKI}","{}","{A,NULL}"}', '{"{A}","{A,ALFKIX}"}'),
    ('shop.size[]', '{"{S,\"extra large\"}","{}"}', '{"{M}"}'),
    ('timestamptz(0)[]', '{"{2024-02-29 12:00:00+00}"}', '{"{2024-02-29 12:00:00.4+00}"}'),
    ('segment_id', '{smb,key-account}', '{other}'),
    ('currency_price', '{1.50 EUR,1.51 EUR}', '{1.505 EUR,1.50 USD}'),
    ('shop.code', '{A,ALFKI}', '{AXXXX,ALFKIX}'),
    ('shop.german_code', '{D,DE,DRACD}', '{AXXXX,DRACDX,F}'),
    ('shop.short', '{A,ABCD}', '{ABCDE,""}'),
    ('shop.flags', '{0001,1111}', '{1,00010}'),
    ('shop.amount', '{1.00,1.01}', '{1.004,-1,10000}'),
    ('shop.minute', '{2024-02-29 12:00:00}', '{2024-02-29 12:00:00.4}'),
    ('shop.span', '{1 day,-2 days}', '{1 day 5 hours}'),
    ('shop.email', '{a@b.org,c@d.org}', '{A@C.org}'),
    ('shop.dress', '{S,"extra large"}', '{M}'),
    ('shop.years', '{"[1,5)",empty}', '{"[1,6)"}'),
    ('shop.host', '{10.0.0.1,10.0.0.1/24}', '{10.0.0.0/24}'),
    ('shop.token', '{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}', '{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12}'),
    ('shop.raw', '{"\\\\x00ff","\\\\x"}', '{"\\\\x00"}'),
    ('shop.name', '{alfki,anatr}', '{alf,alfkix}'),
    ('shop.market', '{smb,key-account}', '{other}'),
    ('shop.codes', '{"{A,ALFKI}","{}"}', '{"{A}","{A,ALFKIX}"}'),
    ('shop.position', '{"(DE,1)","(FR,1)"}', '{"(DE,2)"}');
INSERT INTO key_type SELECT 'name COLLATE "C"', ARRAY[repeat('x', 63)], ARRAY[repeat('x', 64), repeat('x', 62)];

-- Whatever went otherwise for the customers of one type, one line each.
CREATE FUNCTION check_key_type(checked key_type) RETURNS SETOF text LANGUAGE plpgsql SET client_min_messages = warning AS $$
DECLARE
    customer record;
    other text;
    rest bigint;
    forgotten bigint;
BEGIN
    EXECUTE format('CREATE TABLE customer (id %s PRIMARY KEY, number int)', checked.type);
    EXECUTE format('INSERT INTO customer SELECT v::%s, n FROM unnest($1) WITH ORDINALITY AS t (v, n)',
                   regexp_replace(checked.type, ' COLLATE .*', '')) USING checked.values;
    PERFORM segmentation.create_model('keys', 'customer', '{id}');
    PERFORM segmentation.define_segment('keys', 'n' || n, 'number = ' || n) FROM generate_series(1, 3) n;
    PERFORM segmentation.define_segment('keys', 'chosen', 'false');
    PERFORM segmentation.refresh('keys');
    INSERT INTO keys_override SELECT id, clock_timestamp(), NULL, 'chosen', true, 'test', 'me' FROM customer WHERE number = 1;
    PERFORM segmentation.refresh('keys');
    IF (SELECT count(*) FROM keys_assignment) <> cardinality(checked.values) OR EXISTS (SELECT FROM segmentation.verify('keys')) THEN
        RETURN NEXT checked.type || ': stored answers are wrong';
    END IF;
    FOR customer IN SELECT c.number, c.id::text AS key, a.segments FROM customer c JOIN keys_assignment a ON a.id::text = c.id::text
                    UNION SELECT n, v, a.segments FROM unnest(checked.values) WITH ORDINALITY AS t (v, n)
                        JOIN customer c ON c.number = n JOIN keys_assignment a ON a.id::text = c.id::text LOOP
        IF segmentation.classify('keys', customer.key) IS DISTINCT FROM customer.segments THEN
            RETURN NEXT format('%s: %s is classified as another', checked.type, quote_literal(customer.key));
        END IF;
        IF (SELECT array_agg(segment ORDER BY segment) FROM segmentation.explain_customer('keys', customer.key) WHERE member)
            IS DISTINCT FROM customer.segments THEN
            RETURN NEXT format('%s: %s is explained as another', checked.type, quote_literal(customer.key));
        END IF;
    END LOOP;
    FOREACH other IN ARRAY checked.nobody LOOP
        IF segmentation.classify('keys', other) IS NOT NULL OR segmentation.forget_customer('keys', other) <> 0 THEN
            RETURN NEXT format('%s: %s is somebody', checked.type, quote_literal(other));
        END IF;
        BEGIN
            PERFORM segmentation.explain_customer('keys', other);
            RETURN NEXT format('%s: %s is explained', checked.type, quote_literal(other));
        EXCEPTION WHEN no_data_found THEN NULL;
        END;
    END LOOP;
    FOR customer IN SELECT c.number, c.id::text AS key FROM customer c LOOP
        SELECT count(*) INTO rest FROM keys_assignment;
        forgotten := segmentation.forget_customer('keys', customer.key);
        IF forgotten <> (CASE customer.number WHEN 1 THEN 2 ELSE 1 END) OR rest - 1 <> (SELECT count(*) FROM keys_assignment)
            OR EXISTS (SELECT FROM keys_assignment a JOIN customer c ON c.id::text = a.id::text WHERE c.number = customer.number) THEN
            RETURN NEXT format('%s: %s is not forgotten', checked.type, quote_literal(customer.key));
        END IF;
    END LOOP;
    PERFORM segmentation.drop_model('keys');
    DROP TABLE customer;
EXCEPTION WHEN OTHERS THEN
    RETURN NEXT format('%s: %s (%s)', checked.type, SQLERRM, SQLSTATE);
END $$;

-- the same of a lock: who is moved is who was meant
CREATE FUNCTION check_locked_type(checked key_type) RETURNS SETOF text LANGUAGE plpgsql SET client_min_messages = warning AS $$
DECLARE
    customer record;
    other text;
BEGIN
    EXECUTE format('CREATE TABLE customer (id %s PRIMARY KEY, number int, segment text)', checked.type);
    EXECUTE format('CREATE TABLE subscription (number int PRIMARY KEY, customer %s REFERENCES customer, segment text, running bool)', checked.type);
    EXECUTE format('INSERT INTO customer SELECT v::%s, n, ''smb'' FROM unnest($1) WITH ORDINALITY AS t (v, n)',
                   regexp_replace(checked.type, ' COLLATE .*', '')) USING checked.values;
    PERFORM segmentation.install_lock('customer', 'subscription', running_when => 'running');
    INSERT INTO subscription SELECT number, id, 'smb', number = 2 FROM customer;
    FOREACH other IN ARRAY checked.nobody LOOP
        BEGIN
            PERFORM segmentation.move_customer('customer', ARRAY[other], 'large', 'test');
            RETURN NEXT format('%s: %s is moved', checked.type, quote_literal(other));
        EXCEPTION WHEN no_data_found THEN NULL;
        END;
        BEGIN
            PERFORM segmentation.move_blockers('customer', ARRAY[other], 'large');
            RETURN NEXT format('%s: %s is blocked', checked.type, quote_literal(other));
        EXCEPTION WHEN no_data_found THEN NULL;
        END;
    END LOOP;
    FOR customer IN SELECT number, id::text AS key FROM customer ORDER BY number LOOP
        IF (SELECT count(*) FROM segmentation.move_blockers('customer', ARRAY[customer.key], 'large')) <> (customer.number = 2)::int THEN
            RETURN NEXT format('%s: %s is blocked by others', checked.type, quote_literal(customer.key));
        END IF;
        UPDATE subscription SET running = false WHERE number = customer.number;
        PERFORM segmentation.move_customer('customer', ARRAY[customer.key], 'large', 'test');
        IF (SELECT array_agg(number ORDER BY number) FROM customer WHERE segment = 'large')
            IS DISTINCT FROM (SELECT array_agg(n) FROM generate_series(1, customer.number) n) THEN
            RETURN NEXT format('%s: %s is not the one who was moved', checked.type, quote_literal(customer.key));
        END IF;
    END LOOP;
    DROP TABLE subscription, customer;
EXCEPTION WHEN OTHERS THEN
    RETURN NEXT format('%s: %s (%s)', checked.type, SQLERRM, SQLSTATE);
END $$;

SELECT wrong FROM key_type t, check_key_type(t) wrong ORDER BY 1;
-- but for types over which the server has no foreign keys
SELECT wrong FROM key_type t, check_locked_type(t) wrong
 WHERE type NOT IN ('char(5)[]', 'timestamptz(0)[]', 'shop.dress') ORDER BY 1;

-- A text is read as in WHERE id = '...': equal is what the key's type and collation say.
CREATE TABLE customer (id citext, name text COLLATE shop.ignore_case, PRIMARY KEY (id, name));
INSERT INTO customer VALUES ('Alfki', 'Ana');
SELECT segmentation.create_model('keys', 'customer', '{id,name}');
SELECT members FROM segmentation.define_segment('keys', 'everyone', 'true');
SELECT appeared FROM segmentation.refresh('keys');
SELECT segmentation.classify('keys', 'ALFKI', 'ANA'), segmentation.classify('keys', 'ALFKI', 'ANN');
DELETE FROM customer;
SELECT segmentation.forget_customer('keys', 'alfki', 'ana');
SELECT segmentation.drop_model('keys');
DROP TABLE customer;

-- It is read in the session of who asks, whatever the model's settings are, and
-- whatever the session prints it finds again.
CREATE TABLE customer (at timestamptz, lasts interval, on_day date, PRIMARY KEY (at, lasts, on_day));
INSERT INTO customer VALUES ('2024-05-06 12:00+00', '-1 day -02:03:04', '2024-05-06');
SELECT segmentation.create_model('keys', 'customer', '{at,lasts,on_day}', time_zone => 'America/Havana');
SELECT members FROM segmentation.define_segment('keys', 'everyone', 'true');
SELECT appeared FROM segmentation.refresh('keys');
SET TimeZone = 'Asia/Tokyo';
SELECT segmentation.classify('keys', '2024-05-06 21:00', '-1 day -02:03:04', '2024-05-06');
CREATE FUNCTION found_again() RETURNS TABLE (date_style text, interval_style text, key text[], segments segment_id[], explained bigint)
LANGUAGE plpgsql AS $$
BEGIN
    FOREACH date_style IN ARRAY '{ISO,"SQL, DMY","SQL, MDY",German,"Postgres, DMY"}'::text[] LOOP
        FOREACH interval_style IN ARRAY '{postgres,postgres_verbose,sql_standard,iso_8601}'::text[] LOOP
            PERFORM set_config('DateStyle', date_style, true), set_config('IntervalStyle', interval_style, true);
            SELECT ARRAY[at::text, lasts::text, on_day::text] INTO key FROM customer;
            segments := segmentation.classify('keys', VARIADIC key);
            explained := (SELECT count(*) FROM segmentation.explain_customer('keys', VARIADIC key));
            RETURN NEXT;
        END LOOP;
    END LOOP;
END $$;
SELECT * FROM found_again();
RESET TimeZone;
SELECT segmentation.drop_model('keys');
DROP TABLE customer;

-- What is no value of the type is an error that names the column and its type.
CREATE TABLE customer (tenant shop.size, id numeric(5,2), segment text, PRIMARY KEY (tenant, id));
CREATE TABLE subscription (number int PRIMARY KEY, tenant shop.size, id numeric(5,2), segment text, FOREIGN KEY (tenant, id) REFERENCES customer);
SELECT segmentation.create_model('keys', 'customer', '{tenant,id}');
SELECT count(*) FROM segmentation.install_lock('customer', 'subscription');
\x on
SELECT DISTINCT refusal.*
  FROM unnest('{"classify(''keys'', VARIADIC %L)","explain_customer(''keys'', VARIADIC %L)","explain_customer_json(''keys'', VARIADIC %L)",
                "forget_customer(''keys'', VARIADIC %L)","move_customer(''customer'', %L, ''smb'', ''test'')",
                "move_blockers(''customer'', %L, ''smb'')"}'::text[]) call,
       unnest('{"{XL,1}","{S,one}","{S}","{S,NULL}"}'::text[]) key,
       pg_temp.refusal(format('SELECT segmentation.' || call, key))
 ORDER BY 1, 2;
\x off
SELECT segmentation.drop_model('keys');
DROP TABLE subscription, customer;

-- A column that has another scale, precision or collation now would be stored as another.
CREATE TABLE customer (id numeric(5,2) PRIMARY KEY, name varchar(4));
INSERT INTO customer VALUES (1.01, 'A');
SELECT segmentation.create_model('keys', 'customer', '{id}');
SELECT members FROM segmentation.define_segment('keys', 'everyone', 'true');
SELECT appeared FROM segmentation.refresh('keys');
ALTER TABLE customer ALTER id TYPE numeric(6,3);
INSERT INTO customer VALUES (1.011);
\x on
SELECT * FROM pg_temp.refusal($$ SELECT segmentation.refresh('keys') $$);
SELECT * FROM pg_temp.refusal($$ SELECT segmentation.alter_model('keys', source => 'customer') $$);
\x off
SELECT segmentation.alter_model('keys', key => '{id}');
SELECT appeared, vanished FROM segmentation.refresh('keys');
SELECT id FROM keys_assignment ORDER BY id;
SELECT segmentation.drop_model('keys');
DELETE FROM customer WHERE name IS NULL;
-- One that is longer now is stored as it is, or not at all.
SELECT segmentation.create_model('keys', 'customer', '{name}');
SELECT members FROM segmentation.define_segment('keys', 'everyone', 'true');
ALTER TABLE customer ALTER name TYPE varchar(8);
SELECT appeared FROM segmentation.refresh('keys');
ALTER TABLE customer ALTER name TYPE varchar(8) COLLATE shop.ignore_case;
\x on
SELECT * FROM pg_temp.refusal($$ SELECT segmentation.refresh('keys') $$);
\x off
SELECT segmentation.alter_model('keys', key => '{name}');
SELECT appeared FROM segmentation.refresh('keys');
SELECT segmentation.classify('keys', 'a');
SELECT segmentation.drop_model('keys');

DROP FUNCTION check_key_type, check_locked_type, found_again;
DROP TABLE customer, key_type;
SET client_min_messages = warning;
DROP SCHEMA shop CASCADE;
DROP EXTENSION citext;
