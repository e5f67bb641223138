-- installing and removing a lock: glue between catalog and DDL

-- Each lock by the trigger that its subscriptions have on INSERT.  Where these
-- are gone, what is left is the guard of the customers; the first argument of
-- both names the customers.
CREATE VIEW segmentation.lock AS
    WITH trigger AS (
        SELECT t.tgrelid, t.tgfoid, segmentation.lock_arguments(t.oid) AS arguments,
               (t.tgtype OPERATOR(pg_catalog.&) 4::pg_catalog.int2) OPERATOR(pg_catalog.<>) 0 AS on_insert,
               (t.tgtype OPERATOR(pg_catalog.&) 16::pg_catalog.int2) OPERATOR(pg_catalog.<>) 0 AS on_update
          FROM pg_catalog.pg_trigger t
         WHERE t.tgfoid OPERATOR(pg_catalog.=) ANY (ARRAY['segmentation.lock_subscription()'::pg_catalog.regprocedure,
                                                          'segmentation.lock_customer()'::pg_catalog.regprocedure]::pg_catalog.oid[])
           AND t.tgparentid OPERATOR(pg_catalog.=) 0::pg_catalog.oid
           AND NOT t.tgdeferrable
    ), installed AS (
        SELECT t.tgrelid::pg_catalog.regclass AS subscriptions, t.tgrelid, t.arguments
          FROM trigger t
         WHERE t.tgfoid OPERATOR(pg_catalog.=) 'segmentation.lock_subscription()'::pg_catalog.regprocedure AND t.on_insert
         UNION ALL
        SELECT NULL, t.tgrelid, t.arguments
          FROM trigger t
         WHERE t.tgfoid OPERATOR(pg_catalog.=) 'segmentation.lock_customer()'::pg_catalog.regprocedure AND t.on_update
           AND NOT EXISTS (SELECT FROM trigger s
                            WHERE s.tgfoid OPERATOR(pg_catalog.<>) t.tgfoid
                              AND s.arguments[1] OPERATOR(pg_catalog.=) t.arguments[1])
    )
    SELECT i.subscriptions,
           pg_catalog.split_part(a.argument, '=', 1) AS argument,
           pg_catalog.substr(a.argument, pg_catalog.strpos(a.argument, '=') OPERATOR(pg_catalog.+) 1) AS value
      FROM installed i
           CROSS JOIN LATERAL pg_catalog.unnest(i.arguments) WITH ORDINALITY a(argument, n)
     ORDER BY i.tgrelid, a.n;
GRANT SELECT ON segmentation.lock TO PUBLIC;
COMMENT ON VIEW segmentation.lock IS 'installed locks: for each table of subscriptions, what install_lock was told or found; and customers that are guarded still though their subscriptions'' table is gone';
COMMENT ON COLUMN segmentation.lock.subscriptions IS 'table of subscriptions that has the lock; NULL where it was dropped and the customers are guarded still';
COMMENT ON COLUMN segmentation.lock.argument IS 'name of an argument';
COMMENT ON COLUMN segmentation.lock.value IS 'its value; names are quoted where they need it';

CREATE FUNCTION segmentation.lock_check_table(relation regclass, role text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    class pg_class;
BEGIN
    IF relation IS NULL THEN
        PERFORM segmentation_internal.refuse('22004',
            format('argument "%s" must not be null', role));
    END IF;
    SELECT * INTO class FROM pg_class WHERE oid = relation;
    IF NOT FOUND THEN
        PERFORM segmentation_internal.refuse('42P01',
            format('relation with OID %s does not exist', relation::oid));
    END IF;
    IF class.relkind NOT IN ('r', 'p') THEN
        PERFORM segmentation_internal.refuse('42809',
            format('"%s" is not a table', relation),
            hint => 'A lock stands on triggers and foreign keys, which only tables have.');
    END IF;
    IF class.relispartition THEN
        PERFORM segmentation_internal.refuse('42809',
            format('"%s" is a partition', relation),
            hint => 'Install the lock on the partitioned table; it reaches all partitions, present and future.');
    END IF;
    IF class.relkind = 'r' AND EXISTS (SELECT FROM pg_inherits WHERE relation IN (inhrelid, inhparent)) THEN
        PERFORM segmentation_internal.refuse('0A000',
            format('table "%s" has an inheritance parent or child', relation),
            detail => 'Foreign keys and triggers do not reach across inheritance.',
            hint => 'Use a partitioned table.');
    END IF;
    IF EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = relation AND deptype = 'e') THEN
        PERFORM segmentation_internal.refuse('42809',
            format('table %s belongs to an extension', relation),
            detail => 'A column and triggers that are added to it would not be dumped.',
            hint => 'Install the lock on tables of your own.');
    END IF;
    PERFORM segmentation.lock_check_owner(relation);
END
$$;
COMMENT ON FUNCTION segmentation.lock_check_table(regclass, text) IS 'raises an error where a table cannot have a lock';

CREATE FUNCTION segmentation.lock_check_column(relation regclass, col name, hint text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = relation AND attname = col AND attnum > 0) THEN
        PERFORM segmentation_internal.refuse('42703',
            format('column "%s" of table "%s" does not exist', col, relation),
            hint => hint);
    END IF;
END
$$;
COMMENT ON FUNCTION segmentation.lock_check_column(regclass, name, text) IS 'raises an error where a table lacks a column';

CREATE FUNCTION segmentation.lock_primary_key(relation regclass) RETURNS name[]
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT array_agg(a.attname ORDER BY k.n)
      FROM pg_index i
           CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY k(attnum, n)
           JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
     WHERE i.indrelid = relation AND i.indisprimary AND k.n <= i.indnkeyatts
$$;
COMMENT ON FUNCTION segmentation.lock_primary_key(regclass) IS 'columns of a table''s primary key, NULL where it has none';

CREATE FUNCTION segmentation.lock_foreign_keys(referencing regclass, referenced regclass, key_order name[],
    OUT constraint_name name, OUT columns name[], OUT key name[], OUT is_deferrable boolean) RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT c.conname,
           array_agg(a.attname ORDER BY array_position(key_order, r.attname), k.n),
           array_agg(r.attname ORDER BY array_position(key_order, r.attname), k.n),
           c.condeferrable
      FROM pg_constraint c
           CROSS JOIN LATERAL unnest(c.conkey, c.confkey) WITH ORDINALITY k(con, conf, n)
           JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.con
           JOIN pg_attribute r ON r.attrelid = c.confrelid AND r.attnum = k.conf
     WHERE c.contype = 'f' AND c.conrelid = referencing AND c.confrelid = referenced
       AND c.conparentid = 0
       AND (to_jsonb(c) ->> 'conenforced')::boolean IS DISTINCT FROM false
     GROUP BY c.oid, c.conname, c.condeferrable
     ORDER BY c.conname
$$;
COMMENT ON FUNCTION segmentation.lock_foreign_keys(regclass, regclass, name[]) IS 'enforced foreign keys from one table to another, their column pairs in the order of the key given';

CREATE FUNCTION segmentation.lock_column_list(columns name[]) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT string_agg(quote_ident(c), ', ' ORDER BY n) FROM unnest(columns) WITH ORDINALITY u(c, n)
$$;
COMMENT ON FUNCTION segmentation.lock_column_list(name[]) IS 'quoted names of columns, separated by commas';

CREATE FUNCTION segmentation.lock_table_name(relation regclass) RETURNS text
    LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lock_table_name';
COMMENT ON FUNCTION segmentation.lock_table_name(regclass) IS 'qualified name of a table, as triggers keep it';

