-- models and their segments: what divides the customers, and by which rules

CREATE TABLE segmentation.model (
    id @extschema@.segment_id PRIMARY KEY,
    kind text NOT NULL
        CONSTRAINT model_kind CHECK (kind IN ('overlapping', 'exclusive', 'column')
            OR segmentation_internal.violated('model_kind', 'unrecognized kind of model', kind,
            'Kinds are "overlapping", "exclusive" and "column".')),
    source segmentation_internal.relation_reference,
    key name[]
        CONSTRAINT model_key_not_empty CHECK ((cardinality(key) > 0) IS NOT false
            OR segmentation_internal.violated('model_key_not_empty', 'the key of a model has at least one column', NULL,
            'Name the columns that identify a customer by the argument key of segmentation.alter_model.')),
    segment_column name
        CONSTRAINT model_segment_column CHECK (segment_column IS NULL OR kind = 'column'),
    time_zone text NOT NULL,
    objective text,
    prefix name,
    assignment segmentation_internal.relation_reference,
    history segmentation_internal.relation_reference,
    member segmentation_internal.relation_reference,
    override segmentation_internal.relation_reference,
    version integer NOT NULL DEFAULT 1
        CONSTRAINT model_version_positive CHECK (version > 0
            OR segmentation_internal.violated('model_version_positive', 'the version of a model cannot be', version::pg_catalog.text,
            'Versions count from 1; the functions that define a model count them.')),
    refreshed_versions text,
    refreshed_at timestamptz,
    as_of timestamptz,
    CONSTRAINT model_objects CHECK (num_nulls(source, key, prefix, assignment, history, member) IN (0, 6))
);
SELECT pg_catalog.pg_extension_config_dump('segmentation.model', '');
GRANT SELECT ON segmentation.model TO PUBLIC;
COMMENT ON TABLE segmentation.model IS 'models: each one way of dividing the same customers';
COMMENT ON COLUMN segmentation.model.id IS 'name of the model';
COMMENT ON COLUMN segmentation.model.kind IS 'overlapping: any number of segments, by rule; exclusive: at most one, the first true rule by rank; column: the application sets it';
COMMENT ON COLUMN segmentation.model.source IS 'table or view that the rules read, one row per customer; NULL while the model has no customers yet';
COMMENT ON COLUMN segmentation.model.key IS 'columns of the source that identify a customer';
COMMENT ON COLUMN segmentation.model.segment_column IS 'column of the source that holds the segment, in a model of kind column';
COMMENT ON COLUMN segmentation.model.time_zone IS 'time zone of its days and local times';
COMMENT ON COLUMN segmentation.model.objective IS 'what it is for';
COMMENT ON COLUMN segmentation.model.prefix IS 'what the names of its objects begin with';
COMMENT ON COLUMN segmentation.model.assignment IS 'table of the stored answers; its owner is the model''s';
COMMENT ON COLUMN segmentation.model.history IS 'table of earlier answers';
COMMENT ON COLUMN segmentation.model.member IS 'view of customers and segments, one row per membership';
COMMENT ON COLUMN segmentation.model.override IS 'table of people''s decisions that beat the rules';
COMMENT ON COLUMN segmentation.model.version IS 'raised by each change of a definition';
COMMENT ON COLUMN segmentation.model.refreshed_versions IS 'versions at the last refresh: the model''s, and those of models that its rules ask';
COMMENT ON COLUMN segmentation.model.refreshed_at IS 'when the last refresh was, by the clock';
COMMENT ON COLUMN segmentation.model.as_of IS 'moment as of which the last refresh evaluated the rules';

CREATE TABLE segmentation.segment (
    model @extschema@.segment_id NOT NULL REFERENCES segmentation.model ON UPDATE CASCADE ON DELETE CASCADE,
    id @extschema@.segment_id NOT NULL,
    title text,
    rank integer,
    rule text,
    columns name[],
    PRIMARY KEY (model, id)
);
SELECT pg_catalog.pg_extension_config_dump('segmentation.segment', '');
GRANT SELECT ON segmentation.segment TO PUBLIC;
COMMENT ON TABLE segmentation.segment IS 'segments: named groups of a model''s customers';
COMMENT ON COLUMN segmentation.segment.model IS 'model that the segment belongs to';
COMMENT ON COLUMN segmentation.segment.id IS 'id of the segment, unique within its model';
COMMENT ON COLUMN segmentation.segment.title IS 'name for people';
COMMENT ON COLUMN segmentation.segment.rank IS 'in an exclusive model: its rule is asked before those of higher rank';
COMMENT ON COLUMN segmentation.segment.rule IS 'SQL condition over the source''s columns, every name qualified; NULL where none decides';
COMMENT ON COLUMN segmentation.segment.columns IS 'columns of the source that the rule reads';

