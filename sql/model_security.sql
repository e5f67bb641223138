-- who may do what with models, and as whom their rules run
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/model.sql'
\set ECHO none
\i :include
\set ECHO all
SET client_min_messages = warning;
DROP ROLE IF EXISTS regress_model_owner, regress_model_member, regress_model_reader, regress_model_other;
RESET client_min_messages;
CREATE ROLE regress_model_owner;
CREATE ROLE regress_model_member IN ROLE regress_model_owner;
CREATE ROLE regress_model_reader;
CREATE ROLE regress_model_other;
GRANT CREATE ON SCHEMA model_test TO PUBLIC;
SET search_path = model_test, public;

-- an owner without any other right makes a model of a table that it may read
CREATE TABLE hidden (id int PRIMARY KEY, secret text);
SET ROLE regress_model_owner;
CREATE TABLE customer (id int PRIMARY KEY, employees int, secret text);
INSERT INTO customer SELECT i, i * 10, 's' || i FROM generate_series(1, 10) i;
SELECT segmentation.create_model('owned', 'customer', '{id}');
SELECT members FROM segmentation.define_segment('owned', 'big', 'employees > 50');
CALL refused($$ SELECT segmentation.create_model('other', 'hidden', '{id}') $$);
CALL refused($$ SELECT segmentation.create_model('other', 'customer', '{id}', schema => 'pg_catalog') $$);
CALL refused($$ SELECT segmentation.create_model('market', 'customer', '{id}', kind => 'column', segment_column => 'secret') $$);
CALL refused($$ SELECT segmentation.alter_model('owned', rename => 'market') $$);
SELECT relname, relowner::regrole FROM pg_class WHERE relnamespace = 'model_test'::regnamespace AND relname LIKE 'owned%' ORDER BY relname;

-- the catalogue is read by everyone and written by nobody
SELECT count(*) FROM segmentation.segment WHERE model = 'owned';
CALL refused($$ UPDATE segmentation.segment SET rule = 'true' $$);
CALL refused($$ INSERT INTO segmentation.model (id, kind, time_zone) VALUES ('mine', 'column', 'UTC') $$);
CALL refused($$ DELETE FROM segmentation.segment_reference $$);

-- members of the owner's role change it, others do not
SET ROLE regress_model_member;
SELECT members FROM segmentation.define_segment('owned', 'huge', 'employees > 90');
SET ROLE regress_model_other;
CALL refused($$ SELECT segmentation.define_segment('owned', 'big', 'true') $$);
CALL refused($$ SELECT segmentation.drop_segment('owned', 'big') $$);
CALL refused($$ SELECT segmentation.alter_model('owned', rename => 'stolen') $$);
CALL refused($$ SELECT segmentation.drop_model('owned') $$);
CALL refused($$ SELECT * FROM owned_member $$);
-- names of models are one for all
CALL refused($$ SELECT segmentation.create_model('owned', 'customer', '{id}') $$);

-- to refer to another's segments takes a right to its answers
RESET ROLE;
GRANT SELECT ON customer TO regress_model_other;
SET ROLE regress_model_other;
SELECT segmentation.create_model('guest', 'customer', '{id}');
CALL refused($$ SELECT segmentation.define_segment('guest', 'x', 'in_segment(''owned'', ''big'')') $$);
RESET ROLE;
GRANT SELECT (id, segments) ON owned_assignment TO regress_model_other;
SET ROLE regress_model_other;
SELECT members IS NOT NULL AS defined FROM segmentation.define_segment('guest', 'x', 'in_segment(''owned'', ''big'')');

-- a rule runs as the model's owner: who defines it as a member, or whoever made
-- its functions, gains nothing by it
SET ROLE regress_model_other;
CREATE FUNCTION tell(id int) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
    RAISE NOTICE 'as % in %', current_user, current_setting('search_path');
    RETURN current_user;
END
$$;
SET ROLE regress_model_owner;
INSERT INTO customer VALUES (42);
SET ROLE regress_model_member;
SELECT members FROM segmentation.define_segment('owned', 'told', 'id = 42 AND tell(id) = ''regress_model_owner''');
SELECT segmentation.drop_segment('owned', 'told');
-- ... not a superuser either
RESET ROLE;
SELECT members FROM segmentation.define_segment('owned', 'told', 'id = 42 AND tell(id) = ''regress_model_owner''');
CREATE FUNCTION volatile_function(command text) RETURNS boolean LANGUAGE plpgsql SET search_path = model_test AS $$
BEGIN
    EXECUTE command;
    RETURN true;
