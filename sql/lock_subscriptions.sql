-- every way to write a subscription locks its customer, or is refused
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/lock.sql'
\set ECHO none
\i :include
\set ECHO all
SET search_path = lock_test, public;

CREATE TABLE customers (id int PRIMARY KEY, segment segment_id);
CREATE TABLE subscriptions (id int PRIMARY KEY, customer_id int DEFAULT 0 REFERENCES customers ON UPDATE CASCADE,
    segment segment_id, note text);
INSERT INTO customers SELECT n, CASE WHEN n < 20 THEN 'eu'::segment_id END FROM generate_series(0, 39) n;
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('customers', 'subscriptions');

-- INSERT: one row, several, from a query; all of a statement or nothing of it
INSERT INTO subscriptions VALUES (1, 1, 'eu');
INSERT INTO subscriptions VALUES (2, 2, 'eu'), (3, 2, 'eu'), (4, 3, 'eu');
INSERT INTO subscriptions SELECT n, n, 'eu' FROM generate_series(5, 6) n;
CALL refused($$ INSERT INTO subscriptions VALUES (7, 7, 'eu'), (8, 8, 'us'), (9, 9, 'eu') $$);
CALL refused($$ INSERT INTO subscriptions VALUES (7, 1, 'eu'), (8, 1, 'us') $$);
SELECT * FROM state('customers') WHERE customer::int < 10;

-- a customer without a segment takes it, but from all alike
INSERT INTO subscriptions VALUES (20, 20, 'us'), (21, 20, 'us');
CALL refused($$ INSERT INTO subscriptions VALUES (22, 21, 'us'), (23, 21, 'eu') $$);
CALL refused($$ INSERT INTO subscriptions VALUES (22, 21, NULL) $$);
SELECT * FROM state('customers') WHERE customer IN ('20', '21');

-- without a customer there is nothing to lock; without a customer's row, the foreign key says so
INSERT INTO subscriptions VALUES (10, NULL, 'us'), (11, NULL, NULL);
CALL refused($$ INSERT INTO subscriptions VALUES (12, 99, 'us') $$);

-- UPDATE: to another customer, to another segment, from no customer to one
CALL refused($$ UPDATE subscriptions SET segment = 'us' WHERE id = 1 $$);
CALL refused($$ UPDATE subscriptions SET segment = NULL WHERE id = 1 $$);
CALL refused($$ UPDATE subscriptions SET customer_id = 20 WHERE id = 1 $$);
CALL refused($$ UPDATE subscriptions SET customer_id = 1 WHERE id = 10 $$);
UPDATE subscriptions SET customer_id = 7 WHERE id = 1;
UPDATE subscriptions SET customer_id = 20 WHERE id = 10;
UPDATE subscriptions SET customer_id = 22, segment = 'us' WHERE id IN (2, 3);
UPDATE subscriptions SET note = 'nothing that matters';
UPDATE subscriptions s SET segment = c.segment FROM customers c WHERE c.id = s.customer_id;
SELECT * FROM state('customers') WHERE customer IN ('1', '7', '20', '22');

-- COPY
COPY subscriptions (id, customer_id, segment) FROM stdin;
30	23	us
31	24	eu
\.
\set VERBOSITY sqlstate
COPY subscriptions (id, customer_id, segment) FROM stdin;
32	25	us
33	23	eu
\.
\set VERBOSITY default
SELECT * FROM state('customers') WHERE customer::int BETWEEN 23 AND 25;

-- MERGE
MERGE INTO subscriptions s USING (VALUES (30, 23, 'us'), (34, 25, 'us')) AS v (id, customer_id, segment) ON s.id = v.id
    WHEN MATCHED THEN UPDATE SET note = 'merged'
    WHEN NOT MATCHED THEN INSERT (id, customer_id, segment) VALUES (v.id, v.customer_id, v.segment::segment_id);
CALL refused($$ MERGE INTO subscriptions s USING (VALUES (30, 23, 'eu')) AS v (id, customer_id, segment) ON s.id = v.id
    WHEN MATCHED THEN UPDATE SET segment = v.segment::segment_id $$);
CALL refused($$ MERGE INTO subscriptions s USING (VALUES (30, 23, 'us'), (35, 23, 'eu')) AS v (id, customer_id, segment) ON s.id = v.id
    WHEN MATCHED THEN UPDATE SET note = 'merged'
    WHEN NOT MATCHED THEN INSERT (id, customer_id, segment) VALUES (v.id, v.customer_id, v.segment::segment_id) $$);

