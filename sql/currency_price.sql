-- currency_price: what is a price, what is not, its parts, its binary form
\set VERBOSITY default
\set SHOW_CONTEXT never
SET client_encoding = 'UTF8';
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/refusal.sql'
\set ECHO none
\i :include
\set ECHO all

-- amount and code in either order, in any case; at least the minor unit's decimals come out
SELECT text, text::currency_price AS price
FROM unnest(ARRAY['9.90 EUR', 'EUR 9.9', 'eur 9.900', '9.9 Eur', '-5 jpy', 'JPY -5', '+7 USD', '1.5 KWD', '0.0000166667 USD', '12 CLF',
                  '.5 EUR', '-.5 EUR', '5. EUR', '007 EUR', '00.50 EUR', E' \t9.90\n  EUR\f', '2.5 JPY']) AS text;
-- zero has no sign, and no more zeros than the minor unit
SELECT text::currency_price AS price, currency_price_send(text::currency_price) = currency_price_send('0 EUR') AS zero
FROM unnest(ARRAY['0 EUR', '-0 EUR', '-0.00 EUR', '+0 EUR', '0000 EUR', '.0 EUR', '0.0000000000000000000000000000000000000000000000 EUR']) AS text;
-- 18 digits, wherever the point is; zeros that say nothing do not count
SELECT text::currency_price AS price
FROM unnest(ARRAY['999999999999999999 EUR', '-999999999999999999 EUR', '0.000000000000000001 EUR', '-0.999999999999999999 EUR',
                  '12345678901234567.8 EUR', '1.23456789012345678 JPY', '100000000000000000 EUR', '0000000000000000000000000000123 EUR',
                  '1.00000000000000000000000000000000000000000000000000 EUR']) AS text;
SELECT ('0' || repeat('0', 100000) || '1.5' || repeat('0', 100000) || ' EUR')::currency_price AS long;
-- a withdrawn currency is valid
SELECT '100 DEM'::currency_price, '3 HRK'::currency_price, 'ANG 2'::currency_price;

-- what is no price says why, and what is allowed; never rounded
CREATE TABLE bad_price (place serial, text text);
INSERT INTO bad_price (text) VALUES
    (''), (' '), ('EUR'), ('9.90'), ('9.90EUR'), ('EUR9.90'), ('9.90  EUR x'), ('EUR 9.90 EUR'), ('9.90 9.90'), ('9,90 EUR'), ('1,000 EUR'), ('1 000 EUR'),
    ('1''000 EUR'), ('1_000 EUR'), ('- 5 EUR'), ('--5 EUR'), ('5- EUR'), ('(5) EUR'), ('-EUR 5'), ('. EUR'), ('- EUR'), ('1.2.3 EUR'), ('1e3 EUR'), ('0x1F EUR'),
    ('NaN EUR'), ('Infinity EUR'), ('EUR -Infinity'), ('€ 5'), ('5 €'), ('$5'), ('٣ EUR'), (U&'5\00A0EUR'), ('5 EU'), ('5 EURO'), ('5 €UR'), ('5 ZZZ'), ('5 E1R'),
    ('5 XAU'), ('xts 5'), ('5 XXX'),
    ('1000000000000000000 EUR'), ('-1000000000000000000 EUR'), ('1234567890.123456789 EUR'), ('0.0000000000000000001 EUR'), ('0.0000000000000000005 EUR'),
    ('9223372036854775808 EUR'), ('340282366920938463463374607431768211456 EUR'), (repeat('9', 100000) || ' EUR'), ('0.' || repeat('0', 100000) || '1 EUR'),
    (repeat('x', 100000)), ('5 ' || repeat('é', 100000));
\pset format unaligned
SELECT state, message, detail FROM bad_price, pg_temp.refusal(format('SELECT %L::currency_price', text)) ORDER BY place;
SELECT DISTINCT state, hint FROM bad_price, pg_temp.refusal(format('SELECT %L::currency_price', text)) ORDER BY 1, 2;
\pset format aligned
DO $$
BEGIN
    -- without raising, where the server can (16 and later)
    IF current_setting('server_version_num')::int >= 160000 THEN
        EXECUTE 'DO $soft$ BEGIN
            ASSERT NOT EXISTS (SELECT FROM bad_price WHERE pg_input_is_valid(text, ''currency_price''));
            ASSERT pg_input_is_valid(''9.90 EUR'', ''currency_price'');
        END $soft$';
    END IF;
END
$$;

-- it takes 12 bytes
SELECT typlen, typbyval, typalign, typstorage, typcategory, pg_column_size('9.90 EUR'::currency_price) AS size FROM pg_type WHERE oid = 'currency_price'::regtype;

-- made of amount and currency, or of minor units; taken apart again
SELECT currency_price(9.9, 'EUR'), currency_price(-1e-18, 'eur'), currency_price(1e17, 'JPY'), currency_price(5, 'USD'), currency_price(0, 'KWD'), currency_price(120.000, 'EUR');
SELECT currency_price_from_minor(990, 'EUR'), currency_price_from_minor(990, 'JPY'), currency_price_from_minor(-1, 'KWD'), currency_price_from_minor(12345, 'clf'),
       currency_price_from_minor(9223372036854775800, 'USD');
