-- tier_scale, tier and revenue_tier
\set VERBOSITY default
\set SHOW_CONTEXT never
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/refusal.sql'
\set ECHO none
\i :include
\set ECHO all

-- names and bounds in ascending order, the currency at the end
SELECT text::tier_scale
FROM unnest(ARRAY['smb 0, mid 1000, enterprise 10000 EUR', 'one 0 USD', E'  SMB\t-5 ,Mid 99.9,\nKey-Account 100.00\teur ', 'free 0,paying 0.000000000000000001 KWD', 'a -999999999999999999,b 999999999999999999 JPY', '1 100, 2 200 DEM', 'x 1.5 JPY']) AS text;
SELECT count(*) AS tiers, length(scale::text) AS length, pg_column_size(scale::text::tier_scale) AS size
FROM (SELECT string_agg('tier-' || i || ' ' || i, ', ') || ' EUR' AS scale FROM generate_series(1, 1000) AS i) AS large, regexp_split_to_table(scale, ', ') GROUP BY scale;

-- anything else is refused
CREATE TABLE bad_scale (place serial, text text);
INSERT INTO bad_scale (text) VALUES (''), (' '), ('EUR'), (','), ('smb'), ('smb 0'), ('smb 0,'), ('smb 0, mid 5'), ('smb 0 EUR,'), ('smb 0, EUR'), ('smb 0,, mid 5 EUR'), (', smb 0 EUR'), ('0 smb EUR'), ('smb EUR'), ('smb 0 mid 5 EUR'),
    ('smb 0 EUR, mid 5 EUR'), ('EUR smb 0'), ('smb: 0 EUR'), ('smb 1e3 EUR'), ('smb NaN EUR'), ('smb 1 000 EUR'), ('smb 0; mid 5 EUR'), ('smb 0EUR'),
    ('smb 0, mid 1000, enterprise 1000.00 EUR'), ('mid 1000, smb 0 EUR'), ('smb 0, mid 5, SMB 6 EUR'), ('smb 0, mid 5 ZZZ'), ('smb 0, mid 5 XAU'), ('s/m 0 EUR'), ('-smb 0 EUR'), ('abcdefghijklmnopqrstuvwxy 0 EUR'),
    ('smb 1000000000000000000 EUR'), ('smb 0, mid 0.0000000000000000001 EUR');
\pset format unaligned
SELECT state, message, detail FROM bad_scale, pg_temp.refusal(format('SELECT %L::tier_scale', text)) ORDER BY place;
SELECT DISTINCT state, hint FROM bad_scale, pg_temp.refusal(format('SELECT %L::tier_scale', text)) ORDER BY 1, 2;
SELECT refusal.* FROM (SELECT string_agg('tier-' || i || ' ' || i, ', ') || ' EUR' AS scale FROM generate_series(1, 1001) AS i) AS large, pg_temp.refusal(format('SELECT %L::tier_scale', scale));
\pset format aligned
DO $$
BEGIN
    -- without raising, where the server can (16 and later)
    IF current_setting('server_version_num')::int >= 160000 THEN
        EXECUTE 'DO $soft$ BEGIN
            ASSERT NOT EXISTS (SELECT FROM bad_scale WHERE pg_input_is_valid(text, ''tier_scale''));
            ASSERT pg_input_is_valid(''smb 0, mid 5 EUR'', ''tier_scale'');
            ASSERT NOT pg_input_is_valid(''5 EUR / 1 | smb'', ''revenue_tier_state'');
        END $soft$';
    END IF;
END
$$;

