-- exchange rates, and prices converted by them

CREATE TABLE segmentation.exchange_rate (
    base text COLLATE "C" NOT NULL
        CONSTRAINT exchange_rate_base_currency CHECK (segmentation.is_currency(base)),
    quote text COLLATE "C" NOT NULL
        CONSTRAINT exchange_rate_quote_currency CHECK (segmentation.is_currency(quote)),
    valid_from date NOT NULL
        CONSTRAINT exchange_rate_valid_from_finite CHECK (isfinite(valid_from)),
    rate numeric NOT NULL
        CONSTRAINT exchange_rate_rate_positive CHECK (rate > 0 AND rate < 'Infinity'),
    CONSTRAINT exchange_rate_two_currencies CHECK (base <> quote),
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
