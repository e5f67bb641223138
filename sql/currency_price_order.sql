-- comparing, sorting, hashing, indexing and partitioning prices
\set VERBOSITY default
\set SHOW_CONTEXT never
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/refusal.sql'
\set ECHO none
\i :include
\set ECHO all

-- equality never raises: another currency is another value; order across currencies is unknown
SELECT a, b, a = b AS eq, a <> b AS ne, a < b AS lt, a <= b AS le, a > b AS gt, a >= b AS ge,
       a *<* b AS tlt, a *<=* b AS tle, a *>* b AS tgt, a *>=* b AS tge, currency_price_cmp(a, b) AS cmp
FROM (VALUES ('1.50 EUR'::currency_price, '1.5 EUR'::currency_price), ('1.49 EUR', '1.5 EUR'), ('-2 EUR', '-1.9999 EUR'), ('5 EUR', '0.000000000000000001 EUR'),
             ('999999999999999999 EUR', '0.999999999999999999 EUR'), ('5 EUR', '5 USD'), ('7 USD', '5 EUR'), ('0 EUR', '0 USD'), (NULL, '5 EUR')) AS pair(a, b);

CREATE TABLE product (id serial PRIMARY KEY, price currency_price);
INSERT INTO product (price) VALUES ('250 EUR'), ('99.99 EUR'), ('100 EUR'), ('-5 EUR'), ('100.000000000000001 EUR'), ('0 EUR'), ('0 USD'), ('250 USD'), ('100 USD'), ('-1 USD'), ('1000 JPY'), ('5 CHF'), (NULL);
-- so a condition keeps what it is true of, and its negation keeps no dollar either
SELECT array_agg(price ORDER BY id) FROM product WHERE price >= '100 EUR';
SELECT array_agg(price ORDER BY id) FROM product WHERE NOT price >= '100 EUR';
SELECT array_agg(price ORDER BY id) FROM product WHERE price BETWEEN '0 EUR' AND '100 EUR';
SELECT array_agg(price ORDER BY id) FROM product WHERE price NOT BETWEEN '0 EUR' AND '100 EUR';
SELECT array_agg(price ORDER BY id) FROM product WHERE price IN ('100 EUR', '100.00 USD');
SELECT array_agg(price ORDER BY id) FROM product WHERE price <> '100 EUR';
SELECT count(*) FROM product WHERE (price > '0 EUR') IS NULL;
-- sorting knows one order: by currency, then by amount
SELECT array_agg(price ORDER BY price) FROM product;
SELECT array_agg(price ORDER BY price DESC) FROM product;
SELECT array_agg(price ORDER BY price USING *>*) FROM product;

-- what surprises
-- a check by comparison lets another currency through; one by sign does not
CREATE TABLE checked (price currency_price CHECK (price >= '0 EUR'));
INSERT INTO checked VALUES ('-5 USD');
CREATE TABLE checked_by_sign (price currency_price CHECK (sign(price) >= 0 AND currency(price) = 'EUR'));
SELECT state, message FROM unnest(ARRAY['-5 USD', '-5 EUR', '5 USD', '5 EUR']) AS price, pg_temp.refusal(format('INSERT INTO checked_by_sign VALUES (%L)', price));
-- row comparison and USING < are errors
\pset format unaligned
SELECT statement, refusal.* FROM unnest(ARRAY[$$SELECT (price, id) < ('5 EUR'::currency_price, 3) FROM product$$, 'SELECT price FROM product ORDER BY price USING <', $$SELECT ('5 EUR'::currency_price, 3) = ('5 EUR'::currency_price, 3)$$]) AS statement, pg_temp.refusal(statement);
\pset format aligned
-- GREATEST and LEAST, and arrays and rows, go by the order of sorting: across currencies by code
SELECT greatest('5 EUR'::currency_price, '7 EUR', '1 CHF'), least('5 EUR'::currency_price, '7 EUR', '9 CHF'), greatest('900 EUR'::currency_price, '1 USD') AS not_the_dearest,
       ARRAY['900 EUR'::currency_price] < ARRAY['1 USD'::currency_price] AS arrays;

-- operators and classes are complete
SELECT o.oprname, c.oprname AS commutator, n.oprname AS negator, o.oprrest, o.oprjoin, o.oprcanhash, o.oprcanmerge, p.proleakproof
FROM pg_operator AS o
JOIN pg_proc AS p ON p.oid = o.oprcode
LEFT JOIN pg_operator AS c ON c.oid = o.oprcom
LEFT JOIN pg_operator AS n ON n.oid = o.oprnegate
WHERE o.oprleft = 'currency_price'::regtype AND o.oprright = o.oprleft
ORDER BY o.oprname COLLATE "C";
SELECT amname, opcname, opcdefault, amvalidate(c.oid), array_agg(p.amprocnum ORDER BY p.amprocnum) AS support
FROM pg_opclass AS c JOIN pg_am AS a ON a.oid = c.opcmethod JOIN pg_amproc AS p ON p.amprocfamily = c.opcfamily
WHERE c.opcintype = 'currency_price'::regtype
GROUP BY 1, 2, 3, 4 ORDER BY 1;

-- hash values are frozen: a change here moves rows to other partitions and nodes;
-- the last seed is the one that hash partitioning uses
SELECT price, currency_price_hash(price), currency_price_hash_extended(price, 0), currency_price_hash_extended(price, 8816678312871386365)
FROM unnest('{0 EUR,0 USD,1.50 EUR,-1.50 EUR,1 JPY,999999999999999999 EUR,0.000000000000000001 KWD}'::currency_price[]) AS price;
SELECT currency_price_hash('1.5 EUR') = currency_price_hash('EUR 1.500') AS equal_prices, hash_array(ARRAY['1.5 EUR'::currency_price]) = hash_array(ARRAY['1.50 EUR'::currency_price]) AS equal_arrays;

