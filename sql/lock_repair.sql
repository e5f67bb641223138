-- what a lock stands on is renamed, dropped, replaced or switched off: nothing
-- gets past it unseen, and errors say how to repair it
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/lock.sql'
\set ECHO none
\i :include
\set ECHO all
SET search_path = lock_test, public;

CREATE TABLE customers (id int PRIMARY KEY, segment segment_id, name text);
CREATE TABLE offers (code text PRIMARY KEY, segment segment_id);
CREATE TABLE subscriptions (id int PRIMARY KEY, customer_id int CONSTRAINT of_customer REFERENCES customers ON UPDATE CASCADE,
    offer text CONSTRAINT to_offer REFERENCES offers ON UPDATE CASCADE, status text DEFAULT 'active');
INSERT INTO customers VALUES (1, 'eu'), (2, 'eu');
INSERT INTO offers VALUES ('basic', 'eu'), ('other', 'us');
CREATE FUNCTION lock_them(customers regclass, subscriptions regclass) RETURNS boolean LANGUAGE sql AS $$
    SELECT count(*) > 0 FROM segmentation.install_lock(customers, subscriptions, offers => 'lock_test.offers', running_when => 'status = ''active''')
$$;
SELECT lock_them('customers', 'subscriptions');
INSERT INTO subscriptions VALUES (1, 1, 'basic');

