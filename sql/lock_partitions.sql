-- partitioned tables on either side of a lock
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/lock.sql'
\set ECHO none
\i :include
\set ECHO all
SET search_path = lock_test, public;

-- customers by list of region, under it by hash; subscriptions by range, attributes in another order
CREATE TABLE customers (region text, id int, segment segment_id, name text, PRIMARY KEY (region, id)) PARTITION BY LIST (region);
CREATE TABLE customers_a PARTITION OF customers FOR VALUES IN ('a') PARTITION BY HASH (id);
CREATE TABLE customers_a0 PARTITION OF customers_a FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE customers_a1 PARTITION OF customers_a FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE customers_b (gone int, name text, segment segment_id, id int NOT NULL, region text NOT NULL);
ALTER TABLE customers_b DROP COLUMN gone;
ALTER TABLE customers ATTACH PARTITION customers_b FOR VALUES IN ('b');
CREATE TABLE subscriptions (id int, day int, status text DEFAULT 'active', segment segment_id, region text, customer_id int,
    PRIMARY KEY (id, day), FOREIGN KEY (region, customer_id) REFERENCES customers ON UPDATE CASCADE) PARTITION BY RANGE (day);
CREATE TABLE subscriptions_1 PARTITION OF subscriptions FOR VALUES FROM (0) TO (100);
CREATE TABLE subscriptions_2 (customer_id int, gone int, region text, gone_too text, segment segment_id, day int NOT NULL, id int NOT NULL, status text DEFAULT 'active');
ALTER TABLE subscriptions_2 DROP COLUMN gone, DROP COLUMN gone_too;
ALTER TABLE subscriptions ATTACH PARTITION subscriptions_2 FOR VALUES FROM (100) TO (200);
INSERT INTO customers SELECT r, n, 'eu' FROM unnest(ARRAY['a', 'b']) r, generate_series(1, 9) n;
INSERT INTO subscriptions VALUES (1, 1, 'active', 'eu', 'a', 1), (2, 101, 'draft', 'us', 'b', 1);
SELECT step, regexp_replace(detail, ' (FOR EACH).*', ' ...') AS detail FROM segmentation.install_lock('customers', 'subscriptions',
    locks_when => 'status <> ''draft''', running_when => 'status = ''active''');
CREATE VIEW locked AS SELECT tableoid::regclass AS partition, region, id, segment FROM customers WHERE segment_locked_at IS NOT NULL ORDER BY 2, 3;
TABLE locked;

-- columns that take the names of watched ones are not watched
BEGIN;
ALTER TABLE subscriptions RENAME segment TO former;
ALTER TABLE subscriptions ADD COLUMN segment segment_id;
CALL refused($$ UPDATE subscriptions SET segment = 'us' WHERE id = 1 $$);
CALL refused($$ UPDATE subscriptions_1 SET segment = 'us' WHERE id = 1 $$);
ROLLBACK;
BEGIN;
ALTER TABLE customers RENAME segment TO former;
ALTER TABLE customers ADD COLUMN segment segment_id;
CALL refused($$ UPDATE customers SET segment = 'us' $$);
CALL refused($$ UPDATE customers_a0 SET segment = 'us' $$);
CALL refused($$ UPDATE subscriptions SET status = 'active' WHERE id = 2 $$);
ROLLBACK;

-- what a trigger of the partition that a customer moves to changes is not seen by the guard, but by the subscriptions that follow
BEGIN;
CREATE FUNCTION to_us() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.segment := 'us'; RETURN NEW; END $$;
CREATE TRIGGER to_us BEFORE INSERT ON customers_b FOR EACH ROW EXECUTE FUNCTION to_us();
CALL refused($$ UPDATE customers SET region = 'b', id = 11 WHERE region = 'a' AND id = 1 $$);
ROLLBACK;

