-- locks whose segments are markets of the catalogue
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/lock.sql'
\set ECHO none
\i :include
\set ECHO all
SET search_path = lock_test, public;

INSERT INTO segmentation.market (id, currency, status) VALUES
    ('eu', 'EUR', 'active'), ('us', 'USD', 'active'), ('uk', 'GBP', 'active'),
    ('paused', 'USD', 'suspended'), ('planned', 'CHF', 'draft'), ('over', 'DEM', 'retired');
INSERT INTO segmentation.offer (market, code, price, free) VALUES
    ('eu', 'pro', '10 EUR', false), ('us', 'pro', '12 USD', false), ('us', 'free', NULL, true), ('uk', 'pro', '9 GBP', false),
    ('paused', 'pro', '5 USD', false), ('planned', 'pro', '15 CHF', false), ('over', 'pro', '20 DEM', false);

-- with the catalogue's own offers: a subscription that names one names its market
CREATE TABLE customers (id int PRIMARY KEY, segment segment_id, name text);
CREATE TABLE subscriptions (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customers,
    market segment_id, offer text, price currency_price, status text NOT NULL DEFAULT 'active', note text,
    FOREIGN KEY (market, offer) REFERENCES segmentation.offer);
INSERT INTO customers VALUES (1, 'eu'), (2, 'us'), (3, NULL), (4, 'paused'), (5, 'nowhere'), (6, NULL), (7, 'eu'), (8, 'over'), (9, 'planned');
INSERT INTO subscriptions VALUES (1, 4, 'paused', 'pro', '5 USD', 'active'), (2, 1, 'eu', 'pro', '10 USD', 'active'), (3, 8, 'over', 'pro', '1 EUR', 'ended');

-- what contradicts the catalogue is listed, and nothing is installed
SELECT step, regexp_replace(detail, ' (REFERENCING|FOR EACH) .*', ' ...') AS detail
FROM segmentation.install_lock('customers', 'subscriptions', offers => 'segmentation.offer', subscription_price => 'price',
    locks_when => 'status <> ''draft''', running_when => 'status <> ''ended''', markets => true, dry_run => true);
CALL refused($$ SELECT segmentation.install_lock('customers', 'subscriptions', offers => 'segmentation.offer', subscription_price => 'price',
    running_when => 'status <> ''ended''', markets => true) $$);
CALL refused($$ SELECT segmentation.install_lock('customers', 'subscriptions', offers => 'segmentation.offer') $$);
CALL refused($$ SELECT segmentation.install_lock('customers', 'subscriptions', offers => 'segmentation.offer', subscription_price => 'note', markets => true) $$);
CALL refused($$ SELECT segmentation.install_lock('customers', 'subscriptions', offers => 'segmentation.offer', subscription_price => 'cost', markets => true) $$);
DELETE FROM customers WHERE id = 5;
UPDATE subscriptions SET price = '10 EUR' WHERE id = 2;
SELECT count(*) FROM segmentation.install_lock('customers', 'subscriptions', offers => 'segmentation.offer', subscription_price => 'price',
    locks_when => 'status <> ''draft''', running_when => 'status <> ''ended''', markets => true);
SELECT argument, value FROM segmentation.lock WHERE argument IN ('markets', 'subscription_price', 'subscription_segment', 'offers');
SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'customers'::regclass AND contype = 'f';
SELECT * FROM state('customers');

-- a market that is not active takes no new subscription, first or further, and keeps what it has
CALL refused($$ INSERT INTO subscriptions VALUES (4, 4, 'paused', 'pro', '5 USD') $$);
CALL refused($$ INSERT INTO subscriptions VALUES (4, 3, 'paused', 'pro', '5 USD') $$);
CALL refused($$ INSERT INTO subscriptions VALUES (4, 9, 'planned', 'pro', '15 CHF') $$);
CALL refused($$ INSERT INTO subscriptions VALUES (4, 8, 'over', 'pro', '20 DEM') $$);
INSERT INTO subscriptions VALUES (4, 4, 'paused', 'pro', '5 USD', 'draft'), (5, 4, 'paused', 'pro', '7 EUR', 'ended');
CALL refused($$ UPDATE subscriptions SET status = 'active' WHERE id = 4 $$);
UPDATE subscriptions SET price = '6 USD' WHERE id = 1;
UPDATE subscriptions SET status = 'past due', note = 'reminded' WHERE id = 1;
CALL refused($$ UPDATE subscriptions SET price = '6 EUR' WHERE id = 1 $$);
UPDATE subscriptions SET status = 'ended' WHERE id = 1;
CALL refused($$ UPDATE subscriptions SET status = 'active' WHERE id = 1 $$);

