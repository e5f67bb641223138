-- the codes of ISO 3166-1 and ISO 639, compiled in, for constraints of tables

CREATE FUNCTION segmentation.is_country(code text) RETURNS boolean
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION segmentation.is_country(text) IS
    'whether a code, in capitals, is a country of ISO 3166-1 (two letters); for constraints of tables';

CREATE FUNCTION segmentation.are_countries(codes text[]) RETURNS boolean
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION segmentation.are_countries(text[]) IS
    'whether all elements are countries of ISO 3166-1, none of them twice; for constraints of tables';

CREATE FUNCTION segmentation.is_language(tag text) RETURNS boolean
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION segmentation.is_language(text) IS
    'whether a tag is a language of ISO 639, with or without script and country, as in fr, fr-CH, zh-Hant-TW; for constraints of tables';
