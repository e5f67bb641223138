-- what a restored database lacks: each kind of loss is found, and mended as the hint says
SET client_min_messages = warning;
CREATE SCHEMA restore_test;
SET search_path = public, restore_test;
CREATE TABLE restore_test.customer (id int PRIMARY KEY, market segment_id);
CREATE TABLE restore_test.contract (id int PRIMARY KEY, customer int REFERENCES restore_test.customer, market segment_id, offer text,
    FOREIGN KEY (market, offer) REFERENCES segmentation.offer);
CREATE TABLE restore_test.plan (code text PRIMARY KEY, market segment_id);
CREATE TABLE restore_test.subscription (id int PRIMARY KEY, customer int REFERENCES restore_test.customer DEFERRABLE,
    plan text REFERENCES restore_test.plan DEFERRABLE) PARTITION BY HASH (id);
CREATE TABLE restore_test.subscription_0 PARTITION OF subscription FOR VALUES WITH (MODULUS 1, REMAINDER 0);
SELECT FROM segmentation.create_market('restored', 'EUR', '{FR}', default_language => 'fr');
INSERT INTO segmentation.offer (market, code, price) VALUES ('restored', 'team', '5 EUR');
INSERT INTO segmentation.offer_text (market, offer, language, title) VALUES ('restored', 'team', 'fr', 'Équipe');
SELECT FROM segmentation.activate_market('restored');
INSERT INTO customer VALUES (1, 'restored'), (2, NULL);
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('customer', 'contract', customer_segment => 'market', offers => 'segmentation.offer', markets => true);
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('customer', 'subscription', customer_segment => 'market', offers => 'plan');
INSERT INTO contract VALUES (1, 1, 'restored', 'team');
SELECT segmentation.create_model('restored', 'customer', '{id}', schema => 'restore_test');
SELECT FROM segmentation.define_segment('restored', 'any', 'id > 0');
CREATE FUNCTION restore_test.is_odd(int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 % 2 = 1';
SELECT FROM segmentation.define_segment('restored', 'odd', $$ restore_test.is_odd(id) AND in_segment('any') $$);
SELECT FROM segmentation.refresh('restored');

CREATE FUNCTION pg_temp.mend(VARIADIC hints text[]) RETURNS void LANGUAGE plpgsql AS
    $$ DECLARE h text; BEGIN FOREACH h IN ARRAY hints LOOP EXECUTE h; END LOOP; END $$;
\x on

-- whole: nothing
SELECT * FROM segmentation.check_restore();

-- rows that came in without their foreign keys being looked at
BEGIN;
SET LOCAL session_replication_role = replica;
DELETE FROM segmentation.segment WHERE model = 'restored' AND id = 'any';
DELETE FROM segmentation.offer WHERE market = 'restored';
DELETE FROM segmentation.market WHERE id = 'restored';
SELECT * FROM segmentation.check_restore();
ROLLBACK;
BEGIN;
ALTER TABLE contract DROP CONSTRAINT contract_market_offer_fkey, ADD CONSTRAINT later FOREIGN KEY (market, offer) REFERENCES segmentation.offer NOT VALID;
SELECT * FROM segmentation.check_restore();
SELECT pg_temp.mend(hint) FROM segmentation.check_restore();
SELECT count(*) FROM segmentation.check_restore();
ROLLBACK;

-- triggers that are off
BEGIN;
ALTER TABLE customer DISABLE TRIGGER segmentation_lock_customer;
ALTER TABLE contract DISABLE TRIGGER ALL;
ALTER TABLE subscription ENABLE REPLICA TRIGGER segmentation_lock_insert;
SELECT * FROM segmentation.check_restore();
SELECT pg_temp.mend(VARIADIC array_agg(hint)) FROM segmentation.check_restore();
SELECT count(*) FROM segmentation.check_restore();
ROLLBACK;

-- a lock that is not whole: every trigger of it, its column and its foreign keys are missed
CREATE FUNCTION pg_temp.missed(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE said text;
BEGIN
    EXECUTE statement;
    said := (SELECT string_agg(concat_ws(': ', finding, object, sentence), ' | ') FROM segmentation.check_restore());
    RAISE EXCEPTION '%', said USING ERRCODE = 'ZZ000';
EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
    RETURN SQLERRM;
END
$$;
-- ... and the hints mend what is missing, or say what has to be there first
CREATE FUNCTION pg_temp.mended(statement text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    left_over bigint;
BEGIN
    EXECUTE statement;
    PERFORM pg_temp.mend(VARIADIC array_agg(hint)) FROM segmentation.check_restore();
    left_over := (SELECT count(*) FROM segmentation.check_restore());
    RAISE EXCEPTION '%', left_over USING ERRCODE = 'ZZ000';
EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
    RETURN SQLERRM::bigint;
END
$$;
CREATE TEMP TABLE locks AS SELECT * FROM segmentation.lock;
SELECT count(*) AS triggers, sum(pg_temp.mended(format('DROP TRIGGER %I ON %s', tgname, tgrelid::regclass))) AS left_over FROM pg_trigger
 WHERE tgfoid::regprocedure::text LIKE 'segmentation_internal.lock%' AND tgparentid = 0;
SELECT pg_temp.mended('ALTER TABLE customer DROP COLUMN segment_locked_at CASCADE') AS left_over;
SELECT pg_temp.mended('ALTER TABLE customer DROP CONSTRAINT segmentation_lock_market') AS left_over;
BEGIN;
DROP TRIGGER segmentation_lock_offer ON plan;
SELECT count(*) > 0 AS renewed FROM segmentation.renew_lock('customer');
SELECT * FROM segmentation.lock EXCEPT SELECT * FROM locks;
ROLLBACK;
BEGIN;
ALTER TABLE plan RENAME TO tariff;
SELECT hint FROM segmentation.check_restore();
SELECT count(*) > 0 AS renewed FROM segmentation.renew_lock('restore_test.customer', 'restore_test.subscription');
SELECT count(*) FROM segmentation.check_restore();
ROLLBACK;
\x off
\pset format unaligned
SELECT tgrelid::regclass, tgname, pg_temp.missed(format('DROP TRIGGER %I ON %s', tgname, tgrelid::regclass)) FROM pg_trigger
 WHERE tgfoid::regprocedure::text LIKE 'segmentation_internal.lock%' AND tgparentid = 0 ORDER BY 1, 2;
SELECT pg_temp.missed('ALTER TABLE customer DROP COLUMN segment_locked_at CASCADE');
SELECT pg_temp.missed('ALTER TABLE customer DROP CONSTRAINT segmentation_lock_market');
SELECT pg_temp.missed('ALTER TABLE contract DROP CONSTRAINT contract_customer_fkey');
SELECT pg_temp.missed('ALTER TABLE plan RENAME TO tariff');
SELECT pg_temp.missed('DROP TABLE contract');
SELECT pg_temp.missed('SELECT segmentation.remove_lock(''customer'')');
SELECT pg_temp.missed('DROP TABLE contract, subscription, plan; DROP TRIGGER segmentation_lock_customer ON customer');

-- models
SELECT pg_temp.missed('DROP TABLE restored_override');
SELECT pg_temp.missed('DROP VIEW restored_member');
SELECT pg_temp.missed('DROP VIEW restored_stay');
SELECT pg_temp.missed('DROP FUNCTION restored_at(timestamptz)');
SELECT pg_temp.missed('ALTER VIEW restored_stay RENAME TO stays');
SELECT pg_temp.missed('ALTER TABLE restored_assignment DROP CONSTRAINT restored_assignment_pkey');
SELECT pg_temp.missed('DROP TRIGGER check_override ON restored_override');
SELECT pg_temp.missed('ALTER TABLE restored_override DISABLE TRIGGER check_override');
SELECT pg_temp.missed('DELETE FROM restored_assignment');
SELECT pg_temp.missed('DROP TABLE restored_history CASCADE');
SELECT pg_temp.missed('DROP TABLE customer, contract, subscription CASCADE');
SELECT pg_temp.missed('ALTER TABLE plan DROP CONSTRAINT plan_pkey CASCADE; ALTER TABLE customer RENAME TO old; CREATE TABLE restore_test.customer (id int)');
SELECT pg_temp.missed('DROP FUNCTION restore_test.is_odd(int)');
SELECT pg_temp.missed('DELETE FROM segmentation.segment_reference WHERE model = ''restored''');
SELECT pg_temp.missed('DELETE FROM segmentation.offer_text WHERE market = ''restored''');

-- what mends a model
BEGIN;
DROP TABLE restored_override;
DROP VIEW restored_member, restored_stay;
DROP FUNCTION restored_at(timestamptz);
SELECT DISTINCT hint FROM segmentation.check_restore();
SELECT segmentation.alter_model('restored');
SELECT count(*) FROM segmentation.check_restore();
ROLLBACK;

-- Plain pg_restore with several jobs loses all rows of some tables.  Each is missed, but for customer_move
-- and segment_text: nothing else says that there have been moves and titles.
\pset tuples_only on
CREATE TABLE restore_test.payer (id int PRIMARY KEY, paid currency_price);
INSERT INTO restore_test.payer VALUES (1, '5 EUR');
INSERT INTO segmentation.exchange_rate (base, quote, valid_from, rate) VALUES ('EUR', 'USD', '2020-01-01', 1.1);
SELECT segmentation.create_model('payer', 'payer', '{id}', schema => 'restore_test');
SELECT FROM segmentation.define_segment('payer', 'pays', $$ convert_currency(paid, 'USD', '2020-01-02') > '5 USD' $$);
SELECT FROM segmentation.define_segment('payer', 'odd', $$ restore_test.is_odd(id) AND in_segment('pays') $$);
SELECT FROM segmentation.define_segment('payer', 'zero', 'id / (id - 1) > 1', "count" => false);
INSERT INTO payer_override (id, segment, member, reason) VALUES (1, 'zero', true, 'a friend');
SELECT failed FROM segmentation.refresh('payer');
SELECT count(*) FROM segmentation.check_restore();
CREATE FUNCTION pg_temp.missed_rows(tables regclass[]) RETURNS TABLE (findings text) LANGUAGE plpgsql AS $$
DECLARE
    said text[];
    t regclass;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOREACH t IN ARRAY tables LOOP
        EXECUTE format('DELETE FROM %s', t);
    END LOOP;
    said := ARRAY(SELECT concat_ws(': ', finding, object, CASE WHEN finding <> 'dangling' THEN sentence END) FROM segmentation.check_restore());
    RAISE EXCEPTION '%', array_to_string(said, E'\n    ') USING ERRCODE = 'ZZ000';
EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
    findings := regexp_replace(SQLERRM, 'refresh, at [^\n]*', 'refresh, at (moment)', 'g');
    RETURN NEXT;
END
$$;
SELECT t, E'\n    ' || findings FROM (SELECT unnest(extconfig)::regclass AS t FROM pg_extension WHERE extname = 'segmentation') AS c, pg_temp.missed_rows(ARRAY[t]) ORDER BY t::text;
-- and together: segments with what refers to them, the log with its lines, and all at once
SELECT findings FROM pg_temp.missed_rows('{segmentation.segment,segmentation.segment_reference,segmentation.segment_text,segmentation.rule_failure,segmentation.market,segmentation.offer,segmentation.offer_text}');
SELECT findings FROM pg_temp.missed_rows('{segmentation.refresh_log,segmentation.refresh_log_segment,segmentation.segment_reference,segmentation.rule_failure}');
SELECT findings FROM pg_temp.missed_rows(ARRAY(SELECT unnest(extconfig)::regclass FROM pg_extension WHERE extname = 'segmentation'));
\pset tuples_only off
-- a copy of customers has no lock, and never had
CREATE TABLE restore_test.copy AS SELECT * FROM customer;
SELECT count(*) FROM segmentation.check_restore();
SELECT segmentation.drop_model('payer');
DELETE FROM segmentation.exchange_rate WHERE base = 'EUR' AND quote = 'USD';

-- not for everybody: it reads all rows
CREATE ROLE restorer;
SET ROLE restorer;
SELECT * FROM segmentation.check_restore();
RESET ROLE;
DROP ROLE restorer;

-- what others have made of their tables, locks and models runs as they do; in a new session, for one keeps what it has evaluated
SET client_min_messages = warning;
CREATE ROLE regress_restore_bob;
GRANT USAGE, CREATE ON SCHEMA restore_test TO regress_restore_bob;
GRANT EXECUTE ON FUNCTION segmentation.add_catalogue_key TO regress_restore_bob;
SET ROLE regress_restore_bob;
SET search_path = restore_test, public;
CREATE FUNCTION restore_test.act(place text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF current_user <> 'regress_restore_bob' THEN
        RAISE WARNING 'code of regress_restore_bob in % runs as %', place, current_user;
    END IF;
    CREATE TEMPORARY TABLE trap ();
    RAISE WARNING 'code of regress_restore_bob in % is not restricted', place;
    DROP TABLE trap;
EXCEPTION WHEN insufficient_privilege THEN
    NULL;
END
$$;
CREATE FUNCTION restore_test.tell(place text) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS
    $$ BEGIN PERFORM restore_test.act(place); RETURN true; END $$;
CREATE DOMAIN told AS text CHECK (restore_test.tell('condition'));
CREATE TABLE bobs (id int PRIMARY KEY, segment text);
CREATE TABLE bobs_subscription (id int PRIMARY KEY, bob int REFERENCES bobs, segment text);
INSERT INTO bobs VALUES (1);
SET client_min_messages = error;
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('bobs', 'bobs_subscription', locks_when => $$ ('{a}'::restore_test.told[])[1] = 'a' $$);
SELECT segmentation.create_model('bobs', 'bobs', '{id}', schema => 'restore_test');
SELECT FROM segmentation.refresh('bobs');
DELETE FROM bobs_assignment;
CREATE INDEX ON bobs_assignment ((restore_test.tell('index of a model')));
CREATE TABLE bobs_market (market segment_id);
SELECT segmentation.add_catalogue_key('bobs_market', '{market}');
CREATE INDEX ON bobs_market ((restore_test.tell('index of a market''s table')));
CREATE INDEX ON bobs_subscription ((restore_test.tell('index of a lock''s table')));
\c -
SET client_min_messages = warning;
SELECT * FROM segmentation.check_restore() WHERE object LIKE '%bob%';
\c -
SET client_min_messages = warning;
SELECT * FROM segmentation.lock_violations('restore_test.bobs');

-- nor does it keep anybody from being told the rest
SET search_path = restore_test, public;
CREATE OR REPLACE FUNCTION restore_test.tell(place text) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
DROP TABLE contract;
\c -
SELECT finding, object, sentence FROM segmentation.check_restore() WHERE object ~ 'bob|customer';
SET search_path = restore_test, public;
SET client_min_messages = warning;
SELECT segmentation.drop_model('bobs');

SELECT segmentation.drop_model('restored');
DROP SCHEMA restore_test CASCADE;
DELETE FROM segmentation.offer WHERE market = 'restored';
DELETE FROM segmentation.market WHERE id = 'restored';
DELETE FROM segmentation.segment WHERE id = 'restored';
DROP OWNED BY regress_restore_bob;
DROP ROLE regress_restore_bob;
