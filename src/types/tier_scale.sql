-- tier_scale: named thresholds in one currency; the tier of a price

CREATE TYPE tier_scale;

CREATE FUNCTION tier_scale_in(cstring) RETURNS tier_scale
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tier_scale_in(cstring) IS 'I/O';

CREATE FUNCTION tier_scale_out(tier_scale) RETURNS cstring
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tier_scale_out(tier_scale) IS 'I/O';

CREATE FUNCTION tier_scale_recv(internal) RETURNS tier_scale
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tier_scale_recv(internal) IS 'I/O';

CREATE FUNCTION tier_scale_send(tier_scale) RETURNS bytea
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tier_scale_send(tier_scale) IS 'I/O';

CREATE TYPE tier_scale (
    INPUT = tier_scale_in,
    OUTPUT = tier_scale_out,
    RECEIVE = tier_scale_recv,
    SEND = tier_scale_send,
    INTERNALLENGTH = variable,
    ALIGNMENT = int4,
    STORAGE = extended
);
COMMENT ON TYPE tier_scale IS
    'named thresholds in one currency, ascending, such as smb 0, mid 1000, enterprise 10000 EUR';

CREATE FUNCTION tier(price currency_price, scale tier_scale) RETURNS segment_id
    AS 'MODULE_PATHNAME', 'currency_price_tier' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION tier(currency_price, tier_scale) IS 'the highest tier that begins at or below the price; NULL below the first one';

CREATE FUNCTION tier_scale_lt(tier_scale, tier_scale) RETURNS boolean
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION tier_scale_lt(tier_scale, tier_scale) IS 'implementation of < operator';

CREATE FUNCTION tier_scale_le(tier_scale, tier_scale) RETURNS boolean
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION tier_scale_le(tier_scale, tier_scale) IS 'implementation of <= operator';

CREATE FUNCTION tier_scale_eq(tier_scale, tier_scale) RETURNS boolean
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION tier_scale_eq(tier_scale, tier_scale) IS 'implementation of = operator';

CREATE FUNCTION tier_scale_ne(tier_scale, tier_scale) RETURNS boolean
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION tier_scale_ne(tier_scale, tier_scale) IS 'implementation of <> operator';

CREATE FUNCTION tier_scale_ge(tier_scale, tier_scale) RETURNS boolean
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION tier_scale_ge(tier_scale, tier_scale) IS 'implementation of >= operator';

CREATE FUNCTION tier_scale_gt(tier_scale, tier_scale) RETURNS boolean
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION tier_scale_gt(tier_scale, tier_scale) IS 'implementation of > operator';

CREATE OPERATOR < (
    FUNCTION = tier_scale_lt,
    LEFTARG = tier_scale,
    RIGHTARG = tier_scale,
    COMMUTATOR = >,
    NEGATOR = >=,
    RESTRICT = scalarltsel,
    JOIN = scalarltjoinsel
);
COMMENT ON OPERATOR < (tier_scale, tier_scale) IS 'less than';

CREATE OPERATOR <= (
    FUNCTION = tier_scale_le,
    LEFTARG = tier_scale,
    RIGHTARG = tier_scale,
    COMMUTATOR = >=,
    NEGATOR = >,
    RESTRICT = scalarlesel,
    JOIN = scalarlejoinsel
);
COMMENT ON OPERATOR <= (tier_scale, tier_scale) IS 'less than or equal';

CREATE OPERATOR = (
    FUNCTION = tier_scale_eq,
    LEFTARG = tier_scale,
    RIGHTARG = tier_scale,
    COMMUTATOR = =,
    NEGATOR = <>,
    RESTRICT = eqsel,
    JOIN = eqjoinsel,
    HASHES,
    MERGES
);
COMMENT ON OPERATOR = (tier_scale, tier_scale) IS 'equal';

CREATE OPERATOR <> (
    FUNCTION = tier_scale_ne,
    LEFTARG = tier_scale,
    RIGHTARG = tier_scale,
    COMMUTATOR = <>,
    NEGATOR = =,
    RESTRICT = neqsel,
    JOIN = neqjoinsel
);
COMMENT ON OPERATOR <> (tier_scale, tier_scale) IS 'not equal';

CREATE OPERATOR >= (
    FUNCTION = tier_scale_ge,
    LEFTARG = tier_scale,
    RIGHTARG = tier_scale,
    COMMUTATOR = <=,
    NEGATOR = <,
    RESTRICT = scalargesel,
    JOIN = scalargejoinsel
);
COMMENT ON OPERATOR >= (tier_scale, tier_scale) IS 'greater than or equal';

CREATE OPERATOR > (
    FUNCTION = tier_scale_gt,
    LEFTARG = tier_scale,
    RIGHTARG = tier_scale,
    COMMUTATOR = <,
    NEGATOR = <=,
    RESTRICT = scalargtsel,
    JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR > (tier_scale, tier_scale) IS 'greater than';

CREATE FUNCTION tier_scale_cmp(tier_scale, tier_scale) RETURNS integer
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION tier_scale_cmp(tier_scale, tier_scale) IS '-1, 0 or 1: by the first tier that differs';

CREATE FUNCTION tier_scale_hash(tier_scale) RETURNS integer
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION tier_scale_hash(tier_scale) IS 'hash; frozen';

CREATE FUNCTION tier_scale_hash_extended(tier_scale, bigint) RETURNS bigint
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION tier_scale_hash_extended(tier_scale, bigint) IS 'hash with a seed; frozen';

CREATE OPERATOR CLASS tier_scale_ops
    DEFAULT FOR TYPE tier_scale USING btree AS
        OPERATOR 1 <,
        OPERATOR 2 <=,
        OPERATOR 3 =,
        OPERATOR 4 >=,
        OPERATOR 5 >,
        FUNCTION 1 tier_scale_cmp(tier_scale, tier_scale),
        FUNCTION 4 pg_catalog.btequalimage(oid);
COMMENT ON OPERATOR CLASS tier_scale_ops USING btree IS 'an order of tier scales, for DISTINCT and unique indexes';
COMMENT ON OPERATOR FAMILY tier_scale_ops USING btree IS 'an order of tier scales, for DISTINCT and unique indexes';

CREATE OPERATOR CLASS tier_scale_ops
    DEFAULT FOR TYPE tier_scale USING hash AS
        OPERATOR 1 =,
        FUNCTION 1 tier_scale_hash(tier_scale),
        FUNCTION 2 tier_scale_hash_extended(tier_scale, bigint);
COMMENT ON OPERATOR CLASS tier_scale_ops USING hash IS 'hashing of tier scales';
COMMENT ON OPERATOR FAMILY tier_scale_ops USING hash IS 'hashing of tier scales';