-- the tier of a price is the highest that begins at or below it
SELECT price, tier(price, 'smb 0, mid 1000, enterprise 10000 EUR')
FROM unnest('{-0.000000000000000001 EUR,0 EUR,0.01 EUR,999.999999999999999 EUR,1000 EUR,1000.000000000001 EUR,9999.99 EUR,10000 EUR,999999999999999999 EUR}'::currency_price[]) AS price;
SELECT tier('5 EUR', 'only 5 EUR'), tier('4.99 EUR', 'only 5 EUR') IS NULL AS below, tier(NULL, 'only 5 EUR') IS NULL AS no_price, tier('5 EUR', NULL) IS NULL AS no_scale, pg_typeof(tier('5 EUR', 'only 5 EUR'));
SELECT bool_and(tier(currency_price(i, 'EUR'), scale::tier_scale) = 'tier-' || i / 3) AS every_tier_found
FROM generate_series(3, 3000) AS i, (SELECT string_agg('tier-' || i || ' ' || i * 3, ', ') || ' EUR' AS scale FROM generate_series(1, 1000) AS i) AS large;
SELECT * FROM pg_temp.refusal($$SELECT tier('5 USD', 'smb 0 EUR')$$);

-- equal scales are one value
CREATE TABLE market (id int PRIMARY KEY, scale tier_scale);
INSERT INTO market VALUES (1, 'smb 0, mid 1000 EUR'), (2, 'SMB 0.00,mid 1000.0 eur'), (3, 'smb 0, mid 1000 USD'), (4, 'smb 0, mid 1001 EUR'), (5, 'smb 0 EUR'), (6, 'smb 0, big 1000 EUR'), (7, NULL);
SELECT scale, array_agg(id ORDER BY id) FROM market GROUP BY scale ORDER BY scale;
SELECT a.id, b.id, a.scale < b.scale AS lt, a.scale <= b.scale AS le, a.scale = b.scale AS eq, a.scale <> b.scale AS ne, a.scale >= b.scale AS ge, a.scale > b.scale AS gt, tier_scale_cmp(a.scale, b.scale) AS cmp,
       tier_scale_hash(a.scale) = tier_scale_hash(b.scale) AS same_hash
FROM market AS a JOIN market AS b ON a.id = 1 ORDER BY b.id;
SELECT id, tier_scale_hash(scale), tier_scale_hash_extended(scale, 0), tier_scale_hash_extended(scale, 8816678312871386365) FROM market WHERE id IN (1, 3, 5) ORDER BY id;
SELECT amname, opcname, opcdefault, amvalidate(c.oid), array_agg(p.amprocnum ORDER BY p.amprocnum) AS support
FROM pg_opclass AS c JOIN pg_am AS a ON a.oid = c.opcmethod JOIN pg_amproc AS p ON p.amprocfamily = c.opcfamily
WHERE c.opcintype = 'tier_scale'::regtype
GROUP BY 1, 2, 3, 4 ORDER BY 1;