-- rows through the root and through a partition that is named
INSERT INTO subscriptions VALUES (3, 3, 'active', 'eu', 'a', 2), (4, 102, 'active', 'eu', 'b', 2);
INSERT INTO subscriptions_2 (id, day, segment, region, customer_id) VALUES (5, 105, 'eu', 'a', 3);
COPY subscriptions_1 (id, day, segment, region, customer_id) FROM stdin;
6	6	eu	b	3
\.
TABLE locked;
CALL refused($$ INSERT INTO subscriptions VALUES (7, 7, 'active', 'us', 'a', 2) $$);
CALL refused($$ INSERT INTO subscriptions_2 (id, day, segment, region, customer_id) VALUES (7, 107, 'us', 'a', 2) $$);
CALL refused($$ UPDATE subscriptions SET segment = 'us' WHERE id = 3 $$);
CALL refused($$ UPDATE subscriptions_2 SET segment = 'us' WHERE id = 4 $$);
CALL refused($$ UPDATE subscriptions_2 SET status = 'active' WHERE id = 2 $$);
CALL refused($$ MERGE INTO subscriptions s USING (VALUES (1), (8)) AS v (id) ON s.id = v.id
    WHEN MATCHED THEN UPDATE SET status = 'ended'
    WHEN NOT MATCHED THEN INSERT VALUES (v.id, 8, 'active', 'us', 'a', 2) $$);
INSERT INTO subscriptions SELECT 1000 + n, n % 200, 'active', 'eu', 'b', 4 + n % 2 FROM generate_series(1, 300) n;

-- a subscription that moves to another partition, as it is and changed on the way
UPDATE subscriptions SET day = 103 WHERE id = 3;
CALL refused($$ UPDATE subscriptions SET day = 3, segment = 'us' WHERE id = 3 $$);
CALL refused($$ UPDATE subscriptions SET day = 3, status = 'active' WHERE id = 2 $$);
SELECT tableoid::regclass AS partition, id, segment FROM subscriptions WHERE id IN (2, 3) ORDER BY id;

-- a customer too: the root, a partition, and on the way to another
CALL refused($$ UPDATE customers SET segment = 'us' WHERE region = 'a' AND id = 1 $$);
CALL refused($$ UPDATE customers_a SET segment = 'us' WHERE id = 1 $$);
CALL refused($$ UPDATE customers_b SET segment_locked_at = NULL WHERE id = 2 $$);
UPDATE customers SET segment_locked_at = date_trunc('seconds', segment_locked_at) WHERE id = 2;
CALL refused($$ UPDATE customers SET segment_locked_at = segment_locked_at + interval '1 millisecond' WHERE id = 2 $$);
CALL refused($$ UPDATE customers SET region = 'b', id = 21, segment = 'us' WHERE region = 'a' AND id = 1 $$);
CALL refused($$ UPDATE customers SET id = 21, segment_locked_at = NULL WHERE region = 'a' AND id = 1 $$);
UPDATE customers SET region = 'b', id = 21 WHERE region = 'a' AND id = 1;
UPDATE customers SET name = 'moved' WHERE id = 21;
SELECT region, customer_id FROM subscriptions WHERE id = 1;
TABLE locked;

-- cascades to many subscriptions in several partitions, and back with their subtransaction
UPDATE customers SET id = id + 100 WHERE region = 'b' AND id IN (4, 5);
BEGIN;
SAVEPOINT a;
UPDATE customers SET region = 'a' WHERE id > 100;
INSERT INTO subscriptions VALUES (2000, 1, 'active', 'eu', 'a', 104), (2001, 101, 'active', 'eu', 'a', 105);
ROLLBACK TO a;
UPDATE customers SET id = id - 100 WHERE id > 100;
COMMIT;
SELECT region, customer_id, tableoid::regclass AS partition, count(*) FROM subscriptions WHERE customer_id IN (4, 5) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;

-- a BEFORE trigger of the partition where it arrives has no last word
CREATE FUNCTION by_region() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.segment := 'us'; RETURN NEW; END $$;
CREATE TRIGGER by_region BEFORE INSERT ON customers_a1 FOR EACH ROW EXECUTE FUNCTION by_region();
CREATE TRIGGER by_region BEFORE INSERT ON customers_a0 FOR EACH ROW EXECUTE FUNCTION by_region();
CALL refused($$ UPDATE customers SET region = 'a', id = 31 WHERE region = 'b' AND id = 21 $$);
CALL refused($$ UPDATE customers SET id = 1003, region = 'a' WHERE region = 'b' AND id = 3 $$);
SELECT * FROM segmentation.lock_violations('customers');
DROP TRIGGER by_region ON customers_a1;
DROP TRIGGER by_region ON customers_a0;