-- INSERT ... ON CONFLICT: what is not stored does not count
INSERT INTO subscriptions VALUES (30, 26, 'eu') ON CONFLICT DO NOTHING;
INSERT INTO subscriptions VALUES (30, 23, 'eu'), (36, 26, 'us') ON CONFLICT (id) DO UPDATE SET note = 'again';
CALL refused($$ INSERT INTO subscriptions VALUES (30, 23, 'eu') ON CONFLICT (id) DO UPDATE SET segment = excluded.segment $$);
CALL refused($$ INSERT INTO subscriptions VALUES (30, 23, 'us'), (37, 23, 'eu') ON CONFLICT (id) DO UPDATE SET note = 'again' $$);
SELECT * FROM state('customers') WHERE customer = '26';

-- WITH: customer and subscription in one statement; several writers of one table
WITH made AS (INSERT INTO customers VALUES (50, 'eu') RETURNING id)
INSERT INTO subscriptions SELECT 50, id, 'eu' FROM made;
WITH inserted AS (INSERT INTO subscriptions VALUES (51, 27, 'us') RETURNING id),
     updated AS (UPDATE subscriptions SET customer_id = 28 WHERE id = 36 RETURNING id)
INSERT INTO subscriptions SELECT 52, 29, 'us' FROM inserted, updated;
CALL refused($$ WITH made AS (INSERT INTO customers VALUES (51, 'eu') RETURNING id)
                INSERT INTO subscriptions SELECT 55, id, 'us' FROM made $$);
CALL refused($$ WITH inserted AS (INSERT INTO subscriptions VALUES (53, 27, 'eu') RETURNING id)
                INSERT INTO subscriptions SELECT 54, 30, 'eu' FROM inserted $$);
SELECT * FROM state('customers') WHERE customer::int IN (27, 28, 29, 30, 50);

-- a prepared statement, its plan made before and after
PREPARE subscribe (int, int, segment_id) AS INSERT INTO subscriptions VALUES ($1, $2, $3);
EXECUTE subscribe(60, 30, 'us');
CALL refused($$ EXECUTE subscribe(61, 30, 'eu') $$);
EXECUTE subscribe(61, 30, 'us');

-- savepoints and subtransactions: a lock goes back with the subscription that made it
BEGIN;
SAVEPOINT a;
INSERT INTO subscriptions VALUES (70, 31, 'us');
SAVEPOINT b;
INSERT INTO subscriptions VALUES (71, 32, 'us');
RELEASE b;
ROLLBACK TO a;
INSERT INTO subscriptions VALUES (70, 31, 'eu');
COMMIT;
DO $$
BEGIN
    INSERT INTO subscriptions VALUES (72, 32, 'eu');
    BEGIN
        INSERT INTO subscriptions VALUES (73, 33, 'us');
        INSERT INTO subscriptions VALUES (74, 32, 'us');
    EXCEPTION WHEN check_violation THEN
        RAISE NOTICE 'refused';
    END;
    INSERT INTO subscriptions VALUES (75, 32, 'eu');
END
$$;
SELECT * FROM state('customers') WHERE customer::int BETWEEN 31 AND 33;

-- triggers of others: what they store is what counts, and what they drop does not
CREATE FUNCTION change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.note = 'drop' THEN
        RETURN NULL;
    END IF;
    NEW.segment := coalesce(NEW.note, NEW.segment::text);
    RETURN NEW;
END
$$;
CREATE TRIGGER change BEFORE INSERT OR UPDATE ON subscriptions FOR EACH ROW EXECUTE FUNCTION change();
INSERT INTO subscriptions VALUES (80, 34, 'us', 'drop'), (81, 35, 'us', 'eu');
UPDATE subscriptions SET note = 'eu' WHERE id = 75;
CALL refused($$ UPDATE subscriptions SET note = 'us' WHERE id = 81 $$);
SELECT * FROM state('customers') WHERE customer::int BETWEEN 34 AND 35;
DROP TRIGGER change ON subscriptions;

-- cascades: subscriptions follow a changed key, and stay subscriptions of the same customer
UPDATE customers SET id = 136 WHERE id = 35;
UPDATE customers SET id = id + 1000 WHERE id IN (30, 31);
SELECT s.id, customer_id, s.segment, c.segment AS of_customer FROM subscriptions s JOIN customers c ON c.id = customer_id
 WHERE customer_id > 100 ORDER BY 1;
CALL refused($$ UPDATE customers SET id = 137, segment = 'us' WHERE id = 136 $$);
SELECT * FROM segmentation.lock_violations('customers');

-- where a customer goes: ON DELETE CASCADE, SET NULL, SET DEFAULT to one who may contradict
ALTER TABLE subscriptions DROP CONSTRAINT subscriptions_customer_id_fkey,
    ADD FOREIGN KEY (customer_id) REFERENCES customers ON DELETE SET DEFAULT ON UPDATE CASCADE;
