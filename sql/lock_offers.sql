-- subscriptions that have their segment from an offer
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/lock.sql'
\set ECHO none
\i :include
\set ECHO all
SET search_path = lock_test, public;

CREATE TABLE customers (id int PRIMARY KEY, segment segment_id);
CREATE TABLE offers (code text PRIMARY KEY, segment segment_id, title text);
CREATE TABLE subscriptions (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customers,
    offer_code text REFERENCES offers ON UPDATE CASCADE, status text NOT NULL DEFAULT 'active');
INSERT INTO customers VALUES (1, 'eu'), (2, 'us'), (3, NULL), (4, 'eu'), (5, NULL);
INSERT INTO offers VALUES ('basic-eu', 'eu'), ('basic-us', 'us'), ('pro-eu', 'eu'), ('idle', 'eu'), ('none', NULL);
SELECT step, detail FROM segmentation.install_lock('customers', 'subscriptions', offers => 'offers',
    locks_when => 'status <> ''draft''', running_when => 'status <> ''ended''') WHERE step <> 'run';

-- the offer says the segment
INSERT INTO subscriptions VALUES (1, 1, 'basic-eu'), (2, 3, 'basic-us');
CALL refused($$ INSERT INTO subscriptions VALUES (3, 1, 'basic-us') $$);
CALL refused($$ INSERT INTO subscriptions VALUES (3, 1, 'none') $$);
CALL refused($$ INSERT INTO subscriptions VALUES (3, 1, NULL) $$);
CALL refused($$ INSERT INTO subscriptions VALUES (3, 5, NULL) $$);
CALL refused($$ INSERT INTO subscriptions VALUES (3, 1, 'nowhere') $$);
CALL refused($$ INSERT INTO subscriptions VALUES (3, 2, 'basic-us'), (4, 2, 'basic-eu') $$);
CALL refused($$ UPDATE subscriptions SET offer_code = 'basic-us' WHERE id = 1 $$);
UPDATE subscriptions SET offer_code = 'pro-eu' WHERE id = 1;
INSERT INTO subscriptions VALUES (3, 1, 'basic-us', 'ended'), (4, 1, 'basic-us', 'draft'), (5, 4, NULL, 'ended');
SELECT * FROM state('customers');

-- a subscribed offer keeps its segment, its title may change; one that nobody runs on is free
CALL refused($$ UPDATE offers SET segment = 'us' WHERE code = 'pro-eu' $$);
CALL refused($$ UPDATE offers SET segment = NULL WHERE code = 'pro-eu' $$);
CALL refused($$ INSERT INTO offers VALUES ('pro-eu', 'us') ON CONFLICT (code) DO UPDATE SET segment = excluded.segment $$);
UPDATE offers SET title = 'Pro' WHERE code = 'pro-eu';
UPDATE offers SET segment = 'us' WHERE code = 'idle';
UPDATE offers SET segment = 'asia' WHERE code IN ('basic-eu', 'none');
UPDATE offers SET segment = 'eu' WHERE code = 'basic-eu';

-- its key may change where subscriptions follow, but not together with its segment
UPDATE offers SET code = 'pro-2' WHERE code = 'pro-eu';
CALL refused($$ UPDATE offers SET code = 'pro-3', segment = 'us' WHERE code = 'pro-2' $$);
SELECT id, offer_code FROM subscriptions WHERE id = 1;

-- another offer does not take its place
CALL refused($$ WITH gone AS (DELETE FROM offers WHERE code = 'pro-2' RETURNING code) INSERT INTO offers SELECT code, 'us' FROM gone $$);
WITH gone AS (DELETE FROM offers WHERE code = 'pro-2' RETURNING code) INSERT INTO offers SELECT code, 'eu' FROM gone;
SELECT * FROM segmentation.lock_violations('customers');

-- a move is blocked by what runs, whatever table the segment is in
SELECT * FROM segmentation.move_blockers('customers', '{1}', 'us');
CALL refused($$ SELECT segmentation.move_customer('customers', '{1}', 'us', 'no') $$);
UPDATE subscriptions SET status = 'ended' WHERE id = 1;
SELECT from_segment, to_segment FROM segmentation.move_customer('customers', '{1}', 'us', 'ended');
UPDATE subscriptions SET status = 'active' WHERE id = 3;
CALL refused($$ UPDATE subscriptions SET status = 'active' WHERE id = 1 $$);

