-- segmentation.exchange_rate and convert_currency
\set VERBOSITY default
\set SHOW_CONTEXT never
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/refusal.sql'
\set ECHO none
\i :include
\set ECHO all

-- The table.
INSERT INTO segmentation.exchange_rate VALUES
    ('EUR', 'USD', '2024-01-01', 1.25), ('EUR', 'USD', '2024-02-01', 1.2),
    ('GBP', 'EUR', '2024-01-01', 1.6),
    ('EUR', 'DEM', '1999-01-01', 1.95583);

-- known currencies in capitals, two different ones, from a day on, at a rate above zero
SELECT row, state, message
FROM unnest(ARRAY['eur,USD,2024-01-01,1', 'UKP,USD,2024-01-01,1', 'EUR,XAU,2024-01-01,1', 'EUR,,2024-01-01,1', 'EURO,USD,2024-01-01,1',
                  'EUR,EUR,2024-01-01,1', 'EUR,USD,infinity,1', 'EUR,USD,-infinity,1',
                  'EUR,USD,2024-03-01,0', 'EUR,USD,2024-03-01,-1', 'EUR,USD,2024-03-01,NaN', 'EUR,USD,2024-03-01,Infinity',
                  'EUR,USD,2024-01-01,1.3']) AS row,
     LATERAL pg_temp.refusal(format('INSERT INTO segmentation.exchange_rate VALUES (%s)',
         (SELECT string_agg(quote_literal(part), ', ') FROM string_to_table(row, ',') AS part)));
SELECT column_name, state FROM unnest('{base,quote,valid_from,rate}'::text[]) AS column_name,
    LATERAL pg_temp.refusal(format('UPDATE segmentation.exchange_rate SET %I = NULL', column_name));
SELECT code, segmentation.is_currency(code)
FROM unnest('{EUR,DEM,XCG,eur,Eur,XXX,XAU,UKP,EU,EURO,"",NULL}'::text[]) AS code;

-- The day: a rate is valid from its first day to the day before the next one.
SELECT day, convert_currency('100 EUR', 'USD', day) FROM unnest('{2024-01-01,2024-01-31,2024-02-01,9999-12-31,infinity}'::date[]) AS day;
-- today, unless said otherwise
SELECT convert_currency('100 EUR', 'USD') = convert_currency('100 EUR', 'USD', current_date) AS today;
-- before the first rate there is none
SELECT day, r.* FROM unnest('{2023-12-31,-infinity,"0044-03-15 BC"}'::date[]) AS day,
    LATERAL pg_temp.refusal(format('SELECT convert_currency(''100 EUR'', ''USD'', %L)', day)) AS r;

-- The way: directly, or by the inverse.
SELECT convert_currency('100 EUR', 'USD', '2024-01-01') AS direct, convert_currency('100 USD', 'EUR', '2024-01-01') AS inverse,
       convert_currency('-100 USD', 'EUR', '2024-02-01') AS negative, convert_currency('0 USD', 'EUR', '2024-02-01') AS nothing;
-- to itself without any rate, on any day
SELECT convert_currency('1.5 CHF', 'CHF', '-infinity'), convert_currency('1.5 EUR', 'eur', '1066-10-14');
-- by a third currency: both from it, both to it, one of each
SELECT convert_currency('100 USD', 'DEM', '2024-01-01') AS both_from_euro, convert_currency('100 GBP', 'USD', '2024-01-01') AS through,
       convert_currency('100 USD', 'GBP', '2024-01-01') AS back;
INSERT INTO segmentation.exchange_rate VALUES ('SEK', 'NOK', '2024-01-01', 0.8), ('DKK', 'NOK', '2024-01-01', 1.6);
SELECT convert_currency('100 SEK', 'DKK', '2024-01-01') AS both_to_krone;
-- but not by a third and a fourth
SELECT r.* FROM pg_temp.refusal($$SELECT convert_currency('100 SEK', 'EUR', '2024-01-01')$$) AS r;
-- a third one needs rates with both that are valid on the day
SELECT convert_currency('100 DEM', 'GBP', '2024-01-01');
SELECT r.* FROM pg_temp.refusal($$SELECT convert_currency('100 DEM', 'GBP', '2023-12-31')$$) AS r;