-- Of a key of several columns, a column that is named like it; a column of the right
-- type that stands in no key yet, if there is but one; or else a new one; and where the key is not unique yet, that comes first.
CREATE FUNCTION segmentation_internal.lock_key_statements(referencing regclass, referenced regclass, columns name[], key name[]) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    WITH part AS (
        SELECT k.n, r.attname, r.atttypid, format_type(r.atttypid, r.atttypmod) AS type,
               coalesce(columns[k.n], (
                   SELECT a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = referenced
                    WHERE a.attrelid = referencing AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypid = r.atttypid
                      AND cardinality(key) > 1 AND a.attname IN (r.attname, c.relname, concat(c.relname, '_', r.attname))
                      AND NOT EXISTS (SELECT FROM pg_constraint u
                                       WHERE u.conrelid = referencing AND u.contype IN ('p', 'u') AND a.attnum = u.conkey[cardinality(u.conkey)])
                    ORDER BY a.attname = c.relname, a.attname = r.attname LIMIT 1), (
                   SELECT min(a.attname::text) FROM pg_attribute a
                    WHERE a.attrelid = referencing AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypid = r.atttypid
                      AND (SELECT count(*) FROM pg_attribute o WHERE o.attrelid = referenced AND o.attname = ANY (key) AND o.atttypid = r.atttypid) = 1
                      AND NOT EXISTS (SELECT FROM pg_constraint c
                                       WHERE c.conrelid = referencing AND c.contype IN ('p', 'u', 'f') AND a.attnum = ANY (c.conkey))
                   HAVING count(*) = 1)) AS column_name
          FROM unnest(key) WITH ORDINALITY k(name, n)
               JOIN pg_attribute r ON r.attrelid = referenced AND r.attname = k.name
    ), named AS (
        SELECT p.*, coalesce(p.column_name, (
                   SELECT format('%s_%s%s', c.relname, p.attname, nullif(tries, 1)) FROM pg_class c, generate_series(1, 100) tries
                    WHERE c.oid = referenced
                      AND NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = referencing AND attname = format('%s_%s%s', c.relname, p.attname, nullif(tries, 1)))
                    ORDER BY tries LIMIT 1)) AS referencing_column
          FROM part p
    )
    SELECT concat(CASE WHEN NOT EXISTS (SELECT FROM pg_index i
                                         WHERE i.indrelid = referenced AND i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL AND i.indimmediate
                                           AND ARRAY(SELECT attname FROM pg_attribute WHERE attrelid = referenced AND attnum = ANY (i.indkey[:i.indnkeyatts - 1]))
                                               OPERATOR(pg_catalog.@>) key
                                           AND i.indnkeyatts = cardinality(key))
                       THEN format('ALTER TABLE %s ADD UNIQUE (%s); ', referenced, segmentation.lock_column_list(key)) END,
                  format('ALTER TABLE %s %sADD FOREIGN KEY (%s) REFERENCES %s (%s);', referencing,
                         string_agg(format('ADD COLUMN %I %s, ', referencing_column, type), '' ORDER BY n) FILTER (WHERE column_name IS NULL),
                         string_agg(quote_ident(referencing_column), ', ' ORDER BY n), referenced, segmentation.lock_column_list(key)))
      FROM named
$$;
COMMENT ON FUNCTION segmentation_internal.lock_key_statements(regclass, regclass, name[], name[]) IS 'the statements that would add a foreign key that a lock can stand on';

-- an error where columns are not as many as those of the key, or not there
CREATE FUNCTION segmentation_internal.lock_check_key(referencing regclass, referenced regclass, columns name[], key name[]) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM segmentation.lock_check_column(referenced, k, 'Name columns that identify a row of the table.') FROM unnest(key) k;
    PERFORM segmentation.lock_check_column(referencing, c, 'Name the columns of the foreign key.') FROM unnest(columns) c;
    IF cardinality(columns) <> cardinality(key) THEN
        PERFORM segmentation_internal.refuse('22023',
            format('columns of "%s" do not fit the key of "%s"', referencing, referenced),
            detail => format('The key has %s (%s), and %s given (%s).', cardinality(key), segmentation.lock_column_list(key),
                             cardinality(columns), segmentation.lock_column_list(columns)),
            hint => 'Name one column for each column of the key, in its order.');
    END IF;
END
$$;
COMMENT ON FUNCTION segmentation_internal.lock_check_key(regclass, regclass, name[], name[]) IS 'raises an error where columns do not fit the key that they are to refer to';

