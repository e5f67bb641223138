-- recurring revenue: prices by the month, and how they change

CREATE FUNCTION monthly(price currency_price, billing_interval interval) RETURNS currency_price
    AS 'MODULE_PATHNAME', 'currency_price_monthly' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION monthly(currency_price, interval) IS
    'what a price billed once an interval is by the month: a year has 12 months, 52 weeks or 365.25 days';

CREATE FUNCTION percent_change(old_price currency_price, new_price currency_price) RETURNS numeric
    AS 'MODULE_PATHNAME', 'currency_price_percent_change' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION percent_change(currency_price, currency_price) IS
    'by how many percent of its size a price has changed, below zero where it went down; NULL from a price of zero';
