/*
 * currency_price_parts.c: prices made of amount and currency, and taken apart.
 */
#include "segmentation.h"

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "types/currency_price.h"

CurrencyCode
currency_from_text(const text * letters)
{
	CurrencyCode code = 0;

	(void) currency_parse(VARDATA_ANY(letters), VARSIZE_ANY_EXHDR(letters), &code, NULL);
	return code;
}

/* never rounds: which digits to lose is for the caller to say */
PG_FUNCTION_INFO_V1(currency_price_from_numeric);
Datum
currency_price_from_numeric(PG_FUNCTION_ARGS)
{
	Decimal		amount = decimal_from_numeric(PG_GETARG_NUMERIC(0));
	CurrencyCode code = currency_from_text(PG_GETARG_TEXT_PP(1));
	CurrencyPrice *result = palloc(sizeof(CurrencyPrice));

	if (!price_from_decimal(&amount, code, ROUND_NEVER, result))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("currency_price out of range"),
				 errdetail(PRICE_RANGE_DETAIL),
				 errhint("Round a number that has more decimals first, such as with round(number, 2).")));
	PG_RETURN_CURRENCY_PRICE_P(result);
}

/* of 990 and EUR, 9.90 EUR */
PG_FUNCTION_INFO_V1(currency_price_from_minor);
Datum
currency_price_from_minor(PG_FUNCTION_ARGS)
{
	CurrencyCode code = currency_from_text(PG_GETARG_TEXT_PP(1));
	Decimal		amount = decimal_from_int64(PG_GETARG_INT64(0),
											currency_of_code(code)->minor_units);
	CurrencyPrice *result = palloc(sizeof(CurrencyPrice));

	if (!price_from_decimal(&amount, code, ROUND_NEVER, result))
		price_out_of_range();
	PG_RETURN_CURRENCY_PRICE_P(result);
}

/* of 9.90 EUR, 990 */
PG_FUNCTION_INFO_V1(currency_price_minor_units);
Datum
currency_price_minor_units(PG_FUNCTION_ARGS)
{
	CurrencyPrice *price = PG_GETARG_CURRENCY_PRICE_P(0);
	int			zeros = price_currency(price)->minor_units - price_scale(price);
	int128		result = price_mantissa(price);

	if (zeros < 0)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("price is not a whole number of minor units"),
				 errdetail("The minor unit of %s has %d decimals, the amount has %d.",
						   price_currency(price)->code,
						   price_currency(price)->minor_units, price_scale(price)),
				 errhint("Round the price first, with round(price).")));
	result *= decimal_power_of_ten[zeros];
	if (result > PG_INT64_MAX || result < PG_INT64_MIN)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("bigint out of range"),
				 errdetail("The price has too many minor units.")));
	PG_RETURN_INT64((int64) result);
}

Numeric
price_to_numeric(const CurrencyPrice *price)
{
	return int64_div_fast_to_numeric(price_mantissa(price), price_scale(price));
}

/* shows as many decimals as the price does */
PG_FUNCTION_INFO_V1(currency_price_amount);
Datum
currency_price_amount(PG_FUNCTION_ARGS)
{
	CurrencyPrice *price = PG_GETARG_CURRENCY_PRICE_P(0);
	Datum		amount = NumericGetDatum(price_to_numeric(price));
	int			decimals = price_decimals(price);

	if (decimals > price_scale(price))
		amount = DirectFunctionCall2(numeric_round, amount, Int32GetDatum(decimals));
	PG_RETURN_DATUM(amount);
}

/*
 * A code's text is made once and kept, as there are few codes and many rows to
 * group by them.  Its place takes the five bits in which a letter differs from
 * the others.
 */
static char *
code_text(CurrencyCode code)
{
	static char texts[1 << 15][VARHDRSZ_SHORT + CURRENCY_CODE_LEN];
	char	   *result = texts[(code >> 6 & 0x7C00) | (code >> 3 & 0x03E0) | (code & 0x001F)];

	if (unlikely(result[0] == 0))
	{
		currency_code_letters(code, result + VARHDRSZ_SHORT);
		SET_VARSIZE_SHORT(result, VARHDRSZ_SHORT + CURRENCY_CODE_LEN);
	}
	return result;
}

PG_FUNCTION_INFO_V1(currency_price_currency);
Datum
currency_price_currency(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(code_text(price_code(PG_GETARG_CURRENCY_PRICE_P(0))));
}
