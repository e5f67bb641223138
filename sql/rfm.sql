-- quantile_breaks, rfm_score, rfm_segment
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/refusal.sql'
\set ECHO none
\i :include
\set ECHO all

-- quantiles of type 7, of every type of value
SELECT quantile_breaks(value, 4) AS of_integers, quantile_breaks(value::smallint, 4) AS of_smallints, quantile_breaks(value::bigint, 4) AS of_bigints,
    quantile_breaks(value::numeric, 4) AS of_numeric, quantile_breaks(value::float8, 4) AS of_reals
FROM unnest('{3,6,7,8,8,10,13,15,16,20}'::int[]) AS value;
SET datestyle = 'ISO';
SELECT quantile_breaks(date '2025-01-01' + value, 4) AS of_dates, quantile_breaks(currency_price(value, 'EUR'), 4) AS of_prices
FROM unnest('{3,6,7,8,8,10,13,15,16,20}'::int[]) AS value;

-- no rows, no values, one, equal ones, one bin, more bins than values
SELECT quantile_breaks(value, 5) AS none FROM unnest('{}'::int[]) AS value;
SELECT quantile_breaks(value, 5) AS null_only FROM unnest('{NULL,NULL}'::int[]) AS value;
SELECT quantile_breaks(7, NULL) AS no_bins;
SELECT quantile_breaks(value, 5) AS one FROM unnest('{NULL,7}'::int[]) AS value;
SELECT quantile_breaks(value, 3) AS equal FROM unnest('{2.50,2.5,2.500}'::numeric[]) AS value;
SELECT quantile_breaks(value, 1) AS one_bin FROM unnest('{1,2}'::int[]) AS value;
SELECT quantile_breaks(value, 6) AS thirds FROM unnest('{0,1}'::int[]) AS value;
SELECT quantile_breaks(value, 3) AS rounded_down FROM unnest('{-1,0}'::numeric[]) AS value;
SELECT quantile_breaks(value, 4) AS widest FROM unnest('{-9223372036854775808,9223372036854775807}'::bigint[]) AS value;
SELECT quantile_breaks(value, 2) AS smallest FROM unnest('{0.000000000000000001,-0.000000000000000001,0}'::numeric[]) AS value;
SELECT quantile_breaks(value, 2) AS reals FROM unnest('{-1.7e308,1.7e308}'::float8[]) AS value;
SELECT quantile_breaks(value, 2) = '{1}' AS neighbours FROM unnest('{1,1.0000000000000002}'::float8[]) AS value;
SELECT quantile_breaks(value, 2) = '{1.0000000000000002}' AS upper_neighbour FROM unnest('{1.0000000000000002,1.0000000000000004}'::float8[]) AS value;
SELECT quantile_breaks(value, 2) = '{2.5}' AS equal_reals FROM unnest('{2.5,2.5}'::float8[]) AS value;
SELECT quantile_breaks(value, 2) AS zeros FROM unnest('{-0,0,-0}'::float8[]) AS value;
-- a price between two has at most 18 digits
SELECT quantile_breaks(value, 2) AS prices, rfm_score('999999999999999998 EUR'::currency_price, quantile_breaks(value, 2)) AS below,
    rfm_score('999999999999999999 EUR'::currency_price, quantile_breaks(value, 2)) AS above
FROM unnest('{999999999999999998 EUR,999999999999999999 EUR}'::currency_price[]) AS value;
SELECT quantile_breaks(value, 2) AS prices, rfm_score('999999999999999997 EUR'::currency_price, quantile_breaks(value, 2)) AS below,
    rfm_score('999999999999999998 EUR'::currency_price, quantile_breaks(value, 2)) AS above
FROM unnest('{999999999999999997 EUR,999999999999999998 EUR}'::currency_price[]) AS value;
SELECT quantile_breaks(value, 2) FROM unnest('{-0.000000000000000001 USD,-999999999999999999 USD}'::currency_price[]) AS value;

-- the day in which a break lies, before 2000 too
SELECT quantile_breaks(value, 2) AS days FROM unnest('{1999-12-31,2000-01-01}'::date[]) AS value;
SELECT quantile_breaks(value, 2) AS days FROM unnest('{1999-12-30,1999-12-31}'::date[]) AS value;
-- places beyond 32 bits
SELECT quantile_breaks(i, 10000) = ARRAY(SELECT 50.0 * k FROM generate_series(1, 9999) AS k) AS many FROM generate_series(0, 500000) AS i;

