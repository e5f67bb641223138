-- a model that contradicts its source or the catalogue: refused, with what is missing and the way out
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/model.sql'
\set ECHO none
\i :include
\set ECHO all
SET search_path = model_test, public;
CREATE TABLE customer (id int PRIMARY KEY, size int, region text);
INSERT INTO customer SELECT i, i, 'eu' FROM generate_series(1, 4) i;
SELECT segmentation.create_model('f', 'customer', '{id}'), segmentation.create_model('fx', 'customer', '{id}', kind => 'exclusive'),
    segmentation.create_model('fc', 'customer', '{id}', kind => 'column', segment_column => 'region');
SELECT FROM segmentation.define_segment('f', 'big', 'size > 2'), segmentation.define_segment('f', 'small', 'size < 2') AS s,
    segmentation.define_segment('fx', 'rest', NULL, rank => 1) AS r, segmentation.define_segment('fc', 'gone', NULL) AS c;
SELECT FROM segmentation.define_segment('f', 'dropped', 'true');
SELECT segmentation.drop_segment('f', 'dropped');
SELECT changed FROM unnest('{f,fx,fc}'::text[]) AS m, segmentation.refresh(m);

-- rows that a restore has lost: no refresh empties the model
CREATE TABLE lost AS SELECT * FROM segmentation.segment WHERE model IN ('f', 'fx', 'fc');
CREATE TABLE lost_word AS SELECT * FROM segmentation.definition WHERE model = 'f';
DELETE FROM segmentation.segment WHERE model = 'f' AND id = 'big' OR model IN ('fx', 'fc');
CALL refused($$ SELECT segmentation.refresh('f') $$);
CALL refused($$ SELECT segmentation.refresh('fx') $$);
-- a column has its segments again by itself
SELECT changed FROM segmentation.refresh('fc');
SELECT status, message FROM segmentation.model_status('f');
SELECT finding, object FROM segmentation.check_restore() WHERE object IN ('f', 'f/big');
SELECT members FROM segmentation.define_segment('f', 'big', 'size > 2');
SELECT changed FROM segmentation.refresh('f');
DELETE FROM segmentation.definition WHERE model = 'f';
DELETE FROM segmentation.segment WHERE model = 'f';
CALL refused($$ SELECT segmentation.refresh('f') $$);
-- all that is known of them is the version: nothing hides that but who says so
CALL refused($$ SELECT segmentation.alter_model('f') $$);
CALL refused($$ SELECT segmentation.alter_model('f', objective => 'none', accept_loss => NULL) $$);
CALL refused($$ SELECT segmentation.define_segment('f', 'other', 'true') $$);
CALL refused($$ SELECT segmentation.refresh('f') $$);
BEGIN;
SELECT segmentation.alter_model('f', accept_loss => true);
SELECT FROM segmentation.define_segment('f', 'small', 'size < 2');
SELECT changed, exited FROM segmentation.refresh('f');
ROLLBACK;
BEGIN;
SELECT segmentation.drop_model('f');
ROLLBACK;
INSERT INTO segmentation.segment SELECT * FROM lost WHERE model IN ('f', 'fx');
CALL refused($$ SELECT segmentation.refresh('f') $$);
SELECT segmentation.alter_model('f', accept_loss => true);
SELECT changed, exited FROM unnest('{f,fx}'::text[]) AS m, segmentation.refresh(m);
SELECT DISTINCT id, segments FROM f_assignment ORDER BY id;

-- columns that the application has renamed
ALTER TABLE customer RENAME id TO number;
ALTER TABLE customer RENAME region TO area;
CALL refused($$ SELECT segmentation.refresh('f') $$);
CALL refused($$ SELECT * FROM segmentation.verify('f') $$);
CALL refused($$ SELECT segmentation.classify('f', '1') $$);
SELECT DISTINCT status, message FROM segmentation.model_status('f');
SELECT object, hint FROM segmentation.check_restore() WHERE finding = 'model-gone' AND object IN ('f', 'fx', 'fc') ORDER BY object;
SELECT segmentation.alter_model(m, key => '{number}') FROM unnest('{f,fx}'::text[]) AS m;
SELECT changed FROM unnest('{f,fx}'::text[]) AS m, segmentation.refresh(m);
SELECT segmentation.alter_model('fc', key => '{number}', segment_column => 'area');
SELECT changed FROM segmentation.refresh('fc');

-- a column whose values are no ids
UPDATE customer SET area = 'EU West' WHERE number IN (2, 3);
CALL refused($$ SELECT segmentation.refresh('fc') $$);
CALL refused($$ SELECT * FROM segmentation.verify('fc') $$);
CALL refused($$ SELECT segmentation.classify('fc', '2') $$);
SELECT segmentation.classify('fc', '1');
CALL refused($$ SELECT segmentation.classify_row('fc', '{"number": 9, "area": "-"}') $$);
UPDATE customer SET area = 'eu-west' WHERE area = 'EU West';
SELECT changed FROM segmentation.refresh('fc');

-- a source that was made again with another column: it is followed, rules without a meaning fail until they are defined anew
CREATE TABLE loaded (id int PRIMARY KEY, n int, kept int);
INSERT INTO loaded SELECT i, i, i FROM generate_series(1, 4) AS i;
SELECT segmentation.create_model('fl', 'loaded', '{id}');
SELECT FROM segmentation.define_segment('fl', 'a', 'n > 2'), segmentation.define_segment('fl', 'b', $$ in_segment('a') AND kept > 3 $$) AS b,
    segmentation.define_segment('fl', 'k', 'kept > 1') AS k;
SELECT FROM generate_series(10, 22) AS i, segmentation.define_segment('fl', 's' || i, 'n > ' || i);
SELECT changed FROM segmentation.refresh('fl');
DROP TABLE loaded;
CREATE TABLE loaded (id int PRIMARY KEY, number int, kept int);
INSERT INTO loaded SELECT i, i, 1 FROM generate_series(1, 5) AS i;
SELECT segmentation.alter_model('fl', source => 'loaded');
SELECT changed, failed FROM segmentation.refresh('fl');
SELECT segmentation.classify('fl', '4');
SELECT id, segments FROM fl_assignment ORDER BY id;
SELECT FROM segmentation.define_segment('fl', 'a', 'number > 2');
SELECT segmentation.drop_segment('fl', 's' || i) FROM generate_series(10, 22) AS i;
SELECT changed, failed FROM segmentation.refresh('fl');
SELECT id, segments FROM fl_assignment ORDER BY id;
SELECT segmentation.drop_model('fl');

-- a moment too far, and the way back
BEGIN;
SET LOCAL TimeZone = 'UTC';
SELECT as_of > now() AS is_future FROM segmentation.refresh('f', '2062-01-01 00:00:00+00');
COMMIT;
CALL refused($$ SELECT segmentation.refresh('f', '2030-01-01 00:00:00+00') $$);
BEGIN;
TRUNCATE f_assignment, f_history;
UPDATE segmentation.model SET as_of = NULL WHERE id = 'f';
SELECT as_of <= now() AS is_now FROM segmentation.refresh('f');
COMMIT;
SELECT * FROM segmentation.verify('f');

\set ECHO none
SET client_min_messages = warning;
SELECT FROM unnest($q${f,fx,fc}$q$::text[]) AS m, segmentation.drop_model(m);
RESET search_path;
DROP SCHEMA model_test CASCADE;
