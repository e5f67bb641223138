-- exchange rates, and prices converted by them

CREATE TABLE segmentation.exchange_rate (
    base text COLLATE "C" NOT NULL
        CONSTRAINT exchange_rate_base_currency CHECK (segmentation.is_currency(base)
            OR segmentation_internal.violated('exchange_rate_base_currency', 'unknown currency', base,
            'Currencies are ISO 4217 codes of three capital letters, such as EUR; currencies() lists them.')),
    quote text COLLATE "C" NOT NULL
        CONSTRAINT exchange_rate_quote_currency CHECK (segmentation.is_currency(quote)
            OR segmentation_internal.violated('exchange_rate_quote_currency', 'unknown currency', quote,
            'Currencies are ISO 4217 codes of three capital letters, such as EUR; currencies() lists them.')),
    valid_from date NOT NULL
        CONSTRAINT exchange_rate_valid_from_finite CHECK (isfinite(valid_from)
            OR segmentation_internal.violated('exchange_rate_valid_from_finite', 'an exchange rate cannot be valid from', valid_from::pg_catalog.text,
            'Give the first day of the rate.')),
    rate numeric NOT NULL
        CONSTRAINT exchange_rate_rate_positive CHECK ((rate > 0 AND rate < 'Infinity')
            OR segmentation_internal.violated('exchange_rate_rate_positive', 'an exchange rate cannot be', rate::pg_catalog.text,
            'Say how much of quote 1 base is worth: a number above zero.')),
    CONSTRAINT exchange_rate_two_currencies CHECK (base <> quote
        OR segmentation_internal.violated('exchange_rate_two_currencies', 'an exchange rate needs two currencies, not twice', base,
        'Name another currency as base or quote.')),
    PRIMARY KEY (base, quote, valid_from)
);
SELECT pg_catalog.pg_extension_config_dump('segmentation.exchange_rate', '');
GRANT SELECT ON segmentation.exchange_rate TO PUBLIC;
COMMENT ON TABLE segmentation.exchange_rate IS 'exchange rates, each valid from a day until the next one of its pair: 1 base = rate quote';
COMMENT ON COLUMN segmentation.exchange_rate.base IS 'currency of which there is 1: an ISO 4217 code in capitals';
COMMENT ON COLUMN segmentation.exchange_rate.quote IS 'currency of which there are rate: an ISO 4217 code in capitals';
COMMENT ON COLUMN segmentation.exchange_rate.valid_from IS 'first day of the rate';
COMMENT ON COLUMN segmentation.exchange_rate.rate IS 'how much of quote 1 base is worth';

CREATE FUNCTION @extschema@.convert_currency(price @extschema@.currency_price, currency text, on_date date DEFAULT current_date)
    RETURNS @extschema@.currency_price
    AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 2;
COMMENT ON FUNCTION @extschema@.convert_currency(@extschema@.currency_price, text, date) IS
    'the price in another currency by the exchange rate of a day, rounded half-even to 18 digits';
