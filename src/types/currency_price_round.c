/*
 * currency_price_round.c: rounding to the currency's minor unit.
 */
#include "segmentation.h"

#include "types/currency_price.h"
#include "types/input.h"

/* the names are those of java.math.RoundingMode */
static const struct
{
	const char *name;
	RoundingMode mode;
}			rounding_modes[] =

{
	{"half-even", ROUND_HALF_EVEN},
	{"half-up", ROUND_HALF_UP},
	{"half-down", ROUND_HALF_DOWN},
	{"up", ROUND_UP},
	{"down", ROUND_DOWN},
	{"ceiling", ROUND_CEILING},
	{"floor", ROUND_FLOOR}
};

static RoundingMode
rounding_mode_from_text(const text * name)
{
	const char *str = VARDATA_ANY(name);
	size_t		len = VARSIZE_ANY_EXHDR(name);

	for (int i = 0; i < (int) lengthof(rounding_modes); i++)
		if (strlen(rounding_modes[i].name) == len &&
			pg_strncasecmp(rounding_modes[i].name, str, len) == 0)
			return rounding_modes[i].mode;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown rounding mode \"%s\"", input_excerpt(str, len)),
			 errhint("The modes are \"half-even\", \"half-up\", \"half-down\", \"up\", \"down\", \"ceiling\" and \"floor\".")));
	return ROUND_NEVER;			/* not reached */
}

static Datum
round_to_minor_unit(const CurrencyPrice *price, RoundingMode mode)
{
	CurrencyPrice *result = palloc(sizeof(CurrencyPrice));
	Decimal		amount = price_to_decimal(price);

	(void) decimal_round(&amount, price_currency(price)->minor_units, mode);
	if (!price_from_decimal(&amount, price_code(price), ROUND_NEVER, result))
		price_out_of_range();
	PG_RETURN_CURRENCY_PRICE_P(result);
}

PG_FUNCTION_INFO_V1(currency_price_round);
Datum
currency_price_round(PG_FUNCTION_ARGS)
{
	return round_to_minor_unit(PG_GETARG_CURRENCY_PRICE_P(0), ROUND_HALF_EVEN);
}

PG_FUNCTION_INFO_V1(currency_price_round_mode);
Datum
currency_price_round_mode(PG_FUNCTION_ARGS)
{
	return round_to_minor_unit(PG_GETARG_CURRENCY_PRICE_P(0),
							   rounding_mode_from_text(PG_GETARG_TEXT_PP(1)));
}
