-- locks_when and running_when: which subscriptions lock a customer, and which
-- of these must be of its segment
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/lock.sql'
\set ECHO none
\i :include
\set ECHO all
SET search_path = lock_test, public;

CREATE TABLE customers (id int PRIMARY KEY, segment segment_id);
CREATE TABLE subscriptions (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customers,
    segment segment_id, status text, "Total Amount" numeric);
INSERT INTO customers VALUES (1, 'eu'), (2, 'eu'), (3, NULL), (4, 'eu');

-- a draft does not lock, an ended subscription locks but need not agree
SELECT step, detail FROM segmentation.install_lock('customers', 'subscriptions',
    locks_when => 'status <> $$draft$$', running_when => 's.status <> ''ended'' -- once it was running')
 WHERE step = 'found';
SELECT argument, value FROM segmentation.lock WHERE argument LIKE '%when';

-- what does not lock is not checked: another segment, none, a NULL condition
INSERT INTO subscriptions VALUES (1, 1, 'us', 'draft'), (2, 2, NULL, 'draft'), (3, 3, 'us', NULL);
SELECT * FROM state('customers');

-- once active it is checked, and locks
CALL refused($$ UPDATE subscriptions SET status = 'active' WHERE id = 1 $$);
CALL refused($$ UPDATE subscriptions SET status = 'active' WHERE id = 2 $$);
UPDATE subscriptions SET status = 'active' WHERE id = 3;
UPDATE subscriptions SET status = 'active', segment = 'eu' WHERE id = 1;
SELECT * FROM state('customers');

-- an ended one locks in whatever segment it was, and does not block a move
INSERT INTO subscriptions VALUES (4, 4, 'us', 'ended');
SELECT * FROM state('customers');
SELECT * FROM segmentation.move_blockers('customers', '{4}', 'us');

-- when it starts running again it is checked like a new one
CALL refused($$ UPDATE subscriptions SET status = 'active' WHERE id = 4 $$);
SELECT from_segment, to_segment FROM segmentation.move_customer('customers', '{4}', 'us', 'came to us');
UPDATE subscriptions SET status = 'active' WHERE id = 4;

-- a customer without a segment takes that of a running one, if there is any
INSERT INTO customers VALUES (5), (6), (7);
INSERT INTO subscriptions VALUES (5, 5, 'us', 'ended'), (6, 5, 'eu', 'active'), (7, 6, 'us', 'ended');
CALL refused($$ INSERT INTO subscriptions VALUES (8, 7, NULL, 'ended') $$);
SELECT * FROM state('customers') WHERE customer >= '5';
SELECT * FROM segmentation.lock_violations('customers');

-- ending or deleting all does not unlock
UPDATE subscriptions SET status = 'draft';
DELETE FROM subscriptions;
SELECT bool_and(segment_locked_at IS NOT NULL) AS locked FROM customers WHERE id <> 7 AND id <> 2;

-- only one boolean expression over the columns is taken
SELECT segmentation.remove_lock('customers');
CREATE PROCEDURE try(condition text) LANGUAGE sql AS $$
    CALL refused(format('SELECT segmentation.install_lock(%L, %L, locks_when => %L)', 'customers', 'subscriptions', condition))
$$;
CALL try('status');
CALL try('EXISTS (SELECT FROM customers)');
CALL try('count(*) > 1');
CALL try('row_number() OVER () = 1');
CALL try('generate_series(1, 2) = 1');
CALL try('random() < 0.5');
CALL try('clock_timestamp() > now()');
CALL try('true) or (true');
CALL try('true; DROP TABLE subscriptions');
CALL try('true FROM customers');
CALL try('true AS yes');
CALL try('true, true');
CALL try('*');
CALL try('s.*');
CALL try('s IS NULL');
CALL try('xmin IS NULL');
CALL try('tableoid = 1');
CALL try('');
CALL try('-- nothing');
CALL try('/* true');
CALL try('$1');
CALL try('nowhere = 1');
CALL try('customers.segment = segment');
CALL try('nothing(status)');
CALL try('status = 1');
CALL try('DEFAULT');
-- an error is in the condition, not in a query of ours
SELECT segmentation.install_lock('customers', 'subscriptions', locks_when => 'true', running_when => 'status <> ''x'' AND nowhere');
SELECT segmentation.install_lock('customers', 'subscriptions', locks_when => 'true, status');

