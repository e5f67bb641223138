CREATE TYPE nps_class AS ENUM ('detractor', 'passive', 'promoter');
COMMENT ON TYPE nps_class IS 'what a score from 0 to 10 makes of a customer: detractor (0 to 6), passive (7 to 8), promoter (9 to 10)';

CREATE FUNCTION nps_class(score smallint) RETURNS nps_class
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'nps_class_int2';
COMMENT ON FUNCTION nps_class(smallint) IS 'class of a score from 0 to 10';

CREATE FUNCTION nps_class(score integer) RETURNS nps_class
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'nps_class_int4';
COMMENT ON FUNCTION nps_class(integer) IS 'class of a score from 0 to 10';

CREATE FUNCTION nps_class(score bigint) RETURNS nps_class
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'nps_class_int8';
COMMENT ON FUNCTION nps_class(bigint) IS 'class of a score from 0 to 10';

CREATE FUNCTION nps_class(score numeric) RETURNS nps_class
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'nps_class_numeric';
COMMENT ON FUNCTION nps_class(numeric) IS 'class of a score from 0 to 10';
