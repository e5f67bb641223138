-- what a lock needs of tables: their kinds, columns, keys and offers

CREATE FUNCTION segmentation_internal.lock_check_table(relation regclass, role text) RETURNS void
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
    PERFORM segmentation_internal.lock_check_owner(relation);
END
$$;
COMMENT ON FUNCTION segmentation_internal.lock_check_table(regclass, text) IS 'raises an error where a table cannot have a lock';

CREATE FUNCTION segmentation_internal.lock_check_column(relation regclass, col name, hint text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = relation AND attname = col AND attnum > 0) THEN
        PERFORM segmentation_internal.refuse('42703',
            format('column "%s" of table "%s" does not exist', col, relation),
            hint => hint);
    END IF;
END
$$;
COMMENT ON FUNCTION segmentation_internal.lock_check_column(regclass, name, text) IS 'raises an error where a table lacks a column';

CREATE FUNCTION segmentation_internal.lock_primary_key(relation regclass) RETURNS name[]
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT array_agg(a.attname ORDER BY k.n)
      FROM pg_index i
           CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY k(attnum, n)
           JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
     WHERE i.indrelid = relation AND i.indisprimary AND k.n <= i.indnkeyatts
$$;
COMMENT ON FUNCTION segmentation_internal.lock_primary_key(regclass) IS 'columns of a table''s primary key, NULL where it has none';

CREATE FUNCTION segmentation_internal.lock_foreign_keys(referencing regclass, referenced regclass, key_order name[],
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
COMMENT ON FUNCTION segmentation_internal.lock_foreign_keys(regclass, regclass, name[]) IS 'enforced foreign keys from one table to another, their column pairs in the order of the key given';

CREATE FUNCTION segmentation_internal.lock_column_list(columns name[]) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT string_agg(quote_ident(c), ', ' ORDER BY n) FROM unnest(columns) WITH ORDINALITY u(c, n)
$$;
COMMENT ON FUNCTION segmentation_internal.lock_column_list(name[]) IS 'quoted names of columns, separated by commas';

CREATE FUNCTION segmentation_internal.lock_table_name(relation regclass) RETURNS text
    LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'lock_table_name';
COMMENT ON FUNCTION segmentation_internal.lock_table_name(regclass) IS 'qualified name of a table, as triggers keep it';

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
                       THEN format('ALTER TABLE %s ADD UNIQUE (%s); ', referenced, segmentation_internal.lock_column_list(key)) END,
                  format('ALTER TABLE %s %sADD FOREIGN KEY (%s) REFERENCES %s (%s);', referencing,
                         string_agg(format('ADD COLUMN %I %s, ', referencing_column, type), '' ORDER BY n) FILTER (WHERE column_name IS NULL),
                         string_agg(quote_ident(referencing_column), ', ' ORDER BY n), referenced, segmentation_internal.lock_column_list(key)))
      FROM named
$$;
COMMENT ON FUNCTION segmentation_internal.lock_key_statements(regclass, regclass, name[], name[]) IS 'the statements that would add a foreign key that a lock can stand on';

-- an error where columns are not as many as those of the key, or not there
CREATE FUNCTION segmentation_internal.lock_check_key(referencing regclass, referenced regclass, columns name[], key name[]) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM segmentation_internal.lock_check_column(referenced, k, 'Name columns that identify a row of the table.') FROM unnest(key) k;
    PERFORM segmentation_internal.lock_check_column(referencing, c, 'Name the columns of the foreign key.') FROM unnest(columns) c;
    IF cardinality(columns) <> cardinality(key) THEN
        PERFORM segmentation_internal.refuse('22023',
            format('columns of "%s" do not fit the key of "%s"', referencing, referenced),
            detail => format('The key has %s (%s), and %s given (%s).', cardinality(key), segmentation_internal.lock_column_list(key),
                             cardinality(columns), segmentation_internal.lock_column_list(columns)),
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
    SELECT f.constraint_name, f.key INTO other FROM segmentation_internal.lock_foreign_keys(referencing, referenced, NULL) f
     WHERE given_columns IS NULL OR f.columns @> given_columns LIMIT 1;
    PERFORM segmentation_internal.refuse('42704',
        format('table "%s" has no foreign key to "%s" (%s)', referencing, referenced, segmentation_internal.lock_column_list(wanted_key)),
        detail => 'A lock stands on foreign keys: their row locks order what concurrent sessions do.',
        hint => CASE WHEN other.key IS NOT NULL AND argument = 'subscription_customer' AND cardinality(other.key) >= cardinality(wanted_key)
                     THEN format('Say customer_key => %L, which foreign key "%s" refers to.', other.key, other.constraint_name)
                     ELSE 'Add it: ' || segmentation_internal.lock_key_statements(referencing, referenced, given_columns, wanted_key) END);
END
$$;
COMMENT ON FUNCTION segmentation_internal.lock_refuse_no_key(regclass, regclass, name[], name[], text) IS 'raises the error that a foreign key is wanting';

-- the one foreign key that fits, or an error that says how to get one; several
-- over the same columns are as one
CREATE FUNCTION segmentation_internal.lock_foreign_key(referencing regclass, referenced regclass,
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
          FROM segmentation_internal.lock_foreign_keys(referencing, referenced, wanted_key) f
         WHERE (wanted_key IS NULL OR (f.key @> wanted_key AND f.key <@ wanted_key))
           AND (wanted_columns IS NULL OR f.columns @> wanted_columns)
         GROUP BY f.columns, f.key
         ORDER BY 1
    LOOP
        names := names || format('"%s" (%s)', candidate.constraint_name, segmentation_internal.lock_column_list(candidate.c));
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
            coalesce(wanted_key, segmentation_internal.lock_primary_key(referenced)), argument);
    END IF;
END
$$;
COMMENT ON FUNCTION segmentation_internal.lock_foreign_key(regclass, regclass, name[], name[], text) IS 'the foreign key from one table to another that a lock stands on';

-- A subscription that is linked to offers by items can have offers of several
-- segments, and then it has none.
CREATE FUNCTION segmentation_internal.lock_check_offers(customers regclass, subscriptions regclass, offers regclass, customer_segment name) RETURNS void
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
    IF coalesce(items, between_them) IS NOT NULL AND NOT EXISTS (SELECT FROM segmentation_internal.lock_foreign_keys(subscriptions, offers, NULL)) THEN
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
COMMENT ON FUNCTION segmentation_internal.lock_check_offers(regclass, regclass, regclass, name) IS 'raises an error where subscriptions reach their offers only through a table of items';
