-- who may do what: writers without rights on customers, row security, triggers
-- of others, and triggers made by hand
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/lock.sql'
\set ECHO none
\i :include
\set ECHO all
SET client_min_messages = warning;
DROP ROLE IF EXISTS regress_lock_owner, regress_lock_seller, regress_lock_writer, regress_lock_mover, regress_lock_other;
RESET client_min_messages;
CREATE ROLE regress_lock_owner;
CREATE ROLE regress_lock_seller;
CREATE ROLE regress_lock_writer;
CREATE ROLE regress_lock_mover;
CREATE ROLE regress_lock_other;
GRANT CREATE ON SCHEMA lock_test TO PUBLIC;
SET search_path = lock_test, public;

SET ROLE regress_lock_owner;
CREATE TABLE customers (id int PRIMARY KEY, segment segment_id, tenant int DEFAULT 1);
CREATE TABLE subscriptions (id int PRIMARY KEY, customer_id int REFERENCES customers, segment segment_id, status text DEFAULT 'active');
CREATE TABLE secrets (secret text);
INSERT INTO customers SELECT n, 'eu' FROM generate_series(1, 9) n;
INSERT INTO secrets VALUES ('of the owner');

-- installing and removing is for who owns the tables
SET ROLE regress_lock_other;
CALL refused($$ SELECT segmentation.install_lock('customers', 'subscriptions') $$);
CALL refused($$ SELECT segmentation.install_lock('customers', 'subscriptions', dry_run => true) $$);
SET ROLE regress_lock_owner;
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('customers', 'subscriptions', running_when => 'status = ''active''');
SET ROLE regress_lock_other;
CALL refused($$ SELECT segmentation.remove_lock('customers') $$);
CALL refused($$ SELECT segmentation.remove_lock(NULL, 'subscriptions') $$);
SET ROLE regress_lock_owner;

-- a writer of subscriptions needs no rights on customers, and has none
GRANT SELECT, INSERT, UPDATE, DELETE ON subscriptions TO regress_lock_writer;
SET ROLE regress_lock_writer;
INSERT INTO subscriptions VALUES (1, 1, 'eu');
CALL refused($$ INSERT INTO subscriptions VALUES (2, 1, 'us') $$);
CALL refused($$ UPDATE subscriptions SET segment = 'us' $$);
CALL refused($$ SELECT * FROM customers $$);
CALL refused($$ UPDATE customers SET segment_locked_at = NULL $$);
CALL refused($$ SELECT * FROM segmentation.lock_violations('customers') $$);
CALL refused($$ SELECT * FROM segmentation.move_blockers('customers', '{1}', 'us') $$);

-- rights on a column of customers are rights on no more
SET ROLE regress_lock_owner;
GRANT SELECT, UPDATE (tenant) ON customers TO regress_lock_writer;
SET ROLE regress_lock_writer;
UPDATE customers SET tenant = 2 WHERE id = 9;
CALL refused($$ UPDATE customers SET segment_locked_at = now() WHERE id = 9 $$);
CALL refused($$ UPDATE customers SET segment = 'us' WHERE id = 9 $$);
SELECT * FROM segmentation.move_blockers('customers', '{1}', 'us');

-- move_customer is granted; it gives no right to the table, and alone makes records
CALL refused($$ SELECT segmentation.move_customer('customers', '{1}', 'us', 'no') $$);
RESET ROLE;
GRANT EXECUTE ON FUNCTION segmentation.move_customer TO regress_lock_mover;
SET ROLE regress_lock_mover;
CALL refused($$ SELECT segmentation.move_customer('customers', '{1}', 'us', 'no') $$);
RESET ROLE;
GRANT SELECT, UPDATE ON customers TO regress_lock_mover;
SET ROLE regress_lock_mover;
CALL refused($$ SELECT segmentation.move_customer('customers', '{1}', 'us', 'no') $$);
CALL refused($$ SELECT * FROM segmentation.move_blockers('customers', '{1}', 'us') $$);
CALL refused($$ UPDATE customers SET segment = 'us' WHERE id = 1 $$);
CALL refused($$ UPDATE customers SET segment_locked_at = NULL WHERE id = 1 $$);
RESET ROLE;
UPDATE subscriptions SET status = 'ended';
SET ROLE regress_lock_mover;
SELECT customers, customer_key, from_segment, to_segment, reason, moved_by = session_user AS by_session_user
  FROM segmentation.move_customer('customers', '{1}', 'us', 'ended');
