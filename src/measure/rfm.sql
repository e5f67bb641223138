-- rfm_score, rfm_segment: recency, frequency and monetary value as scores and segments

CREATE FUNCTION rfm_score(value smallint, breaks numeric[], lower_is_better boolean DEFAULT false) RETURNS integer
    AS 'MODULE_PATHNAME', 'rfm_score_int2' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION rfm_score(smallint, numeric[], boolean) IS
    'score of a value among breaks: 1 up to the first of them, one more above each, or the reverse';

CREATE FUNCTION rfm_score(value integer, breaks numeric[], lower_is_better boolean DEFAULT false) RETURNS integer
    AS 'MODULE_PATHNAME', 'rfm_score_int4' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION rfm_score(integer, numeric[], boolean) IS
    'score of a value among breaks: 1 up to the first of them, one more above each, or the reverse';

CREATE FUNCTION rfm_score(value bigint, breaks numeric[], lower_is_better boolean DEFAULT false) RETURNS integer
    AS 'MODULE_PATHNAME', 'rfm_score_int8' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION rfm_score(bigint, numeric[], boolean) IS
    'score of a value among breaks: 1 up to the first of them, one more above each, or the reverse';

CREATE FUNCTION rfm_score(value numeric, breaks numeric[], lower_is_better boolean DEFAULT false) RETURNS integer
    AS 'MODULE_PATHNAME', 'rfm_score_numeric' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION rfm_score(numeric, numeric[], boolean) IS
    'score of a value among breaks: 1 up to the first of them, one more above each, or the reverse';

CREATE FUNCTION rfm_score(value double precision, breaks double precision[], lower_is_better boolean DEFAULT false) RETURNS integer
    AS 'MODULE_PATHNAME', 'rfm_score_float8' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION rfm_score(double precision, double precision[], boolean) IS
    'score of a value among breaks: 1 up to the first of them, one more above each, or the reverse';

CREATE FUNCTION rfm_score(value date, breaks date[], lower_is_better boolean DEFAULT false) RETURNS integer
    AS 'MODULE_PATHNAME', 'rfm_score_date' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION rfm_score(date, date[], boolean) IS
    'score of a value among breaks: 1 up to the first of them, one more above each, or the reverse';

CREATE FUNCTION rfm_score(value currency_price, breaks currency_price[], lower_is_better boolean DEFAULT false) RETURNS integer
    AS 'MODULE_PATHNAME', 'rfm_score_currency_price' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION rfm_score(currency_price, currency_price[], boolean) IS
    'score of a value among breaks: 1 up to the first of them, one more above each, or the reverse';

CREATE FUNCTION rfm_score(recency integer, frequency integer, monetary integer) RETURNS integer
    AS 'MODULE_PATHNAME', 'rfm_score_of_three' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION rfm_score(integer, integer, integer) IS 'three scores as the digits of one number, as 543';

CREATE FUNCTION rfm_segment(recency integer, frequency integer, monetary integer) RETURNS segment_id
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION rfm_segment(integer, integer, integer) IS
    'segment of three scores from 1 to 5: the first of rfm_segments() that they fit';

CREATE FUNCTION rfm_segments(
    OUT rank integer, OUT segment segment_id, OUT title text,
    OUT recency_from integer, OUT recency_to integer,
    OUT frequency_from integer, OUT frequency_to integer,
    OUT monetary_from integer, OUT monetary_to integer) RETURNS SETOF record
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 11;
COMMENT ON FUNCTION rfm_segments() IS 'the named segments of rfm_segment, by rank, and the scores that each takes';
