-- sum and avg of prices over windows: rows that leave the frame are taken back, exactly
\set VERBOSITY default
CREATE TABLE invoice (id integer, day date, price currency_price);
INSERT INTO invoice VALUES
    (1, '2024-01-01', '10 EUR'), (2, '2024-01-01', '0.0000166667 EUR'), (3, '2024-01-02', NULL), (4, '2024-01-02', '-3.5 EUR'),
    (5, '2024-01-05', NULL), (6, '2024-01-09', '999999999999999999 EUR'), (7, '2024-01-10', '-999999999999999999 EUR'), (8, '2024-01-10', '1 EUR'), (9, '2024-01-31', NULL);
SELECT id, day, price, sum(price) OVER w, avg(price) OVER w
FROM invoice WHERE id < 6
WINDOW w AS (ORDER BY day RANGE BETWEEN '1 day' PRECEDING AND CURRENT ROW) ORDER BY id;
-- what does not fit into a price on the way is no error, only what is asked for must
SELECT id, price, sum(price) OVER (ORDER BY id ROWS BETWEEN CURRENT ROW AND 2 FOLLOWING) FROM invoice WHERE id > 5 ORDER BY id;
SELECT sum(price) OVER (ORDER BY id ROWS 1 PRECEDING) FROM invoice WHERE id IN (2, 6, 7);

-- a frame may have one currency and the next another; both in one is an error, as without windows
CREATE TABLE change AS
SELECT i AS id, currency_price(i, CASE WHEN i < 3 THEN 'EUR' ELSE 'USD' END) AS price FROM generate_series(1, 4) AS i;
SELECT id, price, sum(price) OVER (ORDER BY id ROWS BETWEEN CURRENT ROW AND CURRENT ROW) FROM change ORDER BY id;
SELECT id, price, sum(price) OVER w, avg(price) OVER w FROM change WINDOW w AS (ORDER BY currency(price) GROUPS BETWEEN CURRENT ROW AND CURRENT ROW) ORDER BY id;
SELECT id, sum(price) OVER (ORDER BY id ROWS 1 PRECEDING) FROM change;

-- the same as computed anew for every row
CREATE AGGREGATE sum_anew(currency_price) (SFUNC = currency_price_accum, STYPE = currency_price_sum, INITCOND = 'empty', FINALFUNC = currency_price_sum_final);
CREATE AGGREGATE avg_anew(currency_price) (SFUNC = currency_price_accum, STYPE = currency_price_sum, INITCOND = 'empty', FINALFUNC = currency_price_avg_final);
CREATE TABLE sale AS
SELECT i AS id, i % 4 AS customer, date '2024-01-01' + i * 7919 % 397 AS day,
    CASE WHEN i % 5 > 0 THEN currency_price((i * 104729 % 2000003 - 1000000) / (10.0 ^ (i % 7))::numeric, (ARRAY['EUR', 'USD', 'JPY', 'KWD'])[1 + i % 4]) END AS price
FROM generate_series(1, 3000) AS i;
SELECT count(*), count(DISTINCT sum) > 1000 AS many, count(*) FILTER (WHERE sum IS DISTINCT FROM sum_anew OR avg IS DISTINCT FROM avg_anew) AS different
FROM (
    SELECT sum(price) OVER by_day, sum_anew(price) OVER by_day, avg(price) OVER by_row, avg_anew(price) OVER by_row
    FROM sale
    WINDOW by_day AS (PARTITION BY customer ORDER BY day RANGE '90 days' PRECEDING), by_row AS (PARTITION BY customer ORDER BY id ROWS BETWEEN 20 PRECEDING AND 3 PRECEDING)
) AS windows;
SELECT count(*), count(*) FILTER (WHERE sum IS DISTINCT FROM sum_anew) AS different
FROM (
    SELECT sum(price) FILTER (WHERE id % 3 = 0) OVER w, sum_anew(price) FILTER (WHERE id % 3 = 0) OVER w
    FROM sale WINDOW w AS (PARTITION BY customer ORDER BY day, id ROWS BETWEEN 5 PRECEDING AND 5 FOLLOWING EXCLUDE CURRENT ROW)
) AS windows;

-- by itself: a state whose last price is taken back is empty, and what is not in it is refused
SELECT currency_price_discard('29.7 EUR / 3', '9.9 EUR'), currency_price_discard('9.9 EUR / 1', '9.9 EUR'), currency_price_discard('-1 JPY / 2', '-1 JPY'), currency_price_discard('1 EUR / 2', NULL);
SELECT s, currency_price_discard(s, '9.9 EUR'), s FROM (SELECT '29.7 EUR / 3'::currency_price_sum AS s OFFSET 0) AS sum;
SELECT currency_price_discard('empty', '9.9 EUR');
\echo :LAST_ERROR_SQLSTATE
SELECT currency_price_discard('29.7 EUR / 3', '9.9 USD');
SELECT currency_price_discard('29.7 EUR / 1', '9.9 EUR');
SELECT currency_price_discard('999999999999999999 EUR / 2', '-999999999999999999 EUR');
DROP AGGREGATE sum_anew(currency_price), avg_anew(currency_price);
DROP TABLE invoice, change, sale;
