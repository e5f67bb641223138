-- installing a lock on tables that have rows, and removing it
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/lock.sql'
\set ECHO none
\i :include
\set ECHO all
SET search_path = lock_test, public;

CREATE TABLE customers (id int PRIMARY KEY, segment segment_id);
CREATE TABLE subscriptions (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customers,
    segment segment_id, ended boolean NOT NULL DEFAULT false);
INSERT INTO customers VALUES (1, 'eu'), (2, 'eu'), (3, NULL), (4, NULL), (5, NULL), (6, 'us');
INSERT INTO subscriptions VALUES (1, 1, 'eu'),
    (2, 2, 'us'),                                       -- contradicts
    (3, 3, 'us'), (4, 3, 'us'),                         -- agree
    (5, 4, 'us'), (6, 4, 'eu'),                         -- do not
    (7, 5, NULL);                                       -- nothing to take

-- a dry run says what it has found, what it would run, and all that contradicts
SELECT step, regexp_replace(detail, ' (REFERENCING|FOR EACH).*', ' ...') AS detail
  FROM segmentation.install_lock('customers', 'subscriptions', dry_run => true);
SELECT count(*) AS triggers FROM pg_trigger WHERE tgrelid IN ('customers'::regclass, 'subscriptions'::regclass) AND NOT tgisinternal;

-- installing refuses the same, and leaves nothing behind
CALL refused($$ SELECT segmentation.install_lock('customers', 'subscriptions') $$);
SELECT count(*) AS columns FROM pg_attribute WHERE attrelid = 'customers'::regclass AND attnum > 0;
DELETE FROM subscriptions WHERE id IN (6, 7);
CALL refused($$ SELECT segmentation.install_lock('customers', 'subscriptions') $$);

-- with running_when an ended one may contradict; those without a segment take it
UPDATE subscriptions SET ended = true WHERE id = 2;
SELECT step, detail FROM segmentation.install_lock('customers', 'subscriptions', running_when => 'NOT ended') WHERE step <> 'run';
SELECT * FROM state('customers');
SELECT * FROM segmentation.lock_violations('customers');
SELECT argument, value FROM segmentation.lock WHERE subscriptions = 'subscriptions'::regclass;

-- twice is refused
CALL refused($$ SELECT segmentation.install_lock('customers', 'subscriptions') $$);
CALL refused($$ SELECT segmentation.install_lock('customers', 'subscriptions', dry_run => true) $$);

-- removed, customers are free again; what was locked stays so when it comes back
SELECT segmentation.remove_lock('customers', 'subscriptions');
CALL refused($$ SELECT segmentation.remove_lock('customers', 'subscriptions') $$);
CALL refused($$ SELECT segmentation.remove_lock('customers') $$);
SELECT count(*) AS triggers FROM pg_trigger WHERE tgrelid IN ('customers'::regclass, 'subscriptions'::regclass) AND NOT tgisinternal;
CREATE TEMPORARY TABLE locked AS SELECT * FROM customers;
UPDATE customers SET segment = 'us' WHERE id = 1;
CALL refused($$ SELECT segmentation.install_lock('customers', 'subscriptions', running_when => 'NOT ended') $$);
UPDATE customers SET segment = 'eu' WHERE id = 1;
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('customers', 'subscriptions', running_when => 'NOT ended');
SELECT count(*) AS same FROM customers JOIN locked USING (id, segment, segment_locked_at);

-- several tables of subscriptions lock the same customers, each by its own rule
CREATE TABLE contracts (id int PRIMARY KEY, client int NOT NULL REFERENCES customers, market segment_id);
CREATE TABLE trials (id int PRIMARY KEY, customer_id int REFERENCES customers, segment segment_id);
INSERT INTO contracts VALUES (1, 6, 'us');
INSERT INTO trials VALUES (1, 5, 'us');
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('customers', 'contracts', subscription_segment => 'market');
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('customers', 'trials');
SELECT * FROM state('customers');
CALL refused($$ INSERT INTO contracts VALUES (2, 1, 'us') $$);
CALL refused($$ INSERT INTO subscriptions VALUES (8, 6, 'eu') $$);
CALL refused($$ INSERT INTO trials VALUES (2, 6, 'eu') $$);
INSERT INTO trials VALUES (2, 6, 'us');
CALL refused($$ SELECT segmentation.move_customer('customers', '{6}', 'eu', 'no') $$);
SELECT * FROM segmentation.move_blockers('customers', '{6}', 'eu');

