-- what a rule would give, before it is a definition

CREATE FUNCTION segmentation.preview(model text, rule text, segment text DEFAULT NULL, as_of timestamptz DEFAULT NULL,
    sample float8 DEFAULT NULL, seed bigint DEFAULT 0,
    OUT customers bigint, OUT looked_at bigint, OUT members bigint, OUT share numeric, OUT "unknown" bigint,
    OUT members_low bigint, OUT members_high bigint, OUT entering bigint, OUT leaving bigint)
    LANGUAGE c STABLE COST 100 AS 'MODULE_PATHNAME', 'model_preview';
COMMENT ON FUNCTION segmentation.preview(text, text, text, timestamptz, float8, bigint) IS
    'how many customers a rule would take, now or at any moment, and how many would enter and leave a segment whose rule it replaced; by a sample with an interval of 95 % confidence';

CREATE FUNCTION segmentation.preview_changes(model text, rule text, segment text, as_of timestamptz DEFAULT NULL,
    OUT customer text[], OUT change text) RETURNS SETOF record
    LANGUAGE c STABLE COST 100 AS 'MODULE_PATHNAME', 'model_preview_changes';
COMMENT ON FUNCTION segmentation.preview_changes(text, text, text, timestamptz) IS
    'customers who would enter or leave a segment if a rule replaced its own';