CREATE FUNCTION segmentation_internal.lock_refuse_no_key(referencing regclass, referenced regclass, given_columns name[], wanted_key name[], argument text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    other record;
BEGIN
    IF wanted_key IS NULL THEN
        PERFORM segmentation_internal.refuse('42704',
            format('table "%s" has no primary key', referenced),
            hint => 'Give it one; a lock stands on foreign keys, which need it.');
    END IF;
    SELECT f.constraint_name, f.key INTO other FROM segmentation.lock_foreign_keys(referencing, referenced, NULL) f
     WHERE given_columns IS NULL OR f.columns @> given_columns LIMIT 1;
    PERFORM segmentation_internal.refuse('42704',
        format('table "%s" has no foreign key to "%s" (%s)', referencing, referenced, segmentation.lock_column_list(wanted_key)),
        detail => 'A lock stands on foreign keys: their row locks order what concurrent sessions do.',
        hint => CASE WHEN other.key IS NOT NULL AND argument = 'subscription_customer' AND cardinality(other.key) >= cardinality(wanted_key)
                     THEN format('Say customer_key => %L, which foreign key "%s" refers to.', other.key, other.constraint_name)
                     ELSE 'Add it: ' || segmentation_internal.lock_key_statements(referencing, referenced, given_columns, wanted_key) END);
END
$$;
COMMENT ON FUNCTION segmentation_internal.lock_refuse_no_key(regclass, regclass, name[], name[], text) IS 'raises the error that a foreign key is wanting';

-- the one foreign key that fits, or an error that says how to get one; several
-- over the same columns are as one
CREATE FUNCTION segmentation.lock_foreign_key(referencing regclass, referenced regclass,
    wanted_columns name[], wanted_key name[], argument text,
    OUT columns name[], OUT key name[], OUT is_deferrable boolean)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    candidate record;
    names text[];
BEGIN
    IF argument = 'subscription_customer' THEN
        PERFORM segmentation_internal.lock_check_key(referencing, referenced, wanted_columns, wanted_key);
    END IF;
    FOR candidate IN
        SELECT min(f.constraint_name::text) AS constraint_name, f.columns AS c, f.key AS k, bool_or(f.is_deferrable) AS d
          FROM segmentation.lock_foreign_keys(referencing, referenced, wanted_key) f
         WHERE (wanted_key IS NULL OR (f.key @> wanted_key AND f.key <@ wanted_key))
           AND (wanted_columns IS NULL OR f.columns @> wanted_columns)
         GROUP BY f.columns, f.key
         ORDER BY 1
    LOOP
        names := names || format('"%s" (%s)', candidate.constraint_name, segmentation.lock_column_list(candidate.c));
        columns := candidate.c;
        key := candidate.k;
        is_deferrable := candidate.d;
    END LOOP;
    IF cardinality(names) > 1 THEN
        PERFORM segmentation_internal.refuse('42702',
            format('table "%s" has several foreign keys to "%s"', referencing, referenced),
            detail => format('They are %s.', segmentation_internal.first_ten(names)),
            hint => format('Say with %s which columns count.', argument));
    ELSIF names IS NULL THEN
        PERFORM segmentation_internal.lock_refuse_no_key(referencing, referenced, wanted_columns,
            coalesce(wanted_key, segmentation.lock_primary_key(referenced)), argument);
    END IF;
END
$$;
COMMENT ON FUNCTION segmentation.lock_foreign_key(regclass, regclass, name[], name[], text) IS 'the foreign key from one table to another that a lock stands on';

-- A subscription that is linked to offers by items can have offers of several
-- segments, and then it has none.
CREATE FUNCTION segmentation.lock_check_offers(customers regclass, subscriptions regclass, offers regclass, customer_segment name) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    items regclass;
    between_them regclass;
BEGIN
    SELECT s.conrelid INTO items
      FROM pg_constraint s JOIN pg_constraint o ON o.conrelid = s.conrelid
     WHERE s.contype = 'f' AND s.confrelid = subscriptions AND s.conparentid = 0
       AND o.contype = 'f' AND o.confrelid = offers AND o.conparentid = 0
     ORDER BY s.conrelid::text
     LIMIT 1;
    SELECT o.conrelid INTO between_them
      FROM pg_constraint s JOIN pg_constraint o ON o.conrelid = s.confrelid
     WHERE s.contype = 'f' AND s.conrelid = subscriptions AND s.conparentid = 0
       AND o.contype = 'f' AND o.confrelid = offers AND o.conparentid = 0 AND o.conrelid <> customers
     ORDER BY o.conrelid::text
     LIMIT 1;
    IF coalesce(items, between_them) IS NOT NULL AND NOT EXISTS (SELECT FROM segmentation.lock_foreign_keys(subscriptions, offers, NULL)) THEN
        PERFORM segmentation_internal.refuse('42704',
            format('subscriptions in "%s" do not name their offer', subscriptions),
            detail => format(CASE WHEN items IS NOT NULL THEN 'Table "%s" stands between "%s" and "%s", so that one subscription can have offers of several segments.'
                                  ELSE 'They name a row of "%s", which stands between "%s" and "%s" and may come to name another offer.' END,
                             coalesce(items, between_them), subscriptions, offers),
            hint => format('Keep the segment in the subscription: ALTER TABLE %s ADD COLUMN %I %s; let the application fill it, and say subscription_segment => %L instead of offers.',
                           subscriptions, customer_segment,
                           (SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = customers AND attname = customer_segment),
                           customer_segment));
    END IF;
END
$$;
COMMENT ON FUNCTION segmentation.lock_check_offers(regclass, regclass, regclass, name) IS 'raises an error where subscriptions reach their offers only through a table of items';

-- Waits in short steps and lets go in between: transactions that hold one of
-- the tables and want another get on, and nobody meets a deadlock.
CREATE FUNCTION segmentation.lock_tables(customers regclass, customers_mode text, others regclass[]) RETURNS void
LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp SET lock_timeout = '500ms' AS $$
DECLARE
    attempts CONSTANT int := 20;
    other regclass;
BEGIN
    FOR attempt IN 1..attempts LOOP
        BEGIN
            EXECUTE format('LOCK TABLE %s IN %s MODE', segmentation.lock_table_name(customers), customers_mode);
            FOREACH other IN ARRAY others LOOP
                EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', segmentation.lock_table_name(other));
            END LOOP;
            RETURN;
        EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
            IF attempt = attempts THEN
                PERFORM segmentation_internal.refuse('55P03',
                    format('could not lock table "%s" and those that refer to it', customers),
                    detail => format('Other transactions held them through %s attempts.', attempts),
                    hint => 'Try again when no long transaction writes them.');
            END IF;
        END;
        PERFORM pg_sleep(0.05);
    END LOOP;
END
$$;
COMMENT ON FUNCTION segmentation.lock_tables(regclass, text, regclass[]) IS 'locks the tables of a lock against writers while it is installed, waiting a bounded time';

CREATE FUNCTION segmentation.lock_trigger_name(relation regclass, base text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT candidate
      FROM (SELECT base AS candidate, 1 AS n UNION ALL SELECT format('%s_%s', base, n), n FROM generate_series(2, 1000) n) c
     WHERE NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = relation AND tgname = candidate)
     ORDER BY n LIMIT 1
$$;
COMMENT ON FUNCTION segmentation.lock_trigger_name(regclass, text) IS 'a trigger name that is still free on a table';

-- by a function, because ROW(...) *<> ROW(...) does not come back from pg_dump
CREATE FUNCTION segmentation.lock_changed(relation_name text, columns name[]) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT format('segmentation.lock_watches(%L, %L) AND pg_catalog.record_image_ne(ROW(%s), ROW(%s))', relation_name, columns,
                  string_agg(format('OLD.%I', c), ', ' ORDER BY n), string_agg(format('NEW.%I', c), ', ' ORDER BY n))
      FROM unnest(columns) WITH ORDINALITY u(c, n)
$$;
COMMENT ON FUNCTION segmentation.lock_changed(text, name[]) IS 'a trigger''s condition: one of these columns has changed';

-- what is quoted goes through no pattern of format() again, which would take its % for one
CREATE FUNCTION segmentation_internal.lock_trigger_call(function name, arguments text[]) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN format('EXECUTE FUNCTION segmentation.%I(%s)', function,
              (SELECT string_agg(quote_literal(a), ', ' ORDER BY n) FROM unnest(arguments) WITH ORDINALITY u(a, n)));
COMMENT ON FUNCTION segmentation_internal.lock_trigger_call(name, text[]) IS 'what a trigger of a lock executes, the end of the statement that creates it';

CREATE FUNCTION segmentation_internal.lock_agreement(arguments text[]) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN 'acts as the owner of its table, who has agreed to: ' || array_to_string(arguments, ', ');
COMMENT ON FUNCTION segmentation_internal.lock_agreement(text[]) IS 'what an owner''s comment on a trigger of a lock says';

-- Tables of several owners: each trigger but the guard acts as the owner of its table on
-- those of the others, and only that owner can comment on it.
CREATE FUNCTION segmentation_internal.lock_consent(statement text, tables regclass[], arguments text[]) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (SELECT format('COMMENT ON TRIGGER %s ON %s IS %L', m[1], segmentation.lock_table_name(t), segmentation_internal.lock_agreement(arguments))
          FROM regexp_match(statement, '^CREATE (?:CONSTRAINT )?TRIGGER (\S+) (?:BEFORE|AFTER) [A-Z ]+ ON (.*)$') m, unnest(tables) t
         WHERE starts_with(m[2], segmentation.lock_table_name(t) || ' ')
           AND m[1] NOT IN ('segmentation_lock_customer', 'segmentation_lock_leaving', 'segmentation_lock_arriving')
           AND (SELECT count(DISTINCT c.relowner) FROM unnest(tables) o JOIN pg_class c ON c.oid = o
                                                                             OR c.oid IN (SELECT relid FROM pg_partition_tree(o))) > 1);
COMMENT ON FUNCTION segmentation_internal.lock_consent(text, regclass[], text[]) IS 'the statement by which the owner of its table agrees to a trigger that another statement creates; NULL where all tables have one owner';

-- the DDL of a lock, in order
CREATE FUNCTION segmentation.lock_statements(customers regclass, subscriptions regclass, offers regclass,
    arguments text[], watched name[], customer_key name[], customer_segment name, offer_key name[], markets boolean) RETURNS SETOF text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    guard_call CONSTANT text := segmentation_internal.lock_trigger_call('lock_customer',
        ARRAY(SELECT a FROM unnest(arguments) WITH ORDINALITY u(a, n) WHERE a ~ '^(customers|customer_key|customer_segment)=' ORDER BY n));
    subscription_call CONSTANT text := segmentation_internal.lock_trigger_call('lock_subscription', arguments);
    customers_name CONSTANT text := segmentation.lock_table_name(customers);
    subscriptions_name CONSTANT text := segmentation.lock_table_name(subscriptions);
    offers_name CONSTANT text := segmentation.lock_table_name(offers);
    changed CONSTANT text := segmentation.lock_changed(subscriptions_name, watched);
    guarded CONSTANT name[] := customer_key || ARRAY[customer_segment, 'segment_locked_at'];
    guard_condition CONSTANT text := format('segmentation.lock_watches(%L, %L) AND %s', customers_name, guarded,
                                            segmentation.lock_query(arguments, 'customer condition'));
    deferrables CONSTANT text[] := (SELECT string_to_array(substr(a, length('deferrable=') + 1), ', ') FROM unnest(arguments) a
                                    WHERE a LIKE 'deferrable=%');
BEGIN
    IF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = customers AND attname = 'segment_locked_at' AND NOT attisdropped) THEN
        RETURN NEXT format('ALTER TABLE %s ADD COLUMN segment_locked_at timestamptz', customers_name);
    END IF;
    IF markets AND NOT segmentation.lock_has_market_key(customers, customer_segment) THEN
        RETURN NEXT format('SELECT segmentation.add_catalogue_key(%L, %L)', customers_name, ARRAY[customer_segment]);
    END IF;

    IF (SELECT relkind = 'p' FROM pg_class WHERE oid = subscriptions) THEN
        RETURN NEXT format('CREATE TRIGGER segmentation_lock_begin BEFORE INSERT OR UPDATE ON %s FOR EACH STATEMENT %s',
                           subscriptions_name, segmentation_internal.lock_trigger_call('lock_statement', arguments));
        RETURN NEXT format('CREATE TRIGGER segmentation_lock_end AFTER INSERT OR UPDATE ON %s FOR EACH STATEMENT %s',
                           subscriptions_name, segmentation_internal.lock_trigger_call('lock_statement', arguments));
        RETURN NEXT format('CREATE TRIGGER segmentation_lock_insert AFTER INSERT ON %s FOR EACH ROW %s',
                           subscriptions_name, subscription_call);
        RETURN NEXT format('CREATE TRIGGER segmentation_lock_update AFTER UPDATE ON %s FOR EACH ROW WHEN (%s) %s',
                           subscriptions_name, changed, subscription_call);
    ELSE
        RETURN NEXT format('CREATE TRIGGER segmentation_lock_insert AFTER INSERT ON %s REFERENCING NEW TABLE AS new_subscriptions FOR EACH STATEMENT %s',
                           subscriptions_name, subscription_call);
        RETURN NEXT format('CREATE TRIGGER segmentation_lock_update AFTER UPDATE ON %s REFERENCING OLD TABLE AS old_subscriptions NEW TABLE AS new_subscriptions FOR EACH STATEMENT %s',
                           subscriptions_name, subscription_call);
        -- statement triggers of a partition or child do not see what is done by way of
        -- its parent; one such as this makes the server refuse that it gets a parent
        RETURN NEXT format('CREATE TRIGGER segmentation_lock_no_parent AFTER UPDATE ON %s REFERENCING NEW TABLE AS new_subscriptions FOR EACH ROW WHEN (false) %s',
                           subscriptions_name, subscription_call);
    END IF;

    IF 'customers' = ANY (deferrables) THEN
        RETURN NEXT format('CREATE CONSTRAINT TRIGGER segmentation_lock_commit_insert AFTER INSERT ON %s DEFERRABLE INITIALLY DEFERRED FOR EACH ROW %s',
                           subscriptions_name, subscription_call);
        RETURN NEXT format('CREATE CONSTRAINT TRIGGER segmentation_lock_commit_update AFTER UPDATE ON %s DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (%s) %s',
                           subscriptions_name, changed, subscription_call);
    END IF;

    IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = customers AND tgfoid = 'segmentation.lock_customer()'::regprocedure) THEN
        RETURN NEXT format('CREATE TRIGGER segmentation_lock_customer AFTER UPDATE ON %s FOR EACH ROW WHEN (%s) %s',
                           customers_name, guard_condition, guard_call);
        -- a row that changes its partition is deleted and inserted; new customers are not locked
        IF (SELECT relkind = 'p' FROM pg_class WHERE oid = customers) THEN
            RETURN NEXT format('CREATE TRIGGER segmentation_lock_leaving AFTER DELETE ON %s FOR EACH ROW WHEN (OLD.segment_locked_at IS NOT NULL) %s',
                               customers_name, guard_call);
            RETURN NEXT format('CREATE TRIGGER segmentation_lock_arriving AFTER INSERT ON %s FOR EACH ROW WHEN (NEW.segment_locked_at IS NOT NULL) %s',
                               customers_name, guard_call);
        END IF;
    END IF;
    RETURN NEXT format('CREATE TRIGGER %I AFTER DELETE ON %s FOR EACH ROW WHEN (OLD.segment_locked_at IS NOT NULL) %s',
                       segmentation.lock_trigger_name(customers, 'segmentation_lock_old_customer'),
                       customers_name, segmentation_internal.lock_trigger_call('lock_new_customer', arguments));
    IF 'customers' = ANY (deferrables) THEN
        RETURN NEXT format('CREATE TRIGGER %I AFTER INSERT ON %s FOR EACH ROW %s',
                           segmentation.lock_trigger_name(customers, 'segmentation_lock_new_customer'),
                           customers_name, segmentation_internal.lock_trigger_call('lock_new_customer', arguments));
        RETURN NEXT format('CREATE TRIGGER %I AFTER UPDATE ON %s FOR EACH ROW WHEN (%s) %s',
                           segmentation.lock_trigger_name(customers, 'segmentation_lock_customer_key'),
                           customers_name, segmentation.lock_changed(customers_name, customer_key), segmentation_internal.lock_trigger_call('lock_new_customer', arguments));
    END IF;

    IF offers IS NOT NULL THEN
        RETURN NEXT format('CREATE TRIGGER %I AFTER UPDATE ON %s FOR EACH ROW WHEN (%s) %s',
                           segmentation.lock_trigger_name(offers, 'segmentation_lock_offer'),
                           offers_name,
                           format('segmentation.lock_watches(%L, %L) AND %s', offers_name,
                                  (SELECT parse_ident(substr(a, length('offer_segment=') + 1)) FROM unnest(arguments) a WHERE a LIKE 'offer_segment=%'),
                                  segmentation.lock_query(arguments, 'offer condition')),
                           segmentation_internal.lock_trigger_call('lock_offer', arguments));
        RETURN NEXT format('CREATE TRIGGER %I AFTER DELETE ON %s FOR EACH ROW %s',
                           segmentation.lock_trigger_name(offers, 'segmentation_lock_old_offer'),
                           offers_name, segmentation_internal.lock_trigger_call('lock_new_offer', arguments));
        RETURN NEXT format('CREATE TRIGGER %I AFTER UPDATE ON %s FOR EACH ROW WHEN (%s) %s',
                           segmentation.lock_trigger_name(offers, 'segmentation_lock_offer_key'),
                           offers_name, segmentation.lock_changed(offers_name, offer_key), segmentation_internal.lock_trigger_call('lock_new_offer', arguments));
    END IF;
    IF 'offers' = ANY (deferrables) THEN
        RETURN NEXT format('CREATE TRIGGER %I AFTER INSERT ON %s FOR EACH ROW %s',
                           segmentation.lock_trigger_name(offers, 'segmentation_lock_new_offer'),
                           offers_name, segmentation_internal.lock_trigger_call('lock_new_offer', arguments));
    END IF;
