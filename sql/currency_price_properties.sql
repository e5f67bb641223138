-- currency_price: what holds for every price, on 120,000 generated ones
\set VERBOSITY default
\set SHOW_CONTEXT never

-- of 1 to 18 digits and 0 to 18 decimals, most of either sign and in one of four currencies, many equal in other spellings
SELECT setseed(0.1917);
CREATE TABLE spelling AS
SELECT n, code, amount, CASE WHEN n % 3 = 0 THEN code || ' ' || written ELSE written || repeat(' ', 1 + n % 2) || lower(code) END AS text
FROM (SELECT n, code, amount, CASE WHEN n % 5 = 0 AND amount >= 0 THEN '+' ELSE '' END
             || round(amount, least(greatest(scale, min_scale(amount)) + n % 4, 30)) AS written
      FROM (SELECT n, (ARRAY['EUR', 'JPY', 'KWD', 'USD'])[1 + n % 4] AS code, scale,
                   CASE WHEN n % 11 = 0 THEN 0 WHEN n % 2 = 0 THEN 1 ELSE -1 END * trunc((random()::numeric + random()::numeric / 1e12) * 10::numeric ^ (n % 19)) / 10::numeric ^ scale AS amount
            FROM (SELECT n, CASE n % 7 WHEN 0 THEN (random() * 18)::int WHEN 1 THEN 0 ELSE 2 END AS scale FROM generate_series(1, 120000) AS n) AS drawn) AS drawn) AS written;
CREATE TABLE price AS SELECT n, code, amount, text::currency_price AS price FROM spelling;
SELECT count(*), count(DISTINCT (code, amount)) AS different, count(*) FILTER (WHERE amount = 0) > 10000 AS many_zeros,
       count(DISTINCT min_scale(amount)) AS scales, count(DISTINCT length(ltrim(translate(trim_scale(abs(amount))::text, '.', ''), '0'))) AS lengths
FROM price;
ANALYZE price;

-- parts, text and binary form come back as they went in
SELECT count(*) AS wrong FROM price JOIN (SELECT code, minor_units FROM currencies()) AS currency USING (code)
WHERE amount(price) <> amount OR currency(price) <> code
   OR price::text <> round(amount, greatest(min_scale(amount), minor_units)) || ' ' || code
   OR price::text::currency_price <> price OR currency_price(amount, code) <> price
   OR abs(amount(price)) <> amount(abs(price)) OR sign(amount) <> sign(price) OR amount(-price) <> -amount
   OR amount(round(price)) <> round(amount, minor_units) AND abs(amount(round(price)) - amount) * 2 <> 10::numeric ^ -minor_units;
SELECT count(*) AS wrong FROM price JOIN (SELECT code, minor_units FROM currencies()) AS currency USING (code)
WHERE min_scale(amount) <= minor_units AND abs(amount) < 1e14
  AND (minor_units(price) <> amount * 10::numeric ^ minor_units OR currency_price_from_minor(minor_units(price), code) <> price);
\copy price (n, price) to 'results/currency_price_properties.copy' (format binary)
CREATE TABLE copied (n int, price currency_price);
\copy copied from 'results/currency_price_properties.copy' (format binary)
SELECT count(*) AS binary_same FROM price JOIN copied USING (n) WHERE copied.price = price.price AND copied.price::text = price.price::text;

-- order and equality are those of currency and numeric, for neighbours and for any two
CREATE TABLE placed AS SELECT code, amount, price, row_number() OVER (ORDER BY code COLLATE "C", amount) AS place FROM price;
CREATE TABLE pair AS
SELECT a.price AS a, b.price AS b, a.code AS ca, b.code AS cb, a.amount AS na, b.amount AS nb
FROM placed AS a
CROSS JOIN LATERAL unnest(ARRAY[a.place - 1, a.place + 1, 1 + a.place * 7919 % 120000]) AS other
JOIN placed AS b ON b.place = other;
SELECT count(*) > 350000 AS pairs, count(*) FILTER (WHERE ca = cb) > 200000 AS in_one_currency, count(*) FILTER (WHERE a = b) > 20000 AS equal,
       count(*) FILTER (WHERE (a = b) <> ((ca, na) = (cb, nb)) OR (a <> b) <> ((ca, na) <> (cb, nb))
           OR (a < b) IS DISTINCT FROM (CASE WHEN ca = cb THEN na < nb END) OR (a <= b) IS DISTINCT FROM (CASE WHEN ca = cb THEN na <= nb END)
           OR (a > b) IS DISTINCT FROM (CASE WHEN ca = cb THEN na > nb END) OR (a >= b) IS DISTINCT FROM (CASE WHEN ca = cb THEN na >= nb END)
           OR (a *<* b) <> ((ca COLLATE "C", na) < (cb, nb)) OR (a *<=* b) <> ((ca COLLATE "C", na) <= (cb, nb))
           OR (a *>* b) <> ((ca COLLATE "C", na) > (cb, nb)) OR (a *>=* b) <> ((ca COLLATE "C", na) >= (cb, nb))
           OR currency_price_cmp(a, b) <> CASE WHEN (ca COLLATE "C", na) < (cb, nb) THEN -1 WHEN (ca, na) = (cb, nb) THEN 0 ELSE 1 END) AS contradictions
