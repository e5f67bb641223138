-- how many rows the planner expects of a comparison of prices, on skewed data in several currencies
\set VERBOSITY default
CREATE FUNCTION pg_temp.rows(query text, OUT expected numeric, OUT actual bigint, OUT within_a_half boolean)
LANGUAGE plpgsql AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan;
    expected := plan -> 0 -> 'Plan' ->> 'Plan Rows';
    EXECUTE 'SELECT count(*) FROM (' || query || ') AS query' INTO actual;
    within_a_half := expected BETWEEN actual / 1.5 - 1 AND actual * 1.5 + 1;
END
$$;

-- 70 % euros, 20 % dollars, 6 % yen, 4 % NULL; small amounts are frequent, one in ten euros is free
CREATE TABLE invoice AS
SELECT i AS id, CASE WHEN i % 100 < 7 THEN '0 EUR'
                     WHEN i % 100 < 70 THEN currency_price(round((1.0 / (1 + i * 7919 % 10007)) * 1000000, 2), 'EUR')
                     WHEN i % 100 < 90 THEN currency_price((i * 7919 % 10007) / 100.0, 'USD')
                     WHEN i % 100 < 96 THEN currency_price(i * 7919 % 10007, 'JPY') END AS price
FROM generate_series(1, 20000) AS i;
ALTER TABLE invoice ALTER price SET STATISTICS 1000;
ANALYZE invoice;
SELECT condition, actual, within_a_half
FROM unnest(ARRAY[
    $$price >= '0 EUR'$$, $$price > '0 EUR'$$, $$price < '0 EUR'$$, $$price <= '0 EUR'$$, $$'0 EUR' < price$$, $$NOT price > '0 EUR'$$,
    $$price >= '200 EUR'$$, $$price < '200 EUR'$$, $$price >= '10000 EUR'$$, $$price < '100 EUR'$$,
    $$price >= '50 USD'$$, $$price < '20 USD'$$, $$price > '99 USD'$$, $$price <= '1 USD'$$, $$price > '200 USD'$$,
    $$price <= '5000 JPY'$$, $$price > '9000 JPY'$$, $$price > '5 CHF'$$, $$price < '5 XOF'$$,
    $$price BETWEEN '20 USD' AND '30 USD'$$, $$price BETWEEN '50 USD' AND '51 USD'$$, $$price BETWEEN '100 EUR' AND '150 EUR'$$, $$price > '0 EUR' AND price <= '120 EUR'$$,
    $$price < '30 USD' AND price >= '20 USD'$$, $$'20 USD' <= price AND '30 USD' >= price$$, $$price BETWEEN '30 USD' AND '20 USD'$$, $$price BETWEEN '0 EUR' AND '200 USD'$$,
    $$price BETWEEN '0 EUR' AND '0 EUR'$$, $$price > NULL$$]) AS condition,
    pg_temp.rows('SELECT FROM invoice WHERE ' || condition);
-- a value not known when planning and a column without statistics get the server's usual guess
SELECT expected FROM pg_temp.rows('SELECT FROM invoice WHERE price > (SELECT max(price) FROM invoice WHERE currency(price) = ''EUR'')');
CREATE TABLE unknown (price currency_price);
INSERT INTO unknown SELECT price FROM invoice LIMIT 3000;
ALTER TABLE unknown ALTER price SET STATISTICS 0;
ANALYZE unknown;
SELECT expected FROM pg_temp.rows('SELECT FROM unknown WHERE price > ''5 EUR''');
-- joins count the pairs in one currency only
CREATE TABLE budget AS
SELECT currency_price(i * 10, CASE WHEN i % 10 < 5 THEN 'EUR' WHEN i % 10 < 8 THEN 'USD' ELSE 'GBP' END) AS price FROM generate_series(1, 100) AS i;
ANALYZE budget;
SELECT condition, actual, within_a_half
FROM unnest(ARRAY['<', '<=', '>', '>=']) AS condition,
    pg_temp.rows('SELECT FROM invoice JOIN budget ON invoice.price ' || condition || ' budget.price');
-- an operator that names these estimators and is none of ours: its values are not taken for prices, its function is not shown statistics
CREATE FUNCTION shown(currency_price, currency_price) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'shown %, %', $1, $2; END $$;
CREATE OPERATOR #< (FUNCTION = int4lt, LEFTARG = int, RIGHTARG = int, RESTRICT = currency_price_sel, JOIN = currency_price_joinsel);
CREATE OPERATOR #< (FUNCTION = shown, LEFTARG = currency_price, RIGHTARG = currency_price, RESTRICT = currency_price_sel, JOIN = currency_price_joinsel);
SELECT expected FROM pg_temp.rows('SELECT FROM invoice WHERE id #< 5');
EXPLAIN (COSTS OFF) SELECT FROM invoice WHERE price #< '5 EUR' AND price < '9 EUR';
EXPLAIN (COSTS OFF) SELECT FROM invoice JOIN budget ON invoice.price #< budget.price;
DROP OPERATOR #< (int, int), #< (currency_price, currency_price);
DROP FUNCTION shown;
-- with the default statistics, of ranges that are not within the bin in which a currency begins or ends: within a factor of two
CREATE TABLE sale AS
SELECT CASE WHEN i % 100 < 80 THEN currency_price(round((1.0 / (1 + i * 7919 % 10007)) * 1000000, 2), 'EUR')
            WHEN i % 100 < 95 THEN currency_price((i * 7919 % 10007) / 100.0, 'USD')
            ELSE currency_price(round((-ln((1 + i * 7919 % 10007) / 10008.0) * 5000)::numeric), 'JPY') END AS price
FROM generate_series(1, 100000) AS i;
ALTER TABLE sale ALTER price SET STATISTICS 100;
ANALYZE sale;
CREATE INDEX ON sale (price);
SELECT condition, actual, expected BETWEEN actual / 2.0 AND actual * 2.0 AS within_a_factor_of_two
FROM unnest(ARRAY[
    $$price >= '100 EUR'$$, $$price >= '200 EUR'$$, $$price >= '1000 EUR'$$, $$price >= '5000 EUR'$$, $$price < '120 EUR'$$, $$price < '105 EUR'$$,
    $$price BETWEEN '101 EUR' AND '110 EUR'$$, $$price BETWEEN '500 EUR' AND '700 EUR'$$,
    $$price >= '50 USD'$$, $$price > '90 USD'$$, $$price > '95 USD'$$,
    $$price BETWEEN '40 USD' AND '42 USD'$$,
    $$price > '5000 JPY'$$, $$price BETWEEN '1000 JPY' AND '2000 JPY'$$]) AS condition,
    pg_temp.rows('SELECT FROM sale WHERE ' || condition);
DROP TABLE invoice, unknown, budget, sale;
