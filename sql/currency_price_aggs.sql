-- sum, avg, min and max of prices
\set VERBOSITY default
\set SHOW_CONTEXT never
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/refusal.sql'
\set ECHO none
\i :include
\set ECHO all

CREATE TABLE invoice (id serial PRIMARY KEY, customer int, price currency_price);
INSERT INTO invoice (customer, price) VALUES (1, '9.90 EUR'), (1, '0.0000166667 EUR'), (1, NULL), (2, '-5 EUR'), (2, '5 EUR'), (3, NULL), (4, '1000 JPY'), (5, '3 EUR'), (5, '3 USD');
-- of some, of one, of NULLs alone
SELECT customer, sum(price), avg(price), min(price), max(price), count(price) FROM invoice WHERE customer < 5 GROUP BY customer ORDER BY customer;
-- of none
SELECT sum(price) IS NULL AS sum, avg(price) IS NULL AS avg, min(price) IS NULL AS min, max(price) IS NULL AS max FROM invoice WHERE false;
-- by currency
SELECT currency(price), sum(price), avg(price), min(price), max(price) FROM invoice WHERE price IS NOT NULL GROUP BY 1 ORDER BY 1;
SELECT sum(price) FILTER (WHERE sign(price) < 0) AS refunds, sum(DISTINCT price), sum(price ORDER BY id DESC) FROM invoice WHERE currency(price) = 'EUR';
-- over windows
SELECT id, price, sum(price) OVER (ORDER BY id), avg(price) OVER (ORDER BY id ROWS 1 PRECEDING), min(price) OVER (ORDER BY id), max(price) OVER (PARTITION BY sign(price) ORDER BY id)
FROM invoice WHERE currency(price) = 'EUR' ORDER BY id;

-- over two currencies they are errors, whatever index there is
CREATE INDEX invoice_price ON invoice (price);
SET enable_seqscan = off;
\pset format unaligned
SELECT aggregate, refusal.* FROM unnest(ARRAY['sum', 'avg', 'min', 'max']) AS aggregate, pg_temp.refusal(format('SELECT %s(price) FROM invoice', aggregate));
\pset format aligned
RESET enable_seqscan;

-- avg rounds half-even to 18 digits
SELECT avg(price) FROM unnest('{1 EUR,1 EUR,2 EUR}'::currency_price[]) AS price;
SELECT avg(price) FROM unnest('{0.000000000000000001 EUR,0.000000000000000002 EUR}'::currency_price[]) AS price;
SELECT avg(price) FROM unnest('{0.000000000000000001 EUR,0 EUR}'::currency_price[]) AS price;
SELECT avg(price) FROM unnest('{-0.000000000000000001 EUR,-0.000000000000000002 EUR}'::currency_price[]) AS price;
SELECT avg(price) FROM unnest('{999999999999999999 JPY,999999999999999998 JPY}'::currency_price[]) AS price;
SELECT avg(price) FROM unnest('{999999999999999999 JPY,999999999999999999 JPY,999999999999999999 JPY}'::currency_price[]) AS price;

-- a sum may leave the range of prices on its way, in any order: it is exact, and only its end must fit
SELECT sum(price) FROM unnest('{999999999999999999 EUR,999999999999999999 EUR,-999999999999999999 EUR,-999999999999999999 EUR,0.000000000000000001 EUR}'::currency_price[]) AS price;
SELECT sum(price) FROM unnest('{0.000000000000000001 EUR,999999999999999999 EUR,-999999999999999999 EUR}'::currency_price[]) AS price;
SELECT sum(price) FROM unnest('{0.5 EUR,0.5 EUR,999999999999999998 EUR}'::currency_price[]) AS price;
\pset format unaligned
SELECT prices, refusal.* FROM unnest(ARRAY['{999999999999999999 JPY,1 JPY}', '{-999999999999999999 JPY,-1 JPY}', '{999999999999999999 EUR,0.1 EUR}', '{1 EUR,0.000000000000000001 EUR}']) AS prices,
    pg_temp.refusal(format('SELECT sum(price) FROM unnest(%L::currency_price[]) AS price', prices));
\pset format aligned