-- one table of offers serves two tables of subscriptions, each by its own columns
CREATE TABLE contracts (id int PRIMARY KEY, client int REFERENCES customers, offer text REFERENCES offers, fallback text REFERENCES offers);
CALL refused($$ SELECT segmentation.install_lock('customers', 'contracts', offers => 'offers') $$);
SELECT detail FROM segmentation.install_lock('customers', 'contracts', offers => 'offers', subscription_offer => 'offer') WHERE step = 'found';
INSERT INTO contracts VALUES (1, 5, 'idle');
CALL refused($$ UPDATE offers SET segment = 'eu' WHERE code = 'idle' $$);
CALL refused($$ UPDATE offers SET segment = 'eu' WHERE code = 'basic-us' $$);
CALL refused($$ INSERT INTO subscriptions VALUES (6, 5, 'pro-2') $$);
SELECT segmentation.remove_lock('customers', 'contracts');
UPDATE offers SET segment = 'eu' WHERE code = 'idle';
CALL refused($$ UPDATE offers SET segment = 'eu' WHERE code = 'basic-us' $$);

-- offers keyed by tenant, and their segment under another name and type modifier
CREATE TABLE tenant_customers (tenant int, id int, segment varchar(10), PRIMARY KEY (tenant, id));
CREATE TABLE tenant_offers (tenant int, code text, "In Segment" varchar(20), PRIMARY KEY (code, tenant));
CREATE TABLE tenant_subscriptions (tenant int, id int, customer int, offer text, PRIMARY KEY (tenant, id),
    FOREIGN KEY (customer, tenant) REFERENCES tenant_customers (id, tenant),
    FOREIGN KEY (tenant, offer) REFERENCES tenant_offers (tenant, code));
SELECT step, detail FROM segmentation.install_lock('tenant_customers', 'tenant_subscriptions', offers => 'tenant_offers',
    offer_segment => 'In Segment') WHERE step <> 'run';
INSERT INTO tenant_customers VALUES (1, 1, 'eu'), (2, 1, 'us'), (1, 2, NULL);
INSERT INTO tenant_offers VALUES (1, 'basic', 'eu'), (2, 'basic', 'us'), (3, 'basic', 'far too long for it');
INSERT INTO tenant_subscriptions VALUES (1, 1, 1, 'basic'), (2, 1, 1, 'basic'), (1, 2, 2, 'basic');
CALL refused($$ UPDATE tenant_offers SET "In Segment" = 'us' WHERE tenant = 1 $$);
CALL refused($$ UPDATE tenant_customers SET segment = 'us' WHERE tenant = 1 AND id = 2 $$);
INSERT INTO tenant_customers VALUES (3, 1);
CALL refused($$ INSERT INTO tenant_subscriptions VALUES (3, 1, 1, 'basic') $$);

-- offers of items: a subscription has none of its own, so it must keep the segment
CREATE TABLE baskets (id int PRIMARY KEY, customer_id int REFERENCES customers);
CREATE TABLE items (id int PRIMARY KEY, basket_id int REFERENCES baskets, offer_code text REFERENCES offers);
CALL refused($$ SELECT segmentation.install_lock('customers', 'baskets') $$);
CALL refused($$ SELECT segmentation.install_lock('customers', 'baskets', offers => 'offers') $$);
CALL refused($$ SELECT segmentation.install_lock('customers', 'items', offers => 'offers') $$);

-- what else cannot be
CREATE TABLE numbered_offers (id int PRIMARY KEY, segment int);
CREATE TABLE of_numbered (id int PRIMARY KEY, customer_id int REFERENCES customers, offer_id int REFERENCES numbered_offers);
CALL refused($$ SELECT segmentation.install_lock('customers', 'of_numbered', offers => 'numbered_offers') $$);
CALL refused($$ SELECT segmentation.install_lock('customers', 'of_numbered', offers => 'offers') $$);
CALL refused($$ SELECT segmentation.install_lock('customers', 'contracts', offers => 'offers', subscription_segment => 'offer') $$);
CALL refused($$ SELECT segmentation.install_lock('customers', 'contracts', offers => 'offers', subscription_offer => 'client') $$);
CALL refused($$ SELECT segmentation.install_lock('customers', 'contracts', offers => 'offers', subscription_offer => 'offer', offer_segment => 'nowhere') $$);
CALL refused($$ SELECT segmentation.install_lock('customers', 'contracts', offers => 'customers') $$);
SELECT segmentation.remove_lock('customers');
SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal AND tgrelid IN ('customers'::regclass, 'subscriptions'::regclass, 'offers'::regclass);

SET client_min_messages = warning;
DROP SCHEMA lock_test CASCADE;
