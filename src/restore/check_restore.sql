-- what a restored database lacks
--
-- A dump has all that is ours, but not every restore takes all of it back: a
-- table that could not be made, data that were loaded without their foreign keys
-- being looked at, a section that was left out.

CREATE FUNCTION segmentation_internal.without_children(relation regclass) RETURNS text
LANGUAGE sql STABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE relkind WHEN 'p' THEN '' ELSE 'ONLY ' END || relation::text FROM pg_class WHERE oid = relation
$$;
COMMENT ON FUNCTION segmentation_internal.without_children(regclass) IS 'a table as a foreign key reads it: with partitions, without inheritance children';

CREATE FUNCTION segmentation_internal.dangling_query(foreign_key oid) RETURNS text
LANGUAGE sql STABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
    SELECT format('SELECT count(*), min(concat_ws(%L, %s) COLLATE "C") FROM %s AS r WHERE %s AND NOT EXISTS (SELECT FROM %s AS p WHERE %s)', ', ',
                  string_agg(format('r.%I', r.attname), ', ' ORDER BY n), segmentation_internal.without_children(c.conrelid),
                  string_agg(format('r.%I IS NOT NULL', r.attname), ' AND '), segmentation_internal.without_children(c.confrelid),
                  string_agg(format('p.%I OPERATOR(%I.%s) r.%I', p.attname, o.oprnamespace::regnamespace, o.oprname, r.attname), ' AND '))
      FROM pg_constraint AS c,
           unnest(c.conkey, c.confkey, c.conpfeqop) WITH ORDINALITY AS k (referencing, referenced, equal, n)
           JOIN pg_attribute AS r ON r.attnum = k.referencing
           JOIN pg_attribute AS p ON p.attnum = k.referenced
           JOIN pg_operator AS o ON o.oid = k.equal
     WHERE c.oid = foreign_key AND r.attrelid = c.conrelid AND p.attrelid = c.confrelid
     GROUP BY c.conrelid, c.confrelid
$$;
COMMENT ON FUNCTION segmentation_internal.dangling_query(oid) IS 'the query of the rows that a foreign key should not have let in';

-- Rows are read as they are, as the owner of their table: who asks must see all of them.
CREATE FUNCTION segmentation_internal.count_dangling(foreign_key oid, OUT dangling bigint, OUT example text, OUT fault text)
    LANGUAGE c STABLE STRICT COST 100 SET search_path = pg_catalog, pg_temp SET row_security = off AS 'MODULE_PATHNAME', 'count_dangling';
COMMENT ON FUNCTION segmentation_internal.count_dangling(oid) IS 'rows that a foreign key should not have let in, and the key of one; or the error that reading them raises';

