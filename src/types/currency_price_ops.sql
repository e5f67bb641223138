-- arithmetic with prices
--
-- Factors and divisors are integers or numeric, never double precision: that
-- would capture price * 3.  Each integer type has an operator of its own, as
-- otherwise price * 3 could not choose between bigint and numeric.

CREATE FUNCTION currency_price_add(currency_price, currency_price) RETURNS currency_price
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION currency_price_add(currency_price, currency_price) IS 'implementation of + operator';

CREATE OPERATOR + (
    FUNCTION = currency_price_add,
    LEFTARG = currency_price,
    RIGHTARG = currency_price,
    COMMUTATOR = +
);
COMMENT ON OPERATOR + (currency_price, currency_price) IS 'sum of two prices in one currency, exact';

CREATE FUNCTION currency_price_sub(currency_price, currency_price) RETURNS currency_price
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION currency_price_sub(currency_price, currency_price) IS 'implementation of - operator';

CREATE OPERATOR - (
    FUNCTION = currency_price_sub,
    LEFTARG = currency_price,
    RIGHTARG = currency_price
);
COMMENT ON OPERATOR - (currency_price, currency_price) IS 'difference of two prices in one currency, exact';

CREATE FUNCTION currency_price_mul_int2(currency_price, smallint) RETURNS currency_price
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION currency_price_mul_int2(currency_price, smallint) IS 'implementation of * operator';

CREATE FUNCTION int2_mul_currency_price(smallint, currency_price) RETURNS currency_price
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION int2_mul_currency_price(smallint, currency_price) IS 'implementation of * operator';

CREATE FUNCTION currency_price_div_int2(currency_price, smallint) RETURNS currency_price
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION currency_price_div_int2(currency_price, smallint) IS 'implementation of / operator';

CREATE OPERATOR * (
    FUNCTION = currency_price_mul_int2,
    LEFTARG = currency_price,
    RIGHTARG = smallint,
    COMMUTATOR = *
);
COMMENT ON OPERATOR * (currency_price, smallint) IS 'multiple of a price, rounded half-even to 18 digits';

CREATE OPERATOR * (
    FUNCTION = int2_mul_currency_price,
    LEFTARG = smallint,
    RIGHTARG = currency_price,
    COMMUTATOR = *
);
COMMENT ON OPERATOR * (smallint, currency_price) IS 'multiple of a price, rounded half-even to 18 digits';

CREATE OPERATOR / (
    FUNCTION = currency_price_div_int2,
    LEFTARG = currency_price,
    RIGHTARG = smallint
);
COMMENT ON OPERATOR / (currency_price, smallint) IS 'part of a price, rounded half-even to 18 digits';

CREATE FUNCTION currency_price_mul_int4(currency_price, integer) RETURNS currency_price
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION currency_price_mul_int4(currency_price, integer) IS 'implementation of * operator';

CREATE FUNCTION int4_mul_currency_price(integer, currency_price) RETURNS currency_price
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION int4_mul_currency_price(integer, currency_price) IS 'implementation of * operator';

CREATE FUNCTION currency_price_div_int4(currency_price, integer) RETURNS currency_price
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION currency_price_div_int4(currency_price, integer) IS 'implementation of / operator';

CREATE OPERATOR * (
    FUNCTION = currency_price_mul_int4,
    LEFTARG = currency_price,
    RIGHTARG = integer,
    COMMUTATOR = *
);
COMMENT ON OPERATOR * (currency_price, integer) IS 'multiple of a price, rounded half-even to 18 digits';

CREATE OPERATOR * (
    FUNCTION = int4_mul_currency_price,
    LEFTARG = integer,
    RIGHTARG = currency_price,
    COMMUTATOR = *
);
COMMENT ON OPERATOR * (integer, currency_price) IS 'multiple of a price, rounded half-even to 18 digits';

CREATE OPERATOR / (
    FUNCTION = currency_price_div_int4,
    LEFTARG = currency_price,
    RIGHTARG = integer
);
COMMENT ON OPERATOR / (currency_price, integer) IS 'part of a price, rounded half-even to 18 digits';

CREATE FUNCTION currency_price_mul_int8(currency_price, bigint) RETURNS currency_price
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION currency_price_mul_int8(currency_price, bigint) IS 'implementation of * operator';

CREATE FUNCTION int8_mul_currency_price(bigint, currency_price) RETURNS currency_price
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION int8_mul_currency_price(bigint, currency_price) IS 'implementation of * operator';

CREATE FUNCTION currency_price_div_int8(currency_price, bigint) RETURNS currency_price
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION currency_price_div_int8(currency_price, bigint) IS 'implementation of / operator';

