-- making, changing and dropping models and their segments

CREATE FUNCTION segmentation.create_model(name text, source regclass, key name[], kind text DEFAULT 'overlapping',
    time_zone text DEFAULT pg_catalog.current_setting('TimeZone'), schema name DEFAULT pg_catalog.current_schema(),
    prefix name DEFAULT NULL, objective text DEFAULT NULL, segment_column name DEFAULT NULL) RETURNS void
    LANGUAGE c AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION segmentation.create_model(text, regclass, name[], text, text, name, name, text, name) IS
    'makes a model of the customers in a table or view, with its own tables, views and function in a schema of yours';

-- no comparison of rows: printed, as for a dump, it loses the schemas of its operators
CREATE VIEW segmentation.segment_dependency AS
    SELECT model, segment, to_model, to_segment, false AS by_rank FROM segmentation.segment_reference
    UNION ALL
    SELECT s.model, s.id, s.model, before.id, true
      FROM segmentation.segment s
           JOIN segmentation.model m ON m.id OPERATOR(@extschema@.=) s.model AND m.kind OPERATOR(pg_catalog.=) 'exclusive'
           CROSS JOIN LATERAL (SELECT b.id FROM segmentation.segment b
                                WHERE b.model OPERATOR(@extschema@.=) s.model
                                  AND (b.rank OPERATOR(pg_catalog.<) s.rank
                                       OR b.rank OPERATOR(pg_catalog.=) s.rank AND b.id OPERATOR(@extschema@.<) s.id)
                                ORDER BY b.rank DESC, b.id DESC LIMIT 1) before;
GRANT SELECT ON segmentation.segment_dependency TO PUBLIC;
COMMENT ON VIEW segmentation.segment_dependency IS
    'what the answer of each segment depends on: segments that its rule refers to and, in exclusive models, the one before it';
COMMENT ON COLUMN segmentation.segment_dependency.model IS 'model of the segment';
COMMENT ON COLUMN segmentation.segment_dependency.segment IS 'segment that depends';
COMMENT ON COLUMN segmentation.segment_dependency.to_model IS 'model of the segment that it depends on';
COMMENT ON COLUMN segmentation.segment_dependency.to_segment IS 'segment that it depends on';
COMMENT ON COLUMN segmentation.segment_dependency.by_rank IS 'whether it depends on it because that one is asked before, not by its rule';

CREATE FUNCTION segmentation.define_segment(model text, segment text, rule text DEFAULT NULL, title text DEFAULT NULL,
    rank integer DEFAULT NULL, "count" boolean DEFAULT true,
    OUT members bigint, OUT share numeric, OUT "unknown" bigint)
    LANGUAGE c AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION segmentation.define_segment(text, text, text, text, integer, boolean) IS
    'defines a segment or changes it: its rule, title and rank; what is not given stays. Counts its customers, and those for whom the rule is NULL';

CREATE FUNCTION segmentation.drop_segment(model text, segment text) RETURNS void
    LANGUAGE c AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION segmentation.drop_segment(text, text) IS 'drops a segment that no other rule refers to';

CREATE FUNCTION segmentation.alter_model(model text, source regclass DEFAULT NULL, key name[] DEFAULT NULL,
    kind text DEFAULT NULL, time_zone text DEFAULT NULL, objective text DEFAULT NULL, segment_column name DEFAULT NULL,
    rename text DEFAULT NULL, schema name DEFAULT NULL, prefix name DEFAULT NULL, accept_loss boolean DEFAULT false) RETURNS void
    LANGUAGE c AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION segmentation.alter_model(text, regclass, name[], text, text, text, name, text, name, name, boolean) IS
    'changes a model; what is not given stays. Schema and prefix are for the first source of a model that has none yet; accept_loss says that definitions which a restore has lost are not coming back';

CREATE FUNCTION segmentation.drop_model(model text) RETURNS void
    LANGUAGE c AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION segmentation.drop_model(text) IS
    'drops a model with its segments, tables, views and history, if no rule of another model refers to it and nothing of yours depends on them';

CREATE FUNCTION segmentation.prune_history(model text, before timestamptz) RETURNS bigint
    LANGUAGE c AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION segmentation.prune_history(text, timestamptz) IS
    'deletes the periods of a model''s history that ended by a moment, and says how many; takes DELETE on the history';

CREATE FUNCTION segmentation.forget_customer(model text, VARIADIC key text[]) RETURNS bigint
    LANGUAGE c AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION segmentation.forget_customer(text, text[]) IS
    'deletes all that a model has stored of a customer, and says how many rows; takes DELETE on its assignment, history and overrides';

CREATE FUNCTION segmentation.forget_everywhere(source regclass, key text[]) RETURNS bigint
    LANGUAGE c AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION segmentation.forget_everywhere(regclass, text[]) IS
    'deletes all that is stored of a customer by the models of a source and, where that is a table, by its locks, and says how many rows';

-- whether a view (pg_rewrite) or function (pg_proc) reads the relation that has these columns or arguments, beside others
CREATE FUNCTION segmentation_internal.is_read_by(relation oid, readers regclass, columns name[]) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (SELECT FROM pg_depend AS d
                          LEFT JOIN pg_rewrite AS w ON d.classid = 'pg_rewrite'::regclass AND w.oid = d.objid
                          LEFT JOIN pg_class AS c ON c.oid = w.ev_class AND c.relkind = 'v'
                          LEFT JOIN pg_proc AS p ON d.classid = 'pg_proc'::regclass AND p.oid = d.objid
                    WHERE d.classid = readers AND d.refclassid = 'pg_class'::regclass AND d.refobjid = relation
                      AND columns <@ coalesce(p.proargnames::name[], ARRAY(SELECT a.attname FROM pg_attribute AS a WHERE a.attrelid = c.oid)))
$$;
COMMENT ON FUNCTION segmentation_internal.is_read_by(oid, regclass, name[]) IS 'whether a view or function with given columns reads a relation';

CREATE FUNCTION segmentation_internal.missing_objects(model text) RETURNS text[]
    LANGUAGE c STABLE STRICT COST 100 AS 'MODULE_PATHNAME', 'missing_objects';
COMMENT ON FUNCTION segmentation_internal.missing_objects(text) IS 'tables, views and function of a model that alter_model would make again';