-- prices are in the market's currency; free offers have none and lock like any other
CALL refused($$ INSERT INTO subscriptions VALUES (6, 2, 'us', 'pro', '12 EUR') $$);
CALL refused($$ INSERT INTO subscriptions VALUES (6, 3, 'us', 'pro', '12 EUR') $$);
CALL refused($$ INSERT INTO subscriptions VALUES (6, 3, 'us', 'pro', '12 USD'), (7, 6, 'us', 'pro', '12 GBP') $$);
CALL refused($$ INSERT INTO subscriptions VALUES (6, 1, 'us', 'pro', '12 USD') $$);
CALL refused($$ INSERT INTO subscriptions VALUES (6, 3, 'nowhere', NULL, '12 USD') $$);
INSERT INTO subscriptions VALUES (6, 2, 'us', 'free', NULL), (7, 3, 'us', 'pro', '12 USD');
CALL refused($$ UPDATE subscriptions SET price = '1 EUR' WHERE id = 6 $$);
CALL refused($$ UPDATE subscriptions SET market = 'uk' WHERE id = 7 $$);
CALL refused($$ UPDATE customers SET segment = 'nowhere' WHERE id = 6 $$);
SELECT * FROM state('customers');

-- many at once
INSERT INTO customers SELECT n, CASE WHEN n % 3 = 0 THEN NULL WHEN n % 3 = 1 THEN 'eu' ELSE 'uk' END::segment_id FROM generate_series(1000, 1999) n;
CREATE TABLE many AS SELECT id, id AS customer_id, coalesce(segment, 'us') AS market, 'pro' AS offer,
    CASE coalesce(segment, 'us') WHEN 'eu' THEN '10 EUR' WHEN 'uk' THEN '9 GBP' ELSE '12 USD' END::currency_price AS price FROM customers WHERE id >= 1000;
CALL refused($$ INSERT INTO subscriptions SELECT id, customer_id, market, offer, CASE WHEN id = 1700 THEN '1 JPY' ELSE price END FROM many $$);
INSERT INTO subscriptions SELECT * FROM many;
UPDATE segmentation.market SET status = 'suspended' WHERE id = 'uk';
CALL refused($$ INSERT INTO subscriptions SELECT id + 1000, customer_id, market, offer, price FROM many $$);
INSERT INTO subscriptions SELECT id + 1000, customer_id, market, offer, price FROM many WHERE market <> 'uk';
UPDATE subscriptions SET note = 'x', status = 'past due' WHERE id >= 1000;
SELECT segment, count(*), count(segment_locked_at) AS locked FROM customers WHERE id >= 1000 GROUP BY 1 ORDER BY 1;

-- a move goes to a market that sells
CALL refused($$ SELECT segmentation.move_customer('customers', '{7}', 'paused', 'why') $$);
CALL refused($$ SELECT segmentation.move_customer('customers', '{7}', 'over', 'why') $$);
CALL refused($$ SELECT segmentation.move_customer('customers', '{7}', 'nowhere', 'why') $$);
CALL refused($$ SELECT * FROM segmentation.move_blockers('customers', '{3}', 'planned') $$);
SELECT * FROM segmentation.move_blockers('customers', '{3}', 'eu');
CALL refused($$ SELECT segmentation.move_customer('customers', '{3}', 'eu', 'why') $$);
UPDATE subscriptions SET status = 'ended' WHERE id = 7;
SELECT from_segment, to_segment FROM segmentation.move_customer('customers', '{3}', 'eu', 'why');
SELECT from_segment, to_segment FROM segmentation.move_customer('customers', '{4}', 'us', 'out of a suspended market');
-- to where it is already: nothing to do
SELECT from_segment FROM segmentation.move_customer('customers', '{1002}', 'us', 'why');

-- what came in while triggers were off
ALTER TABLE subscriptions DISABLE TRIGGER USER;
UPDATE subscriptions SET price = '1 CHF' WHERE id IN (2, 7);
UPDATE subscriptions SET market = 'eu', offer = 'pro' WHERE id = 6;
ALTER TABLE subscriptions ENABLE TRIGGER USER;
SELECT * FROM segmentation.lock_violations('customers');
UPDATE subscriptions SET price = '10 EUR' WHERE id = 2;
ALTER TABLE subscriptions DISABLE TRIGGER USER;
UPDATE subscriptions SET market = 'us', offer = 'free' WHERE id = 6;
ALTER TABLE subscriptions ENABLE TRIGGER USER;
SELECT * FROM segmentation.lock_violations('customers');

