/*
 * currency_price_ops.c: arithmetic with prices.
 *
 * Sums and differences are exact or an error; products and quotients are
 * rounded half-even to 18 digits.
 */
#include "segmentation.h"

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "types/currency_price.h"

void
price_different_currencies(CurrencyCode a, CurrencyCode b, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("prices are in different currencies: %s and %s",
					currency_of_code(a)->code, currency_of_code(b)->code),
			 errhint("%s", hint)));
}

void
price_check_same_currency(const CurrencyPrice *a, const CurrencyPrice *b)
{
	if (unlikely(price_code(a) != price_code(b)))
		price_different_currencies(price_code(a), price_code(b),
								   "Convert one price to the currency of the other first, with convert_currency(price, currency).");
}

static Datum
make_price(const Decimal *amount, CurrencyCode code, RoundingMode mode)
{
	CurrencyPrice *result = palloc(sizeof(CurrencyPrice));

	if (!price_from_decimal(amount, code, mode, result))
	{
		if (price_from_decimal(amount, code, ROUND_HALF_EVEN, result))
			price_too_many_digits();
		price_out_of_range();
	}
	PG_RETURN_CURRENCY_PRICE_P(result);
}

/* a and sign times b, which is 1 or -1 */
static Datum
add(const CurrencyPrice *a, const CurrencyPrice *b, int sign)
{
	int			scale = Max(price_scale(a), price_scale(b));
	int128		sum;
	Decimal		result;

	price_check_same_currency(a, b);
	sum = (int128) price_mantissa(a) * decimal_power_of_ten[scale - price_scale(a)] +
		(int128) price_mantissa(b) * sign * decimal_power_of_ten[scale - price_scale(b)];
	result.digits = sum < 0 ? -sum : sum;
	result.negative = sum < 0;
	result.scale = scale;
	result.inexact = false;
	return make_price(&result, price_code(a), ROUND_NEVER);
}

PG_FUNCTION_INFO_V1(currency_price_add);
Datum
currency_price_add(PG_FUNCTION_ARGS)
{
	return add(PG_GETARG_CURRENCY_PRICE_P(0), PG_GETARG_CURRENCY_PRICE_P(1), 1);
}

PG_FUNCTION_INFO_V1(currency_price_sub);
Datum
currency_price_sub(PG_FUNCTION_ARGS)
{
	return add(PG_GETARG_CURRENCY_PRICE_P(0), PG_GETARG_CURRENCY_PRICE_P(1), -1);
}

static Datum
multiply_by_integer(const CurrencyPrice *price, int64 factor)
{
	Decimal		product = price_to_decimal(price);

	product.digits *= magnitude(factor);
	product.negative ^= factor < 0;
	return make_price(&product, price_code(price), ROUND_HALF_EVEN);
}

static Datum
divide_by_integer(const CurrencyPrice *price, int64 divisor)
{
	Decimal		quotient;

	(void) decimal_divide_short(price_to_decimal(price),
								decimal_from_int64(divisor, 0), &quotient);
	return make_price(&quotient, price_code(price), ROUND_HALF_EVEN);
}

static Datum
multiply_by_numeric(const CurrencyPrice *price, Numeric factor)
{
	Decimal		product = decimal_multiply(price_to_decimal(price), factor);

	return make_price(&product, price_code(price), ROUND_HALF_EVEN);
}

PG_FUNCTION_INFO_V1(currency_price_mul_int2);
Datum
currency_price_mul_int2(PG_FUNCTION_ARGS)
{
	return multiply_by_integer(PG_GETARG_CURRENCY_PRICE_P(0), PG_GETARG_INT16(1));
}

PG_FUNCTION_INFO_V1(int2_mul_currency_price);
Datum
int2_mul_currency_price(PG_FUNCTION_ARGS)
{
	return multiply_by_integer(PG_GETARG_CURRENCY_PRICE_P(1), PG_GETARG_INT16(0));
}

PG_FUNCTION_INFO_V1(currency_price_div_int2);
Datum
currency_price_div_int2(PG_FUNCTION_ARGS)
{
	return divide_by_integer(PG_GETARG_CURRENCY_PRICE_P(0), PG_GETARG_INT16(1));
}

PG_FUNCTION_INFO_V1(currency_price_mul_int4);
Datum
currency_price_mul_int4(PG_FUNCTION_ARGS)
{
	return multiply_by_integer(PG_GETARG_CURRENCY_PRICE_P(0), PG_GETARG_INT32(1));
}

