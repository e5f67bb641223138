-- tables, keys and segments as others have named and typed them
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/lock.sql'
\set ECHO none
\i :include
\set ECHO all
SET search_path = lock_test, public;

-- names with quotes, capitals, spaces, and all that separates arguments
CREATE SCHEMA "Our ""Shop""";
GRANT USAGE ON SCHEMA "Our ""Shop""" TO PUBLIC;
CREATE TABLE "Our ""Shop"""."Client's, all" ("Client No." int, "tenant=1" uuid, "The ""Market""" text, "select" int,
    PRIMARY KEY ("tenant=1", "Client No."));
CREATE TABLE "Our ""Shop"""."order" ("id,no" int PRIMARY KEY, "Client No." bigint, "Te,nant" uuid, "Größe" text, "table" text,
    FOREIGN KEY ("Client No.", "Te,nant") REFERENCES "Our ""Shop"""."Client's, all" ("Client No.", "tenant=1"));
SELECT step, detail FROM segmentation.install_lock('"Our ""Shop"""."Client''s, all"', '"Our ""Shop"""."order"',
    customer_segment => 'The "Market"', subscription_segment => 'Größe', locks_when => '"table" <> $$it''s a "draft"$$') WHERE step = 'found';
SELECT argument, value FROM segmentation.lock WHERE subscriptions = '"Our ""Shop"""."order"'::regclass;
INSERT INTO "Our ""Shop"""."Client's, all" VALUES (1, '00000000-0000-0000-0000-000000000001', 'It''s "eu"'), (2, '00000000-0000-0000-0000-000000000001', NULL);
INSERT INTO "Our ""Shop"""."order" VALUES (1, 1, '00000000-0000-0000-0000-000000000001', 'It''s "eu"', 'x'),
    (2, 2, '00000000-0000-0000-0000-000000000001', 'u, s', 'x'), (3, 1, '00000000-0000-0000-0000-000000000001', 'us', 'it''s a "draft"'),
    (4, 2, NULL, 'eu', 'x');
CALL refused($$ INSERT INTO "Our ""Shop"""."order" VALUES (5, 1, '00000000-0000-0000-0000-000000000001', 'us', 'x') $$);
CALL refused($$ UPDATE "Our ""Shop"""."Client's, all" SET "The ""Market""" = 'us' WHERE "Client No." = 1 $$);
CALL refused($$ SELECT segmentation.move_customer('"Our ""Shop"""."Client''s, all"', '{00000000-0000-0000-0000-000000000001,1}', 'u, s', 'no') $$);
SELECT * FROM segmentation.move_blockers('"Our ""Shop"""."Client''s, all"', '{00000000-0000-0000-0000-000000000001,1}', 'us');
DELETE FROM "Our ""Shop"""."order" WHERE "id,no" = 1;
-- the call that the hint gives is ready to run
SELECT customers, customer_key, from_segment, to_segment, reason
  FROM segmentation.move_customer('"Our ""Shop"""."Client''s, all"', '{00000000-0000-0000-0000-000000000001,1}', 'us', reason => 'it''s so');
SELECT segmentation.remove_lock('"Our ""Shop"""."Client''s, all"');

-- a type that disregards case, as citext does
SET client_min_messages = warning;
CREATE TYPE ci;
CREATE FUNCTION ci_in(cstring) RETURNS ci IMMUTABLE STRICT LANGUAGE internal AS 'textin';
CREATE FUNCTION ci_out(ci) RETURNS cstring IMMUTABLE STRICT LANGUAGE internal AS 'textout';
CREATE TYPE ci (INPUT = ci_in, OUTPUT = ci_out, LIKE = text, CATEGORY = 'S', COLLATABLE = true);
CREATE CAST (ci AS text) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (text AS ci) WITHOUT FUNCTION AS ASSIGNMENT;
CREATE FUNCTION ci_cmp(ci, ci) RETURNS int IMMUTABLE STRICT LANGUAGE sql AS 'SELECT bttextcmp(lower($1::text), lower($2::text))';
DO $$
DECLARE
    o text;
BEGIN
    FOREACH o IN ARRAY ARRAY['<', '<=', '=', '>=', '>'] LOOP
        EXECUTE format('CREATE FUNCTION %I(ci, ci) RETURNS boolean IMMUTABLE STRICT LANGUAGE sql AS %L', 'ci' || o, format('SELECT lower($1::text) %s lower($2::text)', o));
        EXECUTE format('CREATE OPERATOR %s (LEFTARG = ci, RIGHTARG = ci, FUNCTION = %I)', o, 'ci' || o);
    END LOOP;
