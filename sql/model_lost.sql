-- models that have lost their tables or views: who may drop them, what works, and as whom nothing runs
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/model.sql'
\set ECHO none
\i :include
\set ECHO all
SET client_min_messages = warning;
DROP ROLE IF EXISTS regress_lost_owner, regress_lost_other, regress_lost_chief;
RESET client_min_messages;
CREATE ROLE regress_lost_owner LOGIN;
CREATE ROLE regress_lost_other LOGIN;
GRANT CREATE ON SCHEMA model_test TO PUBLIC;
CREATE FUNCTION model_test.fails_with(statement text, expected text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    RETURN false;
EXCEPTION WHEN OTHERS THEN
    RETURN SQLERRM = expected;
END
$$;
SET search_path = model_test, public;

-- every function of a model without assignment says so, and how to go on
SET SESSION AUTHORIZATION regress_lost_owner;
CREATE TABLE customer (id int PRIMARY KEY, size int);
INSERT INTO customer SELECT i, i FROM generate_series(1, 4) i;
SELECT segmentation.create_model('lost', 'customer', '{id}');
SELECT members FROM segmentation.define_segment('lost', 'big', 'size > 2');
SELECT segmentation.create_model('asking', 'customer', '{id}');
SELECT members FROM segmentation.define_segment('asking', 'big', $$ in_segment('lost', 'big') $$);
SELECT changed, appeared FROM segmentation.refresh('lost');
SET client_min_messages = warning;
DROP TABLE lost_assignment CASCADE;
RESET client_min_messages;
SELECT call FROM unnest(ARRAY[
    $$ SELECT segmentation.refresh('lost') $$, $$ SELECT * FROM segmentation.verify('lost') $$,
    $$ SELECT segmentation.model_sql('lost') $$, $$ SELECT segmentation.classify('lost', '1') $$,
    $$ SELECT segmentation.classify_row('lost', '{}') $$, $$ SELECT * FROM segmentation.explain_customer('lost', '1') $$,
    $$ SELECT * FROM segmentation.preview('lost', 'true') $$, $$ SELECT * FROM segmentation.preview_changes('lost', 'true', 'big') $$,
    $$ SELECT * FROM segmentation.impact('lost', 'big', 'true') $$, $$ SELECT * FROM segmentation.model_overrides('lost') $$,
    $$ SELECT segmentation.define_segment('lost', 'big', 'true') $$, $$ SELECT segmentation.alter_model('lost') $$,
    $$ SELECT segmentation.alter_model('lost', rename => 'found') $$, $$ SELECT segmentation.alter_model('lost', key => '{id}') $$,
    $$ SELECT segmentation.forget_customer('lost', '1') $$, $$ SELECT segmentation.prune_history('lost', now()) $$
]) AS call WHERE NOT fails_with(call, 'tables of model "lost" are gone');
CALL refused($$ SELECT segmentation.refresh('lost') $$);
-- its rules are still rules for those who ask for them, while its owner is known
SELECT segmentation.classify('asking', '4');
-- the owner of what is left drops it, once nobody asks for it
CALL refused($$ SELECT segmentation.drop_model('lost') $$);
SELECT members FROM segmentation.define_segment('asking', 'small', 'size < 2');
SELECT members FROM segmentation.define_segment('asking', 'big', $$ size > 2 OR in_segment('asking', 'small') $$);
SELECT segmentation.drop_model('lost');
SELECT relname FROM pg_class WHERE relname LIKE 'lost%';

-- with nothing left it is for who created it, and for the owner of the extension
SELECT segmentation.create_model('lost', 'customer', '{id}'), segmentation.create_model('gone', 'customer', '{id}');
SET client_min_messages = warning;
DROP TABLE lost_assignment, lost_history, lost_override, gone_assignment, gone_history, gone_override CASCADE;
RESET client_min_messages;
SET SESSION AUTHORIZATION regress_lost_other;
CALL refused($$ SELECT segmentation.drop_model('lost') $$);
SET SESSION AUTHORIZATION regress_lost_owner;
CALL refused($$ SELECT segmentation.alter_model('lost', rename => 'found') $$);
SELECT segmentation.drop_model('lost');
RESET SESSION AUTHORIZATION;
SELECT segmentation.drop_model('gone');

-- nobody's rules are read as the owner of the extension because their tables are gone
SET SESSION AUTHORIZATION regress_lost_owner;
CREATE FUNCTION spy(value int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
    IF current_user <> 'regress_lost_owner' THEN
        RAISE WARNING 'spied as %', current_user;
    END IF;
    RETURN true;
END
$$;
CREATE DOMAIN spied AS int CHECK (spy(VALUE));
SELECT segmentation.create_model('lost', 'customer', '{id}');
SELECT members FROM segmentation.define_segment('lost', 'spied', $$ in_segment('asking', 'big') AND id = ANY ('{1,2}'::spied[]) $$);
SET client_min_messages = warning;
DROP TABLE lost_assignment, lost_history, lost_override CASCADE;
RESET client_min_messages;
SELECT segmentation.alter_model('asking', rename => 'asked');
RESET SESSION AUTHORIZATION;
SELECT segmentation.alter_model('asked', rename => 'asking'), segmentation.drop_model('lost');

-- a table that has come to its oid is not the model's, and is not dropped with it
CREATE TABLE orders (id int);
SELECT segmentation.create_model('dumped', 'customer', '{id}');
SET client_min_messages = warning;
DROP TABLE dumped_assignment, dumped_history, dumped_override CASCADE;
RESET client_min_messages;
UPDATE segmentation.model SET assignment = 'orders', member = 'segmentation.segment_dependency' WHERE id = 'dumped';
CALL refused($$ SELECT segmentation.refresh('dumped') $$);
SELECT segmentation.drop_model('dumped');
SELECT to_regclass('orders');

-- views and overrides are made again, as the owner's
SET SESSION AUTHORIZATION regress_lost_owner;
DROP VIEW asking_member;
DROP TABLE asking_override;
RESET SESSION AUTHORIZATION;
SELECT segmentation.alter_model('asking', rename => 'asks');
SELECT relname, relowner::regrole, obj_description(oid) FROM pg_class WHERE relname IN ('asking_member', 'asking_override') ORDER BY 1;
SELECT appeared FROM segmentation.refresh('asks');
SELECT id, segment FROM asking_member ORDER BY id, segment;
SELECT segmentation.alter_model('asks', rename => 'asking');

-- a rename is not in the way of rules that cannot be read, nor are they in its
SET SESSION AUTHORIZATION regress_lost_owner;
CREATE VIEW active AS SELECT * FROM customer;
SELECT segmentation.alter_model('asking', source => 'active');
SELECT FROM segmentation.define_segment('asking', 'not-small', $$ NOT in_segment('asking', 'small') AND size > 0 AND 'asking' <> '''asking''' $$);
DROP VIEW active;
SELECT segmentation.alter_model('asking', rename => 'asks');
SELECT id, rule FROM segmentation.segment WHERE model = 'asks' ORDER BY id;
SELECT segmentation.alter_model('asks', rename => 'asking');
SELECT id, rule FROM segmentation.segment WHERE model = 'asking' ORDER BY id;
CALL refused($$ SELECT segmentation.alter_model('asking', key => '{id}') $$);
SELECT segmentation.forget_customer('asking', '1'), segmentation.prune_history('asking', now());
SELECT segmentation.alter_model('asking', source => 'customer', rename => 'asks');

-- tables of different owners: what one has put on them would run as the other
RESET SESSION AUTHORIZATION;
ALTER TABLE asking_history OWNER TO regress_lost_other;
CALL refused($$ SELECT segmentation.refresh('asks') $$);
ALTER TABLE model_test.asking_history OWNER TO regress_lost_owner;

-- triggers on a model's tables act as its owner, whoever prunes and forgets
SET SESSION AUTHORIZATION regress_lost_owner;
CREATE FUNCTION ask() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE NOTICE '% of % as %', TG_OP, TG_RELID::regclass, current_user;
    RETURN OLD;
END
$$;
CREATE TRIGGER ask BEFORE DELETE ON asking_assignment FOR EACH ROW EXECUTE FUNCTION ask();
CREATE TRIGGER ask BEFORE DELETE ON asking_history FOR EACH ROW EXECUTE FUNCTION ask();
CREATE TRIGGER ask BEFORE DELETE ON asking_override FOR EACH ROW EXECUTE FUNCTION ask();
SELECT appeared FROM segmentation.refresh('asks');
UPDATE customer SET size = 0 WHERE id > 2;
SELECT changed FROM segmentation.refresh('asks');
INSERT INTO asking_override (id, segment, member, reason) VALUES (3, 'big', true, 'asked');
RESET SESSION AUTHORIZATION;
SELECT segmentation.forget_customer('asks', '3');
SELECT segmentation.prune_history('asks', 'infinity');
SET SESSION AUTHORIZATION regress_lost_owner;
CREATE CONSTRAINT TRIGGER late AFTER DELETE ON asking_assignment DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ask();
RESET SESSION AUTHORIZATION;
CALL refused($$ SELECT segmentation.forget_customer('asks', '4') $$);

-- one who has the owner's rights may have them, if the owner has those that our statements take
CREATE ROLE regress_lost_chief IN ROLE regress_lost_owner;
CREATE FUNCTION given(relation text, rights text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s OWNER TO regress_lost_chief', relation);
    CALL refused('SELECT segmentation.refresh(''asks'')');
    EXECUTE format('GRANT %s ON %s TO regress_lost_owner', rights, relation);
    CALL refused('SELECT segmentation.refresh(''asks''), segmentation.prune_history(''asks'', now()), segmentation.alter_model(''asks'')');
    EXECUTE format('ALTER TABLE %s OWNER TO regress_lost_owner', relation);
END
$$;
SELECT given('asking_history', 'SELECT, INSERT, DELETE'), given('asking_override', 'SELECT');
-- ... and what alters a table is said to be for its owner
ALTER TABLE asking_override OWNER TO regress_lost_chief;
GRANT SELECT ON asking_override TO regress_lost_owner;
ALTER TABLE asking_override DROP COLUMN reason;
CALL refused($$ SELECT segmentation.alter_model('asks') $$);
ALTER TABLE asking_override OWNER TO regress_lost_owner;
SELECT segmentation.alter_model('asks');
SELECT segmentation.drop_model('asks');
\set ECHO none
SET client_min_messages = warning;
RESET search_path;
DROP SCHEMA model_test CASCADE;
DROP OWNED BY regress_lost_owner, regress_lost_other, regress_lost_chief CASCADE;
DROP ROLE regress_lost_owner, regress_lost_other, regress_lost_chief;
