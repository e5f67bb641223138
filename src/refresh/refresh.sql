-- refreshing models, and the log of it

CREATE TABLE segmentation.refresh_log (
    model @extschema@.segment_id NOT NULL
        REFERENCES segmentation.model ON UPDATE CASCADE ON DELETE CASCADE,
    refreshed_at timestamptz NOT NULL,
    as_of timestamptz NOT NULL,
    cause text NOT NULL
        CONSTRAINT refresh_log_cause CHECK (cause IN ('refresh', 'definition')),
    version integer NOT NULL,
    rows_read bigint NOT NULL,
    appeared bigint NOT NULL,
    changed bigint NOT NULL,
    vanished bigint NOT NULL,
    entered bigint NOT NULL,
    exited bigint NOT NULL,
    milliseconds double precision NOT NULL,
    failed integer NOT NULL DEFAULT 0,
    PRIMARY KEY (model, refreshed_at)
);
SELECT pg_catalog.pg_extension_config_dump('segmentation.refresh_log', '');
GRANT SELECT ON segmentation.refresh_log TO PUBLIC;
COMMENT ON TABLE segmentation.refresh_log IS 'refreshes of models';
COMMENT ON COLUMN segmentation.refresh_log.model IS 'model that was refreshed';
COMMENT ON COLUMN segmentation.refresh_log.refreshed_at IS 'when its changes were recorded, by the clock';
COMMENT ON COLUMN segmentation.refresh_log.as_of IS 'moment as of which the rules were evaluated';
COMMENT ON COLUMN segmentation.refresh_log.cause IS 'definition: a rule had changed since the refresh before; refresh: only data and the clock';
COMMENT ON COLUMN segmentation.refresh_log.version IS 'version of the model that decided';
COMMENT ON COLUMN segmentation.refresh_log.rows_read IS 'customers in the source';
COMMENT ON COLUMN segmentation.refresh_log.appeared IS 'customers that were not in the source at the refresh before';
COMMENT ON COLUMN segmentation.refresh_log.changed IS 'customers whose segments changed, those that appeared or vanished aside';
COMMENT ON COLUMN segmentation.refresh_log.vanished IS 'customers that are in the source no more';
COMMENT ON COLUMN segmentation.refresh_log.entered IS 'memberships that began';
COMMENT ON COLUMN segmentation.refresh_log.exited IS 'memberships that ended';
COMMENT ON COLUMN segmentation.refresh_log.milliseconds IS 'how long it took';
COMMENT ON COLUMN segmentation.refresh_log.failed IS 'segments that kept their members because a rule failed';

CREATE TABLE segmentation.refresh_log_segment (
    model @extschema@.segment_id NOT NULL,
    refreshed_at timestamptz NOT NULL,
    segment @extschema@.segment_id NOT NULL,
    entered bigint NOT NULL,
    exited bigint NOT NULL,
    PRIMARY KEY (model, refreshed_at, segment),
    FOREIGN KEY (model, refreshed_at)
        REFERENCES segmentation.refresh_log ON UPDATE CASCADE ON DELETE CASCADE
);
SELECT pg_catalog.pg_extension_config_dump('segmentation.refresh_log_segment', '');
GRANT SELECT ON segmentation.refresh_log_segment TO PUBLIC;
COMMENT ON TABLE segmentation.refresh_log_segment IS 'customers who entered and left each segment at a refresh, where there were any';
COMMENT ON COLUMN segmentation.refresh_log_segment.model IS 'model that was refreshed';
COMMENT ON COLUMN segmentation.refresh_log_segment.refreshed_at IS 'when its changes were recorded, by the clock';
COMMENT ON COLUMN segmentation.refresh_log_segment.segment IS 'segment of the model';
COMMENT ON COLUMN segmentation.refresh_log_segment.entered IS 'customers who entered it';
COMMENT ON COLUMN segmentation.refresh_log_segment.exited IS 'customers who left it';