-- NULL is no condition; constants, stable functions and odd columns are fine
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('customers', 'subscriptions', locks_when => NULL,
    running_when => '"Total Amount" IS NULL OR ("Total Amount" > 0 AND now() > date ''2000-01-01'')');
SELECT argument, value FROM segmentation.lock WHERE argument LIKE '%when';
SELECT segmentation.remove_lock('customers');

-- constants are kept so that every session reads the same
SET DateStyle = 'SQL, DMY';
SET IntervalStyle = sql_standard;
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('customers', 'subscriptions',
    running_when => 'date ''01/02/2026'' < now() - interval ''-1 day -2 hours''');
RESET DateStyle;
RESET IntervalStyle;
SELECT value FROM segmentation.lock WHERE argument = 'running_when';
SELECT segmentation.remove_lock('customers');

-- an error while a condition is evaluated is the statement's error
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('customers', 'subscriptions',
    locks_when => '1 / "Total Amount" > 0');
CALL refused($$ INSERT INTO subscriptions VALUES (1, 1, 'eu', 'active', 0) $$);
INSERT INTO subscriptions VALUES (1, 1, 'eu', 'active', 1);
SELECT segmentation.remove_lock('customers');

-- names mean what they mean to who installs, and whatever search_path later
CREATE SCHEMA before;
CREATE FUNCTION before.always(text, text) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION before.lower(text) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT 'draft' $$;
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('customers', 'subscriptions',
    locks_when => 'lower(status) <> ''draft''');
CREATE OPERATOR before.<> (LEFTARG = text, RIGHTARG = text, FUNCTION = before.always);
CREATE OPERATOR before.= (LEFTARG = text, RIGHTARG = text, FUNCTION = before.always);
CREATE OPERATOR before.= (LEFTARG = segment_id, RIGHTARG = segment_id, FUNCTION = segment_id_ne);
CREATE OPERATOR before.= (LEFTARG = int, RIGHTARG = int, FUNCTION = int4ne);
CREATE TABLE before.customers (id int);
CREATE TABLE before.segmentation_rows (id int);
INSERT INTO customers VALUES (8, 'eu');
SET search_path = before, pg_catalog, lock_test, public;
INSERT INTO lock_test.subscriptions VALUES (2, 8, 'us', 'draft');
SELECT * FROM lock_test.state('lock_test.customers') WHERE customer OPERATOR(pg_catalog.=) '8';
INSERT INTO lock_test.subscriptions VALUES (3, 8, 'eu', 'active');
CALL lock_test.refused($$ INSERT INTO lock_test.subscriptions VALUES (4, 8, 'us', 'active') $$);
CALL lock_test.refused($$ UPDATE lock_test.customers SET segment = 'us' WHERE id OPERATOR(pg_catalog.=) 8 $$);
SELECT * FROM segmentation.lock_violations('lock_test.customers');
SELECT * FROM segmentation.move_blockers('lock_test.customers', '{8}', 'us');
CALL lock_test.refused($$ SELECT segmentation.move_customer('lock_test.customers', '{8}', 'us', 'no') $$);

-- an operator of one's own is kept by its own name
SELECT segmentation.remove_lock('lock_test.customers');
DELETE FROM lock_test.subscriptions;
SELECT count(*) OPERATOR(pg_catalog.>) 0 AS installed
  FROM segmentation.install_lock('lock_test.customers', 'lock_test.subscriptions', locks_when => 'status <> ''draft''');
SELECT argument, value FROM segmentation.lock WHERE argument LIKE '%when';
SET search_path = lock_test, public;
INSERT INTO customers VALUES (9, 'eu');
INSERT INTO subscriptions VALUES (5, 9, 'eu', 'draft');
SELECT * FROM state('customers') WHERE customer = '9';
SELECT segmentation.remove_lock('customers');

-- a function that is replaced decides from then on, one that is dropped lets nothing in
CREATE FUNCTION counts(status text) RETURNS boolean IMMUTABLE LANGUAGE sql AS $$ SELECT status = 'active' $$;
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('customers', 'subscriptions',
    locks_when => 'counts(status)', running_when => 'counts(status)');
