-- markets: segments that sell

CREATE FUNCTION segmentation_internal.wrong_countries(countries text[]) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN segmentation_internal.first_ten(ARRAY(
    SELECT quote_nullable(country) FROM unnest(countries) WITH ORDINALITY AS u (country, place)
     GROUP BY country HAVING segmentation.is_country(country) IS NOT true OR count(*) > 1 ORDER BY min(place)));
COMMENT ON FUNCTION segmentation_internal.wrong_countries(text[]) IS 'those of a list that are no countries, or are there twice: the first ten';

CREATE TABLE segmentation.market (
    id @extschema@.segment_id PRIMARY KEY,
    currency text COLLATE "C" NOT NULL
        CONSTRAINT market_currency_iso_4217 CHECK (segmentation.is_currency(currency)
            OR segmentation_internal.violated('market_currency_iso_4217', 'unknown currency', currency,
            'Currencies are ISO 4217 codes of three capital letters, such as EUR; currencies() lists them.')),
    countries text[] COLLATE "C" NOT NULL DEFAULT '{}'
        CONSTRAINT market_countries_iso_3166 CHECK (segmentation.are_countries(countries)
            OR segmentation_internal.violated('market_countries_iso_3166', 'unknown country, or one twice:', segmentation_internal.wrong_countries(countries),
            'Countries are ISO 3166-1 codes of two capital letters, such as FR, each of them once.')),
    customer_type text NOT NULL DEFAULT 'direct'
        CONSTRAINT market_customer_type CHECK (customer_type IN ('direct', 'reseller', 'key-account')
            OR segmentation_internal.violated('market_customer_type', 'unrecognized customer type', customer_type,
            'A customer type is "direct", "reseller" or "key-account".')),
    partner text,
    channel text NOT NULL DEFAULT 'self-service'
        CONSTRAINT market_channel CHECK (channel IN ('self-service', 'sales')
            OR segmentation_internal.violated('market_channel', 'unrecognized channel', channel,
            'A channel is "self-service" or "sales".')),
    sales_representative text,
    service_level text,
    product text,
    business text,
    sector text,
    default_language text COLLATE "C" NOT NULL DEFAULT 'en'
        CONSTRAINT market_default_language_iso_639 CHECK (segmentation.is_language(default_language)
            OR segmentation_internal.violated('market_default_language_iso_639', 'unknown language', default_language,
            'Languages are ISO 639 codes, with or without script and country, such as fr, fr-CH or zh-Hant-TW.')),
    status text NOT NULL DEFAULT 'draft'
        CONSTRAINT market_status CHECK (status IN ('draft', 'active', 'suspended', 'retired')
            OR segmentation_internal.violated('market_status', 'unrecognized status', status,
            'A status is "draft", "active", "suspended" or "retired".')),
    model @extschema@.segment_id NOT NULL DEFAULT 'market'
        CONSTRAINT market_model CHECK (model OPERATOR(@extschema@.=) 'market'
            OR segmentation_internal.violated('market_model', 'a market cannot be a segment of model', model::pg_catalog.text,
            'All markets are segments of model "market"; leave the column out.')),
    CONSTRAINT market_currency_key UNIQUE (id, currency),
    CONSTRAINT market_segment FOREIGN KEY (model, id) REFERENCES segmentation.segment ON UPDATE CASCADE,
    CONSTRAINT market_partner_of_resellers CHECK ((customer_type = 'reseller') = (partner IS NOT NULL)
        OR segmentation_internal.violated('market_partner_of_resellers', 'a market of resellers has a partner, and no other has; the customer type is', customer_type,
        'Give a partner together with customer type "reseller", and none with another one.')),
    CONSTRAINT market_representative_of_sales CHECK (sales_representative IS NULL OR channel = 'sales'
        OR segmentation_internal.violated('market_representative_of_sales', 'only sales people sell by a sales representative; the channel is', channel,
        'Give channel "sales", or no sales representative.')),
    CONSTRAINT market_words_not_empty CHECK (('' <> ALL (ARRAY[partner, sales_representative, service_level, product, business, sector])) IS NOT FALSE
        OR segmentation_internal.violated('market_words_not_empty', 'an empty text says nothing of market', id::pg_catalog.text,
        'Leave partner, sales_representative, service_level, product, business or sector NULL where there is none.'))
);
SELECT pg_catalog.pg_extension_config_dump('segmentation.market', '');
GRANT SELECT ON segmentation.market TO PUBLIC;
COMMENT ON TABLE segmentation.market IS 'markets: segments that sell, with their own customers, offers, prices and currency';
COMMENT ON COLUMN segmentation.market.id IS 'id of the market; its segment in model "market" has the same';
COMMENT ON COLUMN segmentation.market.currency IS 'the one currency of its prices: an ISO 4217 code in capitals';
COMMENT ON COLUMN segmentation.market.countries IS 'where its customers are: ISO 3166-1 codes of two capital letters';
COMMENT ON COLUMN segmentation.market.customer_type IS 'who its customers are: direct ones, those of a reseller, or key accounts';
COMMENT ON COLUMN segmentation.market.partner IS 'which reseller';
COMMENT ON COLUMN segmentation.market.channel IS 'how it sells: self-service, or sales people';
COMMENT ON COLUMN segmentation.market.sales_representative IS 'who sells, where sales people do';
COMMENT ON COLUMN segmentation.market.service_level IS 'level of service that comes with its offers';
COMMENT ON COLUMN segmentation.market.product IS 'product, or variation of it, that it sells';
COMMENT ON COLUMN segmentation.market.business IS 'line of business that it belongs to';
COMMENT ON COLUMN segmentation.market.sector IS 'sector of its customers';
COMMENT ON COLUMN segmentation.market.default_language IS 'language of texts that are there in no language asked for: ISO 639, with or without script and country';
COMMENT ON COLUMN segmentation.market.status IS 'draft: being made; active: sells; suspended: keeps its customers, takes no new subscription; retired: for ever over';
COMMENT ON COLUMN segmentation.market.model IS 'the model that all markets are segments of: "market"';

