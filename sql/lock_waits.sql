-- What a subscription holds, and how long a move waits.

CREATE TABLE customer (id int PRIMARY KEY, name text, segment segment_id);
CREATE TABLE offer (id int PRIMARY KEY, segment segment_id);
CREATE TABLE subscription (id int PRIMARY KEY, customer int REFERENCES customer, segment segment_id, draft boolean DEFAULT false);
CREATE TABLE contract (id int PRIMARY KEY, customer int REFERENCES customer DEFERRABLE INITIALLY DEFERRED, offer int REFERENCES offer);
CREATE TABLE usage (id int PRIMARY KEY, customer int REFERENCES customer, segment segment_id) PARTITION BY HASH (id);
CREATE TABLE usage_0 PARTITION OF usage FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE usage_1 PARTITION OF usage FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO customer SELECT i, 'customer ' || i, 'eu' FROM generate_series(1, 9) i;
INSERT INTO offer VALUES (1, 'eu');
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('customer', 'subscription', locks_when => 'NOT draft');
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('customer', 'contract', offers => 'offer');
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('customer', 'usage');

-- locks on our tables but those of plain reading, and whatever is above ROW EXCLUSIVE
CREATE VIEW held AS
    SELECT c.relname AS relation, array_agg(DISTINCT l.mode ORDER BY l.mode) AS modes
      FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
     WHERE l.locktype = 'relation' AND l.pid = pg_backend_pid() AND l.mode <> 'AccessShareLock'
       AND c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
     GROUP BY c.relname ORDER BY c.relname;
CREATE VIEW too_strong AS
    SELECT l.relation::regclass, l.mode
      FROM pg_locks l
     WHERE l.locktype = 'relation' AND l.pid = pg_backend_pid()
       AND l.mode NOT IN ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock');

-- The first subscription of a customer, the second, and further statements.
BEGIN;
INSERT INTO subscription VALUES (1, 1, 'eu');
SELECT * FROM held;
SELECT * FROM too_strong;
INSERT INTO subscription VALUES (2, 1, 'eu');
SELECT * FROM held;
INSERT INTO subscription VALUES (3, 2, 'eu', false), (4, 3, 'eu', true);
UPDATE subscription SET draft = false WHERE id = 4;
SELECT * FROM too_strong;
COMMIT;

-- In a transaction of its own, one that is not the first takes what its foreign
-- key takes, and reads the customer.
BEGIN;
INSERT INTO subscription VALUES (5, 1, 'eu');
SELECT * FROM held;
SELECT * FROM too_strong;
COMMIT;
BEGIN ISOLATION LEVEL SERIALIZABLE;
INSERT INTO subscription VALUES (6, 4, 'eu'), (7, 1, 'eu');
SELECT * FROM too_strong;
COMMIT;

-- With offers, deferred until commit, and in partitions.
BEGIN;
INSERT INTO contract VALUES (1, 5, 1), (2, 1, 1);
SET CONSTRAINTS ALL IMMEDIATE;
INSERT INTO contract VALUES (3, 5, 1);
SELECT * FROM held;
SELECT * FROM too_strong;
COMMIT;
BEGIN;
INSERT INTO usage VALUES (1, 6, 'eu'), (2, 7, 'eu');
INSERT INTO usage_0 SELECT i, 1, 'eu' FROM generate_series(3, 20) i WHERE satisfies_hash_partition('usage'::regclass, 2, 0, i);
SELECT * FROM held;
SELECT * FROM too_strong;
COMMIT;

-- A move waits ten seconds at most for a lock, or as long as the session says
-- if that is less, and leaves the setting as it was.
CREATE FUNCTION show_timeout() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE NOTICE 'lock_timeout is %', current_setting('lock_timeout'); RETURN NEW; END $$;
CREATE TRIGGER show_timeout BEFORE UPDATE ON customer FOR EACH ROW EXECUTE FUNCTION show_timeout();
SHOW lock_timeout;
SELECT to_segment FROM segmentation.move_customer('customer', '{8}', 'us', 'test');
SET lock_timeout = '1min';
SELECT to_segment FROM segmentation.move_customer('customer', '{8}', 'asia', 'test');
SET lock_timeout = '300ms';
SELECT to_segment FROM segmentation.move_customer('customer', '{8}', 'eu', 'test');
SELECT to_segment FROM segmentation.move_customer('customer', '{1}', 'us', 'test');
SHOW lock_timeout;
RESET lock_timeout;

-- A move and an installation have to see what is committed.
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT segmentation.move_customer('customer', '{8}', 'us', 'test');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT segmentation.move_customer('customer', '{8}', 'us', 'test');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT segmentation.install_lock('customer', 'subscription');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT segmentation.install_lock('customer', 'subscription');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;

DROP VIEW held, too_strong;
DROP TABLE subscription, contract, usage, offer, customer;
DROP FUNCTION show_timeout;
DELETE FROM segmentation.customer_move;
