-- what a change of a definition would do: what depends on it, and how many customers would change
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/model.sql'
\set ECHO none
\i :include
\set ECHO all
SET search_path = model_test, public;
SET TimeZone = 'UTC';
CREATE TABLE customer (id int PRIMARY KEY, a int, b int, seen timestamptz);
INSERT INTO customer SELECT i, i, 10 - i, '2026-01-01'::timestamptz - i * interval '1 day' FROM generate_series(1, 10) i;
SELECT segmentation.create_model('one', 'customer', '{id}');
SELECT segmentation.create_model('two', 'customer', '{id}');
SELECT segmentation.create_model('tier', 'customer', '{id}', kind => 'exclusive');
SELECT members FROM segmentation.define_segment('one', 'large', 'a > 5');
SELECT members FROM segmentation.define_segment('one', 'not-large', 'NOT in_segment(''large'')');
SELECT members FROM segmentation.define_segment('one', 'alone', 'b > 5');
SELECT members FROM segmentation.define_segment('two', 'far', 'in_segment(''one'', ''not-large'') AND a > 2');
SELECT members FROM segmentation.define_segment('tier', 'gold', 'in_segment(''one'', ''large'')', rank => 10);
SELECT members FROM segmentation.define_segment('tier', 'silver', 'a > 3', rank => 20);
SELECT members FROM segmentation.define_segment('tier', 'rest', rank => 30);
CREATE TABLE catalogue_before AS SELECT id::text, version, kind, time_zone, source::oid FROM segmentation.model;

-- another rule: itself, and whatever asks for it, in any number of steps and in other models
SELECT * FROM segmentation.impact('one', 'large', 'a > 8');
-- the same rule changes nothing, and says what depends on it
SELECT * FROM segmentation.impact('one', 'large', 'a > 5');
-- what nothing depends on; what is not there yet
SELECT * FROM segmentation.impact('one', 'alone', 'b > 7');
SELECT * FROM segmentation.impact('ONE', 'New', 'b > 7');
-- as of a moment
SELECT affected_segment, entering, leaving FROM segmentation.impact('one', 'new', 'seen > now() - interval ''3 days''', as_of => '2026-01-01 12:00');

-- by default as of the last refresh, where that was ahead of the clock
SELECT segmentation.create_model('ahead', 'customer', '{id}');
SELECT rows_read FROM segmentation.refresh('ahead', '2999-01-01');
SELECT affected_segment, entering, leaving FROM segmentation.impact('ahead', 'old', 'seen < now() - interval ''900 years''');
SELECT segmentation.drop_model('ahead');

-- dropped: those who are in it leave, and rules that ask for it keep it from being dropped
SELECT * FROM segmentation.impact('one', 'large');
SELECT * FROM segmentation.impact('one', 'alone');
-- in an exclusive model the next takes over
SELECT * FROM segmentation.impact('tier', 'silver');
SELECT * FROM segmentation.impact('tier', 'rest');
-- another rank; who is asked before it changes
SELECT * FROM segmentation.impact('tier', 'silver', rank => 5);
SELECT * FROM segmentation.impact('tier', 'bronze', 'a > 2', 25);

-- the model altered: another source, kind, time zone
CREATE VIEW half AS SELECT id, a, b + 1 AS b, seen FROM customer WHERE id > 5;
SELECT * FROM segmentation.impact('two', source => 'half');
SELECT * FROM segmentation.impact('one', source => 'half');
SELECT * FROM segmentation.impact('tier', kind => 'overlapping');
SELECT * FROM segmentation.impact('one', time_zone => 'Asia/Tokyo');
SELECT * FROM segmentation.impact('one');
SELECT members FROM segmentation.define_segment('two', 'today', 'seen::date >= date ''2025-12-25''');
SELECT affected_segment, entering, leaving FROM segmentation.impact('two', time_zone => 'America/New_York');
SELECT segmentation.drop_segment('two', 'today');

-- nothing of it has happened
SELECT count(*) FROM (SELECT id::text, version, kind, time_zone, source::oid FROM segmentation.model WHERE id <> 'two' EXCEPT TABLE catalogue_before) d;
SELECT count(*) FROM segmentation.segment;
SELECT count(*) FROM one_assignment;

-- it says what comes: the numbers of the next refresh
SELECT rows_read FROM segmentation.refresh('one');
SELECT rows_read FROM segmentation.refresh('tier');
SELECT rows_read FROM segmentation.refresh('two');
CREATE TABLE promised AS SELECT * FROM segmentation.impact('one', 'large', 'a BETWEEN 2 AND 7');
SELECT members FROM segmentation.define_segment('one', 'large', 'a BETWEEN 2 AND 7');
SELECT l.model, l.changed, l.entered, l.exited, (l.changed, l.entered, l.exited) = (p.customers, p.entering, p.leaving) AS as_promised
  FROM unnest('{one,two,tier}'::text[]) m, segmentation.refresh(m) l, promised p WHERE p.affected_model = l.model AND p.affected_segment IS NULL ORDER BY 1;