END
$$;
COMMENT ON FUNCTION segmentation.lock_statements(regclass, regclass, regclass, text[], name[], name[], name, name[], boolean) IS 'the statements that create a lock''s column, foreign key to the markets, and triggers';

-- a second lock on the same customers must mean the same key and segment
CREATE FUNCTION segmentation.lock_check_installed(customers regclass, subscriptions regclass, arguments text[]) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    installed record;
BEGIN
    IF EXISTS (SELECT FROM pg_trigger WHERE tgrelid = subscriptions AND tgfoid = 'segmentation.lock_subscription()'::regprocedure) THEN
        PERFORM segmentation_internal.refuse('42710',
            format('table "%s" has a lock already', subscriptions),
            hint => format('To change it, remove it first: SELECT segmentation.remove_lock(%L, %L);', customers, subscriptions));
    END IF;
    FOR installed IN
        SELECT a FROM pg_trigger, unnest(segmentation.lock_arguments(oid)) a
         WHERE tgrelid = customers AND tgfoid = 'segmentation.lock_customer()'::regprocedure AND a <> ALL (arguments)
    LOOP
        PERFORM segmentation_internal.refuse('22023',
            format('customers in "%s" have a lock with another key or segment', customers),
            detail => format('It says %s.', installed.a),
            hint => 'All locks on one table of customers share its key and segment.');
    END LOOP;
    IF EXISTS (SELECT FROM pg_attribute WHERE attrelid = customers AND attname = 'segment_locked_at'
                  AND NOT attisdropped AND atttypid <> 'timestamptz'::regtype) THEN
        PERFORM segmentation_internal.refuse('42804',
            format('column "segment_locked_at" of table "%s" is not of type timestamp with time zone', customers),
            hint => 'The lock needs a column of that name; give yours another.');
    END IF;
END
$$;
COMMENT ON FUNCTION segmentation.lock_check_installed(regclass, regclass, text[]) IS 'raises an error where a lock contradicts one that is installed';

CREATE FUNCTION segmentation_internal.lock_conflicts(arguments text[])
    RETURNS TABLE (customer_key text[], customer_segment text, subscription text[], segment text)
LANGUAGE sql STRICT SET search_path = pg_catalog, pg_temp AS $$
    SELECT * FROM segmentation_internal.lock_run(arguments, 'conflicts')
                  AS c (customer_key text[], customer_segment text, subscription text[], segment text)
$$;
COMMENT ON FUNCTION segmentation_internal.lock_conflicts(text[]) IS 'subscriptions that contradict their customers at installation';

CREATE FUNCTION segmentation_internal.lock_count(arguments text[], query text) RETURNS bigint
LANGUAGE sql STRICT SET search_path = pg_catalog, pg_temp AS $$
    SELECT c.n FROM segmentation_internal.lock_run(arguments, query) AS c (n bigint)
$$;
COMMENT ON FUNCTION segmentation_internal.lock_count(text[], text) IS 'runs a statement of a lock that counts customers: those that are to be locked, or locks them';

CREATE FUNCTION segmentation.lock_raise_conflicts(customers regclass, arguments text[]) RETURNS void
LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    conflict record;
    total bigint := 0;
    named text[] := '{}';
BEGIN
    FOR conflict IN SELECT c.* FROM segmentation_internal.lock_conflicts(arguments) c LOOP
        total := total + 1;
        IF total <= 3 THEN
            named := named || format('Customer %s in segment %s has subscription %s in segment %s.', conflict.customer_key,
                                     coalesce(quote_ident(conflict.customer_segment), 'NULL'), coalesce(conflict.subscription::text, ''),
                                     coalesce(quote_ident(conflict.segment), 'NULL'));
        END IF;
    END LOOP;
    IF total > 0 THEN
        PERFORM segmentation_internal.refuse('23514',
            format('subscriptions contradict the segments of their customers in "%s"', customers),
            detail => format('Contradictions found: %s. %s%s', total, array_to_string(named, ' '), CASE WHEN total > 3 THEN ' And so on.' END),
            hint => 'Make them agree first, or say with running_when which subscriptions have to; dry_run => true lists all.',
            "table" => (SELECT relname FROM pg_class WHERE oid = customers),
            "constraint" => 'segmentation_lock_subscription');
    END IF;
END
$$;
COMMENT ON FUNCTION segmentation.lock_raise_conflicts(regclass, text[]) IS 'raises an error where customers and subscriptions contradict each other at installation';

