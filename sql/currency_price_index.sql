-- < <= > >= on prices are ranges of an ordinary index
\set VERBOSITY default
CREATE TABLE invoice AS
SELECT i AS id, i % 20 AS customer,
    CASE WHEN i % 100 < 70 THEN currency_price(round((1.0 / (1 + i * 7919 % 10007)) * 1000000, 2), 'EUR')
         WHEN i % 100 < 90 THEN currency_price((i * 7919 % 10007) / 100.0 - 10, 'USD')
         WHEN i % 100 < 96 THEN currency_price(i * 7919 % 10007, 'JPY') END AS price
FROM generate_series(1, 100000) AS i;
-- the ends of a currency, and the currencies next to it
INSERT INTO invoice
SELECT 100000 + row_number() OVER (), 0, price::currency_price
FROM unnest('{999999999999999999 EUR,-999999999999999999 EUR,0.000000000000000001 EUR,-0.000000000000000001 EUR,0 EUR,
    999999999999999999 ETB,-999999999999999999 FJD,999999999999999999 USD,0 USD,999999999999999999 AED,-999999999999999999 ZWL}'::text[]) AS price;
CREATE INDEX invoice_price ON invoice (price);
VACUUM ANALYZE invoice;

-- one range, from the value to the end of its currency
EXPLAIN (COSTS OFF) SELECT price FROM invoice WHERE price >= '30000 EUR';
EXPLAIN (COSTS OFF) SELECT price FROM invoice WHERE price > '30000 EUR';
EXPLAIN (COSTS OFF) SELECT price FROM invoice WHERE price <= '-9 USD';
EXPLAIN (COSTS OFF) SELECT price FROM invoice WHERE price < '-9 USD';
-- the value may stand first, the comparison be denied, or be written as function
EXPLAIN (COSTS OFF) SELECT price FROM invoice WHERE '30000 EUR' <= price;
EXPLAIN (COSTS OFF) SELECT price FROM invoice WHERE NOT price < '30000 EUR';
EXPLAIN (COSTS OFF) SELECT price FROM invoice WHERE currency_price_ge(price, '30000 EUR');
EXPLAIN (COSTS OFF) SELECT price FROM invoice WHERE price BETWEEN '30000 EUR' AND '40000 EUR';
SELECT count(*), min(price), max(price) FROM invoice WHERE price BETWEEN '30000 EUR' AND '40000 EUR';
-- nothing is left to check beside the range, but where a bitmap makes the server do so
SET enable_bitmapscan = off;
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT * FROM invoice WHERE price >= '30000 EUR';
RESET enable_bitmapscan;
RESET enable_seqscan;
EXPLAIN (COSTS OFF) SELECT * FROM invoice WHERE price < '-9 USD' OR price > '9999 JPY';
-- in the order of the index
EXPLAIN (COSTS OFF) SELECT * FROM invoice WHERE price >= '100 EUR' ORDER BY price LIMIT 3;
SELECT * FROM invoice WHERE price >= '100 EUR' ORDER BY price LIMIT 3;