END
$$;
CREATE OPERATOR CLASS ci_ops DEFAULT FOR TYPE ci USING btree AS
    OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 ci_cmp(ci, ci);
RESET client_min_messages;
CREATE TYPE market AS ENUM ('eu', 'us', 'asia');
CREATE DOMAIN region AS varchar(8) CHECK (VALUE <> 'nowhere');
CREATE DOMAIN customer_number AS int CHECK (VALUE > 0);

-- whatever the types of key and segment, on either side, the lock does the same
CREATE FUNCTION outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    name text;
BEGIN
    EXECUTE statement;
    RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS name = CONSTRAINT_NAME;
    RETURN concat(SQLSTATE, ' ', name, ': ', SQLERRM);
END
$$;
CREATE FUNCTION try(key_type text, column_type text, customer_segment text, subscription_segment text, one text, eu text, us text)
RETURNS TABLE (n bigint, outcome text) LANGUAGE plpgsql AS $$
DECLARE
    outcomes text[] := '{}';
    found text;
BEGIN
    EXECUTE format('CREATE TABLE c (dropped int, id %s, segment %s, gone text, PRIMARY KEY (id))', key_type, customer_segment);
    EXECUTE format('CREATE TABLE s (dropped int, gone text, id int PRIMARY KEY, customer_id %s REFERENCES c, segment %s)', column_type, subscription_segment);
    ALTER TABLE c DROP COLUMN dropped, DROP COLUMN gone;
    ALTER TABLE s DROP COLUMN dropped, DROP COLUMN gone;
    EXECUTE format('INSERT INTO c VALUES (%L)', one);
    EXECUTE format('INSERT INTO s VALUES (1, %L, %L)', one, eu);
    PERFORM segmentation.install_lock('c', 's');
    -- one row, few, many
    EXECUTE format('INSERT INTO s VALUES (2, %L, %L)', one, eu);
    EXECUTE format('INSERT INTO s VALUES (3, %L, %L), (4, NULL, %L)', one, eu, us);
    EXECUTE format('INSERT INTO s SELECT n, %L, %L FROM generate_series(1000, 1200) n', one, eu);
    outcomes := outcomes
        || outcome(format('INSERT INTO s VALUES (5, %L, %L)', one, us))
        || outcome(format('UPDATE c SET segment = %L', us))
        || outcome(format('SELECT segmentation.move_customer(%L, ARRAY[%L], %L, %L)', 'c', one, us, 'no'));
    DELETE FROM s WHERE id > 2;
    EXECUTE format('SELECT string_agg(b::text, %L) FROM segmentation.move_blockers(%L, ARRAY[%L], %L) b', ' ', 'c', one, us) INTO found;
    outcomes := outcomes || format('blockers %s', found);
    DELETE FROM s;
    EXECUTE format('SELECT concat_ws(%L, m.customer_key, m.from_segment, m.to_segment) FROM segmentation.move_customer(%L, ARRAY[%L], %L, %L) m',
                   ' ', 'c', one, us, 'yes') INTO found;
    outcomes := outcomes || format('moved %s', found)
        || outcome(format('UPDATE c SET segment = %L', eu))
        || outcome(format('INSERT INTO s VALUES (1, %L, %L)', one, us))
        || format('violations %s', (SELECT count(*) FROM segmentation.lock_violations('c')));
    DROP TABLE s, c;
    RETURN QUERY SELECT u.n, u.o FROM unnest(outcomes) WITH ORDINALITY u(o, n);
