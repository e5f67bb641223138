-- rows of the catalogue that a restored database lacks
--
-- Tables of an extension have no order among each other in a restore with several
-- jobs, which loses all rows of those that come too early.  What no foreign key
-- tells is told by the rest: versions, definitions, answers, logs and rules.

-- what names a segment beside the catalogue: answers of now and then, and people's decisions
CREATE FUNCTION segmentation_internal.named_by_tables(of segmentation.model) RETURNS TABLE (segment @extschema@.segment_id, by text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET row_security = off AS $$
DECLARE
    relation regclass;
BEGIN
    -- the application may give up a value, which history keeps
    FOREACH relation IN ARRAY CASE of.kind WHEN 'column' THEN ARRAY[of.assignment::regclass] ELSE ARRAY[of.assignment::regclass, of.history::regclass] END LOOP
        IF segmentation_internal.is_empty(relation) = false THEN
            RETURN QUERY EXECUTE format('SELECT DISTINCT s, %L FROM %s AS a, unnest(a.segments) AS s', relation, relation);
        END IF;
    END LOOP;
    relation := of.override::regclass;
    IF segmentation_internal.is_empty(relation) = false THEN
        RETURN QUERY EXECUTE format('SELECT DISTINCT o.segment, %L FROM %s AS o', relation, relation);
    END IF;
EXCEPTION WHEN OTHERS THEN
    -- tables of other columns: segmentation_internal.model_fault tells of them
    RETURN;
END
$$;
COMMENT ON FUNCTION segmentation_internal.named_by_tables(segmentation.model) IS 'segments that a model''s tables name, and which table';

-- Segments of model "market" come with their markets, those of kind column with the application's values.
CREATE FUNCTION segmentation_internal.lost_segments()
    RETURNS TABLE (finding text, object text, sentence text, hint text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH last_word AS (
        SELECT DISTINCT ON (d.model::text, d.segment::text) d.model::text AS model, d.segment::text AS segment, d.change
          FROM segmentation.definition AS d WHERE d.segment IS NOT NULL ORDER BY d.model::text, d.segment::text, d.version DESC
    ), named AS (
        SELECT w.model, w.segment, 'its definition' AS by FROM last_word AS w WHERE w.change <> 'drop_segment'
        UNION ALL
        SELECT m.id::text, t.segment::text, t.by FROM segmentation.model AS m, segmentation_internal.named_by_tables(m) AS t
        UNION ALL
        SELECT l.model::text, l.segment::text, 'the log of refreshes' FROM segmentation.refresh_log_segment AS l
          JOIN segmentation.model AS m ON m.id OPERATOR(@extschema@.=) l.model AND m.kind <> 'column'
    ), lost AS (
        SELECT n.model, n.segment, string_agg(DISTINCT n.by, ', ') AS by
          FROM named AS n
         WHERE NOT EXISTS (SELECT FROM segmentation.segment AS s WHERE s.model::text = n.model AND s.id::text = n.segment)
           AND NOT EXISTS (SELECT FROM last_word AS w WHERE w.model = n.model AND w.segment = n.segment AND w.change = 'drop_segment')
           AND EXISTS (SELECT FROM segmentation.model AS m WHERE m.id::text = n.model)
         GROUP BY n.model, n.segment
    )
    SELECT 'segment-missing', concat(model, '/', segment), format('it is named by %s, and not in segmentation.segment', by),
           'Load segmentation.segment again, and then segmentation.segment_reference.'
      FROM lost
    UNION ALL
    SELECT 'definition-missing', concat(s.model, '/', s.id), 'no definition is kept of it', 'Load segmentation.definition again.'
      FROM segmentation.segment AS s JOIN segmentation.model AS m ON m.id OPERATOR(@extschema@.=) s.model
     WHERE m.kind <> 'column'
       AND NOT EXISTS (SELECT FROM last_word AS w WHERE w.model = s.model::text AND w.segment = s.id::text AND w.change <> 'drop_segment')
    UNION ALL
    SELECT 'market-missing', s.id::text, 'it is a segment of model "market", and no market',
           'Load segmentation.market again, and then segmentation.offer and segmentation.offer_text.'
      FROM segmentation.segment AS s
     WHERE s.model::text = 'market'
       AND NOT EXISTS (SELECT FROM segmentation.market AS k WHERE k.id OPERATOR(@extschema@.=) s.id)
       AND NOT EXISTS (SELECT FROM last_word AS w WHERE w.model = 'market' AND w.segment = s.id::text)
       AND NOT EXISTS (SELECT FROM segmentation.model AS m WHERE m.id::text = 'market' AND m.source IS NOT NULL)
$$;
COMMENT ON FUNCTION segmentation_internal.lost_segments() IS 'segments, definitions and markets that others say must be there, for check_restore';

-- model "market" is made by the first market, which records no version
CREATE FUNCTION segmentation_internal.lost_versions()
    RETURNS TABLE (finding text, object text, sentence text, hint text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'version-missing', m.id::text,
           format('it is at version %s, and segmentation.definition lacks %s: %s', m.version,
                  CASE count(*) WHEN 1 THEN 'one' ELSE count(*)::text END, segmentation_internal.first_ten(array_agg(v::text ORDER BY v))),
           'Load segmentation.definition again.'
      FROM segmentation.model AS m, generate_series(CASE m.id::text WHEN 'market' THEN 2 ELSE 1 END, m.version) AS v
     WHERE NOT EXISTS (SELECT FROM segmentation.definition AS d WHERE d.model OPERATOR(@extschema@.=) m.id AND d.version = v)
     GROUP BY m.id::text, m.version
    UNION ALL
    SELECT 'version-missing', m.id::text,
           format('it is at version %s, and segmentation.definition knows version %s', m.version, max(d.version)),
           'Load segmentation.model again.'
      FROM segmentation.model AS m JOIN segmentation.definition AS d ON d.model OPERATOR(@extschema@.=) m.id
     GROUP BY m.id::text, m.version
    HAVING max(d.version) > m.version
$$;
COMMENT ON FUNCTION segmentation_internal.lost_versions() IS 'versions of models that are not recorded, for check_restore';

-- Who owns the log may delete what is old; each refresh writes the row of the last one.
CREATE FUNCTION segmentation_internal.lost_logs()
    RETURNS TABLE (finding text, object text, sentence text, hint text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'log-missing', m.id::text, format('segmentation.refresh_log has no row of its last refresh, at %s', m.refreshed_at),
           format('Load segmentation.refresh_log again; or SELECT * FROM segmentation.refresh(%L); which writes another row.', m.id)
      FROM segmentation.model AS m
     WHERE m.refreshed_at IS NOT NULL
       AND NOT EXISTS (SELECT FROM segmentation.refresh_log AS l WHERE l.model OPERATOR(@extschema@.=) m.id AND l.refreshed_at = m.refreshed_at)
    UNION ALL
    SELECT 'log-missing', l.model::text,
           format('segmentation.refresh_log_segment does not add up to what %s of its refreshes count', count(*)),
           'Load segmentation.refresh_log_segment again.'
      FROM segmentation.refresh_log AS l
     WHERE l.entered + l.exited <> (
            SELECT coalesce(sum(s.entered + s.exited), 0) FROM segmentation.refresh_log_segment AS s
             WHERE s.model OPERATOR(@extschema@.=) l.model AND s.refreshed_at = l.refreshed_at)
     GROUP BY l.model::text
    UNION ALL
    SELECT 'failure-missing', m.id::text, format('%s of its segments failed at the last refresh, and segmentation.rule_failure knows of %s', l.failed, f.known),
           format('SELECT * FROM segmentation.refresh(%L); finds them again.', m.id)
      FROM segmentation.model AS m
           JOIN segmentation.refresh_log AS l ON l.model OPERATOR(@extschema@.=) m.id AND l.refreshed_at = m.refreshed_at AND l.version = m.version,
           LATERAL (SELECT count(*) AS known FROM segmentation.rule_failure AS f WHERE f.model OPERATOR(@extschema@.=) m.id) AS f
     WHERE l.failed > f.known
$$;
COMMENT ON FUNCTION segmentation_internal.lost_logs() IS 'what logs of refreshes should have, for check_restore';

CREATE FUNCTION segmentation_internal.lost_models()
    RETURNS TABLE (finding text, object text, sentence text, hint text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'model-missing', o.relation::text, format('it is said to be the %s; segmentation.model knows of none', o.description),
           format('Load segmentation.model again, and then all tables of schema segmentation; or, if the model is not to be, DROP TABLE %s CASCADE;', o.relation)
      FROM segmentation_internal.orphaned_tables() AS o
    UNION ALL
    SELECT 'model-missing', w.model, format('it is named by %s, and not in segmentation.model', string_agg(w.relation, ', ' ORDER BY w.relation)), 'Load segmentation.model again.'
      FROM (SELECT 'segmentation.segment' AS relation, s.model::text AS model FROM segmentation.segment AS s
            UNION SELECT 'segmentation.definition', d.model::text FROM segmentation.definition AS d
            UNION SELECT 'segmentation.refresh_log', l.model::text FROM segmentation.refresh_log AS l) AS w
     WHERE NOT EXISTS (SELECT FROM segmentation.model AS m WHERE m.id::text = w.model)
     GROUP BY w.model
$$;
COMMENT ON FUNCTION segmentation_internal.lost_models() IS 'tables of models that the catalogue does not know, for check_restore';

-- Only a whole table that is empty is told of: nothing says which rows there were.
CREATE FUNCTION segmentation_internal.lost_tables()
    RETURNS TABLE (finding text, object text, sentence text, hint text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'table-empty', w.relation, w.sentence, format('Load %s again.', w.relation)
      FROM (VALUES ('segmentation.offer', 'it has no row, though there are markets that have been activated',
                    EXISTS (SELECT FROM segmentation.market WHERE status <> 'draft') AND NOT EXISTS (SELECT FROM segmentation.offer)),
                   ('segmentation.offer_text', 'it has no row, though there are offers in markets that have been activated',
                    EXISTS (SELECT FROM segmentation.offer AS o JOIN segmentation.market AS m ON m.id OPERATOR(@extschema@.=) o.market WHERE m.status <> 'draft')
                    AND NOT EXISTS (SELECT FROM segmentation.offer_text)),
                   ('segmentation.exchange_rate', 'it has no row, though rules convert currencies',
                    EXISTS (SELECT FROM segmentation.segment WHERE rule LIKE '%convert_currency(%') AND NOT EXISTS (SELECT FROM segmentation.exchange_rate)))
           AS w (relation, sentence, lost)
     WHERE w.lost
$$;
COMMENT ON FUNCTION segmentation_internal.lost_tables() IS 'tables of the catalogue without rows that others need, for check_restore';
