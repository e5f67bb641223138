-- The blood donors as models: recency, frequency and who came back.
\getenv srcdir PG_ABS_SRCDIR
\set file :srcdir '/test/data/rfm/blood_transfusion.csv'
SET client_min_messages = warning;
CREATE SCHEMA regress_blood;
SET search_path = regress_blood, public;
CREATE TABLE file (id int GENERATED ALWAYS AS IDENTITY, recency int, frequency int, monetary int, since int, class int);
COPY file (recency, frequency, monetary, since, class) FROM :'file' (FORMAT csv, HEADER);
-- donors of two hospitals, whose numbers are their own; months back from one day are days
CREATE TABLE donor AS
    SELECT CASE WHEN id % 2 = 0 THEN 'north' ELSE 'south' END AS hospital, id / 2 AS number, frequency, class = 1 AS came_back,
           date '2007-03-01' - make_interval(months => recency) AS last_gave, date '2007-03-01' - make_interval(months => since) AS first_gave
    FROM file;

-- known: of 748 donors 178 came back and 570 did not
SELECT count(*) FROM segmentation.create_model('donors', 'donor', '{hospital,number}', time_zone => 'Asia/Taipei');
CREATE TABLE definition (place int GENERATED ALWAYS AS IDENTITY, segment text, rule text);
INSERT INTO definition (segment, rule) VALUES
    ('came-back', 'came_back'),
    ('stayed-away', 'NOT in_segment(''came-back'')'),
    ('recent', 'last_gave >= localtimestamp - interval ''6 months'''),
    ('regular', 'frequency >= 4 AND (last_gave - first_gave) / frequency <= interval ''4 months'''),
    ('once', 'frequency = 1'),
    ('lapsed', 'last_gave < localtimestamp - interval ''1 year'' AND NOT in_segment(''once'')'),
    ('invite', '(in_segment(''regular'') OR in_segment(''recent'')) AND last_gave <= localtimestamp - interval ''2 months''');
SELECT segment, members IS NOT NULL AS counted, unknown FROM definition, segmentation.define_segment('donors', segment, rule) ORDER BY place;
SELECT rows_read FROM segmentation.refresh('donors', '2007-03-01 00:00 Asia/Taipei');
SELECT segment, count(*) AS donors FROM donors_member GROUP BY segment ORDER BY segment;

-- the same by hand
SELECT count(*) FILTER (WHERE class = 1) AS "came-back", count(*) FILTER (WHERE class <> 1) AS "stayed-away",
       count(*) FILTER (WHERE recency <= 6) AS recent, count(*) FILTER (WHERE frequency = 1) AS once,
       count(*) FILTER (WHERE recency > 12 AND frequency > 1) AS lapsed
FROM file;
SELECT segment, round(100.0 * count(*) FILTER (WHERE came_back) / count(*), 1) AS "came back %"
FROM donors_member JOIN donor USING (hospital, number) GROUP BY segment ORDER BY segment;

-- half a year passes, nobody gives: nobody is recent any more, and more have lapsed
SELECT rows_read, entered, exited FROM segmentation.refresh('donors', '2007-09-02 00:00 Asia/Taipei');
SELECT segment, count(*) AS donors FROM donors_member GROUP BY segment ORDER BY segment;
SELECT count(*) FILTER (WHERE recency >= 6 AND frequency > 1) AS lapsed FROM file;
SELECT count(*) AS differences FROM segmentation.verify('donors');

-- a day before cannot be asked again, but what was the answer then can
SELECT segmentation.refresh('donors', '2007-03-01 00:00 Asia/Taipei');
SELECT max(until) AS turn FROM donors_history \gset
SELECT count(*) AS donors, count(*) FILTER (WHERE segments @> '{recent}') AS recent FROM donors_at(:'turn'::timestamptz - interval '1 microsecond');
SELECT count(*) AS donors, count(*) FILTER (WHERE segments @> '{recent}') AS recent FROM donors_at(:'turn');

-- leave nothing to the tests that follow
DELETE FROM segmentation.segment_reference
WHERE model IN (SELECT id FROM segmentation.model JOIN pg_class ON pg_class.oid = assignment WHERE relnamespace = quote_ident(current_schema())::regnamespace);
DELETE FROM segmentation.model USING pg_class WHERE pg_class.oid = assignment AND relnamespace = quote_ident(current_schema())::regnamespace;
SET client_min_messages = warning;
DROP SCHEMA regress_blood CASCADE;
