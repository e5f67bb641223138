-- whoever installs a lock, the code of a table's owner has that owner's rights:
-- triggers, checks, index functions, conditions, the types of constants
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/lock.sql'
\set ECHO none
\i :include
\set ECHO all
SET client_min_messages = warning;
DROP ROLE IF EXISTS regress_lock_owner, regress_lock_seller;
RESET client_min_messages;
CREATE ROLE regress_lock_owner;
CREATE ROLE regress_lock_seller;
GRANT CREATE ON SCHEMA lock_test TO PUBLIC;
SET search_path = lock_test, public;

-- code of the owner's notes who runs it, and tries to become more than it is
SET ROLE regress_lock_owner;
CREATE TABLE ran (what text, who text, UNIQUE (what, who));
GRANT ALL ON ran TO PUBLIC;
CREATE FUNCTION note(what text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    BEGIN
        INSERT INTO lock_test.ran VALUES (what, current_user) ON CONFLICT DO NOTHING;
    EXCEPTION WHEN read_only_sql_transaction OR feature_not_supported THEN
        NULL;
    END;
    PERFORM set_config('lock_test.note', 'left behind', false);
    BEGIN
        ALTER ROLE regress_lock_owner SUPERUSER;
    EXCEPTION WHEN insufficient_privilege THEN
        NULL;
    END;
END
$$;
CREATE FUNCTION acts() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM lock_test.note('trigger'); RETURN NEW; END $$;
CREATE FUNCTION checks(what text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM lock_test.note(what); RETURN true; END $$;
CREATE DOMAIN checked AS int CHECK (lock_test.checks('domain'));
CREATE TYPE pair AS (a checked);
CREATE TABLE customers (id int PRIMARY KEY, segment segment_id, CHECK (lock_test.checks('constraint')));
CREATE TABLE subscriptions (id int PRIMARY KEY, customer_id int REFERENCES customers, segment segment_id, p pair);
INSERT INTO customers VALUES (1, NULL), (2, 'eu');
INSERT INTO subscriptions VALUES (1, 1, 'eu', NULL), (2, 2, 'eu', '(1)');
CREATE INDEX ON customers (id) WHERE lock_test.checks('index');
CREATE TRIGGER acts BEFORE UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION acts();
RESET ROLE;
SELECT current_setting('lock_test.note', true) IS NOT NULL AS before;
TRUNCATE ran;
SET lock_test.note = 'untouched';

-- a lock that is tried, installed, renewed, looked at
CREATE PROCEDURE tell_who() LANGUAGE plpgsql AS $$
BEGIN
    RAISE INFO 'run by others than the owner: %; superuser: %; setting: %',
        (SELECT array_agg(what) FROM lock_test.ran WHERE who <> 'regress_lock_owner'),
        (SELECT rolsuper FROM pg_roles WHERE rolname = 'regress_lock_owner'), current_setting('lock_test.note');
END
$$;
SELECT count(*) > 0 AS tried FROM segmentation.install_lock('customers', 'subscriptions', dry_run => true,
    running_when => $$lock_test.checks('running_when')$$, locks_when => $$p IS NULL OR p = '(1)'::lock_test.pair$$);
CALL tell_who();
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('customers', 'subscriptions',
    running_when => $$lock_test.checks('running_when')$$, locks_when => $$p IS NULL OR p = '(1)'::lock_test.pair$$);
CALL tell_who();
SET ROLE regress_lock_owner;
SELECT id, segment, segment_locked_at IS NOT NULL AS locked FROM customers ORDER BY id;
RESET ROLE;
SET lock_test.note = 'untouched';
SELECT what FROM ran WHERE who = 'regress_lock_owner' AND what IN ('trigger', 'constraint', 'running_when') ORDER BY what;
SELECT count(*) > 0 AS renewed FROM segmentation.renew_lock('customers');
SELECT * FROM segmentation.lock_violations('customers');
CALL tell_who();
SELECT from_segment, to_segment FROM segmentation.move_customer('customers', '{2}', 'eu', 'stays');
SELECT count(*) AS call FROM segmentation.remove_lock('customers');
SELECT count(*) AS by_others FROM ran WHERE who <> 'regress_lock_owner';

-- a trigger that is left for later would run as who commits
CREATE CONSTRAINT TRIGGER later AFTER UPDATE ON customers DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION acts();
SET session_replication_role = replica;
SET ROLE regress_lock_owner;
UPDATE customers SET segment_locked_at = NULL;
RESET ROLE;
RESET session_replication_role;
SET lock_test.note = 'untouched';
CALL refused($$ SELECT segmentation.install_lock('customers', 'subscriptions') $$);
BEGIN;
SET CONSTRAINTS ALL IMMEDIATE;
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('customers', 'subscriptions');
COMMIT;
CALL tell_who();
SELECT count(*) AS call FROM segmentation.remove_lock('customers');
DROP TRIGGER later ON customers;

-- subscriptions of somebody else: each table is read and written as its owner
SET ROLE regress_lock_owner;
GRANT REFERENCES ON customers TO regress_lock_seller;
SET ROLE regress_lock_seller;
CREATE FUNCTION judges(status text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE INFO 'judged as %', current_user; RETURN true; END $$;
CREATE TABLE sales (id int PRIMARY KEY, customer_id int REFERENCES customers, segment segment_id, status text);
INSERT INTO sales VALUES (1, 1, 'eu');
RESET ROLE;
SET session_replication_role = replica;
SET ROLE regress_lock_owner;
UPDATE customers SET segment_locked_at = NULL;
RESET ROLE;
RESET session_replication_role;
TRUNCATE ran;
-- the condition is the seller's, and would be evaluated as the owner of the customers too
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('customers', 'sales', running_when => 'lock_test.judges(status)');
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('customers', 'sales');
SELECT what, who FROM ran WHERE what = 'trigger';

-- only for who has the rights of both
SELECT * FROM segmentation_internal.lock_run(ARRAY['customers=lock_test.customers', 'customer_key=id', 'customer_segment=segment',
    'subscriptions=lock_test.sales', 'subscription_customer=customer_id', 'subscription_segment=segment'], 'unlocked') AS r (n bigint);
SET ROLE regress_lock_seller;
CALL refused($$ SELECT * FROM segmentation_internal.lock_run(ARRAY['customers=lock_test.customers', 'customer_key=id', 'customer_segment=segment',
    'subscriptions=lock_test.sales', 'subscription_customer=customer_id', 'subscription_segment=segment'], 'lock') AS r (n bigint) $$);
RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA lock_test CASCADE;
DROP ROLE regress_lock_owner, regress_lock_seller;
