-- Triggers of others rewrite rows before and after ours: what is stored in the end
-- is what was checked, or the statement is refused.
SET client_min_messages = warning;
CREATE SCHEMA meddling;
SET search_path = meddling, public;

-- customers in partitions: a trigger that comes after every other, one of the partition
-- where a row arrives, and one that lets no row arrive
CREATE TABLE client (id int, region text, segment segment_id, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
CREATE TABLE client_a PARTITION OF client FOR VALUES IN ('a');
CREATE TABLE client_b (segment segment_id, gone int, region text NOT NULL, id int NOT NULL);
ALTER TABLE client_b DROP COLUMN gone;
ALTER TABLE client ATTACH PARTITION client_b FOR VALUES IN ('b');
CREATE TABLE contract (id int PRIMARY KEY, client int, region text, segment segment_id, status text DEFAULT 'active',
    FOREIGN KEY (client, region) REFERENCES client ON UPDATE CASCADE);
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('client', 'contract', running_when => $$ status = 'active' $$);
SELECT tgname FROM pg_trigger WHERE tgrelid = 'client'::regclass AND NOT tgisinternal ORDER BY tgname;
INSERT INTO client VALUES (1, 'a', 'eu'), (2, 'a', 'eu'), (3, 'b', 'eu'), (4, 'b', NULL);
INSERT INTO contract VALUES (1, 1, 'a', 'eu', 'active'), (2, 2, 'a', 'us', 'ended');
CREATE FUNCTION to_us() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.segment := 'us'; RETURN NEW; END $$;
CREATE FUNCTION to_eu() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.segment := 'eu'; RETURN NEW; END $$;
CREATE FUNCTION unlock() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.segment_locked_at := NULL; RETURN NEW; END $$;
CREATE FUNCTION suppress() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
\set VERBOSITY terse
CREATE TRIGGER "~~" BEFORE UPDATE ON client FOR EACH ROW EXECUTE FUNCTION to_us();
UPDATE client SET id = id WHERE id = 2;
UPDATE client SET region = 'b' WHERE id = 2;
UPDATE client SET segment = 'eu' WHERE id = 4;
DROP TRIGGER "~~" ON client;
-- what a statement says does not count
CREATE TRIGGER "~~" BEFORE UPDATE ON client FOR EACH ROW EXECUTE FUNCTION to_eu();
UPDATE client SET segment = 'us', region = 'b' WHERE id = 1;
DROP TRIGGER "~~" ON client;
CREATE TRIGGER arriving BEFORE INSERT ON client_b FOR EACH ROW EXECUTE FUNCTION unlock();
UPDATE client SET region = 'b' WHERE id = 2;
UPDATE client SET region = 'a' WHERE id = 1;
UPDATE client SET region = 'b' WHERE id = 1;
MERGE INTO client c USING (VALUES (2, 'a'), (5, 'b')) n (id, region) ON c.id = n.id
    WHEN MATCHED THEN UPDATE SET region = 'b' WHEN NOT MATCHED THEN INSERT (id, region) VALUES (n.id, n.region);
DROP TRIGGER arriving ON client_b;
CREATE TRIGGER arriving BEFORE INSERT ON client_b FOR EACH ROW EXECUTE FUNCTION suppress();
UPDATE client SET region = 'b' WHERE id = 1;
UPDATE client SET region = 'b' WHERE id IN (1, 2);
INSERT INTO client VALUES (6, 'b', 'eu');
DO $$
BEGIN
    UPDATE client SET region = 'b' WHERE id = 1;
EXCEPTION WHEN triggered_data_change_violation THEN
    UPDATE client SET region = 'a' WHERE id = 3;
END $$;
-- whatever comes next in the transaction, it is no arrival, and nothing of it is kept
BEGIN;
UPDATE client SET region = 'b' WHERE id = 1;
INSERT INTO client (id, region, segment, segment_locked_at) VALUES (1, 'a', 'us', now());
UPDATE client SET region = 'b' WHERE id = 2;
COMMIT;
BEGIN;
SAVEPOINT one;
UPDATE client SET region = 'b' WHERE id = 1;
RELEASE one;
COMMIT;
-- and a suppressed row within a statement does not pass for that of the statement
CREATE FUNCTION move_other() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE client SET region = 'b' WHERE id = 2; RETURN NULL; END $$;
CREATE TRIGGER zz AFTER DELETE ON client_a FOR EACH ROW WHEN (OLD.id = 1) EXECUTE FUNCTION move_other();
CREATE OR REPLACE FUNCTION suppress() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN CASE NEW.id WHEN 1 THEN NEW END; END $$;
UPDATE client SET region = 'b' WHERE id = 1;
DROP TRIGGER zz ON client_a;
DROP TRIGGER arriving ON client_b;
SELECT tableoid::regclass AS partition, id, segment, segment_locked_at IS NOT NULL AS locked FROM client ORDER BY id;
-- many at once, forth and back, also with others that are new
MERGE INTO client c USING (VALUES (1, 'b'), (2, 'b'), (5, 'b'), (6, 'a')) n (id, region) ON c.id = n.id
    WHEN MATCHED THEN UPDATE SET region = n.region WHEN NOT MATCHED THEN INSERT (id, region) VALUES (n.id, n.region);
WITH moved AS (UPDATE client SET region = 'a' WHERE id = 1) INSERT INTO client VALUES (7, 'a', 'us');
UPDATE client SET region = CASE region WHEN 'a' THEN 'b' ELSE 'a' END;
SELECT tableoid::regclass AS partition, id, segment, segment_locked_at IS NOT NULL AS locked FROM client ORDER BY id;
COPY client (id, region, segment) FROM stdin;
8	b	eu
\.
SELECT from_segment, to_segment FROM segmentation.move_customer('client', '{2,a}', 'us', 'none runs');
-- a statement whose parts name the table, and a parent of it
DROP TABLE contract, client;
CREATE TABLE client (id int PRIMARY KEY, name text, segment segment_id);
CREATE TABLE contract (id int PRIMARY KEY, client int REFERENCES client, segment segment_id);
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('client', 'contract');
CREATE TABLE clients (id int PRIMARY KEY, name text, segment segment_id, segment_locked_at timestamptz) PARTITION BY RANGE (id);
ALTER TABLE clients ATTACH PARTITION client DEFAULT;
INSERT INTO client VALUES (1, 'a', 'eu'), (2, 'b', 'eu');
INSERT INTO contract VALUES (1, 1, 'eu');
WITH one AS (UPDATE client SET name = 'c' WHERE id = 2) UPDATE clients SET segment = 'us' WHERE id = 1;
WITH one AS (UPDATE client SET name = 'c' WHERE id = 2)
    INSERT INTO clients VALUES (1, 'd', 'us') ON CONFLICT (id) DO UPDATE SET segment = 'us';
SELECT * FROM segmentation.lock_violations('client');
\set VERBOSITY default
DROP TABLE contract, clients;

-- at random
CREATE FUNCTION pick(VARIADIC text[]) RETURNS text LANGUAGE sql VOLATILE AS $$ SELECT $1[1 + floor(random() * cardinality($1))::int] $$;
CREATE FUNCTION segment() RETURNS text LANGUAGE sql VOLATILE AS $$ SELECT pick('eu', 'us', 'fr', NULL::text) $$;

-- a value for a column, as text
CREATE FUNCTION value_of(col text) RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT CASE col WHEN 'segment' THEN segment() WHEN 'segment_locked_at' THEN pick(NULL, '2001-01-01', now()::text) WHEN 'region' THEN pick('a', 'b', 'c')
        WHEN 'customer' THEN pick('1', '2', '3', '4', '5') WHEN 'id' THEN pick('1', '2', '3', '4', '5', '6', '7') WHEN 'offer' THEN pick('x', 'y', 'z')
        WHEN 'status' THEN pick('active', 'draft', 'ended') ELSE pick('p', 'q') END
$$;

-- rewrites one column, now and then, of the row that is written, or of the one that has been
CREATE FUNCTION rewrite() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF random() < 0.6 THEN
        RETURN NEW;
    ELSIF TG_ARGV[0] = 'nothing' THEN
        RETURN NULL;
    END IF;
    RETURN jsonb_populate_record(NEW, jsonb_build_object(TG_ARGV[0], value_of(TG_ARGV[0])));
END $$;
CREATE FUNCTION write_again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() < 3 AND random() < 0.5 THEN
        EXECUTE format('UPDATE meddling.%I SET %I = $1::text::%s WHERE uid = $2', TG_ARGV[1], TG_ARGV[0],
                       (SELECT atttypid::regtype FROM pg_attribute WHERE attrelid = TG_RELID AND attname = TG_ARGV[0])) USING value_of(TG_ARGV[0]), NEW.uid;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION columns_of(relation text) RETURNS text[] LANGUAGE sql AS $$
    SELECT CASE relation WHEN 'customers' THEN '{segment,segment_locked_at,region,id,name,nothing}'::text[]
        WHEN 'offers' THEN '{segment,region,name,nothing}' ELSE '{segment,customer,region,status,offer,part,nothing}' END
$$;
CREATE FUNCTION partitions(relation text) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT relid::text FROM pg_partition_tree(relation::regclass) UNION SELECT relation
$$;

CREATE PROCEDURE make_triggers() LANGUAGE plpgsql AS $$
DECLARE
    relation text;
    name text;
    col text;
BEGIN
    FOR i IN 1..(1 + random() * 4)::int LOOP
        relation := pick('customers', 'customers', 'subscriptions', 'offers');
        CONTINUE WHEN to_regclass(relation) IS NULL;
        name := pick('!', 'a', 'segmentation_lock_c', 'zz', '~~') || i;
        col := pick(VARIADIC columns_of(relation));
        CONTINUE WHEN NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = relation::regclass AND attname = col) AND col <> 'nothing';
        IF random() < 0.7 OR col = 'nothing' THEN
            EXECUTE format('CREATE TRIGGER %I BEFORE %s ON %s FOR EACH ROW EXECUTE FUNCTION meddling.rewrite(%L)', name, pick('INSERT', 'UPDATE', 'INSERT OR UPDATE'),
                           CASE WHEN random() < 0.5 THEN relation ELSE pick(VARIADIC ARRAY(SELECT partitions(relation))) END, col);
        ELSE
            EXECUTE format('CREATE TRIGGER %I AFTER %s ON %s FOR EACH ROW EXECUTE FUNCTION meddling.write_again(%L, %L)', name, pick('INSERT', 'UPDATE', 'INSERT OR UPDATE'),
                           relation, col, relation);
        END IF;
    END LOOP;