-- all of them share the key and segment of the customers
ALTER TABLE customers ADD COLUMN code text UNIQUE, ADD COLUMN region segment_id;
CREATE TABLE orders (id int PRIMARY KEY, customer_code text REFERENCES customers (code), segment segment_id);
CALL refused($$ SELECT segmentation.install_lock('customers', 'orders', customer_key => '{code}') $$);
CALL refused($$ SELECT segmentation.install_lock('customers', 'trials', customer_segment => 'region') $$);
SELECT segmentation.remove_lock('customers', 'trials');
CALL refused($$ SELECT segmentation.install_lock('customers', 'trials', customer_segment => 'region', subscription_segment => 'segment') $$);

-- one is removed alone: the guard of the customers stays for the others
SELECT segmentation.remove_lock('customers', 'contracts');
INSERT INTO contracts VALUES (2, 1, 'us');
CALL refused($$ UPDATE customers SET segment = 'us' WHERE id = 1 $$);
SELECT segmentation.remove_lock('customers');
UPDATE customers SET segment = 'us' WHERE id = 1;
UPDATE customers SET segment = 'eu' WHERE id = 1;

-- a unique key that is not the primary one
UPDATE customers SET code = 'c' || id, segment_locked_at = NULL;
SELECT step, detail FROM segmentation.install_lock('customers', 'orders', customer_key => '{code}') WHERE step <> 'run';
INSERT INTO orders VALUES (1, 'c6', 'us'), (2, NULL, 'eu');
CALL refused($$ INSERT INTO orders VALUES (3, 'c6', 'eu') $$);
CALL refused($$ UPDATE customers SET segment = 'eu' WHERE code = 'c6' $$);
DELETE FROM orders;
CALL refused($$ UPDATE customers SET code = 'c7' WHERE code = 'c6' $$);
SELECT segmentation.remove_lock('customers');