-- the market of a customer stays, and the lock stands on the foreign key
CALL refused($$ DELETE FROM segmentation.market WHERE id = 'planned' $$);
CALL refused($$ UPDATE segmentation.market SET id = 'europe' WHERE id = 'eu' $$);
BEGIN;
ALTER TABLE customers DROP CONSTRAINT segmentation_lock_market;
CALL refused($$ INSERT INTO subscriptions VALUES (10, 1, 'eu', 'pro', '10 EUR') $$);
ROLLBACK;
SELECT segmentation.remove_lock('customers');
SELECT step, detail FROM segmentation.install_lock('customers', 'subscriptions', offers => 'segmentation.offer', markets => true,
    locks_when => 'status <> ''draft''', running_when => 'status <> ''ended''') WHERE step = 'run' AND detail LIKE '%FOREIGN KEY%';
-- without subscription_price any price will do
INSERT INTO subscriptions VALUES (10, 1, 'eu', 'pro', '10 JPY');

-- texts cannot refer to markets; offers of the application's own may have them
CREATE TABLE members (id int PRIMARY KEY, market text, segment_locked_at timestamptz);
CREATE TABLE plans (id int PRIMARY KEY, market text);
CREATE TABLE contracts (id int PRIMARY KEY, member int REFERENCES members, plan int REFERENCES plans, price currency_price);
INSERT INTO members VALUES (1, 'EU'), (2, NULL), (3, 'us');
INSERT INTO plans VALUES (1, 'EU'), (2, 'us'), (3, 'paused'), (4, 'nowhere');
INSERT INTO contracts VALUES (1, 1, 1, '1 EUR'), (2, 2, 2, '1 USD');
CALL refused($$ SELECT segmentation.install_lock('members', 'contracts', customer_segment => 'market', offers => 'plans', markets => true) $$);
ALTER TABLE members ALTER COLUMN market TYPE segment_id;
SELECT step, regexp_replace(detail, ' (REFERENCING|FOR EACH) .*', ' ...') AS detail
FROM segmentation.install_lock('members', 'contracts', customer_segment => 'market', offers => 'plans', subscription_price => 'price', markets => true);
SELECT id, market, segment_locked_at IS NOT NULL AS locked FROM members ORDER BY id;
INSERT INTO contracts VALUES (3, 1, 1, '2 EUR');
CALL refused($$ INSERT INTO contracts VALUES (4, 1, 2, '2 USD') $$);
CALL refused($$ INSERT INTO contracts VALUES (4, 1, 1, '2 USD') $$);
CALL refused($$ INSERT INTO contracts VALUES (4, 2, 3, '2 USD') $$);
CALL refused($$ INSERT INTO contracts VALUES (4, 3, 4, '2 USD') $$);
INSERT INTO contracts VALUES (4, 3, 2, '2 USD');
CALL refused($$ UPDATE plans SET market = 'eu' WHERE id = 2 $$);
CALL refused($$ UPDATE members SET market = 'uk' WHERE id = 1 $$);
SELECT * FROM segmentation.lock_violations('members');
CREATE TABLE numbered (id int PRIMARY KEY, market int);
CREATE TABLE orders (id int PRIMARY KEY, numbered int REFERENCES numbered, market int);
CALL refused($$ SELECT segmentation.install_lock('numbered', 'orders', customer_segment => 'market', markets => true) $$);

-- offers of one's own beside ids; an offer that gets another market while nobody runs on it
CREATE TABLE shops (id int PRIMARY KEY, market segment_id);
CREATE TABLE tariffs (code text PRIMARY KEY, market segment_id);
CREATE TABLE deals (id int PRIMARY KEY, shop int REFERENCES shops, tariff text REFERENCES tariffs, price currency_price, status text);
INSERT INTO shops VALUES (1, 'eu'), (2, 'paused'), (3, NULL);
INSERT INTO tariffs VALUES ('europe', 'eu'), ('america', 'us'), ('later', 'paused'), ('none', NULL);
INSERT INTO deals VALUES (1, 2, 'later', '1 USD', 'active');
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('shops', 'deals', customer_segment => 'market', offers => 'tariffs',
    subscription_price => 'price', running_when => 'status = ''active''', markets => true);
