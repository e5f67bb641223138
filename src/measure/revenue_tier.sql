-- revenue_tier: aggregate, the tier of the sum of prices

CREATE TYPE revenue_tier_state;

CREATE FUNCTION revenue_tier_state_in(cstring) RETURNS revenue_tier_state
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION revenue_tier_state_in(cstring) IS 'I/O';

CREATE FUNCTION revenue_tier_state_out(revenue_tier_state) RETURNS cstring
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION revenue_tier_state_out(revenue_tier_state) IS 'I/O';

CREATE FUNCTION revenue_tier_state_recv(internal) RETURNS revenue_tier_state
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION revenue_tier_state_recv(internal) IS 'I/O';

CREATE FUNCTION revenue_tier_state_send(revenue_tier_state) RETURNS bytea
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION revenue_tier_state_send(revenue_tier_state) IS 'I/O';

CREATE TYPE revenue_tier_state (
    INPUT = revenue_tier_state_in,
    OUTPUT = revenue_tier_state_out,
    RECEIVE = revenue_tier_state_recv,
    SEND = revenue_tier_state_send,
    INTERNALLENGTH = variable,
    ALIGNMENT = double,
    STORAGE = plain
);
COMMENT ON TYPE revenue_tier_state IS
    'state of revenue_tier(currency_price, tier_scale): the exact sum and the scale';

CREATE FUNCTION revenue_tier_accum(revenue_tier_state, currency_price, tier_scale) RETURNS revenue_tier_state
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION revenue_tier_accum(revenue_tier_state, currency_price, tier_scale) IS
    'aggregate transition function';

CREATE FUNCTION revenue_tier_combine(revenue_tier_state, revenue_tier_state) RETURNS revenue_tier_state
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION revenue_tier_combine(revenue_tier_state, revenue_tier_state) IS 'aggregate combine function';

CREATE FUNCTION revenue_tier_final(revenue_tier_state) RETURNS segment_id
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION revenue_tier_final(revenue_tier_state) IS 'aggregate final function';

CREATE AGGREGATE revenue_tier(price currency_price, scale tier_scale) (
    SFUNC = revenue_tier_accum,
    STYPE = revenue_tier_state,
    SSPACE = 128,
    FINALFUNC = revenue_tier_final,
    COMBINEFUNC = revenue_tier_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE revenue_tier(currency_price, tier_scale) IS
    'tier of the sum of prices in one currency, on the scale that all rows of the group have';