CREATE OPERATOR * (
    FUNCTION = currency_price_mul_int8,
    LEFTARG = currency_price,
    RIGHTARG = bigint,
    COMMUTATOR = *
);
COMMENT ON OPERATOR * (currency_price, bigint) IS 'multiple of a price, rounded half-even to 18 digits';

CREATE OPERATOR * (
    FUNCTION = int8_mul_currency_price,
    LEFTARG = bigint,
    RIGHTARG = currency_price,
    COMMUTATOR = *
);
COMMENT ON OPERATOR * (bigint, currency_price) IS 'multiple of a price, rounded half-even to 18 digits';

CREATE OPERATOR / (
    FUNCTION = currency_price_div_int8,
    LEFTARG = currency_price,
    RIGHTARG = bigint
);
COMMENT ON OPERATOR / (currency_price, bigint) IS 'part of a price, rounded half-even to 18 digits';

CREATE FUNCTION currency_price_mul_numeric(currency_price, numeric) RETURNS currency_price
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION currency_price_mul_numeric(currency_price, numeric) IS 'implementation of * operator';

CREATE FUNCTION numeric_mul_currency_price(numeric, currency_price) RETURNS currency_price
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION numeric_mul_currency_price(numeric, currency_price) IS 'implementation of * operator';

CREATE FUNCTION currency_price_div_numeric(currency_price, numeric) RETURNS currency_price
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION currency_price_div_numeric(currency_price, numeric) IS 'implementation of / operator';

CREATE OPERATOR * (
    FUNCTION = currency_price_mul_numeric,
    LEFTARG = currency_price,
    RIGHTARG = numeric,
    COMMUTATOR = *
);
COMMENT ON OPERATOR * (currency_price, numeric) IS 'multiple of a price, rounded half-even to 18 digits';

CREATE OPERATOR * (
    FUNCTION = numeric_mul_currency_price,
    LEFTARG = numeric,
    RIGHTARG = currency_price,
    COMMUTATOR = *
);
COMMENT ON OPERATOR * (numeric, currency_price) IS 'multiple of a price, rounded half-even to 18 digits';

CREATE OPERATOR / (
    FUNCTION = currency_price_div_numeric,
    LEFTARG = currency_price,
    RIGHTARG = numeric
);
COMMENT ON OPERATOR / (currency_price, numeric) IS 'part of a price, rounded half-even to 18 digits';

CREATE FUNCTION currency_price_ratio(currency_price, currency_price) RETURNS numeric
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION currency_price_ratio(currency_price, currency_price) IS 'implementation of / operator';

CREATE OPERATOR / (
    FUNCTION = currency_price_ratio,
    LEFTARG = currency_price,
    RIGHTARG = currency_price
);
COMMENT ON OPERATOR / (currency_price, currency_price) IS 'ratio of two prices in one currency';

CREATE FUNCTION currency_price_minus(currency_price) RETURNS currency_price
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION currency_price_minus(currency_price) IS 'implementation of - operator';

CREATE OPERATOR - (
    FUNCTION = currency_price_minus,
    RIGHTARG = currency_price
);
COMMENT ON OPERATOR - (NONE, currency_price) IS 'negate';

CREATE FUNCTION currency_price_plus(currency_price) RETURNS currency_price
    AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION currency_price_plus(currency_price) IS 'implementation of + operator';

CREATE OPERATOR + (
    FUNCTION = currency_price_plus,
    RIGHTARG = currency_price
);
COMMENT ON OPERATOR + (NONE, currency_price) IS 'unary plus';

CREATE FUNCTION abs(price currency_price) RETURNS currency_price
    AS 'MODULE_PATHNAME', 'currency_price_abs' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION abs(currency_price) IS 'absolute value';

CREATE FUNCTION sign(price currency_price) RETURNS integer
    AS 'MODULE_PATHNAME', 'currency_price_sign' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sign(currency_price) IS '-1, 0 or 1: whether the amount is less than, equal to or greater than zero';

CREATE FUNCTION round(price currency_price) RETURNS currency_price
    AS 'MODULE_PATHNAME', 'currency_price_round' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION round(currency_price) IS 'the price rounded half-even to the minor unit of its currency';

CREATE FUNCTION round(price currency_price, mode text) RETURNS currency_price
    AS 'MODULE_PATHNAME', 'currency_price_round_mode' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION round(currency_price, text) IS 'the price rounded to the minor unit of its currency: half-even, half-up, half-down, up, down, ceiling or floor';