-- by groups, in windows, over rows that are left out
SELECT i % 2 AS half, quantile_breaks(i, 4) FROM generate_series(1, 9) AS i GROUP BY 1 ORDER BY 1;
SELECT i, quantile_breaks(i, 2) OVER (ORDER BY i ROWS 2 PRECEDING) FROM generate_series(1, 4) AS i;
SELECT quantile_breaks(value, 2) FILTER (WHERE value < 'infinity') FROM unnest('{1,2,infinity}'::float8[]) AS value;

-- scores: a value on a break is not above it; for recency lower is better
SELECT value, rfm_score(value, '{10,20,30,40}') AS score, rfm_score(value, '{10,20,30,40}', lower_is_better => true) AS recency,
    rfm_score(value::smallint, '{10,20,30,40}') = rfm_score(value, '{10,20,30,40}')
    AND rfm_score(value::bigint, '{10,20,30,40}') = rfm_score(value, '{10,20,30,40}')
    AND rfm_score(value::numeric, '{10,20,30,40}') = rfm_score(value, '{10,20,30,40}')
    AND rfm_score(value::float8, '{10,20,30,40}') = rfm_score(value, '{10,20,30,40}')
    AND rfm_score(currency_price(value, 'USD'), '{10 USD,20 USD,30 USD,40 USD}') = rfm_score(value, '{10,20,30,40}')
    AND rfm_score('2000-01-01'::date + value, ARRAY['2000-01-01'::date + 10, '2000-01-01'::date + 20, '2000-01-01'::date + 30, '2000-01-01'::date + 40]) = rfm_score(value, '{10,20,30,40}') AS all_types
FROM unnest('{-2147483648,10,11,20,21,30,31,40,41,NULL}'::int[]) AS value WHERE value IS NULL OR value > 0;
SELECT rfm_score(5, '{4.5,5,5,5.5}') AS equal_breaks, rfm_score(5, '{}') AS no_breaks, rfm_score(5, NULL::numeric[]) AS null_breaks, rfm_score(NULL::int, '{1}') AS null_value;
SELECT rfm_score(0.0000000000000000000001, '{0,1}') AS any_digits, rfm_score('infinity'::numeric, '{0,1}') AS infinite, rfm_score('-infinity'::float8, '{0,1}') AS least,
    rfm_score('infinity'::date, '{2025-01-01}') AS never;
SELECT rfm_score(9223372036854775807, '{9223372036854775806.333333333333333333}') AS of_many_digits, rfm_score(2, '{1.0000000000000000000001}') AS of_more;
-- other breaks in every row
SELECT value, breaks, rfm_score(value, breaks) FROM (VALUES (5, '{1,2}'::numeric[]), (5, '{9}'), (5, '{1,2}'), (5, '{5.0}'), (5, '{4.999}'), (5, '{7}'), (5, '{3}'), (5, '{8,9}'), (5, '{2,6}')) AS v (value, breaks);

-- three in one, and their segment: the first that fits
SELECT rfm_score(5, 4, 3), rfm_score(1, 1, 1), rfm_score(NULL, 1, 1);
SELECT * FROM rfm_segments();
SELECT rfm_segment(r, f, m) AS segment, count(*), min(rfm_score(r, f, m)), max(rfm_score(r, f, m))
FROM generate_series(1, 5) AS r, generate_series(1, 5) AS f, generate_series(1, 5) AS m GROUP BY 1 ORDER BY 1;
SELECT count(*) AS differ FROM generate_series(1, 5) AS r, generate_series(1, 5) AS f, generate_series(1, 5) AS m
WHERE rfm_segment(r, f, m) <> (SELECT segment FROM rfm_segments()
    WHERE r BETWEEN recency_from AND recency_to AND f BETWEEN frequency_from AND frequency_to AND m BETWEEN monetary_from AND monetary_to
    ORDER BY rank LIMIT 1);