CALL refused($$ INSERT INTO segmentation.customer_move (customers, customer_key, to_segment, reason) VALUES ('c', '{1}', 'us', 'forged') $$);
CALL refused($$ UPDATE segmentation.customer_move SET reason = 'forged' $$);
CALL refused($$ DELETE FROM segmentation.customer_move $$);
CALL refused($$ SELECT * FROM segmentation.customer_move $$);

-- no setting of a session opens the lock
SET "segmentation.move" = 'on';
SET "segmentation.permitted_move" = '{1}';
SET row_security = off;
SET search_path = pg_temp, lock_test, public;
CREATE TEMPORARY TABLE permitted_move AS SELECT true AS active;
CALL lock_test.refused($$ UPDATE lock_test.customers SET segment = 'eu' WHERE id = 1 $$);
CALL lock_test.refused($$ SET session_replication_role = replica $$);
CALL lock_test.refused($$ ALTER TABLE lock_test.customers DISABLE TRIGGER ALL $$);
RESET row_security;
SET search_path = lock_test, public;

-- a move that fails leaves nothing open, whatever a trigger does meanwhile
RESET ROLE;
CREATE FUNCTION on_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    CASE current_setting('lock_test.action', true)
        WHEN 'suppress' THEN RETURN NULL;
        WHEN 'fail' THEN RAISE 'failed';
        WHEN 'rewrite' THEN NEW.segment := 'asia';
        WHEN 'unlock' THEN NEW.segment_locked_at := NULL;
        WHEN 'more' THEN UPDATE lock_test.customers SET segment = 'eu' WHERE id = 3 AND NEW.id <> 3;
        ELSE NULL;
    END CASE;
    RETURN NEW;
END
$$;
INSERT INTO subscriptions VALUES (2, 2, 'eu', 'ended'), (3, 3, 'us', 'ended');
SELECT to_segment FROM segmentation.move_customer('customers', '{3}', 'us', 'to be moved');
CREATE TRIGGER on_update BEFORE UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION on_update();
CREATE PROCEDURE try_move(what text) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('lock_test.action', what, false);
    RAISE INFO '--- % ---', what;
    CALL lock_test.refused('SELECT segmentation.move_customer(''customers'', ''{2}'', ''us'', ''no'')');
    PERFORM set_config('lock_test.action', '', false);
    CALL lock_test.refused('UPDATE customers SET segment = ''us'' WHERE id = 2');
END
$$;
CALL try_move('suppress');
CALL try_move('fail');
CALL try_move('rewrite');
CALL try_move('unlock');
CALL try_move('more');

-- nor does a first subscription get past a trigger that undoes its lock
CREATE PROCEDURE try_subscribe(what text) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('lock_test.action', what, false);
    RAISE INFO '--- % ---', what;
    CALL lock_test.refused('INSERT INTO subscriptions VALUES (4, 4, ''eu'')');
    PERFORM set_config('lock_test.action', '', false);
END
$$;
CALL try_subscribe('suppress');
CALL try_subscribe('fail');
CALL try_subscribe('rewrite');
CALL try_subscribe('unlock');
CALL try_subscribe('more');
DROP TRIGGER on_update ON customers;

-- a trigger of others on customers that makes a subscription itself
CREATE FUNCTION welcome() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO lock_test.subscriptions VALUES (NEW.id + 1000, NEW.id, coalesce(nullif(current_setting('lock_test.action', true), ''), NEW.segment::text)::segment_id);
    RETURN NULL;
END
$$;
CREATE TRIGGER welcome AFTER UPDATE ON customers FOR EACH ROW
    WHEN (OLD.segment_locked_at IS NULL AND NEW.segment_locked_at IS NOT NULL) EXECUTE FUNCTION welcome();
INSERT INTO subscriptions VALUES (4, 4, 'eu');
SELECT id, segment FROM subscriptions WHERE customer_id = 4 ORDER BY id;
SET lock_test.action = 'us';
CALL refused($$ INSERT INTO subscriptions VALUES (5, 5, 'eu') $$);
DROP TRIGGER welcome ON customers;
RESET lock_test.action;

