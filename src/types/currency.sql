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

CREATE FUNCTION segmentation.is_currency(code text) RETURNS boolean
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION segmentation.is_currency(text) IS
    'whether a code, in capitals, is a currency that prices can be in, withdrawn or not; for constraints of tables';
