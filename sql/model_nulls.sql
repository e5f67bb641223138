-- NULL by NULL: which customers a rule holds for, and for which it is unknown
\set VERBOSITY default
\set SHOW_CONTEXT never
SET client_min_messages = error;  -- where prices of several currencies meet, defining warns

-- Customers 1 and 2 have everything.  Customer 3 has a row of NULLs, 4 none at
-- all, 5 what is empty, zero or without bounds, 6 what is blank or less than
-- nothing, 7 half of what it should.
CREATE SCHEMA regress_nulls;
SET search_path = regress_nulls, public;
CREATE TYPE plan AS ENUM ('free', 'team', 'scale');
CREATE TABLE customer (id int PRIMARY KEY);
CREATE TABLE detail (
    id int PRIMARY KEY REFERENCES customer, n int, t text, words text[], b boolean, day date,
    price currency_price, tags jsonb, plan plan, span daterange, seen timestamptz);
INSERT INTO customer SELECT generate_series(1, 7);
INSERT INTO detail VALUES
    (1, 1, 'a', '{a}', true, '2025-01-01', '10 EUR', '{"k": 1}', 'team', '[2025-01-01,2025-02-01)', '2999-01-01 UTC'),
    (2, 2, 'b', '{b}', false, '2025-06-01', '20 EUR', '{"k": null}', 'scale', 'empty', '2025-01-01 UTC'),
    (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (5, 0, '', '{}', false, '-infinity', '10 USD', '{}', 'free', '(,)', '-infinity'),
    (6, -1, ' ', '{NULL}', true, 'infinity', '-10 EUR', 'null', 'free', '[2024-01-01,)', 'infinity'),
    (7, NULL, 'a', '{a,NULL}', NULL, '2025-01-01', NULL, '{"k": [1]}', NULL, '[2025-01-15,2025-01-15]', NULL);
CREATE VIEW profile AS
    SELECT customer.id, n, t, words, b, day, price, tags, plan, span, seen FROM customer LEFT JOIN detail USING (id);

-- what SQL says of each rule: for whom it is true, for whom it is neither true nor false
CREATE TABLE expected (place int GENERATED ALWAYS AS IDENTITY, rule text, is_true int[], is_unknown int[]);
INSERT INTO expected (rule, is_true, is_unknown) VALUES
    -- numbers
    ('n = 1', '{1}', '{3,4,7}'), ('n <> 1', '{2,5,6}', '{3,4,7}'),
    ('n < 1', '{5,6}', '{3,4,7}'), ('n <= 1', '{1,5,6}', '{3,4,7}'),
    ('n > 1', '{2}', '{3,4,7}'), ('n >= 1', '{1,2}', '{3,4,7}'),
    ('n IS NULL', '{3,4,7}', '{}'), ('n IS NOT NULL', '{1,2,5,6}', '{}'),
    ('n IS DISTINCT FROM 1', '{2,3,4,5,6,7}', '{}'), ('n IS NOT DISTINCT FROM 1', '{1}', '{}'),
    ('n IS DISTINCT FROM NULL', '{1,2,5,6}', '{}'),
    ('n = NULL', '{}', '{1,2,3,4,5,6,7}'), ('n <> NULL', '{}', '{1,2,3,4,5,6,7}'),
    ('n IN (1, 2)', '{1,2}', '{3,4,7}'), ('n NOT IN (1, 2)', '{5,6}', '{3,4,7}'),
    ('n IN (1, NULL)', '{1}', '{2,3,4,5,6,7}'), ('n NOT IN (1, NULL)', '{}', '{2,3,4,5,6,7}'),
    ('n BETWEEN 0 AND 1', '{1,5}', '{3,4,7}'), ('n NOT BETWEEN 0 AND 1', '{2,6}', '{3,4,7}'),
    ('n BETWEEN SYMMETRIC 1 AND 0', '{1,5}', '{3,4,7}'),
    ('n BETWEEN NULL AND 0', '{}', '{3,4,5,6,7}'), ('n NOT BETWEEN NULL AND 0', '{1,2}', '{3,4,5,6,7}'),
    ('n = ANY (''{}'')', '{}', '{}'), ('n = ALL (''{}'')', '{1,2,3,4,5,6,7}', '{}'),
    ('n = ANY (''{1,NULL}'')', '{1}', '{2,3,4,5,6,7}'), ('n <> ALL (''{1,NULL}'')', '{}', '{2,3,4,5,6,7}'),
    ('n = ANY (NULL::int[])', '{}', '{1,2,3,4,5,6,7}'),
    ('coalesce(n, 0) = 0', '{3,4,5,7}', '{}'), ('nullif(n, 0) <= 1', '{1,6}', '{3,4,5,7}'),
    ('greatest(n, 1) = 1', '{1,3,4,5,6,7}', '{}'), ('least(n, 1) = 1', '{1,2,3,4,7}', '{}'),
    ('num_nulls(n, t) = 1', '{7}', '{}'), ('n + NULL > 0', '{}', '{1,2,3,4,5,6,7}'),
    -- text: what is empty is not missing
    ('t = ''''', '{5}', '{3,4}'), ('t <> ''''', '{1,2,6,7}', '{3,4}'),
    ('t < ''b'' COLLATE "C"', '{1,5,6,7}', '{3,4}'), ('t >= ''a'' COLLATE "C"', '{1,2,7}', '{3,4}'),
    ('t IS NULL', '{3,4}', '{}'), ('t IS NOT NULL', '{1,2,5,6,7}', '{}'),
    ('t LIKE ''%''', '{1,2,5,6,7}', '{3,4}'), ('t LIKE ''''', '{5}', '{3,4}'),
    ('t NOT LIKE ''a%''', '{2,5,6}', '{3,4}'), ('t ILIKE ''A''', '{1,7}', '{3,4}'),
    ('t ~ ''^$''', '{5}', '{3,4}'), ('t !~ ''a''', '{2,5,6}', '{3,4}'), ('t SIMILAR TO ''(a|b)''', '{1,2,7}', '{3,4}'),
    ('t IN ('''', ''a'')', '{1,5,7}', '{3,4}'), ('t NOT IN ('''', NULL)', '{}', '{1,2,3,4,6,7}'),
    ('length(t) = 0', '{5}', '{3,4}'), ('trim(t) = ''''', '{5,6}', '{3,4}'),
    ('t || ''x'' = ''x''', '{5}', '{3,4}'), ('t || NULL = ''x''', '{}', '{1,2,3,4,5,6,7}'),
    ('coalesce(t, '''') = ''''', '{3,4,5}', '{}'), ('nullif(t, '''') IS NULL', '{3,4,5}', '{}'),
    ('starts_with(t, '''')', '{1,2,5,6,7}', '{3,4}'),
    -- arrays: one that is empty, one that holds nothing but NULL
    ('words = ''{}''', '{5}', '{3,4}'), ('words <> ''{}''', '{1,2,6,7}', '{3,4}'), ('words IS NULL', '{3,4}', '{}'),
    ('words = ARRAY[NULL]::text[]', '{6}', '{3,4}'),
    ('words @> ''{}''', '{1,2,5,6,7}', '{3,4}'), ('words @> ''{a}''', '{1,7}', '{3,4}'),
    ('words <@ ''{a,b}''', '{1,2,5}', '{3,4}'), ('words && ''{a,b}''', '{1,2,7}', '{3,4}'), ('words && ''{}''', '{}', '{3,4}'),
    ('''a'' = ANY (words)', '{1,7}', '{3,4,6}'), ('''a'' <> ALL (words)', '{2,5}', '{3,4,6}'),
    ('''a'' = ALL (words)', '{1,5}', '{3,4,6,7}'), ('NULL = ANY (words)', '{}', '{1,2,3,4,6,7}'),
    ('cardinality(words) = 0', '{5}', '{3,4}'),
    ('array_length(words, 1) = 0', '{}', '{3,4,5}'), ('array_length(words, 1) IS NULL', '{3,4,5}', '{}'),
    ('array_position(words, NULL) = 1', '{6}', '{1,2,3,4,5}'), ('words[1] IS NULL', '{3,4,5,6}', '{}'),
    ('words[9] = ''a''', '{}', '{1,2,3,4,5,6,7}'),
    -- booleans
    ('b', '{1,6}', '{3,4,7}'), ('NOT b', '{2,5}', '{3,4,7}'), ('b = false', '{2,5}', '{3,4,7}'), ('b <> true', '{2,5}', '{3,4,7}'),
    ('b IS TRUE', '{1,6}', '{}'), ('b IS NOT TRUE', '{2,3,4,5,7}', '{}'),
    ('b IS FALSE', '{2,5}', '{}'), ('b IS NOT FALSE', '{1,3,4,6,7}', '{}'),
    ('b IS UNKNOWN', '{3,4,7}', '{}'), ('b IS NOT UNKNOWN', '{1,2,5,6}', '{}'), ('b IS NULL', '{3,4,7}', '{}'),
    ('b IS DISTINCT FROM true', '{2,3,4,5,7}', '{}'), ('coalesce(b, false)', '{1,6}', '{}'), ('coalesce(b, true)', '{1,3,4,6,7}', '{}'),
    ('true', '{1,2,3,4,5,6,7}', '{}'), ('false', '{}', '{}'), ('NULL', '{}', '{1,2,3,4,5,6,7}'),
    ('NULL IS NULL', '{1,2,3,4,5,6,7}', '{}'), ('NOT NULL::boolean', '{}', '{1,2,3,4,5,6,7}'),
    -- days and moments without end
    ('day < ''2025-03-01''', '{1,5,7}', '{3,4}'), ('day > ''2025-03-01''', '{2,6}', '{3,4}'),
    ('day = ''infinity''', '{6}', '{3,4}'), ('isfinite(day)', '{1,2,7}', '{3,4}'),
    ('seen < now()', '{2,5}', '{3,4,7}'), ('seen < now() - interval ''30 days''', '{2,5}', '{3,4,7}'),
    ('NOT seen >= now() - interval ''30 days''', '{2,5}', '{3,4,7}'),
    ('seen >= now() - interval ''30 days'' IS NOT TRUE', '{2,3,4,5,7}', '{}'),
    ('now() > NULL', '{}', '{1,2,3,4,5,6,7}'), ('current_date - day > NULL::int', '{}', '{1,2,3,4,5,6,7}'),
    -- prices: other currencies are neither above nor below, and never equal
    ('price = ''10 EUR''', '{1}', '{3,4,7}'), ('price <> ''10 EUR''', '{2,5,6}', '{3,4,7}'),
    ('price < ''15 EUR''', '{1,6}', '{3,4,5,7}'), ('price <= ''10 EUR''', '{1,6}', '{3,4,5,7}'),
    ('price > ''15 EUR''', '{2}', '{3,4,5,7}'), ('price >= ''20 EUR''', '{2}', '{3,4,5,7}'),
    ('price BETWEEN ''0 EUR'' AND ''15 EUR''', '{1}', '{3,4,5,7}'), ('price NOT BETWEEN ''0 EUR'' AND ''15 EUR''', '{2,6}', '{3,4,5,7}'),
    ('price IN (''10 EUR'', ''10 USD'')', '{1,5}', '{3,4,7}'), ('price IS DISTINCT FROM ''10 EUR''', '{2,3,4,5,6,7}', '{}'),
    ('sign(price) > 0', '{1,2,5}', '{3,4,7}'), ('currency(price) = ''EUR''', '{1,2,6}', '{3,4,7}'),
    -- JSON: the null of JSON is a value
    ('tags ? ''k''', '{1,2,7}', '{3,4}'), ('tags -> ''k'' = ''1''', '{1}', '{3,4,5,6}'),
    ('tags ->> ''k'' = ''1''', '{1}', '{2,3,4,5,6}'), ('tags ->> ''k'' IS NULL', '{2,3,4,5,6}', '{}'),
    ('tags -> ''k'' IS NULL', '{3,4,5,6}', '{}'), ('tags = ''null''', '{6}', '{3,4}'), ('tags IS NULL', '{3,4}', '{}'),
    ('tags @> ''{}''', '{1,2,5,7}', '{3,4}'), ('jsonb_typeof(tags -> ''k'') = ''null''', '{2}', '{3,4,5,6}'),
    ('tags @? ''$.k''', '{1,2,7}', '{3,4}'),
    -- enums and ranges
    ('plan = ''free''', '{5,6}', '{3,4,7}'), ('plan > ''free''', '{1,2}', '{3,4,7}'), ('plan IS NULL', '{3,4,7}', '{}'),
    ('span @> ''2025-01-15''::date', '{1,5,6,7}', '{3,4}'), ('isempty(span)', '{2}', '{3,4}'), ('span = ''empty''', '{2}', '{3,4}'),
    ('upper(span) IS NULL', '{2,3,4,5,6}', '{}'), ('upper(span) > ''2025-01-16''', '{1}', '{2,3,4,5,6}'),
    ('upper_inf(span)', '{5,6}', '{3,4}'), ('span && ''[2025-01-10,2025-01-20)''', '{1,5,6,7}', '{3,4}'),
    -- rows
    ('(n, t) = (1, ''a'')', '{1}', '{3,4,7}'), ('(n, t) = (1, ''b'')', '{}', '{3,4}'), ('(n, t) <> (1, ''b'')', '{1,2,5,6,7}', '{3,4}'),
    ('(n, t COLLATE "C") < (1, ''b'')', '{1,5,6}', '{3,4,7}'),
    ('(n, t) IS NULL', '{3,4}', '{}'), ('(n, t) IS NOT NULL', '{1,2,5,6}', '{}'), ('NOT (n, t) IS NULL', '{1,2,5,6,7}', '{}'),
    ('(n, t) IS DISTINCT FROM (NULL, ''a'')', '{1,2,3,4,5,6}', '{}'),
    -- CASE
    ('CASE WHEN n > 0 THEN true END', '{1,2}', '{3,4,5,6,7}'), ('CASE WHEN n > 0 THEN b ELSE NOT b END', '{1,5}', '{3,4,7}'),
    ('CASE n WHEN 1 THEN true WHEN NULL THEN true ELSE false END', '{1}', '{}'),
    -- under AND, OR and NOT
    ('n = 1 OR t = ''a''', '{1,7}', '{3,4}'), ('n = 1 AND t = ''a''', '{1}', '{3,4,7}'), ('n = 1 AND t = ''b''', '{}', '{3,4}'),
    ('n = 1 OR t = ''b''', '{1,2}', '{3,4,7}'),
    ('n = 1 OR NULL', '{1}', '{2,3,4,5,6,7}'), ('n = 1 AND NULL', '{}', '{1,3,4,7}'), ('NOT (n = 1 AND NULL)', '{2,5,6}', '{1,3,4,7}'),
    ('n = 1 OR true', '{1,2,3,4,5,6,7}', '{}'), ('n = 1 AND false', '{}', '{}'),
    ('NOT (n = 1 OR t = ''b'')', '{5,6}', '{3,4,7}'), ('NOT (n = 1 AND t = ''a'')', '{2,5,6}', '{3,4,7}'),
    ('NOT NOT n = 1', '{1}', '{3,4,7}'), ('b <> (n > 0)', '{2,6}', '{3,4,7}'), ('(n = 1) = (t = ''a'')', '{1,2,5,6}', '{3,4,7}'),
    ('(n = 1) IS NOT FALSE AND (t = ''a'') IS NOT UNKNOWN', '{1,7}', '{}');

-- and inside other conditions, by the rules of three-valued logic
CREATE TABLE logic (form text PRIMARY KEY, before text, after text, if_true boolean, if_false boolean, if_unknown boolean);
INSERT INTO logic VALUES
    ('plain', '', '', true, false, NULL),
    ('negated', 'NOT (', ')', false, true, NULL),
    ('not-and-null', 'NOT (NULL AND (', '))', NULL, true, NULL),
    ('is-not-true', '(', ') IS NOT TRUE', false, true, true),
    ('is-unknown', '(', ') IS UNKNOWN', false, false, true),
    ('case', 'CASE WHEN (', ') THEN true END', true, NULL, NULL);
CREATE TABLE answer AS
    SELECT form, place, id AS customer,
           CASE WHEN id = ANY (is_true) THEN if_true WHEN id = ANY (is_unknown) THEN if_unknown ELSE if_false END AS answer
    FROM logic, expected, customer;

-- a model for each of these forms, in it a segment for each rule: r1, r2, ...
SELECT count(segmentation.create_model(form, 'profile', '{id}', time_zone => 'UTC', prefix => form)) AS models FROM logic;
CREATE TABLE counted AS
    SELECT form, place, before || rule || after AS rule, members, unknown
    FROM logic, expected, segmentation.define_segment(form, 'r' || place, before || rule || after);

-- what define_segment counts: no differences
SELECT form, rule, members, unknown, expected_members, expected_unknown
FROM counted JOIN (
    SELECT form, place, count(*) FILTER (WHERE answer) AS expected_members, count(*) FILTER (WHERE answer IS NULL) AS expected_unknown
    FROM answer GROUP BY form, place) AS e USING (form, place)
WHERE (members, unknown) IS DISTINCT FROM (expected_members, expected_unknown)
ORDER BY place, form;

-- whom refresh takes in: those for whom the rule is true, and nobody else
CREATE FUNCTION members_of(model text) RETURNS TABLE (place int, customer int) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM segmentation.refresh(model);
    RETURN QUERY EXECUTE format('SELECT substr(segment::text, 2)::int, id FROM %I', model || '_member');
END
$$;
CREATE TABLE taken AS SELECT form, place, customer FROM logic, members_of(form);
SELECT form, rule, customer, answer AS expected, taken.customer IS NOT NULL AS taken
FROM answer LEFT JOIN taken USING (form, place, customer) JOIN expected USING (place)
WHERE answer IS TRUE <> (taken.customer IS NOT NULL)
ORDER BY place, form, customer;
SELECT count(DISTINCT (form, place)) AS rules, count(*) AS answers,
       count(*) FILTER (WHERE answer) - (SELECT count(*) FROM taken) AS difference
FROM answer;
SELECT form, v.* FROM logic, segmentation.verify(form) AS v;

-- who is in no segment has an answer all the same, without a row of details too
SELECT count(*) FROM segmentation.create_model('lonely', 'profile', '{id}', time_zone => 'UTC');
SELECT * FROM segmentation.define_segment('lonely', 'one', 'n = 1');
SELECT rows_read FROM segmentation.refresh('lonely');
SELECT id, segments FROM lonely_assignment ORDER BY id;

-- in_segment is true or false, also of whom the segment's own rule is unknown
CREATE TABLE asked AS SELECT form, place, members, unknown FROM counted WITH NO DATA;
DELETE FROM logic WHERE form = 'case';
DELETE FROM expected WHERE place % 8 > 0;
SELECT count(segmentation.create_model('asks-' || form, 'profile', '{id}', time_zone => 'UTC', prefix => 'asks-' || form)) AS models FROM logic;
INSERT INTO asked
    SELECT form, place, members, unknown
    FROM logic, expected,
        segmentation.define_segment('asks-' || form, 'r' || place, format('%sin_segment(''plain'', ''r%s'')%s', before, place, after));
DELETE FROM taken;
INSERT INTO taken SELECT form, place, customer FROM logic, members_of('asks-' || form);
UPDATE answer SET answer = CASE WHEN customer = ANY (is_true) THEN if_true ELSE if_false END
FROM logic, expected WHERE answer.form = logic.form AND answer.place = expected.place;
DELETE FROM answer WHERE form NOT IN (SELECT form FROM logic) OR place NOT IN (SELECT place FROM expected);
SELECT form, rule, members, unknown, expected_members, expected_unknown
FROM asked JOIN expected USING (place) JOIN (
    SELECT form, place, count(*) FILTER (WHERE answer) AS expected_members, count(*) FILTER (WHERE answer IS NULL) AS expected_unknown
    FROM answer GROUP BY form, place) AS e USING (form, place)
WHERE (members, unknown) IS DISTINCT FROM (expected_members, expected_unknown)
ORDER BY place, form;
SELECT form, rule, customer, answer AS expected, taken.customer IS NOT NULL AS taken
FROM answer LEFT JOIN taken USING (form, place, customer) JOIN expected USING (place)
WHERE answer IS TRUE <> (taken.customer IS NOT NULL)
ORDER BY place, form, customer;
SELECT count(DISTINCT (form, place)) AS rules, count(*) AS answers,
       count(*) FILTER (WHERE answer) - (SELECT count(*) FROM taken) AS difference
FROM answer;
SELECT v.* FROM segmentation.verify('lonely') AS v;

-- leave nothing to the tests that follow
DELETE FROM segmentation.segment_reference
WHERE model IN (SELECT id FROM segmentation.model JOIN pg_class ON pg_class.oid = assignment WHERE relnamespace = quote_ident(current_schema())::regnamespace);
DELETE FROM segmentation.model USING pg_class WHERE pg_class.oid = assignment AND relnamespace = quote_ident(current_schema())::regnamespace;
SET client_min_messages = warning;
DROP SCHEMA regress_nulls CASCADE;