CREATE FUNCTION segmentation_internal.lost_references()
    RETURNS TABLE (finding text, object text, sentence text, hint text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH foreign_key AS (
        SELECT c.oid, c.conname, c.conrelid::regclass AS referencing, c.confrelid::regclass AS referenced, c.convalidated
          FROM pg_constraint AS c
         WHERE c.contype = 'f' AND c.conparentid = 0
           AND 'segmentation'::regnamespace = (SELECT relnamespace FROM pg_class WHERE pg_class.oid = c.confrelid)
    ), found AS MATERIALIZED (
        SELECT k.*, d.* FROM foreign_key AS k, segmentation_internal.count_dangling(k.oid) AS d
    )
    SELECT 'dangling', k.referencing::text,
           format(CASE WHEN k.dangling = 1 THEN '%s row refers to nothing in %s by foreign key "%s": %s'
                       ELSE '%s rows refer to nothing in %s by foreign key "%s", as %s' END,
                  k.dangling, k.referenced, k.conname, k.example),
           format('Load %s again, or delete the rows.', k.referenced)
      FROM found AS k
     WHERE k.dangling > 0
    UNION ALL
    SELECT 'unreadable', k.referencing::text, format('rows that foreign key "%s" should have let in cannot be read: %s', k.conname, k.fault),
           format('Read them as their owner, and mend what fails: SELECT * FROM %s;', k.referencing)
      FROM found AS k
     WHERE k.fault IS NOT NULL
    UNION ALL
    SELECT 'not-valid', k.referencing::text, format('foreign key "%s" to %s has not been checked', k.conname, k.referenced),
           format('ALTER TABLE %s VALIDATE CONSTRAINT %I;', k.referencing, k.conname)
      FROM foreign_key AS k
     WHERE NOT k.convalidated
$$;
COMMENT ON FUNCTION segmentation_internal.lost_references() IS 'foreign keys from and to the catalogue that do not hold, for check_restore';

-- ours, those of overrides, and those of foreign keys from and to the catalogue
CREATE FUNCTION segmentation_internal.disabled_triggers()
    RETURNS TABLE (finding text, object text, sentence text, hint text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT DISTINCT 'trigger-disabled', t.tgrelid::regclass::text,
           format(CASE WHEN t.tgisinternal THEN 'triggers of foreign keys are disabled' ELSE 'trigger "%s" is disabled' END, t.tgname),
           format('ALTER TABLE %s ENABLE TRIGGER %s;', t.tgrelid::regclass, CASE WHEN t.tgisinternal THEN 'ALL' ELSE quote_ident(t.tgname) END)
      FROM pg_trigger AS t
           JOIN pg_proc AS p ON p.oid = t.tgfoid
           LEFT JOIN pg_constraint AS c ON c.oid = t.tgconstraint AND t.tgisinternal
     WHERE t.tgenabled IN ('D', 'R') AND t.tgparentid = 0
       AND (p.pronamespace = 'segmentation_internal'::regnamespace
            OR 'segmentation'::regnamespace IN ((SELECT relnamespace FROM pg_class WHERE oid = c.conrelid),
                                                (SELECT relnamespace FROM pg_class WHERE oid = c.confrelid)))
$$;
COMMENT ON FUNCTION segmentation_internal.disabled_triggers() IS 'triggers of ours that do not fire, for check_restore';

CREATE FUNCTION segmentation_internal.triggers_of_locks(OUT relation regclass, OUT function name, OUT arguments text[]) RETURNS SETOF record
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT t.tgrelid, p.proname, segmentation_internal.lock_arguments(t.oid)
      FROM pg_trigger AS t JOIN pg_proc AS p ON p.oid = t.tgfoid
     WHERE p.pronamespace = 'segmentation_internal'::regnamespace AND starts_with(p.proname, 'lock_') AND t.tgparentid = 0
$$;
COMMENT ON FUNCTION segmentation_internal.triggers_of_locks() IS 'triggers of locks, whoever owns their tables';

-- of the lock whose triggers have these arguments: what install_lock would have to make
CREATE FUNCTION segmentation_internal.missing_of_lock(arguments text[], OUT missing text, OUT is_renewed boolean) RETURNS SETOF record
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET standard_conforming_strings = on AS $$
DECLARE
    said CONSTANT jsonb := (SELECT jsonb_object_agg(split_part(a, '=', 1), substr(a, strpos(a, '=') + 1)) FROM unnest(arguments) AS a);
    customers CONSTANT regclass := to_regclass(said ->> 'customers');
    subscriptions CONSTANT regclass := to_regclass(said ->> 'subscriptions');
    offers CONSTANT regclass := to_regclass(said ->> 'offers');
    names CONSTANT name[] := ARRAY['segment_locked_at'];
    present CONSTANT text[] := ARRAY(SELECT regexp_replace(t.tgname, '_\d+$', '') FROM pg_trigger AS t
                                      WHERE segmentation_internal.lock_arguments(t.oid) = arguments AND t.tgparentid = 0);
    statement text;
    trigger_name text;
BEGIN
    RETURN QUERY
        SELECT format('%s %s', a, said ->> a), false FROM unnest('{customers,subscriptions,offers}'::text[]) AS a
         WHERE said ? a AND to_regclass(said ->> a) IS NULL;
    IF FOUND OR said IS NULL THEN
        RETURN;
    ELSIF NOT segmentation_internal.lock_references(subscriptions, customers) THEN
        missing := format('foreign key from %s to %s', subscriptions, customers);
        is_renewed := false;
        RETURN NEXT;
    END IF;
    is_renewed := true;
    FOR statement IN SELECT s FROM segmentation_internal.lock_statements(customers, subscriptions, CASE WHEN NOT said ? 'subscription_segment' THEN offers END, arguments, names, names,
                                       (parse_ident(said ->> 'customer_segment'))[1], names, said ? 'markets') AS s
    LOOP
        trigger_name := btrim(substring(statement FROM '^CREATE (?:CONSTRAINT )?TRIGGER (\S+) '), '"');
        IF trigger_name IS NULL THEN
            missing := CASE WHEN starts_with(statement, 'ALTER TABLE') THEN format('column segment_locked_at of %s', customers)
                            ELSE format('foreign key from %s to segmentation.market', customers) END;
            RETURN NEXT;
        ELSIF regexp_replace(trigger_name, '_\d+$', '') <> ALL (present) THEN
            missing := format('trigger %s', regexp_replace(trigger_name, '_\d+$', ''));
            RETURN NEXT;
        ELSIF segmentation_internal.lock_consent(statement, array_remove(
                  ARRAY[customers, subscriptions, CASE WHEN NOT said ? 'subscription_segment' THEN offers END], NULL), arguments) IS NOT NULL
              AND NOT EXISTS (SELECT FROM pg_trigger AS t
                               WHERE segmentation_internal.lock_arguments(t.oid) = arguments AND t.tgparentid = 0
                                 AND regexp_replace(t.tgname, '_\d+$', '') = regexp_replace(trigger_name, '_\d+$', '')
                                 AND obj_description(t.oid, 'pg_trigger') = segmentation_internal.lock_agreement(arguments, t.tgrelid)) THEN
            missing := format('comment on trigger %s', regexp_replace(trigger_name, '_\d+$', ''));
            RETURN NEXT;
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION segmentation_internal.missing_of_lock(text[]) IS 'tables, columns, foreign keys and triggers of a lock that are not there, and whether renew_lock makes them';

CREATE FUNCTION segmentation_internal.lost_locks()
    RETURNS TABLE (finding text, object text, sentence text, hint text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    installed record;
    missing text;
    is_renewed boolean;
BEGIN
    FOR installed IN
        SELECT l.arguments, min(l.relation::text) FILTER (WHERE l.function = 'lock_subscription') AS relation,
               max(substr(a, length('customers=') + 1)) FILTER (WHERE starts_with(a, 'customers=')) AS customers,
               max(substr(a, length('subscriptions=') + 1)) FILTER (WHERE starts_with(a, 'subscriptions=')) AS subscriptions
          FROM segmentation_internal.triggers_of_locks() AS l, unnest(l.arguments) AS a
         WHERE l.function <> 'lock_customer'
         GROUP BY l.arguments ORDER BY 4, 3
    LOOP
        BEGIN
            SELECT string_agg(m.missing, ', '), coalesce(bool_and(m.is_renewed), true) INTO missing, is_renewed
              FROM segmentation_internal.missing_of_lock(installed.arguments) AS m;
            missing := coalesce(missing, CASE WHEN to_regclass(installed.relation) <> to_regclass(installed.subscriptions)
                                              THEN format('triggers on %s: they are on %s', installed.subscriptions, installed.relation) END);
        EXCEPTION WHEN OTHERS THEN
            missing := format('what it stands on: %s', SQLERRM);
            is_renewed := false;
        END;
        RETURN QUERY
            SELECT 'lock-incomplete', installed.subscriptions, format('the lock of %s lacks %s', installed.customers, missing),
                   CASE WHEN is_renewed THEN '' ELSE 'Put back what is missing, if it was not renamed; then renew the lock: ' END ||
                   format('SELECT * FROM segmentation.renew_lock(%L, %L);', to_regclass(installed.customers),
                          coalesce(to_regclass(installed.relation)::text, installed.subscriptions))
             WHERE missing IS NOT NULL;
    END LOOP;
    RETURN QUERY
        SELECT 'lock-missing', a.attrelid::regclass::text, 'it has a column segment_locked_at, and no lock',
               format('Install the lock again, as it was, with segmentation.install_lock; or, if it was removed on purpose: ALTER TABLE %s DROP COLUMN segment_locked_at;',
                      a.attrelid::regclass)
          FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
         WHERE a.attname = 'segment_locked_at' AND a.atttypid = 'timestamptz'::regtype AND c.relkind IN ('r', 'p') AND NOT c.relispartition
           AND c.relpersistence <> 't'
           -- a copy of the rows alone, as by CREATE TABLE AS, never had one
           AND EXISTS (SELECT FROM pg_constraint AS k WHERE k.contype = 'p' AND k.conrelid = c.oid OR k.contype = 'f' AND k.confrelid = c.oid)
           AND a.attrelid <> ALL (ARRAY(SELECT coalesce(to_regclass(substr(l.arguments[1], length('customers=') + 1)), 0)
                                          FROM segmentation_internal.triggers_of_locks() AS l WHERE l.function <> 'lock_customer'));
END
$$;
COMMENT ON FUNCTION segmentation_internal.lost_locks() IS 'locks that are not whole, for check_restore';

CREATE FUNCTION segmentation_internal.rule_references(model text, segment text) RETURNS text[]
    LANGUAGE c STABLE STRICT COST 100 AS 'MODULE_PATHNAME', 'rule_references';
COMMENT ON FUNCTION segmentation_internal.rule_references(text, text) IS
    'segments that a segment''s rule asks for, as the rule is read today; an error where it cannot be read any more';

CREATE FUNCTION segmentation_internal.lost_rules()
    RETURNS TABLE (finding text, object text, sentence text, hint text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    s segmentation.segment;
    asked text[];
    kept text[];
BEGIN
    FOR s IN SELECT x.* FROM segmentation.segment AS x JOIN segmentation.model AS m ON m.id OPERATOR(@extschema@.=) x.model ORDER BY x.model, x.id LOOP
        kept := ARRAY(SELECT concat(f.to_model, '/', f.to_segment) FROM segmentation.segment_reference AS f
                       WHERE f.model OPERATOR(@extschema@.=) s.model AND f.segment OPERATOR(@extschema@.=) s.id);
        asked := '{}';
        BEGIN
            asked := CASE WHEN s.rule IS NOT NULL THEN segmentation_internal.rule_references(s.model::text, s.id::text) ELSE asked END;
        EXCEPTION WHEN OTHERS THEN
            finding := 'rule-broken';
            object := concat(s.model, '/', s.id);
            sentence := format('its rule cannot be read any more: %s. The rule is %s', SQLERRM, s.rule);
            hint := format('Restore what it names; or define the segment by what there is now, with segmentation.define_segment; or drop it: SELECT segmentation.drop_segment(%L, %L);', s.model, s.id);
            RETURN NEXT;
            CONTINUE;
        END;
        RETURN QUERY
            SELECT 'reference-missing', concat(s.model, '/', s.id),
                   format('its rule asks for %s, and segmentation.segment_reference does not say so', segmentation_internal.first_ten(array_agg(a ORDER BY a))),
                   'Load segmentation.segment_reference again, after segmentation.segment.'
              FROM unnest(asked) AS a WHERE a <> ALL (kept) HAVING count(*) > 0;
        RETURN QUERY
            SELECT 'reference-unasked', concat(s.model, '/', s.id),
                   format('segmentation.segment_reference says that it asks for %s, and its rule does not', segmentation_internal.first_ten(array_agg(k ORDER BY k))),
                   'Load segmentation.segment again.'
              FROM unnest(kept) AS k WHERE k <> ALL (asked) HAVING count(*) > 0;
    END LOOP;
END
$$;
COMMENT ON FUNCTION segmentation_internal.lost_rules() IS 'rules that mean nothing any more, for check_restore';

CREATE FUNCTION segmentation_internal.has_primary_key(relation oid) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (SELECT FROM pg_constraint WHERE conrelid = relation AND contype = 'p')
$$;
COMMENT ON FUNCTION segmentation_internal.has_primary_key(oid) IS 'whether a relation has a primary key';

-- false of a relation that is not there or is no table: its rows are none of ours
CREATE FUNCTION segmentation_internal.is_empty(relation oid) RETURNS boolean
    LANGUAGE c STABLE STRICT COST 100 SET search_path = pg_catalog, pg_temp SET row_security = off AS 'MODULE_PATHNAME', 'is_empty';
COMMENT ON FUNCTION segmentation_internal.is_empty(oid) IS 'whether a table has no rows';

CREATE FUNCTION segmentation_internal.lost_of_models()
    RETURNS TABLE (finding text, object text, sentence text, hint text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH model AS (
        SELECT m.id::text AS id, m.key, m.assignment::oid AS assignment, m.history::oid AS history, m.override::oid AS override
          FROM segmentation.model AS m WHERE m.source IS NOT NULL
    )
    SELECT 'model-' || f.status, m.id, f.message, f.hint FROM model AS m, segmentation_internal.model_fault(m.id) AS f
     WHERE f.status <> 'incomplete' -- lost_rows says which rows are
    UNION ALL
    SELECT 'object-missing', m.id, format('its %s is not there', o.what), format('SELECT segmentation.alter_model(%L);', m.id)
      FROM model AS m, unnest(segmentation_internal.missing_objects(m.id)) AS o (what)
     WHERE m.assignment IS NOT NULL AND m.history IS NOT NULL
    UNION ALL
    SELECT 'key-missing', t.relation::regclass::text, format('table of model "%s" has no primary key', m.id),
           format('ALTER TABLE %s ADD PRIMARY KEY (%s);', t.relation::regclass, (SELECT string_agg(quote_ident(k), ', ') FROM unnest(m.key || t.more) AS k))
      FROM model AS m, LATERAL (VALUES (m.assignment, '{}'::name[]), (m.history, '{since}'), (m.override, '{segment}')) AS t (relation, more)
     WHERE t.relation IS NOT NULL AND NOT segmentation_internal.has_primary_key(t.relation)
    UNION ALL
    SELECT 'trigger-missing', m.override::regclass::text, format('nothing checks the overrides of model "%s"', m.id),
           format('CREATE TRIGGER check_override BEFORE INSERT OR UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION segmentation_internal.check_override();', m.override::regclass)
      FROM model AS m
     WHERE m.override IS NOT NULL
       AND NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = m.override AND tgfoid = 'segmentation_internal.check_override()'::regprocedure)
    UNION ALL
    SELECT 'answers-missing', m.id, 'it has been refreshed, and there is no answer and no history',
           format('Restore the rows of its tables, or begin anew: SELECT * FROM segmentation.refresh(%L);', m.id)
      FROM model AS m
     WHERE m.assignment IS NOT NULL AND m.history IS NOT NULL
       AND EXISTS (SELECT FROM segmentation.refresh_log AS l WHERE l.model::text = m.id AND l.rows_read > 0)
       AND segmentation_internal.is_empty(m.assignment) AND segmentation_internal.is_empty(m.history)
$$;
COMMENT ON FUNCTION segmentation_internal.lost_of_models() IS 'models without their source or objects, for check_restore';

CREATE FUNCTION segmentation.check_restore()
    RETURNS TABLE (finding text, object text, sentence text, hint text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT * FROM segmentation_internal.lost_references()
    UNION ALL SELECT * FROM segmentation_internal.disabled_triggers()
    UNION ALL SELECT * FROM segmentation_internal.lost_locks()
    UNION ALL SELECT * FROM segmentation_internal.lost_of_models()
    UNION ALL SELECT * FROM segmentation_internal.lost_rules()
    UNION ALL SELECT * FROM segmentation_internal.lost_segments()
    UNION ALL SELECT * FROM segmentation_internal.lost_versions()
    UNION ALL SELECT * FROM segmentation_internal.lost_logs()
    UNION ALL SELECT * FROM segmentation_internal.lost_models()
    UNION ALL SELECT * FROM segmentation_internal.lost_tables()
    UNION ALL SELECT 'market-incomplete', m.id::text, c.sentence, c.hint
      FROM segmentation.market AS m, segmentation.check_market(m.id) AS c
     WHERE m.status = 'active' AND c.severity = 'error'
    ORDER BY finding, object, sentence
$$;
REVOKE EXECUTE ON FUNCTION segmentation.check_restore() FROM PUBLIC;
COMMENT ON FUNCTION segmentation.check_restore() IS
    'what a restored database lacks of what is the extension''s: one row for each finding, none if nothing is missing; for who may read all rows';
