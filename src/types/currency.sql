-- the ISO 4217 codes, compiled in

CREATE FUNCTION currencies(
    OUT code text,
    OUT numeric_code integer,
    OUT minor_units integer,
    OUT name text,
    OUT withdrawn boolean
) RETURNS SETOF record
    AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL SAFE ROWS 210 COST 20;
COMMENT ON FUNCTION currencies() IS
    'the ISO 4217 codes by code; minor_units is NULL where a code has no amounts in money';

-- a date in the form of ISO is read alike under every DateStyle
CREATE FUNCTION currencies_amendment(OUT amendment integer, OUT since date)
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION currencies_amendment() IS
    'the last amendment to ISO 4217 that currencies() has, and since when it is in force';

CREATE FUNCTION segmentation.is_currency(code text) RETURNS boolean
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION segmentation.is_currency(text) IS
    'whether a code, in capitals, is a currency that prices can be in, withdrawn or not; for constraints of tables';