DELETE FROM customers WHERE id = 136;
SELECT customer_id FROM subscriptions WHERE id = 81;
SELECT * FROM state('customers') WHERE customer = '0';
CALL refused($$ DELETE FROM customers WHERE id = 20 $$);
ALTER TABLE subscriptions DROP CONSTRAINT subscriptions_customer_id_fkey,
    ADD FOREIGN KEY (customer_id) REFERENCES customers ON DELETE SET NULL ON UPDATE CASCADE;
DELETE FROM customers WHERE id = 20;
SELECT count(*) FROM subscriptions WHERE id IN (10, 20, 21) AND customer_id IS NULL;
ALTER TABLE subscriptions DROP CONSTRAINT subscriptions_customer_id_fkey,
    ADD FOREIGN KEY (customer_id) REFERENCES customers ON DELETE CASCADE ON UPDATE SET NULL;
DELETE FROM customers WHERE id = 22;
SELECT count(*) FROM subscriptions WHERE id IN (2, 3);
CALL refused($$ UPDATE customers SET id = 100 WHERE id = 23 $$);

-- many at once go another way to the same end
CREATE TABLE many AS SELECT n AS id, 5000 + n % 700 AS customer_id, 'us'::segment_id AS segment FROM generate_series(10000, 14999) n;
INSERT INTO customers SELECT DISTINCT customer_id, CASE WHEN customer_id % 2 = 0 THEN 'us'::segment_id END FROM many;
CALL refused($$ INSERT INTO subscriptions SELECT id, customer_id, CASE WHEN id = 14000 THEN 'eu' ELSE segment END FROM many $$);
CALL refused($$ INSERT INTO subscriptions SELECT id, customer_id, CASE WHEN id = 14000 THEN NULL ELSE segment END FROM many $$);
INSERT INTO subscriptions SELECT * FROM many;
CALL refused($$ INSERT INTO subscriptions SELECT id + 10000, customer_id, CASE WHEN id = 14000 THEN 'eu' ELSE segment END FROM many $$);
CALL refused($$ UPDATE subscriptions SET segment = 'eu' WHERE id >= 10000 $$);
SELECT count(*), count(segment_locked_at) AS locked, min(segment), max(segment) FROM customers WHERE id >= 5000;
SELECT count(*) FROM segmentation.lock_violations('customers');

-- what is wide is stored elsewhere, and compared all the same
CREATE TABLE wide_customers (id text PRIMARY KEY, segment text);
CREATE TABLE wide_subscriptions (id int PRIMARY KEY, customer_id text REFERENCES wide_customers, segment text);
ALTER TABLE wide_customers ALTER segment SET STORAGE EXTERNAL;
ALTER TABLE wide_subscriptions ALTER segment SET STORAGE EXTERNAL;
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('wide_customers', 'wide_subscriptions');
INSERT INTO wide_customers VALUES (repeat('k', 2000), repeat('s', 20000)), ('short', NULL);
INSERT INTO wide_subscriptions VALUES (1, repeat('k', 2000), repeat('s', 20000)), (2, 'short', repeat('t', 20000));
UPDATE wide_subscriptions SET id = id + 10, segment = segment || '';
SELECT length(segment), segment_locked_at IS NOT NULL AS locked FROM wide_customers;
DO $$
BEGIN
    UPDATE wide_subscriptions SET segment = repeat('s', 20000) || 'x';
EXCEPTION WHEN check_violation THEN
    RAISE NOTICE 'refused in % characters', length(SQLERRM);
END
$$;

-- a row of an inheritance child does not answer for the customer that has its key
CREATE TABLE accounts (id int PRIMARY KEY, segment text);
CREATE TABLE contracts (id int PRIMARY KEY, account_id int REFERENCES accounts, segment varchar(9));
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('accounts', 'contracts');
CREATE TABLE former_accounts () INHERITS (accounts);
INSERT INTO accounts VALUES (1, 'eu'), (2, 'eu');
INSERT INTO former_accounts VALUES (1, 'us', now()), (2, 'us', NULL);
INSERT INTO contracts VALUES (1, 1, 'eu');
CALL refused($$ INSERT INTO contracts VALUES (2, 1, 'us') $$);
CALL refused($$ INSERT INTO contracts VALUES (2, 2, 'us') $$);
CALL refused($$ INSERT INTO contracts VALUES (2, 1, 'us'), (3, 1, 'us') $$);
INSERT INTO contracts VALUES (4, 2, 'eu');
SELECT count(*) FROM segmentation.lock_violations('accounts');
DELETE FROM contracts WHERE id = 1;
SELECT customer_key, from_segment, to_segment FROM segmentation.move_customer('accounts', '{1}', 'asia', 'moved');
SELECT tableoid::regclass AS stored, id, segment, segment_locked_at IS NOT NULL AS locked FROM accounts ORDER BY id, segment;

SET client_min_messages = warning;
DROP SCHEMA lock_test CASCADE;