-- moves
SELECT subscriptions, count(*) FROM segmentation.move_blockers('customers', '{b,4}', 'us') GROUP BY 1;
CALL refused($$ SELECT segmentation.move_customer('customers', '{b,21}', 'us', 'no') $$);
UPDATE subscriptions SET status = 'ended' WHERE id = 1;
SELECT customer_key, from_segment, to_segment FROM segmentation.move_customer('customers', '{b,21}', 'us', 'ended');
CALL refused($$ SELECT segmentation.move_customer('customers_b', '{b,21}', 'eu', 'no') $$);

-- partitions to come have the lock
CREATE TABLE subscriptions_3 PARTITION OF subscriptions FOR VALUES FROM (200) TO (300);
CREATE TABLE customers_c PARTITION OF customers FOR VALUES IN ('c');
INSERT INTO customers VALUES ('c', 1, 'eu');
INSERT INTO subscriptions_3 (id, day, segment, region, customer_id) VALUES (9, 209, 'eu', 'c', 1);
CALL refused($$ INSERT INTO subscriptions VALUES (10, 210, 'active', 'us', 'c', 1) $$);
CALL refused($$ UPDATE customers_c SET segment = 'us' $$);

-- ATTACH lets in what contradicts; it is found, and repaired by hand
CREATE TABLE subscriptions_4 (LIKE subscriptions INCLUDING ALL);
ALTER TABLE subscriptions_4 ADD FOREIGN KEY (region, customer_id) REFERENCES customers;
INSERT INTO subscriptions_4 VALUES (11, 301, 'active', 'us', 'b', 2), (12, 302, 'active', 'us', 'b', 9), (13, 303, 'active', 'eu', 'b', 8);
ALTER TABLE subscriptions ATTACH PARTITION subscriptions_4 FOR VALUES FROM (300) TO (400);
SELECT * FROM segmentation.lock_violations('customers');
UPDATE subscriptions SET segment = 'eu' WHERE id IN (11, 12);
UPDATE customers SET segment_locked_at = now() WHERE region = 'b' AND id = 8;
SELECT * FROM segmentation.lock_violations('customers');

-- DETACH takes the lock away with the partition
ALTER TABLE subscriptions DETACH PARTITION subscriptions_4;
INSERT INTO subscriptions_4 VALUES (14, 304, 'active', 'us', 'b', 2);
SELECT * FROM segmentation.lock_violations('customers');
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'subscriptions_4'::regclass AND NOT tgisinternal;
CALL refused($$ SELECT segmentation.install_lock('customers', 'subscriptions_1') $$);
CALL refused($$ SELECT segmentation.install_lock('customers_b', 'subscriptions') $$);
SELECT segmentation.remove_lock('customers');
SELECT count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid WHERE relnamespace = 'lock_test'::regnamespace AND NOT tgisinternal;

-- a locked table does not become a partition or child of one without the lock
CREATE TABLE plain_customers (id int PRIMARY KEY, segment segment_id);
CREATE TABLE plain (id int NOT NULL, customer_id int NOT NULL REFERENCES plain_customers, segment segment_id);
CREATE TABLE whole (LIKE plain) PARTITION BY LIST (id);
CREATE TABLE parent (LIKE plain);
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('plain_customers', 'plain');
CALL refused($$ ALTER TABLE whole ATTACH PARTITION plain DEFAULT $$);
CALL refused($$ ALTER TABLE plain INHERIT parent $$);
-- customers may: row triggers fire whatever table a statement names
CREATE TABLE whole_customers (id int, segment segment_id, segment_locked_at timestamptz) PARTITION BY LIST (id);
CREATE TABLE other_customers PARTITION OF whole_customers FOR VALUES IN (100, 101);
ALTER TABLE whole_customers ATTACH PARTITION plain_customers DEFAULT;
INSERT INTO plain_customers VALUES (1, 'eu');
INSERT INTO plain VALUES (1, 1, 'eu');
CALL refused($$ UPDATE whole_customers SET segment = 'us' WHERE id = 1 $$);
CALL refused($$ UPDATE whole_customers SET id = 100, segment = 'us' WHERE id = 1 $$);
CALL refused($$ INSERT INTO plain VALUES (2, 1, 'us') $$);