-- the state as text: the exact sum, its currency and how many prices it is of
SELECT currency_price_accum('empty', '9.90 EUR'), currency_price_accum('9.9 EUR / 1', '-0.000000000000000001 EUR'), currency_price_accum('-5 EUR / 2', '5 EUR'),
       currency_price_sum_combine('empty', 'empty') AS combined_none, currency_price_sum_combine('5 EUR / 2', 'empty') AS combined_left, currency_price_sum_combine('empty', '5 EUR / 2') AS combined_right,
       currency_price_sum_combine('0.7 EUR / 2', '-999999999999999999 EUR / 1') AS combined;
SELECT text, text::currency_price_sum AS state, currency_price_sum_send(text::currency_price_sum) AS bytes
FROM unnest(ARRAY['empty', ' 00.50  eur / 007 ', '-0 EUR / 3', '-0.1 EUR / 3', '1099511627774999998900488372224.999999999999999999 EUR / 1099511627775', '-1099511627774999998900488372224.999999999999999999 EUR / 1099511627775']) AS text;
SELECT currency_price_sum_final('29.70 EUR / 3') AS sum, currency_price_avg_final('29.70 EUR / 3') AS avg, currency_price_sum_final('empty') IS NULL AS no_sum, currency_price_avg_final('empty') IS NULL AS no_avg,
       currency_price_avg_final('-1099511627774999998900488372225 EUR / 1099511627775') AS smallest_avg;
-- read strictly: a state that no prices give is refused
\pset format unaligned
SELECT text, state, message, hint FROM unnest(ARRAY['', 'full', 'empty EUR', '5 EUR', '5 EUR 1', '5 EUR /', '5 EUR / 0', '0 EUR / 0', '5 EUR / -1', '5 EUR / +1', '5 EUR / 1.0', '5 EUR / 1 x', '5 / 1', '5 ZZZ / 1', '5 XAU / 1', 'EUR 5 / 1', '1e3 EUR / 1', 'NaN EUR / 1', '.5 EUR / 1', '5. EUR / 1', '1.+5 EUR / 1', '1.2.3 EUR / 1',
        '1000000000000000000 EUR / 1', '-2000000000000000000 EUR / 2', '5 EUR / 1099511627776', '5 EUR / 99999999999999999999999999', '0.0000000000000000001 EUR / 1', '99999999999999999999999999999999999999999999999999 EUR / 1099511627775']) AS text,
    pg_temp.refusal(format('SELECT %L::currency_price_sum', text));
SELECT statement, refusal.* FROM unnest(ARRAY[$$currency_price_sum_combine('5 EUR / 1', '5 USD / 1')$$, $$currency_price_accum('5 EUR / 1', '5 USD')$$, $$currency_price_accum('5 EUR / 1099511627775', '5 EUR')$$, $$currency_price_sum_combine('5 EUR / 1099511627775', '5 EUR / 1')$$,
        $$currency_price_sum_combine('5 EUR / 549755813888', '5 EUR / 549755813888')$$, $$currency_price_sum_final('1000000000000000000 EUR / 2')$$, $$currency_price_sum_final('123456789.0123456789 EUR / 2')$$]) AS statement,
    pg_temp.refusal('SELECT ' || statement);
\pset format aligned
-- and so is one in binary
CREATE TABLE state (state currency_price_sum);
CREATE TABLE forged (place int, bytes bytea, what text);
INSERT INTO forged VALUES
    (1, '\x', 'nothing'),
    (2, '\x00000000000000000000000000000000000000000000000100000000014555', 'a byte too few'),
    (3, '\x000000000000000000000000000000000000000000000001000000000145555200', 'a byte too many'),
    (4, '\x0000000000000000000000000000000000000000000000010000000000000000', 'something of no prices'),
    (5, '\x0000000000000000000000000000000000000000000000000000000000455552', 'a currency without prices'),
    (6, '\x00000000000000000000000000000000000000000000000100000000015A5A5A', 'ZZZ'),
    (7, '\x0000000000000000000000000000000000000000000000010000000001584155', 'XAU'),
    (8, '\x0000000000000000000000000000000000000000000000010000000001657572', 'small letters'),
    (9, '\x000000000000000000C097CE7BC90715B34B9F10000000000000000001455552', '10^18 of one price'),
    (10, '\xFFFFFFFFFFFFFFFFFF3F68318436F8EA4CB460F0000000000000000001455552', '-10^18 of one price'),
    (11, '\x8000000000000000000000000000000000000000000000000000000001455552', 'the smallest integer');
