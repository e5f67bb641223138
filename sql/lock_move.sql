-- moving a customer, and what stands in the way
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/lock.sql'
\set ECHO none
\i :include
\set ECHO all
SET search_path = lock_test, public;

CREATE TABLE customers (tenant int, id int, segment segment_id, PRIMARY KEY (tenant, id));
CREATE TABLE subscriptions (id int PRIMARY KEY, tenant int, customer_id int, segment segment_id, ended date,
    FOREIGN KEY (tenant, customer_id) REFERENCES customers);
CREATE TABLE trials (customer_id int, tenant int, segment segment_id, FOREIGN KEY (tenant, customer_id) REFERENCES customers);
INSERT INTO customers VALUES (1, 1, 'eu'), (1, 2, 'eu'), (2, 1, 'us'), (2, 2, NULL), (2, 3, NULL);
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('customers', 'subscriptions', running_when => 'ended IS NULL');
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('customers', 'trials');
INSERT INTO subscriptions VALUES (1, 1, 1, 'eu', NULL), (2, 1, 1, 'eu', NULL), (3, 1, 1, 'eu', '2026-01-31'), (4, 2, 1, 'us', NULL);
INSERT INTO trials VALUES (1, 1, 'eu'), (1, 2, 'us');

-- what runs elsewhere blocks, in whatever table, also in one without a primary key
SELECT * FROM segmentation.move_blockers('customers', '{1,1}', 'us');
SELECT * FROM segmentation.move_blockers('customers', '{1,1}', 'eu');
SELECT * FROM segmentation.move_blockers('customers', '{1,2}', 'us');
CALL refused($$ SELECT segmentation.move_customer('customers', '{1,1}', 'us', 'no') $$);
UPDATE subscriptions SET ended = '2026-02-28' WHERE tenant = 1;
CALL refused($$ SELECT segmentation.move_customer('customers', '{1,1}', 'us', 'no') $$);
DELETE FROM trials WHERE tenant = 1;

-- then it moves, is as locked as before, and there is a record of it
CREATE TEMPORARY TABLE before AS SELECT segment_locked_at FROM customers WHERE tenant = 1 AND id = 1;
SELECT customers, customer_key, from_segment, to_segment, reason FROM segmentation.move_customer('customers', '{1,1}', 'US', 'moved to Boston');
SELECT segment, segment_locked_at = (SELECT segment_locked_at FROM before) AS same FROM customers WHERE tenant = 1 AND id = 1;
SELECT customer_key, from_segment, to_segment, reason, moved_by = session_user AS by_us
  FROM segmentation.customer_move WHERE reason = 'moved to Boston';
CALL refused($$ UPDATE customers SET segment = 'eu' WHERE tenant = 1 AND id = 1 $$);
CALL refused($$ UPDATE subscriptions SET ended = NULL WHERE id = 1 $$);
INSERT INTO subscriptions VALUES (5, 1, 1, 'us', NULL);

-- to the segment where it is: nothing happens
SELECT segmentation.move_customer('customers', '{1,1}', 'us', 'stays') IS NULL AS stays;
SELECT count(*) FROM segmentation.customer_move WHERE reason = 'stays';

-- customers that are not locked may be moved too, with or without a segment
SELECT customer_key, from_segment, to_segment FROM segmentation.move_customer('customers', '{1,2}', 'us', 'free');
SELECT customer_key, from_segment, to_segment FROM segmentation.move_customer('customers', '{2,2}', 'eu', 'first one');
-- and so may one that was locked early, without a segment
UPDATE customers SET segment_locked_at = now() WHERE tenant = 2 AND id = 3;
CALL refused($$ INSERT INTO subscriptions VALUES (6, 2, 3, 'eu', NULL) $$);
CALL refused($$ UPDATE customers SET segment = 'eu' WHERE tenant = 2 AND id = 3 $$);
SELECT customer_key, from_segment, to_segment FROM segmentation.move_customer('customers', '{2,3}', 'eu', 'first one');

-- a move that is rolled back has not been
BEGIN;
SELECT to_segment FROM segmentation.move_customer('customers', '{2,3}', 'us', 'not really');
ROLLBACK;
SELECT segment FROM customers WHERE tenant = 2 AND id = 3;
SELECT count(*) FROM segmentation.customer_move WHERE reason = 'not really';

-- several in one statement
SELECT id, (segmentation.move_customer('customers', ARRAY[tenant, id]::text[], 'asia', 'all of them')).to_segment
  FROM customers WHERE tenant = 2 AND id > 1 ORDER BY id;

