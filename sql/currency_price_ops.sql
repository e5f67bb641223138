-- arithmetic with prices: exact, or rounded half-even to 18 digits, or an error
\set VERBOSITY default
\set SHOW_CONTEXT never
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/refusal.sql'
\set ECHO none
\i :include
\set ECHO all
CREATE TABLE product (price currency_price, small smallint, whole integer, big bigint, number numeric, approximate float8);
INSERT INTO product VALUES ('9.90 EUR', 2, -3, 1000000000000, 1.25, 1.5);

-- sums and differences are exact
SELECT price + '0.10 EUR' AS plus, price - '10 EUR' AS minus, '0.0000001 EUR' + price AS fine, price - price AS nothing, -price AS negated, +price AS same FROM product;
SELECT '0.999999999999999999 EUR'::currency_price + '0.000000000000000001 EUR' AS carried,
       '999999999999999998 JPY'::currency_price + '1 JPY' AS largest, '-999999999999999998 JPY'::currency_price - '1 JPY' AS smallest;
SELECT '99999999999999999.5 EUR'::currency_price + '0.5 EUR' AS carried, '100000000000000000 EUR'::currency_price - '0.1 EUR' AS borrowed;

-- factors and divisors are integers or numeric, without a cast, from either side
SELECT price * 3 AS "p * 3", 3 * price AS "3 * p", price * 1.5 AS "p * 1.5", 1.5 * price AS "1.5 * p", price / 3 AS "p / 3", price / 1.5 AS "p / 1.5", price * -1 AS "p * -1", price * 0 AS "p * 0" FROM product;
SELECT price * small, small * price, price / small, price * whole, whole * price, price / whole, price * big, big * price, price / big, price * number, number * price, price / number FROM product;
SELECT pg_typeof(price * 3), pg_typeof(price / 3), pg_typeof(price / price), price / '3 EUR' AS ratio, '1 EUR' / price AS inverse, price / (price * 2) AS half FROM product;
SELECT price * numeric '0.2' AS vat, price * 12 AS yearly, price * 12 / 365 AS daily, round(price * 12 / 365) AS rounded FROM product;
-- never double precision, which would lose cents, nor two prices
\pset format unaligned
SELECT statement, refusal.* FROM unnest(ARRAY['price * approximate', 'price / approximate', 'approximate * price', 'price * price', '3 / price', 'price + 3', 'price % 3', 'price * true']) AS statement,
    pg_temp.refusal('SELECT ' || statement || ' FROM product');
\pset format aligned

-- rounding is half-even, at the 18th digit or the 18th decimal
SELECT '1 EUR'::currency_price / 3 AS "1/3", '2 EUR'::currency_price / 3 AS "2/3", '-2 EUR'::currency_price / 3 AS "-2/3", '200 EUR'::currency_price / 3 AS "200/3";
SELECT '0.000000000000000005 EUR'::currency_price / 10 AS below_half, '0.000000000000000015 EUR'::currency_price / 10 AS half_odd, '0.000000000000000025 EUR'::currency_price / 10 AS half_even,
       '0.000000000000000025 EUR'::currency_price / 9.99 AS above_half, '-0.000000000000000015 EUR'::currency_price * 0.1 AS negative;
SELECT '100000000000000001 EUR'::currency_price * 0.5 AS half_down, '100000000000000003 EUR'::currency_price * 0.5 AS half_up,
       '100000000000000001 JPY'::currency_price * 1.5 AS odd, '333333333333333333 EUR'::currency_price * 3 AS whole;
-- to the same digits by a factor or divisor of any length: here one more or less at the hundredth decimal decides
SELECT '0.000000000000000005 EUR'::currency_price * (0.1 + delta) AS times, '0.000000000000000005 EUR'::currency_price / (10 - delta) AS divided,
       '100000000000000003 JPY'::currency_price * (1.5 + delta) AS large, '1 EUR'::currency_price / (2 + delta) AS half
FROM unnest(ARRAY[-1e-100, 0, 1e-100]) AS delta;
SELECT '5 EUR'::currency_price * 1e-1000 AS tiny, '5 EUR'::currency_price / 1e100000 AS tinier, '0.0000005 EUR'::currency_price * 1e20 AS large, '0.000000000000000005 EUR'::currency_price / 1e-30 AS larger,
       '7 EUR'::currency_price / 1000000000000000000000000 AS rounded_to_nothing, '0 EUR'::currency_price * 1e1000 AS zero, '0 EUR'::currency_price / 1e-1000 AS nothing;
