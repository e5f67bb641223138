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

-- clients that keep milliseconds or seconds of a moment write back what they have kept
SELECT count(*) AS not_whole FROM customers WHERE date_trunc('milliseconds', segment_locked_at) <> segment_locked_at AND id NOT IN (5, 20);
INSERT INTO customers (id, segment, segment_locked_at) VALUES (21, 'eu', '2026-01-02 12:00:00.123456+00'), (22, 'eu', '2026-01-02 12:00:00.987654+00');
UPDATE customers SET segment_locked_at = '2026-01-02T12:00:00.123Z' WHERE id = 21;
UPDATE customers SET segment_locked_at = '2026-01-02T13:00:00.988+01:00' WHERE id = 22;
-- nothing of a moment that has been cut to milliseconds moves any more but to seconds, and then nothing at all
CALL refused($$ UPDATE customers SET segment_locked_at = segment_locked_at + interval '1 microsecond' WHERE id = 21 $$);
CALL refused($$ UPDATE customers SET segment_locked_at = segment_locked_at - interval '1 millisecond' WHERE id = 21 $$);
UPDATE customers SET segment_locked_at = '2026-01-02 12:00:00Z' WHERE id = 21;
UPDATE customers SET segment_locked_at = '2026-01-02 12:00:01Z' WHERE id = 22;
CALL refused($$ UPDATE customers SET segment_locked_at = segment_locked_at - interval '1 second' WHERE id = 22 $$);
CALL refused($$ UPDATE customers SET segment_locked_at = '2026-01-02 12:00:00.5Z' WHERE id = 22 $$);
-- without its time zone it is another moment
CALL refused($$ UPDATE customers SET segment_locked_at = '2026-01-02 12:00:01+01' WHERE id = 22 $$);
CALL refused($$ UPDATE customers SET segment_locked_at = 'infinity' WHERE id = 22 $$);
CALL refused($$ UPDATE customers SET segment_locked_at = '-infinity' WHERE id = 22 $$);
DELETE FROM customers WHERE id IN (21, 22);

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

-- two updates in one statement, of which the first names no column of the lock
CALL refused($$ WITH named AS (UPDATE customers SET name = 'x' WHERE id = 2 RETURNING id)
                UPDATE customers SET segment = 'eu' WHERE id = 1 $$);
CALL refused($$ WITH moved AS (UPDATE customers SET segment = 'eu' WHERE id = 1 RETURNING id)
                UPDATE customers SET name = 'x' WHERE id = 2 $$);

-- nor does it matter who runs which statement within which
CREATE FUNCTION change_segment(name text) RETURNS text LANGUAGE sql AS $$
    UPDATE lock_test.customers SET segment = 'eu' WHERE id = 1;
    SELECT 'changed';
