-- stored answers of models whose owners have not the rights of who asks

CREATE FUNCTION segmentation_internal.stored_answer(assignment regclass, columns name[], VARIADIC key "any") RETURNS @extschema@.segment_id[]
    LANGUAGE c STABLE PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'stored_answer';
COMMENT ON FUNCTION segmentation_internal.stored_answer(regclass, name[], "any") IS
    'segments of the customer with this key in a model''s assignment, read by its primary key and by no statement; empty where there is none';