CREATE FUNCTION segmentation_internal.market_segment() RETURNS trigger
    AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION segmentation_internal.market_segment() IS 'trigger of markets: a segment of model "market" comes and goes with each';

CREATE TRIGGER market_segment_comes BEFORE INSERT ON segmentation.market
    FOR EACH ROW EXECUTE FUNCTION segmentation_internal.market_segment();
CREATE TRIGGER market_segment_goes AFTER DELETE ON segmentation.market
    FOR EACH ROW EXECUTE FUNCTION segmentation_internal.market_segment();
CREATE TRIGGER market_segments_go AFTER TRUNCATE ON segmentation.market
    FOR EACH STATEMENT EXECUTE FUNCTION segmentation_internal.market_segment();
COMMENT ON TRIGGER market_segment_comes ON segmentation.market IS 'a market is a segment of model "market"';
COMMENT ON TRIGGER market_segment_goes ON segmentation.market IS 'and no longer than it is there';
COMMENT ON TRIGGER market_segments_go ON segmentation.market IS 'likewise';

CREATE TABLE segmentation.segment_text (
    model @extschema@.segment_id NOT NULL,
    segment @extschema@.segment_id NOT NULL,
    language text COLLATE "C" NOT NULL
        CONSTRAINT segment_text_language_iso_639 CHECK (segmentation.is_language(language)
            OR segmentation_internal.violated('segment_text_language_iso_639', 'unknown language', language,
            'Languages are ISO 639 codes, with or without script and country, such as fr, fr-CH or zh-Hant-TW.')),
    title text NOT NULL
        CONSTRAINT segment_text_title_not_empty CHECK (title <> ''
            OR segmentation_internal.violated('segment_text_title_not_empty', 'the title of a segment must not be empty', NULL,
            'Leave the row out where a segment has no title in the language.')),
    description text,
    PRIMARY KEY (model, segment, language),
    CONSTRAINT segment_text_segment FOREIGN KEY (model, segment)
        REFERENCES segmentation.segment ON UPDATE CASCADE ON DELETE CASCADE
);
SELECT pg_catalog.pg_extension_config_dump('segmentation.segment_text', '');
GRANT SELECT ON segmentation.segment_text TO PUBLIC;
COMMENT ON TABLE segmentation.segment_text IS 'what a segment, such as a market, is called in each language';
COMMENT ON COLUMN segmentation.segment_text.model IS 'model of the segment';
COMMENT ON COLUMN segmentation.segment_text.segment IS 'id of the segment';
COMMENT ON COLUMN segmentation.segment_text.language IS 'ISO 639, with or without script and country';
COMMENT ON COLUMN segmentation.segment_text.title IS 'name for people';
COMMENT ON COLUMN segmentation.segment_text.description IS 'more than the name';