-- The choice between several: the later rate, whichever way round it is quoted; on the same day, the direct one;
INSERT INTO segmentation.exchange_rate VALUES ('CHF', 'JPY', '2024-01-01', 100), ('JPY', 'CHF', '2024-01-01', 0.02), ('JPY', 'CHF', '2024-01-10', 0.005);
SELECT day, convert_currency('1 CHF', 'JPY', day), convert_currency('1 JPY', 'CHF', day) FROM unnest('{2024-01-09,2024-01-10}'::date[]) AS day;
-- a rate of the pair, however old, before any third currency;
INSERT INTO segmentation.exchange_rate VALUES ('AUD', 'NZD', '1990-01-01', 7),
    ('EUR', 'AUD', '2024-01-01', 2), ('EUR', 'NZD', '2024-01-01', 4), ('USD', 'AUD', '2024-01-01', 2), ('USD', 'NZD', '2024-01-01', 6);
SELECT convert_currency('1 AUD', 'NZD', '2024-01-01') AS pair, convert_currency('1 NZD', 'AUD', '2024-01-01') AS inverse;
-- of third currencies the one whose older rate is the latest; among equals, the first by code
DELETE FROM segmentation.exchange_rate WHERE base = 'AUD';
SELECT convert_currency('1 AUD', 'NZD', '2024-01-01') AS by_euro;
INSERT INTO segmentation.exchange_rate VALUES ('USD', 'AUD', '2024-01-02', 2);
SELECT convert_currency('1 AUD', 'NZD', '2024-01-02') AS still_by_euro;
INSERT INTO segmentation.exchange_rate VALUES ('USD', 'NZD', '2024-01-02', 8);
SELECT day, convert_currency('1 AUD', 'NZD', day) FROM unnest('{2024-01-01,2024-01-02,2024-01-01,2024-01-03}'::date[]) AS day;

-- Exactness: one division, at the end, rounded half-even to 18 digits.
TRUNCATE segmentation.exchange_rate;
INSERT INTO segmentation.exchange_rate VALUES
    ('EUR', 'USD', '2024-01-01', 3), ('EUR', 'GBP', '2024-01-01', 0.3), ('EUR', 'DEM', '1999-01-01', 1.95583), ('EUR', 'FRF', '1999-01-01', 6.55957),
    ('EUR', 'JPY', '2024-01-01', 0.000000000000000001), ('EUR', 'CHF', '2024-01-01', 1000000000000000000), ('EUR', 'KWD', '2024-01-01', 0.5);
SELECT convert_currency('100 USD', 'EUR') AS third, convert_currency('200 USD', 'EUR') AS two_thirds, convert_currency('100 USD', 'GBP') AS exact_by_euro,
       convert_currency('100 DEM', 'FRF') AS francs, round(convert_currency('100 DEM', 'FRF')) AS rounded;
-- too small for 18 decimals is zero, ties go to the even digit, too large is an error
SELECT convert_currency('0.4 EUR', 'JPY') AS less_than_half, convert_currency('0.5 EUR', 'JPY') AS half, convert_currency('0.500000000000000001 EUR', 'JPY') AS more,
       convert_currency('1.5 EUR', 'JPY') AS half_of_odd, convert_currency('0.000000000000000001 EUR', 'KWD') AS half_again, convert_currency('-0.000000000000000003 EUR', 'KWD') AS negative;
SELECT convert_currency('0.999999999999999999 EUR', 'CHF') AS largest, convert_currency('999999999999999999 JPY', 'JPY') AS itself;
SELECT statement, r.* FROM unnest(ARRAY['1 EUR to CHF', '999999999999999999 USD to CHF', '1 JPY to EUR', '1 JPY to CHF']) AS statement,
    LATERAL pg_temp.refusal(format('SELECT convert_currency(%L, %L)', split_part(statement, ' to ', 1), split_part(statement, ' to ', 2))) AS r;
