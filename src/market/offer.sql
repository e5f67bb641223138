-- offers: what markets sell, and its texts

CREATE TABLE segmentation.offer (
    market @extschema@.segment_id NOT NULL
        CONSTRAINT offer_market REFERENCES segmentation.market ON UPDATE CASCADE,
    code text COLLATE "C" NOT NULL
        CONSTRAINT offer_code_trimmed CHECK ((code <> '' AND code = btrim(code))
            OR segmentation_internal.violated('offer_code_trimmed', 'invalid offer code', code,
            'A code is not empty, and neither begins nor ends with a space.')),
    price @extschema@.currency_price
        CONSTRAINT offer_price_positive CHECK ((@extschema@.sign(price) > 0) IS NOT FALSE
            OR segmentation_internal.violated('offer_price_positive', 'an offer cannot have price', price::pg_catalog.text,
            'A price is above zero; where an offer costs nothing set free to true and leave the price out.')),
    free boolean NOT NULL DEFAULT false,
    billing_period interval
        CONSTRAINT offer_billing_period_positive CHECK ((billing_period > '0') IS NOT FALSE
            OR segmentation_internal.violated('offer_billing_period_positive', 'an offer cannot be billed every', billing_period::pg_catalog.text,
            'A billing period is above zero, such as 1 month; leave it NULL where the price is paid once.')),
    available daterange NOT NULL DEFAULT '(,)'
        CONSTRAINT offer_available_some_day CHECK ((NOT isempty(available) AND (lower(available) < 'infinity') IS NOT false AND (upper(available) > '-infinity') IS NOT false)
            OR segmentation_internal.violated('offer_available_some_day', 'an offer must be sold on some day, not in', available::pg_catalog.text,
            'Give a range of days, such as [2030-01-01,2030-02-01), or (,) for always.')),
    promotional boolean NOT NULL DEFAULT false,
    kind text NOT NULL DEFAULT 'all-inclusive'
        CONSTRAINT offer_kind CHECK (kind IN ('all-inclusive', 'base', 'add-on')
            OR segmentation_internal.violated('offer_kind', 'unrecognized kind of offer', kind,
            'A kind is "all-inclusive", "base" or "add-on".')),
    customer text[]
        CONSTRAINT offer_customer_key CHECK ((cardinality(customer) > 0 AND array_position(customer, NULL) IS NULL) IS NOT FALSE
            OR segmentation_internal.violated('offer_customer_key', 'an offer cannot be for customer', customer::pg_catalog.text,
            'Give the customer''s key, one value per key column, as in {42}; leave it NULL where the offer is for all.')),
    currency text COLLATE "C" GENERATED ALWAYS AS (@extschema@.currency(price)) STORED,
    PRIMARY KEY (market, code),
    CONSTRAINT offer_market_currency FOREIGN KEY (market, currency) REFERENCES segmentation.market (id, currency),
    CONSTRAINT offer_free_or_price CHECK (NOT free OR price IS NULL
        OR segmentation_internal.violated('offer_free_or_price', 'an offer that is free cannot have price', price::pg_catalog.text,
        'Leave the price out, or set free to false.')),
    CONSTRAINT offer_promotion_ends CHECK (NOT promotional OR (upper(available) < 'infinity') IS TRUE
        OR segmentation_internal.violated('offer_promotion_ends', 'a promotion must end, which is not so in', available::pg_catalog.text,
        'Give "available" a last day, as in [2030-01-01,2030-02-01), or set promotional to false.'))
);
SELECT pg_catalog.pg_extension_config_dump('segmentation.offer', '');
GRANT SELECT ON segmentation.offer TO PUBLIC;
COMMENT ON TABLE segmentation.offer IS 'offers: what a market sells, at which price and when';
COMMENT ON COLUMN segmentation.offer.market IS 'market that sells it';
COMMENT ON COLUMN segmentation.offer.code IS 'code of the offer, unique within its market';
COMMENT ON COLUMN segmentation.offer.price IS 'price in the market''s currency; NULL where it is free, or not yet known';
COMMENT ON COLUMN segmentation.offer.free IS 'whether it costs nothing';
COMMENT ON COLUMN segmentation.offer.billing_period IS 'what the price is for, such as 1 month; NULL: paid once';
COMMENT ON COLUMN segmentation.offer.available IS 'days on which it is sold';
COMMENT ON COLUMN segmentation.offer.promotional IS 'whether it is a promotion, which has an end';
COMMENT ON COLUMN segmentation.offer.kind IS 'all-inclusive, a base for add-ons, or an add-on';
COMMENT ON COLUMN segmentation.offer.customer IS 'key of the only customer it is for, one value per key column; NULL: for all';
COMMENT ON COLUMN segmentation.offer.currency IS 'currency of the price';

