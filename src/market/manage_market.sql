-- making markets, and their way from draft to retired

CREATE FUNCTION segmentation_internal.market_check_new(id @extschema@.segment_id, currency text, countries text[], default_language text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    unknown text;
BEGIN
    IF id IS NULL THEN
        PERFORM segmentation_internal.refuse('22004',
            'the id of a market must not be null');
    ELSIF EXISTS (SELECT FROM segmentation.market m WHERE m.id OPERATOR(@extschema@.=) market_check_new.id) THEN
        PERFORM segmentation_internal.refuse('23505',
            format('market "%s" already exists', id),
            hint => 'Choose another id, or change the market that is there.');
    ELSIF currency IS NULL THEN
        PERFORM segmentation_internal.refuse('22004',
            format('market "%s" has no currency', id),
            hint => 'Each market sells in one currency; name it by its ISO 4217 code, such as EUR.');
    ELSIF NOT segmentation.is_currency(currency) THEN
        PERFORM segmentation_internal.refuse('22023',
            format('unknown currency "%s"', currency),
            hint => 'Currencies are ISO 4217 codes of three capital letters, such as EUR; currencies() lists them.');
    ELSIF NOT segmentation.is_language(default_language) THEN
        PERFORM segmentation_internal.refuse('22023',
            format('unknown language "%s"', default_language),
            hint => 'Languages are ISO 639 codes, with or without script and country, such as fr, fr-CH or zh-Hant-TW.');
    END IF;
    SELECT segmentation_internal.first_ten(array_agg(quote_nullable(country))) INTO unknown
      FROM unnest(countries) AS country WHERE segmentation.is_country(country) IS NOT true;
    IF unknown IS NOT NULL THEN
        PERFORM segmentation_internal.refuse('22023',
            format('unknown countries: %s', unknown),
            hint => 'Countries are ISO 3166-1 codes of two capital letters, such as FR.');
    END IF;
END
$$;
COMMENT ON FUNCTION segmentation_internal.market_check_new(@extschema@.segment_id, text, text[], text) IS
    'raises an error that says what is wrong with a market to be made';

CREATE FUNCTION segmentation.create_market(
    id @extschema@.segment_id,
    currency text,
    countries text[] DEFAULT '{}',
    customer_type text DEFAULT 'direct',
    partner text DEFAULT NULL,
    channel text DEFAULT 'self-service',
    sales_representative text DEFAULT NULL,
    service_level text DEFAULT NULL,
    product text DEFAULT NULL,
    business text DEFAULT NULL,
    sector text DEFAULT NULL,
    default_language text DEFAULT 'en',
    title text DEFAULT NULL
) RETURNS segmentation.market
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    result segmentation.market;
BEGIN
    PERFORM segmentation_internal.market_check_new(id, currency, countries, default_language);
    INSERT INTO segmentation.market (id, currency, countries, customer_type, partner, channel, sales_representative,
                                     service_level, product, business, sector, default_language)
        VALUES (id, currency, countries, customer_type, partner, channel, sales_representative,
                service_level, product, business, sector, default_language)
        RETURNING * INTO result;
    IF title IS NOT NULL THEN
        INSERT INTO segmentation.segment_text (model, segment, language, title)
            VALUES (result.model, id, default_language, title);
    END IF;
    RETURN result;
END
$$;
REVOKE EXECUTE ON FUNCTION segmentation.create_market(@extschema@.segment_id, text, text[], text, text, text, text, text, text, text, text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION segmentation.create_market(@extschema@.segment_id, text, text[], text, text, text, text, text, text, text, text, text, text) IS
    'makes a market, a draft at first; the title is in the default language';

CREATE FUNCTION segmentation_internal.market_converted_price(price @extschema@.currency_price, currency text, rate numeric) RETURNS @extschema@.currency_price
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION segmentation_internal.market_converted_price(@extschema@.currency_price, text, numeric) IS
    'a price times a rate in another currency, rounded half-even to the minor unit';

-- a price by another market's rate; one that is the same stays exact
CREATE FUNCTION segmentation_internal.market_price(price @extschema@.currency_price, currency text, rate numeric) RETURNS @extschema@.currency_price
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE rate WHEN 1 THEN @extschema@.currency_price(@extschema@.amount(price), currency)
       ELSE segmentation_internal.market_converted_price(price, currency, rate) END;
COMMENT ON FUNCTION segmentation_internal.market_price(@extschema@.currency_price, text, numeric) IS
    'a price at a rate in another currency, rounded half-even to the minor unit unless the rate is 1';

-- one statement, so that texts agree with offers whatever others do meanwhile
CREATE FUNCTION segmentation.clone_market("from" @extschema@.segment_id, "to" @extschema@.segment_id, currency text, rate numeric DEFAULT 1)
    RETURNS segmentation.market
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    source CONSTANT segmentation.market := segmentation_internal.market_known("from");
    lost record;
    result segmentation.market;
BEGIN
    PERFORM segmentation_internal.market_check_new("to", currency, '{}', source.default_language);
    IF rate IS NULL OR rate <= 0 OR rate >= 'Infinity' THEN
        PERFORM segmentation_internal.refuse('22023',
            format('a rate of %s makes no prices', quote_nullable(rate)),
            hint => 'Say how much of the new currency one of the old one is worth, or 1 for the same figures.');
    END IF;
    SELECT o.code, o.price INTO lost
      FROM segmentation.offer o
     WHERE o.market OPERATOR(@extschema@.=) "from"
       AND @extschema@.sign(segmentation_internal.market_price(o.price, clone_market.currency, rate)) = 0
     ORDER BY o.code LIMIT 1;
    IF FOUND THEN
        PERFORM segmentation_internal.refuse('22003',
            format('offer "%s" would have no price', lost.code),
            detail => format('%s at a rate of %s, rounded to the minor unit of %s, is nothing.', lost.price, rate, currency),
            hint => 'Clone with a rate of 1, then set prices of your own.');
    END IF;
    WITH market AS (
        INSERT INTO segmentation.market (id, currency, customer_type, partner, channel, sales_representative,
                                         service_level, product, business, sector, default_language)
            VALUES ("to", currency, source.customer_type, source.partner, source.channel, source.sales_representative,
                    source.service_level, source.product, source.business, source.sector, source.default_language)
            RETURNING *
    ), segment_text AS (
        INSERT INTO segmentation.segment_text (model, segment, language, title, description)
            SELECT t.model, "to", t.language, t.title, t.description
              FROM segmentation.segment_text t
             WHERE t.model OPERATOR(@extschema@.=) source.model AND t.segment OPERATOR(@extschema@.=) "from"
    ), offer AS (
        INSERT INTO segmentation.offer (market, code, price, free, billing_period, available, promotional, kind, customer)
            SELECT "to", o.code, segmentation_internal.market_price(o.price, clone_market.currency, rate), o.free, o.billing_period,
                   o.available, o.promotional, o.kind, o.customer
              FROM segmentation.offer o WHERE o.market OPERATOR(@extschema@.=) "from"
    ), offer_text AS (
        INSERT INTO segmentation.offer_text (market, offer, language, title, description)
            SELECT "to", t.offer, t.language, t.title, t.description
              FROM segmentation.offer_text t WHERE t.market OPERATOR(@extschema@.=) "from"
    )
    SELECT * INTO result FROM market;
    RETURN result;
END
$$;
REVOKE EXECUTE ON FUNCTION segmentation.clone_market(@extschema@.segment_id, @extschema@.segment_id, text, numeric) FROM PUBLIC;
COMMENT ON FUNCTION segmentation.clone_market(@extschema@.segment_id, @extschema@.segment_id, text, numeric) IS
    'makes a draft market, without countries, of another one''s offers and texts: at the same figures, or converted by a rate';

CREATE FUNCTION segmentation_internal.market_has_customers(foreign_key oid, id @extschema@.segment_id) RETURNS boolean
    AS 'MODULE_PATHNAME' LANGUAGE C STRICT;
COMMENT ON FUNCTION segmentation_internal.market_has_customers(oid, @extschema@.segment_id) IS 'whether the table that has a foreign key to the markets has customers of one';

-- a snapshot that is older than a customer would hide it
CREATE FUNCTION segmentation_internal.market_customers(id @extschema@.segment_id) RETURNS regclass
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    reference record;
BEGIN
    IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
        PERFORM segmentation_internal.refuse('25001',
            format('cannot look for customers of a market at isolation level %s', current_setting('transaction_isolation')),
            detail => 'Customers that others have added since the transaction began would be missed.',
            hint => 'Use BEGIN ISOLATION LEVEL READ COMMITTED.');
    END IF;
    FOR reference IN
        SELECT c.oid AS foreign_key, c.conrelid::regclass AS customers
          FROM pg_constraint c
         WHERE c.contype = 'f' AND c.confrelid = 'segmentation.market'::regclass AND c.conparentid = 0
           AND c.conrelid <> 'segmentation.offer'::regclass
         ORDER BY c.conrelid::regclass::text COLLATE "C", c.conname
    LOOP
        IF segmentation_internal.market_has_customers(reference.foreign_key, id) THEN
            RETURN reference.customers;
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION segmentation_internal.market_customers(@extschema@.segment_id) IS 'a table that has customers of a market, NULL if there is none';

CREATE FUNCTION segmentation_internal.another_market_id(id @extschema@.segment_id) RETURNS text
LANGUAGE sql STABLE STRICT SET search_path = pg_catalog, pg_temp
RETURN (SELECT other FROM (SELECT format('%s-%s', left(id::text, 20), n), n FROM generate_series(2, 999) AS n) AS numbered (other, n)
         WHERE NOT EXISTS (SELECT FROM segmentation.market AS m WHERE m.id::text = other) ORDER BY n LIMIT 1);
COMMENT ON FUNCTION segmentation_internal.another_market_id(@extschema@.segment_id) IS 'an id like that of a market that no market has, for hints';

CREATE FUNCTION segmentation_internal.market_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    customers regclass;
BEGIN
    IF OLD.currency <> NEW.currency THEN
        IF EXISTS (SELECT FROM segmentation.offer o WHERE o.market OPERATOR(@extschema@.=) OLD.id) THEN
            PERFORM segmentation_internal.refuse('23001',
                format('cannot change the currency of market "%s", which has offers', OLD.id),
                hint => format('Clone it: SELECT segmentation.clone_market(%L, %L, %L); with a rate => other than 1 where its prices are to be converted.',
                               OLD.id, segmentation_internal.another_market_id(OLD.id), NEW.currency));
        END IF;
        customers := segmentation_internal.market_customers(OLD.id);
        IF customers IS NOT NULL THEN
            PERFORM segmentation_internal.refuse('23001',
                format('cannot change the currency of market "%s", which has customers', OLD.id),
                detail => format('Table "%s" has customers of it.', customers),
                hint => format('Make another market in %s, and move those customers to it who agree: segmentation.move_customer.', NEW.currency));
        END IF;
    END IF;
    IF (OLD.status, NEW.status) NOT IN (('draft', 'draft'), ('draft', 'active'), ('draft', 'retired'),
            ('active', 'active'), ('active', 'suspended'), ('active', 'retired'),
            ('suspended', 'suspended'), ('suspended', 'active'), ('suspended', 'retired'), ('retired', 'retired')) THEN
        PERFORM segmentation_internal.refuse('55000',
            format('cannot make market "%s" %s, which is %s', OLD.id, NEW.status, OLD.status),
            hint => CASE OLD.status WHEN 'retired' THEN format('Make a new one of it: SELECT segmentation.clone_market(%L, %L, %L);', OLD.id,
                                                               segmentation_internal.another_market_id(OLD.id), OLD.currency)
                    ELSE 'A draft becomes active; an active market is suspended and becomes active again; any may be retired.' END);
    END IF;
    IF OLD.status <> 'retired' AND NEW.status = 'retired' THEN
        -- waits for customers that are being added, whose foreign key holds their market
        PERFORM FROM segmentation.market m WHERE m.id OPERATOR(@extschema@.=) OLD.id FOR UPDATE;
        customers := segmentation_internal.market_customers(OLD.id);
        IF customers IS NOT NULL THEN
            PERFORM segmentation_internal.refuse('55000',
                format('cannot retire market "%s", which has customers', OLD.id),
                detail => format('Table "%s" has customers of it.', customers),
                hint => format('Move them to other markets first, with segmentation.move_customer, or keep them and suspend it: SELECT segmentation.suspend_market(''%s'');', OLD.id));
        END IF;
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION segmentation_internal.market_change() IS 'trigger of markets: refuses another currency once there are offers or customers, and steps that a status cannot take';

CREATE TRIGGER market_change BEFORE UPDATE ON segmentation.market
    FOR EACH ROW WHEN (OLD.currency <> NEW.currency OR OLD.status <> NEW.status)
    EXECUTE FUNCTION segmentation_internal.market_change();
COMMENT ON TRIGGER market_change ON segmentation.market IS 'currency and status change only as they may';

-- after the change, so that what was changed together with the status counts
CREATE FUNCTION segmentation_internal.market_activation() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    missing text;
BEGIN
    SELECT string_agg(f.sentence, ' ') INTO missing FROM segmentation.check_market(NEW.id) f WHERE f.severity = 'error';
    IF missing IS NOT NULL THEN
        PERFORM segmentation_internal.refuse('55000',
            format('market "%s" is not ready to become active', NEW.id),
            detail => missing,
            hint => format('What to do about each: SELECT * FROM segmentation.check_market(''%s'');', NEW.id));
    END IF;
    IF EXISTS (SELECT FROM @extschema@.currencies() c WHERE c.code = NEW.currency AND c.withdrawn) THEN
        RAISE WARNING 'market "%" sells in %, which is withdrawn', NEW.id, NEW.currency
            USING HINT = format('What to do about it: SELECT * FROM segmentation.check_market(''%s'');', NEW.id);
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION segmentation_internal.market_activation() IS 'trigger of markets: refuses to make one active while check_market finds errors, and warns of a withdrawn currency';

CREATE TRIGGER market_activation AFTER UPDATE ON segmentation.market
    FOR EACH ROW WHEN (OLD.status <> 'active' AND NEW.status = 'active')
    EXECUTE FUNCTION segmentation_internal.market_activation();
COMMENT ON TRIGGER market_activation ON segmentation.market IS 'a market becomes active only without errors';

-- who comes second finds what the first has made of it
CREATE FUNCTION segmentation_internal.market_set_status(id @extschema@.segment_id, status text) RETURNS segmentation.market
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    old segmentation.market;
    result segmentation.market;
BEGIN
    PERFORM segmentation_internal.market_known(id);
    SELECT * INTO old FROM segmentation.market m WHERE m.id OPERATOR(@extschema@.=) market_set_status.id FOR NO KEY UPDATE;
    IF old.status = market_set_status.status THEN
        PERFORM segmentation_internal.refuse('55000',
            format('market "%s" is %s already', id, status));
    END IF;
    UPDATE segmentation.market m SET status = market_set_status.status
     WHERE m.id OPERATOR(@extschema@.=) market_set_status.id
     RETURNING * INTO result;
    RETURN result;
END
$$;
REVOKE EXECUTE ON FUNCTION segmentation_internal.market_set_status(@extschema@.segment_id, text) FROM PUBLIC;
COMMENT ON FUNCTION segmentation_internal.market_set_status(@extschema@.segment_id, text) IS 'gives a market another status, or says that it has it already';

CREATE FUNCTION segmentation.activate_market(id @extschema@.segment_id) RETURNS segmentation.market
LANGUAGE sql SET search_path = pg_catalog, pg_temp
RETURN segmentation_internal.market_set_status(id, 'active');
REVOKE EXECUTE ON FUNCTION segmentation.activate_market(@extschema@.segment_id) FROM PUBLIC;
COMMENT ON FUNCTION segmentation.activate_market(@extschema@.segment_id) IS 'lets a market sell; refused while check_market finds errors';

CREATE FUNCTION segmentation.suspend_market(id @extschema@.segment_id) RETURNS segmentation.market
LANGUAGE sql SET search_path = pg_catalog, pg_temp
RETURN segmentation_internal.market_set_status(id, 'suspended');
REVOKE EXECUTE ON FUNCTION segmentation.suspend_market(@extschema@.segment_id) FROM PUBLIC;
COMMENT ON FUNCTION segmentation.suspend_market(@extschema@.segment_id) IS 'stops an active market: it keeps its customers and takes no new subscription';

CREATE FUNCTION segmentation.retire_market(id @extschema@.segment_id) RETURNS segmentation.market
LANGUAGE sql SET search_path = pg_catalog, pg_temp
RETURN segmentation_internal.market_set_status(id, 'retired');
REVOKE EXECUTE ON FUNCTION segmentation.retire_market(@extschema@.segment_id) FROM PUBLIC;
COMMENT ON FUNCTION segmentation.retire_market(@extschema@.segment_id) IS 'ends a market without customers for ever';
