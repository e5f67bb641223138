-- Erasure: after it nothing that the extension keeps tells of a customer.
\set SHOW_CONTEXT never
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/refusal.sql'
\set ECHO none
\i :include
\set ECHO all

-- Which columns of which of our tables, and of models' tables, have a text in some row.
CREATE FUNCTION traces(word text) RETURNS TABLE (trace text) LANGUAGE plpgsql AS $$
DECLARE
    relation regclass;
    rows bigint;
BEGIN
    FOR relation IN SELECT c.oid FROM pg_class c
                     WHERE c.relkind IN ('r', 'p') AND c.relnamespace IN ('segmentation'::regnamespace, 'segmentation_internal'::regnamespace)
                        OR c.oid IN (SELECT unnest(ARRAY[m.assignment, m.history, m.override]) FROM segmentation.model m) LOOP
        EXECUTE format('SELECT count(*) FROM %s t WHERE t::text LIKE %L', relation, '%' || word || '%') INTO rows;
        trace := format('%s: %s', relation, rows);
        IF rows > 0 THEN
            RETURN NEXT;
        END IF;
    END LOOP;
END $$;

CREATE ROLE regress_erasure_owner;
CREATE ROLE regress_erasure_clerk;
CREATE SCHEMA shop AUTHORIZATION regress_erasure_owner;
GRANT USAGE ON SCHEMA shop TO regress_erasure_clerk;
CREATE SCHEMA regress_erasure_stranger AUTHORIZATION regress_erasure_clerk;
GRANT EXECUTE ON FUNCTION segmentation.move_customer TO regress_erasure_owner;
SET search_path = shop, public;
SET SESSION AUTHORIZATION regress_erasure_owner;
CREATE FUNCTION checked(text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$ BEGIN RAISE 'what is "%"?', $1; END $$;
CREATE TABLE customer (id char(12) PRIMARY KEY, email text, born text, segment segment_id);
CREATE TABLE subscription (number int PRIMARY KEY, customer char(12) NOT NULL REFERENCES customer ON DELETE CASCADE, segment segment_id);
INSERT INTO customer VALUES ('jane.doe', 'jane.doe@example.org', 'jane.doe''s birthday', 'smb'), ('john.roe', '7', '1990-01-01', 'smb');

-- Two models of the customers; failing rules that quote them in
-- all ways that there are; decisions; moves.
SELECT segmentation.create_model('first', 'customer', '{id}', time_zone => 'UTC');
SELECT segmentation.create_model('second', 'customer', '{id}', time_zone => 'UTC');
SELECT FROM segmentation.define_segment('first', 'everyone', 'true');
SELECT FROM segmentation.define_segment('first', 'listed');
SET client_min_messages = error;
SELECT FROM segmentation.define_segment('first', 'number', 'email::int > 5', "count" => false);
SELECT FROM segmentation.define_segment('first', 'born', $$ born::date > '2000-01-01' $$, "count" => false);
SELECT FROM segmentation.define_segment('first', 'called', 'checked(email)', "count" => false);
SELECT FROM segmentation.define_segment('first', 'zero', 'length(email) / (length(email) - 1) > 1', "count" => false);
SELECT FROM segmentation.define_segment('first', 'asks', $$ in_segment('number') $$, "count" => false);
SELECT FROM segmentation.define_segment('second', 'asks', $$ in_segment('first', 'called') $$, "count" => false);
SELECT failed FROM segmentation.refresh('first');
SELECT failed FROM segmentation.refresh('second');
INSERT INTO first_override (id, segment, member, reason) VALUES ('jane.doe', 'listed', true, 'jane.doe is a friend');
SELECT failed FROM segmentation.refresh('first');
ALTER TABLE customer ADD COLUMN extra int;
SELECT FROM segmentation.define_segment('first', 'extra', 'extra > 1', "count" => false);
ALTER TABLE customer DROP COLUMN extra;
SELECT failed FROM segmentation.refresh('first');
RESET client_min_messages;
SELECT count(*) FROM segmentation.install_lock('customer', 'subscription');
INSERT INTO subscription VALUES (1, 'jane.doe', 'smb');
DELETE FROM subscription;
SELECT customer_key FROM segmentation.move_customer('customer', '{jane.doe}', 'large', 'jane.doe asked for it');
SELECT customer_key FROM segmentation.move_customer('customer', '{jane.doe}', 'smb', 'jane.doe asked again');
SELECT customer_key FROM segmentation.move_customer('customer', '{john.roe}', 'large', 'grew');
RESET SESSION AUTHORIZATION;

-- What is kept of errors: what the server's words are, without what they are filled with.
SELECT model, segment, failing_segment, sqlstate, message FROM segmentation.rule_failure WHERE model IN ('first', 'second') ORDER BY 1, 2;
SELECT * FROM traces('jane.doe') ORDER BY 1;

-- The owner of the customers erases moves, nobody else.
SET SESSION AUTHORIZATION regress_erasure_clerk;
\x on
SELECT * FROM pg_temp.refusal($$ SELECT segmentation.forget_moves('shop.customer', '{jane.doe}') $$);
SELECT * FROM pg_temp.refusal($$ SELECT segmentation.forget_everywhere('shop.customer', '{jane.doe}') $$);
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION regress_erasure_owner;
CREATE VIEW profile AS SELECT * FROM customer;
CREATE TABLE keyless (id int);
SELECT refusal.* FROM unnest('{"NULL, ''{1}''","''customer'', NULL","''customer'', ''{a,b}''","''customer'', ''{NULL}''",
    "''profile'', ''{a}''","''keyless'', ''{a}''","0, ''{a}''"}'::text[]) arguments,
    pg_temp.refusal(format('SELECT segmentation.forget_moves(%s)', arguments));
SELECT refusal.* FROM unnest('{"NULL, ''{1}''","''customer'', NULL","''customer'', ''{a,b}''",
    "''profile'', ''{a}''","''keyless'', ''{a}''","0, ''{a}''"}'::text[]) arguments,
    pg_temp.refusal(format('SELECT segmentation.forget_everywhere(%s)', arguments));
\x off

-- Nobody's, and another's, stay what they are.
SELECT segmentation.forget_moves('customer', '{jane}'), segmentation.forget_everywhere('customer', '{jane.doe.and.more}');
-- One call erases a customer who is gone, whichever way the key is written.
DELETE FROM customer WHERE id = 'jane.doe';
SELECT segmentation.forget_everywhere('customer', '{"jane.doe  "}');
RESET SESSION AUTHORIZATION;
SELECT * FROM traces('jane') ORDER BY 1;
SELECT customer_key, reason FROM segmentation.customer_move WHERE customers LIKE 'shop.%';
SELECT id FROM shop.first_assignment;

-- A customer who still is in the source is stored again, as somebody new; moves are not.
SET SESSION AUTHORIZATION regress_erasure_owner;
SELECT segmentation.forget_everywhere('customer', '{john.roe}');
SET client_min_messages = error;
SELECT appeared FROM segmentation.refresh('second');
RESET client_min_messages;
SELECT id, segments FROM second_assignment;
-- Without the lock the key is the table's primary key.
SELECT customer_key FROM segmentation.move_customer('customer', '{john.roe}', 'smb', 'shrank');
DO $$ BEGIN PERFORM segmentation.remove_lock('customer'); END $$;
SELECT segmentation.forget_moves('customer', '{john.roe}'), segmentation.forget_moves('customer', '{john.roe}');

-- Models that know customers by different keys.
CREATE MATERIALIZED VIEW account AS SELECT 1 AS tenant, 2 AS number;
SELECT segmentation.create_model('by-number', 'account', '{tenant,number}');
SELECT segmentation.create_model('by-tenant', 'account', '{number,tenant}');
\x on
SELECT * FROM pg_temp.refusal($$ SELECT segmentation.forget_everywhere('account', '{1,2}') $$);
\x off
SELECT segmentation.drop_model('by-number'), segmentation.drop_model('by-tenant');
RESET SESSION AUTHORIZATION;

-- A key is kept as any session reads it, and one that is of another type now is nobody's.
CREATE TABLE shop.visit (at timestamptz PRIMARY KEY, segment text);
CREATE TABLE shop.visit_subscription (number int PRIMARY KEY, at timestamptz NOT NULL REFERENCES shop.visit, segment text);
INSERT INTO shop.visit VALUES ('2024-06-05 12:00+00', 'smb'), ('2024-05-06 12:00+00', 'smb');
SELECT count(*) FROM segmentation.install_lock('shop.visit', 'shop.visit_subscription');
SET DateStyle = 'SQL, DMY';
SET TimeZone = 'Asia/Tokyo';
SELECT customer_key, to_segment FROM segmentation.move_customer('shop.visit', '{05/06/2024 21:00}', 'large', 'test');
INSERT INTO segmentation.customer_move (customers, customer_key, to_segment, reason)
    VALUES ('shop.visit', '{one}', 'smb', 'test'), ('shop.visit', '{1,2}', 'smb', 'test'), ('shop.visit', '{NULL}', 'smb', 'test');
SET DateStyle = 'SQL, MDY';
SELECT segmentation.forget_moves('shop.visit', '{05/06/2024 21:00}'), segmentation.forget_moves('shop.visit', '{06/05/2024 21:00}');
RESET DateStyle;
RESET TimeZone;
DELETE FROM segmentation.customer_move WHERE customers = 'shop.visit';

-- Offers for one customer alone go with the customer.
SELECT FROM segmentation.create_market('erasure-de', 'EUR', '{DE}');
CREATE TABLE shop.buyer (id int PRIMARY KEY, segment segment_id);
CREATE TABLE shop.purchase (number int PRIMARY KEY, buyer int NOT NULL REFERENCES shop.buyer, segment segment_id);
ALTER TABLE shop.buyer OWNER TO regress_erasure_owner;
ALTER TABLE shop.purchase OWNER TO regress_erasure_owner;
SELECT FROM segmentation.install_lock('shop.buyer', 'shop.purchase', markets => true);
INSERT INTO segmentation.offer (market, code, price, customer) VALUES ('erasure-de', 'hers', '1 EUR', '{7}'), ('erasure-de', 'his', '1 EUR', '{8}'), ('erasure-de', 'all', '1 EUR', NULL);
SET SESSION AUTHORIZATION regress_erasure_owner;
\x on
SELECT * FROM pg_temp.refusal($$ SELECT segmentation.forget_everywhere('buyer', '{7}') $$);
\x off
RESET SESSION AUTHORIZATION;
GRANT SELECT, DELETE ON segmentation.offer TO regress_erasure_owner;
SET SESSION AUTHORIZATION regress_erasure_owner;
SELECT segmentation.forget_everywhere('buyer', '{07}'), segmentation.forget_everywhere('buyer', '{9}');
RESET SESSION AUTHORIZATION;
SELECT code FROM segmentation.offer WHERE market = 'erasure-de' ORDER BY code;
-- Where it may be another table's customer they are left, and who knows better is told how; a stranger's table does not count.
CREATE TABLE regress_erasure_stranger.fan (id int PRIMARY KEY, segment text);
ALTER TABLE regress_erasure_stranger.fan OWNER TO regress_erasure_clerk;
SET SESSION AUTHORIZATION regress_erasure_clerk;
CREATE TRIGGER segmentation_lock_customer AFTER UPDATE ON regress_erasure_stranger.fan FOR EACH ROW
    EXECUTE FUNCTION segmentation_internal.lock_customer('customers=regress_erasure_stranger.fan', 'customer_key=id', 'customer_segment=segment');
CREATE TABLE regress_erasure_stranger.fan_deal (number int PRIMARY KEY, fan int NOT NULL REFERENCES regress_erasure_stranger.fan, segment text);
CREATE TRIGGER lock AFTER INSERT ON regress_erasure_stranger.fan_deal FOR EACH ROW
    EXECUTE FUNCTION segmentation_internal.lock_subscription('customers=regress_erasure_stranger.fan', 'subscriptions=regress_erasure_stranger.fan_deal',
        'customer_key=id', 'customer_segment=segment', 'subscription_customer=fan', 'subscription_segment=segment', 'markets=true');
RESET SESSION AUTHORIZATION;
SELECT segmentation.forget_everywhere('shop.buyer', '{8}');
CREATE TABLE shop.patron (id int PRIMARY KEY, segment segment_id);
CREATE TABLE shop.gift (number int PRIMARY KEY, patron int NOT NULL REFERENCES shop.patron, segment segment_id);
SELECT FROM segmentation.install_lock('shop.patron', 'shop.gift', markets => true);
INSERT INTO segmentation.offer (market, code, price, customer) VALUES ('erasure-de', 'it''s theirs', '1 EUR', '{42}'), ('erasure-de', 'one more', '1 EUR', '{042}');
SET SESSION AUTHORIZATION regress_erasure_owner;
SELECT segmentation.forget_everywhere('buyer', '{42}');
RESET SESSION AUTHORIZATION;
SELECT segmentation.forget_everywhere('shop.buyer', '{9}'), segmentation.forget_everywhere('shop.patron', '{43}');
SELECT code FROM segmentation.offer WHERE market = 'erasure-de' ORDER BY code;
DELETE FROM segmentation.offer WHERE (market, code) IN (('erasure-de', 'it''s theirs'), ('erasure-de', 'one more'));
DROP TABLE regress_erasure_stranger.fan_deal, regress_erasure_stranger.fan;
REVOKE SELECT, DELETE ON segmentation.offer FROM regress_erasure_owner;

-- Records of moves follow a table that is renamed; a table that has its name then is another.
CREATE TABLE shop.person (id int PRIMARY KEY, segment text);
CREATE TABLE shop.contract (number int PRIMARY KEY, person int NOT NULL REFERENCES shop.person, segment text);
INSERT INTO shop.person VALUES (1, 'a'), (2, 'a');
SELECT count(*) FROM segmentation.install_lock('shop.person', 'shop.contract');
SELECT to_segment FROM segmentation.move_customer('shop.person', '{1}', 'b', 'grew');
SELECT to_segment FROM segmentation.move_customer('shop.person', '{2}', 'b', 'grew');
SELECT segmentation.create_model('people', 'shop.person', '{id}', schema => 'shop');
SELECT segmentation.create_model('persons', 'shop.person', '{id}', schema => 'shop');
SELECT FROM segmentation.define_segment('people', 'all', 'true');
SELECT FROM segmentation.define_segment('persons', 'all', 'true');
SELECT appeared FROM unnest('{people,persons}'::text[]) AS m, segmentation.refresh(m);
INSERT INTO shop.persons_override (id, segment, member, reason) VALUES (2, 'all', true, 'kept');
ALTER TABLE shop.person RENAME TO people;
CREATE TABLE shop.person (id int PRIMARY KEY);
SELECT relation FROM segmentation.customer_move WHERE customers = 'shop.person';
-- the name of then: who is meant is said
\x on
SELECT * FROM pg_temp.refusal($$ SELECT segmentation.forget_everywhere('shop.person', '{1}') $$);
\x off
DROP TABLE shop.person;
SELECT segmentation.forget_moves('shop.people', '{1}');
-- A model that has lost a table keeps nobody from being erased everywhere else, and from what is left of it.
SET client_min_messages = warning;
DROP TABLE shop.persons_history CASCADE;
DELETE FROM shop.people;
BEGIN;
SELECT segmentation.forget_everywhere('shop.people', '{2}');
SELECT count(*) FROM segmentation.customer_move WHERE customers = 'shop.person';
SELECT (SELECT array_agg(id) FROM shop.people_assignment) AS people, (SELECT array_agg(id) FROM shop.persons_assignment) AS persons,
    (SELECT array_agg(id) FROM shop.persons_override) AS decided;
ROLLBACK;
BEGIN;
DROP TABLE shop.persons_assignment CASCADE;
SELECT segmentation.forget_everywhere('shop.people', '{2}'), (SELECT array_agg(id) FROM shop.persons_override) AS decided;
SELECT array_agg(id) AS decided FROM shop.persons_override;
ROLLBACK;
-- What nobody can read is refused by name: a table with other columns, and one of a model that the catalogue has lost.
\x on
BEGIN;
ALTER TABLE shop.persons_override DROP COLUMN member CASCADE;
SELECT * FROM pg_temp.refusal($$ SELECT segmentation.forget_everywhere('shop.people', '{2}') $$);
ROLLBACK;
BEGIN;
ALTER TABLE shop.persons_assignment RENAME segments TO answers;
SELECT * FROM pg_temp.refusal($$ SELECT segmentation.forget_everywhere('shop.people', '{2}') $$);
ROLLBACK;
BEGIN;
DELETE FROM segmentation.model WHERE id = 'persons';
SELECT * FROM pg_temp.refusal($$ SELECT segmentation.forget_everywhere('shop.people', '{2}') $$);
SELECT finding, object, hint FROM segmentation.check_restore() WHERE object LIKE 'shop.persons%';
-- a stranger's is a warning
ALTER TABLE shop.persons_assignment OWNER TO regress_erasure_clerk;
ALTER TABLE shop.persons_override OWNER TO regress_erasure_clerk;
SELECT segmentation.forget_everywhere('shop.people', '{2}');
ROLLBACK;
\x off

-- Of many records those that cannot be read cost no more than themselves.
BEGIN;
INSERT INTO segmentation.customer_move (customers, customer_key, to_segment, reason, relation)
    SELECT 'shop.person', CASE WHEN i % 1000 = 0 THEN ARRAY['old' || i] WHEN i % 1000 = 1 THEN ARRAY['0002'] ELSE ARRAY[i::text] END, 'b', 'many', 'shop.people'
      FROM generate_series(3, 20000) AS i;
SELECT segmentation.forget_moves('shop.people', '{2}');
SELECT count(*) FROM segmentation.customer_move WHERE reason = 'many';
ROLLBACK;
RESET client_min_messages;
SELECT segmentation.drop_model('people'), segmentation.drop_model('persons');

-- A stranger whose tables may refer to the customers neither stops that nor says what their key is.
CREATE TABLE shop.guest (id int PRIMARY KEY, born date UNIQUE, segment text);
CREATE TABLE shop.stay (number int PRIMARY KEY, guest int NOT NULL REFERENCES shop.guest, segment text);
CREATE TABLE shop.visitor (id int PRIMARY KEY);
INSERT INTO shop.guest VALUES (1, '2000-01-01', 'a'), (2, '2000-01-02', 'a'), (3, '2000-01-03', 'a');
INSERT INTO shop.visitor VALUES (1);
SELECT count(*) FROM segmentation.install_lock('shop.guest', 'shop.stay');
SELECT to_segment FROM unnest('{1,2,3}'::text[]) AS id, segmentation.move_customer('shop.guest', ARRAY[id], 'b', 'grew') ORDER BY id;
SELECT segmentation.create_model('visitors', 'shop.visitor', '{id}', schema => 'shop');
GRANT REFERENCES ON shop.guest, shop.visitor TO regress_erasure_clerk;
SET SESSION AUTHORIZATION regress_erasure_clerk;
CREATE TABLE regress_erasure_stranger.broken (guest int REFERENCES shop.guest, visitor int REFERENCES shop.visitor);
CREATE TRIGGER lock_guest AFTER INSERT ON regress_erasure_stranger.broken FOR EACH ROW EXECUTE FUNCTION segmentation_internal.lock_subscription('customers=shop.guest');
CREATE TRIGGER lock_visitor AFTER INSERT ON regress_erasure_stranger.broken FOR EACH ROW EXECUTE FUNCTION segmentation_internal.lock_subscription('customers=shop.visitor');
CREATE TABLE regress_erasure_stranger.mine (born date REFERENCES shop.guest (born), segment text);
CREATE TRIGGER lock_guest AFTER INSERT ON regress_erasure_stranger.mine FOR EACH ROW
    EXECUTE FUNCTION segmentation_internal.lock_subscription('customers=shop.guest', 'subscriptions=regress_erasure_stranger.mine',
        'customer_key=born', 'customer_segment=segment', 'subscription_customer=born', 'subscription_segment=segment');
RESET SESSION AUTHORIZATION;
SELECT segmentation.forget_everywhere('shop.guest', '{1}'), segmentation.forget_everywhere('shop.visitor', '{1}');
SELECT segmentation.forget_moves('shop.guest', '{2}');
-- nor where the guard has been lost
DROP TRIGGER segmentation_lock_customer ON shop.guest;
SELECT segmentation.forget_everywhere('shop.guest', '{3}');
SELECT segmentation.drop_model('visitors');

-- What is wrong with the source, or the rights to it, keeps nobody from being erased from what is stored.
CREATE TABLE shop.caller (id int PRIMARY KEY, name text);
INSERT INTO shop.caller SELECT i, 'caller ' || i FROM generate_series(1, 9) AS i;
CREATE VIEW shop.callers AS SELECT * FROM shop.caller;
GRANT SELECT ON shop.caller, shop.callers TO regress_erasure_owner;
SET SESSION AUTHORIZATION regress_erasure_owner;
SELECT segmentation.create_model('calling', 'caller', '{id}'), segmentation.create_model('called', 'callers', '{id}');
SELECT FROM segmentation.define_segment('calling', 'all', 'true');
SELECT FROM segmentation.define_segment('called', 'all', 'true');
SELECT appeared FROM unnest('{calling,called}'::text[]) AS m, segmentation.refresh(m);
RESET SESSION AUTHORIZATION;
ALTER TABLE shop.caller ENABLE ROW LEVEL SECURITY;
SELECT segmentation.forget_customer('calling', '1');
ALTER TABLE shop.caller DISABLE ROW LEVEL SECURITY;
REVOKE SELECT ON shop.caller FROM regress_erasure_owner;
SELECT segmentation.forget_customer('calling', '2');
SELECT segmentation.forget_everywhere('shop.caller', '{3}');
CREATE OR REPLACE VIEW shop.callers AS SELECT id, name FROM shop.caller WHERE shop.checked(id::text);
SELECT segmentation.forget_everywhere('shop.callers', '{4}');
SET SESSION AUTHORIZATION regress_erasure_owner;
SELECT segmentation.forget_customer('called', '5'), segmentation.forget_customer('calling', '5');
SELECT (SELECT array_agg(id ORDER BY id) FROM calling_assignment) AS calling, (SELECT array_agg(id ORDER BY id) FROM called_assignment) AS called;
RESET SESSION AUTHORIZATION;

-- History is pruned as the owner of its table, who may be another than the model's.
INSERT INTO shop.calling_history (id, since, until, version, segments, cause) VALUES (6, '2020-01-01', '2020-02-01', 1, '{}', 'refresh');
GRANT regress_erasure_owner TO regress_erasure_clerk;
ALTER TABLE shop.calling_history OWNER TO regress_erasure_clerk;
GRANT SELECT, INSERT, DELETE ON shop.calling_history TO regress_erasure_owner;
SELECT segmentation.prune_history('calling', '2020-03-01');
SELECT segmentation.drop_model('calling'), segmentation.drop_model('called');

SELECT segmentation.drop_model('second'), segmentation.drop_model('first');
RESET search_path;
SET client_min_messages = warning;
DROP SCHEMA shop, regress_erasure_stranger CASCADE;
DROP FUNCTION traces;
DELETE FROM segmentation.offer WHERE market = 'erasure-de';
DELETE FROM segmentation.market WHERE id = 'erasure-de';
DELETE FROM segmentation.model WHERE id = 'market';
DELETE FROM segmentation.customer_move WHERE customers LIKE 'shop.%';
REVOKE EXECUTE ON FUNCTION segmentation.move_customer FROM regress_erasure_owner;
DROP ROLE regress_erasure_owner, regress_erasure_clerk;
