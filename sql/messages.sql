-- refusals: no lines of our own functions in the context, no more than ten things listed, and hints that work when pasted
\set VERBOSITY terse
CREATE FUNCTION pg_temp.refusal(statement text, OUT message text, OUT detail text, OUT hint text, OUT context text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    message := 'accepted';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT, context = PG_EXCEPTION_CONTEXT;
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

-- no frame of any kind under what our functions refuse, whether they are written in C, SQL or PL
SET client_min_messages = warning;
CREATE TABLE twice (id int, plan text, amount numeric);
SELECT segmentation.create_model('twice', 'twice', '{id}');
SELECT members FROM segmentation.define_segment('twice', 'one', $$plan = 'free'$$);
INSERT INTO twice VALUES (1, 'free', 'NaN'), (1, 'free', 'Infinity');
CREATE TABLE called (n int GENERATED ALWAYS AS IDENTITY, statement text);
INSERT INTO called (statement) VALUES
    ($$SELECT segmentation.explain_customer('zz', '7')$$),
    ($$SELECT segmentation.explain_customer('Not a name', '7')$$),
    ($$SELECT segmentation.explain_customer('twice', '7')$$),
    ($$SELECT segmentation.explain_customer('twice', 'seven')$$),
    ($$SELECT segmentation.explain_customer_json('zz', '7')$$),
    ($$SELECT segmentation.explain_customer_json('twice', '7')$$),
    ($$SELECT segmentation.impact('twice', 'one', 'zz > 1')$$),
    ($$SELECT segmentation.impact('twice', kind => 'none')$$),
    ($$SELECT segmentation.refresh('twice')$$),
    ($$SELECT segmentation.classify('twice', '1')$$),
    ($$SELECT segmentation.model_status('Not a name')$$),
    ($$SELECT segmentation.model_status(NULL)$$),
    ($$SELECT segmentation.create_model_from('rfm', 'twice', 'id', 'id', 'id', key => '{id}', time_zone => 'Mars')$$),
    ($$SELECT segmentation.create_model_from('rfm', 'twice', 'id', 'id', 'id', key => '{id}', time_zone => NULL)$$),
    ($$SELECT segmentation.create_model_from('revenue', 'twice', 'amount', key => '{nothing}')$$);
SELECT n, message, context FROM called, pg_temp.refusal(statement)
 WHERE message = 'accepted' OR position('SQL statement "' || statement || '"' IN context) <> 1 ORDER BY n;
-- whose a model's tables are, and how to go on
CREATE ROLE regress_told;
CREATE ROLE regress_other;
CREATE SCHEMA told AUTHORIZATION regress_told;
SET ROLE regress_told;
CREATE TABLE told.source (id int PRIMARY KEY);
SELECT segmentation.create_model('told', 'told.source', '{id}', schema => 'told');
RESET ROLE;
GRANT CREATE ON SCHEMA told TO regress_other;
ALTER TABLE told.told_history OWNER TO regress_other;
SET ROLE regress_told;
\pset format unaligned
\pset tuples_only on
SELECT message, detail, hint FROM pg_temp.refusal($$SELECT segmentation.drop_model('told')$$);
RESET ROLE;
DROP TABLE told.told_assignment CASCADE;
SET ROLE regress_told;
SELECT message, detail FROM pg_temp.refusal($$SELECT segmentation.drop_model('told')$$);
\pset tuples_only off
\pset format aligned
RESET ROLE;
SELECT segmentation.drop_model('told');
DROP SCHEMA told CASCADE;
DROP ROLE regress_told, regress_other;
SET client_min_messages = notice;

-- lists have at most ten, hints what to write, and constraints say what is wanted
CREATE TABLE told_of (id int PRIMARY KEY, last_order date, orders int, spent currency_price, amount numeric);
SELECT segmentation.create_model('told-of', 'told_of', '{id}', kind => 'exclusive');
INSERT INTO told_of VALUES (1, '2026-01-01', 1, '1 EUR', 'NaN'), (2, '2026-01-02', 2, '2 CHF', 'Infinity'), (3, '2026-01-03', 3, NULL, 3), (4, '2026-01-04', 4, NULL, 4), (5, '2026-01-05', 5, NULL, 5);
CREATE TABLE wrong (n int GENERATED ALWAYS AS IDENTITY, statement text);
INSERT INTO wrong (statement) VALUES
    ($$SELECT segmentation.create_market('zz', 'EUR', ARRAY(SELECT 'Z' || i FROM generate_series(1, 51) i))$$),
    ($$UPDATE segmentation.market SET countries = ARRAY(SELECT 'Z' || i FROM generate_series(1, 51) i) || '{FR,FR}'$$),
    ($$INSERT INTO "told-of_override" (id, segment, member, reason) VALUES (1, 'x', true, ' ')$$),
    ($$INSERT INTO "told-of_override" (id, segment, member, reason, author) VALUES (1, 'x', true, 'why', '')$$),
    ($$INSERT INTO "told-of_override" (id, segment, member, reason, expires_at) VALUES (1, 'x', true, 'why', 'infinity')$$),
    ($$UPDATE segmentation.model SET kind = 'other'$$),
    ($$UPDATE segmentation.model SET key = '{}'$$),
    ($$UPDATE segmentation.model SET version = 0$$),
    ($$INSERT INTO segmentation.offer (market, code, price) VALUES ('big', 'x', '5 CHF')$$),
    ($$SELECT segmentation.define_segment('told-of', 'x', 'orders > 1')$$),
    ($$SELECT segmentation.define_segment('told-of', 'x', 'spent > 300', rank => 1)$$),
    ($$SELECT segmentation.classify_row('told-of', '{"order": 1}')$$),
    ($$SELECT segmentation.create_model('told', 'told_of', '{tenant,kode}')$$),
    ($$SELECT segmentation.create_model('told', 'told_of', '{id}', time_zone => 'Mars')$$),
    ($$SELECT segmentation.alter_model('told-of', kind => 'column')$$),
    ($$SELECT segmentation.create_model_from('rfm', 'told_of', 'last_order', key => '{id}')$$),
    ($$SELECT segmentation.create_model_from('rfm', 'told_of', 'last_order', 'orders', key => '{id}')$$),
    ($$SELECT segmentation.create_model_from('nps', 0, 'id', key => '{id}')$$),
    ($$SELECT segmentation.create_model_from('revenue', 'told_of', 'spent', tiers => 'low 0, high 5 USD')$$),
    ($$SELECT segmentation.create_model_from('revenue', 'told_many', 'spent')$$),
    ($$SELECT segmentation.classify_row('told-of', '{"id": 7, "orders": "many"}')$$),
    ($$SELECT segmentation.classify_row('told-of', '{"id": 7, "spent": "9.9"}')$$),
    ($$SELECT segmentation.alter_model('told-many', kind => 'exclusive')$$),
    ($$SELECT segmentation.alter_model('told-many', schema => 'public')$$),
    ($$UPDATE segmentation.market SET currency = 'CAD' WHERE id = 'big'$$),
    ($$SELECT quantile_breaks(x, 5) FROM unnest('{1,NaN}'::float8[]) AS x$$),
    ($$SELECT format_price('1 EUR', 'fr-LI')$$);
CREATE TABLE told_many AS SELECT n::int AS id, currency_price(1, code) AS spent FROM unnest('{CHF,EUR,USD,GBP,JPY,CAD,AUD,SEK,NOK,DKK,PLN,CZK}'::text[]) WITH ORDINALITY AS c (code, n);
ALTER TABLE told_many ADD PRIMARY KEY (id);
SELECT segmentation.create_model('told-many', 'told_many', '{id}');
SELECT members FROM segmentation.define_segment('told-many', 'some', 'id > 3');
\pset format unaligned
\pset tuples_only on
SELECT n, message, detail, hint, pg_temp.pasted(hint) FROM wrong, pg_temp.refusal(statement) ORDER BY n;
SELECT n, context FROM wrong, pg_temp.refusal(statement) WHERE position('SQL statement "' || statement || '"' IN context) <> 1 AND message !~ 'price is compared' ORDER BY n;
-- where a column of the key has another name now, and where the source is gone
ALTER TABLE told_many RENAME id TO ident;
SELECT message, detail, hint, pg_temp.pasted(hint) FROM pg_temp.refusal($$SELECT segmentation.refresh('told-many')$$);
ALTER TABLE told_many RENAME ident TO id;
ALTER TABLE told_many RENAME TO told_once;
DROP TABLE told_once CASCADE;
SELECT message, detail, hint FROM pg_temp.refusal($$SELECT segmentation.refresh('told-many')$$) \gset
CREATE TABLE told_many (id int PRIMARY KEY);
SELECT :'message', :'detail', :'hint', pg_temp.pasted(:'hint');
\pset tuples_only off
\pset format aligned
-- rules that fail beside one that is tried
\set VERBOSITY default
INSERT INTO told_of VALUES (6, NULL, 0);
SET client_min_messages = error;
SELECT count(members) FROM generate_series(1, 12) AS n, segmentation.define_segment('told-of', 's' || n, '1 / orders = ' || n, rank => n);
SET client_min_messages = warning;
SELECT count(segmentation.drop_segment('told-of', 's' || n)) FROM generate_series(2, 12) AS n;
SELECT members FROM segmentation.preview('told-of', 'orders = 1', 's1');
SET client_min_messages = error;
SELECT count(members) FROM generate_series(2, 12) AS n, segmentation.define_segment('told-of', 's' || n, '1 / orders = ' || n, rank => n);
SET client_min_messages = warning;
SELECT members FROM segmentation.preview('told-of', 'orders = 1', 's12');
\set VERBOSITY terse
SELECT segmentation.drop_model('told-of'), segmentation.drop_model('told-many');
DROP TABLE told_of, told_many, wrong;
SET client_min_messages = notice;

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
SELECT segmentation.drop_model('twice');
DROP TABLE twice, called, person, people, sub, client, price, product, ssub, acc, ts, ta, lone;
DELETE FROM segmentation.offer;
DELETE FROM segmentation.market;
DELETE FROM segmentation.model;
