-- convert_currency: what holds for every price, rate and day, on 100,000 generated conversions
\set VERBOSITY default
\set SHOW_CONTEXT never

-- rates of 1 to 12 digits, some of 20 and more, between eight currencies, some pairs quoted both ways, on some days of a year
SELECT setseed(0.42);
CREATE TABLE codes AS SELECT code, place FROM unnest('{CHF,DEM,EUR,GBP,JPY,KWD,SEK,USD}'::text[]) WITH ORDINALITY AS code (code, place);
INSERT INTO segmentation.exchange_rate
    SELECT DISTINCT ON (1, 2, 3) base.code, quote.code, '2023-01-01'::date + (random() * 365)::int,
        CASE WHEN n % 10 = 0 THEN round(exp(random() * 10 - 5)::numeric * 1.000000000000000000001, 25)
             ELSE greatest(round(exp(random() * 20 - 10)::numeric, (random() * 9)::int), 0.000001) END
    FROM codes AS base JOIN codes AS quote ON base.place < quote.place AND (base.place + quote.place) % 3 > 0
            OR base.place > quote.place AND base.place * quote.place % 5 = 1,
        generate_series(1, 25) AS n;
SELECT count(*) > 400 AS rates, count(DISTINCT (base, quote)) AS pairs, count(*) FILTER (WHERE scale(rate) > 20) > 20 AS long FROM segmentation.exchange_rate;

-- by hand: for each day the later of a pair's rates, the one quoted that way round before the inverse;
CREATE TABLE days AS SELECT day::date FROM generate_series(timestamp '2022-12-31', '2024-01-31', interval '6 days') AS day;
CREATE TABLE step AS
    SELECT DISTINCT ON (f, t, day) f, t, day, valid_from, times, over
    FROM (SELECT base AS f, quote AS t, valid_from, rate AS times, 1::numeric AS over, 1 AS place FROM segmentation.exchange_rate
          UNION ALL
          SELECT quote, base, valid_from, 1, rate, 2 FROM segmentation.exchange_rate) AS rate
    JOIN days ON valid_from <= day
    ORDER BY f, t, day, valid_from DESC, place;
-- where a pair has none, by the third currency whose older rate is the latest, then the first by code
CREATE TABLE way AS
    SELECT f.code AS f, t.code AS t, days.day, times, over, hub
    FROM codes AS f JOIN codes AS t ON f.place <> t.place CROSS JOIN days
    LEFT JOIN (SELECT DISTINCT ON (f, t, day) *
               FROM (SELECT f, t, day, times, over, NULL AS hub, 1 AS steps, valid_from FROM step
                     UNION ALL
                     SELECT a.f, b.t, day, a.times * b.times, a.over * b.over, a.t, 2, least(a.valid_from, b.valid_from)
                     FROM step AS a JOIN step AS b USING (day) WHERE a.t = b.f) AS possible
               ORDER BY f, t, day, steps, valid_from DESC, hub COLLATE "C") AS best
        ON best.f = f.code AND best.t = t.code AND best.day = days.day;
SELECT count(*) AS ways, count(*) FILTER (WHERE times IS NULL) > 10 AS some_missing, count(DISTINCT hub) AS third_currencies,
       count(*) FILTER (WHERE hub IS NOT NULL) > 500 AS by_third_currency FROM way;

-- where there is no way, there is an error, and nowhere else
CREATE FUNCTION pg_temp.convertible(price currency_price, currency text, day date) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM convert_currency(price, currency, day);
    RETURN true;
EXCEPTION WHEN no_data_found THEN
    RETURN false;
END
$$;
SELECT count(*) AS contradictions FROM way WHERE pg_temp.convertible(currency_price(1, f), t, day) <> (times IS NOT NULL);

-- 100,000 amounts of up to 9 digits before and after the point, in one statement, days in no order
CREATE TABLE conversion AS
    SELECT f, t, day, times, over, amount, convert_currency(currency_price(amount, f), t, day) AS price
    FROM (SELECT 1 + n::bigint * 7919 % (SELECT count(*) FROM way WHERE times IS NOT NULL) AS place,
                 trunc(((random() - 0.3) * 10 ^ (n % 10))::numeric, n % 10) AS amount
          FROM generate_series(1, 105000) AS n) AS drawn
    JOIN (SELECT *, row_number() OVER (ORDER BY day, f, t) AS place FROM way WHERE times IS NOT NULL) AS way USING (place)
    WHERE abs(amount * times) < over * 1e17;
SELECT count(*) > 100000 AS many, count(DISTINCT (f, t, day)) > 1000 AS varied, count(*) FILTER (WHERE currency(price) <> t) AS in_other_currencies FROM conversion;
-- each is the one nearest to amount * times / over that has 18 digits and at most 18 decimals, the even one of two
CREATE TABLE rounding AS
    SELECT *, ('1e-' || CASE WHEN abs(amount * times) < over THEN 18 ELSE 18 - length(div(abs(amount * times), over)::text) END)::numeric AS unit,
        abs(amount(price) * over - amount * times) AS error
    FROM conversion;
SELECT count(*) FILTER (WHERE amount(price) % unit <> 0) AS too_many_digits,
       count(*) FILTER (WHERE error * 2 > unit * over) AS not_nearest,
       count(*) FILTER (WHERE error * 2 = unit * over AND (amount(price) / unit) % 2 <> 0) AS not_even,
       count(*) FILTER (WHERE error = 0) > 1000 AS many_exact, count(*) FILTER (WHERE error > 0) > 10000 AS many_rounded
FROM rounding;

-- one by one, in statements of their own, it is the same
CREATE FUNCTION pg_temp.one_by_one() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    c conversion;
    price currency_price;
    different bigint := 0;
BEGIN
    FOR c IN SELECT * FROM conversion LIMIT 5000 LOOP
        EXECUTE 'SELECT convert_currency($1, $2, $3)' INTO price USING currency_price(c.amount, c.f), c.t, c.day;
        different := different + (price <> c.price)::int;
    END LOOP;
    RETURN different;
END
$$;
SELECT pg_temp.one_by_one() AS different;

TRUNCATE segmentation.exchange_rate;
DROP TABLE codes, days, step, way, conversion, rounding CASCADE;