EXCEPTION WHEN invalid_object_definition OR feature_not_supported OR duplicate_object THEN NULL;
END $$;

-- either table plain or in partitions, by a column that rows are moved along
CREATE PROCEDURE make_tables(of_offers boolean) LANGUAGE plpgsql AS $$
DECLARE
    relation text;
BEGIN
    FOREACH relation IN ARRAY '{customers,offers,subscriptions}'::text[] LOOP
        EXECUTE format('DROP TABLE IF EXISTS %I CASCADE', relation);
    END LOOP;
    EXECUTE 'CREATE TABLE customers (id int, region text, segment segment_id, name text, uid serial, doubled int GENERATED ALWAYS AS (id * 2) STORED, PRIMARY KEY (id, region))' || pick('', ' PARTITION BY LIST (region)');
    EXECUTE 'CREATE TABLE offers (offer text, region text, segment segment_id, name text, uid serial, PRIMARY KEY (offer))';
    IF random() < 0.5 THEN
        DROP TABLE offers;
        CREATE TABLE offers (offer text, region text, segment segment_id, name text, uid serial, PRIMARY KEY (offer)) PARTITION BY HASH (offer);
        CREATE TABLE offers_0 PARTITION OF offers FOR VALUES WITH (MODULUS 2, REMAINDER 0);
        CREATE TABLE offers_1 PARTITION OF offers FOR VALUES WITH (MODULUS 2, REMAINDER 1);
    END IF;
    EXECUTE 'CREATE TABLE subscriptions (id int, part text DEFAULT ''p'', customer int, region text, offer text REFERENCES offers ON UPDATE CASCADE, segment segment_id, '
            'status text DEFAULT ''active'', uid serial, PRIMARY KEY (id, part), FOREIGN KEY (customer, region) REFERENCES customers ON UPDATE CASCADE)' || pick('', ' PARTITION BY LIST (part)');
    IF (SELECT relkind = 'p' FROM pg_class WHERE oid = 'customers'::regclass) THEN
        CREATE TABLE customers_a PARTITION OF customers FOR VALUES IN ('a');
        CREATE TABLE customers_bc (name text, gone int, uid int NOT NULL, segment segment_id, region text NOT NULL, id int NOT NULL, doubled int GENERATED ALWAYS AS (id * 2) STORED);
        ALTER TABLE customers_bc DROP COLUMN gone;
        ALTER TABLE customers ATTACH PARTITION customers_bc DEFAULT;
    END IF;
    IF (SELECT relkind = 'p' FROM pg_class WHERE oid = 'subscriptions'::regclass) THEN
        CREATE TABLE subscriptions_p PARTITION OF subscriptions FOR VALUES IN ('p');
        CREATE TABLE subscriptions_q PARTITION OF subscriptions FOR VALUES IN ('q');
    END IF;
    INSERT INTO customers (id, region, segment) SELECT i, pick('a', 'b'), segment() FROM generate_series(1, 6) i;
    INSERT INTO offers (offer, region, segment) VALUES ('x', 'a', 'eu'), ('y', 'b', 'us'), ('z', 'a', 'fr');
    IF of_offers THEN
        PERFORM segmentation.install_lock('customers', 'subscriptions', offers => 'offers', offer_segment => 'segment', locks_when => 'status <> ''draft''', running_when => 'status = ''active''');
    ELSE
        PERFORM segmentation.install_lock('customers', 'subscriptions', locks_when => 'status <> ''draft''', running_when => 'status = ''active''');
    END IF;