-- revenue_tier is the tier of the sum
CREATE TABLE invoice (id serial PRIMARY KEY, customer int, market int, price currency_price);
INSERT INTO invoice (customer, market, price) VALUES (1, 1, '600 EUR'), (1, 2, '400 EUR'), (2, 1, '999.99 EUR'), (3, 1, '5 EUR'), (3, 1, '-6 EUR'), (4, 1, NULL), (5, 1, '5000 EUR'), (5, 1, NULL), (6, 3, '5000 USD'), (7, 7, '5 EUR');
SELECT customer, sum(price), tier(sum(price), 'smb 0, mid 1000 EUR'), revenue_tier(price, 'smb 0, mid 1000 EUR') FROM invoice WHERE customer <> 6 GROUP BY customer ORDER BY customer;
-- the scale may come from a table; a missing one gives no tier
SELECT customer, revenue_tier(price, scale) FROM invoice JOIN market ON market.id = invoice.market GROUP BY customer ORDER BY customer;
SELECT revenue_tier(price, 'smb 0 EUR') IS NULL AS of_nothing FROM invoice WHERE false;
SELECT revenue_tier(price, NULL) IS NULL AS without_scale FROM invoice WHERE customer < 6;
SELECT customer, tier, count(*) FROM (SELECT customer, revenue_tier(price, 'smb 0, mid 1000 EUR') OVER (PARTITION BY customer ORDER BY id) AS tier FROM invoice WHERE customer < 4) AS running GROUP BY 1, 2 ORDER BY 1, 2;
\pset format unaligned
SELECT statement, refusal.* FROM unnest(ARRAY[
    $$SELECT revenue_tier(price, 'smb 0 EUR') FROM invoice$$, $$SELECT revenue_tier(price, 'smb 0 USD') FROM invoice WHERE customer = 1$$, $$SELECT revenue_tier(price, scale) FROM invoice JOIN market ON market.id = market + CASE customer WHEN 1 THEN 0 ELSE 3 END WHERE customer < 3$$,
    $$SELECT revenue_tier(price, CASE WHEN id > 1 THEN 'smb 0 EUR'::tier_scale END) FROM invoice WHERE customer = 1$$, $$SELECT revenue_tier(p, 'smb 0 EUR') FROM unnest('{999999999999999999 EUR,1 EUR}'::currency_price[]) AS p$$,
    $$SELECT revenue_tier_combine('5 EUR / 1 | smb 0 EUR', '5 EUR / 1 | smb 1 EUR')$$, $$SELECT revenue_tier_combine('5 EUR / 1 | smb 0 EUR', '5 EUR / 1 |')$$, $$SELECT revenue_tier_combine('5 EUR / 1 | smb 0 EUR', '5 USD / 1 | smb 0 EUR')$$]) AS statement,
    pg_temp.refusal(statement);
\pset format aligned

-- its state as text: the sum, a bar, the scale
SELECT revenue_tier_accum(NULL, '5 EUR', 'smb 0, mid 10 EUR'), revenue_tier_accum('5 EUR / 1 | smb 0, mid 10 EUR', '5.10 EUR', 'smb 0, mid 10 EUR'), revenue_tier_accum(NULL, NULL, 'smb 0 EUR') IS NULL AS no_price,
       revenue_tier_accum('5 EUR / 1 |', '-5 EUR', NULL) AS no_scale, revenue_tier_accum('5 EUR / 1 |', NULL, 'smb 0 EUR') AS unchanged;
SELECT revenue_tier_combine('5 EUR / 1 | smb 0, mid 10 EUR', '5.10 EUR / 2 | smb 0, mid 10 EUR'), revenue_tier_final('10.1 EUR / 3 | smb 0, mid 10 EUR'), revenue_tier_final('10.1 EUR / 3 |') IS NULL AS no_scale;
\pset format unaligned
SELECT text, state, message, hint FROM unnest(ARRAY['', '|', 'empty | smb 0 EUR', '5 EUR / 1', '5 EUR / 1 | smb', '5 EUR / 1 | smb 0 EUR | smb 0 EUR', '5 EUR / 0 | smb 0 EUR', '| smb 0 EUR']) AS text, pg_temp.refusal(format('SELECT %L::revenue_tier_state', text));
\pset format aligned