CREATE FUNCTION segmentation.lock_market_conflicts(arguments text[]) RETURNS SETOF text
LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    conflict record;
BEGIN
    IF 'markets=true' <> ALL (arguments) THEN
        RETURN;
    END IF;
    FOR conflict IN
        SELECT c.* FROM segmentation_internal.lock_run(arguments, 'market conflicts')
                        AS c (customer_key text[], market text, subscription text[], market_currency text, currency text)
    LOOP
        IF conflict.currency IS NULL THEN
            RETURN NEXT format('customer %s%s is in segment %s, which is no market', conflict.customer_key,
                               ' by subscription ' || conflict.subscription::text, quote_ident(conflict.market));
        ELSE
            RETURN NEXT format('subscription %s of customer %s has a price in %s, but market %s sells in %s', conflict.subscription,
                               conflict.customer_key, conflict.currency, conflict.market, conflict.market_currency);
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION segmentation.lock_market_conflicts(text[]) IS 'what contradicts the markets of the catalogue at installation';

CREATE FUNCTION segmentation.lock_raise_market_conflicts(customers regclass, arguments text[]) RETURNS void
LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    total bigint;
    named text;
BEGIN
    SELECT count(*), string_agg(sentence, '; ' ORDER BY n) FILTER (WHERE n <= 3) INTO total, named
      FROM segmentation.lock_market_conflicts(arguments) WITH ORDINALITY c(sentence, n);
    IF total > 0 THEN
        PERFORM segmentation_internal.refuse('23514',
            format('customers in "%s" or their subscriptions contradict the catalogue of markets', customers),
            detail => format('Contradictions found: %s. They are: %s%s.', total, named, CASE WHEN total > 3 THEN '; and so on' END),
            hint => 'Make the markets first, with segmentation.create_market, and let them agree; dry_run => true lists all.',
            "table" => (SELECT relname FROM pg_class WHERE oid = customers),
            "constraint" => 'segmentation_lock_market');
    END IF;
END
$$;
COMMENT ON FUNCTION segmentation.lock_raise_market_conflicts(regclass, text[]) IS 'raises an error where customers or subscriptions contradict the catalogue of markets at installation';

CREATE FUNCTION segmentation.lock_has_market_key(customers regclass, market_column name) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (SELECT FROM segmentation.lock_foreign_keys(customers, 'segmentation.market', NULL) f
                    WHERE f.columns = ARRAY[market_column] AND f.key = '{id}' AND NOT f.is_deferrable)
$$;
COMMENT ON FUNCTION segmentation.lock_has_market_key(regclass, name) IS 'whether a column of the customers is a foreign key to the markets';

-- the foreign key to the markets is theirs to allow; from texts the server takes none from version 18 on,
-- neither in a dump from before
CREATE FUNCTION segmentation.lock_check_markets(customers regclass, market_column name) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    text_type oid := (SELECT atttypid FROM pg_attribute WHERE attrelid = customers AND attname = market_column AND attcollation <> 0);
    market_type regtype := (SELECT atttypid FROM pg_attribute WHERE attrelid = 'segmentation.market'::regclass AND attname = 'id');
BEGIN
    IF segmentation.lock_has_market_key(customers, market_column) THEN
        RETURN;
    END IF;
    IF text_type IS NOT NULL THEN
        PERFORM segmentation_internal.refuse('42804',
            format('column "%s" of table "%s" cannot refer to the markets', market_column, customers),
            detail => format('It is of type %s, from which PostgreSQL takes no foreign key to %s from version 18 on.', format_type(text_type, NULL), market_type),
            hint => format('Change the type: ALTER TABLE %s ALTER COLUMN %I TYPE %s;', customers, market_column, market_type));
    END IF;
    IF NOT has_function_privilege('segmentation.add_catalogue_key(regclass, name[], regclass)', 'EXECUTE') THEN
        PERFORM segmentation_internal.refuse('42501',
            'permission denied to refer to table segmentation.market',
            detail => format('A lock with markets adds a foreign key from column "%s" of table "%s" to the markets.', market_column, customers),
            hint => format('Let its owner say: GRANT EXECUTE ON FUNCTION segmentation.add_catalogue_key TO %I;', current_user));
    END IF;
END
$$;
COMMENT ON FUNCTION segmentation.lock_check_markets(regclass, name) IS 'raises an error where the foreign key to the markets is wanting and cannot be made';

-- triggers of others have their say in what is updated
CREATE FUNCTION segmentation.lock_check_done(customers regclass, arguments text[]) RETURNS void
LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    remaining CONSTANT bigint := segmentation_internal.lock_count(arguments, 'unlocked');
BEGIN
    IF remaining > 0 THEN
        PERFORM segmentation_internal.refuse('27000',
            format('could not lock the customers in "%s" to their segments', customers),
            detail => format('The update of column segment_locked_at did not take effect for %s of them.', remaining),
            hint => format('Another trigger on "%s" suppresses it.', customers));
    END IF;
    PERFORM segmentation.lock_raise_conflicts(customers, arguments);
END
$$;
COMMENT ON FUNCTION segmentation.lock_check_done(regclass, text[]) IS 'raises an error where installation has left a customer unlocked or in another segment';

CREATE FUNCTION segmentation.lock_install(
    customers regclass, subscriptions regclass, customer_key name[], customer_segment name,
    subscription_customer name[], subscription_segment name,
    offers regclass, subscription_offer name, offer_segment name,
    subscription_price name, locks_when text, running_when text, watched name[], markets boolean, dry_run boolean)
