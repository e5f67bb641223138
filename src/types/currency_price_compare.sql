-- comparing, sorting and hashing prices

CREATE FUNCTION currency_price_sel(internal, oid, internal, integer) RETURNS float8
    AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION currency_price_sel(internal, oid, internal, integer) IS
    'restriction selectivity of < <= > >= on prices';

CREATE FUNCTION currency_price_joinsel(internal, oid, internal, smallint, internal) RETURNS float8
    AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION currency_price_joinsel(internal, oid, internal, smallint, internal) IS
    'join selectivity of < <= > >= on prices';

CREATE FUNCTION currency_price_eq(currency_price, currency_price) RETURNS boolean
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION currency_price_eq(currency_price, currency_price) IS 'implementation of = operator';

CREATE FUNCTION currency_price_ne(currency_price, currency_price) RETURNS boolean
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION currency_price_ne(currency_price, currency_price) IS 'implementation of <> operator';

-- different currencies are different values
CREATE OPERATOR = (
    FUNCTION = currency_price_eq,
    LEFTARG = currency_price,
    RIGHTARG = currency_price,
    COMMUTATOR = =,
    NEGATOR = <>,
    RESTRICT = eqsel,
    JOIN = eqjoinsel,
    HASHES,
    MERGES
);
COMMENT ON OPERATOR = (currency_price, currency_price) IS 'equal: same currency and same amount';

CREATE OPERATOR <> (
    FUNCTION = currency_price_ne,
    LEFTARG = currency_price,
    RIGHTARG = currency_price,
    COMMUTATOR = <>,
    NEGATOR = =,
    RESTRICT = neqsel,
    JOIN = neqjoinsel
);
COMMENT ON OPERATOR <> (currency_price, currency_price) IS 'not equal: other currency or other amount';

-- the support function makes of < <= > >= a range of an index, with the ends of
-- the currency where the value is not known when planning
CREATE FUNCTION currency_price_support(internal) RETURNS internal
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION currency_price_support(internal) IS 'planner support of < <= > >= on prices';

CREATE FUNCTION currency_lowest(price currency_price) RETURNS currency_price
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION currency_lowest(currency_price) IS 'the lowest price that there can be in the currency of a price';

CREATE FUNCTION currency_highest(price currency_price) RETURNS currency_price
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION currency_highest(currency_price) IS 'the highest price that there can be in the currency of a price';

-- across currencies unknown: the answer is NULL
CREATE FUNCTION currency_price_lt(currency_price, currency_price) RETURNS boolean
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE
    SUPPORT currency_price_support;
COMMENT ON FUNCTION currency_price_lt(currency_price, currency_price) IS 'implementation of < operator';

CREATE FUNCTION currency_price_le(currency_price, currency_price) RETURNS boolean
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE
    SUPPORT currency_price_support;
COMMENT ON FUNCTION currency_price_le(currency_price, currency_price) IS 'implementation of <= operator';

CREATE FUNCTION currency_price_gt(currency_price, currency_price) RETURNS boolean
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE
    SUPPORT currency_price_support;
COMMENT ON FUNCTION currency_price_gt(currency_price, currency_price) IS 'implementation of > operator';

CREATE FUNCTION currency_price_ge(currency_price, currency_price) RETURNS boolean
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE
    SUPPORT currency_price_support;
COMMENT ON FUNCTION currency_price_ge(currency_price, currency_price) IS 'implementation of >= operator';

CREATE OPERATOR < (
    FUNCTION = currency_price_lt,
    LEFTARG = currency_price,
    RIGHTARG = currency_price,
    COMMUTATOR = >,
    NEGATOR = >=,
    RESTRICT = currency_price_sel,
    JOIN = currency_price_joinsel
);
COMMENT ON OPERATOR < (currency_price, currency_price) IS 'less than; NULL across currencies';

CREATE OPERATOR <= (
    FUNCTION = currency_price_le,
    LEFTARG = currency_price,
    RIGHTARG = currency_price,
    COMMUTATOR = >=,
    NEGATOR = >,
    RESTRICT = currency_price_sel,
    JOIN = currency_price_joinsel
);
COMMENT ON OPERATOR <= (currency_price, currency_price) IS 'less than or equal; NULL across currencies';

CREATE OPERATOR > (
    FUNCTION = currency_price_gt,
    LEFTARG = currency_price,
    RIGHTARG = currency_price,
    COMMUTATOR = <,
    NEGATOR = <=,
    RESTRICT = currency_price_sel,
    JOIN = currency_price_joinsel
);
COMMENT ON OPERATOR > (currency_price, currency_price) IS 'greater than; NULL across currencies';

