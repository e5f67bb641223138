-- segment_id: order, sorting, hashing, min and max

CREATE FUNCTION segment_id_lt(segment_id, segment_id) RETURNS boolean
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION segment_id_lt(segment_id, segment_id) IS 'implementation of < operator';

CREATE FUNCTION segment_id_le(segment_id, segment_id) RETURNS boolean
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION segment_id_le(segment_id, segment_id) IS 'implementation of <= operator';

CREATE FUNCTION segment_id_eq(segment_id, segment_id) RETURNS boolean
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION segment_id_eq(segment_id, segment_id) IS 'implementation of = operator';

CREATE FUNCTION segment_id_ge(segment_id, segment_id) RETURNS boolean
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION segment_id_ge(segment_id, segment_id) IS 'implementation of >= operator';

CREATE FUNCTION segment_id_gt(segment_id, segment_id) RETURNS boolean
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION segment_id_gt(segment_id, segment_id) IS 'implementation of > operator';

CREATE FUNCTION segment_id_ne(segment_id, segment_id) RETURNS boolean
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION segment_id_ne(segment_id, segment_id) IS 'implementation of <> operator';

CREATE OPERATOR < (
    FUNCTION = segment_id_lt, LEFTARG = segment_id, RIGHTARG = segment_id,
    COMMUTATOR = >, NEGATOR = >=,
    RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
COMMENT ON OPERATOR < (segment_id, segment_id) IS 'comes before';

CREATE OPERATOR <= (
    FUNCTION = segment_id_le, LEFTARG = segment_id, RIGHTARG = segment_id,
    COMMUTATOR = >=, NEGATOR = >,
    RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
COMMENT ON OPERATOR <= (segment_id, segment_id) IS 'comes before or equals';

CREATE OPERATOR = (
    FUNCTION = segment_id_eq, LEFTARG = segment_id, RIGHTARG = segment_id,
    COMMUTATOR = =, NEGATOR = <>,
    RESTRICT = eqsel, JOIN = eqjoinsel,
    HASHES, MERGES
);
COMMENT ON OPERATOR = (segment_id, segment_id) IS 'equals';

CREATE OPERATOR >= (
    FUNCTION = segment_id_ge, LEFTARG = segment_id, RIGHTARG = segment_id,
    COMMUTATOR = <=, NEGATOR = <,
    RESTRICT = scalargesel, JOIN = scalargejoinsel
);
COMMENT ON OPERATOR >= (segment_id, segment_id) IS 'comes after or equals';

CREATE OPERATOR > (
    FUNCTION = segment_id_gt, LEFTARG = segment_id, RIGHTARG = segment_id,
    COMMUTATOR = <, NEGATOR = <=,
    RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR > (segment_id, segment_id) IS 'comes after';

CREATE OPERATOR <> (
    FUNCTION = segment_id_ne, LEFTARG = segment_id, RIGHTARG = segment_id,
    COMMUTATOR = <>, NEGATOR = =,
    RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR <> (segment_id, segment_id) IS 'differs from';

CREATE FUNCTION segment_id_cmp(segment_id, segment_id) RETURNS integer
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION segment_id_cmp(segment_id, segment_id) IS
    'less than, equal to or greater than 0, as the first id sorts against the second';

CREATE FUNCTION segment_id_sortsupport(internal) RETURNS void
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION segment_id_sortsupport(internal) IS 'sort support, with abbreviated keys';

CREATE OPERATOR CLASS segment_id_ops DEFAULT FOR TYPE segment_id USING btree AS
    OPERATOR 1 <,
    OPERATOR 2 <=,
    OPERATOR 3 =,
    OPERATOR 4 >=,
    OPERATOR 5 >,
    FUNCTION 1 segment_id_cmp(segment_id, segment_id),
    FUNCTION 2 segment_id_sortsupport(internal),
    FUNCTION 4 pg_catalog.btequalimage(oid);
COMMENT ON OPERATOR FAMILY segment_id_ops USING btree IS 'order of segment ids: that of their text in collation "C"';
COMMENT ON OPERATOR CLASS segment_id_ops USING btree IS 'order of segment ids: that of their text in collation "C"';

CREATE FUNCTION segment_id_hash(segment_id) RETURNS integer
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION segment_id_hash(segment_id) IS 'hash, the same on every machine and in every version';

CREATE FUNCTION segment_id_hash_extended(segment_id, bigint) RETURNS bigint
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION segment_id_hash_extended(segment_id, bigint) IS
    'hash of 64 bits with a seed, the same on every machine and in every version';

CREATE OPERATOR CLASS segment_id_ops DEFAULT FOR TYPE segment_id USING hash AS
    OPERATOR 1 =,
    FUNCTION 1 segment_id_hash(segment_id),
    FUNCTION 2 segment_id_hash_extended(segment_id, bigint);
COMMENT ON OPERATOR FAMILY segment_id_ops USING hash IS 'hashing of segment ids';
COMMENT ON OPERATOR CLASS segment_id_ops USING hash IS 'hashing of segment ids';

CREATE FUNCTION segment_id_smaller(segment_id, segment_id) RETURNS segment_id
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION segment_id_smaller(segment_id, segment_id) IS 'the id of the two that sorts first';

CREATE FUNCTION segment_id_larger(segment_id, segment_id) RETURNS segment_id
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION segment_id_larger(segment_id, segment_id) IS 'the id of the two that sorts last';

CREATE AGGREGATE min(segment_id) (
    SFUNC = segment_id_smaller,
    STYPE = segment_id,
    COMBINEFUNC = segment_id_smaller,
    SORTOP = <,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE min(segment_id) IS 'the id that sorts first, NULL for none';

CREATE AGGREGATE max(segment_id) (
    SFUNC = segment_id_larger,
    STYPE = segment_id,
    COMBINEFUNC = segment_id_larger,
    SORTOP = >,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE max(segment_id) IS 'the id that sorts last, NULL for none';