SELECT '0.000000000000000001 EUR'::currency_price * 9223372036854775807 AS largest_factor, '0.000000000000000001 EUR'::currency_price * (-9223372036854775808) AS smallest_factor,
       '999999999999999999 EUR'::currency_price / (-9223372036854775808) AS smallest_divisor, '999999999999999999 EUR'::currency_price / (-32768)::smallint AS smallint;

-- what does not fit, does not divide or does not go together is an error
\pset format unaligned
SELECT statement, refusal.* FROM unnest(ARRAY[
    $$'999999999999999999 JPY'::currency_price + '1 JPY'$$, $$'-999999999999999999 JPY'::currency_price - '1 JPY'$$, $$'999999999999999999 EUR'::currency_price + '0.1 EUR'$$, $$'100000000000000000 EUR'::currency_price - '0.01 EUR'$$,
    $$'999999999999999999 EUR'::currency_price * 2$$, $$'-999999999999999999 EUR'::currency_price * 9223372036854775807$$, $$2::smallint * '999999999999999999 EUR'::currency_price$$, $$'999999999999999999 EUR'::currency_price * 1.0000000000000000009$$,
    $$'1 EUR'::currency_price * 1e18$$, $$'1 EUR'::currency_price * 1e130000$$, $$'999999999999999999 EUR'::currency_price / 0.1$$, $$'0.1 EUR'::currency_price / 1e-30$$, $$'1 EUR'::currency_price / 1e-16383$$,
    $$'1 EUR'::currency_price / 0$$, $$'1 EUR'::currency_price / 0::smallint$$, $$'0 EUR'::currency_price / 0::bigint$$, $$'1 EUR'::currency_price / 0.0$$, $$'1 EUR'::currency_price / '0 EUR'$$, $$'1 EUR'::currency_price / '-0 EUR'::currency_price$$,
    $$'1 EUR'::currency_price * 'NaN'::numeric$$, $$'1 EUR'::currency_price * '-Infinity'::numeric$$, $$'1 EUR'::currency_price / 'NaN'::numeric$$, $$'1 EUR'::currency_price / 'Infinity'::numeric$$,
    $$'1 EUR'::currency_price + '1 USD'$$, $$'1 EUR'::currency_price - '1 USD'$$, $$'1 EUR'::currency_price / '1 USD'$$, $$'0 EUR'::currency_price + '0 USD'$$]) AS statement,
    pg_temp.refusal('SELECT ' || statement);
\pset format aligned

-- abs, sign
SELECT price, abs(price), sign(price), -price AS negated FROM unnest('{-9.90 EUR,0 EUR,0.000000000000000001 EUR,-999999999999999999 JPY,999999999999999999 JPY}'::currency_price[]) AS price;

-- round goes to the minor unit of the currency, half-even unless told otherwise
SELECT price, round(price), round(price, 'half-even') AS half_even, round(price, 'half-up') AS half_up, round(price, 'half-down') AS half_down,
       round(price, 'up') AS up, round(price, 'down') AS down, round(price, 'ceiling') AS ceiling, round(price, 'floor') AS floor
FROM unnest('{0.125 EUR,0.135 EUR,-0.125 EUR,-0.135 EUR,0.1251 EUR,0.124999999999999999 EUR,0.5 JPY,1.5 JPY,-2.5 JPY,1.0005 KWD,9.90 EUR,0 EUR,-0.000000000000000001 EUR,99999999999999999.9 JPY}'::currency_price[]) AS price;
SELECT round('0.125 EUR'::currency_price, 'HALF-UP'), round('0.125 EUR'::currency_price, NULL) IS NULL AS no_mode, round(NULL::currency_price) IS NULL AS no_price;
SELECT * FROM pg_temp.refusal($$SELECT round('0.125 EUR'::currency_price, 'bankers')$$);

-- NULL stays NULL
SELECT num_nulls(price + NULL, NULL - price, price * NULL::int, NULL::numeric * price, price / NULL::bigint, price / NULL::currency_price, -NULL::currency_price, abs(NULL::currency_price), sign(NULL::currency_price)) AS nulls
FROM product;

DROP TABLE product;
