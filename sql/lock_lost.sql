-- what a lock says when something that it stands on is lost or wanting, and each hint works
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/lock.sql'
\set ECHO none
\i :include
\set ECHO all
SET search_path = lock_test, public;
INSERT INTO segmentation.market (id, currency, status) VALUES ('eu', 'EUR', 'active');
INSERT INTO segmentation.offer (market, code, price) VALUES ('eu', 'basic', '10 EUR');
CREATE TABLE customers (id int PRIMARY KEY, segment segment_id);
CREATE TABLE subscriptions (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customers, market segment_id, offer text);
INSERT INTO customers VALUES (1, 'eu'), (2, 'eu');

-- the foreign key to the catalogue's offers: over the columns that there are
CALL refused($$ SELECT segmentation.install_lock('customers', 'subscriptions', offers => 'segmentation.offer', markets => true) $$);
ALTER TABLE subscriptions ADD CONSTRAINT to_offer FOREIGN KEY (market, offer) REFERENCES segmentation.offer (market, code);
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('customers', 'subscriptions', offers => 'segmentation.offer', markets => true);
SELECT argument, value FROM segmentation.lock;
INSERT INTO subscriptions VALUES (1, 1, 'eu', 'basic');

-- once it is lost, nothing passes
ALTER TABLE subscriptions DROP CONSTRAINT to_offer;
CALL refused($$ INSERT INTO subscriptions VALUES (2, 2, 'eu', 'unknown') $$);
CALL refused($$ SELECT * FROM segmentation.lock_violations('customers') $$);
CALL refused($$ SELECT segmentation.renew_lock('customers') $$);
SELECT finding, object, sentence FROM segmentation.check_restore() WHERE object LIKE 'lock_test.%';
BEGIN;
SELECT segmentation.remove_lock('customers');
ROLLBACK;
ALTER TABLE subscriptions ADD FOREIGN KEY (market, offer) REFERENCES segmentation.offer (market, code);
CALL refused($$ INSERT INTO subscriptions VALUES (2, 2, 'eu', 'unknown') $$);
INSERT INTO subscriptions VALUES (2, 2, 'eu', 'basic');
SELECT finding, object, sentence FROM segmentation.check_restore() WHERE object LIKE 'lock_test.%';
SELECT count(*) > 0 AS renewed FROM segmentation.renew_lock('customers');
SELECT segmentation.remove_lock('customers');
DROP TABLE subscriptions, customers;

-- the type of a segment by its whole name
CREATE TABLE customers (id int PRIMARY KEY);
CREATE TABLE subscriptions (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customers);
SET search_path = lock_test;
CALL refused($$ SELECT segmentation.install_lock('customers', 'subscriptions') $$);
SET search_path = lock_test, public;

-- a renewal is tried first
ALTER TABLE customers ADD COLUMN segment segment_id;
ALTER TABLE subscriptions ADD COLUMN segment segment_id, ADD COLUMN status text;
INSERT INTO customers VALUES (1, 'eu');
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('customers', 'subscriptions');
SET session_replication_role = replica;
INSERT INTO subscriptions VALUES (1, 1, 'us');
RESET session_replication_role;
CALL refused($$ SELECT segmentation.renew_lock('customers') $$);
SELECT * FROM segmentation.renew_lock('customers', dry_run => true) WHERE step <> 'run';
SELECT count(*) AS lock FROM segmentation.lock WHERE argument = 'subscriptions';
CALL refused($$ UPDATE subscriptions SET segment = 'asia' $$);
SELECT count(*) AS call FROM segmentation.remove_lock('customers');
DELETE FROM subscriptions;

-- a value of an enum that has another name
CREATE TYPE state AS ENUM ('on', 'off');
ALTER TABLE subscriptions ALTER COLUMN status TYPE state USING NULL;
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('customers', 'subscriptions', running_when => $$status = 'on'$$);
ALTER TYPE state RENAME VALUE 'on' TO 'running';
CALL refused($$ INSERT INTO subscriptions VALUES (2, 1, 'eu', 'running') $$);
CALL refused($$ SELECT segmentation.renew_lock('customers') $$);
SELECT segmentation.remove_lock('customers') AS call \gset
SELECT :'call' AS call;
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('customers', 'subscriptions', running_when => $$status = 'running'$$);
INSERT INTO subscriptions VALUES (2, 1, 'eu', 'running');
SET client_min_messages = warning;
DROP SCHEMA lock_test CASCADE;
DELETE FROM segmentation.offer WHERE market = 'eu';
DELETE FROM segmentation.market WHERE id = 'eu';