SELECT count(*) AS segments, count(*) FILTER (WHERE (s.entered, s.exited) IS DISTINCT FROM (p.entering, p.leaving)) AS different
  FROM segmentation.refresh_log_segment s JOIN (SELECT model, max(refreshed_at) AS refreshed_at FROM segmentation.refresh_log GROUP BY 1) l USING (model, refreshed_at)
       FULL JOIN (SELECT * FROM promised WHERE customers > 0 AND affected_segment IS NOT NULL) p ON (p.affected_model, p.affected_segment) = (s.model, s.segment);
SELECT members FROM segmentation.define_segment('one', 'large', 'a > 5');

-- refused as the change is
CALL refused($$ SELECT segmentation.impact('one', 'large', 'a >') $$);
CALL refused($$ SELECT segmentation.impact('one', 'large', 'in_segment(''not-large'')') $$);
CALL refused($$ SELECT segmentation.impact('one', 'none') $$);
CALL refused($$ SELECT segmentation.impact('none') $$);
CALL refused($$ SELECT segmentation.impact(NULL) $$);
CALL refused($$ SELECT segmentation.impact('tier', 'new', 'true') $$);
CALL refused($$ SELECT segmentation.impact('one', rule => 'a > 5') $$);
CALL refused($$ SELECT segmentation.impact('one', 'large', 'a > 5', source => 'half') $$);
CALL refused($$ SELECT segmentation.impact('one', kind => 'exclusive') $$);
-- a rule that raises an error for some customer is no rule to count with; one that failed before keeps its members
SELECT affected_segment, customers, problem FROM segmentation.impact('one', 'alone', '1 / (a - 5) > 0');
SELECT members FROM segmentation.define_segment('one', 'alone', '1 / (a - 5) > 0');
SELECT affected_segment, customers, problem FROM segmentation.impact('one', 'large', 'a > 8') WHERE affected_model = 'one';
SELECT failed FROM segmentation.refresh('one');
SELECT affected_segment, customers, problem FROM segmentation.impact('one', 'large', 'a > 8') WHERE affected_model = 'one';
-- mended, its members come
SELECT affected_segment, entering, leaving FROM segmentation.impact('one', 'alone', 'b > 7');

-- markets: not by drop_segment, nor as long as there are any by drop_model
INSERT INTO segmentation.market (id, currency) VALUES ('fr', 'EUR');
SELECT * FROM segmentation.impact('market', 'fr');
CALL refused($$ SELECT segmentation.drop_segment('market', 'fr') $$);
CALL refused($$ SELECT segmentation.drop_model('market') $$);
ALTER TABLE customer ADD segment segment_id;
UPDATE customer SET segment = 'fr' WHERE id < 4;
SELECT segmentation.alter_model('market', source => 'customer', key => '{id}', segment_column => 'segment');
SELECT members FROM segmentation.define_segment('two', 'french', 'in_segment(''market'', ''fr'')');
SELECT * FROM segmentation.impact('market', 'fr');
CALL refused($$ SELECT segmentation.drop_segment('market', 'fr') $$);
SELECT segmentation.drop_segment('two', 'french');

-- rules of another's model are not evaluated for whoever asks
SET client_min_messages = warning;
DROP ROLE IF EXISTS regress_impact;
RESET client_min_messages;
CREATE ROLE regress_impact;
GRANT CREATE, USAGE ON SCHEMA model_test TO regress_impact;
GRANT SELECT ON customer, one_assignment, one_override TO regress_impact;
SET ROLE regress_impact;
CALL refused($$ SELECT segmentation.impact('one', 'large', 'a > 8') $$);
SELECT segmentation.create_model('own', 'customer', '{id}');
SELECT members FROM segmentation.define_segment('own', 'small', 'a < 3');
SELECT members FROM segmentation.define_segment('own', 'of-another', 'in_segment(''one'', ''not-large'')');
SELECT * FROM segmentation.impact('own', 'small', 'a < 4');
RESET ROLE;
SELECT * FROM segmentation.impact('one', 'large', 'a > 8') WHERE affected_model = 'own';
GRANT SELECT ON own_assignment, own_override TO PUBLIC;
SELECT members FROM segmentation.define_segment('one', 'asks', 'in_segment(''own'', ''small'')');
SET ROLE regress_impact;
SELECT * FROM segmentation.impact('own', 'small', 'a < 4');
RESET ROLE;
BEGIN READ ONLY;
SELECT count(*) FROM segmentation.impact('one', 'large', 'a > 8');
ROLLBACK;

SET client_min_messages = warning;
DELETE FROM segmentation.market;
SELECT segmentation.drop_segment('own', 'of-another'), segmentation.drop_segment('one', 'asks');
SELECT segmentation.drop_model(m) FROM unnest('{own,tier,two,one,market}'::text[]) m;
DROP SCHEMA model_test CASCADE;
DROP ROLE regress_impact;
