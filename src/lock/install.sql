-- installing a lock

CREATE FUNCTION segmentation_internal.lock_install(
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
    PERFORM segmentation_internal.lock_check_table(customers, 'customers');
    PERFORM segmentation_internal.lock_check_table(subscriptions, 'subscriptions');
    IF subscriptions = customers OR offers IN (customers, subscriptions) THEN
        PERFORM segmentation_internal.refuse('22023',
            'customers, subscriptions and offers must be different tables');
    END IF;
    IF customer_key = '{}' THEN
        PERFORM segmentation_internal.refuse('22023',
            'customer_key must name at least one column');
    END IF;
    IF customer_key IS NULL THEN
        customer_key := segmentation_internal.lock_primary_key(customers);
        IF customer_key IS NULL THEN
            PERFORM segmentation_internal.refuse('42704',
                format('table "%s" has no primary key', customers),
                hint => 'Say with customer_key which unique columns identify a customer.');
        END IF;
        RETURN QUERY SELECT 'found', format('customer_key => %L, the primary key', customer_key);
    END IF;
    PERFORM segmentation_internal.lock_check_column(customers, customer_segment,
        format('Say with customer_segment which it is, or add it: ALTER TABLE %s ADD COLUMN %I %s;', customers, customer_segment,
               (SELECT atttypid::regtype FROM pg_attribute WHERE attrelid = 'segmentation.market'::regclass AND attname = 'id')));
    IF (SELECT attgenerated <> '' FROM pg_attribute WHERE attrelid = customers AND attname = customer_segment) THEN
        PERFORM segmentation_internal.refuse('0A000',
            format('column "%s" of table "%s" is generated', customer_segment, customers),
            detail => 'A customer without a segment takes that of its first subscription.',
            hint => 'Make it an ordinary column, filled by the application or a trigger.');
    END IF;

    foreign_key := segmentation_internal.lock_foreign_key(subscriptions, customers, subscription_customer, customer_key, 'subscription_customer');
    IF subscription_customer IS NULL THEN
        RETURN QUERY SELECT 'found', format('subscription_customer => %L, the foreign key', foreign_key.columns);
    END IF;
    arguments := ARRAY['customers=' || segmentation_internal.lock_table_name(customers),
                       'customer_key=' || segmentation_internal.lock_column_list(foreign_key.key),
                       'customer_segment=' || quote_ident(customer_segment),
                       'subscriptions=' || segmentation_internal.lock_table_name(subscriptions),
                       'subscription_customer=' || segmentation_internal.lock_column_list(foreign_key.columns)];
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
        PERFORM segmentation_internal.lock_check_offers(customers, subscriptions, offers, customer_segment);
        foreign_key := segmentation_internal.lock_foreign_key(subscriptions, offers, array_remove(ARRAY[subscription_offer], NULL), NULL, 'subscription_offer');
        IF subscription_offer IS NULL THEN
            RETURN QUERY SELECT 'found', format('subscription_offer => %L, the foreign key', foreign_key.columns);
        END IF;
        IF offer_segment IS NULL AND offers = 'segmentation.offer'::regclass THEN
            offer_segment := 'market';
        ELSIF offer_segment IS NULL THEN
            offer_segment := customer_segment;
            RETURN QUERY SELECT 'found', format('offer_segment => %L, named as the customer''s', offer_segment);
        END IF;
        PERFORM segmentation_internal.lock_check_column(offers, offer_segment, 'Say with offer_segment which it is.');
    END IF;
    -- a subscription that names its offer's segment has it, and the foreign key holds the offer
    IF offers IS NOT NULL AND offer_segment = ANY (foreign_key.key) THEN
        subscription_segment := foreign_key.columns[array_position(foreign_key.key, offer_segment)];
        RETURN QUERY SELECT 'found', format('subscription_segment => %L, part of the key of its offer', subscription_segment);
        arguments := arguments || ARRAY['offers=' || segmentation_internal.lock_table_name(offers),
                                        'subscription_offer=' || segmentation_internal.lock_column_list(foreign_key.columns),
                                        'offer_key=' || segmentation_internal.lock_column_list(foreign_key.key),
                                        'subscription_segment=' || quote_ident(subscription_segment)];
        offers := NULL;
        watched := foreign_key.columns || watched;
    ELSIF offers IS NOT NULL THEN
        PERFORM segmentation_internal.lock_check_table(offers, 'offers');
        arguments := arguments || ARRAY['offers=' || segmentation_internal.lock_table_name(offers),
                                        'subscription_offer=' || segmentation_internal.lock_column_list(foreign_key.columns),
                                        'offer_key=' || segmentation_internal.lock_column_list(foreign_key.key),
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
        PERFORM segmentation_internal.lock_check_column(subscriptions, subscription_segment, 'Say with subscription_segment which it is.');
        arguments := arguments || ('subscription_segment=' || quote_ident(subscription_segment));
        watched := subscription_segment || watched;
    END IF;
    arguments := arguments || ('deferrable=' || nullif(array_to_string(deferrables, ', '), ''))
                           || ('locks_when=' || locks_when) || ('running_when=' || running_when)
                           || CASE WHEN markets THEN 'markets=true' END;
    IF subscription_price IS NOT NULL THEN
        PERFORM segmentation_internal.lock_check_column(subscriptions, subscription_price, 'Say with subscription_price which it is.');
        arguments := arguments || ('subscription_price=' || quote_ident(subscription_price));
        watched := subscription_price || watched;
    END IF;
    arguments := array_remove(arguments, NULL);
    watched := ARRAY(SELECT DISTINCT w FROM unnest(watched) w WHERE w IS NOT NULL ORDER BY w);

    IF NOT dry_run THEN
        PERFORM segmentation_internal.lock_tables(customers,
            CASE WHEN EXISTS (SELECT FROM pg_attribute WHERE attrelid = customers AND attname = 'segment_locked_at')
                 THEN 'SHARE ROW EXCLUSIVE' ELSE 'ACCESS EXCLUSIVE' END,
            array_remove(ARRAY[subscriptions, offers], NULL));
    END IF;
    PERFORM segmentation_internal.lock_check_installed(customers, subscriptions, arguments);
    IF markets THEN
        PERFORM segmentation_internal.lock_check_markets(customers, customer_segment);
    END IF;
    IF NOT dry_run THEN
        PERFORM segmentation_internal.lock_raise_conflicts(customers, arguments);
        PERFORM segmentation_internal.lock_raise_market_conflicts(customers, arguments);
    END IF;

    RETURN QUERY SELECT 'lock', format('customers that have subscriptions: %s', segmentation_internal.lock_count(arguments, 'unlocked'));
    FOR statement IN SELECT u FROM segmentation_internal.lock_statements(customers, subscriptions, offers, arguments, watched, customer_key,
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
        RETURN QUERY SELECT 'conflict', c FROM segmentation_internal.lock_market_conflicts(arguments) c;
    ELSE
        PERFORM segmentation_internal.lock_count(arguments, 'lock');
        PERFORM segmentation_internal.lock_check_done(customers, arguments);
    END IF;
END
$$;
COMMENT ON FUNCTION segmentation_internal.lock_install(regclass, regclass, name[], name, name[], name, regclass, name, name, name, text, text, name[], boolean, boolean) IS 'install_lock with its conditions checked and qualified';

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
    SELECT * INTO locking FROM segmentation_internal.lock_condition(subscriptions, locks_when, 'locks_when');
    SELECT * INTO running FROM segmentation_internal.lock_condition(subscriptions, running_when, 'running_when');
    RETURN QUERY SELECT i.step, i.detail FROM segmentation_internal.lock_install(
        customers, subscriptions, customer_key, customer_segment, subscription_customer, subscription_segment,
        offers, subscription_offer, offer_segment, subscription_price, locking.expression, running.expression,
        locking.columns OPERATOR(pg_catalog.||) running.columns, markets IS TRUE, dry_run) i;
END
$$;
COMMENT ON FUNCTION segmentation.install_lock(regclass, regclass, name[], name, name[], name, regclass, name, name, name, text, text, boolean, boolean) IS 'locks customers to their segment by their first subscription, from now on and for every writer';
