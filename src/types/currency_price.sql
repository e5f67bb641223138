-- currency_price: an exact decimal amount in one ISO 4217 currency, in 12 bytes

CREATE TYPE currency_price;

CREATE FUNCTION currency_price_in(cstring) RETURNS currency_price
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION currency_price_in(cstring) IS 'I/O';

CREATE FUNCTION currency_price_out(currency_price) RETURNS cstring
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION currency_price_out(currency_price) IS 'I/O';

CREATE FUNCTION currency_price_recv(internal) RETURNS currency_price
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION currency_price_recv(internal) IS 'I/O';

CREATE FUNCTION currency_price_send(currency_price) RETURNS bytea
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION currency_price_send(currency_price) IS 'I/O';

-- of the numeric category, as money is: in another one, abs('5') or sum($1)
-- would no longer be resolved to a number where our functions are visible too
CREATE TYPE currency_price (
    INPUT = currency_price_in,
    OUTPUT = currency_price_out,
    RECEIVE = currency_price_recv,
    SEND = currency_price_send,
    INTERNALLENGTH = 12,
    ALIGNMENT = int4,
    STORAGE = plain,
    CATEGORY = 'N'
);
COMMENT ON TYPE currency_price IS
    'exact amount of up to 18 digits in one ISO 4217 currency, such as 9.90 EUR; stored in 12 bytes';

CREATE FUNCTION currency_price(amount numeric, currency text) RETURNS currency_price
    AS 'MODULE_PATHNAME', 'currency_price_from_numeric' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION currency_price(numeric, text) IS
    'the price of an amount in a currency; never rounds';

CREATE FUNCTION currency_price_from_minor(units bigint, currency text) RETURNS currency_price
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION currency_price_from_minor(bigint, text) IS
    'the price of an amount in minor units, such as cents';

CREATE FUNCTION minor_units(price currency_price) RETURNS bigint
    AS 'MODULE_PATHNAME', 'currency_price_minor_units' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION minor_units(currency_price) IS
    'the amount in minor units, such as cents; an error where that is not a whole number';

CREATE FUNCTION amount(price currency_price) RETURNS numeric
    AS 'MODULE_PATHNAME', 'currency_price_amount' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION amount(currency_price) IS 'the amount without its currency';

CREATE FUNCTION currency(price currency_price) RETURNS text
    AS 'MODULE_PATHNAME', 'currency_price_currency' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION currency(currency_price) IS 'the ISO 4217 code of the currency';

-- On assignment only: implicitly, any text beside a price in an expression
-- would be read as one.  To strings any type has a cast for assignment.
CREATE CAST (text AS currency_price) WITH INOUT AS ASSIGNMENT;
CREATE CAST (varchar AS currency_price) WITH INOUT AS ASSIGNMENT;
COMMENT ON CAST (text AS currency_price) IS 'reads the price, as input does';
COMMENT ON CAST (varchar AS currency_price) IS 'reads the price, as input does';
