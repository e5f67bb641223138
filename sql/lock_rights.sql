-- whose code a lock runs, and as whom: nobody's with rights that its author lacks
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/lock.sql'
\set ECHO none
\i :include
\set ECHO all
SET client_min_messages = warning;
DROP ROLE IF EXISTS regress_lock_ann, regress_lock_bob, regress_lock_carol, regress_lock_eve;
RESET client_min_messages;
CREATE ROLE regress_lock_ann;
CREATE ROLE regress_lock_bob;
CREATE ROLE regress_lock_carol;
CREATE ROLE regress_lock_eve;
CREATE SCHEMA lock_shop AUTHORIZATION regress_lock_ann;
CREATE SCHEMA lock_bob AUTHORIZATION regress_lock_bob;
CREATE SCHEMA lock_eve AUTHORIZATION regress_lock_eve;
GRANT USAGE ON SCHEMA lock_shop, lock_bob, lock_eve TO PUBLIC;

-- what everybody's code here does: it says as whom it runs where that one has more rights than its author
CREATE FUNCTION lock_test.told(author name) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT pg_has_role(author, current_user, 'USAGE') THEN
        RAISE WARNING 'code of % ran as %', author, CASE WHEN current_user LIKE 'regress%' THEN current_user ELSE 'superuser' END;
    END IF;
END
$$;
GRANT EXECUTE ON FUNCTION lock_test.told TO PUBLIC;

-- a writer's search_path: functions of the owner that name no schema find nothing of the writer's
SET ROLE regress_lock_ann;
CREATE TABLE lock_shop.setting (value text);
INSERT INTO lock_shop.setting VALUES ('shop');
CREATE TABLE lock_shop.customers (id int PRIMARY KEY, segment segment_id, note text);
CREATE TABLE lock_shop.subscriptions (id int PRIMARY KEY, customer_id int REFERENCES lock_shop.customers, segment segment_id, status text DEFAULT 'active');
INSERT INTO lock_shop.customers SELECT n, 'eu' FROM generate_series(1, 9) n;
CREATE FUNCTION lock_shop.is_active(status text) RETURNS boolean STABLE LANGUAGE plpgsql AS $$ BEGIN RETURN lower(status) = 'active'; END $$;
CREATE FUNCTION lock_shop.note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT upper(value) INTO NEW.note FROM setting;
    RETURN NEW;
END
$$;
CREATE TRIGGER note BEFORE UPDATE ON lock_shop.customers FOR EACH ROW EXECUTE FUNCTION lock_shop.note();
SELECT count(*) > 0 AS installed
  FROM segmentation.install_lock('lock_shop.customers', 'lock_shop.subscriptions', running_when => 'lock_shop.is_active(status)');
