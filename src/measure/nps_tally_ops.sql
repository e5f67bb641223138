CREATE FUNCTION nps_tally_eq(nps_tally, nps_tally) RETURNS boolean
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION nps_tally_eq(nps_tally, nps_tally) IS 'implementation of = operator';

CREATE FUNCTION nps_tally_ne(nps_tally, nps_tally) RETURNS boolean
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION nps_tally_ne(nps_tally, nps_tally) IS 'implementation of <> operator';

CREATE FUNCTION nps_tally_lt(nps_tally, nps_tally) RETURNS boolean
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION nps_tally_lt(nps_tally, nps_tally) IS 'implementation of < operator';

CREATE FUNCTION nps_tally_le(nps_tally, nps_tally) RETURNS boolean
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION nps_tally_le(nps_tally, nps_tally) IS 'implementation of <= operator';

CREATE FUNCTION nps_tally_gt(nps_tally, nps_tally) RETURNS boolean
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION nps_tally_gt(nps_tally, nps_tally) IS 'implementation of > operator';

CREATE FUNCTION nps_tally_ge(nps_tally, nps_tally) RETURNS boolean
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION nps_tally_ge(nps_tally, nps_tally) IS 'implementation of >= operator';

CREATE FUNCTION nps_tally_cmp(nps_tally, nps_tally) RETURNS integer
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION nps_tally_cmp(nps_tally, nps_tally) IS 'less, equal, greater';

CREATE FUNCTION nps_tally_hash(nps_tally) RETURNS integer
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION nps_tally_hash(nps_tally) IS 'hash';

CREATE FUNCTION nps_tally_hash_extended(nps_tally, bigint) RETURNS bigint
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF
    AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION nps_tally_hash_extended(nps_tally, bigint) IS 'hash';

CREATE OPERATOR = (
    LEFTARG = nps_tally, RIGHTARG = nps_tally, FUNCTION = nps_tally_eq,
    COMMUTATOR = =, NEGATOR = <>,
    RESTRICT = eqsel, JOIN = eqjoinsel,
    HASHES, MERGES
);
COMMENT ON OPERATOR = (nps_tally, nps_tally) IS 'equal to';

CREATE OPERATOR <> (
    LEFTARG = nps_tally, RIGHTARG = nps_tally, FUNCTION = nps_tally_ne,
    COMMUTATOR = <>, NEGATOR = =,
    RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR <> (nps_tally, nps_tally) IS 'not equal to';

CREATE OPERATOR < (
    LEFTARG = nps_tally, RIGHTARG = nps_tally, FUNCTION = nps_tally_lt,
    COMMUTATOR = >, NEGATOR = >=,
    RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
COMMENT ON OPERATOR < (nps_tally, nps_tally) IS 'less than';

CREATE OPERATOR <= (
    LEFTARG = nps_tally, RIGHTARG = nps_tally, FUNCTION = nps_tally_le,
    COMMUTATOR = >=, NEGATOR = >,
    RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
COMMENT ON OPERATOR <= (nps_tally, nps_tally) IS 'less than or equal to';

CREATE OPERATOR > (
    LEFTARG = nps_tally, RIGHTARG = nps_tally, FUNCTION = nps_tally_gt,
    COMMUTATOR = <, NEGATOR = <=,
    RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR > (nps_tally, nps_tally) IS 'greater than';

CREATE OPERATOR >= (
    LEFTARG = nps_tally, RIGHTARG = nps_tally, FUNCTION = nps_tally_ge,
    COMMUTATOR = <=, NEGATOR = <,
    RESTRICT = scalargesel, JOIN = scalargejoinsel
);
COMMENT ON OPERATOR >= (nps_tally, nps_tally) IS 'greater than or equal to';

CREATE OPERATOR CLASS nps_tally_ops
    DEFAULT FOR TYPE nps_tally USING btree AS
    OPERATOR 1 <,
    OPERATOR 2 <=,
    OPERATOR 3 =,
    OPERATOR 4 >=,
    OPERATOR 5 >,
    FUNCTION 1 nps_tally_cmp(nps_tally, nps_tally),
    FUNCTION 4 btequalimage(oid);
COMMENT ON OPERATOR CLASS nps_tally_ops USING btree IS 'by promoters, then passives, then detractors';
COMMENT ON OPERATOR FAMILY nps_tally_ops USING btree IS 'by promoters, then passives, then detractors';

CREATE OPERATOR CLASS nps_tally_ops
    DEFAULT FOR TYPE nps_tally USING hash AS
    OPERATOR 1 =,
    FUNCTION 1 nps_tally_hash(nps_tally),
    FUNCTION 2 nps_tally_hash_extended(nps_tally, bigint);
COMMENT ON OPERATOR CLASS nps_tally_ops USING hash IS 'equality of tallies';
COMMENT ON OPERATOR FAMILY nps_tally_ops USING hash IS 'equality of tallies';