-- a value that is not known when planning: a parameter, a stable expression, a subquery, another table's column
SET plan_cache_mode = force_generic_plan;
PREPARE at_least(currency_price) AS SELECT count(*) FROM invoice WHERE price >= $1;
EXPLAIN (COSTS OFF) EXECUTE at_least('90 USD');
EXECUTE at_least('89.99 USD');
EXECUTE at_least('10006 JPY');
EXECUTE at_least('5 CHF');
EXECUTE at_least(NULL);
PREPARE between_both(currency_price, currency_price) AS SELECT count(*) FROM invoice WHERE price BETWEEN $1 AND $2;
EXPLAIN (COSTS OFF) EXECUTE between_both('10 USD', '20 USD');
EXECUTE between_both('10 USD', '10.05 USD');
EXECUTE between_both('20 USD', '10 USD');
EXECUTE between_both('10 EUR', '20 USD');
EXECUTE between_both('10 USD', NULL);
RESET plan_cache_mode;
PREPARE less(currency_price) AS SELECT count(*) FROM invoice WHERE price < $1;
EXPLAIN (COSTS OFF) EXECUTE less('-9 USD');
EXPLAIN (COSTS OFF) SELECT count(*) FROM invoice WHERE price > currency_price(9000 + extract(year FROM now()), 'JPY');
-- 17 gave the subquery's result another name
CREATE FUNCTION pg_temp.index_cond(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
        IF line ~ 'Index Cond' THEN
            RETURN NEXT trim(regexp_replace(line, '\(InitPlan 1\)\.col1', '$0', 'g'));
        END IF;
    END LOOP;
END
$$;
SELECT pg_temp.index_cond($$SELECT count(*) FROM invoice WHERE price > (SELECT max(price) FROM invoice WHERE currency(price) = 'JPY')$$);
CREATE TABLE budget AS SELECT price::currency_price FROM unnest('{99999 EUR,89.9 USD,10000 JPY,5 CHF,NULL}'::text[]) AS price;
ANALYZE budget;
EXPLAIN (COSTS OFF) SELECT budget.price, count(invoice.price) FROM budget LEFT JOIN invoice ON invoice.price > budget.price GROUP BY 1 ORDER BY 1;
SELECT budget.price, count(invoice.price) FROM budget LEFT JOIN invoice ON invoice.price > budget.price GROUP BY 1 ORDER BY 1;
-- one that changes from row to row is none
EXPLAIN (COSTS OFF) SELECT count(*) FROM invoice WHERE price > currency_price(random()::numeric(5,2), 'JPY');
EXPLAIN (COSTS OFF) SELECT count(*) FROM invoice WHERE price > price * 2;
EXPLAIN (COSTS OFF) SELECT count(*) FROM invoice WHERE currency_price_gt(price, currency_price(random()::numeric(5,2), 'JPY'));
EXPLAIN (COSTS OFF) SELECT count(*) FROM invoice WHERE currency_price_gt(price, price * 2);

-- a later or the first column of a composite index, included columns, partial indexes, expressions
DROP INDEX invoice_price;
CREATE INDEX invoice_customer_price ON invoice (customer, price);
EXPLAIN (COSTS OFF) SELECT price FROM invoice WHERE customer = 7 AND price < '-9 USD';
DROP INDEX invoice_customer_price;
CREATE INDEX invoice_price_customer ON invoice (price DESC, customer) INCLUDE (id);
EXPLAIN (COSTS OFF) SELECT * FROM invoice WHERE customer = 7 AND price < '-9 USD';
DROP INDEX invoice_price_customer;
CREATE INDEX invoice_price_of_7 ON invoice (price) WHERE customer = 7;
EXPLAIN (COSTS OFF) SELECT price FROM invoice WHERE customer = 7 AND price < '-9 USD';
DROP INDEX invoice_price_of_7;
CREATE INDEX invoice_large ON invoice (id) WHERE price >= '30000 EUR';
EXPLAIN (COSTS OFF) SELECT id FROM invoice WHERE price >= '30000 EUR' AND id < 1000;
DROP INDEX invoice_large;
CREATE INDEX invoice_monthly ON invoice ((price / 12));
ANALYZE invoice;
EXPLAIN (COSTS OFF) SELECT * FROM invoice WHERE price / 12 >= '10000 EUR' AND price / 12 < '10001 EUR';
DROP INDEX invoice_monthly;
-- a domain's column
CREATE DOMAIN fee AS currency_price;
CREATE TABLE fees AS SELECT price::fee AS fee FROM invoice;
CREATE INDEX ON fees (fee);
VACUUM ANALYZE fees;
EXPLAIN (COSTS OFF) SELECT fee FROM fees WHERE fee < '-9 USD';
-- a hash index has no ranges, an order of one's own is not known
CREATE INDEX invoice_hash ON invoice USING hash (price);
CREATE OPERATOR CLASS backwards FOR TYPE currency_price USING btree AS
    OPERATOR 1 *>*, OPERATOR 2 *>=*, OPERATOR 3 =, OPERATOR 4 *<=*, OPERATOR 5 *<*,
    FUNCTION 1 currency_price_cmp(currency_price, currency_price);
CREATE INDEX invoice_backwards ON invoice (price backwards);
EXPLAIN (COSTS OFF) SELECT * FROM invoice WHERE price < '-9 USD';
DROP OPERATOR CLASS backwards USING btree CASCADE;
DROP INDEX invoice_hash;

-- the index gives what reading the whole table gives: every operator, from either side, with constants and with parameters
CREATE INDEX ON invoice (price);
VACUUM ANALYZE invoice;
CREATE FUNCTION pg_temp.found(query text, by_index boolean, bounds currency_price[], OUT ids text, OUT used_index boolean)
LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    PERFORM set_config('enable_seqscan', (NOT by_index)::text, true), set_config('enable_bitmapscan', 'off', true),
        set_config('enable_indexscan', by_index::text, true), set_config('enable_indexonlyscan', by_index::text, true);
    EXECUTE query INTO ids USING bounds;
    used_index := false;
    FOR line IN EXECUTE 'EXPLAIN ' || query USING bounds LOOP
        used_index := used_index OR line ~ 'Index Cond';
    END LOOP;
END
$$;
CREATE TEMP TABLE bound AS
SELECT price::currency_price
FROM unnest('{999999999999999999 EUR,-999999999999999999 EUR,0 EUR,0.000000000000000001 EUR,-0.000000000000000001 EUR,200.01 EUR,123.4 EUR,1000000 EUR,
    -10 USD,89.99 USD,999999999999999999 USD,0 JPY,5000 JPY,5 CHF,0 AED,0 ZWL,999999999999999999 ETB,-999999999999999999 FJD}'::text[]) AS price;
CREATE TEMP TABLE condition AS
SELECT replace(replace(shape, '?', operator), 'VALUE', value) AS condition, bounds
FROM unnest(ARRAY['<', '<=', '>', '>=']) AS operator,
    unnest(ARRAY['price ? VALUE', 'VALUE ? price', 'NOT price ? VALUE', 'price ? VALUE AND price >= $1[2]', '$1[2] > price AND price ? VALUE']) AS shape,
    (SELECT ARRAY[price, CASE WHEN currency(price) = 'USD' THEN '10 USD' ELSE '200.01 EUR' END::currency_price] AS bounds FROM bound) AS bound,
    LATERAL unnest(ARRAY['$1[1]', '(SELECT $1[1])']) WITH ORDINALITY AS written(value, i)
WHERE (length(shape) + currency_price_hash(bounds[1]) + i) % 2 = 0;
CREATE TEMP TABLE answer AS
SELECT condition, bounds, (by_index).used_index, (by_index).ids = (by_table).ids AS same, (by_table).ids <> '0' AS finds_rows
FROM condition,
    LATERAL (SELECT 'SELECT concat_ws('' '', count(*), sum(id), sum(id::bigint * id)) FROM invoice WHERE ' || condition || ' OFFSET 0' AS query) AS query,
    LATERAL (SELECT pg_temp.found(query, true, bounds) AS by_index OFFSET 0) AS index_answer,
    LATERAL (SELECT pg_temp.found(query, false, bounds) AS by_table OFFSET 0) AS table_answer;
SELECT count(*), count(*) FILTER (WHERE finds_rows) AS finding_rows, bool_and(used_index) AS all_by_index, bool_and(same) AS all_same FROM answer;
SELECT * FROM answer WHERE NOT (used_index AND same);

-- the ends of a currency
SELECT currency_lowest('5 EUR'), currency_highest('0.01 JPY'), currency_highest(NULL);
DROP TABLE invoice, budget, fees;
DROP DOMAIN fee;