END $$;

-- a statement that writes
CREATE FUNCTION statement() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    relation text := pick('customers', 'customers', 'customers', 'subscriptions', 'subscriptions', 'offers');
    target text := CASE WHEN random() < 0.2 THEN pick(VARIADIC ARRAY(SELECT partitions(relation))) ELSE relation END;
    col text := pick(VARIADIC array_remove(columns_of(relation), 'nothing'));
    key CONSTANT int := (1 + random() * 6)::int;
    row_text CONSTANT text := format('(%s, %L, %L, %s, %L, %L)', key, pick('p', 'q'), (random() * 9)::int, 'NULL', pick('x', 'y', 'z'), segment());
    rows CONSTANT text := format('SELECT %s, %L, c.id, c.region, %L, %L, %L FROM meddling.customers c WHERE c.id = %s', (random() * 12)::int, pick('p', 'q'), pick('x', 'y', 'z'),
                                 segment(), pick('active', 'active', 'draft', 'ended'), key);
BEGIN
    CASE (random() * 7)::int
        WHEN 0, 1, 2 THEN
            RETURN format('INSERT INTO meddling.subscriptions (id, part, customer, region, offer, segment, status) %s', rows);
        WHEN 3 THEN
            RETURN format('INSERT INTO meddling.subscriptions AS s (id, part, customer, region, offer, segment, status) %s ON CONFLICT (id, part) DO UPDATE SET %s', rows,
                          pick('segment = excluded.segment', 'status = excluded.status, offer = excluded.offer', 'customer = excluded.customer, region = excluded.region'));
        WHEN 4 THEN
            RETURN format('MERGE INTO meddling.subscriptions s USING (%s) n (id, part, customer, region, offer, segment, status) ON s.id = n.id '
                          'WHEN MATCHED THEN UPDATE SET %I = n.%2$I WHEN NOT MATCHED THEN INSERT (id, part, customer, region, offer, segment, status) '
                          'VALUES (n.id, n.part, n.customer, n.region, n.offer, n.segment, n.status)', rows, pick('segment', 'part', 'offer', 'status'));
        WHEN 5 THEN
            RETURN format('UPDATE meddling.customers c SET %I = %L FROM meddling.subscriptions s WHERE s.customer = c.id AND s.region = c.region AND s.id < %s',
                          pick('segment', 'region', 'name'), pick('eu', 'a', 'b'), key * 2);
        ELSE
            RETURN format('UPDATE %s SET %I = %L WHERE %s', CASE WHEN target LIKE '%.%' THEN target ELSE 'meddling.' || target END, col, value_of(col),
                          CASE relation WHEN 'offers' THEN format('offer = %L', pick('x', 'y', 'z')) ELSE format('id %s %s', pick('=', '<'), key) END);
    END CASE;
