-- what rules are made of, and what they are checked by

-- From here on everything is made in schemas of ours, by its whole name.  A name
-- without a schema is the server's, whatever others have made of that name where
-- the types are: what is bound to it runs with the rights of the extension's owner.
SET LOCAL search_path = pg_catalog, pg_temp;

CREATE FUNCTION segmentation.in_segment(id @extschema@.segment_id) RETURNS boolean
    AS 'MODULE_PATHNAME', 'in_segment' LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION segmentation.in_segment(@extschema@.segment_id) IS
    'in a rule: whether the customer is in another segment of the same model';
CREATE FUNCTION segmentation.in_segment(model @extschema@.segment_id, id @extschema@.segment_id) RETURNS boolean
    AS 'MODULE_PATHNAME', 'in_segment' LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION segmentation.in_segment(@extschema@.segment_id, @extschema@.segment_id) IS
    'in a rule: whether the customer is in a segment of another model';

CREATE FUNCTION segmentation.check_rule(
    source regclass, rule text, model text DEFAULT NULL, time_zone text DEFAULT current_setting('TimeZone'),
    OUT expression text, OUT columns name[], OUT refers text[], OUT asks_clock boolean)
    AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL SAFE COST 100;
COMMENT ON FUNCTION segmentation.check_rule(regclass, text, text, text) IS
    'a rule as it would be kept, the source''s columns that it reads, the segments that it refers to, and whether it asks the clock; an error where it is none';

CREATE FUNCTION segmentation.moment() RETURNS timestamptz
    AS 'MODULE_PATHNAME', 'model_moment_now' LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION segmentation.moment() IS
    'in a source: the moment as of which a model is evaluated; now() where none is';
