-- round() against test/data/money/rounding_vectors.csv, of the modes that exist
\set VERBOSITY default
\getenv srcdir PG_ABS_SRCDIR
\set vectors :srcdir '/test/data/money/rounding_vectors.csv'
CREATE TABLE vector (value numeric, mode text, expected numeric);
COPY vector FROM :'vectors' (FORMAT csv, HEADER);
SELECT mode, count(*) AS vectors,
       count(*) FILTER (WHERE round(currency_price(value, 'JPY'), replace(mode, '_', '-')) <> currency_price(expected, 'JPY')) AS wrong,
       count(*) FILTER (WHERE round(currency_price(value / 100, 'EUR'), replace(mode, '_', '-')) <> currency_price(expected / 100, 'EUR')) AS wrong_in_cents
FROM vector
WHERE mode IN ('HALF_EVEN', 'HALF_UP', 'HALF_DOWN')
GROUP BY mode ORDER BY mode;
DROP TABLE vector;
