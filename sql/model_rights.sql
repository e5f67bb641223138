-- rules that ask for segments of another owner's model: nothing of that owner's runs, the stored answer is read
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/model.sql'
\set ECHO none
\i :include
\set ECHO all
SET client_min_messages = warning;
DROP ROLE IF EXISTS regress_rights_asker, regress_rights_asked, regress_rights_boss, regress_rights_stranger;
RESET client_min_messages;
CREATE ROLE regress_rights_boss LOGIN SUPERUSER;
CREATE ROLE regress_rights_asker LOGIN;
CREATE ROLE regress_rights_asked LOGIN;
CREATE SCHEMA asked AUTHORIZATION regress_rights_asked;
CREATE SCHEMA asker AUTHORIZATION regress_rights_asker;
GRANT CREATE ON SCHEMA model_test TO PUBLIC;
SET search_path = model_test, public;
CREATE TABLE customer (id int PRIMARY KEY, size int, segment text);
INSERT INTO customer SELECT i, i, CASE WHEN i < 4 THEN 'eu' END FROM generate_series(1, 6) i;
GRANT SELECT ON customer TO PUBLIC;

-- whoever evaluates a rule says as whom it runs, if it is not its author
SET SESSION AUTHORIZATION regress_rights_asked;
CREATE FUNCTION asked.spy(value int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
    IF current_user <> 'regress_rights_asked' THEN
        RAISE WARNING 'ran as %', current_user;
    END IF;
    RETURN value > 2;
END
$$;
CREATE DOMAIN asked.spied AS int CHECK (asked.spy(VALUE + 3));
GRANT USAGE ON SCHEMA asked TO PUBLIC;
SELECT segmentation.create_model('asked', 'customer', '{id}', schema => 'asked');
SELECT members FROM segmentation.define_segment('asked', 'big', $$ asked.spy(size) AND id <> ALL ('{1,2}'::asked.spied[]) $$);
SELECT segmentation.create_model('ranked', 'customer', '{id}', kind => 'exclusive', schema => 'asked');
SELECT members FROM segmentation.define_segment('ranked', 'first', 'size < 3', rank => 1);
SELECT members FROM segmentation.define_segment('ranked', 'rest', rank => 2);
SELECT segmentation.create_model('chosen', 'customer', '{id}', kind => 'column', schema => 'asked');
SELECT members FROM segmentation.define_segment('chosen', 'eu');

-- it takes a right to the answers, also of who defines for the owner
SET SESSION AUTHORIZATION regress_rights_asker;
SELECT segmentation.create_model('asking', 'customer', '{id}', schema => 'asker');
CALL refused($$ SELECT segmentation.define_segment('asking', 'vip', $r$ in_segment('asked', 'big') $r$) $$);
RESET SESSION AUTHORIZATION;
REVOKE USAGE ON SCHEMA asked FROM PUBLIC;
CALL refused($$ SELECT segmentation.define_segment('asking', 'vip', $r$ in_segment('asked', 'big') $r$) $$);
GRANT USAGE ON SCHEMA asked TO regress_rights_asker; GRANT SELECT (id, segments) ON asked.asked_assignment TO regress_rights_asker;
GRANT SELECT (id, segments) ON asked.ranked_assignment TO regress_rights_asker;
GRANT SELECT ON asked.chosen_assignment TO regress_rights_asker;

-- answers are those of the other model's last refresh: none before the first
SET SESSION AUTHORIZATION regress_rights_asker;
SELECT members FROM segmentation.define_segment('asking', 'vip', $$ in_segment('asked', 'big') AND size < 6 $$);
SELECT members FROM segmentation.define_segment('asking', 'others', $$ NOT in_segment('ranked', 'first') $$);
SELECT members FROM segmentation.define_segment('asking', 'rest', $$ in_segment('ranked', 'rest') AND in_segment('chosen', 'eu') $$);
SELECT appeared FROM segmentation.refresh('asking');
SELECT id, segments FROM asker.asking_assignment ORDER BY id;
SET SESSION AUTHORIZATION regress_rights_asked;
INSERT INTO asked.asked_override (id, segment, member, reason) VALUES (2, 'big', true, 'decided');
SELECT appeared FROM segmentation.refresh('asked');
SELECT appeared FROM segmentation.refresh('ranked');
SELECT appeared FROM segmentation.refresh('chosen');
SET SESSION AUTHORIZATION regress_rights_asker;
SELECT count(*) FROM segmentation.verify('asking');
SELECT changed FROM segmentation.refresh('asking');
SELECT id, segments FROM asker.asking_assignment ORDER BY id;
SELECT DISTINCT cause FROM asker.asking_history;

-- all who evaluate say the same
SELECT id, segmentation.classify('asking', id::text), segmentation.classify_row('asking', to_jsonb(c)) FROM customer c ORDER BY id;
SELECT segment, member, decided_by, because FROM segmentation.explain_customer('asking', '2');
SELECT segment, members, (SELECT count(*) FROM asker.asking_member m WHERE m.segment = p.segment) AS stored
  FROM (SELECT s.id AS segment, (segmentation.preview('asking', s.rule, s.id::text)).members FROM segmentation.segment s WHERE s.model = 'asking') p ORDER BY 1;
SELECT * FROM segmentation.preview_changes('asking', $$ in_segment('asked', 'big') $$, 'vip');
SELECT affected_model, affected_segment, customers, entering, leaving, problem
  FROM segmentation.impact('asking', 'vip', $$ in_segment('asked', 'big') $$);
SELECT count(*) FROM segmentation.verify('asking');
SELECT regexp_replace(segmentation.model_sql('asking'), '.*(FROM customer|FROM model_test)', '\1') ~ 'asked.asked_assignment' AS reads_answers;

-- a change there shows here once the other model is refreshed
RESET SESSION AUTHORIZATION;
SELECT affected_model, affected_segment, customers, problem FROM segmentation.impact('asked', 'big', 'true') ORDER BY 1, 2;

-- what changes there is no change of a definition here
SET SESSION AUTHORIZATION regress_rights_asked;
SELECT members FROM segmentation.define_segment('asked', 'big', $$ asked.spy(size - 1) $$);
SELECT changed FROM segmentation.refresh('asked');
SET SESSION AUTHORIZATION regress_rights_asker;
SELECT changed, failed FROM segmentation.refresh('asking');
SELECT id, segments FROM asker.asking_assignment ORDER BY id;
SELECT cause, count(*) FROM asker.asking_history GROUP BY cause;

-- a superuser's model runs nothing of others either, whoever calls
SET SESSION AUTHORIZATION regress_rights_boss;
SELECT segmentation.create_model('boss', 'customer', '{id}');
SELECT members FROM segmentation.define_segment('boss', 'vip', $$ in_segment('asked', 'big') $$);
SELECT appeared FROM segmentation.refresh('boss');
SELECT count(*) FROM segmentation.verify('boss');
SELECT segmentation.classify('boss', '6');
SELECT segment, because FROM segmentation.explain_customer('boss', '6');
SELECT customers FROM segmentation.impact('boss', 'vip', $$ NOT in_segment('asked', 'big') $$) WHERE affected_segment IS NULL;

-- nor what their tables have that planning and reading would run, at whatever moment it comes
CREATE FOREIGN DATA WRAPPER regress_rights_wrapper;
CREATE SERVER regress_rights_server FOREIGN DATA WRAPPER regress_rights_wrapper;
GRANT USAGE ON FOREIGN SERVER regress_rights_server TO regress_rights_asked;
UPDATE customer SET size = 0 WHERE id = 6;
SET SESSION AUTHORIZATION regress_rights_asked;
CREATE FUNCTION asked.quiet(int, int) RETURNS boolean IMMUTABLE LANGUAGE sql RETURN asked.spy($1);
CREATE OPERATOR asked.=== (FUNCTION = asked.quiet, LEFTARG = int, RIGHTARG = int);
CREATE INDEX asked_spy ON asked.asked_assignment (version) WHERE asked.spy(1);
CREATE STATISTICS asked.spied_on ON (version + asked.spy(1)::int), since FROM asked.asked_assignment;
ALTER TABLE asked.asked_assignment ADD CONSTRAINT spied CHECK (asked.spy(7) OR version > 0);
ALTER TABLE asked.asked_assignment ADD CONSTRAINT quietly CHECK (7 OPERATOR(asked.===) 7 OR version > 0);
SELECT changed FROM segmentation.refresh('asked');
CREATE FOREIGN TABLE asked.elsewhere () INHERITS (asked.asked_assignment) SERVER regress_rights_server;
SET SESSION AUTHORIZATION regress_rights_boss;
SELECT count(*) AS "what a statement would run" FROM ONLY asked.asked_assignment WHERE version > 1 AND since > '2020-01-01';
SELECT members FROM segmentation.define_segment('boss', 'other', $$ NOT in_segment('asked', 'big') $$);
SELECT members FROM segmentation.preview('boss', $$ in_segment('asked', 'big') $$, 'other');
SELECT customers FROM segmentation.impact('boss', 'vip', $$ NOT in_segment('asked', 'big') $$) WHERE affected_segment IS NULL;
SELECT changed, failed FROM segmentation.refresh('boss');
SELECT id, segmentation.classify('boss', id::text), segmentation.classify_row('boss', to_jsonb(c)) FROM customer c WHERE id > 4 ORDER BY id;
SELECT segment, because FROM segmentation.explain_customer('boss', '6');
SELECT count(*) FROM segmentation.verify('boss');
SELECT changed, failed FROM segmentation.refresh('boss');
SELECT count(*) FROM segmentation.verify('boss');
SELECT id, segments FROM boss_assignment ORDER BY id;
TRUNCATE boss_assignment;
SELECT appeared, failed FROM segmentation.refresh('boss');
RESET SESSION AUTHORIZATION;
DROP FOREIGN TABLE asked.elsewhere;
DROP SERVER regress_rights_server;
DROP FOREIGN DATA WRAPPER regress_rights_wrapper;
DROP INDEX asked.asked_spy;
DROP STATISTICS asked.spied_on;
ALTER TABLE asked.asked_assignment DROP CONSTRAINT spied, DROP CONSTRAINT quietly;
UPDATE customer SET size = 6 WHERE id = 6;
SELECT changed FROM segmentation.refresh('asked');

-- answers are looked up by the primary key, with the rights of who asks, whatever happens to the table meanwhile
SET SESSION AUTHORIZATION regress_rights_asker;
SELECT id, segmentation_internal.stored_answer('asked.asked_assignment', '{id}', id) FROM (VALUES (5), (6), (7), (NULL)) v (id);
CALL refused($$ SELECT segmentation_internal.stored_answer('asked.asked_history', '{id}', 5) $$);
CALL refused($$ SELECT segmentation_internal.stored_answer('asked.asked_assignment', '{id}', 5::bigint) $$);
CALL refused($$ SELECT segmentation_internal.stored_answer('asked.asked_assignment', '{since}', now()) $$);
CALL refused($$ SELECT segmentation_internal.stored_answer('asked.asked_assignment', '{id,id}', 5) $$);
CALL refused($$ SELECT segmentation_internal.stored_answer('asked.asked_member', '{id}', 5) $$);
RESET SESSION AUTHORIZATION;
CREATE FUNCTION change(what text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN EXECUTE what; RETURN true; END $$;
CALL refused($$ SELECT segmentation_internal.stored_answer('asked.asked_assignment', '{id}', id)
    FROM customer WHERE id < 5 OR model_test.change('ALTER TABLE asked.asked_assignment DROP CONSTRAINT asked_assignment_pkey') $$);
CREATE TABLE copied AS TABLE asked.asked_assignment;
CALL refused($$ SELECT segmentation_internal.stored_answer('copied', '{id}', 5) $$);
ALTER TABLE copied ADD PRIMARY KEY (id);
CALL refused($$ SELECT segmentation_internal.stored_answer('copied', '{id}', id)
    FROM customer WHERE id < 5 OR model_test.change('ALTER TABLE copied ALTER segments TYPE text[]') $$);
BEGIN;
ALTER TABLE asked.asked_assignment DROP CONSTRAINT asked_assignment_pkey;
SELECT failed FROM segmentation.refresh('boss');
ROLLBACK;

-- keys of several columns, in another order than the primary key's, and of types whose order is that of their kind
CREATE TYPE mood AS ENUM ('bad', 'good');
CREATE DOMAIN code AS varchar(5) CHECK (VALUE <> '');
CREATE TABLE visit (code code, tags int[], mood mood, span daterange, place text COLLATE "C", PRIMARY KEY (code, tags, mood, span, place));
INSERT INTO visit SELECT 'c' || i % 3, ARRAY[i, NULL], (enum_range(NULL::mood))[1 + i % 2], daterange('2026-01-01', '2026-01-02'::date + i), 'p' || i FROM generate_series(1, 5) i;
GRANT SELECT ON visit TO PUBLIC;
SET SESSION AUTHORIZATION regress_rights_asked;
SELECT segmentation.create_model('visited', 'visit', '{place,span,mood,tags,code}', schema => 'asked');
SELECT members FROM segmentation.define_segment('visited', 'good', $$ mood = 'good' $$);
SELECT appeared FROM segmentation.refresh('visited');
ALTER TABLE asked.visited_assignment DROP CONSTRAINT visited_assignment_pkey, ADD PRIMARY KEY (span, code, mood, place, tags);
GRANT SELECT ON asked.visited_assignment TO regress_rights_asker;
SET SESSION AUTHORIZATION regress_rights_asker;
SELECT segmentation.create_model('visiting', 'visit', '{place,span,mood,tags,code}', schema => 'asker');
SELECT members FROM segmentation.define_segment('visiting', 'vip', $$ in_segment('visited', 'good') $$);
SELECT appeared, failed FROM segmentation.refresh('visiting');
SELECT place, mood, segments, segmentation.classify('visiting', VARIADIC ARRAY[place, span::text, mood::text, tags::text, code::text]) FROM asker.visiting_assignment ORDER BY place;
SELECT count(*) FROM segmentation.verify('visiting');
SELECT segmentation.drop_model('visiting');
SET SESSION AUTHORIZATION regress_rights_asked;
SELECT segmentation.drop_model('visited');

-- a row security policy is not evaluated either: it would be another answer to each
SET SESSION AUTHORIZATION regress_rights_asked;
CREATE POLICY spied ON asked.asked_assignment USING (asked.spy(id));
ALTER TABLE asked.asked_assignment ENABLE ROW LEVEL SECURITY;
SET SESSION AUTHORIZATION regress_rights_asker;
CALL refused($$ SELECT segmentation.classify('asking', '6') $$);
SET SESSION AUTHORIZATION regress_rights_asked;
ALTER TABLE asked.asked_assignment DISABLE ROW LEVEL SECURITY;
-- what is taken back, is
REVOKE SELECT (id, segments) ON asked.asked_assignment FROM regress_rights_asker;
SET SESSION AUTHORIZATION regress_rights_asker;
SELECT failed FROM segmentation.refresh('asking');
SELECT segment, status, failing, message FROM segmentation.model_status('asking');
SET SESSION AUTHORIZATION regress_rights_asked;
GRANT SELECT (id, segments) ON asked.asked_assignment TO regress_rights_asker;
SET SESSION AUTHORIZATION regress_rights_asker;
SELECT changed, failed FROM segmentation.refresh('asking');

-- an owner who has the rights of the asking one anyway gains nothing: the rules run, as they are now
SET SESSION AUTHORIZATION regress_rights_asked;
SELECT members FROM segmentation.define_segment('asked', 'big', 'size = 1');
SET SESSION AUTHORIZATION regress_rights_asker;
SELECT segmentation.classify('asking', '1');
RESET SESSION AUTHORIZATION;
GRANT regress_rights_asker TO regress_rights_asked;
GRANT SELECT ON asked.asked_override, asked.ranked_override, asked.chosen_override TO regress_rights_asker;
SELECT segmentation.classify('asking', '1');
SELECT changed FROM segmentation.refresh('asking');
SELECT refreshed_versions FROM segmentation.model WHERE id = 'asking';
SELECT count(*) FROM segmentation.verify('asking');
SELECT id, segments FROM asker.asking_assignment ORDER BY id;

-- unless its table of overrides is of somebody who has them not
CREATE ROLE regress_rights_stranger;
GRANT USAGE, CREATE ON SCHEMA asked TO regress_rights_stranger;
ALTER TABLE asked.asked_override OWNER TO regress_rights_stranger;
SET SESSION AUTHORIZATION regress_rights_stranger;
CREATE FUNCTION asked.stranger() RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
    RAISE WARNING 'a stranger''s code ran as %', current_user;
    RETURN 1;
END
$$;
CREATE STATISTICS asked.strange ON (id + asked.stranger()), segment FROM asked.asked_override;
SET SESSION AUTHORIZATION regress_rights_asker;
SELECT segmentation.classify('asking', '1'), segmentation.classify('asking', '5');
SELECT segment, because FROM segmentation.explain_customer('asking', '5') WHERE segment = 'vip';
SELECT members FROM segmentation.preview('asking', $$ in_segment('asked', 'big') $$, 'vip');
SELECT changed FROM segmentation.refresh('asking');
SELECT refreshed_versions FROM segmentation.model WHERE id = 'asking';
SELECT count(*) FROM segmentation.verify('asking');
SELECT id, segments FROM asker.asking_assignment ORDER BY id;
RESET SESSION AUTHORIZATION;
REVOKE SELECT (id, segments) ON asked.asked_assignment FROM regress_rights_asker;
CALL refused($$ SELECT segmentation.define_segment('asking', 'vip', $r$ in_segment('asked', 'big') AND size < 6 $r$) $$);
GRANT SELECT (id, segments) ON asked.asked_assignment TO regress_rights_asker;
DROP STATISTICS asked.strange;
ALTER TABLE asked.asked_override OWNER TO regress_rights_asked;

REVOKE regress_rights_asker FROM regress_rights_asked;
SELECT segmentation.classify('asking', '1');
ALTER TABLE asker.asking_assignment OWNER TO regress_rights_asked;
ALTER TABLE asker.asking_history OWNER TO regress_rights_asked;
ALTER TABLE asker.asking_override OWNER TO regress_rights_asked;
GRANT USAGE ON SCHEMA asker TO regress_rights_asked;
SELECT segmentation.classify('asking', '1');
SELECT rolname FROM pg_roles WHERE rolsuper AND rolname LIKE 'regress_rights%';
\set ECHO none
SET client_min_messages = warning;
SELECT segmentation.drop_model(id::text) FROM unnest('{boss,asking,asked,ranked,chosen}'::text[]) id \g /dev/null
DROP SCHEMA model_test, asked, asker CASCADE;
DROP OWNED BY regress_rights_asker, regress_rights_asked, regress_rights_boss, regress_rights_stranger CASCADE;
DROP ROLE regress_rights_asker, regress_rights_asked, regress_rights_boss, regress_rights_stranger;
