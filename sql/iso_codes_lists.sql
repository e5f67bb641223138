-- countries against the list of ISO 3166-1 in test/data/iso
\set VERBOSITY default
\getenv srcdir PG_ABS_SRCDIR
\set list :srcdir '/test/data/iso/iso3166_1.csv'
CREATE TEMP TABLE country (alpha2 text, alpha3 text, numeric_code text, name text);
COPY country FROM :'list' (FORMAT csv, HEADER, ENCODING 'UTF8');
SELECT count(*) FROM country;

-- each code of the list, and no other pair of letters: none differs
SELECT code, alpha2 IS NOT NULL AS listed
FROM (SELECT chr(a) || chr(b) AS code FROM generate_series(65, 90) a, generate_series(65, 90) b) AS pair
LEFT JOIN country ON alpha2 = code
WHERE segmentation.is_country(code) <> (alpha2 IS NOT NULL);
