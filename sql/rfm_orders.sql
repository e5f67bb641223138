-- The orders of 995 customers whose scores and segments are known: recency,
-- frequency and monetary value at 2006-12-31, in five bins.  They were computed
-- with "value < quantile + 1", which for whole numbers is "value <= quantile
-- rounded up".
\getenv srcdir PG_ABS_SRCDIR
\set file :srcdir '/test/data/rfm/rfm_data_orders.csv'
\set scores :srcdir '/test/data/rfm/rfm_orders_expected_scores.csv'
\set segments :srcdir '/test/data/rfm/rfm_orders_expected_segments.csv'

CREATE TABLE rfm_orders (customer text, ordered_on date, revenue numeric);
COPY rfm_orders FROM :'file' (FORMAT csv, HEADER);
CREATE TABLE expected_score (customer text, recency_days int, orders int, revenue numeric, recency int, frequency int, monetary int, score int);
COPY expected_score FROM :'scores' (FORMAT csv, HEADER);
CREATE TABLE expected_segment (title text, orders int, revenue numeric, customers int, average numeric);
COPY expected_segment FROM :'segments' (FORMAT csv, HEADER);

CREATE TABLE rfm_customer AS
SELECT customer, date '2006-12-31' - max(ordered_on) AS recency_days, count(*) AS orders, sum(revenue) AS revenue
FROM rfm_orders GROUP BY customer;
SELECT quantile_breaks(recency_days, 5) AS recency, quantile_breaks(orders, 5) AS frequency, quantile_breaks(revenue, 5) AS monetary FROM rfm_customer;
CREATE FUNCTION pg_temp.rounded_up(breaks numeric[]) RETURNS numeric[] LANGUAGE sql IMMUTABLE
RETURN ARRAY(SELECT ceil(value) FROM unnest(breaks) WITH ORDINALITY AS b (value, place) ORDER BY place);
CREATE TABLE rfm_scored AS
SELECT customer, recency_days, orders, revenue, rfm_score(recency_days, r, lower_is_better => true) AS recency,
    rfm_score(orders, f) AS frequency, rfm_score(revenue, m) AS monetary
FROM rfm_customer, (SELECT pg_temp.rounded_up(quantile_breaks(recency_days, 5)) AS r, pg_temp.rounded_up(quantile_breaks(orders, 5)) AS f,
          pg_temp.rounded_up(quantile_breaks(revenue, 5)) AS m FROM rfm_customer) AS breaks;

-- every customer as expected: no difference
SELECT count(*) AS customers, count(*) FILTER (WHERE
    (s.recency_days, s.orders, s.revenue, s.recency, s.frequency, s.monetary, rfm_score(s.recency, s.frequency, s.monetary))
    IS DISTINCT FROM (e.recency_days, e.orders, e.revenue, e.recency, e.frequency, e.monetary, e.score)) AS different
FROM rfm_scored s FULL JOIN expected_score e USING (customer);

-- every named segment as expected: no difference
SELECT title, ours.customers, ours.orders, ours.revenue,
    (ours.customers, ours.orders, ours.revenue, ours.average) IS NOT DISTINCT FROM (e.customers, e.orders, e.revenue, e.average) AS same
FROM (SELECT rfm_segment(recency, frequency, monetary) AS segment, count(*)::int AS customers, sum(orders)::int AS orders, sum(revenue) AS revenue,
          round(sum(revenue) / sum(orders), 2) AS average
      FROM rfm_scored GROUP BY 1) AS ours
    JOIN rfm_segments() USING (segment) FULL JOIN (SELECT title, orders, revenue, customers, average FROM expected_segment) AS e USING (title)
ORDER BY title COLLATE "C";
DROP TABLE rfm_orders, expected_score, expected_segment, rfm_customer, rfm_scored;
