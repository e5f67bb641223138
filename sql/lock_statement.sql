-- The lock on a partitioned table of subscriptions: those of one statement are
-- checked together, at its end; where a statement names a partition, one by one.

CREATE TABLE customer (id int PRIMARY KEY, segment segment_id);
CREATE TABLE subscription (id int, status text, customer int REFERENCES customer ON UPDATE CASCADE, segment segment_id,
    PRIMARY KEY (id, status)) PARTITION BY LIST (status);
CREATE TABLE subscription_draft PARTITION OF subscription FOR VALUES IN ('draft');
CREATE TABLE subscription_active PARTITION OF subscription FOR VALUES IN ('active');
INSERT INTO customer SELECT i, CASE WHEN i % 2 = 0 THEN 'eu'::segment_id END FROM generate_series(1, 9) i;
SELECT detail FROM segmentation.install_lock('customer', 'subscription', locks_when => 'status = ''active''') WHERE step = 'lock';
SELECT tgname FROM pg_trigger WHERE tgrelid = 'subscription'::regclass AND NOT tgisinternal ORDER BY tgname;
SELECT argument, value FROM segmentation.lock;
-- details say when a customer was locked
\set VERBOSITY terse

CREATE VIEW facts AS
    SELECT c.id, c.segment, c.segment_locked_at IS NOT NULL AS locked, s.segment AS subscribed, s.status
      FROM customer c JOIN subscription s ON s.customer = c.id
     ORDER BY c.id, s.id;

-- All or nothing: what comes late in a statement refuses all of it.
INSERT INTO subscription VALUES (1, 'active', 1, 'us'), (2, 'active', 2, 'eu'), (3, 'active', 1, 'eu');
SELECT count(*) AS locked FROM customer WHERE segment_locked_at IS NOT NULL;

-- INSERT, COPY, MERGE, ON CONFLICT, and drafts that move to another partition.
INSERT INTO subscription VALUES (1, 'active', 1, 'us'), (2, 'active', 2, 'eu'), (3, 'draft', 3, 'eu'), (4, 'draft', 4, 'us');
COPY subscription FROM stdin;
5	active	5	us
6	draft	6	us
\.
COPY subscription FROM stdin;
7	active	7	us
8	active	5	eu
\.
MERGE INTO subscription s USING (VALUES (3, 'us'), (7, 'us')) AS n(id, segment) ON s.id = n.id
    WHEN MATCHED THEN UPDATE SET status = 'active', segment = n.segment
    WHEN NOT MATCHED THEN INSERT VALUES (n.id, 'active', n.id, n.segment);
INSERT INTO subscription VALUES (7, 'active', 1, 'us'), (8, 'active', 8, 'eu')
    ON CONFLICT (id, status) DO UPDATE SET customer = excluded.customer;
INSERT INTO subscription VALUES (8, 'active', 1, 'eu') ON CONFLICT (id, status) DO UPDATE SET customer = excluded.customer;
UPDATE subscription SET status = 'active' WHERE id IN (4, 6);
UPDATE subscription SET status = 'active', segment = 'eu' WHERE id IN (4, 6);
UPDATE customer SET id = id + 100 WHERE id <= 2;
SELECT * FROM facts;

-- A statement that names a partition.
INSERT INTO subscription_active VALUES (10, 'active', 7, 'us'), (11, 'active', 9, 'us');
INSERT INTO subscription_active VALUES (12, 'active', 9, 'eu');
UPDATE subscription_active SET segment = 'eu' WHERE id = 11;

-- Two statements in one: what each has is checked.
WITH first AS (INSERT INTO subscription VALUES (20, 'active', 4, 'eu'))
    INSERT INTO subscription VALUES (21, 'active', 6, 'us');
WITH first AS (INSERT INTO subscription VALUES (20, 'active', 4, 'us'))
    UPDATE subscription SET customer = 9 WHERE id = 10;

-- Statements within a statement, some of which are undone, as triggers make them.
CREATE FUNCTION make_more() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.id = 30 THEN
        INSERT INTO subscription VALUES (31, 'active', 201, 'us');
        BEGIN
            INSERT INTO subscription VALUES (32, 'active', 202, 'us');
            INSERT INTO subscription_active VALUES (33, 'active', 203, 'us');
            RAISE 'undo these';
        EXCEPTION WHEN raise_exception THEN
        END;
        BEGIN
            INSERT INTO subscription VALUES (34, 'active', 201, 'eu');
        EXCEPTION WHEN check_violation THEN
            RAISE NOTICE '%', SQLERRM;
        END;
        INSERT INTO subscription_active VALUES (35, 'active', 204, 'us');
    ELSIF NEW.id = 40 THEN
        INSERT INTO subscription_active VALUES (41, 'active', 201, 'eu');
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER make_more AFTER INSERT ON subscription FOR EACH ROW EXECUTE FUNCTION make_more();
INSERT INTO customer SELECT i FROM generate_series(200, 209) i;
INSERT INTO subscription VALUES (30, 'active', 200, 'us');
SELECT id, segment, segment_locked_at IS NOT NULL AS locked FROM customer WHERE id >= 200 ORDER BY id;
INSERT INTO subscription VALUES (40, 'active', 205, 'us');
DROP TRIGGER make_more ON subscription;

-- A statement that has failed leaves nothing open behind.
BEGIN;
SAVEPOINT before;
INSERT INTO subscription VALUES (50, 'active', 206, 'us'), (50, 'active', 206, 'us');
ROLLBACK TO before;
INSERT INTO subscription_active VALUES (51, 'active', 206, 'eu'), (52, 'active', 206, 'us');
ROLLBACK;

-- Without the end of the statement nothing is committed, without its beginning
-- rows are checked one by one.
ALTER TABLE subscription DISABLE TRIGGER segmentation_lock_end;
INSERT INTO subscription VALUES (60, 'active', 207, 'us');
ALTER TABLE subscription ENABLE TRIGGER segmentation_lock_end;
ALTER TABLE subscription DISABLE TRIGGER segmentation_lock_begin;
INSERT INTO subscription VALUES (60, 'active', 207, 'us'), (61, 'active', 207, 'eu');
INSERT INTO subscription VALUES (60, 'active', 207, 'us'), (61, 'active', 207, 'us');

SELECT * FROM segmentation.lock_violations('customer');
SELECT segmentation.remove_lock('customer');
SELECT count(*) AS triggers FROM pg_trigger WHERE tgname LIKE '%segmentation%';
DROP VIEW facts;
DROP TABLE subscription, customer;
DROP FUNCTION make_more;