-- rates of any number of digits
INSERT INTO segmentation.exchange_rate VALUES ('EUR', 'SEK', '2024-01-01', 1.00000000000000000000000000000000000001),
    ('EUR', 'NOK', '2024-01-01', 12345678901234567890123456789.123456789), ('EUR', 'DKK', '2024-01-01', 1e-300);
SELECT convert_currency('1 EUR', 'SEK') AS as_good_as_one, convert_currency('1 SEK', 'EUR') AS back, convert_currency('0.5 EUR', 'SEK') AS half,
       convert_currency('1000000000000 NOK', 'EUR') AS small, convert_currency('1 EUR', 'DKK') AS nothing, convert_currency('0.000000000001 SEK', 'NOK') AS large;
-- a sum is exact, so that amounts are rounded before they are added up
SELECT r.* FROM pg_temp.refusal($$SELECT sum(convert_currency(price, 'EUR')) FROM unnest('{100 USD,1000 EUR}'::currency_price[]) AS price$$) AS r;
SELECT sum(round(convert_currency(price, 'EUR'))), avg(convert_currency(price, 'EUR')) FROM unnest('{100 USD,1000 EUR}'::currency_price[]) AS price;

-- Currencies: withdrawn ones too, those without minor unit never.
SELECT convert_currency('1.95583 DEM', 'EUR', '1999-01-01'), convert_currency('1 EUR', 'DEM', '2024-01-01');
SELECT currency, r.* FROM unnest('{XAU,UKP,EURO,"",€}'::text[]) AS currency,
    LATERAL pg_temp.refusal(format('SELECT convert_currency(''1 EUR'', %L)', currency)) AS r;
-- NULL stays NULL
SELECT num_nulls(convert_currency(NULL, 'EUR', '2024-01-01'), convert_currency('1 EUR', NULL, '2024-01-01'), convert_currency('1 EUR', 'USD', NULL)) AS nulls;

-- A missing rate stops the statement, with a condition that can be caught.
DO $$
BEGIN
    PERFORM convert_currency(price, 'THB') FROM unnest('{1 THB,1 EUR}'::currency_price[]) AS price;
EXCEPTION WHEN no_data_found THEN
    RAISE NOTICE 'caught: %', SQLERRM;
END
$$;
-- a message does not depend on the session's settings
SET datestyle = 'German, DMY';
SELECT r.* FROM pg_temp.refusal($$SELECT convert_currency('1 EUR', 'USD', '31.12.2023')$$) AS r;
RESET datestyle;

-- Rates change, and each statement sees those of its own snapshot: within a transaction,
BEGIN;
SELECT convert_currency('1 EUR', 'USD');
UPDATE segmentation.exchange_rate SET rate = 4 WHERE quote = 'USD';
SELECT convert_currency('1 EUR', 'USD');
SAVEPOINT changed;
UPDATE segmentation.exchange_rate SET rate = 5 WHERE quote = 'USD';
SELECT convert_currency('1 EUR', 'USD');
ROLLBACK TO changed;
SELECT convert_currency('1 EUR', 'USD');
-- an open cursor the rates of when it was opened;
DECLARE converted CURSOR FOR SELECT convert_currency(currency_price(n, 'EUR'), 'USD') FROM generate_series(1, 3) AS n;
FETCH converted;
UPDATE segmentation.exchange_rate SET rate = 6 WHERE quote = 'USD';
FETCH converted;
SELECT convert_currency('1 EUR', 'USD');
FETCH converted;
ROLLBACK;
-- within a loop of PL/pgSQL, whose expressions live as long as the transaction,
DO $$
DECLARE
    price currency_price;
BEGIN
    FOR i IN 1..3 LOOP
        price := convert_currency('1 EUR', 'USD');
        RAISE NOTICE '%', price;
        UPDATE segmentation.exchange_rate SET rate = rate + 1 WHERE quote = 'USD';
    END LOOP;
    ROLLBACK;
    price := convert_currency('1 EUR', 'USD');
    RAISE NOTICE 'after the transaction %', price;
