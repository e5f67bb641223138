-- offers: what markets sell, and its texts

CREATE TABLE segmentation.offer (
    market @extschema@.segment_id NOT NULL
        CONSTRAINT offer_market REFERENCES segmentation.market ON UPDATE CASCADE,
    code text COLLATE "C" NOT NULL
        CONSTRAINT offer_code_trimmed CHECK (code <> '' AND code = btrim(code)),
    price @extschema@.currency_price
        CONSTRAINT offer_price_positive CHECK (@extschema@.sign(price) > 0),
    free boolean NOT NULL DEFAULT false,
    billing_period interval
        CONSTRAINT offer_billing_period_positive CHECK (billing_period > '0'),
    available daterange NOT NULL DEFAULT '(,)'
        CONSTRAINT offer_available_some_day CHECK (
            NOT isempty(available) AND (lower(available) < 'infinity') IS NOT false AND (upper(available) > '-infinity') IS NOT false),
    promotional boolean NOT NULL DEFAULT false,
    kind text NOT NULL DEFAULT 'all-inclusive'
        CONSTRAINT offer_kind CHECK (kind IN ('all-inclusive', 'base', 'add-on')),
    customer text[]
        CONSTRAINT offer_customer_key CHECK (cardinality(customer) > 0 AND array_position(customer, NULL) IS NULL),
    currency text COLLATE "C" GENERATED ALWAYS AS (@extschema@.currency(price)) STORED,
    PRIMARY KEY (market, code),
    CONSTRAINT offer_market_currency FOREIGN KEY (market, currency) REFERENCES segmentation.market (id, currency),
    CONSTRAINT offer_free_or_price CHECK (NOT free OR price IS NULL),
    CONSTRAINT offer_promotion_ends CHECK (NOT promotional OR (upper(available) < 'infinity') IS TRUE)
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

CREATE TABLE segmentation.offer_text (
    market @extschema@.segment_id NOT NULL,
    offer text COLLATE "C" NOT NULL,
    language text COLLATE "C" NOT NULL
        CONSTRAINT offer_text_language_iso_639 CHECK (segmentation.is_language(language)),
    title text NOT NULL
        CONSTRAINT offer_text_title_not_empty CHECK (title <> ''),
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