END $$;

CREATE TABLE counts (outcome text, n bigint);
CREATE TABLE wrong (layout int, statement text, what text);
-- Who is locked, by what no statement changes.  Triggers that keep a cascade from
-- subscriptions break their foreign key, as the server lets them.
CREATE PROCEDURE try(layout int) LANGUAGE plpgsql AS $$
DECLARE
    one CONSTANT text := statement();
    state text := '00000';
BEGIN
    DROP TABLE IF EXISTS pg_temp.before;
    CREATE TEMPORARY TABLE before AS SELECT uid, segment, segment_locked_at FROM customers WHERE segment_locked_at IS NOT NULL;
    BEGIN
        EXECUTE one;
    EXCEPTION WHEN OTHERS THEN
        state := SQLSTATE;
        IF state NOT IN ('23514', '23503', '23505', '23502', '27000', '42P10', '22P02', '40001', '0A000', '21000', '44000', '42501') THEN
            INSERT INTO wrong VALUES (layout, one, SQLSTATE || ' ' || SQLERRM);
        END IF;
    END;
    INSERT INTO counts VALUES (state, 1);
    INSERT INTO wrong SELECT layout, one, 'violation: ' || v::text FROM segmentation.lock_violations('customers') v WHERE violation <> 'no customer';
    INSERT INTO wrong SELECT layout, one, 'customer: ' || b::text || ' became ' || c::text FROM before b LEFT JOIN customers c ON c.uid = b.uid
     WHERE (c.segment, c.segment_locked_at) IS DISTINCT FROM (b.segment, b.segment_locked_at);
END $$;

CREATE PROCEDURE try_many(layout int) LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1..25 LOOP
        CALL try(layout);
    END LOOP;
END $$;

SELECT setseed(0.1601);
\set ECHO none
SELECT unnest(ARRAY[format('CALL make_tables(%L)', n % 3 = 0), 'CALL make_triggers()',
                    'BEGIN ISOLATION LEVEL ' || (ARRAY['READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE'])[1 + n / 2 % 3], format('CALL try_many(%s)', n), 'COMMIT'])
  FROM generate_series(1, 24) n \gexec
\set ECHO all
-- much was stored, and much refused
SELECT count(*) FILTER (WHERE outcome = '00000') > 100 AS stored, count(*) FILTER (WHERE outcome = '23514') > 50 AS refused FROM counts;
SELECT DISTINCT ON (layout) layout, statement, what FROM wrong ORDER BY layout, ctid;

SET search_path = public;
DROP SCHEMA meddling CASCADE;