INSERT INTO deals VALUES (2, 1, 'europe', '1 EUR', 'active'), (3, 1, 'america', '1 USD', 'ended');
INSERT INTO deals VALUES (4, 1, 'europe', NULL, 'active');
CALL refused($$ INSERT INTO deals VALUES (5, 1, 'europe', '1 USD', 'active') $$);
CALL refused($$ INSERT INTO deals VALUES (5, 1, 'america', '1 USD', 'active') $$);
CALL refused($$ INSERT INTO deals VALUES (5, 1, 'none', '1 EUR', 'active') $$);
CALL refused($$ INSERT INTO deals VALUES (5, 1, NULL, '1 EUR', 'active') $$);
CALL refused($$ INSERT INTO deals VALUES (5, 2, 'later', '1 USD', 'active') $$);
INSERT INTO deals VALUES (5, 2, 'america', '1 EUR', 'ended');
CALL refused($$ UPDATE deals SET status = 'active' WHERE id = 5 $$);
UPDATE tariffs SET market = 'eu' WHERE code = 'america';
INSERT INTO deals VALUES (6, 1, 'america', '1 EUR', 'active');
CALL refused($$ INSERT INTO deals VALUES (7, NULL, 'none', '1 EUR', 'active'), (8, 3, 'none', NULL, 'active') $$);
SELECT * FROM segmentation.lock_violations('shops');

-- partitioned subscriptions
CREATE TABLE parts (id int, member int NOT NULL REFERENCES members, market text NOT NULL, price currency_price, status text NOT NULL) PARTITION BY HASH (id);
CREATE TABLE parts_0 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO members VALUES (4, 'paused'), (5, NULL);
INSERT INTO parts VALUES (1, 4, 'paused', '1 USD', 'active');
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('members', 'parts', customer_segment => 'market', subscription_segment => 'market',
    subscription_price => 'price', running_when => 'status = ''active''', markets => true);
UPDATE parts SET price = '2 USD' WHERE id = 1;
CALL refused($$ UPDATE parts SET price = '2 EUR' WHERE id = 1 $$);
CALL refused($$ INSERT INTO parts VALUES (2, 4, 'paused', '1 USD', 'active') $$);
CALL refused($$ INSERT INTO parts_0 VALUES (2, 5, 'us', '1 EUR', 'active') $$);
INSERT INTO parts VALUES (2, 5, 'us', '1 USD', 'active'), (3, 5, 'us', '1 EUR', 'ended'), (4, 4, 'paused', '1 USD', 'ended');
CALL refused($$ UPDATE parts SET status = 'active' WHERE id = 3 $$);
CALL refused($$ UPDATE parts SET status = 'active' WHERE id = 4 $$);

-- who writes needs no rights on markets, and the owner of the customers the right to refer to them
CREATE ROLE lock_test_owner;
CREATE ROLE lock_test_writer;
GRANT ALL ON SCHEMA lock_test TO lock_test_owner;
GRANT USAGE ON SCHEMA lock_test TO lock_test_writer;
SET ROLE lock_test_owner;
CREATE TABLE own_customers (id int PRIMARY KEY, segment segment_id);
CREATE TABLE own_subscriptions (id int PRIMARY KEY, customer_id int REFERENCES own_customers, segment segment_id, price currency_price);
INSERT INTO own_customers VALUES (1, 'eu'), (2, 'paused');
GRANT INSERT ON own_subscriptions TO lock_test_writer;
CALL refused($$ SELECT segmentation.install_lock('own_customers', 'own_subscriptions', subscription_price => 'price', markets => true) $$);
RESET ROLE;
GRANT EXECUTE ON FUNCTION segmentation.add_catalogue_key TO lock_test_owner;
SET ROLE lock_test_owner;
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('own_customers', 'own_subscriptions', subscription_price => 'price', markets => true);
SET ROLE lock_test_writer;
INSERT INTO own_subscriptions VALUES (1, 1, 'eu', '1 EUR');
CALL refused($$ INSERT INTO own_subscriptions VALUES (2, 1, 'eu', '1 USD') $$);
CALL refused($$ INSERT INTO own_subscriptions VALUES (2, 2, 'paused', '1 USD') $$);
-- the right to refer to markets is for making the foreign key, which here is there
SET ROLE lock_test_owner;
SELECT segmentation.remove_lock('own_customers');
RESET ROLE;
REVOKE EXECUTE ON FUNCTION segmentation.add_catalogue_key FROM lock_test_owner;
SET ROLE lock_test_owner;
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('own_customers', 'own_subscriptions', subscription_price => 'price', markets => true);
SELECT segmentation.remove_lock('own_customers');
-- one that can be deferred is no such foreign key
ALTER TABLE own_customers ALTER CONSTRAINT segmentation_lock_market DEFERRABLE;
CALL refused($$ SELECT segmentation.install_lock('own_customers', 'own_subscriptions', markets => true) $$);