FROM pair;

-- and by sorting: with abbreviated keys (the leading column), without (a further one), backwards, on disk, by an index
CREATE FUNCTION pg_temp.misplaced(query text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    found bigint;
BEGIN
    EXECUTE 'SELECT count(*) FROM (SELECT row_number() OVER () AS place, price FROM (' || query || ') AS query) AS query
             FULL JOIN placed USING (place) WHERE currency(query.price) IS DISTINCT FROM placed.code OR amount(query.price) IS DISTINCT FROM placed.amount' INTO found;
    RETURN found;
END
$$;
SELECT pg_temp.misplaced('SELECT price FROM price ORDER BY price') AS abbreviated,
       pg_temp.misplaced('SELECT price FROM (SELECT price, n > 0 AS one FROM price) AS price ORDER BY one, price') AS full_keys,
       pg_temp.misplaced('SELECT price FROM (SELECT price, row_number() OVER (ORDER BY price DESC) AS place FROM price) AS price ORDER BY place DESC') AS backwards;
SET work_mem = '64kB';
SELECT pg_temp.misplaced('SELECT price FROM price ORDER BY price') AS abbreviated_on_disk;
RESET work_mem;
CREATE INDEX price_price ON price (price);
SET enable_seqscan = off;
SET enable_sort = off;
SET enable_bitmapscan = off;
SELECT pg_temp.misplaced('SELECT price FROM price ORDER BY price') AS by_index;
SELECT count(*) AS not_found FROM placed WHERE NOT EXISTS (SELECT FROM price WHERE price.price = currency_price(placed.amount, placed.code) OFFSET 0);
RESET enable_seqscan;
RESET enable_sort;
RESET enable_bitmapscan;

-- equal prices have equal hashes, different ones hardly ever; the 32-bit hash is the low half of the 64-bit one
SELECT count(*) AS contradictions
FROM price JOIN spelling USING (n)
WHERE currency_price_hash(price) <> currency_price_hash(text::currency_price)
   OR currency_price_hash_extended(price, n) <> currency_price_hash_extended(currency_price(spelling.amount, spelling.code), n)
   OR currency_price_hash(price)::bit(32) <> substring(currency_price_hash_extended(price, 0)::bit(64) FROM 33);
SELECT count(DISTINCT currency_price_hash_extended(price, 0)) = count(DISTINCT price) AS no_collision_in_64_bits,
       count(DISTINCT price) - count(DISTINCT currency_price_hash(price)) < 10 AS hardly_any_in_32,
       count(DISTINCT (currency_price_hash_extended(price, 1))) = count(DISTINCT price) AS nor_with_a_seed
FROM price;
-- any four bits fill their 16 buckets evenly (within six standard deviations)
SELECT bool_and(prices BETWEEN size - 6 * sqrt(size) AND size + 6 * sqrt(size)) AS even
FROM (SELECT shift, bucket, count(*) AS prices, (SELECT count(DISTINCT price) / 16.0 FROM price) AS size
      FROM (SELECT DISTINCT price FROM price) AS price, generate_series(0, 60, 4) AS shift,
           LATERAL (SELECT currency_price_hash_extended(price, 0) >> shift & 15 AS bucket) AS hash
      GROUP BY shift, bucket) AS filled;
-- grouping and joining by hash and by merging agree with numeric
SET enable_sort = off;
SELECT count(*) AS groups_that_differ
FROM (SELECT currency(price) AS code, amount(price) AS amount, count(*) FROM price GROUP BY price) AS by_price
FULL JOIN (SELECT code, amount, count(*) FROM price GROUP BY 1, 2) AS by_numeric USING (code, amount, count)
WHERE by_price.code IS NULL OR by_numeric.code IS NULL;
RESET enable_sort;
SELECT sum(count * count) AS pairs FROM (SELECT count(*) FROM price WHERE n % 10 = 0 AND amount <> 0 GROUP BY code, amount) AS same \gset
SET enable_nestloop = off;
SET enable_mergejoin = off;
SELECT count(*) = :pairs AS by_hash FROM price AS a JOIN price AS b USING (price) WHERE a.n % 10 = 0 AND b.n % 10 = 0 AND a.amount <> 0;
SET enable_hashjoin = off;
RESET enable_mergejoin;
SELECT count(*) = :pairs AS by_merging FROM price AS a JOIN price AS b USING (price) WHERE a.n % 10 = 0 AND b.n % 10 = 0 AND a.amount <> 0;
RESET ALL;

-- arithmetic is numeric's: + and - exactly; * and / to the nearest of 18 digits, the even one of two
CREATE FUNCTION pg_temp.fits(amount numeric) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT abs(amount) * 10::numeric ^ min_scale(amount) < 1e18 AND min_scale(amount) <= 18
$$;
-- price is dividend / divisor rounded: no further away than half of its last possible digit, and even where just as far
CREATE FUNCTION pg_temp.rounded(price currency_price, dividend numeric, divisor numeric) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE sign(abs(amount(price) * divisor - dividend) * 2 - abs(divisor) * unit) WHEN -1 THEN true WHEN 0 THEN amount(price) / unit % 2 = 0 ELSE false END
    FROM (SELECT ('1e-' || least(18, 18 - length(trim_scale(trunc(abs(amount(price))))::text) + (abs(amount(price)) < 1)::int))::numeric AS unit) AS last_digit
$$;
CREATE FUNCTION pg_temp.state_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
    RETURN sqlstate;
END
$$;
SELECT count(*) > 100000 AS sums, count(*) FILTER (WHERE amount(a + b) <> na + nb OR amount(a - b) <> na - nb OR b + a <> a + b) AS wrong
FROM pair WHERE ca = cb AND pg_temp.fits(na + nb) AND pg_temp.fits(na - nb);
SELECT pg_temp.state_of(format('SELECT %L::currency_price + %L', a, b)) AS state, count(*) > 1000 AS many
FROM (SELECT * FROM pair WHERE ca = cb AND NOT pg_temp.fits(na + nb) LIMIT 3000) AS pair GROUP BY 1;
SELECT count(*) > 80000 AS products,
       count(*) FILTER (WHERE NOT pg_temp.rounded(price * whole, amount * whole, 1) OR price * whole <> whole * price) AS wrong_by_integer,
       count(*) FILTER (WHERE NOT pg_temp.rounded(price * number, amount * number, 1) OR price * number <> number * price) AS wrong_by_numeric,
       count(*) FILTER (WHERE NOT pg_temp.rounded(price / whole, amount, whole)) AS wrong_quotients_by_integer,
       count(*) FILTER (WHERE NOT pg_temp.rounded(price / number, amount, number)) AS wrong_quotients_by_numeric
FROM (SELECT price, amount, (1 + n % 1000)::bigint * (1 - n % 2 * 2) AS whole, trunc(random()::numeric * 10::numeric ^ (n % 17) + 1) / 10::numeric ^ (n % 23) AS number FROM price) AS factor
WHERE abs(amount) * abs(whole) < 1e17 AND abs(amount) * abs(number) < 1e17 AND abs(amount) / number < 1e17;
-- factors and divisors of up to 60 digits, and ties
SELECT count(*) > 10000 AS products,
       count(*) FILTER (WHERE NOT pg_temp.rounded(price * number, amount * number, 1)) AS wrong_by_numeric,
       count(*) FILTER (WHERE NOT pg_temp.rounded(price / number, amount, number)) AS wrong_quotients_by_numeric,
       count(*) FILTER (WHERE NOT pg_temp.rounded(price * (number + 0.5), amount * (number + 0.5), 1)) AS wrong_near_ties,
       count(*) FILTER (WHERE NOT pg_temp.rounded(price * 0.5, amount * 0.5, 1) OR NOT pg_temp.rounded(price / 32, amount, 32)) AS wrong_ties
FROM (SELECT price, amount, (random()::numeric * 1e15 + random()::numeric) * (1 + random()::numeric * 1e-30) / 10::numeric ^ (n % 31) AS number FROM price WHERE n % 5 = 0) AS factor
WHERE abs(amount) * number < 1e17 AND number > 0 AND abs(amount) / number < 1e17;
SELECT count(*) > 50000 AS ratios, count(*) FILTER (WHERE a / b <> trim_scale(na) / trim_scale(nb)) AS wrong FROM pair WHERE ca = cb AND nb <> 0;

-- sums are exact whatever the scales, the order, the grouping and the workers; so are means, to 18 digits
CREATE TABLE serial AS
SELECT code, n % 97 AS bucket, sum(price) AS sum, avg(price) AS avg, min(price) AS min, max(price) AS max, sum(amount) AS amount, count(*) AS prices, min(amount) AS least, max(amount) AS greatest
FROM price WHERE min_scale(amount) < 5 AND abs(amount) < 1e11 GROUP BY 1, 2;
SELECT count(*) AS groups, sum(prices) > 50000 AS prices, count(*) FILTER (WHERE amount(sum) <> amount) AS wrong_sums, count(*) FILTER (WHERE NOT pg_temp.rounded(avg, amount, prices)) AS wrong_means,
       count(*) FILTER (WHERE amount(min) <> least OR amount(max) <> greatest) AS wrong_extremes
FROM serial;
CREATE FUNCTION pg_temp.groups_that_differ(ordering text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    found bigint;
BEGIN
    EXECUTE 'SELECT count(*) FROM (SELECT code, n % 97 AS bucket, sum(price ' || ordering || ') AS sum, avg(price ' || ordering || ') AS avg, min(price) AS min, max(price) AS max
             FROM price WHERE min_scale(amount) < 5 AND abs(amount) < 1e11 GROUP BY 1, 2) AS other FULL JOIN serial USING (code, bucket)
             WHERE (other.sum, other.avg, other.min, other.max) IS DISTINCT FROM (serial.sum, serial.avg, serial.min, serial.max)' INTO found;
    RETURN found;
END
$$;
SELECT pg_temp.groups_that_differ('ORDER BY price') AS ascending, pg_temp.groups_that_differ('ORDER BY abs(price) DESC') AS large_first, pg_temp.groups_that_differ('ORDER BY n * 7919 % 120011') AS shuffled;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SELECT pg_temp.groups_that_differ('') AS two_workers;
SET max_parallel_workers_per_gather = 4;
SET parallel_leader_participation = off;
SET enable_hashagg = off;
SELECT pg_temp.groups_that_differ('') AS four_workers_sorting;
RESET ALL;
-- a state that goes through text or binary after each part gives the same
CREATE FUNCTION pg_temp.combined(states currency_price_sum[]) RETURNS currency_price_sum LANGUAGE plpgsql AS $$
DECLARE
    state currency_price_sum := 'empty';
    part currency_price_sum;
BEGIN
    FOREACH part IN ARRAY states LOOP
        state := currency_price_sum_combine(state, part::text::currency_price_sum)::text;
    END LOOP;
    RETURN state;
END
$$;
CREATE AGGREGATE pg_temp.state(currency_price) (SFUNC = currency_price_accum, STYPE = currency_price_sum, INITCOND = 'empty', COMBINEFUNC = currency_price_sum_combine, PARALLEL = SAFE);
SELECT count(*) AS currencies, count(*) FILTER (WHERE pg_temp.combined(states)::text <> whole::text) AS differ, bool_and(split_part(whole::text, ' ', 1)::numeric = amount) AS exact, bool_and(split_part(whole::text, ' ', 4)::bigint = prices) AS counted
FROM (SELECT code, array_agg(state) AS states FROM (SELECT code, n % 1000 AS bucket, pg_temp.state(price) FROM price GROUP BY 1, 2) AS part GROUP BY code) AS parts
JOIN (SELECT code, pg_temp.state(price) AS whole, sum(amount) AS amount, count(*) AS prices FROM price GROUP BY code) AS whole USING (code);
CREATE TABLE state AS SELECT code, n % 20000 AS bucket, pg_temp.state(price) AS state FROM price GROUP BY 1, 2;
\copy state to 'results/currency_price_properties.copy' (format binary)
CREATE TABLE copied_state (LIKE state);
\copy copied_state from 'results/currency_price_properties.copy' (format binary)
SELECT count(*) > 19999 AS states, count(*) FILTER (WHERE state.state::text <> copied_state.state::text) AS binary_differs, count(*) FILTER (WHERE state.state::text <> state.state::text::currency_price_sum::text) AS text_differs
FROM state JOIN copied_state USING (code, bucket);

-- tiers are those of numeric
SELECT count(*) AS wrong FROM price
WHERE tier(price, CASE code WHEN 'EUR' THEN 'low -1000, mid 0.05, high 123456.789 EUR' WHEN 'JPY' THEN 'low -1000, mid 0.05, high 123456.789 JPY' WHEN 'KWD' THEN 'low -1000, mid 0.05, high 123456.789 KWD' ELSE 'low -1000, mid 0.05, high 123456.789 USD' END::tier_scale)
      IS DISTINCT FROM (CASE WHEN amount >= 123456.789 THEN 'high' WHEN amount >= 0.05 THEN 'mid' WHEN amount >= -1000 THEN 'low' END)::segment_id;

DROP TABLE spelling, price, copied, placed, pair, serial, state, copied_state;