-- what cannot be locked
CREATE VIEW customer_view AS SELECT * FROM customers;
CREATE TABLE parent (id int PRIMARY KEY, segment segment_id);
CREATE TABLE child () INHERITS (parent);
CREATE TABLE no_key (segment segment_id);
CREATE TABLE no_reference (id int PRIMARY KEY, customer_id int, segment segment_id);
CREATE TABLE two_references (id int PRIMARY KEY, customer_id int REFERENCES customers, payer_id int REFERENCES customers, segment segment_id);
CREATE TABLE no_segment (id int PRIMARY KEY, customer_id int REFERENCES customers);
CREATE TABLE other_type (id int PRIMARY KEY, customer_id int REFERENCES customers, segment int);
CREATE TABLE generated (id int PRIMARY KEY, country text, segment text GENERATED ALWAYS AS (lower(country)) STORED);
CREATE TABLE of_generated (id int PRIMARY KEY, customer_id int REFERENCES generated, segment text);
CREATE TABLE no_equality (id int PRIMARY KEY, segment json);
CREATE TABLE of_no_equality (id int PRIMARY KEY, customer_id int REFERENCES no_equality, segment json);
CREATE TABLE odd_column (id int PRIMARY KEY, segment segment_id, segment_locked_at text);
CREATE TABLE of_odd_column (id int PRIMARY KEY, customer_id int REFERENCES odd_column, segment segment_id);
CREATE TABLE employees (id int PRIMARY KEY, boss int REFERENCES employees, segment segment_id);
CALL refused($$ SELECT segmentation.install_lock(NULL, 'subscriptions') $$);
CALL refused($$ SELECT segmentation.install_lock('customers', NULL) $$);
CALL refused($$ SELECT segmentation.install_lock('customer_view', 'subscriptions') $$);
CALL refused($$ SELECT segmentation.install_lock('customers', 'customer_view') $$);
CALL refused($$ SELECT segmentation.install_lock('parent', 'subscriptions') $$);
CALL refused($$ SELECT segmentation.install_lock('child', 'subscriptions') $$);
CALL refused($$ SELECT segmentation.install_lock('segmentation.market', 'segmentation.offer') $$);
CALL refused($$ SELECT segmentation.install_lock('customers', 'segmentation.customer_move') $$);
CALL refused($$ SELECT segmentation.install_lock('no_key', 'subscriptions') $$);
CALL refused($$ SELECT segmentation.install_lock('customers', 'no_reference') $$);
CALL refused($$ SELECT segmentation.install_lock('customers', 'no_reference', subscription_customer => '{customer_id}') $$);
CALL refused($$ SELECT segmentation.install_lock('customers', 'subscriptions', customer_key => '{segment}') $$);
CALL refused($$ SELECT segmentation.install_lock('customers', 'subscriptions', customer_key => '{}') $$);
CALL refused($$ SELECT segmentation.install_lock('customers', 'two_references') $$);
CALL refused($$ SELECT segmentation.install_lock('customers', 'no_segment') $$);
CALL refused($$ SELECT segmentation.install_lock('customers', 'subscriptions', subscription_segment => 'nowhere') $$);
CALL refused($$ SELECT segmentation.install_lock('customers', 'subscriptions', customer_segment => 'nowhere') $$);
CALL refused($$ SELECT segmentation.install_lock('customers', 'subscriptions', customer_segment => 'ctid') $$);
CALL refused($$ SELECT segmentation.install_lock('customers', 'other_type') $$);
CALL refused($$ SELECT segmentation.install_lock('generated', 'of_generated') $$);
CALL refused($$ SELECT segmentation.install_lock('no_equality', 'of_no_equality') $$);
CALL refused($$ SELECT segmentation.install_lock('odd_column', 'of_odd_column') $$);
CALL refused($$ SELECT segmentation.install_lock('employees', 'employees') $$);
CALL refused($$ SELECT segmentation.install_lock('customers', 'subscriptions', subscription_offer => 'segment') $$);
CALL refused($$ SELECT segmentation.install_lock('customers', 'subscriptions', subscription_price => 'id') $$);
CALL refused($$ SELECT segmentation.remove_lock(NULL) $$);
BEGIN ISOLATION LEVEL REPEATABLE READ;
CALL refused($$ SELECT segmentation.install_lock('customers', 'subscriptions') $$);
COMMIT;

-- which of several foreign keys; two over the same columns are as one
SELECT detail FROM segmentation.install_lock('customers', 'two_references', subscription_customer => '{payer_id}', dry_run => true)
 WHERE step = 'found';
ALTER TABLE contracts ADD FOREIGN KEY (client) REFERENCES customers ON DELETE CASCADE;
SELECT detail FROM segmentation.install_lock('customers', 'contracts', subscription_segment => 'market', running_when => 'id = 1', dry_run => true)
 WHERE step = 'found';

-- a trigger of others that suppresses or rewrites what installation does
CREATE FUNCTION suppress() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE FUNCTION rewrite() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.segment := 'asia'; RETURN NEW; END $$;
UPDATE customers SET segment_locked_at = NULL;
CREATE TRIGGER theirs BEFORE UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION suppress();
CALL refused($$ SELECT segmentation.install_lock('customers', 'subscriptions', running_when => 'NOT ended') $$);
CREATE OR REPLACE TRIGGER theirs BEFORE UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION rewrite();
CALL refused($$ SELECT segmentation.install_lock('customers', 'subscriptions', running_when => 'NOT ended') $$);

SET client_min_messages = warning;
DROP SCHEMA lock_test CASCADE;
