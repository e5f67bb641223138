-- what contradicts a lock that is being installed

-- a second lock on the same customers must mean the same key and segment
CREATE FUNCTION segmentation_internal.lock_check_installed(customers regclass, subscriptions regclass, arguments text[]) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    installed record;
BEGIN
    IF EXISTS (SELECT FROM pg_trigger WHERE tgrelid = subscriptions AND tgfoid = 'segmentation_internal.lock_subscription()'::regprocedure) THEN
        PERFORM segmentation_internal.refuse('42710',
            format('table "%s" has a lock already', subscriptions),
            hint => format('To change it, remove it first: SELECT segmentation.remove_lock(%L, %L);', customers, subscriptions));
    END IF;
    FOR installed IN
        SELECT a FROM pg_trigger, unnest(segmentation_internal.lock_arguments(oid)) a
         WHERE tgrelid = customers AND tgfoid = 'segmentation_internal.lock_customer()'::regprocedure AND a <> ALL (arguments)
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
COMMENT ON FUNCTION segmentation_internal.lock_check_installed(regclass, regclass, text[]) IS 'raises an error where a lock contradicts one that is installed';

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

CREATE FUNCTION segmentation_internal.lock_raise_conflicts(customers regclass, arguments text[]) RETURNS void
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
COMMENT ON FUNCTION segmentation_internal.lock_raise_conflicts(regclass, text[]) IS 'raises an error where customers and subscriptions contradict each other at installation';

CREATE FUNCTION segmentation_internal.lock_market_conflicts(arguments text[]) RETURNS SETOF text
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
COMMENT ON FUNCTION segmentation_internal.lock_market_conflicts(text[]) IS 'what contradicts the markets of the catalogue at installation';

CREATE FUNCTION segmentation_internal.lock_raise_market_conflicts(customers regclass, arguments text[]) RETURNS void
LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    total bigint;
    named text;
BEGIN
    SELECT count(*), string_agg(sentence, '; ' ORDER BY n) FILTER (WHERE n <= 3) INTO total, named
      FROM segmentation_internal.lock_market_conflicts(arguments) WITH ORDINALITY c(sentence, n);
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
COMMENT ON FUNCTION segmentation_internal.lock_raise_market_conflicts(regclass, text[]) IS 'raises an error where customers or subscriptions contradict the catalogue of markets at installation';

CREATE FUNCTION segmentation_internal.lock_has_market_key(customers regclass, market_column name) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (SELECT FROM segmentation_internal.lock_foreign_keys(customers, 'segmentation.market', NULL) f
                    WHERE f.columns = ARRAY[market_column] AND f.key = '{id}' AND NOT f.is_deferrable)
$$;
COMMENT ON FUNCTION segmentation_internal.lock_has_market_key(regclass, name) IS 'whether a column of the customers is a foreign key to the markets';

-- the foreign key to the markets is theirs to allow; from texts the server takes none from version 18 on,
-- neither in a dump from before
CREATE FUNCTION segmentation_internal.lock_check_markets(customers regclass, market_column name) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    text_type oid := (SELECT atttypid FROM pg_attribute WHERE attrelid = customers AND attname = market_column AND attcollation <> 0);
    market_type regtype := (SELECT atttypid FROM pg_attribute WHERE attrelid = 'segmentation.market'::regclass AND attname = 'id');
BEGIN
    IF segmentation_internal.lock_has_market_key(customers, market_column) THEN
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
COMMENT ON FUNCTION segmentation_internal.lock_check_markets(regclass, name) IS 'raises an error where the foreign key to the markets is wanting and cannot be made';

-- triggers of others have their say in what is updated
CREATE FUNCTION segmentation_internal.lock_check_done(customers regclass, arguments text[]) RETURNS void
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
    PERFORM segmentation_internal.lock_raise_conflicts(customers, arguments);
END
$$;
COMMENT ON FUNCTION segmentation_internal.lock_check_done(regclass, text[]) IS 'raises an error where installation has left a customer unlocked or in another segment';