-- tries what the lock refuses, with the names that tables have by now; says
-- each hint once
CREATE FUNCTION try(statements text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    statement text;
    message text;
    hint text;
    hints text[] := '{}';
BEGIN
    FOREACH statement IN ARRAY statements LOOP
        BEGIN
            EXECUTE statement;
            RAISE INFO 'accepted: %', statement;
        EXCEPTION WHEN OTHERS THEN
            GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
            RAISE INFO '% %', SQLSTATE, message;
            IF hint <> ALL (hints) AND SQLSTATE <> '23514' THEN
                hints := hints || hint;
                RAISE INFO 'hint: %', hint;
            END IF;
        END;
    END LOOP;
END
$$;
CREATE PROCEDURE try_all(customers text DEFAULT 'customers', subscriptions text DEFAULT 'subscriptions', offers text DEFAULT 'offers')
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lock_test.try(ARRAY[
        format('INSERT INTO %s VALUES (2, 1, ''other'')', subscriptions),
        format('UPDATE %s SET offer = ''other''', subscriptions),
        format('UPDATE %s SET segment = ''us'' WHERE id = 1', customers),
        format('UPDATE %s SET segment = ''us'' WHERE code = ''basic''', offers),
        format('SELECT segmentation.move_customer(%L, ''{1}'', ''us'', ''no'')', customers),
        format('SELECT segmentation.lock_violations(%L)', customers)]);
    -- what the lock has no business with goes on
    EXECUTE format('UPDATE %s SET name = ''any''', customers);
    EXECUTE format('DELETE FROM %s', subscriptions);
END
$$;
BEGIN;
CALL try_all();
ROLLBACK;

-- tables renamed
\pset tuples_only
BEGIN;
ALTER TABLE customers RENAME TO clients;
CALL try_all(customers => 'clients');
-- with another one in its place
CREATE TABLE customers (id int PRIMARY KEY, segment segment_id, segment_locked_at timestamptz);
INSERT INTO customers VALUES (1, 'us', now());
CALL try_all(customers => 'clients');
SELECT try(ARRAY[$$ SELECT segmentation.move_customer('customers', '{1}', 'eu', 'no') $$]);
ROLLBACK;
BEGIN;
ALTER TABLE subscriptions RENAME TO contracts;
CALL try_all(subscriptions => 'contracts');
CREATE TABLE subscriptions (LIKE contracts INCLUDING ALL);
CALL try_all(subscriptions => 'contracts');
ROLLBACK;
BEGIN;
ALTER TABLE offers RENAME TO products;
CALL try_all(offers => 'products');
CREATE TABLE offers (LIKE products INCLUDING ALL);
CALL try_all(offers => 'products');
ROLLBACK;
BEGIN;
ALTER SCHEMA lock_test RENAME TO lock_renamed;
SELECT lock_renamed.try(ARRAY[$$ INSERT INTO lock_renamed.subscriptions VALUES (2, 1, 'other') $$, $$ UPDATE lock_renamed.customers SET segment = 'us' WHERE id = 1 $$]);
ROLLBACK;
BEGIN;
ALTER TABLE customers SET SCHEMA public;
CALL try_all(customers => 'public.customers');
ROLLBACK;

-- columns renamed and dropped
BEGIN;
ALTER TABLE customers RENAME id TO number;
SELECT try(ARRAY[$$ INSERT INTO subscriptions VALUES (2, 1, 'other') $$, $$ UPDATE customers SET segment = 'us' WHERE number = 1 $$]);
ROLLBACK;
BEGIN;
ALTER TABLE customers RENAME segment TO market;
SELECT try(ARRAY[$$ INSERT INTO subscriptions VALUES (2, 1, 'other') $$, $$ UPDATE customers SET market = 'us' WHERE id = 1 $$]);
ROLLBACK;
BEGIN;
ALTER TABLE customers RENAME segment_locked_at TO since;
SELECT try(ARRAY[$$ INSERT INTO subscriptions VALUES (2, 1, 'other') $$, $$ UPDATE customers SET segment = 'us' WHERE id = 1 $$]);
ROLLBACK;
BEGIN;
ALTER TABLE subscriptions RENAME customer_id TO client;
CALL try_all();
ROLLBACK;
BEGIN;
ALTER TABLE subscriptions RENAME offer TO product;
SELECT try(ARRAY[$$ INSERT INTO subscriptions VALUES (2, 1, 'other') $$, $$ UPDATE offers SET segment = 'us' $$]);
ROLLBACK;
BEGIN;
ALTER TABLE subscriptions RENAME status TO state;
CALL try_all();
ROLLBACK;
BEGIN;
ALTER TABLE offers RENAME code TO id;
SELECT try(ARRAY[$$ INSERT INTO subscriptions VALUES (2, 1, 'other') $$, $$ UPDATE offers SET segment = 'us' $$]);
ROLLBACK;
BEGIN;
ALTER TABLE offers RENAME segment TO market;
SELECT try(ARRAY[$$ INSERT INTO subscriptions VALUES (2, 1, 'other') $$, $$ UPDATE offers SET market = 'us' WHERE code = 'basic' $$]);
ROLLBACK;
BEGIN;
ALTER TABLE subscriptions DROP status;
SELECT try(ARRAY[$$ INSERT INTO subscriptions VALUES (2, 1, 'other') $$, $$ SELECT segmentation.lock_violations('customers') $$]);
ROLLBACK;
BEGIN;
ALTER TABLE subscriptions DROP customer_id;
SELECT try(ARRAY[$$ INSERT INTO subscriptions VALUES (2, 'other') $$]);
ROLLBACK;
BEGIN;
ALTER TABLE subscriptions DROP offer;
SELECT try(ARRAY[$$ INSERT INTO subscriptions VALUES (2, 1) $$]);
ROLLBACK;
-- triggers depend on these, so the server wants CASCADE, and takes the triggers along
CALL refused($$ ALTER TABLE customers DROP segment $$);
CALL refused($$ ALTER TABLE customers DROP segment_locked_at $$);
CALL refused($$ ALTER TABLE offers DROP segment $$);
SET client_min_messages = warning;
BEGIN;
ALTER TABLE customers DROP segment CASCADE;
SELECT try(ARRAY[$$ INSERT INTO subscriptions VALUES (2, 1, 'other') $$]);
ALTER TABLE customers ADD segment segment_id;
SELECT try(ARRAY[$$ INSERT INTO subscriptions VALUES (2, 2, 'other') $$, $$ SELECT segmentation.move_customer('customers', '{1}', 'us', 'no') $$]);
ROLLBACK;
BEGIN;
ALTER TABLE customers DROP segment_locked_at CASCADE;
SELECT try(ARRAY[$$ INSERT INTO subscriptions VALUES (2, 1, 'other') $$]);
ROLLBACK;
BEGIN;
ALTER TABLE offers DROP segment CASCADE;
SELECT try(ARRAY[$$ INSERT INTO subscriptions VALUES (2, 1, 'other') $$]);
ROLLBACK;
BEGIN;
ALTER TABLE customers DROP id CASCADE;
SELECT try(ARRAY[$$ INSERT INTO subscriptions VALUES (2, 1, 'other') $$]);
ROLLBACK;

-- types changed
BEGIN;
ALTER TABLE subscriptions ALTER customer_id TYPE bigint;
CALL try_all();
ROLLBACK;
CALL refused($$ ALTER TABLE offers ALTER segment TYPE text $$);
CALL refused($$ ALTER TABLE customers ALTER segment TYPE text $$);

-- foreign keys dropped, or made deferrable
BEGIN;
ALTER TABLE subscriptions DROP CONSTRAINT of_customer;
CALL try_all();
ROLLBACK;
BEGIN;
ALTER TABLE subscriptions DROP CONSTRAINT to_offer;
CALL try_all();
ROLLBACK;
BEGIN;
ALTER TABLE subscriptions ALTER CONSTRAINT of_customer DEFERRABLE;
CALL try_all();
ROLLBACK;
BEGIN;
ALTER TABLE subscriptions ALTER CONSTRAINT to_offer DEFERRABLE;
CALL try_all();
ROLLBACK;
BEGIN;
ALTER TABLE subscriptions DROP CONSTRAINT of_customer, ADD FOREIGN KEY (customer_id) REFERENCES customers;
CALL try_all();
ROLLBACK;

-- tables dropped
BEGIN;
DROP TABLE customers CASCADE;
SELECT try(ARRAY[$$ INSERT INTO subscriptions VALUES (2, 1, 'other') $$, $$ UPDATE offers SET segment = 'us' $$]);
ROLLBACK;
BEGIN;
DROP TABLE offers CASCADE;
SELECT try(ARRAY[$$ INSERT INTO subscriptions VALUES (2, 1, 'other') $$, $$ SELECT segmentation.move_customer('customers', '{1}', 'us', 'no') $$]);
ROLLBACK;
BEGIN;
DROP TABLE subscriptions;
SELECT try(ARRAY[$$ UPDATE customers SET segment = 'us' $$, $$ UPDATE offers SET segment = 'us' $$, $$ SELECT segmentation.move_customer('customers', '{1}', 'us', 'no') $$]);
ROLLBACK;

\pset tuples_only

-- the repair: remove what is left, install anew; segment_locked_at stays
CREATE VIEW triggers AS SELECT tgrelid::regclass, tgname FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
 WHERE relnamespace = 'lock_test'::regnamespace AND NOT tgisinternal ORDER BY 1, 2;
BEGIN;
ALTER TABLE customers RENAME TO clients;
ALTER TABLE subscriptions RENAME TO contracts;
SELECT segmentation.remove_lock('clients', 'contracts');
TABLE triggers;
SELECT lock_them('clients', 'contracts');
CALL try_all('clients', 'contracts');
ROLLBACK;
BEGIN;
ALTER TABLE customers RENAME TO clients;
SELECT segmentation.remove_lock('clients');
TABLE triggers;
ROLLBACK;
BEGIN;
ALTER TABLE offers RENAME TO products;
SELECT segmentation.remove_lock('customers');
TABLE triggers;
ROLLBACK;
BEGIN;
DROP TABLE subscriptions;
-- the customers are guarded still, and the view says by what
SELECT * FROM segmentation.lock;
CALL refused($$ UPDATE customers SET segment = 'us' WHERE id = 1 $$);
SELECT segmentation.remove_lock('customers');
TABLE triggers;
SELECT count(*) FROM segmentation.lock;
UPDATE customers SET segment = 'us' WHERE id = 1;
ROLLBACK;
BEGIN;
ALTER TABLE customers RENAME TO clients;
DROP TABLE subscriptions;
SELECT segmentation.remove_lock('clients');
TABLE triggers;
ROLLBACK;
BEGIN;
DROP TABLE customers CASCADE;
SELECT segmentation.remove_lock(NULL, 'subscriptions');
TABLE triggers;
ROLLBACK;
BEGIN;
ALTER TABLE subscriptions DROP CONSTRAINT of_customer;
SELECT segmentation.remove_lock('customers', 'subscriptions');
TABLE triggers;
ROLLBACK;
BEGIN;
ALTER TABLE subscriptions RENAME status TO state;
SELECT segmentation.remove_lock('customers');
TABLE triggers;
ROLLBACK;

-- a column that takes the name of one that was renamed is not watched, and nothing gets past by way of it
BEGIN;
ALTER TABLE customers RENAME segment TO former;
ALTER TABLE customers ADD COLUMN segment segment_id;
CALL refused($$ UPDATE customers SET segment = 'us' WHERE id = 1 $$);
CALL refused($$ INSERT INTO subscriptions VALUES (2, 1, 'other') $$);
CALL refused($$ SELECT segmentation.move_customer('customers', '{1}', 'us', 'no') $$);
CALL refused($$ SELECT segmentation.lock_violations('customers') $$);
CALL refused($$ UPDATE customers SET name = 'any' WHERE id = 1 $$);
ALTER TABLE customers DROP COLUMN segment;
ALTER TABLE customers RENAME former TO segment;
INSERT INTO subscriptions VALUES (3, 1, 'basic');
ROLLBACK;
BEGIN;
ALTER TABLE customers RENAME segment_locked_at TO former;
ALTER TABLE customers ADD COLUMN segment_locked_at timestamptz;
CALL refused($$ UPDATE customers SET segment = 'us' WHERE id = 1 $$);
CALL refused($$ INSERT INTO subscriptions VALUES (2, 2, 'basic') $$);
SELECT segmentation.remove_lock('customers');
SELECT lock_them('customers', 'subscriptions');
CALL refused($$ UPDATE customers SET segment = 'us' WHERE id = 1 $$);
ROLLBACK;
BEGIN;
ALTER TABLE offers RENAME segment TO former;
ALTER TABLE offers ADD COLUMN segment segment_id DEFAULT 'eu';
CALL refused($$ UPDATE offers SET segment = 'us' WHERE code = 'basic' $$);
ROLLBACK;

-- a session that has used the lock learns of every change, and of its end
INSERT INTO subscriptions VALUES (2, 2, 'basic');
ALTER TABLE subscriptions DROP CONSTRAINT of_customer;
CALL refused($$ INSERT INTO subscriptions VALUES (3, 2, 'basic') $$);
ALTER TABLE subscriptions ADD CONSTRAINT of_customer FOREIGN KEY (customer_id) REFERENCES customers ON UPDATE CASCADE;
INSERT INTO subscriptions VALUES (3, 2, 'basic');
ALTER TABLE subscriptions ADD COLUMN extra int DEFAULT 7, ALTER customer_id TYPE bigint;
INSERT INTO subscriptions VALUES (4, 2, 'basic');
CALL refused($$ INSERT INTO subscriptions VALUES (5, 2, 'other') $$);
CALL refused($$ UPDATE subscriptions SET offer = 'other' WHERE id = 1 $$);

-- triggers that are switched off let everything in, and lock_violations finds it
ALTER TABLE subscriptions DISABLE TRIGGER USER;
INSERT INTO customers VALUES (3, 'eu'), (4, NULL);
INSERT INTO subscriptions (id, customer_id, offer, status) VALUES (5, 3, 'basic', 'active'), (6, 4, 'other', 'active'),
    (7, 1, 'other', 'active'), (8, 1, 'other', 'ended'), (9, NULL, 'other', 'active');
ALTER TABLE subscriptions ENABLE TRIGGER USER;
SELECT * FROM segmentation.lock_violations('customers');
DELETE FROM subscriptions WHERE id > 4;
SELECT * FROM segmentation.lock_violations('customers');
SET session_replication_role = replica;
UPDATE customers SET segment = 'us' WHERE id = 1;
UPDATE customers SET segment = NULL WHERE id = 2;
INSERT INTO subscriptions VALUES (10, 3, 'basic'), (11, 99, 'basic');
RESET session_replication_role;
SELECT * FROM segmentation.lock_violations('customers');
DELETE FROM subscriptions WHERE id = 11;
SET session_replication_role = replica;
UPDATE customers SET segment = 'eu' WHERE id < 3;
RESET session_replication_role;
-- renewed, the lock locks whom it has missed
SELECT segmentation.remove_lock('customers');
SELECT lock_them('customers', 'subscriptions');
SELECT * FROM segmentation.lock_violations('customers');
SELECT * FROM state('customers');
-- triggers that fire always do so for a replica's apply, too
ALTER TABLE subscriptions ENABLE ALWAYS TRIGGER segmentation_lock_insert;
SET session_replication_role = replica;
CALL refused($$ INSERT INTO subscriptions VALUES (12, 3, 'other') $$);
RESET session_replication_role;

DROP SCHEMA lock_test CASCADE;