SELECT price, amount(price), currency(price), minor_units(price)
FROM unnest('{9.90 EUR,-990 JPY,0.001 KWD,0 EUR,100000 USD,9999999999999999.99 EUR,-92233720368547758 EUR,1 DEM}'::currency_price[]) AS price;
SELECT price, amount(price), amount(price)::text || ' ' || currency(price) = price::text AS as_text
FROM unnest('{0.0000166667 USD,-999999999999999999 EUR,999999999999999999 CLF,0.000000000000000001 JPY,123456789.987654321 EUR}'::currency_price[]) AS price;
\pset format unaligned
SELECT statement, refusal.* FROM unnest(ARRAY[
    $$currency_price(1.0/3, 'EUR')$$, $$currency_price(1e18, 'EUR')$$, $$currency_price(-1e131071, 'EUR')$$, $$currency_price(1e-19, 'EUR')$$, $$currency_price(1e-16383, 'EUR')$$,
    $$currency_price('NaN', 'EUR')$$, $$currency_price('-Infinity', 'EUR')$$, $$currency_price(1, 'EURO')$$, $$currency_price(1, '')$$, $$currency_price(1, 'XAU')$$, $$currency_price(1, ' EUR')$$,
    $$currency_price_from_minor(9223372036854775807, 'JPY')$$, $$currency_price_from_minor(-9223372036854775808, 'EUR')$$, $$currency_price_from_minor(1, 'XTS')$$,
    $$minor_units('0.001 EUR')$$, $$minor_units('-92233720368547759 EUR')$$, $$minor_units('999999999999999999 KWD')$$]) AS statement,
    pg_temp.refusal('SELECT ' || statement);
\pset format aligned
SELECT currency_price(NULL, 'EUR') IS NULL AND currency_price(1, NULL) IS NULL AND currency_price_from_minor(NULL, 'EUR') IS NULL
       AND amount(NULL) IS NULL AND currency(NULL) IS NULL AND minor_units(NULL) IS NULL AS null_stays_null;
-- every currency's code, at first and from then on
SELECT time, count(DISTINCT code) = count(*) AS "all differ", bool_and(currency(currency_price(1, code)) = code) AS "each its own"
FROM currencies(), generate_series(1, 2) AS time WHERE minor_units IS NOT NULL GROUP BY time ORDER BY time;

-- strings are assigned to prices and prices to strings; in expressions they want a cast
CREATE TABLE product (id int PRIMARY KEY, price currency_price, as_text text, as_varchar varchar(20));
INSERT INTO product VALUES (1, '9.90 EUR', '5 USD', 'JPY 7'), (2, NULL, NULL, NULL);
INSERT INTO product (id, price) SELECT 3, as_text FROM product WHERE id = 1;
INSERT INTO product (id, price) SELECT 4, as_varchar FROM product WHERE id = 1;
UPDATE product SET as_text = price, as_varchar = price WHERE id > 2;
SELECT * FROM product ORDER BY id;
SELECT as_text::currency_price FROM product WHERE id = 1;
SELECT id FROM product WHERE price = as_text::currency_price ORDER BY id;
\pset format unaligned
SELECT statement, refusal.* FROM unnest(ARRAY['price = as_text', 'price::numeric', 'amount(price)::currency_price', 'coalesce(price, 0)', 'price > 5', 'sum(as_text)']) AS statement,
    pg_temp.refusal('SELECT ' || statement || ' FROM product');
\pset format aligned
SELECT to_jsonb(price), row_to_json(product), array_to_json(ARRAY[price]) FROM product WHERE id = 1;

-- the binary form is the same on every machine: mantissa, code, scale
SELECT price, currency_price_send(price) FROM unnest('{9.90 EUR,-1 JPY,0 USD,0.000000000000000001 KWD,999999999999999999 EUR,-999999999999999999 EUR}'::currency_price[]) AS price;
\copy (SELECT '\x00000000000000634555520100'::bytea) to 'results/currency_price.copy' (format binary)
CREATE TABLE received (price currency_price);
\copy received from 'results/currency_price.copy' (format binary)
\copy (SELECT '\x000000000000006345555201'::bytea) to 'results/currency_price.copy' (format binary)
\copy received from 'results/currency_price.copy' (format binary)
SELECT * FROM received;
-- and is read as strictly as text
CREATE TABLE forged (place int, bytes bytea, what text);
INSERT INTO forged VALUES
    (1, '\x', 'nothing'), (2, '\x00', 'a byte'), (3, '\x0000000000000063455552', 'a byte too few'),
    (4, '\x00000000000003DE45555202', 'a zero at the end: 9.90 as 990 and 2'), (5, '\x000000000000000045555202', 'zero with decimals'),
    (6, '\x0DE0B6B3A764000045555200', '10^18'), (7, '\xF21F494C589C000045555200', '-10^18'), (8, '\x800000000000000045555200', 'the smallest integer'),
    (9, '\x000000000000006345555213', '19 decimals'), (10, '\x0000000000000063455552FF', '255 decimals'),
    (11, '\x000000000000006365757201', 'small letters'), (12, '\x00000000000000635A5A5A01', 'ZZZ'), (13, '\x000000000000006358415501', 'XAU'),
    (14, '\x000000000000006300000001', 'no letters'), (15, '\x0000000000000063C5D5D201', 'letters with the high bit');