-- row security on customers: the owner of both tables is above it, even when forced
ALTER TABLE customers ENABLE ROW LEVEL SECURITY;
INSERT INTO customers VALUES (10, 'eu', 2);
SET ROLE regress_lock_writer;
INSERT INTO subscriptions VALUES (6, 5, 'eu');
CALL refused($$ INSERT INTO subscriptions VALUES (7, 5, 'us') $$);
RESET ROLE;
ALTER TABLE customers FORCE ROW LEVEL SECURITY;
SET ROLE regress_lock_writer;
INSERT INTO subscriptions VALUES (7, 6, 'eu');
CALL refused($$ INSERT INTO subscriptions VALUES (8, 6, 'us') $$);
RESET ROLE;
SELECT * FROM state('customers') WHERE customer IN ('5', '6');

-- but who installs must see all, and so must who looks for violations
SET ROLE regress_lock_owner;
CALL refused($$ SELECT * FROM segmentation.lock_violations('customers') $$);
SELECT segmentation.remove_lock('customers');
CALL refused($$ SELECT segmentation.install_lock('customers', 'subscriptions') $$);
ALTER TABLE customers NO FORCE ROW LEVEL SECURITY;
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('customers', 'subscriptions', running_when => 'status = ''active''');
SELECT count(*) FROM segmentation.lock_violations('customers');
CREATE POLICY mover ON customers TO regress_lock_mover USING (tenant = 1);
GRANT SELECT ON subscriptions TO regress_lock_mover;
SET ROLE regress_lock_mover;
CALL refused($$ SELECT * FROM segmentation.lock_violations('customers') $$);
CALL refused($$ SELECT * FROM segmentation.move_blockers('customers', '{10}', 'us') $$);
CALL refused($$ SELECT segmentation.move_customer('customers', '{10}', 'us', 'hidden') $$);
SELECT * FROM segmentation.move_blockers('customers', '{5}', 'us');
CALL refused($$ SELECT segmentation.move_customer('customers', '{5}', 'us', 'not hidden') $$);

-- subscriptions of another owner, to whom row security hides customers or their update
RESET ROLE;
GRANT REFERENCES, SELECT, UPDATE ON customers TO regress_lock_seller;
SET ROLE regress_lock_seller;
CREATE TABLE sales (id int PRIMARY KEY, customer_id int REFERENCES customers, segment segment_id, status text DEFAULT 'active');
CALL refused($$ SELECT segmentation.install_lock('customers', 'sales') $$);
RESET ROLE;
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('customers', 'sales', running_when => 'status = ''active''');
SET ROLE regress_lock_seller;
CALL refused($$ INSERT INTO sales VALUES (1, 7, 'eu') $$);
RESET ROLE;
CREATE POLICY seller_sees ON customers FOR SELECT TO regress_lock_seller USING (tenant = 1);
SET ROLE regress_lock_seller;
CALL refused($$ INSERT INTO sales VALUES (1, 7, 'eu') $$);
INSERT INTO sales VALUES (1, 1, 'us');
CALL refused($$ INSERT INTO sales VALUES (2, 1, 'eu') $$);
CALL refused($$ INSERT INTO sales VALUES (3, 10, 'eu') $$);
CALL refused($$ UPDATE sales SET segment = 'eu' $$);
RESET ROLE;
CREATE POLICY seller_locks ON customers FOR UPDATE TO regress_lock_seller USING (tenant = 1);
SET ROLE regress_lock_seller;
INSERT INTO sales VALUES (4, 7, 'eu');
CALL refused($$ INSERT INTO sales VALUES (5, 7, 'us') $$);
CALL refused($$ UPDATE sales SET segment = 'us' WHERE id = 4 $$);
RESET ROLE;
DROP POLICY seller_sees ON customers;
-- what its owner does not see of the customers counts all the same
CALL refused($$ SELECT segmentation.move_customer('customers', '{7}', 'us', 'no') $$);
CALL refused($$ SELECT * FROM segmentation.lock_violations('customers') $$);
SELECT segmentation.remove_lock('customers', 'sales');
DROP TABLE sales;
DROP POLICY seller_locks ON customers;