-- with its owner's rights, to those whom a refresh of the model would warn of it
CREATE VIEW segmentation.rule_failure_message WITH (security_barrier) AS
    SELECT f.model, f.segment, f.message
      FROM segmentation.rule_failure f JOIN segmentation.model m ON m.id OPERATOR(@extschema@.=) f.failing_model
     WHERE pg_catalog.has_table_privilege(m.assignment, 'UPDATE');
GRANT SELECT ON segmentation.rule_failure_message TO PUBLIC;
COMMENT ON VIEW segmentation.rule_failure_message IS 'why rules failed at the last refresh, to those who may refresh the model of the rule';
COMMENT ON COLUMN segmentation.rule_failure_message.model IS 'model of the segment';
COMMENT ON COLUMN segmentation.rule_failure_message.segment IS 'segment that kept its members';
COMMENT ON COLUMN segmentation.rule_failure_message.message IS 'the server''s error, ... in place of values';

CREATE FUNCTION segmentation_internal.model_fault(model text, OUT status text, OUT message text, OUT hint text)
    LANGUAGE c STABLE STRICT COST 100 AS 'MODULE_PATHNAME', 'model_fault';
COMMENT ON FUNCTION segmentation_internal.model_fault(text) IS
    'whether the source or a table of a model is gone, swapped or lacks a column, and what mends it; NULL: neither';

CREATE FUNCTION segmentation.model_status(model text)
    RETURNS TABLE (segment @extschema@.segment_id, status text, since timestamptz, failing text, sqlstate text, message text, rule text)
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    fault record;
BEGIN
    IF $1 IS NULL THEN
        PERFORM segmentation_internal.refuse('22004',
            'argument "model" must not be null');
    END IF;
    SELECT * INTO fault FROM segmentation_internal.model_fault($1);
    RETURN QUERY
        SELECT s.id, CASE WHEN fault.status IS NOT NULL THEN fault.status
                          WHEN f.segment IS NULL THEN 'ok'
                          WHEN f.failing_model OPERATOR(@extschema@.=) f.model
                              AND f.failing_segment OPERATOR(@extschema@.=) f.segment THEN 'fails'
                          ELSE 'waits' END,
               f.since, f.failing_model::text || '/' || f.failing_segment::text, f.sqlstate,
               coalesce(fault.message || ' ' || fault.hint, said.message), s.rule
          FROM segmentation.segment s
               LEFT JOIN segmentation.rule_failure f ON f.model OPERATOR(@extschema@.=) s.model
                   AND f.segment OPERATOR(@extschema@.=) s.id
               LEFT JOIN segmentation.rule_failure_message said ON said.model OPERATOR(@extschema@.=) s.model
                   AND said.segment OPERATOR(@extschema@.=) s.id
         WHERE s.model OPERATOR(@extschema@.=) $1::@extschema@.segment_id
         ORDER BY f.segment IS NULL, s.id;
END
$$;
COMMENT ON FUNCTION segmentation.model_status(text) IS
    'segments of a model: ok; fails, its rule does; waits, for one it asks for: since when, and the server''s error; gone, the model''s source or tables are; outdated, a column of its tables is missing; swapped, another relation has the source''s name now';

CREATE FUNCTION segmentation.model_sql(model text) RETURNS text
    LANGUAGE c STABLE COST 100 AS 'MODULE_PATHNAME', 'model_sql';
COMMENT ON FUNCTION segmentation.model_sql(text) IS 'the SELECT that decides a model''s segments for every customer, as of $1';

CREATE FUNCTION segmentation.refresh(model text, as_of timestamptz DEFAULT NULL)
    RETURNS segmentation.refresh_log
    LANGUAGE c AS 'MODULE_PATHNAME', 'model_refresh';
COMMENT ON FUNCTION segmentation.refresh(text, timestamptz) IS 'brings the stored answers of a model up to date, and records what changed';

CREATE FUNCTION segmentation.verify(model text)
    RETURNS TABLE (customer text[], stored @extschema@.segment_id[], expected @extschema@.segment_id[])
    LANGUAGE c AS 'MODULE_PATHNAME', 'model_verify';
COMMENT ON FUNCTION segmentation.verify(text) IS 'customers whose stored segments differ from what each rule, as a query of its own, gives as of the last refresh';