\copy (SELECT bytes FROM forged WHERE place = 1) to 'results/currency_price.copy' (format binary)
\copy received from 'results/currency_price.copy' (format binary)
\copy (SELECT bytes FROM forged WHERE place = 2) to 'results/currency_price.copy' (format binary)
\copy received from 'results/currency_price.copy' (format binary)
\copy (SELECT bytes FROM forged WHERE place = 3) to 'results/currency_price.copy' (format binary)
\copy received from 'results/currency_price.copy' (format binary)
\copy (SELECT bytes FROM forged WHERE place = 4) to 'results/currency_price.copy' (format binary)
\copy received from 'results/currency_price.copy' (format binary)
\set VERBOSITY sqlstate
\copy (SELECT bytes FROM forged WHERE place = 5) to 'results/currency_price.copy' (format binary)
\copy received from 'results/currency_price.copy' (format binary)
\copy (SELECT bytes FROM forged WHERE place = 6) to 'results/currency_price.copy' (format binary)
\copy received from 'results/currency_price.copy' (format binary)
\copy (SELECT bytes FROM forged WHERE place = 7) to 'results/currency_price.copy' (format binary)
\copy received from 'results/currency_price.copy' (format binary)
\copy (SELECT bytes FROM forged WHERE place = 8) to 'results/currency_price.copy' (format binary)
\copy received from 'results/currency_price.copy' (format binary)
\copy (SELECT bytes FROM forged WHERE place = 9) to 'results/currency_price.copy' (format binary)
\copy received from 'results/currency_price.copy' (format binary)
\copy (SELECT bytes FROM forged WHERE place = 10) to 'results/currency_price.copy' (format binary)
\copy received from 'results/currency_price.copy' (format binary)
\copy (SELECT bytes FROM forged WHERE place = 11) to 'results/currency_price.copy' (format binary)
\copy received from 'results/currency_price.copy' (format binary)
\copy (SELECT bytes FROM forged WHERE place = 12) to 'results/currency_price.copy' (format binary)
\copy received from 'results/currency_price.copy' (format binary)
\copy (SELECT bytes FROM forged WHERE place = 13) to 'results/currency_price.copy' (format binary)
\copy received from 'results/currency_price.copy' (format binary)
\copy (SELECT bytes FROM forged WHERE place = 14) to 'results/currency_price.copy' (format binary)
\copy received from 'results/currency_price.copy' (format binary)
\copy (SELECT bytes FROM forged WHERE place = 15) to 'results/currency_price.copy' (format binary)
\copy received from 'results/currency_price.copy' (format binary)
\set VERBOSITY default
-- none came through
SELECT count(*) FROM received;
-- it copies itself, in arrays and rows too
CREATE TABLE shelf (price currency_price, prices currency_price[], product product);
INSERT INTO shelf SELECT price, ARRAY[price, '-0.5 USD', NULL], product FROM product;
\copy shelf to 'results/currency_price.copy' (format binary)
CREATE TABLE copied (LIKE shelf);
\copy copied from 'results/currency_price.copy' (format binary)
SELECT * FROM copied ORDER BY (product).id;

-- settings of locale and dates change nothing, nor does a collation in which I is not the capital of i
SET DateStyle = 'German';
SET IntervalStyle = 'sql_standard';
SET extra_float_digits = -15;
SET lc_monetary = 'C';
SET lc_numeric = 'C';
SELECT '1234.50 EUR'::currency_price, amount('1234.50 EUR');
RESET ALL;
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_collation WHERE collname = 'tr-x-icu') THEN
        EXECUTE $turkish$ DO 'BEGIN
            ASSERT currency_price(5, ''inr'' COLLATE "tr-x-icu") = ''5 INR'';
            ASSERT (''5 isk''::text COLLATE "tr-x-icu")::currency_price = ''5 ISK'';
        END' $turkish$;
    END IF;
END
$$;

-- functions of the server still take untyped literals for numbers
SELECT abs('-5'), round('2.5'), sign('-3'), '5' * 3 AS product, pg_typeof(abs('-5')) AS abs, pg_typeof(round('2.5')) AS round;

-- without privileges, without a search_path
CREATE ROLE regress_segmentation_prices;
GRANT SELECT ON product TO regress_segmentation_prices;
SET ROLE regress_segmentation_prices;
SET search_path = '';
SELECT price, public.amount(price), public.currency(price), public.currency_price(1.5, 'USD') FROM public.product ORDER BY id;
RESET search_path;
RESET ROLE;
DROP OWNED BY regress_segmentation_prices;
DROP ROLE regress_segmentation_prices;

DROP TABLE bad_price, forged, received, copied, shelf, product;
