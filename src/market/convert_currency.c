/*
 * convert_currency.c: prices converted by exchange rates.
 */
#include "segmentation.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"

#include "market/exchange_rate.h"

/* rates multiplied: their digits and decimals */
typedef struct Factor
{
	uint64		digits;
	int			scale;
} Factor;

/* false where the product is not short */
static bool
multiply_short(Factor *factor, const ExchangeRate *rate)
{
	uint128		product = (uint128) factor->digits * rate->digits;

	factor->digits = (uint64) product;
	factor->scale += rate->scale;
	return product != 0 && product <= decimal_power_of_ten[19];
}

static Decimal
factor_to_decimal(const Factor *factor)
{
	Decimal		result = {0};

	result.digits = factor->digits;
	result.scale = factor->scale;
	return result;
}

/* price * rates / rates in integers; false where they have too many digits */
static bool
convert_short(const CurrencyPrice *price, const Conversion *conversion, Decimal *result)
{
	Factor		factors[2] = {{1, 0}, {1, 0}};	/* by which to multiply, and to divide */
	Decimal		product = price_to_decimal(price);

	for (int i = 0; i < conversion->count; i++)
		if (!multiply_short(&factors[conversion->steps[i].inverse], conversion->steps[i].rate))
			return false;
	product.digits *= factors[0].digits;
	product.scale += factors[0].scale;
	if (factors[1].digits != 1 || factors[1].scale != 0)
		return decimal_divide_short(product, factor_to_decimal(&factors[1]), result);
	*result = product;
	return true;
}

static Numeric
multiply_by_rate(Numeric a, Numeric b)
{
	return DatumGetNumeric(DirectFunctionCall2(numeric_mul, NumericGetDatum(a), NumericGetDatum(b)));
}

/* the same in numeric */
static Decimal
convert_long(const CurrencyPrice *price, const Conversion *conversion)
{
	Numeric		factors[2];

	factors[0] = price_to_numeric(price);
	factors[1] = int64_to_numeric(1);
	for (int i = 0; i < conversion->count; i++)
	{
		bool		inverse = conversion->steps[i].inverse;

		factors[inverse] = multiply_by_rate(factors[inverse], conversion->steps[i].rate->rate);
	}
	return decimal_quotient(factors[0], factors[1]);
}

/* in ISO form, whatever DateStyle is */
static const char *
day_text(DateADT day)
{
	static char buf[MAXDATELEN + 1];
	struct pg_tm tm;

	if (DATE_NOT_FINITE(day))
		EncodeSpecialDate(day, buf);
	else
	{
		j2date(day + POSTGRES_EPOCH_JDATE, &tm.tm_year, &tm.tm_mon, &tm.tm_mday);
		EncodeDateOnly(&tm, USE_ISO_DATES, buf);
	}
	return buf;
}

static void
no_exchange_rate(CurrencyCode from, CurrencyCode to, DateADT day)
{
	const char *from_code = currency_of_code(from)->code;
	const char *to_code = currency_of_code(to)->code;

	ereport(ERROR,
			(errcode(ERRCODE_NO_DATA_FOUND),
			 errmsg("no exchange rate from %s to %s", from_code, to_code),
			 errdetail("On %s no rate between them is valid, nor are rates of both with one other currency.",
					   day_text(day)),
			 errhint("Load one into segmentation.exchange_rate with base %s, quote %s, and valid_from on or before that day.",
					 from_code, to_code)));
}

PG_FUNCTION_INFO_V1(convert_currency);
Datum
convert_currency(PG_FUNCTION_ARGS)
{
	CurrencyPrice *price = PG_GETARG_CURRENCY_PRICE_P(0);
	CurrencyCode to = currency_from_text(PG_GETARG_TEXT_PP(1));
	DateADT		day = PG_GETARG_DATEADT(2);
	const Conversion *conversion;
	Decimal		amount;
	CurrencyPrice *result;

	if (price_code(price) == to)
		PG_RETURN_CURRENCY_PRICE_P(price);
	conversion = exchange_rate_conversion(exchange_rate_cache(fcinfo->flinfo),
										  price_code(price), to, day);
	if (conversion->count == 0)
		no_exchange_rate(price_code(price), to, day);
	if (!convert_short(price, conversion, &amount))
		amount = convert_long(price, conversion);
	result = palloc(sizeof(CurrencyPrice));
	if (!price_from_decimal(&amount, to, ROUND_HALF_EVEN, result))
		price_out_of_range();
	PG_RETURN_CURRENCY_PRICE_P(result);
}