CREATE TABLE segmentation.segment_reference (
    model @extschema@.segment_id NOT NULL,
    segment @extschema@.segment_id NOT NULL,
    to_model @extschema@.segment_id NOT NULL,
    to_segment @extschema@.segment_id NOT NULL,
    PRIMARY KEY (model, segment, to_model, to_segment),
    CONSTRAINT segment_reference_from FOREIGN KEY (model, segment)
        REFERENCES segmentation.segment (model, id) ON UPDATE CASCADE ON DELETE CASCADE,
    CONSTRAINT segment_reference_to FOREIGN KEY (to_model, to_segment)
        REFERENCES segmentation.segment (model, id) ON UPDATE CASCADE
);
CREATE INDEX segment_reference_to_idx ON segmentation.segment_reference (to_model, to_segment);
SELECT pg_catalog.pg_extension_config_dump('segmentation.segment_reference', '');
GRANT SELECT ON segmentation.segment_reference TO PUBLIC;
COMMENT ON TABLE segmentation.segment_reference IS 'which rules ask for another segment, by in_segment';
COMMENT ON COLUMN segmentation.segment_reference.model IS 'model of the segment whose rule asks';
COMMENT ON COLUMN segmentation.segment_reference.segment IS 'segment whose rule asks';
COMMENT ON COLUMN segmentation.segment_reference.to_model IS 'model of the segment asked for';
COMMENT ON COLUMN segmentation.segment_reference.to_segment IS 'segment asked for';

CREATE TABLE segmentation.definition (
    model @extschema@.segment_id NOT NULL REFERENCES segmentation.model ON UPDATE CASCADE ON DELETE CASCADE,
    version integer NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    changed_by name NOT NULL DEFAULT SESSION_USER,
    change text NOT NULL,
    segment @extschema@.segment_id,
    title text,
    rank integer,
    rule text,
    PRIMARY KEY (model, version)
);
SELECT pg_catalog.pg_extension_config_dump('segmentation.definition', '');
GRANT SELECT ON segmentation.definition TO PUBLIC;
COMMENT ON TABLE segmentation.definition IS 'changes of definitions, one row for each version of a model';
COMMENT ON COLUMN segmentation.definition.model IS 'model that was changed';
COMMENT ON COLUMN segmentation.definition.version IS 'its version since; history rows name the version that decided them';
COMMENT ON COLUMN segmentation.definition.changed_at IS 'when, by the clock';
COMMENT ON COLUMN segmentation.definition.changed_by IS 'who: the role that had logged in';
COMMENT ON COLUMN segmentation.definition.change IS 'function that made the change';
COMMENT ON COLUMN segmentation.definition.segment IS 'segment that was defined or dropped';
COMMENT ON COLUMN segmentation.definition.title IS 'its title since';
COMMENT ON COLUMN segmentation.definition.rank IS 'its rank since';
COMMENT ON COLUMN segmentation.definition.rule IS 'its rule since';

CREATE TABLE segmentation.rule_failure (
    model @extschema@.segment_id NOT NULL,
    segment @extschema@.segment_id NOT NULL,
    failing_model @extschema@.segment_id NOT NULL,
    failing_segment @extschema@.segment_id NOT NULL,
    since timestamptz NOT NULL,
    refreshed_at timestamptz NOT NULL,
    sqlstate text NOT NULL,
    message text NOT NULL,
    PRIMARY KEY (model, segment),
    FOREIGN KEY (model, segment)
        REFERENCES segmentation.segment ON UPDATE CASCADE ON DELETE CASCADE
);
SELECT pg_catalog.pg_extension_config_dump('segmentation.rule_failure', '');
-- the server's error says what the source is made of
GRANT SELECT (model, segment, failing_model, failing_segment, since, refreshed_at, sqlstate) ON segmentation.rule_failure TO PUBLIC;
COMMENT ON TABLE segmentation.rule_failure IS 'segments that kept their members at the last refresh because a rule failed';
COMMENT ON COLUMN segmentation.rule_failure.model IS 'model of the segment';
COMMENT ON COLUMN segmentation.rule_failure.segment IS 'segment that kept its members';
COMMENT ON COLUMN segmentation.rule_failure.failing_model IS 'model of the segment whose rule fails';
COMMENT ON COLUMN segmentation.rule_failure.failing_segment IS 'segment whose rule fails: itself, or one that it asks for';
COMMENT ON COLUMN segmentation.rule_failure.since IS 'first refresh of those in a row at which it kept them';
COMMENT ON COLUMN segmentation.rule_failure.refreshed_at IS 'the last of them';
COMMENT ON COLUMN segmentation.rule_failure.sqlstate IS 'code of the server''s error';
COMMENT ON COLUMN segmentation.rule_failure.message IS 'the server''s error, ... in place of values, which may be a customer''s';

-- by the words that create_model has put on them, which a dump takes along, and by their columns
CREATE FUNCTION segmentation_internal.orphaned_tables() RETURNS TABLE (relation pg_catalog.regclass, description pg_catalog.text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT c.oid::regclass, d.description
      FROM pg_class AS c JOIN pg_description AS d ON d.classoid = 'pg_class'::regclass AND d.objoid = c.oid AND d.objsubid = 0
           JOIN (VALUES ('^stored answer of model ".*", one row per customer; written by ', 'segments', '@extschema@.segment_id[]'::regtype),
                        ('^earlier answers of model ".*", one row per customer and period$', 'segments', '@extschema@.segment_id[]'::regtype),
                        ('^people''s decisions that beat the rules of model ".*"; they count from the next refresh$', 'segment', '@extschema@.segment_id'::regtype))
             AS known (words, attname, type) ON d.description ~ known.words
           JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = known.attname AND a.atttypid = known.type
     WHERE c.relkind IN ('r', 'p')
       AND NOT EXISTS (SELECT FROM segmentation.model AS m WHERE c.oid IN (m.assignment::oid, m.history::oid, m.override::oid))
$$;
COMMENT ON FUNCTION segmentation_internal.orphaned_tables() IS 'tables of models that the catalogue does not know';
