-- people's decisions, which beat the rules

CREATE FUNCTION segmentation_internal.check_override() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION segmentation_internal.check_override() IS
    'trigger on a model''s table of overrides: the model has such a segment, and who changes an override is its author';

CREATE FUNCTION segmentation.model_overrides(model text)
    RETURNS TABLE (customer text[], segment @extschema@.segment_id, member boolean, reason text, author text,
        set_at timestamptz, expires_at timestamptz, status text)
    LANGUAGE c STABLE COST 100 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION segmentation.model_overrides(text) IS
    'overrides of a model''s customers, and whether each counts: counts, ended, beaten by another, no customer, no segment';