END
$$;
-- also where a change is undone in between;
CREATE FUNCTION pg_temp.dollars() RETURNS currency_price LANGUAGE plpgsql AS 'BEGIN RETURN convert_currency(''1 EUR'', ''USD''); END';
CREATE FUNCTION pg_temp.dollars_undone() RETURNS currency_price LANGUAGE plpgsql AS $$
DECLARE
    price currency_price;
BEGIN
    UPDATE segmentation.exchange_rate SET rate = 7 WHERE quote = 'USD';
    price := pg_temp.dollars();
    RAISE division_by_zero;
EXCEPTION WHEN division_by_zero THEN
    RETURN price;
END
$$;
DO $$
BEGIN
    FOR i IN 1..2 LOOP
        RAISE NOTICE '%, %, %', pg_temp.dollars(), pg_temp.dollars_undone(), pg_temp.dollars();
    END LOOP;
END
$$;
BEGIN ISOLATION LEVEL REPEATABLE READ;
DO $$
BEGIN
    RAISE NOTICE '%, %, %', pg_temp.dollars(), pg_temp.dollars_undone(), pg_temp.dollars();
END
$$;
COMMIT;
-- and one statement the rates of its beginning, whatever its functions change
CREATE FUNCTION pg_temp.raise_rate() RETURNS int LANGUAGE plpgsql AS
    'BEGIN UPDATE segmentation.exchange_rate SET rate = rate + 1 WHERE quote = ''USD''; RETURN 1; END';
BEGIN;
SELECT pg_temp.raise_rate(), convert_currency('1 EUR', 'USD', '2024-01-01'::date + n) FROM generate_series(1, 3) AS n;
SELECT convert_currency('1 EUR', 'USD');
ROLLBACK;
-- in a prepared statement too
PREPARE convert(currency_price, text, date) AS SELECT convert_currency($1, $2, $3);
SET plan_cache_mode = force_generic_plan;
EXECUTE convert('1 EUR', 'USD', '2024-01-01');
BEGIN;
TRUNCATE segmentation.exchange_rate;
EXECUTE convert('1 EUR', 'USD', '2024-01-01');
ROLLBACK;
EXECUTE convert('1 EUR', 'USD', '2024-01-01');
RESET plan_cache_mode;