-- the right to add the key is no more than that: what the server checks as the markets' owner casts nothing,
-- and what reads the table runs as the table's owner
RESET ROLE;
GRANT EXECUTE ON FUNCTION segmentation.add_catalogue_key TO lock_test_owner;
SET ROLE lock_test_owner;
CREATE FUNCTION spy(value int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
    IF current_user <> 'lock_test_owner' THEN
        RAISE WARNING 'ran as %', current_user;
    END IF;
    RETURN true;
END
$$;
CREATE TYPE code AS ENUM ('eu');
CREATE FUNCTION as_id(code) RETURNS segment_id IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM lock_test.spy(1); RETURN 'eu'; END $$;
CREATE CAST (code AS segment_id) WITH FUNCTION as_id(code) AS IMPLICIT;
CREATE TABLE coded (id int PRIMARY KEY, market code);
CALL refused($$ SELECT segmentation.add_catalogue_key('coded', '{market}') $$);
CALL refused($$ ALTER TABLE coded ADD FOREIGN KEY (market) REFERENCES segmentation.market $$);
CREATE DOMAIN code_of_market AS segment_id CHECK (lock_test.spy(length(VALUE::text)));
CREATE TABLE spied (id int PRIMARY KEY, market code_of_market, offer_market segment_id, offer text, CHECK (spy(3) AND id > 0));
CREATE INDEX ON spied ((id > 1)) WHERE spy(2);
INSERT INTO spied VALUES (1, 'eu', 'eu', 'nothing');
CALL refused($$ SELECT segmentation.add_catalogue_key('spied', '{offer_market,offer}', 'segmentation.offer') $$);
UPDATE spied SET offer = NULL;
SELECT segmentation.add_catalogue_key('spied', '{offer_market,offer}', 'segmentation.offer'), segmentation.add_catalogue_key('spied', '{market}');
SELECT conname, convalidated, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'spied'::regclass AND contype = 'f' ORDER BY 1;
-- ... nor later: another type would make the key anew, which takes the right to refer
CALL refused($$ ALTER TABLE spied ALTER market TYPE code USING 'eu' $$);
CALL refused($$ INSERT INTO spied VALUES (2, 'nowhere') $$);
CREATE TABLE parted (id int, market segment_id) PARTITION BY LIST (id);
CREATE TABLE part PARTITION OF parted FOR VALUES IN (1);
CREATE INDEX ON part (id) WHERE spy(2);
CALL refused($$ SELECT segmentation.add_catalogue_key('parted', '{market}') $$);
DROP INDEX part_id_idx;
SELECT segmentation.add_catalogue_key('parted', '{market}');
CALL refused($$ INSERT INTO parted VALUES (1, 'nowhere') $$);
CALL refused($$ SELECT segmentation.add_catalogue_key('customers', '{segment}') $$);
CALL refused($$ SELECT segmentation.add_catalogue_key('own_customers', '{segment}', 'own_customers') $$);
CALL refused($$ SELECT segmentation.add_catalogue_key('own_customers', '{id,segment}') $$);
CALL refused($$ SELECT segmentation.add_catalogue_key('own_customers', '{nothing}') $$);
CALL refused($$ SELECT segmentation.add_catalogue_key('own_customers', NULL) $$);
CALL refused($$ SELECT segmentation.add_catalogue_key(0, '{segment}') $$);
CALL refused($$ SELECT segmentation.add_catalogue_key('segmentation.lock', '{argument}') $$);
RESET ROLE;
REVOKE EXECUTE ON FUNCTION segmentation.add_catalogue_key FROM lock_test_owner;
SET client_min_messages = warning;
DROP OWNED BY lock_test_owner, lock_test_writer CASCADE;
DROP ROLE lock_test_owner, lock_test_writer;

SET client_min_messages = warning;
DROP SCHEMA lock_test CASCADE;
DELETE FROM segmentation.offer;
DELETE FROM segmentation.market;
DELETE FROM segmentation.model WHERE id = 'market';
