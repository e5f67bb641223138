-- quantile_breaks: aggregate, the values that divide others into bins with the same number of them

CREATE TYPE quantile_state;

CREATE FUNCTION quantile_state_in(cstring) RETURNS quantile_state
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION quantile_state_in(cstring) IS 'I/O';

CREATE FUNCTION quantile_state_out(quantile_state) RETURNS cstring
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION quantile_state_out(quantile_state) IS 'I/O';

CREATE FUNCTION quantile_state_recv(internal) RETURNS quantile_state
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION quantile_state_recv(internal) IS 'I/O';

CREATE FUNCTION quantile_state_send(quantile_state) RETURNS bytea
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION quantile_state_send(quantile_state) IS 'I/O';

CREATE TYPE quantile_state (
    INPUT = quantile_state_in,
    OUTPUT = quantile_state_out,
    RECEIVE = quantile_state_recv,
    SEND = quantile_state_send,
    INTERNALLENGTH = variable,
    ALIGNMENT = double,
    STORAGE = plain
);
COMMENT ON TYPE quantile_state IS 'state of quantile_breaks: the number of bins and all values';

CREATE FUNCTION quantile_combine(quantile_state, quantile_state) RETURNS quantile_state
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION quantile_combine(quantile_state, quantile_state) IS 'aggregate combine function';

CREATE FUNCTION quantile_breaks_numeric(quantile_state) RETURNS numeric[]
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION quantile_breaks_numeric(quantile_state) IS 'aggregate final function';

CREATE FUNCTION quantile_breaks_float8(quantile_state) RETURNS double precision[]
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION quantile_breaks_float8(quantile_state) IS 'aggregate final function';

CREATE FUNCTION quantile_breaks_date(quantile_state) RETURNS date[]
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION quantile_breaks_date(quantile_state) IS 'aggregate final function';

CREATE FUNCTION quantile_breaks_currency_price(quantile_state) RETURNS currency_price[]
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION quantile_breaks_currency_price(quantile_state) IS 'aggregate final function';

CREATE FUNCTION quantile_accum(quantile_state, smallint, integer) RETURNS quantile_state
    AS 'MODULE_PATHNAME', 'quantile_accum_int2' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION quantile_accum(quantile_state, smallint, integer) IS 'aggregate transition function';

CREATE AGGREGATE quantile_breaks(value smallint, bins integer) (
    SFUNC = quantile_accum,
    STYPE = quantile_state,
    SSPACE = 1024,
    INITCOND = 'empty',
    FINALFUNC = quantile_breaks_numeric,
    COMBINEFUNC = quantile_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE quantile_breaks(smallint, integer) IS
    'quantiles (type 7) that divide the values into so many bins, one less than bins, ascending';

CREATE FUNCTION quantile_accum(quantile_state, integer, integer) RETURNS quantile_state
    AS 'MODULE_PATHNAME', 'quantile_accum_int4' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION quantile_accum(quantile_state, integer, integer) IS 'aggregate transition function';

CREATE AGGREGATE quantile_breaks(value integer, bins integer) (
    SFUNC = quantile_accum,
    STYPE = quantile_state,
    SSPACE = 1024,
    INITCOND = 'empty',
    FINALFUNC = quantile_breaks_numeric,
    COMBINEFUNC = quantile_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE quantile_breaks(integer, integer) IS
    'quantiles (type 7) that divide the values into so many bins, one less than bins, ascending';

CREATE FUNCTION quantile_accum(quantile_state, bigint, integer) RETURNS quantile_state
    AS 'MODULE_PATHNAME', 'quantile_accum_int8' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION quantile_accum(quantile_state, bigint, integer) IS 'aggregate transition function';

CREATE AGGREGATE quantile_breaks(value bigint, bins integer) (
    SFUNC = quantile_accum,
    STYPE = quantile_state,
    SSPACE = 1024,
    INITCOND = 'empty',
    FINALFUNC = quantile_breaks_numeric,
    COMBINEFUNC = quantile_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE quantile_breaks(bigint, integer) IS
    'quantiles (type 7) that divide the values into so many bins, one less than bins, ascending';

CREATE FUNCTION quantile_accum(quantile_state, numeric, integer) RETURNS quantile_state
    AS 'MODULE_PATHNAME', 'quantile_accum_numeric' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION quantile_accum(quantile_state, numeric, integer) IS 'aggregate transition function';

CREATE AGGREGATE quantile_breaks(value numeric, bins integer) (
    SFUNC = quantile_accum,
    STYPE = quantile_state,
    SSPACE = 1024,
    INITCOND = 'empty',
    FINALFUNC = quantile_breaks_numeric,
    COMBINEFUNC = quantile_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE quantile_breaks(numeric, integer) IS
    'quantiles (type 7) that divide the values into so many bins, one less than bins, ascending';

CREATE FUNCTION quantile_accum(quantile_state, double precision, integer) RETURNS quantile_state
    AS 'MODULE_PATHNAME', 'quantile_accum_float8' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION quantile_accum(quantile_state, double precision, integer) IS 'aggregate transition function';

CREATE AGGREGATE quantile_breaks(value double precision, bins integer) (
    SFUNC = quantile_accum,
    STYPE = quantile_state,
    SSPACE = 1024,
    INITCOND = 'empty',
    FINALFUNC = quantile_breaks_float8,
    COMBINEFUNC = quantile_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE quantile_breaks(double precision, integer) IS
    'quantiles (type 7) that divide the values into so many bins, one less than bins, ascending';

CREATE FUNCTION quantile_accum(quantile_state, date, integer) RETURNS quantile_state
    AS 'MODULE_PATHNAME', 'quantile_accum_date' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION quantile_accum(quantile_state, date, integer) IS 'aggregate transition function';

CREATE AGGREGATE quantile_breaks(value date, bins integer) (
    SFUNC = quantile_accum,
    STYPE = quantile_state,
    SSPACE = 1024,
    INITCOND = 'empty',
    FINALFUNC = quantile_breaks_date,
    COMBINEFUNC = quantile_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE quantile_breaks(date, integer) IS
    'quantiles (type 7) that divide the values into so many bins, one less than bins, ascending';

CREATE FUNCTION quantile_accum(quantile_state, currency_price, integer) RETURNS quantile_state
    AS 'MODULE_PATHNAME', 'quantile_accum_currency_price' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION quantile_accum(quantile_state, currency_price, integer) IS 'aggregate transition function';

CREATE AGGREGATE quantile_breaks(value currency_price, bins integer) (
    SFUNC = quantile_accum,
    STYPE = quantile_state,
    SSPACE = 1024,
    INITCOND = 'empty',
    FINALFUNC = quantile_breaks_currency_price,
    COMBINEFUNC = quantile_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE quantile_breaks(currency_price, integer) IS
    'quantiles (type 7) that divide the values into so many bins, one less than bins, ascending';