$$;
CREATE FUNCTION change_segment_too(name text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    UPDATE lock_test.customers SET segment = 'eu' WHERE id = 1;
    RETURN 'changed';
END
$$;
CREATE FUNCTION change_name(name text) RETURNS segment_id LANGUAGE sql AS $$
    UPDATE lock_test.customers SET name = 'other' WHERE id = 2;
    SELECT 'eu'::segment_id;
$$;
CALL refused($$ UPDATE customers SET name = change_segment(name) WHERE id = 2 $$);
CALL refused($$ UPDATE customers SET name = change_segment_too(name) WHERE id IN (2, 3) $$);
CALL refused($$ UPDATE customers SET name = 'x' WHERE id = 2 RETURNING change_segment(name) $$);
CALL refused($$ UPDATE customers SET segment = change_name(name) WHERE id = 1 $$);
CALL refused($$ UPDATE customers SET segment = change_name(name) WHERE id IN (1, 3) $$);
CALL refused($$ DO 'DECLARE r record; BEGIN FOR r IN UPDATE customers SET segment = ''eu'' WHERE id = 1 RETURNING id LOOP END LOOP; END' $$);
-- what nobody reads of a WITH is done when its statement finishes
CREATE FUNCTION change_at_the_end(name text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    one int;
BEGIN
    WITH unread AS (UPDATE lock_test.customers SET segment = 'eu' WHERE id = 1) SELECT 1 INTO one;
    RETURN 'changed';
END
$$;
CALL refused($$ UPDATE customers SET name = change_at_the_end(name) WHERE id IN (2, 3) $$);
PREPARE change_both AS UPDATE customers SET name = 'x', segment = $1 WHERE id = 1;
EXECUTE change_both ('us');
CALL refused($$ EXECUTE change_both ('eu') $$);

-- what another trigger changes before the update is refused alike, although the
-- statement names no column of the lock; a trigger that leaves them alone is not in the way
CREATE FUNCTION before_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    CASE split_part(NEW.name, ' ', 1)
        WHEN 'segment' THEN NEW.segment := 'eu';
        WHEN 'none' THEN NEW.segment := NULL;
        WHEN 'lock' THEN NEW.segment_locked_at := NULL;
        WHEN 'later' THEN NEW.segment_locked_at := NEW.segment_locked_at + interval '1 s';
        WHEN 'key' THEN NEW.id := NEW.id + 1000;
        ELSE NEW.name := NEW.name || '.';
    END CASE;
    RETURN NEW;
END
$$;
CREATE TRIGGER before_update BEFORE UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION before_update();
CALL refused($$ UPDATE customers SET name = 'segment' WHERE id = 1 $$);
CALL refused($$ UPDATE customers SET name = 'none' WHERE id = 1 $$);
CALL refused($$ UPDATE customers SET name = 'lock' WHERE id = 1 $$);
CALL refused($$ UPDATE customers SET name = 'later' WHERE id = 1 $$);
CALL refused($$ UPDATE customers SET name = 'key' WHERE id = 1 $$);
CALL refused($$ INSERT INTO customers VALUES (1, 'us') ON CONFLICT (id) DO UPDATE SET name = 'segment' $$);
CALL refused($$ MERGE INTO customers c USING (VALUES (1)) AS v (id) ON c.id = v.id WHEN MATCHED THEN UPDATE SET name = 'segment' $$);
CALL refused($$ WITH named AS (UPDATE customers SET name = 'segment' WHERE id = 1 RETURNING id) SELECT id FROM named $$);
CALL refused($$ UPDATE customers SET name = 'x', segment = 'eu' WHERE id = 1 $$);
CALL refused($$ UPDATE customers SET name = 'segment', segment = 'us' WHERE id = 1 $$);
UPDATE customers SET name = 'Acme' WHERE id = 1;
UPDATE customers SET name = 'segment' WHERE id = 2;
SELECT id, segment, name FROM customers WHERE id IN (1, 2) ORDER BY id;
-- a move
DELETE FROM subscriptions WHERE customer_id = 1;
SELECT from_segment, to_segment FROM segmentation.move_customer('customers', '{1}', 'eu', 'why');
SELECT from_segment, to_segment FROM segmentation.move_customer('customers', '{1}', 'us', 'and back');
SELECT segment FROM customers WHERE id = 1;
CALL refused($$ UPDATE customers SET segment = 'eu' WHERE id = 1 $$);
-- and is none where the trigger undoes it
ALTER TABLE customers DISABLE TRIGGER before_update;
UPDATE customers SET name = 'segment' WHERE id = 1;
SELECT to_segment FROM segmentation.move_customer('customers', '{1}', 'eu', 'why');
ALTER TABLE customers ENABLE TRIGGER before_update;
CALL refused($$ SELECT segmentation.move_customer('customers', '{1}', 'us', 'undone') $$);
DROP TRIGGER before_update ON customers;
UPDATE customers SET name = 'segment' WHERE id = 1;
SELECT to_segment FROM segmentation.move_customer('customers', '{1}', 'us', 'done');

-- a column that an action of a foreign key changes
CREATE TABLE segments (id segment_id PRIMARY KEY);
INSERT INTO segments SELECT DISTINCT segment FROM customers WHERE segment IS NOT NULL;
ALTER TABLE customers ADD FOREIGN KEY (segment) REFERENCES segments ON UPDATE CASCADE ON DELETE SET NULL;
CALL refused($$ UPDATE segments SET id = 'america' WHERE id = 'us' $$);
CALL refused($$ DELETE FROM segments WHERE id = 'us' $$);

-- a key that is generated from another column
CREATE TABLE accounts (number int, id int GENERATED ALWAYS AS (number) STORED UNIQUE, segment segment_id);
CREATE TABLE contracts (id int PRIMARY KEY, account int REFERENCES accounts (id), segment segment_id);
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('accounts', 'contracts', customer_key => '{id}');
INSERT INTO accounts VALUES (1, DEFAULT, 'eu');
INSERT INTO contracts VALUES (1, 1, 'eu');
DELETE FROM contracts; -- or the foreign key would be first to refuse
CALL refused($$ UPDATE accounts SET number = 2 $$);

-- truncating: subscriptions do not take the lock with them
INSERT INTO subscriptions VALUES (1, 1, 'us');
TRUNCATE subscriptions;
CALL refused($$ UPDATE customers SET segment = 'eu' WHERE id = 1 $$);
TRUNCATE customers CASCADE;

SET client_min_messages = warning;
DROP SCHEMA lock_test CASCADE;
