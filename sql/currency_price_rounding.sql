-- round() against ../shared/data/money/rounding_vectors.csv, of the modes that exist
\set VERBOSITY default
\set vectors `echo "$SEGMENTATION_WORK/shared/data/money/rounding_vectors.csv"`
SELECT coalesce((pg_stat_file(:'vectors', true)).size > 0, false) AS there \gset
\if :there
\else
    \echo 'skipped: no ../shared/data/money'
    \quit
\endif
CREATE TABLE vector (value numeric, mode text, expected numeric);
COPY vector FROM :'vectors' (FORMAT csv, HEADER);
SELECT mode, count(*) AS vectors,
       count(*) FILTER (WHERE round(currency_price(value, 'JPY'), replace(mode, '_', '-')) <> currency_price(expected, 'JPY')) AS wrong,
       count(*) FILTER (WHERE round(currency_price(value / 100, 'EUR'), replace(mode, '_', '-')) <> currency_price(expected / 100, 'EUR')) AS wrong_in_cents
FROM vector
WHERE mode IN ('HALF_EVEN', 'HALF_UP', 'HALF_DOWN')
GROUP BY mode ORDER BY mode;
DROP TABLE vector;