-- says more than the foreign key, which refuses the same; where a dump is restored the market may come later
CREATE FUNCTION segmentation_internal.offer_currency() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    wanted text := (SELECT m.currency FROM segmentation.market AS m WHERE m.id OPERATOR(@extschema@.=) NEW.market);
BEGIN
    IF @extschema@.currency(NEW.price) <> wanted THEN
        PERFORM segmentation_internal.refuse('23503',
            format('market "%s" sells in %s, and offer "%s" has price %s', NEW.market, wanted, NEW.code, NEW.price),
            hint => format('Give the price in %s, or make a market that sells in %s.', wanted, @extschema@.currency(NEW.price)),
            "table" => 'offer', "constraint" => 'offer_market_currency');
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION segmentation_internal.offer_currency() IS 'trigger of offers: a price is in the market''s currency';
CREATE TRIGGER offer_currency BEFORE INSERT OR UPDATE ON segmentation.offer
    FOR EACH ROW WHEN (NEW.price IS NOT NULL) EXECUTE FUNCTION segmentation_internal.offer_currency();
COMMENT ON TRIGGER offer_currency ON segmentation.offer IS 'a price is in the market''s currency';

CREATE TABLE segmentation.offer_text (
    market @extschema@.segment_id NOT NULL,
    offer text COLLATE "C" NOT NULL,
    language text COLLATE "C" NOT NULL
        CONSTRAINT offer_text_language_iso_639 CHECK (segmentation.is_language(language)
            OR segmentation_internal.violated('offer_text_language_iso_639', 'unknown language', language,
            'Languages are ISO 639 codes, with or without script and country, such as fr, fr-CH or zh-Hant-TW.')),
    title text NOT NULL
        CONSTRAINT offer_text_title_not_empty CHECK (title <> ''
            OR segmentation_internal.violated('offer_text_title_not_empty', 'the title of an offer must not be empty', NULL,
            'Leave the row out where an offer has no title in the language.')),
    description text,
    PRIMARY KEY (market, offer, language),
    CONSTRAINT offer_text_offer FOREIGN KEY (market, offer)
        REFERENCES segmentation.offer ON UPDATE CASCADE ON DELETE CASCADE
);
SELECT pg_catalog.pg_extension_config_dump('segmentation.offer_text', '');
GRANT SELECT ON segmentation.offer_text TO PUBLIC;
COMMENT ON TABLE segmentation.offer_text IS 'what an offer is called in each language';
COMMENT ON COLUMN segmentation.offer_text.market IS 'market of the offer';
COMMENT ON COLUMN segmentation.offer_text.offer IS 'code of the offer';
COMMENT ON COLUMN segmentation.offer_text.language IS 'ISO 639, with or without script and country';
COMMENT ON COLUMN segmentation.offer_text.title IS 'name for people';
COMMENT ON COLUMN segmentation.offer_text.description IS 'more than the name';

-- REFERENCES on the tables would hand over their owner's rights, see catalogue_key.c
CREATE FUNCTION segmentation.add_catalogue_key(referencing regclass, columns name[], referenced regclass DEFAULT 'segmentation.market') RETURNS void
    AS 'MODULE_PATHNAME' LANGUAGE C;
REVOKE EXECUTE ON FUNCTION segmentation.add_catalogue_key(regclass, name[], regclass) FROM PUBLIC;
COMMENT ON FUNCTION segmentation.add_catalogue_key(regclass, name[], regclass) IS
    'adds a foreign key to the markets or offers to a table of yours, between columns of the same types';