GRANT SELECT, INSERT, UPDATE ON lock_shop.subscriptions TO regress_lock_eve;
SET ROLE regress_lock_eve;
CREATE FUNCTION lock_eve.lower(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM lock_test.told('regress_lock_eve'); RETURN pg_catalog.lower($1); END $$;
CREATE FUNCTION lock_eve.upper(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM lock_test.told('regress_lock_eve'); RETURN pg_catalog.upper($1); END $$;
CREATE TEMPORARY VIEW setting AS SELECT lock_eve.lower('EVE') AS value;
SET search_path = lock_eve, lock_shop, pg_catalog, public;
INSERT INTO lock_shop.subscriptions VALUES (1, 1, 'eu');
INSERT INTO lock_shop.subscriptions VALUES (2, 2, 'eu'), (3, 3, 'eu'), (4, 1, 'eu');
UPDATE lock_shop.subscriptions SET status = 'Active';
SHOW search_path;
RESET ROLE;
-- nor do those of whom the owner has not the rights, by way of a move
GRANT EXECUTE ON FUNCTION segmentation.move_customer TO regress_lock_eve;
GRANT SELECT, UPDATE ON lock_shop.customers TO regress_lock_eve;
UPDATE lock_shop.subscriptions SET status = 'ended' WHERE id = 2;
SET ROLE regress_lock_eve;
SELECT to_segment FROM segmentation.move_customer('lock_shop.customers', '{2}', 'us', 'asked');
DROP VIEW pg_temp.setting;
RESET ROLE;
RESET search_path;
SELECT id, note FROM lock_shop.customers WHERE id < 4 ORDER BY id;
-- who has the owner's rights has his own path
SET search_path = lock_test, lock_shop;
INSERT INTO subscriptions VALUES (5, 5, 'eu');
RESET search_path;
-- a schema into which others may put things is not searched
GRANT CREATE ON SCHEMA lock_shop TO regress_lock_bob;
SET ROLE regress_lock_eve;
SET search_path = lock_shop;
CALL lock_test.refused($$ INSERT INTO lock_shop.subscriptions VALUES (6, 6, 'eu') $$);
RESET search_path;
RESET ROLE;
REVOKE CREATE ON SCHEMA lock_shop FROM regress_lock_bob;

-- nothing that the owner's code does to the session stays there, or is possible that a condition cannot be
SET ROLE regress_lock_ann;
CREATE FUNCTION lock_shop.act() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('search_path', 'trap', false), set_config('lock_test.left', 'by the owner', false);
    CREATE TEMPORARY TABLE trap (i int);
    DROP TABLE trap;
    RAISE INFO 'not restricted';
EXCEPTION WHEN OTHERS THEN
    RAISE INFO '% %', SQLSTATE, SQLERRM;
    PERFORM set_config('search_path', 'trap', false), set_config('lock_test.left', 'by the owner', false);
END
$$;
CREATE OR REPLACE FUNCTION lock_shop.is_active(status text) RETURNS boolean STABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM lock_shop.act(); RETURN pg_catalog.lower(status) = 'active'; END $$;
CREATE OR REPLACE FUNCTION lock_shop.note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM lock_shop.act(); RETURN NEW; END $$;
RESET ROLE;
CREATE FUNCTION lock_test.left_behind() RETURNS text LANGUAGE sql AS $$ SELECT format('%s, %s', current_setting('search_path'), nullif(current_setting('lock_test.left', true), '')) $$;
SELECT lock_test.left_behind();
INSERT INTO lock_shop.subscriptions VALUES (7, 5, 'eu');
SELECT lock_test.left_behind();
INSERT INTO lock_shop.subscriptions VALUES (8, 7, 'eu');
SELECT lock_test.left_behind();
UPDATE lock_shop.subscriptions SET status = 'ended' WHERE id = 7;
SELECT lock_test.left_behind();
UPDATE lock_shop.subscriptions SET status = 'ended';
SELECT to_segment FROM segmentation.move_customer('lock_shop.customers', '{5}', 'us', 'asked');
SELECT lock_test.left_behind();
RESET search_path;

-- a domain of the segment is read as the owner of the customers
SET ROLE regress_lock_bob;
CREATE FUNCTION lock_bob.spy(text) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM lock_test.told('regress_lock_bob'); RETURN true; END $$;
CREATE DOMAIN lock_bob.segment AS text CHECK (lock_bob.spy(VALUE));
CREATE TABLE lock_bob.clients (id int PRIMARY KEY, segment lock_bob.segment);
CREATE TABLE lock_bob.orders (id int PRIMARY KEY, client_id int REFERENCES lock_bob.clients, segment lock_bob.segment);
INSERT INTO lock_bob.clients VALUES (1, 'eu');
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('lock_bob.clients', 'lock_bob.orders');
RESET ROLE;
SELECT count(*) FROM segmentation.move_blockers('lock_bob.clients', '{1}', 'us');
SELECT to_segment FROM segmentation.move_customer('lock_bob.clients', '{1}', 'us', 'asked');
DROP TABLE lock_bob.orders, lock_bob.clients;

-- what is deferred on the customers would run as the mover
SET ROLE regress_lock_bob;
CREATE TABLE lock_bob.clients (id int PRIMARY KEY, segment text);
CREATE TABLE lock_bob.orders (id int PRIMARY KEY, client_id int REFERENCES lock_bob.clients, segment text);
INSERT INTO lock_bob.clients SELECT n, 'eu' FROM generate_series(1, 9) n;
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('lock_bob.clients', 'lock_bob.orders');
CREATE FUNCTION lock_bob.later() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE INFO 'deferred'; PERFORM lock_test.told('regress_lock_bob'); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER later AFTER UPDATE ON lock_bob.clients DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION lock_bob.later();
RESET ROLE;
SELECT to_segment FROM segmentation.move_customer('lock_bob.clients', '{1}', 'us', 'asked');
BEGIN;
SET CONSTRAINTS ALL IMMEDIATE;
SELECT to_segment FROM segmentation.move_customer('lock_bob.clients', '{1}', 'us', 'asked');
COMMIT;
SET ROLE regress_lock_bob;
SELECT count(*) FROM segmentation.move_blockers('lock_bob.clients', '{2}', 'us');
DROP TRIGGER later ON lock_bob.clients;
RESET ROLE;

-- customers of somebody who has not the rights of the subscriptions' owner, and may make triggers there
SET ROLE regress_lock_bob;
GRANT SELECT, UPDATE, REFERENCES ON lock_bob.clients TO regress_lock_ann;
CREATE FUNCTION lock_bob.spying() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM lock_test.told('regress_lock_bob'); RETURN NEW; END $$;
CREATE TRIGGER spying BEFORE UPDATE ON lock_bob.clients FOR EACH ROW EXECUTE FUNCTION lock_bob.spying();
SET ROLE regress_lock_ann;
CREATE TABLE lock_shop.contracts (id int PRIMARY KEY, customer_id int REFERENCES lock_bob.clients, segment text);
GRANT INSERT ON lock_shop.contracts TO regress_lock_eve;
GRANT TRIGGER ON lock_shop.contracts TO regress_lock_bob;
SET ROLE regress_lock_bob;
\set arguments '''customers=lock_bob.clients'', ''customer_key=id'', ''customer_segment=segment'', ''subscriptions=lock_shop.contracts'', ''subscription_customer=customer_id'', ''subscription_segment=segment'''
CREATE TRIGGER zz AFTER INSERT ON lock_shop.contracts FOR EACH ROW EXECUTE FUNCTION segmentation_internal.lock_subscription(:arguments);
CALL lock_test.refused($$ COMMENT ON TRIGGER zz ON lock_shop.contracts IS 'acts as the owner' $$);
CREATE INDEX spied ON lock_bob.clients (segment) WHERE lock_bob.spy('');
SET ROLE regress_lock_eve;
CALL lock_test.refused($$ INSERT INTO lock_shop.contracts VALUES (1, 2, 'eu') $$);
RESET ROLE;
CALL lock_test.refused($$ SELECT count(*) FROM segmentation.lock_violations('lock_bob.clients') $$);
CALL lock_test.refused($$ SELECT count(*) FROM segmentation.move_blockers('lock_bob.clients', '{3}', 'us') $$);
SET ROLE regress_lock_bob;
DROP INDEX lock_bob.spied;
SET ROLE regress_lock_ann;
DROP TRIGGER zz ON lock_shop.contracts;

-- it takes who has the rights of both
RESET ROLE;
SELECT step, regexp_replace(detail, ' (REFERENCING|FOR EACH) .*', ' ...') AS detail
  FROM segmentation.install_lock('lock_bob.clients', 'lock_shop.contracts') WHERE step = 'run';
SET ROLE regress_lock_eve;
INSERT INTO lock_shop.contracts VALUES (1, 2, 'eu');
-- a trigger that is replaced is another one
SET ROLE regress_lock_bob;
CREATE OR REPLACE TRIGGER segmentation_lock_insert AFTER INSERT ON lock_shop.contracts REFERENCING NEW TABLE AS n FOR EACH STATEMENT
    EXECUTE FUNCTION segmentation_internal.lock_subscription(:arguments, 'running_when=false');
SET ROLE regress_lock_eve;
CALL lock_test.refused($$ INSERT INTO lock_shop.contracts VALUES (2, 3, 'eu') $$);
RESET ROLE;
SELECT count(*) FROM segmentation.remove_lock('lock_bob.clients', 'lock_shop.contracts');
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('lock_bob.clients', 'lock_shop.contracts');
-- what is lost with the comments is found, and renewed
COMMENT ON TRIGGER segmentation_lock_update ON lock_shop.contracts IS NULL;
SELECT finding, object, sentence FROM segmentation.check_restore() WHERE object LIKE 'lock_shop.%' OR sentence LIKE '%lock_shop.%';
SELECT count(*) > 0 AS renewed FROM segmentation.renew_lock('lock_bob.clients', 'lock_shop.contracts');
SELECT finding, object, sentence FROM segmentation.check_restore() WHERE object LIKE 'lock_shop.%' OR sentence LIKE '%lock_shop.%';

-- in a session that has the lock loaded: an agreement that is withdrawn counts no more,
SET ROLE regress_lock_eve;
INSERT INTO lock_shop.contracts VALUES (11, 2, 'eu');
SET ROLE regress_lock_ann;
COMMENT ON TRIGGER segmentation_lock_insert ON lock_shop.contracts IS NULL;
SET ROLE regress_lock_eve;
CALL lock_test.refused($$ INSERT INTO lock_shop.contracts VALUES (12, 2, 'eu') $$);
-- nor does the membership of a role that made it needless when the lock was loaded,
RESET ROLE;
GRANT regress_lock_ann TO regress_lock_bob;
ALTER TABLE lock_shop.contracts SET (fillfactor = 90);
SET ROLE regress_lock_eve;
INSERT INTO lock_shop.contracts VALUES (12, 2, 'eu');
RESET ROLE;
REVOKE regress_lock_ann FROM regress_lock_bob;
SET ROLE regress_lock_eve;
CALL lock_test.refused($$ INSERT INTO lock_shop.contracts VALUES (13, 2, 'eu') $$);
-- or of a database's owner in the role of such,
RESET ROLE;
BEGIN;
GRANT SELECT, UPDATE ON lock_bob.clients TO pg_database_owner;
ALTER TABLE lock_shop.contracts OWNER TO pg_database_owner;
SELECT format('ALTER DATABASE %I OWNER TO regress_lock_bob', current_catalog) AS to_bob,
       format('ALTER DATABASE %I OWNER TO regress_lock_ann', current_catalog) AS to_ann \gset
:to_bob;
SET LOCAL ROLE regress_lock_eve;
INSERT INTO lock_shop.contracts VALUES (13, 2, 'eu');
RESET ROLE;
:to_ann;
SET LOCAL ROLE regress_lock_eve;
CALL lock_test.refused($$ INSERT INTO lock_shop.contracts VALUES (14, 2, 'eu') $$);
ROLLBACK;
-- and whoever gets the table has agreed to nothing
SELECT count(*) > 0 AS renewed FROM segmentation.renew_lock('lock_bob.clients', 'lock_shop.contracts');
SET ROLE regress_lock_eve;
INSERT INTO lock_shop.contracts VALUES (14, 2, 'eu');
RESET ROLE;
GRANT SELECT, UPDATE ON lock_bob.clients TO regress_lock_carol;
ALTER TABLE lock_shop.contracts OWNER TO regress_lock_carol;
SET ROLE regress_lock_eve;
CALL lock_test.refused($$ INSERT INTO lock_shop.contracts VALUES (15, 2, 'eu') $$);
RESET ROLE;
CALL lock_test.refused($$ SELECT count(*) FROM segmentation.lock_violations('lock_bob.clients') $$);
SELECT finding, object, sentence FROM segmentation.check_restore() WHERE object LIKE 'lock_shop.%' OR sentence LIKE '%lock_shop.%';
SELECT count(*) > 0 AS renewed FROM segmentation.renew_lock('lock_bob.clients', 'lock_shop.contracts');
SET ROLE regress_lock_eve;
INSERT INTO lock_shop.contracts VALUES (15, 2, 'eu');
RESET ROLE;
SELECT finding, object, sentence FROM segmentation.check_restore() WHERE object LIKE 'lock_shop.%' OR sentence LIKE '%lock_shop.%';
ALTER TABLE lock_shop.contracts OWNER TO regress_lock_ann;
-- each owner can agree by himself, by the statements that are listed
SELECT detail FROM segmentation.renew_lock('lock_bob.clients', 'lock_shop.contracts', dry_run => true)
 WHERE detail LIKE 'COMMENT ON TRIGGER segmentation_lock_insert ON lock_shop.contracts %' \gset
SET ROLE regress_lock_bob;
CALL lock_test.refused(:'detail');
SET ROLE regress_lock_ann;
:detail;
SET ROLE regress_lock_eve;
INSERT INTO lock_shop.contracts VALUES (16, 2, 'eu');
RESET ROLE;
-- a condition's author, too, can lose the rights with which it is evaluated
GRANT regress_lock_ann TO regress_lock_bob;
SET ROLE regress_lock_bob;
CREATE FUNCTION lock_bob.runs(int) RETURNS boolean STABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM lock_test.told('regress_lock_bob'); RETURN true; END $$;
SET ROLE regress_lock_ann;
CREATE TRIGGER zz AFTER INSERT ON lock_shop.contracts FOR EACH ROW EXECUTE FUNCTION segmentation_internal.lock_subscription(:arguments, 'running_when=lock_bob.runs(s.id)');
SET ROLE regress_lock_eve;
INSERT INTO lock_shop.contracts VALUES (17, 2, 'eu');
RESET ROLE;
REVOKE regress_lock_ann FROM regress_lock_bob;
SET ROLE regress_lock_eve;
CALL lock_test.refused($$ INSERT INTO lock_shop.contracts VALUES (18, 2, 'eu') $$);
SET ROLE regress_lock_ann;
DROP TRIGGER zz ON lock_shop.contracts;
RESET ROLE;
SELECT count(*) > 0 AS renewed FROM segmentation.renew_lock('lock_bob.clients', 'lock_shop.contracts');

-- deferred triggers of the one would run as who writes to the table of the other
SET ROLE regress_lock_bob;
CREATE CONSTRAINT TRIGGER later AFTER UPDATE ON lock_bob.clients DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION lock_bob.later();
RESET ROLE;
INSERT INTO lock_shop.contracts VALUES (3, 4, 'eu');
SET ROLE regress_lock_bob;
DROP TRIGGER later ON lock_bob.clients;
RESET ROLE;
SELECT count(*) AS calls FROM segmentation.remove_lock('lock_bob.clients', 'lock_shop.contracts');
DROP TABLE lock_shop.contracts;

-- partitions: the root's owner agrees, for partitions of his
SET ROLE regress_lock_ann;
CREATE TABLE lock_shop.contracts (id int PRIMARY KEY, customer_id int REFERENCES lock_bob.clients, segment text) PARTITION BY RANGE (id);
CREATE TABLE lock_shop.contracts_1 PARTITION OF lock_shop.contracts FOR VALUES FROM (1) TO (10);
CREATE TABLE lock_shop.contracts_2 PARTITION OF lock_shop.contracts FOR VALUES FROM (10) TO (20);
GRANT INSERT ON lock_shop.contracts, lock_shop.contracts_1, lock_shop.contracts_2 TO regress_lock_eve;
RESET ROLE;
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('lock_bob.clients', 'lock_shop.contracts');
GRANT SELECT, UPDATE ON lock_bob.clients TO regress_lock_carol;
GRANT USAGE ON SCHEMA lock_shop TO regress_lock_carol;
SET ROLE regress_lock_eve;
INSERT INTO lock_shop.contracts VALUES (1, 5, 'eu'), (11, 6, 'eu');
INSERT INTO lock_shop.contracts_2 VALUES (12, 7, 'eu');
RESET ROLE;
ALTER TABLE lock_shop.contracts_2 OWNER TO regress_lock_carol;
SET ROLE regress_lock_eve;
INSERT INTO lock_shop.contracts VALUES (2, 8, 'eu');
CALL lock_test.refused($$ INSERT INTO lock_shop.contracts_2 VALUES (13, 9, 'eu') $$);
RESET ROLE;

SET client_min_messages = warning;
DROP SCHEMA lock_test, lock_shop, lock_bob, lock_eve CASCADE;
REVOKE ALL ON FUNCTION segmentation.move_customer FROM regress_lock_eve;
DROP ROLE regress_lock_ann, regress_lock_bob, regress_lock_carol, regress_lock_eve;
