/*
 * market_converted_price.c: a market's price at another market's rate.
 */
#include "segmentation.h"

#include "types/currency_price.h"

/* the product is exact and rounded but once, half-even to the minor unit */
PG_FUNCTION_INFO_V1(market_converted_price);
Datum
market_converted_price(PG_FUNCTION_ARGS)
{
	CurrencyCode code = currency_from_text(PG_GETARG_TEXT_PP(1));
	Decimal		amount = decimal_multiply(price_to_decimal(PG_GETARG_CURRENCY_PRICE_P(0)),
										  PG_GETARG_NUMERIC(2));
	CurrencyPrice *result = palloc(sizeof(CurrencyPrice));

	(void) decimal_round(&amount, currency_of_code(code)->minor_units, ROUND_HALF_EVEN);
	if (!price_from_decimal(&amount, code, ROUND_NEVER, result))
		price_out_of_range();
	PG_RETURN_CURRENCY_PRICE_P(result);
}
