-- what a dump would lose: each kind of object, by each construct that prints no operator
\set VERBOSITY terse
SET client_min_messages = warning;
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/dump.sql'
\i :include
SELECT object, kind, reason FROM segmentation.check_dump();
-- what to write instead
SELECT DISTINCT regexp_split_to_table(instead, '; ') AS instead FROM segmentation.check_dump() ORDER BY 1;
SELECT count(*) FROM segmentation.check_dump() WHERE instead IS NULL;

-- a server that keeps expressions elsewhere, too, wants another look
SELECT attrelid::regclass, attname FROM pg_attribute, pg_proc
 WHERE atttypid = 'pg_node_tree'::regtype AND pg_proc.oid = 'segmentation.check_dump'::regproc
   AND prosrc !~ format('\mFROM %s\M', attrelid::regclass)
   AND (attrelid, attname) NOT IN (('pg_class'::regclass, 'relpartbound'), ('pg_publication_rel'::regclass, 'prqual'));
-- which has no place for operators of others
CREATE PUBLICATION regress_dump FOR TABLE kept WHERE (a IS DISTINCT FROM b);
-- a default that a partition alone has
CREATE TABLE whole (a segment_id, b boolean) PARTITION BY LIST (a);
CREATE TABLE part PARTITION OF whole DEFAULT;
ALTER TABLE part ALTER b SET DEFAULT 'a'::segment_id IS DISTINCT FROM 'b';
SELECT object, kind FROM segmentation.check_dump() WHERE object LIKE '%part';

-- a type that is cast to one of the server's finds its operator, which means something else
CREATE TYPE pair AS (a int, b int);
CREATE FUNCTION as_text(pair) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT 'same' $$;
CREATE FUNCTION never(pair, pair) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT false';
CREATE OPERATOR = (LEFTARG = pair, RIGHTARG = pair, FUNCTION = never);
CREATE VIEW swapped AS SELECT p IS DISTINCT FROM q AS other FROM (SELECT ROW(1, 2)::pair AS p, ROW(1, 2)::pair AS q OFFSET 0) AS s;
SELECT object, kind, reason FROM segmentation.check_dump() WHERE object LIKE '%swapped';

-- nobody's function runs with the rights of who asks
CREATE ROLE regress_dump_other;
GRANT CREATE, USAGE ON SCHEMA regress_dump TO regress_dump_other;
SET ROLE regress_dump_other;
CREATE FUNCTION seen(text) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'runs as %', current_user; RETURN true; END $$;
CREATE DOMAIN watched AS text CHECK (seen(VALUE));
CREATE VIEW watching AS SELECT '{a}'::watched[] AS w;
RESET ROLE;
SELECT object FROM segmentation.check_dump() WHERE object LIKE '%watching';
-- nor of who may make a trigger with the rights of the table's owner
CREATE ROLE regress_dump_owner;
CREATE TABLE triggered (a text);
ALTER TABLE triggered OWNER TO regress_dump_owner;
GRANT TRIGGER ON triggered TO regress_dump_other;
GRANT USAGE ON SCHEMA regress_dump TO regress_dump_owner;
SET ROLE regress_dump_other;
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER watching AFTER INSERT ON triggered FOR EACH ROW WHEN (NEW.a = ('{a}'::watched[])[1]) EXECUTE FUNCTION nothing();
RESET ROLE;
SELECT object FROM segmentation.check_dump() WHERE object LIKE '%triggered';
SET ROLE regress_dump_other;
SELECT count(*) > 10 AS anybody_may_ask FROM segmentation.check_dump();
RESET ROLE;
SELECT segmentation_internal.dump_fault('pg_rewrite'::regclass, 1);
SELECT segmentation_internal.dump_fault(0, 0);
SELECT segmentation_internal.dump_fault('pg_class'::regclass, 'kept'::regclass);
DROP SCHEMA regress_dump CASCADE;
DROP ROLE regress_dump_other, regress_dump_owner;
