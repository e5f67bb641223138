-- recurring revenue: prices by the month, and how they change
\set VERBOSITY default
\set SHOW_CONTEXT never
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/refusal.sql'
\set ECHO none
\i :include
\set ECHO all

-- monthly: 12 months a year; days that are whole weeks are 52 weeks a year, others 365.25 days
SELECT billing, monthly('120 EUR', billing::interval), round(monthly('120 EUR', billing::interval)) AS rounded
FROM unnest('{1 month,1 year,3 months,"1 year 6 months",2 years,1 week,7 days,2 weeks,4 weeks,52 weeks,1 day,10 days,30 days,90 days,365 days,1000 years}'::text[]) AS billing;
-- of any sign, with as many decimals as it takes, rounded half-even to 18 digits once
SELECT monthly('-10 JPY', '1 year'), monthly('0 JPY', '1 year'), monthly('0.0000166667 USD', '1 day'), monthly('0.000000000000000003 EUR', '2 months') AS even, monthly('0.000000000000000001 EUR', '2 months') AS nothing;
SELECT monthly('999999999999999999 JPY', '1 month'), monthly('32854209445585215.5 EUR', '1 day') AS largest;
-- months and days are not mixed, parts of a day not billed, and time goes forward
SELECT billing, r.* FROM unnest('{1 month 1 day,1 year -1 day,1 month 00:00:01,24:00,1 day 12:00,1 microsecond,0,0 days,-1 month,-7 days,-1 day}'::text[]) AS billing,
    LATERAL pg_temp.refusal(format('SELECT monthly(''1 EUR'', %L)', billing)) AS r;
SELECT monthly('120 EUR', '2 years -12 months') AS two_years_less_one, monthly('120 EUR', '2 weeks -7 days') AS two_weeks_less_one;
SELECT r.* FROM pg_temp.refusal($$SELECT monthly('999999999999999999 JPY', '1 day')$$) AS r;
-- NULL stays NULL
SELECT num_nulls(monthly(NULL, '1 year'), monthly('1 EUR', NULL), percent_change(NULL, '1 EUR'), percent_change('1 EUR', NULL)) AS nulls;

-- 20,000 generated prices and intervals: the nearest that has 18 digits, the even one of two
SELECT setseed(0.12);
CREATE TABLE billed AS
    SELECT amount, CASE WHEN n % 3 = 0 THEN make_interval(months => count) WHEN n % 3 = 1 THEN make_interval(weeks => count) ELSE make_interval(days => count) END AS billing,
        CASE WHEN n % 3 = 0 THEN 1 WHEN n % 3 = 1 OR count % 7 = 0 THEN 52 ELSE 365.25 END AS times,
        CASE WHEN n % 3 = 0 THEN count WHEN n % 3 = 1 THEN 12 * count WHEN count % 7 = 0 THEN 12 * count / 7 ELSE 12 * count END AS over
    FROM (SELECT n, 1 + (random() * 10 ^ (n % 5))::int AS count, trunc(((random() - 0.3) * 10 ^ (n % 13))::numeric, n % 10) AS amount FROM generate_series(1, 20000) AS n) AS drawn;
SELECT count(*) FILTER (WHERE amount(price) % unit <> 0 OR error * 2 > unit * over OR error * 2 = unit * over AND (amount(price) / unit) % 2 <> 0) AS wrong,
       count(*) FILTER (WHERE error = 0) > 1000 AS many_exact, count(*) FILTER (WHERE error > 0) > 10000 AS many_rounded
FROM (SELECT *, ('1e-' || CASE WHEN abs(amount * times) < over THEN 18 ELSE 18 - length(div(abs(amount * times), over)::text) END)::numeric AS unit,
             abs(amount(price) * over - amount * times) AS error
      FROM (SELECT *, monthly(currency_price(amount, 'EUR'), billing) AS price FROM billed) AS monthly) AS rounding;
DROP TABLE billed;

-- percent_change: of the old price's size, so that its sign says which way it went
SELECT old_price, new_price, percent_change(old_price, new_price), round(percent_change(old_price, new_price), 1) AS rounded
FROM (VALUES ('100 EUR'::currency_price, '150 EUR'::currency_price), ('150 EUR', '100 EUR'), ('9.90 EUR', '9.90 EUR'), ('100 EUR', '0 EUR'),
             ('-10 EUR', '-5 EUR'), ('-10 EUR', '10 EUR'), ('10 EUR', '-10 EUR'),
             ('0.000000000000000001 EUR', '999999999999999999 EUR'), ('999999999999999999 EUR', '999999999999999998 EUR')) AS change (old_price, new_price);
-- from nothing there is none
SELECT percent_change('0 EUR', '10 EUR') IS NULL AS from_nothing, percent_change('0 EUR', '0 EUR') IS NULL AS nothing;
-- only in one currency, also from nothing
SELECT statement, r.* FROM unnest(ARRAY['percent_change(''10 EUR'', ''10 USD'')', 'percent_change(''0 EUR'', ''10 USD'')']) AS statement,
    LATERAL pg_temp.refusal('SELECT ' || statement) AS r;