CREATE OPERATOR >= (
    FUNCTION = currency_price_ge,
    LEFTARG = currency_price,
    RIGHTARG = currency_price,
    COMMUTATOR = <=,
    NEGATOR = <,
    RESTRICT = currency_price_sel,
    JOIN = currency_price_joinsel
);
COMMENT ON OPERATOR >= (currency_price, currency_price) IS 'greater than or equal; NULL across currencies';

-- the total order of sorting and indexes: by currency, then by amount
CREATE FUNCTION currency_price_total_lt(currency_price, currency_price) RETURNS boolean
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION currency_price_total_lt(currency_price, currency_price) IS 'implementation of *<* operator';

CREATE FUNCTION currency_price_total_le(currency_price, currency_price) RETURNS boolean
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION currency_price_total_le(currency_price, currency_price) IS 'implementation of *<=* operator';

CREATE FUNCTION currency_price_total_gt(currency_price, currency_price) RETURNS boolean
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION currency_price_total_gt(currency_price, currency_price) IS 'implementation of *>* operator';

CREATE FUNCTION currency_price_total_ge(currency_price, currency_price) RETURNS boolean
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION currency_price_total_ge(currency_price, currency_price) IS 'implementation of *>=* operator';

CREATE OPERATOR *<* (
    FUNCTION = currency_price_total_lt,
    LEFTARG = currency_price,
    RIGHTARG = currency_price,
    COMMUTATOR = *>*,
    NEGATOR = *>=*,
    RESTRICT = scalarltsel,
    JOIN = scalarltjoinsel
);
COMMENT ON OPERATOR *<* (currency_price, currency_price) IS 'less than in the total order: by currency, then by amount';

CREATE OPERATOR *<=* (
    FUNCTION = currency_price_total_le,
    LEFTARG = currency_price,
    RIGHTARG = currency_price,
    COMMUTATOR = *>=*,
    NEGATOR = *>*,
    RESTRICT = scalarlesel,
    JOIN = scalarlejoinsel
);
COMMENT ON OPERATOR *<=* (currency_price, currency_price) IS 'less than or equal in the total order: by currency, then by amount';

CREATE OPERATOR *>* (
    FUNCTION = currency_price_total_gt,
    LEFTARG = currency_price,
    RIGHTARG = currency_price,
    COMMUTATOR = *<*,
    NEGATOR = *<=*,
    RESTRICT = scalargtsel,
    JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR *>* (currency_price, currency_price) IS 'greater than in the total order: by currency, then by amount';

CREATE OPERATOR *>=* (
    FUNCTION = currency_price_total_ge,
    LEFTARG = currency_price,
    RIGHTARG = currency_price,
    COMMUTATOR = *<=*,
    NEGATOR = *<*,
    RESTRICT = scalargesel,
    JOIN = scalargejoinsel
);
COMMENT ON OPERATOR *>=* (currency_price, currency_price) IS 'greater than or equal in the total order: by currency, then by amount';

CREATE FUNCTION currency_price_cmp(currency_price, currency_price) RETURNS integer
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION currency_price_cmp(currency_price, currency_price) IS '-1, 0 or 1 in the total order: by currency, then by amount';

CREATE FUNCTION currency_price_sortsupport(internal) RETURNS void
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION currency_price_sortsupport(internal) IS 'sort support';

CREATE FUNCTION currency_price_hash(currency_price) RETURNS integer
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION currency_price_hash(currency_price) IS 'hash; frozen';

CREATE FUNCTION currency_price_hash_extended(currency_price, bigint) RETURNS bigint
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION currency_price_hash_extended(currency_price, bigint) IS 'hash with a seed; frozen';

CREATE OPERATOR CLASS currency_price_ops
    DEFAULT FOR TYPE currency_price USING btree AS
        OPERATOR 1 *<*,
        OPERATOR 2 *<=*,
        OPERATOR 3 =,
        OPERATOR 4 *>=*,
        OPERATOR 5 *>*,
        FUNCTION 1 currency_price_cmp(currency_price, currency_price),
        FUNCTION 2 currency_price_sortsupport(internal),
        FUNCTION 4 pg_catalog.btequalimage(oid);
COMMENT ON OPERATOR CLASS currency_price_ops USING btree IS 'the total order of prices: by currency, then by amount';
COMMENT ON OPERATOR FAMILY currency_price_ops USING btree IS 'the total order of prices: by currency, then by amount';

CREATE OPERATOR CLASS currency_price_ops
    DEFAULT FOR TYPE currency_price USING hash AS
        OPERATOR 1 =,
        FUNCTION 1 currency_price_hash(currency_price),
        FUNCTION 2 currency_price_hash_extended(currency_price, bigint);
COMMENT ON OPERATOR CLASS currency_price_ops USING hash IS 'hashing of prices';
COMMENT ON OPERATOR FAMILY currency_price_ops USING hash IS 'hashing of prices';
