-- NPS for a role without privileges, from any search_path, in any locale
CREATE ROLE regress_nps_reader;
SELECT n.nspname AS types FROM pg_extension e JOIN pg_namespace n ON n.oid = extnamespace WHERE extname = 'segmentation' \gset
CREATE TEMP TABLE response AS
SELECT * FROM (VALUES (10, '2024-01-01 UTC'::timestamptz), (8, '2024-02-01 UTC'), (NULL, '2024-03-01 UTC'), (2, '2024-01-15 UTC')) AS t(score, answered_at);
GRANT SELECT ON response TO regress_nps_reader;

SET ROLE regress_nps_reader;
SET search_path = '';
SET DateStyle = 'German';
SELECT :"types".nps(score), :"types".nps_tally(score) OPERATOR(:"types".+) '1/1/1' AS tally,
    :"types".nps_margin(:"types".nps_tally(score)) AS margin, :"types".latest_nps_class(score, answered_at) AS latest
FROM pg_temp.response;
SELECT :"types".nps_class(score) AS class, pg_catalog.count(*) FROM pg_temp.response GROUP BY 1 ORDER BY 1;
SELECT :"types".nps_rollup(tally) FROM (VALUES (CAST('1/2/3' AS :"types".nps_tally)), ('10/20/30')) AS t(tally);

-- a type of the same name, earlier in the search_path, is another type
RESET ALL;
RESET ROLE;
CREATE SCHEMA regress_nps;
CREATE TYPE regress_nps.nps_class AS ENUM ('promoter', 'passive', 'detractor');
SET search_path = regress_nps, pg_catalog;
SELECT typnamespace = 'regress_nps'::regnamespace AS theirs, enum_range(NULL::regress_nps.nps_class)
FROM pg_type WHERE oid = pg_typeof(:"types".nps_class(9));
SELECT :"types".nps_class(9), :"types".latest_nps_class(9, 'epoch');
RESET search_path;
DROP SCHEMA regress_nps CASCADE;

-- numbers look the same in every locale that the machine has
DO $$
DECLARE
    locale text;
BEGIN
    FOR locale IN SELECT DISTINCT collcollate FROM pg_collation WHERE collprovider = 'c' LOOP
        BEGIN
            PERFORM set_config('lc_numeric', locale, false), set_config('lc_monetary', locale, false);
        EXCEPTION WHEN invalid_parameter_value THEN
            CONTINUE;
        END;
        ASSERT round(nps('291/476/395'::nps_tally), 2)::text = '-8.95', locale;
        ASSERT round(nps_margin('291/476/395'), 3)::text = '4.388', locale;
        ASSERT nps_tally(4398046511103, 1234567, 0)::text = '4398046511103/1234567/0', locale;
    END LOOP;
END
$$;
DROP TABLE response;
DROP ROLE regress_nps_reader;
