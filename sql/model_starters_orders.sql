-- the model that starter rfm makes of 995 customers whose scores and segments are published, as of 2006-12-31
\getenv srcdir PG_ABS_SRCDIR
\set file :srcdir '/test/data/rfm/rfm_data_orders.csv'
\set scores :srcdir '/test/data/rfm/rfm_orders_expected_scores.csv'
\set segments :srcdir '/test/data/rfm/rfm_orders_expected_segments.csv'
\set include :srcdir '/sql/include/model.sql'
\set ECHO none
\i :include
\set ECHO all
SET search_path = model_test, public;
SET TimeZone = 'UTC';
CREATE TABLE orders (customer text, ordered_on date, revenue numeric);
COPY orders FROM :'file' (FORMAT csv, HEADER);
CREATE TABLE expected_score (customer text, recency_days int, orders int, revenue numeric, recency int, frequency int, monetary int, score int);
COPY expected_score FROM :'scores' (FORMAT csv, HEADER);
CREATE TABLE expected_segment (title text, orders int, revenue numeric, customers int, average numeric);
COPY expected_segment FROM :'segments' (FORMAT csv, HEADER);
CREATE VIEW buyer AS SELECT customer, max(ordered_on) AS last_order, count(*) AS orders, sum(revenue) AS revenue FROM orders GROUP BY customer;
SELECT * FROM segmentation.create_model_from('rfm', 'buyer', 'last_order', 'orders', 'revenue', key => '{customer}', name => 'buyers', as_of => '2006-12-31');
SELECT objective FROM segmentation.model WHERE id = 'buyers';
-- every score by the breaks that are said and stand in the rules: no difference
SELECT count(*) AS customers, count(*) FILTER (WHERE e.score IS DISTINCT FROM rfm_score(rfm_score('2006-12-31' - last_order, '{114,180,297,481}', lower_is_better => true),
           rfm_score(b.orders, '{3,4,5,7}'), rfm_score(b.revenue, '{255,381,506,665}'))) AS different
  FROM buyer b FULL JOIN expected_score e USING (customer);
-- every customer in the segment of the published scores, and every segment with the published totals: no difference
SELECT count(*) AS customers, count(*) FILTER (WHERE a.segments IS DISTINCT FROM ARRAY[rfm_segment(recency, frequency, monetary)]) AS different
  FROM buyers_assignment a FULL JOIN expected_score e USING (customer);
SELECT title, count(*) AS customers, sum(b.orders) AS orders, sum(b.revenue) AS revenue,
       (count(*), sum(b.orders), sum(b.revenue), round(sum(b.revenue) / sum(b.orders), 2)) IS NOT DISTINCT FROM (e.customers, e.orders, e.revenue, e.average) AS same
  FROM buyers_member m JOIN buyer b USING (customer) JOIN segmentation.segment s ON (s.model, s.id) = ('buyers', m.segment) FULL JOIN expected_segment e USING (title)
 GROUP BY title, e.customers, e.orders, e.revenue, e.average ORDER BY title COLLATE "C";
SELECT count(*) FROM segmentation.verify('buyers');
SET client_min_messages = warning;
SELECT count(segmentation.drop_model(id::text)) > 0 FROM segmentation.model WHERE id <> 'market';
DROP SCHEMA model_test CASCADE;