END
$$;
CREATE FUNCTION escalate(id int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS
    $$ BEGIN RETURN model_test.volatile_function('UPDATE pg_authid SET rolsuper = true'); END $$;
CREATE FUNCTION leave_behind(id int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS
    $$ BEGIN RETURN model_test.volatile_function('CREATE TEMPORARY TABLE left_behind (id int)'); END $$;
CREATE FUNCTION become(id int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS
    $$ BEGIN RETURN model_test.volatile_function('RESET ROLE'); END $$;
SELECT name, members FROM unnest('{escalate,leave_behind,become}'::text[]) AS name,
    LATERAL segmentation.define_segment('owned', replace(name, '_', '-'), name || '(id)');
-- ... nor does it where a superuser refreshes
SELECT rows_read, failed FROM segmentation.refresh('owned');
SELECT count(*) FROM segmentation.verify('owned');
SELECT rolsuper FROM pg_roles WHERE rolname = 'regress_model_other';
SELECT to_regclass('left_behind');
-- the triggers of a model's tables act as its owner there, also where they would wait for the end
CREATE FUNCTION ask() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'trigger as %', current_user; RETURN NULL; END $$;
CREATE TRIGGER ask AFTER UPDATE ON owned_assignment FOR EACH STATEMENT EXECUTE FUNCTION ask();
UPDATE customer SET employees = 1000 WHERE id = 1;
SELECT changed FROM segmentation.refresh('owned');
DROP TRIGGER ask ON owned_assignment;
CREATE CONSTRAINT TRIGGER ask AFTER UPDATE ON owned_assignment DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ask();
UPDATE customer SET employees = 1 WHERE id = 1;
CALL refused($$ SELECT segmentation.refresh('owned') $$);
DROP TRIGGER ask ON owned_assignment;
SELECT segmentation.drop_segment('owned', name) FROM unnest('{escalate,leave-behind,become,told}'::text[]) AS name;

-- what the kept rule names is read as the owner, too, and by what it meant to whoever defined it
SET ROLE regress_model_owner;
CREATE FUNCTION spy(value int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
    IF current_user <> 'regress_model_owner' THEN
        RAISE WARNING 'spied as %', current_user;
    END IF;
    RETURN true;
END
$$;
CREATE DOMAIN spied AS int CHECK (spy(VALUE));
SELECT members FROM segmentation.define_segment('owned', 'spied', $$ id = ANY ('{1,2}'::spied[]) AND pg_catalog.abs(id) = id $$);
RESET ROLE;
CREATE SCHEMA misleading;
CREATE FUNCTION misleading.abs(int) RETURNS int IMMUTABLE LANGUAGE sql RETURN -1;
SET search_path = misleading, pg_catalog, model_test, public;
SELECT members FROM segmentation.define_segment('owned', 'spied', title => 'Spied');
SELECT segmentation.alter_model('owned', source => 'customer');
SELECT customers FROM segmentation.impact('owned', source => 'customer') WHERE affected_segment IS NULL;
SET search_path = model_test, public;
SET ROLE regress_model_owner;
SELECT members FROM segmentation.define_segment('owned', 'asking', $$ in_segment('owned', 'spied') AND id = ANY ('{1,2}'::spied[]) $$);
RESET ROLE;
SELECT segmentation.alter_model('owned', rename => 'renamed');
SELECT rule FROM segmentation.segment WHERE id = 'asking';
SELECT segmentation.alter_model('renamed', rename => 'owned');
SELECT segmentation.drop_segment('owned', 'asking'), segmentation.drop_segment('owned', 'spied');
DROP SCHEMA misleading CASCADE;

-- the functions of a security definer act as it
CREATE FUNCTION make_for_owner() RETURNS void SECURITY DEFINER SET search_path = model_test, public LANGUAGE sql AS
    $$ SELECT segmentation.create_model('definer', 'customer', '{id}') $$;
ALTER FUNCTION make_for_owner() OWNER TO regress_model_owner;
SET ROLE regress_model_reader;
SELECT make_for_owner();
CALL refused($$ SELECT segmentation.drop_model('definer') $$);
RESET ROLE;
SELECT relowner::regrole FROM segmentation.model JOIN pg_class c ON c.oid = assignment WHERE id = 'definer';

-- names in the caller's schemas are not taken for the server's
CREATE SCHEMA trap;
GRANT USAGE ON SCHEMA trap TO PUBLIC;
CREATE FUNCTION trap.concat(VARIADIC "any") RETURNS text LANGUAGE internal AS 'text_concat';
CREATE FUNCTION trap.spring(segment_id, segment_id) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
CREATE FUNCTION trap.spring(text, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
CREATE OPERATOR trap.= (FUNCTION = trap.spring, LEFTARG = segment_id, RIGHTARG = segment_id);
CREATE OPERATOR trap.= (FUNCTION = trap.spring, LEFTARG = text, RIGHTARG = text);
SET search_path = trap, pg_catalog, model_test, public;
SELECT segmentation.create_model('trapped', 'customer', '{id}');
SELECT members FROM segmentation.define_segment('trapped', 'a', 'employees > 50');
SELECT members IS NULL AS counted FROM segmentation.define_segment('trapped', 'b', 'in_segment(''a'')', "count" => false);
CALL model_test.refused($$ SELECT segmentation.define_segment('trapped', 'a', 'in_segment(''b'')') $$);
SELECT segmentation.alter_model('trapped', rename => 'free');
SELECT segmentation.drop_segment('free', 'b'), segmentation.drop_segment('free', 'a'), segmentation.drop_model('free');
SET search_path = model_test, public;

-- a model follows the owner of its assignment
ALTER TABLE definer_assignment OWNER TO regress_model_other;
SET ROLE regress_model_owner;
CALL refused($$ SELECT segmentation.define_segment('definer', 'a', 'true') $$);
RESET ROLE;
SELECT segmentation.drop_model('definer');
SET ROLE regress_model_other;
SELECT segmentation.drop_model('guest');
SET ROLE regress_model_member;
SELECT segmentation.drop_model('owned');
RESET ROLE;
SELECT count(*) FROM segmentation.model;
\set ECHO none
SET client_min_messages = warning;
DROP SCHEMA trap, model_test CASCADE;
DROP OWNED BY regress_model_owner, regress_model_member, regress_model_reader, regress_model_other CASCADE;
DROP ROLE regress_model_owner, regress_model_member, regress_model_reader, regress_model_other;