-- Anybody may read and convert, nobody but the owner write; whatever the search_path, and whatever stands in it.
CREATE ROLE regress_segmentation_rates;
CREATE SCHEMA impostor;
GRANT ALL ON SCHEMA impostor TO regress_segmentation_rates;
SET ROLE regress_segmentation_rates;
CREATE TABLE impostor.exchange_rate (base text, quote text, valid_from date, rate numeric);
CREATE FUNCTION impostor.always(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE OPERATOR impostor.= (LEFTARG = text, RIGHTARG = text, FUNCTION = impostor.always);
CREATE FUNCTION impostor.max(date) RETURNS date LANGUAGE sql AS 'SELECT date ''2000-01-01''';
SET search_path = impostor, pg_catalog, public;
SELECT convert_currency('1 EUR', 'USD'), convert_currency('1 USD', 'GBP'), count(*) FROM segmentation.exchange_rate WHERE quote OPERATOR(pg_catalog.=) 'USD';
SET search_path = '';
SELECT public.convert_currency('1 EUR', 'USD'), public.convert_currency('1 USD', 'GBP');
RESET search_path;
SELECT statement, r.state, r.message FROM unnest(ARRAY['INSERT INTO segmentation.exchange_rate VALUES (''EUR'', ''CZK'', ''2024-01-01'', 25)',
    'UPDATE segmentation.exchange_rate SET rate = 1', 'DELETE FROM segmentation.exchange_rate', 'TRUNCATE segmentation.exchange_rate']) AS statement,
    LATERAL pg_temp.refusal(statement) AS r;
RESET ROLE;
GRANT INSERT, UPDATE, DELETE ON segmentation.exchange_rate TO regress_segmentation_rates;
SET ROLE regress_segmentation_rates;
INSERT INTO segmentation.exchange_rate VALUES ('EUR', 'CZK', '2024-01-01', 25)
    ON CONFLICT (base, quote, valid_from) DO UPDATE SET rate = excluded.rate;
SELECT convert_currency('1 EUR', 'CZK');
RESET ROLE;
-- what a role may not read, it does not convert by, even where a loop has read it as another role
REVOKE SELECT ON segmentation.exchange_rate FROM PUBLIC;
DO $$
DECLARE
    price currency_price;
BEGIN
    FOR i IN 1..2 LOOP
        price := convert_currency('1 EUR', 'USD');
        RAISE NOTICE '%', price;
        SET LOCAL ROLE regress_segmentation_rates;
    END LOOP;
END
$$;
GRANT SELECT ON segmentation.exchange_rate TO PUBLIC;
DROP SCHEMA impostor CASCADE;
DROP OWNED BY regress_segmentation_rates;
DROP ROLE regress_segmentation_rates;

-- A year of daily rates for 30 currencies is one COPY, and converts in workers as in the leader.
TRUNCATE segmentation.exchange_rate;
CREATE TABLE year AS
    SELECT 'EUR' AS base, code AS quote, day::date, round(10.0 ^ (n % 5) * (1 + (n * 37 + (day::date - '2024-01-01')) % 100 / 1000.0), 6) AS rate
    FROM (SELECT code, row_number() OVER (ORDER BY code) AS n FROM currencies() WHERE NOT withdrawn AND minor_units > 0 AND code <> 'EUR') AS quote,
        generate_series(timestamp '2024-01-01', '2024-12-31', interval '1 day') AS day
    WHERE n <= 30;
\copy year to 'results/exchange_rates.copy'
\copy segmentation.exchange_rate from 'results/exchange_rates.copy'
SELECT count(*), count(DISTINCT quote) AS currencies, count(DISTINCT valid_from) AS days FROM segmentation.exchange_rate;
CREATE TABLE invoice AS
    SELECT currency_price(n % 1000 / 100.0, quote) AS price, '2024-01-01'::date + n % 366 AS day, quote AS currency, n % 1000 / 100.0 AS amount
    FROM generate_series(1, 20000) AS n JOIN (SELECT quote, row_number() OVER (ORDER BY quote) AS place FROM (SELECT DISTINCT quote FROM year) AS quote) AS quote ON place = 1 + n % 30;
ALTER TABLE invoice SET (parallel_workers = 2);
ANALYZE invoice, segmentation.exchange_rate;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) SELECT avg(convert_currency(price, 'EUR', day)) FROM invoice;
CREATE TABLE in_workers AS SELECT avg(convert_currency(price, 'EUR', day)) AS euros, avg(convert_currency(price, 'AUD', day)) AS by_euro FROM invoice;
BEGIN;
UPDATE segmentation.exchange_rate SET rate = rate * 2;
SELECT avg(convert_currency(price, 'EUR', day)) * 2 BETWEEN euros - '0.000000001 EUR' AND euros + '0.000000001 EUR' AS uncommitted_too FROM invoice, in_workers GROUP BY euros;
ROLLBACK;
SET max_parallel_workers_per_gather = 0;
SELECT euros = avg(convert_currency(price, 'EUR', day)) AS same, by_euro = avg(convert_currency(price, 'AUD', day)) AS same_by_euro,
       abs(amount(euros) - avg(amount / rate)) < 1e-12 AS as_by_hand
FROM in_workers, invoice JOIN segmentation.exchange_rate ON quote = currency AND valid_from = day
GROUP BY euros, by_euro;
RESET max_parallel_workers_per_gather;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;

-- As a catalogue table, it is dumped with its rows; none of its triggers could refuse them.
SELECT c.oid::regclass AS dumped, condition, count(t.oid) AS triggers
FROM pg_extension, unnest(extconfig, extcondition) AS dumped (oid, condition)
JOIN pg_class AS c USING (oid) LEFT JOIN pg_trigger AS t ON tgrelid = c.oid
WHERE extname = 'segmentation' AND relname = 'exchange_rate' GROUP BY 1, 2;

TRUNCATE segmentation.exchange_rate;
DROP TABLE year, invoice, in_workers;
