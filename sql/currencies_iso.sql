-- currencies() against the lists of ISO 4217 in test/data/iso
\set VERBOSITY default
\getenv srcdir PG_ABS_SRCDIR
\set active :srcdir '/test/data/iso/iso4217_active_2024.csv'
\set withdrawn :srcdir '/test/data/iso/iso4217_withdrawn_joda.csv'
SET client_encoding = 'UTF8';
CREATE TABLE active (code text, numeric_code text, minor_units int, name text, is_fund boolean);
CREATE TABLE withdrawn (code text, numeric_code text, minor_units int);
COPY active FROM :'active' (FORMAT csv, HEADER, ENCODING 'UTF8');
COPY withdrawn FROM :'withdrawn' (FORMAT csv, HEADER);
SELECT (SELECT count(*) FROM active) AS active, (SELECT count(*) FROM withdrawn) AS withdrawn,
       (SELECT string_agg(code, ' ') FROM active JOIN withdrawn USING (code)) AS in_both,
       (SELECT count(*) FROM currencies()) AS currencies;

-- each current code as the list of 2024 has it (whose one name ends with a blank);
-- what changed since: XCG replaced ANG, XAD is new, CUC withdrawn
SELECT * FROM active AS a FULL JOIN (SELECT * FROM currencies() WHERE NOT withdrawn) AS c USING (code)
WHERE (a.code IN (SELECT code FROM withdrawn)) IS NOT TRUE
  AND (a.numeric_code::int, a.minor_units, btrim(a.name)) IS DISTINCT FROM (c.numeric_code, c.minor_units, c.name);
-- each withdrawn one too, CUC aside: below zero is none there
SELECT * FROM withdrawn AS w FULL JOIN (SELECT * FROM currencies() WHERE withdrawn AND code <> 'CUC') AS c USING (code)
WHERE (CASE WHEN w.numeric_code NOT LIKE '-%' THEN w.numeric_code::int END, CASE WHEN w.minor_units >= 0 THEN w.minor_units END)
      IS DISTINCT FROM (c.numeric_code, c.minor_units);
-- a code in both lists counts as withdrawn, and keeps its name
SELECT c.* FROM currencies() AS c JOIN active AS a USING (code, name) JOIN withdrawn AS w USING (code);

-- what is known of the list of 2024
SELECT minor_units, count(*), CASE WHEN count(*) < 15 THEN string_agg(code, ' ' ORDER BY code COLLATE "C") END AS codes
FROM currencies() JOIN active USING (code, minor_units) GROUP BY 1
UNION ALL
SELECT NULL, count(*), string_agg(c.code, ' ' ORDER BY c.code COLLATE "C") FROM currencies() AS c JOIN active AS a USING (code)
WHERE c.minor_units IS NULL AND a.minor_units IS NULL
ORDER BY 1;
DROP TABLE active, withdrawn;
