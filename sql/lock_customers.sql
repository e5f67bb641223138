-- what a locked customer keeps: its segment, its lock, its key
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/lock.sql'
\set ECHO none
\i :include
\set ECHO all
SET search_path = lock_test, public;

CREATE TABLE customers (id int PRIMARY KEY, segment segment_id, name text);
CREATE TABLE subscriptions (id int PRIMARY KEY, customer_id int REFERENCES customers, segment segment_id);
INSERT INTO customers SELECT n, 'eu', 'customer ' || n FROM generate_series(1, 9) n;
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('customers', 'subscriptions');
INSERT INTO subscriptions VALUES (1, 1, 'eu');

-- before its first subscription a customer can change as it likes
UPDATE customers SET segment = 'us' WHERE id = 2;
UPDATE customers SET segment = NULL WHERE id = 3;
UPDATE customers SET id = 14 WHERE id = 4;

-- after it, neither to another segment, nor to none, nor out of the lock
CALL refused($$ UPDATE customers SET segment = 'us' WHERE id = 1 $$);
CALL refused($$ UPDATE customers SET segment = NULL WHERE id = 1 $$);
CALL refused($$ UPDATE customers SET segment_locked_at = NULL WHERE id = 1 $$);
CALL refused($$ UPDATE customers SET segment_locked_at = segment_locked_at + interval '1 s' WHERE id = 1 $$);
CALL refused($$ UPDATE customers SET segment = 'us', segment_locked_at = NULL WHERE id = 1 $$);
CALL refused($$ UPDATE customers SET id = 15 WHERE id = 1 $$);
CALL refused($$ INSERT INTO customers VALUES (1, 'us') ON CONFLICT (id) DO UPDATE SET segment = excluded.segment $$);
CALL refused($$ MERGE INTO customers c USING (VALUES (1, 'us')) AS v (id, segment) ON c.id = v.id
                WHEN MATCHED THEN UPDATE SET segment = v.segment::segment_id $$);
CALL refused($$ WITH changed AS (UPDATE customers SET segment = 'us' RETURNING id) SELECT count(*) FROM changed $$);
CALL refused($$ UPDATE customers SET segment = 'us' WHERE segment = 'eu' $$);

-- everything else of it changes freely, and its segment to what it is
UPDATE customers SET name = upper(name), segment = 'eu', segment_locked_at = segment_locked_at, id = 1 WHERE id = 1;
INSERT INTO customers VALUES (1, 'eu', 'once more') ON CONFLICT (id) DO UPDATE SET segment = excluded.segment, name = excluded.name;
SELECT name, segment FROM customers WHERE id = 1;

-- the message is of the moment that the row has, in the session's own time zone
CREATE FUNCTION detail_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    detail text;
BEGIN
    EXECUTE statement;
    RETURN 'accepted';
EXCEPTION WHEN check_violation THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    RETURN detail;
END
$$;
SET TimeZone = 'Asia/Tokyo';
SET DateStyle = ISO;
SELECT detail_of($$ UPDATE customers SET segment = 'us' WHERE id = 1 $$) =
       format('Its first subscription locked it at %s.', segment_locked_at) AS same,
       detail_of($$ INSERT INTO subscriptions VALUES (2, 1, 'us') $$) =
       format('Its first subscription locked it at %s.', segment_locked_at) AS same
  FROM customers WHERE id = 1;
RESET TimeZone;
RESET DateStyle;

-- the lock is a fact of the customer: it may be stated early, or restored
UPDATE customers SET segment_locked_at = now() WHERE id = 5;
INSERT INTO customers (id, segment, segment_locked_at) VALUES (20, 'eu', now());
CALL refused($$ UPDATE customers SET segment = 'us' WHERE id = 5 $$);
CALL refused($$ UPDATE customers SET segment = 'us' WHERE id = 20 $$);

-- a statement that fails in part leaves nothing of a lock behind
BEGIN;
SAVEPOINT before;
INSERT INTO subscriptions VALUES (6, 6, 'eu');
ROLLBACK TO before;
UPDATE customers SET segment = 'us' WHERE id = 6;
COMMIT;
SELECT * FROM state('customers') WHERE customer = '6';

-- deleting is free; another customer with the same key is another customer
DELETE FROM subscriptions WHERE customer_id = 1;
DELETE FROM customers WHERE id = 1;
INSERT INTO customers VALUES (1, 'us');
INSERT INTO subscriptions VALUES (1, 1, 'us');

-- but not while subscriptions have it: sql/lock_keys.sql
CALL refused($$ WITH gone AS (DELETE FROM customers WHERE id = 1 RETURNING id) INSERT INTO customers SELECT id, 'eu' FROM gone $$);
CALL refused($$ MERGE INTO customers c USING (VALUES (1), (-1)) AS v (id) ON c.id = v.id
                WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (-v.id, 'eu') $$);

-- truncating: subscriptions do not take the lock with them
TRUNCATE subscriptions;
CALL refused($$ UPDATE customers SET segment = 'eu' WHERE id = 1 $$);
TRUNCATE customers CASCADE;

SET client_min_messages = warning;
DROP SCHEMA lock_test CASCADE;
