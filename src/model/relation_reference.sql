-- a relation that the catalogue refers to, which may be gone

CREATE TYPE segmentation_internal.relation_reference;
CREATE FUNCTION segmentation_internal.relation_reference_in(cstring) RETURNS segmentation_internal.relation_reference
    LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'relation_reference_in';
COMMENT ON FUNCTION segmentation_internal.relation_reference_in(cstring) IS 'I/O';
CREATE FUNCTION segmentation_internal.relation_reference_out(segmentation_internal.relation_reference) RETURNS cstring
    LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'relation_reference_out';
COMMENT ON FUNCTION segmentation_internal.relation_reference_out(segmentation_internal.relation_reference) IS 'I/O';
CREATE FUNCTION segmentation_internal.relation_reference_recv(internal) RETURNS segmentation_internal.relation_reference
    LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'relation_reference_recv';
COMMENT ON FUNCTION segmentation_internal.relation_reference_recv(internal) IS 'I/O';
CREATE FUNCTION segmentation_internal.relation_reference_send(segmentation_internal.relation_reference) RETURNS bytea
    LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'relation_reference_send';
COMMENT ON FUNCTION segmentation_internal.relation_reference_send(segmentation_internal.relation_reference) IS 'I/O';
CREATE TYPE segmentation_internal.relation_reference (
    INPUT = segmentation_internal.relation_reference_in, OUTPUT = segmentation_internal.relation_reference_out,
    RECEIVE = segmentation_internal.relation_reference_recv, SEND = segmentation_internal.relation_reference_send,
    INTERNALLENGTH = VARIABLE, ALIGNMENT = int4, STORAGE = plain
);
COMMENT ON TYPE segmentation_internal.relation_reference IS
    'a table or view: its name now; followed by the name it was chosen by, in parentheses, where another relation has that; only that, in parentheses, where it is gone';

CREATE FUNCTION segmentation_internal.relation_reference(oid) RETURNS segmentation_internal.relation_reference
    LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'relation_reference_from_oid';
COMMENT ON FUNCTION segmentation_internal.relation_reference(oid) IS 'conversion from oid; NULL for 0';
CREATE FUNCTION segmentation_internal.relation_reference(regclass) RETURNS segmentation_internal.relation_reference
    LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'relation_reference_from_oid';
COMMENT ON FUNCTION segmentation_internal.relation_reference(regclass) IS 'conversion from regclass; NULL for 0';
CREATE FUNCTION segmentation_internal.oid(segmentation_internal.relation_reference) RETURNS oid
    LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'relation_reference_to_oid';
COMMENT ON FUNCTION segmentation_internal.oid(segmentation_internal.relation_reference) IS 'conversion to oid; NULL where it is gone';
CREATE FUNCTION segmentation_internal.regclass(segmentation_internal.relation_reference) RETURNS regclass
    LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'relation_reference_to_oid';
COMMENT ON FUNCTION segmentation_internal.regclass(segmentation_internal.relation_reference) IS 'conversion to regclass; NULL where it is gone';

-- implicit, so that it is used like a regclass
CREATE CAST (oid AS segmentation_internal.relation_reference)
    WITH FUNCTION segmentation_internal.relation_reference(oid) AS ASSIGNMENT;
COMMENT ON CAST (oid AS segmentation_internal.relation_reference) IS 'the relation, under its name now';
CREATE CAST (regclass AS segmentation_internal.relation_reference)
    WITH FUNCTION segmentation_internal.relation_reference(regclass) AS ASSIGNMENT;
COMMENT ON CAST (regclass AS segmentation_internal.relation_reference) IS 'the relation, under its name now';
CREATE CAST (segmentation_internal.relation_reference AS oid)
    WITH FUNCTION segmentation_internal.oid(segmentation_internal.relation_reference) AS IMPLICIT;
COMMENT ON CAST (segmentation_internal.relation_reference AS oid) IS 'NULL where it is gone';
CREATE CAST (segmentation_internal.relation_reference AS regclass)
    WITH FUNCTION segmentation_internal.regclass(segmentation_internal.relation_reference) AS IMPLICIT;
COMMENT ON CAST (segmentation_internal.relation_reference AS regclass) IS 'NULL where it is gone';
