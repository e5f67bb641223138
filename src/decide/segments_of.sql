-- what the compiled SELECT of a model calls for each customer

CREATE FUNCTION segmentation_internal.flags(VARIADIC conditions "any") RETURNS bigint
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'segment_flags';
COMMENT ON FUNCTION segmentation_internal.flags("any") IS 'up to 32 conditions in one number: those that are true as bits, and 32 bits above them those that are null';

CREATE FUNCTION segmentation_internal.segments_of(program text[], flags bigint[]) RETURNS @extschema@.segment_id[]
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'segments_of';
COMMENT ON FUNCTION segmentation_internal.segments_of(text[], bigint[]) IS 'sorted segments of a customer whose conditions are decided, by the program of a model';
