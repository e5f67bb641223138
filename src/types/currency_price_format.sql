-- prices as people write them

CREATE FUNCTION format_price(price currency_price, language text) RETURNS text
    AS 'MODULE_PATHNAME', 'currency_price_format' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION format_price(currency_price, text) IS
    'the price as a language or region writes it, with its separators and the currency''s code; never rounds';