END
$$;
\pset format unaligned
\pset tuples_only
SELECT * FROM try('bigint', 'bigint', 'segment_id', 'segment_id', '9000000000', 'eu', 'us');
SELECT * FROM try('int', 'bigint', 'text', 'text', '1', 'eu', 'us');
SELECT * FROM try('bigint', 'int', 'text', 'varchar(5)', '1', 'eu', 'us');
SELECT * FROM try('smallint', 'bigint', 'varchar(5)', 'text', '1', 'eu', 'us');
SELECT * FROM try('uuid', 'uuid', 'market', 'market', '11111111-1111-1111-1111-111111111111', 'eu', 'us');
SELECT * FROM try('text', 'varchar(20)', 'int', 'int', 'a "b", {c}', '1', '2');
SELECT * FROM try('varchar(20)', 'text', 'bigint', 'bigint', '', '1', '-2');
SELECT * FROM try('char(12)', 'char(12)', 'char(8)', 'char(8)', 'abc', 'europe', 'us');
SELECT * FROM try('ci', 'ci', 'ci', 'ci', 'Abc', 'Eu', 'us');
SELECT * FROM try('customer_number', 'int', 'region', 'varchar', '7', 'eu', 'us');
SELECT * FROM try('int', 'customer_number', 'varchar(8)', 'region', '7', 'eu', 'us');
SELECT * FROM try('date', 'date', 'boolean', 'boolean', '2026-01-31', 'true', 'false');
SELECT * FROM try('numeric', 'int', 'uuid', 'uuid', '10', '11111111-1111-1111-1111-111111111111', '22222222-2222-2222-2222-222222222222');
SELECT * FROM try('boolean', 'boolean', 'name', 'name', 'true', 'eu', 'us');
SELECT * FROM try('timestamp', 'timestamp', 'text[]', 'text[]', '2026-01-31 12:00', '{eu}', '{us,a b}');
SELECT * FROM try('jsonb', 'jsonb', 'jsonb', 'jsonb', '{"a": 1}', '{"a": "eu"}', '{"a": "us"}');
SELECT * FROM try('segment_id', 'segment_id', '"char"', '"char"', 'a-b', 'e', 'u');

\pset tuples_only
\pset format aligned

-- equal by the type is the same: ci in other letters, char with other blanks, numbers of other scale
CREATE TABLE c (id ci PRIMARY KEY, segment ci);
CREATE TABLE s (id int PRIMARY KEY, customer_id ci REFERENCES c ON UPDATE CASCADE, segment ci);
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('c', 's');
INSERT INTO c VALUES ('Ann', 'EU');
INSERT INTO s VALUES (1, 'ANN', 'eu');
UPDATE c SET segment = 'eu', id = 'ann';
SELECT segmentation.move_customer('c', '{ANN}', 'Eu', 'nothing to do') IS NULL AS stays;
SELECT * FROM c JOIN s ON customer_id = c.id WHERE segment_locked_at IS NULL;
-- what the type's functions need for comparing is not kept beyond the row
SELECT sum(total_bytes) AS before FROM pg_backend_memory_contexts \gset
DO $$ BEGIN FOR i IN 1..500 LOOP INSERT INTO s VALUES (1000 + i, 'aNN', 'eU'); END LOOP; END $$;
INSERT INTO s SELECT 2000 + i, 'aNN', 'eU' FROM generate_series(1, 500) i;
SELECT sum(total_bytes) - :before < 1000000 AS memory_stays FROM pg_backend_memory_contexts;
DROP TABLE s, c;
CREATE TABLE c (id numeric PRIMARY KEY, segment char(8));
CREATE TABLE s (id int PRIMARY KEY, customer_id numeric REFERENCES c, segment char(20));
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('c', 's');
INSERT INTO c VALUES (1.0, 'eu');
INSERT INTO s VALUES (1, 1.00, 'eu');
UPDATE c SET segment = 'eu   ', id = 1.000;
SELECT segmentation.move_customer('c', '{1}', 'eu', 'nothing to do') IS NULL AS stays;
CALL refused($$ SELECT segmentation.move_customer('c', '{1}', 'far too long for it', 'no') $$);
DROP TABLE s, c;

-- what does not compare with the customer's segment is refused
CREATE TABLE c (id int PRIMARY KEY, segment ci);
CREATE TABLE s (id int PRIMARY KEY, customer_id int REFERENCES c, segment text);
CALL refused($$ SELECT segmentation.install_lock('c', 's') $$);
ALTER TABLE c ALTER segment TYPE segment_id USING segment::text::segment_id;
CALL refused($$ SELECT segmentation.install_lock('c', 's') $$);
ALTER TABLE c ALTER segment TYPE market USING segment::text::market;
CALL refused($$ SELECT segmentation.install_lock('c', 's') $$);
ALTER TABLE c ALTER segment TYPE text;
ALTER TABLE s ALTER segment TYPE ci;
SELECT count(*) > 0 AS installed FROM segmentation.install_lock('c', 's');
INSERT INTO c VALUES (1, 'eu'), (2, NULL);
CALL refused($$ INSERT INTO s VALUES (1, 1, 'EU') $$);
INSERT INTO s VALUES (1, 2, 'EU');
SELECT segment FROM c WHERE id = 2;

SET client_min_messages = warning;
DROP SCHEMA lock_test, "Our ""Shop""" CASCADE;
