-- the triggers of a lock, and the order in which its tables are locked

-- Waits in short steps and lets go in between: transactions that hold one of
-- the tables and want another get on, and nobody meets a deadlock.
CREATE FUNCTION segmentation_internal.lock_tables(customers regclass, customers_mode text, others regclass[]) RETURNS void
LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp SET lock_timeout = '500ms' AS $$
DECLARE
    attempts CONSTANT int := 20;
    other regclass;
BEGIN
    FOR attempt IN 1..attempts LOOP
        BEGIN
            EXECUTE format('LOCK TABLE %s IN %s MODE', segmentation_internal.lock_table_name(customers), customers_mode);
            FOREACH other IN ARRAY others LOOP
                EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', segmentation_internal.lock_table_name(other));
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
COMMENT ON FUNCTION segmentation_internal.lock_tables(regclass, text, regclass[]) IS 'locks the tables of a lock against writers while it is installed, waiting a bounded time';

CREATE FUNCTION segmentation_internal.lock_trigger_name(relation regclass, base text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT candidate
      FROM (SELECT base AS candidate, 1 AS n UNION ALL SELECT format('%s_%s', base, n), n FROM generate_series(2, 1000) n) c
     WHERE NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = relation AND tgname = candidate)
     ORDER BY n LIMIT 1
$$;
COMMENT ON FUNCTION segmentation_internal.lock_trigger_name(regclass, text) IS 'a trigger name that is still free on a table';

-- by a function, because ROW(...) *<> ROW(...) does not come back from pg_dump
CREATE FUNCTION segmentation_internal.lock_changed(relation_name text, columns name[]) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT format('segmentation_internal.lock_watches(%L, %L) AND pg_catalog.record_image_ne(ROW(%s), ROW(%s))', relation_name, columns,
                  string_agg(format('OLD.%I', c), ', ' ORDER BY n), string_agg(format('NEW.%I', c), ', ' ORDER BY n))
      FROM unnest(columns) WITH ORDINALITY u(c, n)
$$;
COMMENT ON FUNCTION segmentation_internal.lock_changed(text, name[]) IS 'a trigger''s condition: one of these columns has changed';

-- what is quoted goes through no pattern of format() again, which would take its % for one
CREATE FUNCTION segmentation_internal.lock_trigger_call(function name, arguments text[]) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN format('EXECUTE FUNCTION segmentation_internal.%I(%s)', function,
              (SELECT string_agg(quote_literal(a), ', ' ORDER BY n) FROM unnest(arguments) WITH ORDINALITY u(a, n)));
COMMENT ON FUNCTION segmentation_internal.lock_trigger_call(name, text[]) IS 'what a trigger of a lock executes, the end of the statement that creates it';

CREATE FUNCTION segmentation_internal.lock_agreement(arguments text[], relation regclass) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (SELECT format('acts as role "%s", the owner of its table, who has agreed to: %s', pg_get_userbyid(relowner), array_to_string(arguments, ', '))
          FROM pg_class WHERE oid = relation);
COMMENT ON FUNCTION segmentation_internal.lock_agreement(text[], regclass) IS 'what the comment of a table''s owner on a trigger of a lock says';

-- Tables of several owners: each trigger but the guard acts as the owner of its table on
-- those of the others, and only that owner can comment on it.
CREATE FUNCTION segmentation_internal.lock_consent(statement text, tables regclass[], arguments text[]) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (SELECT format('COMMENT ON TRIGGER %s ON %s IS %L', m[1], segmentation_internal.lock_table_name(t), segmentation_internal.lock_agreement(arguments, t))
          FROM regexp_match(statement, '^CREATE (?:CONSTRAINT )?TRIGGER (\S+) (?:BEFORE|AFTER) [A-Z ]+ ON (.*)$') m, unnest(tables) t
         WHERE starts_with(m[2], segmentation_internal.lock_table_name(t) || ' ')
           AND m[1] NOT IN ('segmentation_lock_customer', 'segmentation_lock_leaving', 'segmentation_lock_arriving')
           AND (SELECT count(DISTINCT c.relowner) FROM unnest(tables) o JOIN pg_class c ON c.oid = o
                                                                             OR c.oid IN (SELECT relid FROM pg_partition_tree(o))) > 1);
COMMENT ON FUNCTION segmentation_internal.lock_consent(text, regclass[], text[]) IS 'the statement by which the owner of its table agrees to a trigger that another statement creates; NULL where all tables have one owner';

