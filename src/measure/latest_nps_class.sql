CREATE TYPE latest_nps_response;

CREATE FUNCTION latest_nps_response_in(cstring) RETURNS latest_nps_response
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION latest_nps_response_in(cstring) IS 'I/O';

CREATE FUNCTION latest_nps_response_out(latest_nps_response) RETURNS cstring
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION latest_nps_response_out(latest_nps_response) IS 'I/O';

CREATE FUNCTION latest_nps_response_recv(internal) RETURNS latest_nps_response
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION latest_nps_response_recv(internal) IS 'I/O';

CREATE FUNCTION latest_nps_response_send(latest_nps_response) RETURNS bytea
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION latest_nps_response_send(latest_nps_response) IS 'I/O';

CREATE TYPE latest_nps_response (
    INPUT = latest_nps_response_in,
    OUTPUT = latest_nps_response_out,
    RECEIVE = latest_nps_response_recv,
    SEND = latest_nps_response_send,
    INTERNALLENGTH = 16,
    ALIGNMENT = double
);
COMMENT ON TYPE latest_nps_response IS 'state of aggregate latest_nps_class: a score and its time, or none';

CREATE FUNCTION latest_nps_response_combine(latest_nps_response, latest_nps_response) RETURNS latest_nps_response
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION latest_nps_response_combine(latest_nps_response, latest_nps_response) IS 'aggregate combine function';

CREATE FUNCTION latest_nps_response_class(latest_nps_response) RETURNS nps_class
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION latest_nps_response_class(latest_nps_response) IS 'aggregate final function';

CREATE FUNCTION latest_nps_response_accum(latest_nps_response, score smallint, answered_at timestamptz)
    RETURNS latest_nps_response
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'latest_nps_response_accum_int2';
COMMENT ON FUNCTION latest_nps_response_accum(latest_nps_response, smallint, timestamptz) IS 'aggregate transition function';

CREATE AGGREGATE latest_nps_class(score smallint, answered_at timestamptz) (
    SFUNC = latest_nps_response_accum, STYPE = latest_nps_response, INITCOND = 'none',
    FINALFUNC = latest_nps_response_class,
    COMBINEFUNC = latest_nps_response_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE latest_nps_class(smallint, timestamptz) IS 'class of the latest response that has a score';

CREATE FUNCTION latest_nps_response_accum(latest_nps_response, score integer, answered_at timestamptz)
    RETURNS latest_nps_response
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'latest_nps_response_accum_int4';
COMMENT ON FUNCTION latest_nps_response_accum(latest_nps_response, integer, timestamptz) IS 'aggregate transition function';

CREATE AGGREGATE latest_nps_class(score integer, answered_at timestamptz) (
    SFUNC = latest_nps_response_accum, STYPE = latest_nps_response, INITCOND = 'none',
    FINALFUNC = latest_nps_response_class,
    COMBINEFUNC = latest_nps_response_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE latest_nps_class(integer, timestamptz) IS 'class of the latest response that has a score';

CREATE FUNCTION latest_nps_response_accum(latest_nps_response, score bigint, answered_at timestamptz)
    RETURNS latest_nps_response
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'latest_nps_response_accum_int8';
COMMENT ON FUNCTION latest_nps_response_accum(latest_nps_response, bigint, timestamptz) IS 'aggregate transition function';

CREATE AGGREGATE latest_nps_class(score bigint, answered_at timestamptz) (
    SFUNC = latest_nps_response_accum, STYPE = latest_nps_response, INITCOND = 'none',
    FINALFUNC = latest_nps_response_class,
    COMBINEFUNC = latest_nps_response_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE latest_nps_class(bigint, timestamptz) IS 'class of the latest response that has a score';

CREATE FUNCTION latest_nps_response_accum(latest_nps_response, score numeric, answered_at timestamptz)
    RETURNS latest_nps_response
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'latest_nps_response_accum_numeric';
COMMENT ON FUNCTION latest_nps_response_accum(latest_nps_response, numeric, timestamptz) IS 'aggregate transition function';

CREATE AGGREGATE latest_nps_class(score numeric, answered_at timestamptz) (
    SFUNC = latest_nps_response_accum, STYPE = latest_nps_response, INITCOND = 'none',
    FINALFUNC = latest_nps_response_class,
    COMBINEFUNC = latest_nps_response_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE latest_nps_class(numeric, timestamptz) IS 'class of the latest response that has a score';