-- a partition key that is the segment: part of the customer's key, and of the subscription's
CREATE TABLE by_segment (id int, segment text, PRIMARY KEY (id, segment)) PARTITION BY LIST (segment);
CREATE TABLE by_segment_eu PARTITION OF by_segment FOR VALUES IN ('eu');
CREATE TABLE by_segment_us PARTITION OF by_segment FOR VALUES IN ('us');
CREATE TABLE of_segment (id int, customer_id int, segment text, PRIMARY KEY (id, segment),
    FOREIGN KEY (customer_id, segment) REFERENCES by_segment ON UPDATE CASCADE) PARTITION BY LIST (segment);
CREATE TABLE of_segment_eu PARTITION OF of_segment FOR VALUES IN ('eu');
CREATE TABLE of_segment_us PARTITION OF of_segment FOR VALUES IN ('us');
SELECT step, detail FROM segmentation.install_lock('by_segment', 'of_segment', running_when => 'id < 10') WHERE step = 'found';
INSERT INTO by_segment VALUES (1, 'eu'), (2, 'us'), (3, 'eu');
INSERT INTO of_segment VALUES (1, 1, 'eu'), (12, 2, 'us');
CALL refused($$ INSERT INTO of_segment VALUES (2, 1, 'us') $$);
UPDATE by_segment SET segment = 'us' WHERE id = 3;
CALL refused($$ UPDATE by_segment SET segment = 'us' WHERE id = 1 $$);
CALL refused($$ UPDATE of_segment SET segment = 'us' WHERE id = 1 $$);
CALL refused($$ SELECT segmentation.move_customer('by_segment', '{1,eu}', 'us', 'no') $$);
SELECT customer_key, from_segment, to_segment FROM segmentation.move_customer('by_segment', '{2,us}', 'eu', 'ended');
SELECT tableoid::regclass AS partition, * FROM of_segment ORDER BY id;
SELECT tableoid::regclass AS partition, id, segment, segment_locked_at IS NOT NULL AS locked FROM by_segment ORDER BY id;
CALL refused($$ UPDATE by_segment SET segment = 'us' WHERE id = 2 $$);

-- partitioned offers, one of which moves
ALTER TABLE whole_customers DETACH PARTITION plain_customers;
CREATE TABLE offers (code text, region text, segment segment_id, PRIMARY KEY (code, region)) PARTITION BY LIST (region);
CREATE TABLE offers_a PARTITION OF offers FOR VALUES IN ('a');
CREATE TABLE offers_b PARTITION OF offers FOR VALUES IN ('b');
CREATE TABLE contracts (id int PRIMARY KEY, customer_id int REFERENCES plain_customers, code text, region text,
    FOREIGN KEY (code, region) REFERENCES offers ON UPDATE CASCADE);
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('plain_customers', 'contracts', offers => 'offers');
INSERT INTO offers VALUES ('basic', 'a', 'eu'), ('pro', 'b', 'us');
INSERT INTO contracts VALUES (1, 1, 'basic', 'a');
CALL refused($$ INSERT INTO contracts VALUES (2, 1, 'pro', 'b') $$);
CALL refused($$ UPDATE offers SET segment = 'us' WHERE code = 'basic' $$);
CALL refused($$ UPDATE offers SET segment = 'us', region = 'b' WHERE code = 'basic' $$);
UPDATE offers SET region = 'b' WHERE code = 'basic';
SELECT * FROM contracts;
CREATE FUNCTION to_us() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.segment := 'us'; RETURN NEW; END $$;
CREATE TRIGGER to_us BEFORE INSERT ON offers_a FOR EACH ROW EXECUTE FUNCTION to_us();
CALL refused($$ UPDATE offers SET region = 'a' WHERE code = 'basic' $$);
SELECT * FROM segmentation.lock_violations('plain_customers');

SET client_min_messages = warning;
DROP SCHEMA lock_test CASCADE;