RETURNS TABLE (step text, detail text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET row_security = off SET quote_all_identifiers = off
SET standard_conforming_strings = on SET lock_timeout = '10s' AS $$
DECLARE
    foreign_key record;
    offer_key name[];
    deferrables text[] := '{}';
    arguments text[];
    statement text;
    conflict record;
BEGIN
    PERFORM segmentation.lock_check_table(customers, 'customers');
    PERFORM segmentation.lock_check_table(subscriptions, 'subscriptions');
    IF subscriptions = customers OR offers IN (customers, subscriptions) THEN
        PERFORM segmentation_internal.refuse('22023',
            'customers, subscriptions and offers must be different tables');
    END IF;
    IF customer_key = '{}' THEN
        PERFORM segmentation_internal.refuse('22023',
            'customer_key must name at least one column');
    END IF;
    IF customer_key IS NULL THEN
        customer_key := segmentation.lock_primary_key(customers);
        IF customer_key IS NULL THEN
            PERFORM segmentation_internal.refuse('42704',
                format('table "%s" has no primary key', customers),
                hint => 'Say with customer_key which unique columns identify a customer.');
        END IF;
        RETURN QUERY SELECT 'found', format('customer_key => %L, the primary key', customer_key);
    END IF;
    PERFORM segmentation.lock_check_column(customers, customer_segment,
        format('Say with customer_segment which it is, or add it: ALTER TABLE %s ADD COLUMN %I %s;', customers, customer_segment,
               (SELECT atttypid::regtype FROM pg_attribute WHERE attrelid = 'segmentation.market'::regclass AND attname = 'id')));
    IF (SELECT attgenerated <> '' FROM pg_attribute WHERE attrelid = customers AND attname = customer_segment) THEN
        PERFORM segmentation_internal.refuse('0A000',
            format('column "%s" of table "%s" is generated', customer_segment, customers),
            detail => 'A customer without a segment takes that of its first subscription.',
            hint => 'Make it an ordinary column, filled by the application or a trigger.');
    END IF;

    foreign_key := segmentation.lock_foreign_key(subscriptions, customers, subscription_customer, customer_key, 'subscription_customer');
    IF subscription_customer IS NULL THEN
        RETURN QUERY SELECT 'found', format('subscription_customer => %L, the foreign key', foreign_key.columns);
    END IF;
    arguments := ARRAY['customers=' || segmentation.lock_table_name(customers),
                       'customer_key=' || segmentation.lock_column_list(foreign_key.key),
                       'customer_segment=' || quote_ident(customer_segment),
                       'subscriptions=' || segmentation.lock_table_name(subscriptions),
                       'subscription_customer=' || segmentation.lock_column_list(foreign_key.columns)];
    watched := foreign_key.columns || watched;
    IF foreign_key.is_deferrable THEN
        deferrables := deferrables || 'customers'::text;
    END IF;

    IF offers IS NOT NULL THEN
        IF subscription_segment IS NOT NULL THEN
            PERFORM segmentation_internal.refuse('22023',
                'subscription_segment and offers exclude each other',
                hint => 'A subscription has its segment in a column of its own or from its offer, not both.');
        END IF;
        IF offers = 'segmentation.offer'::regclass AND NOT markets THEN
            PERFORM segmentation_internal.refuse('22023',
                'offers of the catalogue need markets => true',
                hint => 'Their segments are markets.');
        END IF;
        PERFORM segmentation.lock_check_offers(customers, subscriptions, offers, customer_segment);
        foreign_key := segmentation.lock_foreign_key(subscriptions, offers, array_remove(ARRAY[subscription_offer], NULL), NULL, 'subscription_offer');
        IF subscription_offer IS NULL THEN
            RETURN QUERY SELECT 'found', format('subscription_offer => %L, the foreign key', foreign_key.columns);
        END IF;
        IF offer_segment IS NULL AND offers = 'segmentation.offer'::regclass THEN
            offer_segment := 'market';
        ELSIF offer_segment IS NULL THEN
            offer_segment := customer_segment;
            RETURN QUERY SELECT 'found', format('offer_segment => %L, named as the customer''s', offer_segment);
        END IF;
        PERFORM segmentation.lock_check_column(offers, offer_segment, 'Say with offer_segment which it is.');
    END IF;
    -- a subscription that names its offer's segment has it, and the foreign key holds the offer
    IF offers IS NOT NULL AND offer_segment = ANY (foreign_key.key) THEN
        subscription_segment := foreign_key.columns[array_position(foreign_key.key, offer_segment)];
        RETURN QUERY SELECT 'found', format('subscription_segment => %L, part of the key of its offer', subscription_segment);
        arguments := arguments || ARRAY['offers=' || segmentation.lock_table_name(offers),
                                        'subscription_offer=' || segmentation.lock_column_list(foreign_key.columns),
                                        'offer_key=' || segmentation.lock_column_list(foreign_key.key),
                                        'subscription_segment=' || quote_ident(subscription_segment)];
        offers := NULL;
        watched := foreign_key.columns || watched;
    ELSIF offers IS NOT NULL THEN
        PERFORM segmentation.lock_check_table(offers, 'offers');
        arguments := arguments || ARRAY['offers=' || segmentation.lock_table_name(offers),
                                        'subscription_offer=' || segmentation.lock_column_list(foreign_key.columns),
                                        'offer_key=' || segmentation.lock_column_list(foreign_key.key),
                                        'offer_segment=' || quote_ident(offer_segment)];
        watched := foreign_key.columns || watched;
        offer_key := foreign_key.key;
        IF foreign_key.is_deferrable THEN
            deferrables := deferrables || 'offers'::text;
        END IF;
    ELSE
        IF subscription_offer IS NOT NULL OR offer_segment IS NOT NULL THEN
            PERFORM segmentation_internal.refuse('22023',
                'subscription_offer and offer_segment need offers',
                hint => 'Say with offers which table it is.');
        END IF;
        IF subscription_segment IS NULL THEN
            IF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = subscriptions AND attname = customer_segment) THEN
                PERFORM segmentation_internal.refuse('42703',
                    format('nothing tells the segment of a subscription in "%s"', subscriptions),
                    detail => format('There is no column "%s", and neither subscription_segment nor offers is given.', customer_segment),
                    hint => 'Say with subscription_segment which column has it, or with offers which table the subscription''s foreign key leads to; where offers hang on items of a subscription, add a column to the subscription.');
            END IF;
            subscription_segment := customer_segment;
            RETURN QUERY SELECT 'found', format('subscription_segment => %L, named as the customer''s', subscription_segment);
        END IF;
        PERFORM segmentation.lock_check_column(subscriptions, subscription_segment, 'Say with subscription_segment which it is.');
        arguments := arguments || ('subscription_segment=' || quote_ident(subscription_segment));
        watched := subscription_segment || watched;
    END IF;
    arguments := arguments || ('deferrable=' || nullif(array_to_string(deferrables, ', '), ''))
                           || ('locks_when=' || locks_when) || ('running_when=' || running_when)
                           || CASE WHEN markets THEN 'markets=true' END;
    IF subscription_price IS NOT NULL THEN
        PERFORM segmentation.lock_check_column(subscriptions, subscription_price, 'Say with subscription_price which it is.');
        arguments := arguments || ('subscription_price=' || quote_ident(subscription_price));
        watched := subscription_price || watched;
    END IF;
    arguments := array_remove(arguments, NULL);
    watched := ARRAY(SELECT DISTINCT w FROM unnest(watched) w WHERE w IS NOT NULL ORDER BY w);

    IF NOT dry_run THEN
        PERFORM segmentation.lock_tables(customers,
            CASE WHEN EXISTS (SELECT FROM pg_attribute WHERE attrelid = customers AND attname = 'segment_locked_at')
                 THEN 'SHARE ROW EXCLUSIVE' ELSE 'ACCESS EXCLUSIVE' END,
            array_remove(ARRAY[subscriptions, offers], NULL));
    END IF;
    PERFORM segmentation.lock_check_installed(customers, subscriptions, arguments);
    IF markets THEN
        PERFORM segmentation.lock_check_markets(customers, customer_segment);
    END IF;
    IF NOT dry_run THEN
        PERFORM segmentation.lock_raise_conflicts(customers, arguments);
        PERFORM segmentation.lock_raise_market_conflicts(customers, arguments);
    END IF;

    RETURN QUERY SELECT 'lock', format('customers that have subscriptions: %s', segmentation_internal.lock_count(arguments, 'unlocked'));
    FOR statement IN SELECT u FROM segmentation.lock_statements(customers, subscriptions, offers, arguments, watched, customer_key,
                                                                   customer_segment, offer_key, markets) s,
                                   unnest(array_remove(ARRAY[s, segmentation_internal.lock_consent(
                                       s, array_remove(ARRAY[customers, subscriptions, offers], NULL), arguments)], NULL)) u LOOP
        RETURN QUERY SELECT 'run', statement;
        IF NOT dry_run THEN
            EXECUTE statement;
        END IF;
    END LOOP;
    IF dry_run THEN
        FOR conflict IN SELECT c.* FROM segmentation_internal.lock_conflicts(arguments) c LOOP
            RETURN QUERY SELECT 'conflict', format('customer %s in segment %s has subscription %s in segment %s', conflict.customer_key,
                                                   coalesce(quote_ident(conflict.customer_segment), 'NULL'), coalesce(conflict.subscription::text, ''),
                                                   coalesce(quote_ident(conflict.segment), 'NULL'));
        END LOOP;
        RETURN QUERY SELECT 'conflict', c FROM segmentation.lock_market_conflicts(arguments) c;
    ELSE
        PERFORM segmentation_internal.lock_count(arguments, 'lock');
        PERFORM segmentation.lock_check_done(customers, arguments);
    END IF;
END
$$;
COMMENT ON FUNCTION segmentation.lock_install(regclass, regclass, name[], name, name[], name, regclass, name, name, name, text, text, name[], boolean, boolean) IS 'install_lock with its conditions checked and qualified';

-- Conditions are read under the caller's search_path, all else under a safe one.
CREATE FUNCTION segmentation.install_lock(
    customers regclass, subscriptions regclass,
    customer_key name[] DEFAULT NULL, customer_segment name DEFAULT 'segment',
    subscription_customer name[] DEFAULT NULL, subscription_segment name DEFAULT NULL,
    offers regclass DEFAULT NULL, subscription_offer name DEFAULT NULL, offer_segment name DEFAULT NULL,
    subscription_price name DEFAULT NULL,
    locks_when text DEFAULT NULL, running_when text DEFAULT NULL,
    markets boolean DEFAULT false, dry_run boolean DEFAULT false)
RETURNS TABLE (step text, detail text)
LANGUAGE plpgsql AS $$
DECLARE
    locking record;
    running record;
BEGIN
    IF markets IS NOT TRUE AND subscription_price IS NOT NULL THEN
        PERFORM segmentation_internal.refuse('22023',
            'subscription_price needs markets => true',
            hint => 'The currency of a price is compared with that of the customer''s market in the catalogue.');
    END IF;
    IF pg_catalog.current_setting('transaction_isolation') OPERATOR(pg_catalog.<>) 'read committed' THEN
        PERFORM segmentation_internal.refuse('25001',
            'install_lock must run at isolation level READ COMMITTED',
            detail => 'It has to see subscriptions that were committed after the transaction began.');
    END IF;
    SELECT * INTO locking FROM segmentation.lock_condition(subscriptions, locks_when, 'locks_when');
    SELECT * INTO running FROM segmentation.lock_condition(subscriptions, running_when, 'running_when');
    RETURN QUERY SELECT i.step, i.detail FROM segmentation.lock_install(
        customers, subscriptions, customer_key, customer_segment, subscription_customer, subscription_segment,
        offers, subscription_offer, offer_segment, subscription_price, locking.expression, running.expression,
        locking.columns OPERATOR(pg_catalog.||) running.columns, markets IS TRUE, dry_run) i;
END
$$;
COMMENT ON FUNCTION segmentation.install_lock(regclass, regclass, name[], name, name[], name, regclass, name, name, name, text, text, boolean, boolean) IS 'locks customers to their segment by their first subscription, from now on and for every writer';