-- what is refused
\pset format unaligned
SELECT statement, refusal.* FROM unnest(ARRAY[
    $$quantile_breaks(1, 0)$$, $$quantile_breaks(1, -1)$$, $$quantile_breaks(1, 10001)$$, $$quantile_breaks(n, n) FROM generate_series(1, 2) AS n$$,
    $$quantile_breaks('NaN'::numeric, 5)$$, $$quantile_breaks('NaN'::float8, 5)$$, $$quantile_breaks('infinity'::float8, 5)$$, $$quantile_breaks('-infinity'::numeric, 5)$$,
    $$quantile_breaks('infinity'::date, 5)$$, $$quantile_breaks(1e-19, 5)$$, $$quantile_breaks(1e-100, 5)$$, $$quantile_breaks(1234567890123456789.123456789012345678, 5)$$, $$quantile_breaks(9223372036854775808, 5)$$,
    $$quantile_breaks(p::currency_price, 5) FROM unnest('{1 EUR,1 USD}'::text[]) AS p$$,
    $$rfm_score(1, '{2,1}')$$, $$rfm_score(1, '{2,NULL}')$$, $$rfm_score(1, '{{1},{2}}')$$, $$rfm_score(1, '{NaN}')$$, $$rfm_score(1.5, '{3,2}'::numeric[])$$, $$rfm_score(1::float8, '{NaN}')$$,
    $$rfm_score('NaN'::numeric, '{1}')$$, $$rfm_score('NaN'::float8, '{1}')$$, $$rfm_score(1, '{1e19}')$$, $$rfm_score(1, '{1,Infinity}')$$, $$rfm_score(1, '{-Infinity}')$$, $$rfm_score('1 EUR'::currency_price, '{1 EUR,2 USD}')$$, $$rfm_score('1 EUR'::currency_price, '{1 USD}')$$, $$rfm_score('1 EUR'::currency_price, '{2 EUR,1 EUR}')$$,
    $$rfm_score(0, 1, 1)$$, $$rfm_score(1, 10, 1)$$, $$rfm_segment(1, 6, 1)$$, $$rfm_segment(0, 1, 1)$$]) AS statement,
    pg_temp.refusal('SELECT ' || statement);

-- the state as text, and back
SELECT quantile_accum(quantile_accum('empty', -9.5, 5), 3, 5) AS numbers, quantile_accum('empty', 1e-300::float8, 2) AS reals, quantile_accum('empty', '9.90 EUR'::currency_price, 3) AS prices,
    quantile_combine('5 numbers 1', '5 numbers 2.5') AS combined, quantile_combine('empty', 'empty') AS empty, quantile_combine('empty', '2 reals 1') AS one;
-- which stays as it is, whoever adds to it
CREATE AGGREGATE pg_temp.state_of(integer, integer) (SFUNC = quantile_accum, STYPE = quantile_state, INITCOND = 'empty');
SELECT quantile_accum(state, 4, 5) AS added, quantile_accum(state, 5, 5) AS another, state FROM (SELECT pg_temp.state_of(i, 5) AS state FROM generate_series(1, 3) AS i OFFSET 0) AS s;
SELECT quantile_breaks_numeric(state) AS breaks, state FROM (SELECT pg_temp.state_of(i % 4, 3) AS state FROM generate_series(2, 6) AS i OFFSET 0) AS s;
SELECT state, state::quantile_state::text = state AS same
FROM unnest('{empty,1 numbers 0,5 numbers -9223372036854775808 9223372036854775807 0.000000000000000001,2 reals 0.1 -1e-300 1.7976931348623157e+308 5e-324,9 JPY -5 100}'::text[]) AS state;
SELECT text, refusal.state, message FROM unnest(ARRAY['', 'full', '5', '5 numbers', '0 numbers 1', '10001 numbers 1', '99999999999 numbers 1', '-1 numbers 1', '5 numbers x', '5 numbers 1e5', '5 numbers 9223372036854775808',
        '5 numbers 0.0000000000000000001', '5 reals NaN', '5 reals inf', '5 reals 1x', '5 XXX 1', '5 EURO 1', 'empty 1']) AS text,
    pg_temp.refusal(format('SELECT %L::quantile_state', text));
SELECT a, b, refusal.state, message FROM (VALUES ('5 numbers 1', '4 numbers 1'), ('5 numbers 1', '5 reals 1'), ('5 EUR 1', '5 USD 1')) AS v (a, b),
    pg_temp.refusal(format('SELECT quantile_combine(%L, %L)', a, b));
SELECT * FROM pg_temp.refusal($$SELECT quantile_breaks_date('5 reals 1')$$);
SELECT quantile_breaks_date('2 numbers 2145031948') AS last_date, quantile_breaks_date('2 numbers -2451545') AS first_date;
SELECT day, refusal.state, message FROM unnest('{99999999999,2145031949,-2451546}'::bigint[]) AS day, pg_temp.refusal(format('SELECT quantile_breaks_date(''2 numbers %s'')', day));

-- and as binary
CREATE TEMP TABLE sent AS SELECT state::text::quantile_state FROM (VALUES ('empty'), ('5 numbers -1.5 3'), ('2 reals -1e300 0.1'), ('3 EUR 9.9')) AS v (state);
SELECT state, encode(quantile_state_send(state), 'hex') FROM sent;