-- in binary
SELECT tier_scale_send('smb 0, mid 9.90 EUR');
SELECT revenue_tier_state_send('5 EUR / 1 | smb 0 EUR'), revenue_tier_state_send('5 EUR / 1 |');
CREATE TABLE stored (id serial, scale tier_scale, state revenue_tier_state);
INSERT INTO stored (scale, state) SELECT scale, revenue_tier_accum(NULL, '5 EUR', scale) FROM market;
INSERT INTO stored (scale) SELECT (string_agg('tier-' || i || ' ' || i, ', ') || ' EUR')::tier_scale FROM generate_series(1, 1000) AS i;
\copy stored to 'results/tiers.copy' (format binary)
CREATE TABLE copied (LIKE stored);
\copy copied from 'results/tiers.copy' (format binary)
SELECT count(*) AS copied, count(*) FILTER (WHERE stored.scale IS DISTINCT FROM copied.scale OR stored.state::text IS DISTINCT FROM copied.state::text) AS wrong
FROM stored JOIN copied USING (id);
CREATE TABLE forged (place int, bytes bytea, what text);
CREATE TABLE received (scale tier_scale);
CREATE TABLE received_state (state revenue_tier_state);
INSERT INTO forged VALUES
    (1, '\x', 'nothing'),
    (2, '\x000000', 'a byte too few to count'),
    (3, '\x00000000', 'no tiers'),
    (4, '\xFFFFFFFF', '-1 tiers'),
    (5, '\x7FFFFFFF', '2^31 - 1 tiers'),
    (6, '\x00000001000000000000000045555200BE1A42D9D800000000000000000000', 'a byte too few'),
    (7, '\x00000001000000000000000045555200BE1A42D9D8000000000000000000000000', 'a byte too many'),
    (8, '\x00000002000000000000000045555200BE1A42D9D80000000000000000000000', 'fewer tiers than counted'),
    (9, '\x00000001000000000000000045555200BE1A42D9D800000000000000000000000000000000000005455552009A9A6A5B280000000000000000000000', 'more tiers than counted'),
    (10, '\x00000002000000000000000545555200BE1A42D9D800000000000000000000000000000000000005455552009A9A6A5B280000000000000000000000', 'unordered'),
    (11, '\x00000002000000000000000045555200BE1A42D9D80000000000000000000000000000000000000545555200BE1A42D9D80000000000000000000000', 'a name twice'),
    (12, '\x00000002000000000000000045555200BE1A42D9D800000000000000000000000000000000000005555344009A9A6A5B280000000000000000000000', 'two currencies'),
    (13, '\x00000001000000000000000A45555201BE1A42D9D80000000000000000000000', 'a price that is not canonical'),
    (14, '\x00000001000000000000000045555200FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF', 'an id out of range'),
    (15, '\x0000000100000000000000004555520000000000000000000000000000000000', 'an empty id');
\copy (SELECT bytes FROM forged WHERE place = 1) to 'results/tiers.copy' (format binary)
\copy received from 'results/tiers.copy' (format binary)
\copy (SELECT bytes FROM forged WHERE place = 2) to 'results/tiers.copy' (format binary)
\copy received from 'results/tiers.copy' (format binary)
\set VERBOSITY sqlstate
\copy (SELECT bytes FROM forged WHERE place = 3) to 'results/tiers.copy' (format binary)
\copy received from 'results/tiers.copy' (format binary)
\copy (SELECT bytes FROM forged WHERE place = 4) to 'results/tiers.copy' (format binary)
\copy received from 'results/tiers.copy' (format binary)
\copy (SELECT bytes FROM forged WHERE place = 5) to 'results/tiers.copy' (format binary)
\copy received from 'results/tiers.copy' (format binary)
\copy (SELECT bytes FROM forged WHERE place = 6) to 'results/tiers.copy' (format binary)
\copy received from 'results/tiers.copy' (format binary)
\copy (SELECT bytes FROM forged WHERE place = 7) to 'results/tiers.copy' (format binary)
\copy received from 'results/tiers.copy' (format binary)
\copy (SELECT bytes FROM forged WHERE place = 8) to 'results/tiers.copy' (format binary)
\copy received from 'results/tiers.copy' (format binary)
\copy (SELECT bytes FROM forged WHERE place = 9) to 'results/tiers.copy' (format binary)
\copy received from 'results/tiers.copy' (format binary)
\set VERBOSITY default
\copy (SELECT bytes FROM forged WHERE place = 10) to 'results/tiers.copy' (format binary)
\copy received from 'results/tiers.copy' (format binary)
\copy (SELECT bytes FROM forged WHERE place = 11) to 'results/tiers.copy' (format binary)
\copy received from 'results/tiers.copy' (format binary)
\copy (SELECT bytes FROM forged WHERE place = 12) to 'results/tiers.copy' (format binary)
\copy received from 'results/tiers.copy' (format binary)
\copy (SELECT bytes FROM forged WHERE place = 13) to 'results/tiers.copy' (format binary)
\copy received from 'results/tiers.copy' (format binary)
\copy (SELECT bytes FROM forged WHERE place = 14) to 'results/tiers.copy' (format binary)
\copy received from 'results/tiers.copy' (format binary)
\copy (SELECT bytes FROM forged WHERE place = 15) to 'results/tiers.copy' (format binary)
\copy received from 'results/tiers.copy' (format binary)
TRUNCATE forged;
INSERT INTO forged VALUES
    (1, '\x', 'nothing'),
    (2, '\x000000000000000000000000000000004563918244F4000000000000014555', 'a byte too few'),
    (3, '\x0000000000000000000000000000000000000000000000000000000000000000', 'a sum of nothing'),
    (4, '\x000000000000000000000000000000004563918244F40000000000000145555200000001', 'a scale without tiers'),
    (5, '\x000000000000000000000000000000004563918244F40000000000000145555200000001000000000000000045555200BE1A42D9D8000000000000000000000000', 'a byte too many');