-- Triggers of locks on tables of the caller's; others may have made their own
-- with the same arguments.
CREATE FUNCTION segmentation.lock_triggers(OUT relation regclass, OUT trigger name, OUT function name, OUT arguments text[]) RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT t.tgrelid, t.tgname, p.proname, segmentation.lock_arguments(t.oid)
      FROM pg_trigger t
           JOIN pg_proc p ON p.oid = t.tgfoid
           JOIN pg_class c ON c.oid = t.tgrelid
     WHERE p.pronamespace = 'segmentation'::regnamespace AND starts_with(p.proname, 'lock_')
       AND t.tgparentid = 0 AND pg_has_role(c.relowner, 'USAGE')
$$;
COMMENT ON FUNCTION segmentation.lock_triggers() IS 'triggers of locks on tables that the caller owns';

CREATE FUNCTION segmentation.lock_references(referencing regclass, referenced regclass) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (SELECT FROM pg_constraint WHERE contype = 'f' AND conrelid = referencing AND confrelid = referenced)
$$;
COMMENT ON FUNCTION segmentation.lock_references(regclass, regclass) IS 'whether a table has a foreign key to another';

CREATE FUNCTION segmentation.lock_check_owner(relation regclass) RETURNS void
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT pg_has_role((SELECT relowner FROM pg_class WHERE oid = relation), 'USAGE') THEN
        PERFORM segmentation_internal.refuse('42501',
            format('must be owner of table %s', relation),
            detail => format('It belongs to role %s.', (SELECT relowner::regrole FROM pg_class WHERE oid = relation)),
            hint => 'A lock is installed and removed by who owns all of its tables.');
    END IF;
END
$$;
COMMENT ON FUNCTION segmentation.lock_check_owner(regclass) IS 'raises an error where the caller does not own a table';

-- drops the triggers with the arguments given, each lock's as one text, and
-- then the guard of the customers if no lock is left; says whether any was there
CREATE FUNCTION segmentation.lock_drop_triggers(customers regclass, locks text[]) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    installed record;
    dropped boolean := false;
BEGIN
    FOR installed IN SELECT t.* FROM segmentation.lock_triggers() t WHERE t.arguments::text = ANY (locks) LOOP
        EXECUTE format('DROP TRIGGER %I ON %s', installed.trigger, segmentation.lock_table_name(installed.relation));
        dropped := true;
    END LOOP;
    FOR installed IN
        SELECT t.* FROM segmentation.lock_triggers() t
         WHERE t.function = 'lock_customer' AND t.relation = customers
           AND NOT EXISTS (SELECT FROM segmentation.lock_triggers() o
                            WHERE o.function <> 'lock_customer'
                              AND (o.relation = customers
                                   OR (o.function = 'lock_subscription' AND segmentation.lock_references(o.relation, customers))))
    LOOP
        EXECUTE format('DROP TRIGGER %I ON %s', installed.trigger, segmentation.lock_table_name(installed.relation));
        dropped := true;
    END LOOP;
    RETURN dropped;
END
$$;
COMMENT ON FUNCTION segmentation.lock_drop_triggers(regclass, text[]) IS 'drops the triggers of locks, and the guard of the customers with the last';