-- offers of another owner, to whom row security hides subscriptions
SET ROLE regress_lock_seller;
CREATE TABLE offers (code text PRIMARY KEY, segment segment_id);
INSERT INTO offers VALUES ('basic', 'eu'), ('other', 'eu');
GRANT SELECT, REFERENCES ON offers TO regress_lock_owner;
SET ROLE regress_lock_owner;
CREATE TABLE contracts (id int PRIMARY KEY, customer_id int REFERENCES customers, offer text REFERENCES offers ON UPDATE CASCADE);
ALTER TABLE contracts ENABLE ROW LEVEL SECURITY;
RESET ROLE;
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('customers', 'contracts', offers => 'offers');
INSERT INTO contracts VALUES (1, 8, 'basic');
SET ROLE regress_lock_seller;
CALL refused($$ UPDATE offers SET segment = 'us' $$);
RESET ROLE;
GRANT SELECT ON contracts TO regress_lock_seller;
SET ROLE regress_lock_seller;
CALL refused($$ UPDATE offers SET segment = 'us' $$);
CALL refused($$ WITH gone AS (DELETE FROM offers WHERE code = 'basic' RETURNING code) INSERT INTO offers SELECT code, 'us' FROM gone $$);
RESET ROLE;
ALTER TABLE contracts DISABLE ROW LEVEL SECURITY;
SET ROLE regress_lock_seller;
CALL refused($$ UPDATE offers SET segment = 'us' WHERE code = 'basic' $$);
UPDATE offers SET segment = 'us' WHERE code = 'other';
RESET ROLE;
SELECT segmentation.remove_lock('customers', 'contracts');
DROP TABLE contracts, offers;
ALTER TABLE customers DISABLE ROW LEVEL SECURITY;

-- subscriptions of another owner act with what that role has on the customers' table,
-- its columns and its schema, whether the lock reads by statements or without
SET ROLE regress_lock_seller;
CREATE TABLE sales (id int PRIMARY KEY, customer_id int REFERENCES customers, segment segment_id);
RESET ROLE;
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('customers', 'sales');
INSERT INTO sales VALUES (1, 9, 'eu');
INSERT INTO sales VALUES (2, 9, 'eu');
REVOKE SELECT ON customers FROM regress_lock_seller;
CALL refused($$ INSERT INTO sales VALUES (3, 9, 'eu') $$);
GRANT SELECT (id, segment, segment_locked_at) ON customers TO regress_lock_seller;
INSERT INTO sales VALUES (3, 9, 'eu');
CALL refused($$ INSERT INTO sales VALUES (4, 9, 'us') $$);
GRANT SELECT ON customers TO regress_lock_seller;
GRANT USAGE ON SCHEMA lock_test TO regress_lock_owner;
REVOKE USAGE ON SCHEMA lock_test FROM PUBLIC;
CALL refused($$ INSERT INTO sales VALUES (4, 9, 'eu') $$);
GRANT USAGE ON SCHEMA lock_test TO PUBLIC;
INSERT INTO sales VALUES (4, 9, 'eu');
SELECT segmentation.remove_lock('customers', 'sales');
DROP TABLE sales;