\copy (SELECT bytes FROM forged WHERE place = 1) to 'results/tiers.copy' (format binary)
\copy received_state from 'results/tiers.copy' (format binary)
\copy (SELECT bytes FROM forged WHERE place = 2) to 'results/tiers.copy' (format binary)
\copy received_state from 'results/tiers.copy' (format binary)
\copy (SELECT bytes FROM forged WHERE place = 3) to 'results/tiers.copy' (format binary)
\copy received_state from 'results/tiers.copy' (format binary)
\copy (SELECT bytes FROM forged WHERE place = 4) to 'results/tiers.copy' (format binary)
\copy received_state from 'results/tiers.copy' (format binary)
\copy (SELECT bytes FROM forged WHERE place = 5) to 'results/tiers.copy' (format binary)
\copy received_state from 'results/tiers.copy' (format binary)
SELECT (SELECT count(*) FROM received) + (SELECT count(*) FROM received_state) AS came_through;

-- with workers, by hash and by sorting
CREATE TABLE many AS SELECT i % 7001 AS customer, currency_price(i % 997, 'EUR') AS price FROM generate_series(1, 21003) AS i;
ANALYZE many;
CREATE TABLE serial AS SELECT customer, tier(sum(price), 'smb 0, mid 1000, enterprise 2000 EUR') AS tier FROM many GROUP BY customer;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
EXPLAIN (COSTS OFF) SELECT revenue_tier(price, 'smb 0 EUR') FROM many;
SELECT revenue_tier(price, 'smb 0, mid 1000, enterprise 1000000 EUR') FROM many;
CREATE FUNCTION pg_temp.tiers_that_differ() RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FROM (SELECT customer, revenue_tier(price, 'smb 0, mid 1000, enterprise 2000 EUR') AS tier FROM many GROUP BY customer) AS parallel FULL JOIN serial USING (customer)
    WHERE parallel.tier IS DISTINCT FROM serial.tier
$$;
SELECT pg_temp.tiers_that_differ();
SET enable_hashagg = off;
SELECT pg_temp.tiers_that_differ();
SET enable_hashagg = on;
SET work_mem = '64kB';
SELECT pg_temp.tiers_that_differ();
RESET ALL;
SELECT tier, count(*) FROM serial GROUP BY tier ORDER BY tier;

-- without privileges, without a search_path
CREATE ROLE regress_segmentation_prices;
GRANT SELECT ON many TO regress_segmentation_prices;
SET ROLE regress_segmentation_prices;
SET search_path = '';
SELECT public.tier(public.sum(price), 'smb 0, mid 1000 EUR'), public.revenue_tier(price, 'smb 0, mid 1000 EUR') FROM public.many WHERE customer = 1;
RESET search_path;
RESET ROLE;
DROP OWNED BY regress_segmentation_prices;
DROP ROLE regress_segmentation_prices;

DROP TABLE bad_scale, market, invoice, stored, copied, forged, received, received_state, many, serial;
