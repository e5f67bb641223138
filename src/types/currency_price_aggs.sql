-- aggregates of prices, which raise across currencies
--
-- The state of sum and avg is a type of its own, not internal, so that a
-- distributed planner can ship it.  min and max have no sort operator: an index
-- would give them the first or last currency's instead of an error.

CREATE TYPE currency_price_sum;

CREATE FUNCTION currency_price_sum_in(cstring) RETURNS currency_price_sum
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION currency_price_sum_in(cstring) IS 'I/O';

CREATE FUNCTION currency_price_sum_out(currency_price_sum) RETURNS cstring
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION currency_price_sum_out(currency_price_sum) IS 'I/O';

CREATE FUNCTION currency_price_sum_recv(internal) RETURNS currency_price_sum
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION currency_price_sum_recv(internal) IS 'I/O';

CREATE FUNCTION currency_price_sum_send(currency_price_sum) RETURNS bytea
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION currency_price_sum_send(currency_price_sum) IS 'I/O';

CREATE TYPE currency_price_sum (
    INPUT = currency_price_sum_in,
    OUTPUT = currency_price_sum_out,
    RECEIVE = currency_price_sum_recv,
    SEND = currency_price_sum_send,
    INTERNALLENGTH = 32,
    ALIGNMENT = double,
    STORAGE = plain
);
COMMENT ON TYPE currency_price_sum IS
    'state of sum(currency_price) and avg(currency_price): the exact sum, its currency and the number of prices';

CREATE FUNCTION currency_price_accum(currency_price_sum, currency_price) RETURNS currency_price_sum
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION currency_price_accum(currency_price_sum, currency_price) IS 'aggregate transition function';

CREATE FUNCTION currency_price_discard(currency_price_sum, currency_price) RETURNS currency_price_sum
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION currency_price_discard(currency_price_sum, currency_price) IS 'aggregate inverse transition function';

CREATE FUNCTION currency_price_sum_combine(currency_price_sum, currency_price_sum) RETURNS currency_price_sum
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION currency_price_sum_combine(currency_price_sum, currency_price_sum) IS 'aggregate combine function';

CREATE FUNCTION currency_price_sum_final(currency_price_sum) RETURNS currency_price
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION currency_price_sum_final(currency_price_sum) IS 'aggregate final function';

CREATE FUNCTION currency_price_avg_final(currency_price_sum) RETURNS currency_price
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION currency_price_avg_final(currency_price_sum) IS 'aggregate final function';

CREATE AGGREGATE sum(currency_price) (
    SFUNC = currency_price_accum,
    STYPE = currency_price_sum,
    INITCOND = 'empty',
    FINALFUNC = currency_price_sum_final,
    COMBINEFUNC = currency_price_sum_combine,
    MSFUNC = currency_price_accum, MINVFUNC = currency_price_discard, MSTYPE = currency_price_sum, MINITCOND = 'empty',
    MFINALFUNC = currency_price_sum_final,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE sum(currency_price) IS 'exact sum of prices in one currency';

CREATE AGGREGATE avg(currency_price) (
    SFUNC = currency_price_accum,
    STYPE = currency_price_sum,
    INITCOND = 'empty',
    FINALFUNC = currency_price_avg_final,
    COMBINEFUNC = currency_price_sum_combine,
    MSFUNC = currency_price_accum, MINVFUNC = currency_price_discard, MSTYPE = currency_price_sum, MINITCOND = 'empty',
    MFINALFUNC = currency_price_avg_final,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE avg(currency_price) IS
    'mean of prices in one currency, rounded half-even to 18 digits';

CREATE FUNCTION currency_price_smaller(currency_price, currency_price) RETURNS currency_price
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION currency_price_smaller(currency_price, currency_price) IS 'smaller of two prices in one currency';

CREATE FUNCTION currency_price_larger(currency_price, currency_price) RETURNS currency_price
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION currency_price_larger(currency_price, currency_price) IS 'larger of two prices in one currency';

CREATE AGGREGATE min(currency_price) (
    SFUNC = currency_price_smaller,
    STYPE = currency_price,
    COMBINEFUNC = currency_price_smaller,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE min(currency_price) IS 'smallest of prices in one currency';

CREATE AGGREGATE max(currency_price) (
    SFUNC = currency_price_larger,
    STYPE = currency_price,
    COMBINEFUNC = currency_price_larger,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE max(currency_price) IS 'largest of prices in one currency';