\copy (SELECT bytes FROM forged WHERE place = 1) to 'results/currency_price_aggs.copy' (format binary)
\copy state from 'results/currency_price_aggs.copy' (format binary)
\copy (SELECT bytes FROM forged WHERE place = 2) to 'results/currency_price_aggs.copy' (format binary)
\copy state from 'results/currency_price_aggs.copy' (format binary)
\copy (SELECT bytes FROM forged WHERE place = 3) to 'results/currency_price_aggs.copy' (format binary)
\copy state from 'results/currency_price_aggs.copy' (format binary)
\copy (SELECT bytes FROM forged WHERE place = 4) to 'results/currency_price_aggs.copy' (format binary)
\copy state from 'results/currency_price_aggs.copy' (format binary)
\set VERBOSITY sqlstate
\copy (SELECT bytes FROM forged WHERE place = 5) to 'results/currency_price_aggs.copy' (format binary)
\copy state from 'results/currency_price_aggs.copy' (format binary)
\copy (SELECT bytes FROM forged WHERE place = 6) to 'results/currency_price_aggs.copy' (format binary)
\copy state from 'results/currency_price_aggs.copy' (format binary)
\copy (SELECT bytes FROM forged WHERE place = 7) to 'results/currency_price_aggs.copy' (format binary)
\copy state from 'results/currency_price_aggs.copy' (format binary)
\copy (SELECT bytes FROM forged WHERE place = 8) to 'results/currency_price_aggs.copy' (format binary)
\copy state from 'results/currency_price_aggs.copy' (format binary)
\copy (SELECT bytes FROM forged WHERE place = 9) to 'results/currency_price_aggs.copy' (format binary)
\copy state from 'results/currency_price_aggs.copy' (format binary)
\copy (SELECT bytes FROM forged WHERE place = 10) to 'results/currency_price_aggs.copy' (format binary)
\copy state from 'results/currency_price_aggs.copy' (format binary)
\copy (SELECT bytes FROM forged WHERE place = 11) to 'results/currency_price_aggs.copy' (format binary)
\copy state from 'results/currency_price_aggs.copy' (format binary)
\set VERBOSITY default
SELECT count(*) AS came_through FROM state;
INSERT INTO state VALUES ('empty'), ('-29.7 EUR / 3'), ('1099511627774999998900488372224.999999999999999999 EUR / 1099511627775');
\copy state to 'results/currency_price_aggs.copy' (format binary)
CREATE TABLE copied (LIKE state);
\copy copied from 'results/currency_price_aggs.copy' (format binary)
SELECT * FROM copied;

-- the aggregates can be parallel and partial, and none has an internal state
SELECT a.aggfnoid, a.aggtranstype::regtype, a.aggcombinefn <> 0 AS combines, p.proparallel, a.aggsortop
FROM pg_aggregate AS a JOIN pg_proc AS p ON p.oid = a.aggfnoid
WHERE p.proargtypes[0] = 'currency_price'::regtype ORDER BY a.aggfnoid::text COLLATE "C";
-- with workers
CREATE TABLE many AS SELECT i % 7 AS customer, currency_price(i / 100.0, 'EUR') AS price FROM generate_series(1, 20000) AS i;
CREATE TABLE serial AS SELECT customer, sum(price), avg(price), min(price), max(price) FROM many GROUP BY customer;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
EXPLAIN (COSTS OFF) SELECT sum(price), avg(price), min(price), max(price) FROM many;
SELECT sum(price), avg(price), min(price), max(price) FROM many;
SELECT count(*) AS customers, bool_and(parallel = serial) AS same
FROM (SELECT customer, sum(price), avg(price), min(price), max(price) FROM many GROUP BY customer) AS parallel JOIN serial USING (customer);
INSERT INTO many VALUES (3, '5 USD');
SELECT state, regexp_replace(message, '(EUR|USD) and (EUR|USD)', 'two of them') AS message, hint FROM pg_temp.refusal('SELECT sum(price) FROM many');
RESET ALL;

-- without privileges, without a search_path
CREATE ROLE regress_segmentation_prices;
GRANT SELECT ON many TO regress_segmentation_prices;
SET ROLE regress_segmentation_prices;
SET search_path = '';
SELECT public.sum(price), public.avg(price), public.min(price), public.max(price) FROM public.many WHERE customer = 1;
RESET search_path;
RESET ROLE;
DROP OWNED BY regress_segmentation_prices;
DROP ROLE regress_segmentation_prices;

DROP TABLE invoice, state, forged, copied, many, serial;