-- wrong arguments
CALL refused($$ SELECT segmentation.move_customer(NULL, '{1,1}', 'eu', 'no') $$);
CALL refused($$ SELECT segmentation.move_customer('customers', NULL, 'eu', 'no') $$);
CALL refused($$ SELECT segmentation.move_customer('customers', '{1,1}', NULL, 'no') $$);
CALL refused($$ SELECT segmentation.move_customer('customers', '{1,1}', 'eu', NULL) $$);
CALL refused($$ SELECT segmentation.move_customer('customers', '{1,1}', 'eu', E' \n ') $$);
CALL refused($$ SELECT segmentation.move_customer('customers', '{}', 'eu', 'no') $$);
CALL refused($$ SELECT segmentation.move_customer('customers', '{1}', 'eu', 'no') $$);
CALL refused($$ SELECT segmentation.move_customer('customers', '{1,1,1}', 'eu', 'no') $$);
CALL refused($$ SELECT segmentation.move_customer('customers', '{1,NULL}', 'eu', 'no') $$);
CALL refused($$ SELECT segmentation.move_customer('customers', '{{1,1}}', 'eu', 'no') $$);
CALL refused($$ SELECT segmentation.move_customer('customers', '[0:1]={1,1}', 'eu', 'no') $$);
CALL refused($$ SELECT segmentation.move_customer('customers', '{1,one}', 'eu', 'no') $$);
CALL refused($$ SELECT segmentation.move_customer('customers', '{1,99999999999}', 'eu', 'no') $$);
CALL refused($$ SELECT segmentation.move_customer('customers', '{1,9}', 'eu', 'no') $$);
CALL refused($$ SELECT segmentation.move_customer('customers', '{1,1}', '', 'no') $$);
CALL refused($$ SELECT segmentation.move_customer('customers', '{1,1}', 'not a segment id', 'no') $$);
CALL refused($$ SELECT segmentation.move_customer('subscriptions', '{1}', 'eu', 'no') $$);
CALL refused($$ SELECT segmentation.move_blockers(NULL, '{1,1}', 'eu') $$);
CALL refused($$ SELECT segmentation.move_blockers('customers', NULL, 'eu') $$);
CALL refused($$ SELECT segmentation.move_blockers('customers', '{1,1}', NULL) $$);
CALL refused($$ SELECT segmentation.move_blockers('customers', '{}', 'eu') $$);
CALL refused($$ SELECT segmentation.move_blockers('customers', '{1,NULL}', 'eu') $$);
CALL refused($$ SELECT segmentation.move_blockers('customers', '{1,9}', 'eu') $$);
CALL refused($$ SELECT segmentation.move_blockers('trials', '{1,1}', 'eu') $$);
CALL refused($$ SELECT segmentation.lock_violations(NULL) $$);
CALL refused($$ SELECT segmentation.lock_violations('subscriptions') $$);

-- it must see what others have committed, so not from an older snapshot
BEGIN ISOLATION LEVEL REPEATABLE READ;
CALL refused($$ SELECT segmentation.move_customer('customers', '{1,1}', 'eu', 'no') $$);
COMMIT;
BEGIN ISOLATION LEVEL SERIALIZABLE;
CALL refused($$ SELECT segmentation.move_customer('customers', '{1,1}', 'eu', 'no') $$);
SELECT count(*) FROM segmentation.move_blockers('customers', '{1,1}', 'eu');
COMMIT;
BEGIN READ ONLY;
CALL refused($$ SELECT segmentation.move_customer('customers', '{1,1}', 'eu', 'no') $$);
COMMIT;

-- the permission that a move has is for one customer, one segment and one statement
CREATE FUNCTION steal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() = 1 THEN
        UPDATE lock_test.customers SET segment = NEW.segment WHERE (tenant, id) = (2, 1);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER a_steal AFTER UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION steal();
CALL refused($$ SELECT segmentation.move_customer('customers', '{2,3}', 'eu', 'no') $$);
DROP TRIGGER a_steal ON customers;
CREATE FUNCTION change_key() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.id := NEW.id + 100; RETURN NEW; END $$;
CREATE TRIGGER change_key BEFORE UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION change_key();
CALL refused($$ SELECT segmentation.move_customer('customers', '{2,3}', 'eu', 'no') $$);
DROP TRIGGER change_key ON customers;
CREATE FUNCTION try_again() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM segmentation.move_customer('lock_test.customers', '{2,1}', 'eu', 'refused, for it has subscriptions');
EXCEPTION WHEN check_violation THEN
    UPDATE lock_test.customers SET segment = 'eu' WHERE tenant = 2 AND id = 1;
END
$$;
CALL refused('SELECT try_again()');
SELECT tenant, id, segment FROM customers ORDER BY 1, 2;

SET client_min_messages = warning;
DROP SCHEMA lock_test CASCADE;