INSERT INTO customers VALUES (10), (11);
INSERT INTO subscriptions VALUES (6, 10, 'eu', 'trial');
CREATE OR REPLACE FUNCTION counts(status text) RETURNS boolean IMMUTABLE LANGUAGE sql AS $$ SELECT status <> 'draft' $$;
INSERT INTO subscriptions VALUES (7, 11, 'eu', 'trial');
SELECT * FROM state('customers') WHERE customer IN ('10', '11');
SELECT * FROM segmentation.lock_violations('customers');
DROP FUNCTION counts(text);
CALL refused($$ INSERT INTO subscriptions VALUES (8, 10, 'eu', 'active') $$);
CALL refused($$ UPDATE subscriptions SET status = 'active' $$);
CALL refused($$ SELECT segmentation.move_customer('customers', '{11}', 'us', 'no') $$);
SELECT segmentation.remove_lock('customers');

-- columns that are generated or stand after dropped ones
ALTER TABLE subscriptions DROP COLUMN status, DROP COLUMN "Total Amount",
    ADD COLUMN amount int, ADD COLUMN is_paid boolean GENERATED ALWAYS AS (amount > 0) STORED;
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('customers', 'subscriptions', locks_when => 'is_paid');
INSERT INTO customers VALUES (12), (13);
INSERT INTO subscriptions VALUES (12, 12, 'eu', 0), (13, 13, 'eu', 1);
SELECT * FROM state('customers') WHERE customer IN ('12', '13');
UPDATE subscriptions SET amount = 1 WHERE id = 12;
SELECT * FROM state('customers') WHERE customer = '12';

-- a backslash is read as the installing session reads it, and kept as one that every session reads
ALTER TABLE subscriptions ADD COLUMN note text;
SELECT segmentation.remove_lock('customers');
SET standard_conforming_strings = off;
SET escape_string_warning = off;
SELECT step, detail FROM segmentation.install_lock('customers', 'subscriptions',
    locks_when => $$ note = 'a\\b' $$, running_when => $$ note <> E'c\\d' $$) WHERE step = 'lock';
INSERT INTO customers VALUES (20, 'eu'), (21, 'eu'), (22, 'eu'), (23, 'eu');
INSERT INTO subscriptions VALUES (20, 20, 'eu', 1, DEFAULT, E'a\\b'), (21, 21, 'eu', 1, DEFAULT, E'a\\\\b');
RESET standard_conforming_strings;
RESET escape_string_warning;
\c -
SET search_path = lock_test, public;
INSERT INTO subscriptions VALUES (22, 22, 'eu', 1, DEFAULT, 'a\b'), (23, 23, 'eu', 1, DEFAULT, 'a\\b');
SELECT customer, locked FROM state('customers') WHERE customer BETWEEN '20' AND '23';
SELECT argument, value FROM segmentation.lock WHERE argument LIKE '%when';
\c -
SET search_path = lock_test, public;
SET standard_conforming_strings = off;
SET escape_string_warning = off;
INSERT INTO customers VALUES (24, 'eu');
INSERT INTO subscriptions VALUES (24, 24, 'eu', 1, DEFAULT, E'a\\b');
SELECT customer, locked FROM state('customers') WHERE customer = '24';
SELECT * FROM segmentation.lock_violations('customers');
SELECT * FROM segmentation.move_blockers('customers', '{24}', 'us');
-- the call that a removal returns, read where a backslash escapes and where it does not
CREATE TABLE kept AS SELECT argument, value FROM segmentation.lock;
SELECT call, replace(call, 'SELECT *', 'SELECT count(*) > 0 AS installed') AS again FROM segmentation.remove_lock('customers') AS call \gset
\echo :call
:again
SELECT * FROM kept EXCEPT SELECT argument, value FROM segmentation.lock;
SELECT count(*) > 0 AS renewed FROM segmentation.renew_lock('customers');
SELECT * FROM kept EXCEPT SELECT argument, value FROM segmentation.lock;
SELECT segmentation_internal.lock_portable($$ "a'\b" = 'a''\b' AND c = 'd' AND 'e\' <> "f"" '" OR '''\''' = g $$);
SELECT count(*) FROM segmentation.check_dump() WHERE object LIKE '%lock_test%';
SELECT finding, object FROM segmentation.check_restore() WHERE object LIKE '%lock_test%';
RESET standard_conforming_strings;
RESET escape_string_warning;

SET client_min_messages = warning;
DROP SCHEMA lock_test, before CASCADE;