-- the DDL of a lock, in order
CREATE FUNCTION segmentation_internal.lock_statements(customers regclass, subscriptions regclass, offers regclass,
    arguments text[], watched name[], customer_key name[], customer_segment name, offer_key name[], markets boolean) RETURNS SETOF text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    guard_call CONSTANT text := segmentation_internal.lock_trigger_call('lock_customer',
        ARRAY(SELECT a FROM unnest(arguments) WITH ORDINALITY u(a, n) WHERE a ~ '^(customers|customer_key|customer_segment)=' ORDER BY n));
    subscription_call CONSTANT text := segmentation_internal.lock_trigger_call('lock_subscription', arguments);
    customers_name CONSTANT text := segmentation_internal.lock_table_name(customers);
    subscriptions_name CONSTANT text := segmentation_internal.lock_table_name(subscriptions);
    offers_name CONSTANT text := segmentation_internal.lock_table_name(offers);
    changed CONSTANT text := segmentation_internal.lock_changed(subscriptions_name, watched);
    guarded CONSTANT name[] := customer_key || ARRAY[customer_segment, 'segment_locked_at'];
    guard_condition CONSTANT text := format('segmentation_internal.lock_watches(%L, %L) AND %s', customers_name, guarded,
                                            segmentation_internal.lock_query(arguments, 'customer condition'));
    deferrables CONSTANT text[] := (SELECT string_to_array(substr(a, length('deferrable=') + 1), ', ') FROM unnest(arguments) a
                                    WHERE a LIKE 'deferrable=%');
BEGIN
    IF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = customers AND attname = 'segment_locked_at' AND NOT attisdropped) THEN
        RETURN NEXT format('ALTER TABLE %s ADD COLUMN segment_locked_at timestamptz', customers_name);
    END IF;
    IF markets AND NOT segmentation_internal.lock_has_market_key(customers, customer_segment) THEN
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

    IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = customers AND tgfoid = 'segmentation_internal.lock_customer()'::regprocedure) THEN
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
                       segmentation_internal.lock_trigger_name(customers, 'segmentation_lock_old_customer'),
                       customers_name, segmentation_internal.lock_trigger_call('lock_new_customer', arguments));
    IF 'customers' = ANY (deferrables) THEN
        RETURN NEXT format('CREATE TRIGGER %I AFTER INSERT ON %s FOR EACH ROW %s',
                           segmentation_internal.lock_trigger_name(customers, 'segmentation_lock_new_customer'),
                           customers_name, segmentation_internal.lock_trigger_call('lock_new_customer', arguments));
        RETURN NEXT format('CREATE TRIGGER %I AFTER UPDATE ON %s FOR EACH ROW WHEN (%s) %s',
                           segmentation_internal.lock_trigger_name(customers, 'segmentation_lock_customer_key'),
                           customers_name, segmentation_internal.lock_changed(customers_name, customer_key), segmentation_internal.lock_trigger_call('lock_new_customer', arguments));
    END IF;

    IF offers IS NOT NULL THEN
        RETURN NEXT format('CREATE TRIGGER %I AFTER UPDATE ON %s FOR EACH ROW WHEN (%s) %s',
                           segmentation_internal.lock_trigger_name(offers, 'segmentation_lock_offer'),
                           offers_name,
                           format('segmentation_internal.lock_watches(%L, %L) AND %s', offers_name,
                                  (SELECT parse_ident(substr(a, length('offer_segment=') + 1)) FROM unnest(arguments) a WHERE a LIKE 'offer_segment=%'),
                                  segmentation_internal.lock_query(arguments, 'offer condition')),
                           segmentation_internal.lock_trigger_call('lock_offer', arguments));
        RETURN NEXT format('CREATE TRIGGER %I AFTER DELETE ON %s FOR EACH ROW %s',
                           segmentation_internal.lock_trigger_name(offers, 'segmentation_lock_old_offer'),
                           offers_name, segmentation_internal.lock_trigger_call('lock_new_offer', arguments));
        RETURN NEXT format('CREATE TRIGGER %I AFTER UPDATE ON %s FOR EACH ROW WHEN (%s) %s',
                           segmentation_internal.lock_trigger_name(offers, 'segmentation_lock_offer_key'),
                           offers_name, segmentation_internal.lock_changed(offers_name, offer_key), segmentation_internal.lock_trigger_call('lock_new_offer', arguments));
    END IF;
    IF 'offers' = ANY (deferrables) THEN
        RETURN NEXT format('CREATE TRIGGER %I AFTER INSERT ON %s FOR EACH ROW %s',
                           segmentation_internal.lock_trigger_name(offers, 'segmentation_lock_new_offer'),
                           offers_name, segmentation_internal.lock_trigger_call('lock_new_offer', arguments));
    END IF;
END
$$;
COMMENT ON FUNCTION segmentation_internal.lock_statements(regclass, regclass, regclass, text[], name[], name[], name, name[], boolean) IS 'the statements that create a lock''s column, foreign key to the markets, and triggers';