-- partitions by hash, list and range find every row
CREATE TABLE by_hash (price currency_price) PARTITION BY HASH (price);
CREATE TABLE by_hash_0 PARTITION OF by_hash FOR VALUES WITH (MODULUS 3, REMAINDER 0);
CREATE TABLE by_hash_1 PARTITION OF by_hash FOR VALUES WITH (MODULUS 3, REMAINDER 1);
CREATE TABLE by_hash_2 PARTITION OF by_hash FOR VALUES WITH (MODULUS 3, REMAINDER 2);
INSERT INTO by_hash SELECT currency_price(i / 100.0, (ARRAY['EUR', 'USD', 'JPY'])[1 + i % 3]) FROM generate_series(1, 900) AS i;
SELECT tableoid::regclass, count(*) FROM by_hash GROUP BY 1 ORDER BY 1;
SELECT count(*) AS found
FROM generate_series(1, 900) AS i CROSS JOIN LATERAL (SELECT FROM by_hash WHERE price = currency_price(i / 100.0, (ARRAY['EUR', 'USD', 'JPY'])[1 + i % 3]) OFFSET 0) AS row;
EXPLAIN (COSTS OFF) SELECT * FROM by_hash WHERE price = '7.50 EUR';
CREATE TABLE by_list (price currency_price) PARTITION BY LIST (price);
CREATE TABLE by_list_free PARTITION OF by_list FOR VALUES IN ('0.00 EUR', '0 USD');
CREATE TABLE by_list_rest PARTITION OF by_list DEFAULT;
INSERT INTO by_list VALUES ('-0 EUR'), ('0.0 USD'), ('0 CHF'), (NULL);
SELECT tableoid::regclass, price FROM by_list ORDER BY 1, 2;
CREATE TABLE by_range (price currency_price) PARTITION BY RANGE (price);
CREATE TABLE by_range_eur PARTITION OF by_range FOR VALUES FROM ('-999999999999999999 EUR') TO ('999999999999999999 EUR');
CREATE TABLE by_range_usd_small PARTITION OF by_range FOR VALUES FROM ('-999999999999999999 USD') TO ('100 USD');
CREATE TABLE by_range_usd_large PARTITION OF by_range FOR VALUES FROM ('100 USD') TO ('999999999999999999 USD');
INSERT INTO by_range VALUES ('5 EUR'), ('99.99 USD'), ('100 USD'), ('-5 EUR');
SELECT tableoid::regclass, price FROM by_range ORDER BY 1, 2;
-- pruned by the operators of the total order, not by the others
EXPLAIN (COSTS OFF) SELECT * FROM by_range WHERE price *>=* '200 USD';
EXPLAIN (COSTS OFF) SELECT * FROM by_range WHERE price >= '200 USD';

-- indexes: unique, for ranges of the total order, deduplicated
CREATE UNIQUE INDEX product_price ON product (price);
SELECT state, message, detail FROM pg_temp.refusal($$INSERT INTO product (price) VALUES ('250.00 EUR')$$);
CREATE TABLE invoice AS
SELECT i AS id, currency_price(i % 1000, (ARRAY['EUR', 'USD', 'JPY', 'CHF'])[1 + i % 4]) AS price FROM generate_series(1, 20000) AS i;
CREATE INDEX invoice_price ON invoice (price);
CREATE INDEX invoice_price_plain ON invoice (price) WITH (deduplicate_items = off);
SELECT pg_relation_size('invoice_price') * 2 < pg_relation_size('invoice_price_plain') AS deduplicated;
DROP INDEX invoice_price_plain;
VACUUM ANALYZE invoice;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM invoice WHERE price *>=* '900 EUR' AND price *<* '999 EUR';
SELECT count(*) FROM invoice WHERE price *>=* '900 EUR' AND price *<* '999 EUR';
EXPLAIN (COSTS OFF) SELECT DISTINCT price FROM invoice ORDER BY price LIMIT 3;
SELECT DISTINCT price FROM invoice ORDER BY price LIMIT 3;
RESET enable_seqscan;
RESET enable_bitmapscan;
-- joins by hash and by merging
SET enable_nestloop = off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM invoice AS a JOIN invoice AS b USING (price);
SELECT count(*) FROM invoice AS a JOIN invoice AS b USING (price);
SET enable_hashjoin = off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM invoice AS a JOIN invoice AS b USING (price);
SELECT count(*) FROM invoice AS a JOIN invoice AS b USING (price);
RESET enable_nestloop;
RESET enable_hashjoin;
-- conditions on a view with a security barrier go below it, as they leak nothing
CREATE VIEW barrier WITH (security_barrier) AS SELECT * FROM invoice WHERE id % 2 = 0 AND random() >= 0;
EXPLAIN (COSTS OFF) SELECT count(*) FROM barrier WHERE price > '5 EUR' AND price = '7 EUR';

-- an operator of the same name earlier in search_path decides nothing in here
CREATE SCHEMA impostor;
CREATE FUNCTION impostor.eq(currency_price, currency_price) RETURNS boolean LANGUAGE sql AS 'SELECT false';
CREATE OPERATOR impostor.= (FUNCTION = impostor.eq, LEFTARG = currency_price, RIGHTARG = currency_price);
SET search_path = impostor, public;
SELECT count(*), count(DISTINCT price), min(price), max(price) FROM invoice WHERE currency(price) = 'EUR';
RESET search_path;
DROP SCHEMA impostor CASCADE;

DROP TABLE product, checked, checked_by_sign, by_hash, by_list, by_range, invoice CASCADE;
