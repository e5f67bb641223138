-- Input that a type refuses, as it is reported without an error where the server
-- can ask for that (pg_input_error_info, from PostgreSQL 16 on); before, the
-- error itself is caught, and says the same.
SELECT current_setting('server_version_num')::int >= 160000 AS soft \gset
\if :soft
CREATE FUNCTION refusal(type text, input text, OUT message text, OUT detail text, OUT hint text, OUT code text)
LANGUAGE sql AS 'SELECT * FROM pg_input_error_info(input, type)';
\else
CREATE FUNCTION refusal(type text, input text, OUT message text, OUT detail text, OUT hint text, OUT code text)
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SELECT %L::%s', input, type);
EXCEPTION WHEN others THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
        hint = PG_EXCEPTION_HINT, code = RETURNED_SQLSTATE;
    detail := nullif(detail, '');
    hint := nullif(hint, '');
END
$$;
\endif

CREATE TEMP TABLE input (n serial, type text, input text);
INSERT INTO input (type, input) VALUES
    ('segment_id', ''),
    ('segment_id', 'a b'),
    ('segment_id', '-a'),
    ('segment_id', 'é'),
    ('segment_id', repeat('a', 25)),
    ('segment_id[]', '{smb,}'),
    ('segment_id[]', '{smb,Größe}'),
    ('currency_price', ''),
    ('currency_price', '9.90'),
    ('currency_price', '9,90 EUR'),
    ('currency_price', '9.90 EURO'),
    ('currency_price', '9.90 ABC'),
    ('currency_price', '1 XAU'),
    ('currency_price', '1234567890123456789 EUR'),
    ('currency_price', repeat('9', 300) || ' EUR'),
    ('currency_price', 'NaN EUR'),
    ('currency_price[]', '{1 EUR,2}'),
    ('tier_scale', ''),
    ('tier_scale', 'smb 0'),
    ('tier_scale', 'smb 0, mid x EUR'),
    ('tier_scale', 'smb 10, mid 5 EUR'),
    ('tier_scale', 'smb 0, smb 5 EUR'),
    ('tier_scale', 'S M B 0 EUR'),
    ('tier_scale', 'smb 0, mid 5 ABC'),
    ('tier_scale', 'smb 1234567890123456789 EUR'),
    ('nps_class', 'fan'),
    ('nps_tally', ''),
    ('nps_tally', '1/2'),
    ('nps_tally', '1/2/-3'),
    ('nps_tally', '1/2/3/4'),
    ('nps_tally', '1/2/99999999999999999999'),
    ('latest_nps_response', ''),
    ('latest_nps_response', '11@0'),
    ('latest_nps_response', '9@x'),
    ('latest_nps_response', '9@99999999999999999999'),
    ('segmentation_internal.relation_reference', ''),
    ('segmentation_internal.relation_reference', 'a.b.c.d'),
    ('segmentation_internal.relation_reference', 'app.client (app.customer'),
    ('currency_price_sum', ''),
    ('currency_price_sum', '1 EUR'),
    ('currency_price_sum', '1 EUR / 0'),
    ('currency_price_sum', '1 ABC / 1'),
    ('currency_price_sum', repeat('9', 60) || ' EUR / 1'),
    ('revenue_tier_state', ''),
    ('revenue_tier_state', '1 EUR / 1'),
    ('revenue_tier_state', '1 EUR | smb 0 EUR'),
    ('revenue_tier_state', '1 EUR / 1 | smb 5, mid 1 EUR'),
    ('quantile_state', ''),
    ('quantile_state', '0 numbers 1'),
    ('quantile_state', '5 ABC 1'),
    ('quantile_state', '5 numbers x');

\x
\pset format unaligned
SELECT type, left(input, 30) AS input, r.* FROM input, refusal(type, input) r ORDER BY n;
\x
\pset format aligned

-- what is valid is not refused
SELECT type, input
FROM (VALUES ('segment_id', 'SMB'),
    ('segment_id[]', '{smb,mid.market}'),
    ('currency_price', 'eur -9.90'),
    ('currency_price[]', '{1 EUR,2 USD}'),
    ('tier_scale', 'smb 0, mid 1000 EUR'),
    ('nps_class', 'promoter'),
    ('segmentation_internal.relation_reference', 'app.client (app.customer)'),
    ('nps_tally', '291/476/395'),
    ('latest_nps_response', '9@757382400000000'),
    ('currency_price_sum', '29.7 EUR / 3'),
    ('revenue_tier_state', '29.7 EUR / 3 | smb 0 EUR'),
    ('revenue_tier_state', '29.7 EUR / 3 |'),
    ('quantile_state', '5 EUR 9.9 12')) v (type, input), refusal(type, input)
WHERE code IS NOT NULL;

-- every type of the extension is here
SELECT typname
FROM pg_type
JOIN pg_depend d ON d.classid = 'pg_type'::regclass AND d.objid = pg_type.oid AND d.deptype = 'e'
JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
WHERE extname = 'segmentation' AND typtype IN ('b', 'e') AND typcategory <> 'A'
    AND format_type(pg_type.oid, NULL) NOT IN (SELECT type FROM input);
DROP FUNCTION refusal;
