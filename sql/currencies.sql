-- currencies(): the ISO 4217 codes, compiled in
\set VERBOSITY default
SET client_encoding = 'UTF8';

-- with, without and with other than two decimals; current and withdrawn
SELECT * FROM currencies() WHERE code IN ('EUR', 'JPY', 'KWD', 'CLF', 'USN', 'XXX', 'HRK', 'BGN', 'XEU', 'XFU', 'ALL', 'TOP', 'VES');
SELECT minor_units, count(*), count(*) FILTER (WHERE NOT withdrawn) AS current FROM currencies() GROUP BY 1 ORDER BY 1;

-- one row a code, in order, complete
SELECT count(*), count(DISTINCT code) AS codes, bool_and(code ~ '^[A-Z]{3}$') AS three_capitals,
       array_agg(code) = array_agg(code ORDER BY code COLLATE "C") AS in_order,
       count(*) FILTER (WHERE code IS NULL OR name IS NULL OR name = '' OR name <> btrim(name) OR withdrawn IS NULL) AS incomplete,
       count(*) FILTER (WHERE numeric_code NOT BETWEEN 1 AND 999) AS bad_numbers,
       string_agg(code, ' ') FILTER (WHERE numeric_code IS NULL) AS without_number
FROM currencies();
-- a number is shared only with a predecessor
SELECT numeric_code, string_agg(code, ' ') AS codes, string_agg(code, ' ') FILTER (WHERE NOT withdrawn) AS current
FROM currencies() GROUP BY 1 HAVING count(*) > 1;

-- what the amendments to ISO 4217 changed, up to the one that the list says to have; none differs
CREATE TEMP TABLE amendment (number int, code text, in_force date, withdrawn boolean);
INSERT INTO amendment VALUES
    (170, 'VED', '2021-10-01', false), (171, 'SLE', '2022-07-01', false), (174, 'HRK', '2023-01-01', true),
    (175, 'SLL', '2023-12-31', true), (176, 'XCG', '2025-03-31', false), (176, 'ANG', '2025-03-31', true),
    (177, 'ZWG', '2024-06-25', false), (177, 'ZWL', '2024-09-01', true), (178, 'CUC', '2021-06-30', true),
    (179, 'XAD', '2025-05-12', false), (180, 'BGN', '2026-01-01', true);
SELECT * FROM currencies_amendment();
SELECT a.*, c.withdrawn AS listed
FROM amendment AS a LEFT JOIN currencies() AS c USING (code) WHERE c.withdrawn IS DISTINCT FROM a.withdrawn;
SELECT * FROM currencies_amendment() EXCEPT SELECT number, in_force FROM amendment WHERE number = (SELECT max(number) FROM amendment);
DROP TABLE amendment;
SELECT '5 XAD'::currency_price, '5 CUC'::currency_price;
-- under every DateStyle
SET DateStyle = 'SQL, DMY';
SELECT since = DATE '2026-01-01' AS same FROM currencies_amendment();
RESET DateStyle;

-- as a set like any other: joined, limited, in a select list, twice in a query
SELECT a.code FROM currencies() AS a JOIN currencies() AS b USING (numeric_code) WHERE b.name = 'Euro';
SELECT (currencies()).code LIMIT 2;
SELECT code FROM currencies() ORDER BY code DESC LIMIT 1;
SELECT a.attname, a.atttypid::regtype
FROM pg_proc AS p, unnest(p.proargnames, p.proallargtypes) AS a(attname, atttypid)
WHERE p.oid = 'currencies()'::regprocedure;

-- anybody may ask
CREATE ROLE regress_segmentation_currencies;
SET ROLE regress_segmentation_currencies;
SET search_path = '';
SELECT name FROM public.currencies() WHERE code OPERATOR(pg_catalog.=) 'CHF';
RESET search_path;
RESET ROLE;
DROP ROLE regress_segmentation_currencies;
