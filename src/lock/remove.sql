-- removing and renewing a lock

-- Triggers of locks on tables of the caller's; others may have made their own
-- with the same arguments.
CREATE FUNCTION segmentation_internal.lock_triggers(OUT relation regclass, OUT trigger name, OUT function name, OUT arguments text[]) RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT t.tgrelid, t.tgname, p.proname, segmentation_internal.lock_arguments(t.oid)
      FROM pg_trigger t
           JOIN pg_proc p ON p.oid = t.tgfoid
           JOIN pg_class c ON c.oid = t.tgrelid
     WHERE p.pronamespace = 'segmentation_internal'::regnamespace AND starts_with(p.proname, 'lock_')
       AND t.tgparentid = 0 AND pg_has_role(c.relowner, 'USAGE')
$$;
COMMENT ON FUNCTION segmentation_internal.lock_triggers() IS 'triggers of locks on tables that the caller owns';

CREATE FUNCTION segmentation_internal.lock_references(referencing regclass, referenced regclass) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (SELECT FROM pg_constraint WHERE contype = 'f' AND conrelid = referencing AND confrelid = referenced)
$$;
COMMENT ON FUNCTION segmentation_internal.lock_references(regclass, regclass) IS 'whether a table has a foreign key to another';

CREATE FUNCTION segmentation_internal.lock_check_owner(relation regclass) RETURNS void
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
COMMENT ON FUNCTION segmentation_internal.lock_check_owner(regclass) IS 'raises an error where the caller does not own a table';

-- drops the triggers with the arguments given, each lock's as one text, and
-- then the guard of the customers if no lock is left; says whether any was there
CREATE FUNCTION segmentation_internal.lock_drop_triggers(customers regclass, locks text[]) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    installed record;
    dropped boolean := false;
BEGIN
    FOR installed IN SELECT t.* FROM segmentation_internal.lock_triggers() t WHERE t.arguments::text = ANY (locks) LOOP
        EXECUTE format('DROP TRIGGER %I ON %s', installed.trigger, segmentation_internal.lock_table_name(installed.relation));
        dropped := true;
    END LOOP;
    FOR installed IN
        SELECT t.* FROM segmentation_internal.lock_triggers() t
         WHERE t.function = 'lock_customer' AND t.relation = customers
           AND NOT EXISTS (SELECT FROM segmentation_internal.lock_triggers() o
                            WHERE o.function <> 'lock_customer'
                              AND (o.relation = customers
                                   OR (o.function = 'lock_subscription' AND segmentation_internal.lock_references(o.relation, customers))))
    LOOP
        EXECUTE format('DROP TRIGGER %I ON %s', installed.trigger, segmentation_internal.lock_table_name(installed.relation));
        dropped := true;
    END LOOP;
    RETURN dropped;
END
$$;
COMMENT ON FUNCTION segmentation_internal.lock_drop_triggers(regclass, text[]) IS 'drops the triggers of locks, and the guard of the customers with the last';

-- Tables may have been renamed since, or dropped: a lock is of these customers
-- if its triggers are on them or name them, or if a foreign key says so.
CREATE FUNCTION segmentation_internal.lock_arguments_of(customers regclass, subscriptions regclass) RETURNS text[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(array_agg(DISTINCT t.arguments::text), '{}')
      FROM segmentation_internal.lock_triggers() t
     WHERE t.function <> 'lock_customer'
       AND (subscriptions IS NULL OR t.relation = subscriptions
            OR 'subscriptions=' || segmentation_internal.lock_table_name(subscriptions) = ANY (t.arguments))
       AND (customers IS NULL OR t.relation = customers
            OR 'customers=' || segmentation_internal.lock_table_name(customers) = ANY (t.arguments)
            OR (t.function = 'lock_subscription' AND segmentation_internal.lock_references(t.relation, customers)))
$$;
COMMENT ON FUNCTION segmentation_internal.lock_arguments_of(regclass, regclass) IS 'the locks of customers or subscriptions: the arguments of each as one text';

CREATE FUNCTION segmentation_internal.lock_table_now(lock text, function name, argument text) RETURNS regclass
LANGUAGE sql STABLE STRICT SET search_path = pg_catalog, pg_temp
RETURN coalesce((SELECT t.relation FROM segmentation_internal.lock_triggers() t
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
                   WHEN name = 'customers' THEN format('%L', segmentation_internal.lock_table_name(t.customers))
                   WHEN name = 'subscriptions' THEN format('%L', segmentation_internal.lock_table_name(t.subscriptions))
                   WHEN name = 'offers'
                   THEN quote_literal(coalesce(segmentation_internal.lock_table_name(coalesce(t.offers, segmentation_internal.lock_referenced(
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
    PERFORM segmentation_internal.lock_check_owner(customers), segmentation_internal.lock_check_owner(subscriptions);
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
    IF NOT segmentation_internal.lock_drop_triggers(customers, locks) THEN
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
           JOIN segmentation_internal.lock_triggers() t ON t.function = needs.function AND t.arguments::text = lock
           CROSS JOIN unnest(segmentation_internal.lock_names(substr(a, strpos(a, '=') + 1))) AS col (name)
     WHERE NOT segmentation_internal.lock_has_columns(t.relation, quote_ident(col.name))
     LIMIT 1;
    IF missing.name IS NOT NULL THEN
        PERFORM segmentation_internal.refuse('42703',
            format('column "%s" of table "%s", part of its lock, does not exist', missing.name, missing.relation),
            hint => format('Give it back its name, or remove the lock and change the name in the call that this returns: SELECT segmentation.remove_lock(%s, %s);',
                           coalesce((SELECT quote_literal(t.relation) FROM segmentation_internal.lock_triggers() t
                                      WHERE t.arguments::text = lock AND t.function = 'lock_new_customer' LIMIT 1), 'NULL'),
                           coalesce((SELECT quote_literal(t.relation) FROM segmentation_internal.lock_triggers() t
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
        PERFORM segmentation_internal.lock_drop_triggers(customers, locks);
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
    IF EXISTS (SELECT FROM segmentation_internal.lock_triggers() t WHERE t.relation = customers AND t.function = 'lock_customer'
                  AND 'customers=' || segmentation_internal.lock_table_name(customers) <> ALL (t.arguments)) THEN
        locks := segmentation_internal.lock_arguments_of(customers, NULL);
    END IF;
    PERFORM segmentation_internal.lock_check_columns(l) FROM unnest(locks) l;
    PERFORM segmentation_internal.lock_check_conditions(t.arguments, t.relation)
       FROM (SELECT DISTINCT l.relation, l.arguments FROM segmentation_internal.lock_triggers() l
              WHERE l.function = 'lock_subscription' AND l.arguments::text = ANY (locks)) t;
    calls := array_remove(ARRAY(SELECT segmentation_internal.lock_call(l) FROM unnest(locks) l ORDER BY 1), NULL);
    IF calls = '{}' THEN
        PERFORM segmentation_internal.lock_refuse_none(customers, subscriptions);
    END IF;
    IF dry_run THEN
        RETURN QUERY SELECT r.* FROM segmentation_internal.lock_try_renewal(customers, locks, calls) r;
        RETURN;
    END IF;
    PERFORM segmentation_internal.lock_drop_triggers(customers, locks);
    FOREACH call IN ARRAY calls LOOP
        RETURN QUERY EXECUTE call;
    END LOOP;
END
$$;
COMMENT ON FUNCTION segmentation.renew_lock(regclass, regclass, boolean) IS 'installs a lock again, or all locks on a table of customers, with the arguments that each had and the names that its tables have now';
