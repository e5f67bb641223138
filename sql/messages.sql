-- refusals: no lines of our own functions in the context, no more than ten things listed, and hints that work when pasted
\set VERBOSITY terse
CREATE FUNCTION pg_temp.refusal(statement text, OUT message text, OUT hint text, OUT context text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    message := 'accepted';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT, context = PG_EXCEPTION_CONTEXT;
END
$$;
-- what becomes of the statements in a hint, each after those before it; nothing stays
CREATE FUNCTION pg_temp.pasted(hint text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    statement text;
BEGIN
    FOR statement IN SELECT m[1] FROM regexp_matches(hint, '((?:SELECT|ALTER TABLE|GRANT|UPDATE) [^;]*;)', 'g') m LOOP
        EXECUTE statement;
    END LOOP;
    IF statement IS NULL THEN
        RETURN NULL;
    END IF;
    RAISE 'works';
EXCEPTION WHEN OTHERS THEN
    RETURN sqlerrm;
END
$$;
CREATE TABLE product (id int PRIMARY KEY, segment segment_id);
CREATE TABLE price (id int PRIMARY KEY, product_id int NOT NULL REFERENCES product);
CREATE TABLE cust (id int PRIMARY KEY, segment segment_id);
CREATE TABLE sub (id int PRIMARY KEY, cust_id int NOT NULL REFERENCES cust, price_id int NOT NULL REFERENCES price);
CREATE TABLE acc (id uuid PRIMARY KEY, ext text UNIQUE, segment segment_id);
CREATE TABLE ssub (id int PRIMARY KEY, cust text REFERENCES acc (ext), segment segment_id);
CREATE TABLE ta (id uuid PRIMARY KEY, org int NOT NULL, segment segment_id);
CREATE TABLE ts (id int PRIMARY KEY, org int, cid uuid REFERENCES ta, segment segment_id);
CREATE TABLE lone (id int PRIMARY KEY, segment segment_id);
SELECT id FROM segmentation.create_market('big', 'EUR', '{FR}', default_language => 'fr');
INSERT INTO segmentation.offer (market, code, price) SELECT 'big', 'o' || to_char(i, 'FM00000'), '5 EUR' FROM generate_series(1, 10000) i;

CREATE TEMP TABLE refused (n int GENERATED ALWAYS AS IDENTITY, statement text);
INSERT INTO refused (statement) VALUES
    ($$SELECT segmentation.install_lock('cust', 'sub', offers => 'product', dry_run => true)$$),
    ($$SELECT segmentation.install_lock('acc', 'ssub', dry_run => true)$$),
    ($$SELECT segmentation.install_lock('ta', 'ts', customer_key => '{org,id}', subscription_customer => '{org,cid}', dry_run => true)$$),
    ($$SELECT segmentation.install_lock('ta', 'ts', customer_key => '{org,id}', subscription_customer => '{cid}', dry_run => true)$$),
    ($$SELECT segmentation.install_lock('cust', 'lone', dry_run => true)$$),
    ($$SELECT segmentation.install_lock('cust', 'sub', customer_segment => 'part', dry_run => true)$$),
    ($$SELECT segmentation.install_lock('cust', 'sub', locks_when => 'nothing', dry_run => true)$$),
    ($$SELECT segmentation.remove_lock('cust')$$),
    ($$SELECT segmentation.renew_lock('cust')$$),
    ($$SELECT segmentation.create_market('ka', 'EUR', '{FR}', customer_type => 'key account')$$),
    ($$INSERT INTO segmentation.offer (market, code, price, kind) VALUES ('big', 'x', '5 EUR', 'addon')$$),
    ($$UPDATE segmentation.market SET status = 'live'$$),
    ($$SELECT segmentation.activate_market('big')$$),
    ($$SELECT segmentation.check_market('nowhere')$$),
    ($$SELECT segmentation.create_model_from('nps2', 'cust')$$),
    ($$SELECT segmentation.create_model_from('nps', 'cust', 'id', name => 'Not a name')$$),
    ($$SELECT segmentation.model_status('nowhere')$$);
SELECT n, message, hint, pg_temp.pasted(hint) AS pasted FROM refused, pg_temp.refusal(statement) ORDER BY n;
-- those whose context tells of a function of ours: none
SELECT n, context FROM refused, pg_temp.refusal(statement) WHERE context ~ 'function "?segmentation' OR context ~ 'SQL statement "SELECT segmentation_internal';
-- the functions of who calls are told
CREATE FUNCTION pg_temp.caller() RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM segmentation.activate_market('big'); END $$;
SELECT context ~ 'caller' AS told FROM pg_temp.refusal('SELECT pg_temp.caller()');

-- a lock is renewed with the arguments that it had
DROP TABLE sub;
CREATE TABLE sub (id int PRIMARY KEY, cust_id int NOT NULL REFERENCES cust, segment segment_id, status text);
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('cust', 'sub', locks_when => $$status <> 'it''s'$$, running_when => $$status = 'active'$$);
CREATE TEMP TABLE before AS SELECT argument, value FROM segmentation.lock;
SELECT count(*) > 0 AS renewed FROM segmentation.renew_lock('cust');
(TABLE before EXCEPT SELECT argument, value FROM segmentation.lock) UNION ALL (SELECT argument, value FROM segmentation.lock EXCEPT TABLE before);
ALTER TABLE cust RENAME TO client;
SELECT message, hint, pg_temp.pasted(hint) FROM pg_temp.refusal($$INSERT INTO client VALUES (1, 'a'); INSERT INTO sub VALUES (1, 1, 'a', 'active')$$);
SELECT count(*) > 0 AS renewed FROM segmentation.renew_lock(NULL, 'sub');
(TABLE before EXCEPT SELECT argument, value FROM segmentation.lock) UNION ALL (SELECT argument, value FROM segmentation.lock EXCEPT TABLE before) ORDER BY 2;
SELECT rtrim(c, ';') AS call FROM segmentation.remove_lock('client') AS c \gset
:call \g /dev/null
SELECT argument, value FROM segmentation.lock WHERE argument LIKE '%when';
SELECT count(*) FROM segmentation.remove_lock('client');

-- a rule that negates says whom it leaves out, and what to write
CREATE TABLE person (id int PRIMARY KEY, plan text, paid boolean);
INSERT INTO person VALUES (1, 'free', true), (2, 'team', false), (3, NULL, NULL);
SELECT segmentation.create_model('plans', 'person', '{id}');
\set VERBOSITY default
SELECT members FROM segmentation.define_segment('plans', 'paying', $$plan <> 'free'$$);
SELECT members FROM segmentation.define_segment('plans', 'paying', $$plan IS DISTINCT FROM 'free'::text$$);
SELECT members FROM segmentation.define_segment('plans', 'other', $$NOT paid$$);
SELECT members FROM segmentation.define_segment('plans', 'other', $$(paid) IS NOT TRUE$$);
SELECT members FROM segmentation.define_segment('plans', 'few', $$plan NOT IN ('free', 'team')$$);
-- what is never NULL, and what negates nothing, is not told of
SELECT members FROM segmentation.define_segment('plans', 'third', $$id <> 3 AND plan = 'team'$$);
-- a source that a rule does not fit
CREATE TABLE people (id int PRIMARY KEY, paid boolean);
SELECT segmentation.alter_model('plans', source => 'people');
\set VERBOSITY terse
SET client_min_messages = warning;
SELECT segmentation.drop_model('plans');
DROP TABLE person, people, sub, client, price, product, ssub, acc, ts, ta, lone;
DELETE FROM segmentation.offer;
DELETE FROM segmentation.market;
DELETE FROM segmentation.model;