PG_FUNCTION_INFO_V1(int4_mul_currency_price);
Datum
int4_mul_currency_price(PG_FUNCTION_ARGS)
{
	return multiply_by_integer(PG_GETARG_CURRENCY_PRICE_P(1), PG_GETARG_INT32(0));
}

PG_FUNCTION_INFO_V1(currency_price_div_int4);
Datum
currency_price_div_int4(PG_FUNCTION_ARGS)
{
	return divide_by_integer(PG_GETARG_CURRENCY_PRICE_P(0), PG_GETARG_INT32(1));
}

PG_FUNCTION_INFO_V1(currency_price_mul_int8);
Datum
currency_price_mul_int8(PG_FUNCTION_ARGS)
{
	return multiply_by_integer(PG_GETARG_CURRENCY_PRICE_P(0), PG_GETARG_INT64(1));
}

PG_FUNCTION_INFO_V1(int8_mul_currency_price);
Datum
int8_mul_currency_price(PG_FUNCTION_ARGS)
{
	return multiply_by_integer(PG_GETARG_CURRENCY_PRICE_P(1), PG_GETARG_INT64(0));
}

PG_FUNCTION_INFO_V1(currency_price_div_int8);
Datum
currency_price_div_int8(PG_FUNCTION_ARGS)
{
	return divide_by_integer(PG_GETARG_CURRENCY_PRICE_P(0), PG_GETARG_INT64(1));
}

PG_FUNCTION_INFO_V1(currency_price_mul_numeric);
Datum
currency_price_mul_numeric(PG_FUNCTION_ARGS)
{
	return multiply_by_numeric(PG_GETARG_CURRENCY_PRICE_P(0), PG_GETARG_NUMERIC(1));
}

PG_FUNCTION_INFO_V1(numeric_mul_currency_price);
Datum
numeric_mul_currency_price(PG_FUNCTION_ARGS)
{
	return multiply_by_numeric(PG_GETARG_CURRENCY_PRICE_P(1), PG_GETARG_NUMERIC(0));
}

PG_FUNCTION_INFO_V1(currency_price_div_numeric);
Datum
currency_price_div_numeric(PG_FUNCTION_ARGS)
{
	CurrencyPrice *price = PG_GETARG_CURRENCY_PRICE_P(0);
	Decimal		quotient = decimal_divide(price_to_decimal(price), PG_GETARG_NUMERIC(1));

	return make_price(&quotient, price_code(price), ROUND_HALF_EVEN);
}

/* as precise as numeric's own division */
PG_FUNCTION_INFO_V1(currency_price_ratio);
Datum
currency_price_ratio(PG_FUNCTION_ARGS)
{
	CurrencyPrice *a = PG_GETARG_CURRENCY_PRICE_P(0);
	CurrencyPrice *b = PG_GETARG_CURRENCY_PRICE_P(1);

	price_check_same_currency(a, b);
	if (price_mantissa(b) == 0)
		decimal_division_by_zero();
	return DirectFunctionCall2(numeric_div,
							   NumericGetDatum(price_to_numeric(a)),
							   NumericGetDatum(price_to_numeric(b)));
}

/* of what is canonical: the opposite and the absolute value are canonical too */
static Datum
with_mantissa(const CurrencyPrice *price, int64 mantissa)
{
	CurrencyPrice *result = palloc(sizeof(CurrencyPrice));

	price_set(result, mantissa, price_scale(price), price_code(price));
	PG_RETURN_CURRENCY_PRICE_P(result);
}

PG_FUNCTION_INFO_V1(currency_price_minus);
Datum
currency_price_minus(PG_FUNCTION_ARGS)
{
	CurrencyPrice *price = PG_GETARG_CURRENCY_PRICE_P(0);

	return with_mantissa(price, -price_mantissa(price));
}

PG_FUNCTION_INFO_V1(currency_price_plus);
Datum
currency_price_plus(PG_FUNCTION_ARGS)
{
	CurrencyPrice *price = PG_GETARG_CURRENCY_PRICE_P(0);

	return with_mantissa(price, price_mantissa(price));
}

PG_FUNCTION_INFO_V1(currency_price_abs);
Datum
currency_price_abs(PG_FUNCTION_ARGS)
{
	CurrencyPrice *price = PG_GETARG_CURRENCY_PRICE_P(0);

	return with_mantissa(price, (int64) magnitude(price_mantissa(price)));
}

PG_FUNCTION_INFO_V1(currency_price_sign);
Datum
currency_price_sign(PG_FUNCTION_ARGS)
{
	int64		mantissa = price_mantissa(PG_GETARG_CURRENCY_PRICE_P(0));

	PG_RETURN_INT32((mantissa > 0) - (mantissa < 0));
}