-- Tables may have been renamed since, or dropped: a lock is of these customers
-- if its triggers are on them or name them, or if a foreign key says so.
CREATE FUNCTION segmentation_internal.lock_arguments_of(customers regclass, subscriptions regclass) RETURNS text[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(array_agg(DISTINCT t.arguments::text), '{}')
      FROM segmentation.lock_triggers() t
     WHERE t.function <> 'lock_customer'
       AND (subscriptions IS NULL OR t.relation = subscriptions
            OR 'subscriptions=' || segmentation.lock_table_name(subscriptions) = ANY (t.arguments))
       AND (customers IS NULL OR t.relation = customers
            OR 'customers=' || segmentation.lock_table_name(customers) = ANY (t.arguments)
            OR (t.function = 'lock_subscription' AND segmentation.lock_references(t.relation, customers)))
$$;
COMMENT ON FUNCTION segmentation_internal.lock_arguments_of(regclass, regclass) IS 'the locks of customers or subscriptions: the arguments of each as one text';

CREATE FUNCTION segmentation_internal.lock_table_now(lock text, function name, argument text) RETURNS regclass
LANGUAGE sql STABLE STRICT SET search_path = pg_catalog, pg_temp
RETURN coalesce((SELECT t.relation FROM segmentation.lock_triggers() t
                  WHERE t.function = lock_table_now.function AND t.arguments::text = lock LIMIT 1),
                (SELECT to_regclass(substr(a, length(argument) + 2)) FROM unnest(lock::text[]) a
                  WHERE starts_with(a, argument || '=')));
COMMENT ON FUNCTION segmentation_internal.lock_table_now(text, name, text) IS 'a table of a lock: the one that has its trigger, or else the one that has its name';

CREATE FUNCTION segmentation_internal.lock_customers_of(locks text[]) RETURNS regclass
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN (SELECT c FROM unnest(locks) l, segmentation_internal.lock_table_now(l, 'lock_new_customer', 'customers') c
         WHERE c IS NOT NULL LIMIT 1);
COMMENT ON FUNCTION segmentation_internal.lock_customers_of(text[]) IS 'table of the customers that a lock is on';

-- a list of quoted names, as a trigger has it, as an array
CREATE FUNCTION segmentation_internal.lock_names(quoted text) RETURNS name[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN format('{%s}', replace(replace(quoted, E'\\', E'\\\\'), '""', E'\\"'))::name[];
COMMENT ON FUNCTION segmentation_internal.lock_names(text) IS 'the names in a list of quoted ones';

CREATE FUNCTION segmentation_internal.lock_has_columns(relation regclass, quoted text) RETURNS boolean
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN NOT EXISTS (SELECT FROM unnest(segmentation_internal.lock_names(quoted)) n
                    WHERE NOT EXISTS (SELECT FROM pg_attribute
                                       WHERE attrelid = relation AND attname = n AND attnum > 0 AND NOT attisdropped));
COMMENT ON FUNCTION segmentation_internal.lock_has_columns(regclass, text) IS 'whether a table has all columns of a list of quoted names';

CREATE FUNCTION segmentation_internal.lock_referenced(referencing regclass, quoted text) RETURNS regclass
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (SELECT c.confrelid FROM pg_constraint c
         WHERE c.contype = 'f' AND c.conparentid = 0 AND c.conrelid = referencing
           AND ARRAY(SELECT a.attname FROM pg_attribute a WHERE a.attrelid = referencing AND a.attnum = ANY (c.conkey))
               OPERATOR(pg_catalog.@>) segmentation_internal.lock_names(quoted)
           AND cardinality(c.conkey) = cardinality(segmentation_internal.lock_names(quoted))
         ORDER BY c.conname LIMIT 1);
COMMENT ON FUNCTION segmentation_internal.lock_referenced(regclass, text) IS 'the table that a foreign key over a list of quoted columns refers to';

CREATE FUNCTION segmentation_internal.lock_portable(condition text) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lock_portable';
COMMENT ON FUNCTION segmentation_internal.lock_portable(text) IS 'a condition as it is kept, so that sessions read it alike whatever their standard_conforming_strings are';

-- A table has its present name, which its trigger tells, or the one that the lock
-- knows it by where that trigger is missing; a column that is part of a key and has
-- another name by now is left to be found.
CREATE FUNCTION segmentation_internal.lock_call(lock text) RETURNS text
LANGUAGE sql STABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
    WITH table_now AS (
        SELECT segmentation_internal.lock_table_now(lock, 'lock_new_customer', 'customers') AS customers,
               segmentation_internal.lock_table_now(lock, 'lock_subscription', 'subscriptions') AS subscriptions,
               segmentation_internal.lock_table_now(lock, 'lock_offer', 'offers') AS offers
    ), argument AS (
        SELECT n, split_part(a, '=', 1) AS name, substr(a, strpos(a, '=') + 1) AS value
          FROM unnest(lock::text[]) WITH ORDINALITY u(a, n)
    ), given AS (
        SELECT n, name, CASE
                   WHEN name = 'customers' THEN format('%L', segmentation.lock_table_name(t.customers))
                   WHEN name = 'subscriptions' THEN format('%L', segmentation.lock_table_name(t.subscriptions))
                   WHEN name = 'offers'
                   THEN quote_literal(coalesce(segmentation.lock_table_name(coalesce(t.offers, segmentation_internal.lock_referenced(
                            t.subscriptions, (SELECT o.value FROM argument o WHERE o.name = 'subscription_offer')))), value))
                   WHEN name = 'subscription_segment' AND EXISTS (SELECT FROM argument o WHERE o.name = 'offers') THEN NULL
                   WHEN name IN ('locks_when', 'running_when') THEN quote_literal(segmentation_internal.lock_portable(value))
                   WHEN name = 'markets' THEN value
                   WHEN name IN ('customer_segment', 'subscription_segment', 'offer_segment', 'subscription_price')
                   THEN quote_literal((segmentation_internal.lock_names(value))[1])
                   WHEN name IN ('customer_key', 'subscription_customer', 'subscription_offer')
                        AND segmentation_internal.lock_has_columns(
                            CASE name WHEN 'customer_key' THEN t.customers ELSE t.subscriptions END, value)
                   THEN quote_literal(CASE name WHEN 'subscription_offer' THEN (segmentation_internal.lock_names(value))[1]::text
                                      ELSE segmentation_internal.lock_names(value)::text END) END AS value
          FROM argument CROSS JOIN table_now t
         WHERE t.customers IS NOT NULL AND t.subscriptions IS NOT NULL
    )
    SELECT format('SELECT * FROM segmentation.install_lock(%s);', string_agg(format('%s => %s', name, value), ', ' ORDER BY n))
      FROM given WHERE value IS NOT NULL
    HAVING count(*) > 0
$$;
COMMENT ON FUNCTION segmentation_internal.lock_call(text) IS 'the call that would install a lock again; NULL where a table of it is gone';

CREATE FUNCTION segmentation_internal.lock_check_named(customers regclass, subscriptions regclass) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF customers IS NULL AND subscriptions IS NULL THEN
        PERFORM segmentation_internal.refuse('22004',
            'argument "customers" must not be null',
            hint => 'Where that table is gone, name the subscriptions.');
    END IF;
    PERFORM segmentation.lock_check_owner(customers), segmentation.lock_check_owner(subscriptions);
END
$$;
COMMENT ON FUNCTION segmentation_internal.lock_check_named(regclass, regclass) IS 'raises an error where neither table of a lock is named, or one is somebody else''s';

CREATE FUNCTION segmentation_internal.lock_refuse_none(customers regclass, subscriptions regclass) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM segmentation_internal.refuse('42704',
        format('table "%s" has no lock%s', coalesce(customers, subscriptions),
               CASE WHEN customers IS NOT NULL THEN ' from "' || subscriptions::text || '"' END),
        hint => 'The locks that there are: SELECT * FROM segmentation.lock;');
END
$$;
COMMENT ON FUNCTION segmentation_internal.lock_refuse_none(regclass, regclass) IS 'raises the error that there is no such lock';

CREATE FUNCTION segmentation.remove_lock(customers regclass, subscriptions regclass DEFAULT NULL) RETURNS SETOF text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
DECLARE
    locks text[];
    calls text[];
BEGIN
    PERFORM segmentation_internal.lock_check_named(customers, subscriptions);
    locks := segmentation_internal.lock_arguments_of(customers, subscriptions);
    customers := coalesce(customers, segmentation_internal.lock_customers_of(locks));
    calls := ARRAY(SELECT segmentation_internal.lock_call(l) FROM unnest(locks) l);
    IF NOT segmentation.lock_drop_triggers(customers, locks) THEN
        PERFORM segmentation_internal.lock_refuse_none(customers, subscriptions);
    END IF;
    RETURN QUERY SELECT c FROM unnest(calls) c WHERE c IS NOT NULL ORDER BY c;
END
$$;
COMMENT ON FUNCTION segmentation.remove_lock(regclass, regclass) IS 'drops the triggers of a lock, or of all locks on a table of customers; segment_locked_at stays. Returns the calls that would install them again';

-- the columns that hold segments and prices are known by their names alone
CREATE FUNCTION segmentation_internal.lock_check_columns(lock text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    missing record;
BEGIN
    SELECT t.relation::regclass AS relation, col.name INTO missing
      FROM unnest(lock::text[]) a
           JOIN (VALUES ('customer_segment', 'lock_new_customer'), ('subscription_segment', 'lock_subscription'),
                        ('offer_segment', 'lock_offer'), ('subscription_price', 'lock_subscription')) needs (argument, function)
             ON needs.argument = split_part(a, '=', 1)
           JOIN segmentation.lock_triggers() t ON t.function = needs.function AND t.arguments::text = lock
           CROSS JOIN unnest(segmentation_internal.lock_names(substr(a, strpos(a, '=') + 1))) AS col (name)
     WHERE NOT segmentation_internal.lock_has_columns(t.relation, quote_ident(col.name))
     LIMIT 1;
    IF missing.name IS NOT NULL THEN
        PERFORM segmentation_internal.refuse('42703',
            format('column "%s" of table "%s", part of its lock, does not exist', missing.name, missing.relation),
            hint => format('Give it back its name, or remove the lock and change the name in the call that this returns: SELECT segmentation.remove_lock(%s, %s);',
                           coalesce((SELECT quote_literal(t.relation) FROM segmentation.lock_triggers() t
                                      WHERE t.arguments::text = lock AND t.function = 'lock_new_customer' LIMIT 1), 'NULL'),
                           coalesce((SELECT quote_literal(t.relation) FROM segmentation.lock_triggers() t
                                      WHERE t.arguments::text = lock AND t.function = 'lock_subscription' LIMIT 1), 'NULL')));
    END IF;
END
$$;
COMMENT ON FUNCTION segmentation_internal.lock_check_columns(text) IS 'raises an error where a column of a lock has another name by now';

-- The call and the lock that is there exclude each other, so its triggers are away
-- for as long as that takes.
CREATE FUNCTION segmentation_internal.lock_try_renewal(customers regclass, locks text[], calls text[])
RETURNS TABLE (step text, detail text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    call text;
    done record;
    steps text[];
    details text[];
BEGIN
    BEGIN
        PERFORM segmentation.lock_drop_triggers(customers, locks);
        FOR call IN SELECT c FROM unnest(calls) c WHERE c IS NOT NULL LOOP
            FOR done IN EXECUTE left(call, -2) || ', dry_run => true);' LOOP
                steps := steps || done.step;
                details := details || done.detail;
            END LOOP;
        END LOOP;
        RAISE EXCEPTION USING ERRCODE = 'SG001', MESSAGE = 'tried';
    EXCEPTION WHEN SQLSTATE 'SG001' THEN
        RETURN QUERY SELECT u.* FROM unnest(steps, details) u;
    END;
END
$$;
COMMENT ON FUNCTION segmentation_internal.lock_try_renewal(regclass, text[], text[]) IS 'what renew_lock would do; nothing is changed';

CREATE FUNCTION segmentation_internal.lock_check_conditions(arguments text[], subscriptions regclass) RETURNS void
    LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'lock_check_conditions';
COMMENT ON FUNCTION segmentation_internal.lock_check_conditions(text[], regclass) IS 'raises an error, with the way to change it, where a condition of a lock can be read no more';

CREATE FUNCTION segmentation.renew_lock(customers regclass, subscriptions regclass DEFAULT NULL, dry_run boolean DEFAULT false)
RETURNS TABLE (step text, detail text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off SET standard_conforming_strings = on AS $$
DECLARE
    locks text[];
    calls text[];
    call text;
BEGIN
    PERFORM segmentation_internal.lock_check_named(customers, subscriptions);
    locks := segmentation_internal.lock_arguments_of(customers, subscriptions);
    customers := coalesce(customers, segmentation_internal.lock_customers_of(locks));
    -- all locks of customers share their guard, which names them
    IF EXISTS (SELECT FROM segmentation.lock_triggers() t WHERE t.relation = customers AND t.function = 'lock_customer'
                  AND 'customers=' || segmentation.lock_table_name(customers) <> ALL (t.arguments)) THEN
        locks := segmentation_internal.lock_arguments_of(customers, NULL);
    END IF;
    PERFORM segmentation_internal.lock_check_columns(l) FROM unnest(locks) l;
    PERFORM segmentation_internal.lock_check_conditions(t.arguments, t.relation)
       FROM (SELECT DISTINCT l.relation, l.arguments FROM segmentation.lock_triggers() l
              WHERE l.function = 'lock_subscription' AND l.arguments::text = ANY (locks)) t;
    calls := array_remove(ARRAY(SELECT segmentation_internal.lock_call(l) FROM unnest(locks) l ORDER BY 1), NULL);
    IF calls = '{}' THEN
        PERFORM segmentation_internal.lock_refuse_none(customers, subscriptions);
    END IF;
    IF dry_run THEN
        RETURN QUERY SELECT r.* FROM segmentation_internal.lock_try_renewal(customers, locks, calls) r;
        RETURN;
    END IF;
    PERFORM segmentation.lock_drop_triggers(customers, locks);
    FOREACH call IN ARRAY calls LOOP
        RETURN QUERY EXECUTE call;
    END LOOP;
END
$$;
COMMENT ON FUNCTION segmentation.renew_lock(regclass, regclass, boolean) IS 'installs a lock again, or all locks on a table of customers, with the arguments that each had and the names that its tables have now';