-- our trigger functions are of use to nobody by themselves
SET ROLE regress_lock_other;
CALL refused($$ SELECT segmentation_internal.lock_subscription() $$);
CREATE TABLE mine (id int, customer_id int, segment segment_id);
CREATE PROCEDURE try_trigger(event text, function text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER t %s EXECUTE FUNCTION segmentation_internal.%s', event, function);
    CALL lock_test.refused('INSERT INTO lock_test.mine VALUES (1, 1, ''eu'')');
    IF event LIKE '%UPDATE%' THEN
        CALL lock_test.refused('UPDATE lock_test.mine SET segment = ''us''');
    END IF;
    IF event LIKE '%DELETE%' THEN
        CALL lock_test.refused('DELETE FROM lock_test.mine');
    END IF;
    IF event LIKE '%TRUNCATE%' THEN
        CALL lock_test.refused('TRUNCATE lock_test.mine');
    END IF;
    DROP TRIGGER t ON lock_test.mine;
END
$$;
CALL try_trigger('BEFORE INSERT ON mine FOR EACH ROW', 'lock_subscription()');
CALL try_trigger('AFTER INSERT ON mine FOR EACH STATEMENT', 'lock_subscription()');
CALL try_trigger('AFTER DELETE ON mine FOR EACH ROW', 'lock_subscription()');
CALL try_trigger('AFTER TRUNCATE ON mine', 'lock_subscription()');
CALL try_trigger('AFTER UPDATE ON mine REFERENCING NEW TABLE AS n FOR EACH STATEMENT', 'lock_subscription()');
CALL try_trigger('AFTER INSERT ON mine FOR EACH ROW', 'lock_customer()');
CALL try_trigger('AFTER UPDATE ON mine FOR EACH STATEMENT', 'lock_customer()');
CALL try_trigger('BEFORE INSERT ON mine FOR EACH ROW', 'lock_new_customer()');
CALL try_trigger('AFTER DELETE ON mine FOR EACH STATEMENT', 'lock_new_customer()');
CALL try_trigger('AFTER INSERT ON mine FOR EACH ROW', 'lock_offer()');
CALL try_trigger('BEFORE TRUNCATE ON mine', 'lock_offer()');
CALL try_trigger('BEFORE DELETE ON mine FOR EACH ROW', 'lock_new_offer()');

-- arguments that install_lock never writes
CALL try_trigger('AFTER INSERT ON mine FOR EACH ROW', 'lock_subscription()');
CALL try_trigger('AFTER INSERT ON mine FOR EACH ROW', 'lock_subscription(customers)');
CALL try_trigger('AFTER INSERT ON mine FOR EACH ROW', 'lock_subscription('''', 7, ''='', ''other=1'')');
CALL try_trigger('AFTER INSERT ON mine FOR EACH ROW', 'lock_subscription(''customers='')');
CALL try_trigger('AFTER INSERT ON mine FOR EACH ROW', 'lock_subscription(''customers=customers'')');
CALL try_trigger('AFTER INSERT ON mine FOR EACH ROW', 'lock_subscription(''customer_key='')');
CALL try_trigger('AFTER INSERT ON mine FOR EACH ROW', 'lock_subscription(''customer_segment=a,b'')');
CALL try_trigger('AFTER INSERT ON mine FOR EACH ROW', 'lock_subscription(''customer_segment="a'')');
CALL try_trigger('AFTER INSERT OR UPDATE ON mine FOR EACH ROW',
    'lock_subscription(''customers=lock_test.mine'', ''customer_key=id'', ''customer_segment=segment'')');
CALL try_trigger('AFTER UPDATE ON mine FOR EACH ROW', 'lock_customer(''customers=lock_test.mine'', ''customer_key=id'', ''customer_segment=segment'')');
CALL try_trigger('AFTER UPDATE ON mine FOR EACH ROW', 'lock_customer(''customers=lock_test.customers'', ''customer_key=id'', ''customer_segment=segment'')');
CALL try_trigger('AFTER UPDATE ON mine FOR EACH ROW', 'lock_customer(''customers=lock_test.customers'', ''customer_key=id'', ''customer_segment=ctid'')');
CALL try_trigger('AFTER UPDATE ON mine FOR EACH ROW', 'lock_customer(''customers=lock_test.customers'', ''customer_key=ctid'', ''customer_segment=segment'')');

-- one's own table with somebody's customers in the arguments: no foreign key, no rights
\set arguments '''customers=lock_test.customers'', ''customer_key=id'', ''customer_segment=segment'', ''subscriptions=lock_test.mine'', ''subscription_customer=customer_id'', ''subscription_segment=segment'''
CREATE TRIGGER t AFTER INSERT ON mine FOR EACH ROW EXECUTE FUNCTION segmentation_internal.lock_subscription(:arguments);
CALL refused($$ INSERT INTO mine VALUES (1, 9, 'us') $$);
CALL refused($$ ALTER TABLE mine ADD FOREIGN KEY (customer_id) REFERENCES customers $$);
-- and not even a lock on the customers that would hold up their owner
BEGIN;
CALL refused($$ INSERT INTO mine VALUES (1, 9, 'us') $$);
SELECT length(segmentation_internal.lock_query(ARRAY['customers=lock_test.customers', 'customer_key=id', 'customer_segment=segment',
    'subscriptions=lock_test.subscriptions', 'subscription_customer=customer_id', 'subscription_segment=segment'], 'lock')) > 0 AS text;
SELECT count(*) FROM pg_locks WHERE relation IN ('customers'::regclass, 'subscriptions'::regclass);
COMMIT;
DROP TRIGGER t ON mine;
-- nor can a condition be evaluated as somebody else, or a statement be smuggled in
CREATE FUNCTION peek() RETURNS boolean STABLE LANGUAGE plpgsql AS $$
BEGIN
    RAISE INFO 'evaluated as %', current_user;
    PERFORM * FROM lock_test.secrets;
    RETURN true;
END
$$;
CREATE TRIGGER t AFTER INSERT ON mine FOR EACH ROW EXECUTE FUNCTION segmentation_internal.lock_subscription(
    'customers=lock_test.customers', 'customer_key=id', 'customer_segment=segment', 'subscriptions=lock_test.subscriptions',
    'subscription_customer=customer_id', 'subscription_segment=segment', 'locks_when=lock_test.peek()');
CREATE TRIGGER u AFTER INSERT ON mine FOR EACH ROW EXECUTE FUNCTION segmentation_internal.lock_subscription(
    'customers=lock_test.customers', 'garbage');
CREATE TRIGGER v AFTER INSERT ON mine FOR EACH ROW EXECUTE FUNCTION segmentation_internal.lock_subscription(
    'customers=lock_test.customers', 'customer_key=id', 'customer_segment=segment', 'subscriptions=lock_test.mine',
    'subscription_customer=customer_id', 'subscription_segment=segment', 'locks_when=true) IS TRUE; SELECT lock_test.peek(); --');
RESET ROLE;
SELECT count(*) FROM segmentation.lock_violations('customers');
SELECT * FROM segmentation.move_blockers('customers', '{7}', 'us');
SELECT to_segment FROM segmentation.move_customer('customers', '{7}', 'us', 'undisturbed');
SET ROLE regress_lock_owner;
CREATE FUNCTION restart() RETURNS bigint LANGUAGE sql AS $$
    SELECT segmentation.remove_lock('lock_test.customers');
    SELECT count(*) FROM segmentation.install_lock('lock_test.customers', 'lock_test.subscriptions', running_when => 'status = ''active''');
$$;
SELECT restart() > 0 AS renewed;
RESET ROLE;

-- what install_lock does where tables have several owners
CREATE PROCEDURE agree(name text, relation regclass) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('COMMENT ON TRIGGER %I ON %s IS %L', name, relation,
        (SELECT segmentation_internal.lock_agreement(segmentation_internal.lock_arguments(oid), tgrelid) FROM pg_trigger WHERE tgrelid = relation AND tgname = name));
END
$$;

-- who may refer to the customers takes part in their lock, but with his own rights only
GRANT REFERENCES, SELECT ON customers TO regress_lock_other;
SET ROLE regress_lock_other;
DROP TABLE mine;
CREATE TABLE mine (id int PRIMARY KEY, customer_id int REFERENCES customers, segment segment_id);
INSERT INTO mine VALUES (1, 7, 'eu');
CREATE TRIGGER t AFTER INSERT ON mine FOR EACH ROW EXECUTE FUNCTION segmentation_internal.lock_subscription(:arguments, 'locks_when=lock_test.peek()');
CALL agree('t', 'mine');
CALL refused($$ INSERT INTO mine VALUES (2, 9, 'us') $$);
RESET ROLE;
CALL refused($$ SELECT * FROM segmentation.lock_violations('customers') $$);
CALL refused($$ SELECT * FROM segmentation.move_customer('customers', '{7}', 'eu', 'no') $$);
-- what he would rather do in the session of whoever asks
SET ROLE regress_lock_other;
CREATE FUNCTION act() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('search_path', 'trap', false);
    BEGIN
        SET ROLE regress_lock_owner;
    EXCEPTION WHEN OTHERS THEN
        RAISE INFO '% %', SQLSTATE, SQLERRM;
    END;
    CREATE TEMPORARY TABLE trap (i int);
EXCEPTION WHEN OTHERS THEN
    RAISE INFO '% %', SQLSTATE, SQLERRM;
    PERFORM set_config('search_path', 'trap', false);
END
$$;
CREATE OR REPLACE FUNCTION peek() RETURNS boolean STABLE LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lock_test.act();
    RETURN true;
END
$$;
RESET ROLE;
SELECT count(*) FROM segmentation.lock_violations('customers');
SELECT count(*) FROM segmentation.move_blockers('customers', '{7}', 'eu');
CALL refused($$ SELECT * FROM segmentation.move_customer('customers', '{7}', 'eu', 'no') $$);
SHOW search_path;
SET ROLE regress_lock_other;
DROP TABLE mine;

-- a literal of a domain is read, and its CHECK evaluated, while a condition is only looked at: as the owner of the table, too
CREATE FUNCTION tell() RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
    IF current_user <> 'regress_lock_other' THEN
        RAISE WARNING 'domain of regress_lock_other checked as %', current_user;
    END IF;
    PERFORM lock_test.act();
    RETURN true;
END
$$;
CREATE DOMAIN told AS int CHECK (lock_test.tell());
CREATE TYPE told_of AS (t told);
CREATE TABLE mine (id int PRIMARY KEY, customer_id int REFERENCES customers, segment segment_id);
CREATE TRIGGER t AFTER INSERT ON mine FOR EACH ROW EXECUTE FUNCTION segmentation_internal.lock_subscription(:arguments,
    'locks_when=(''{1}''::lock_test.told[])[1] = 1', 'running_when=(''(1)''::lock_test.told_of).t = 1');
CALL agree('t', 'mine');
RESET ROLE;
SET client_min_messages = warning;
GRANT SELECT ON mine TO regress_lock_owner;
SET ROLE regress_lock_owner;
SELECT count(*) FROM segmentation.lock_violations('customers');
SELECT count(*) FROM segmentation.move_blockers('customers', '{7}', 'eu');
UPDATE customers SET id = 77 WHERE id = 7;
RESET ROLE;
SELECT count(*) FROM segmentation.check_restore() WHERE object = 'lock_test.mine';
CALL refused($$ SELECT * FROM segmentation.move_customer('customers', '{9}', 'us', 'no') $$);
SELECT length(segmentation_internal.lock_query(ARRAY['customers=lock_test.customers', 'customer_key=id', 'customer_segment=segment',
    'subscriptions=lock_test.mine', 'subscription_customer=customer_id', 'subscription_segment=segment',
    'locks_when=(''{1}''::lock_test.told[])[1] = 1'], 'lock')) > 0 AS text;
SELECT expression FROM segmentation_internal.lock_condition('mine', '(''{1}''::lock_test.told[])[1] = 1', 'locks_when');
RESET ROLE;
DROP TABLE mine;

-- who may make a trigger on a table is not its owner: nothing of his in a condition is evaluated as the owner, not even read
GRANT TRIGGER, INSERT ON subscriptions TO regress_lock_other;
SET ROLE regress_lock_other;
CREATE FUNCTION tell(int) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT lock_test.tell()';
CREATE FUNCTION tell(int, told[]) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT lock_test.tell()';
CREATE OPERATOR !! (FUNCTION = lock_test.tell, RIGHTARG = int);
CREATE TYPE cast_of AS ENUM ('a');
CREATE FUNCTION cast_told(cast_of) RETURNS json STABLE LANGUAGE sql AS 'SELECT to_json(lock_test.tell())';
CREATE CAST (cast_of AS json) WITH FUNCTION cast_told(cast_of);
CREATE VIEW told_view AS SELECT lock_test.tell(1) AS t;
CREATE PROCEDURE try_condition(condition text) LANGUAGE plpgsql AS $$
BEGIN
    RAISE INFO '--- % ---', condition;
    EXECUTE format('CREATE TRIGGER zz AFTER INSERT ON lock_test.subscriptions FOR EACH ROW EXECUTE FUNCTION segmentation_internal.lock_subscription(%L, %L, %L, %L, %L, %L, %L)',
        'customers=lock_test.customers', 'customer_key=id', 'customer_segment=segment', 'subscriptions=lock_test.subscriptions',
        'subscription_customer=customer_id', 'subscription_segment=segment', 'locks_when=' || condition);
    CALL lock_test.refused('INSERT INTO lock_test.subscriptions SELECT 99, 8, ''eu''');
    RAISE EXCEPTION USING ERRCODE = 'ZZ000';
EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
    NULL;
END
$$;
CALL try_condition('lock_test.tell(s.id)');
CALL try_condition('OPERATOR(lock_test.!!) s.id');
CALL try_condition('(''{1}''::lock_test.told[])[1] = 1');
CALL try_condition('''1''::lock_test.told = 1');
CALL try_condition('lock_test.tell(1, ''{1}'')');
CALL try_condition('(''(1)''::lock_test.told_of) IS NOT NULL');
CALL try_condition('to_json(''a''::lock_test.cast_of) IS NOT NULL');
CALL try_condition('table_to_xml(''lock_test.told_view'', true, true, '''') IS NOT NULL');
-- what the owner's own condition may name
CALL try_condition('s.segment::text = ''eu'' AND s.status IS DISTINCT FROM ''draft'' AND upper(s.status) <> ''X''');
-- nor does he get it into a lock that is installed
SET ROLE regress_lock_owner;
CALL refused($$ SELECT segmentation.install_lock('customers', 'subscriptions', locks_when => 'lock_test.tell(id)', dry_run => true) $$);
SELECT expression FROM segmentation_internal.lock_condition('subscriptions', 'upper(status) <> ''X''', 'locks_when');
RESET ROLE;
REVOKE TRIGGER, INSERT ON subscriptions FROM regress_lock_other;
RESET client_min_messages;

-- what is on the customers acts as their owner, whoever moves one
SET ROLE regress_lock_owner;
CREATE TABLE moved (id int PRIMARY KEY, segment segment_id);
CREATE TABLE moved_subscriptions (id int PRIMARY KEY, moved_id int REFERENCES moved, segment segment_id);
INSERT INTO moved VALUES (1, 'eu');
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('moved', 'moved_subscriptions');
CREATE FUNCTION acts() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'trigger as %', current_user; RETURN NEW; END $$;
CREATE TRIGGER acts BEFORE UPDATE ON moved FOR EACH ROW EXECUTE FUNCTION acts();
RESET ROLE;
SELECT from_segment, to_segment FROM segmentation.move_customer('moved', '{1}', 'us', 'asked');
DROP TABLE moved, moved_subscriptions;

-- a table of somebody else's that names the customers takes nobody's answer about the others
RESET ROLE;
SET client_min_messages = warning;
SET ROLE regress_lock_owner;
CREATE TABLE clients (id int PRIMARY KEY, segment segment_id);
CREATE TABLE own (id int PRIMARY KEY, client_id int REFERENCES clients, segment segment_id);
INSERT INTO clients VALUES (1, 'eu');
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('clients', 'own');
GRANT REFERENCES ON clients TO regress_lock_other;
SET ROLE regress_lock_other;
CREATE TABLE strangers (id int PRIMARY KEY, client_id int REFERENCES clients, segment segment_id);
CREATE TRIGGER stranger AFTER INSERT ON strangers FOR EACH ROW EXECUTE FUNCTION segmentation_internal.lock_subscription(
    'customers=lock_test.clients', 'customer_key=id', 'customer_segment=segment', 'subscriptions=lock_test.strangers',
    'subscription_customer=client_id', 'subscription_segment=segment');
CALL agree('stranger', 'strangers');
CREATE TABLE broken (id int PRIMARY KEY, client_id int REFERENCES clients);
CREATE TRIGGER stranger AFTER INSERT ON broken FOR EACH ROW EXECUTE FUNCTION segmentation_internal.lock_subscription('customers=lock_test.clients');
CREATE TABLE wrong (id int PRIMARY KEY, client_id int REFERENCES clients);
CREATE TRIGGER stranger AFTER INSERT ON wrong FOR EACH ROW EXECUTE FUNCTION segmentation_internal.lock_subscription(
    'customers=lock_test.clients', 'customer_key=id', 'customer_segment=segment', 'subscriptions=lock_test.strangers',
    'subscription_customer=client_id', 'subscription_segment=segment');
SET ROLE regress_lock_owner;
ALTER TABLE own DISABLE TRIGGER USER;
INSERT INTO own VALUES (1, 1, 'us');
ALTER TABLE own ENABLE TRIGGER USER;
SELECT subscriptions, subscription_key, violation FROM segmentation.lock_violations('clients');
SET ROLE regress_lock_other;
GRANT SELECT ON strangers TO regress_lock_owner;
SET ROLE regress_lock_owner;
SELECT subscriptions, subscription_key, violation FROM segmentation.lock_violations('clients');
RESET ROLE;
DROP TABLE strangers, broken, wrong, own, clients;
RESET client_min_messages;

-- locks in a schema that one cannot enter are nobody's trouble
RESET ROLE;
CREATE SCHEMA lock_closed;
CREATE TABLE lock_closed.customers (id int PRIMARY KEY, segment segment_id);
CREATE TABLE lock_closed.subscriptions (id int PRIMARY KEY, customer_id int REFERENCES lock_closed.customers, segment segment_id);
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('lock_closed.customers', 'lock_closed.subscriptions');
SET ROLE regress_lock_owner;
BEGIN READ ONLY;
SELECT count(*) FROM segmentation.lock_violations('customers');
COMMIT;
SELECT restart() > 0 AS renewed;
RESET ROLE;
SET client_min_messages = warning;
DROP TABLE pg_temp.permitted_move;
DROP SCHEMA lock_test, lock_closed CASCADE;
REVOKE ALL ON FUNCTION segmentation.move_customer FROM regress_lock_mover;
DROP ROLE regress_lock_owner, regress_lock_seller, regress_lock_writer, regress_lock_mover, regress_lock_other;
