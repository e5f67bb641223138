-- what a change of a definition would do

CREATE FUNCTION segmentation.impact(model text, segment text DEFAULT NULL, rule text DEFAULT NULL, rank integer DEFAULT NULL,
    source regclass DEFAULT NULL, key name[] DEFAULT NULL, kind text DEFAULT NULL, time_zone text DEFAULT NULL,
    segment_column name DEFAULT NULL, as_of timestamptz DEFAULT NULL,
    OUT affected_model @extschema@.segment_id, OUT affected_segment @extschema@.segment_id, OUT depends_on text,
    OUT customers bigint, OUT entering bigint, OUT leaving bigint, OUT problem text) RETURNS SETOF record
    LANGUAGE c AS 'MODULE_PATHNAME', 'model_impact';
COMMENT ON FUNCTION segmentation.impact(text, text, text, integer, regclass, name[], text, text, name, timestamptz) IS
    'what depends on a segment or model, and how many customers would change, if the segment had another rule or rank or were dropped, or the model altered; nothing is changed';
