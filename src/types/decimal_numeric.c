/*
 * decimal_numeric.c: decimals and the server's numeric, whose arithmetic takes
 * over where 38 digits are not enough.
 */
#include "segmentation.h"

#include "port/pg_bswap.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "types/decimal.h"

#define GROUP 10000				/* numeric's digits have base 10^4 */
#define GROUP_DIGITS 4
#define GROUP_LIMIT 9			/* so many are always less than 10^38 */

/* the header of numeric_send's form: big-endian int16s, and so are the groups */
enum
{
	SENT_COUNT,
	SENT_WEIGHT,				/* of the first group: power of 10^4 */
	SENT_SIGN,
	SENT_DISPLAY_SCALE,
	SENT_GROUPS
};

static inline int16
sent_int16(const char *sent, int place)
{
	uint16		value;

	memcpy(&value, sent + place * sizeof(value), sizeof(value));
	return (int16) pg_ntoh16(value);
}

static void
refuse_special(Numeric number)
{
	if (numeric_is_nan(number) || numeric_is_inf(number))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("currency_price out of range"),
				 errdetail("Neither NaN nor infinity is an amount.")));
}

/* inexact where number has more than 33 to 36 digits */
Decimal
decimal_from_numeric(Numeric number)
{
	bytea	   *bytes;
	const char *sent;
	Decimal		result;
	int			count;
	int			used;

	refuse_special(number);
	bytes = DatumGetByteaPP(DirectFunctionCall1(numeric_send, NumericGetDatum(number)));
	sent = VARDATA_ANY(bytes);
	count = sent_int16(sent, SENT_COUNT);
	used = Min(count, GROUP_LIMIT);

	result.digits = 0;
	for (int i = 0; i < used; i++)
		result.digits = result.digits * GROUP + sent_int16(sent, SENT_GROUPS + i);
	result.scale = (used - 1 - sent_int16(sent, SENT_WEIGHT)) * GROUP_DIGITS;
	result.negative = sent_int16(sent, SENT_SIGN) != 0;
	/* numeric stores no groups of zeros at the end */
	result.inexact = count > used;
	pfree(bytes);
	return result;
}

static Numeric
decimal_to_integer(Decimal a)
{
	int64		digits = (int64) a.digits;

	return int64_to_numeric(a.negative ? -digits : digits);
}

static Numeric
decimal_to_numeric(Decimal a)
{
	int64		digits = (int64) a.digits;

	return int64_div_fast_to_numeric(a.negative ? -digits : digits, a.scale);
}

static Numeric
multiply_decimals(Numeric a, Numeric b)
{
	return DatumGetNumeric(DirectFunctionCall2(numeric_mul, NumericGetDatum(a), NumericGetDatum(b)));
}

/* a, of at most 18 digits, times b: exact but for the digits past the 33rd */
Decimal
decimal_multiply(Decimal a, Numeric b)
{
	Decimal		result = decimal_from_numeric(b);

	if (!result.inexact && result.digits <= decimal_power_of_ten[19])
	{
		result.digits *= a.digits;
		result.negative ^= a.negative;
	}
	else
	{
		/* of integer and numeric the product is exact */
		result = decimal_from_numeric(multiply_decimals(decimal_to_integer(a), b));
	}
	result.scale += a.scale;
	return result;
}

/* numeric leaves out zeros at the end, which say how precise a quotient is */
static void
restore_zeros(Decimal *decimal, int scale)
{
	int			zeros = Min(scale - decimal->scale,
							DECIMAL_DIGITS - decimal_length(decimal->digits));

	if (zeros > 0)
	{
		decimal->digits *= wide_power_of_ten(zeros);
		decimal->scale += zeros;
	}
}

/* dividend / divisor as in decimal_divide_short: 19 decimals are enough for any */
Decimal
decimal_quotient(Numeric dividend, Numeric divisor)
{
	Numeric		shifted = multiply_decimals(dividend, int64_div_fast_to_numeric(1, -19));
	Numeric		quotient = DatumGetNumeric(DirectFunctionCall2(numeric_div_trunc,
															   NumericGetDatum(shifted),
															   NumericGetDatum(divisor)));
	Decimal		result = decimal_from_numeric(quotient);

	result.scale += 19;
	restore_zeros(&result, 19);
	result.inexact |= DatumGetBool(DirectFunctionCall2(numeric_ne,
													   NumericGetDatum(multiply_decimals(quotient, divisor)),
													   NumericGetDatum(shifted)));
	return result;
}

/* a, of at most 18 digits, divided by b: as decimal_divide_short */
Decimal
decimal_divide(Decimal a, Numeric b)
{
	Decimal		result;

	if (decimal_divide_short(a, decimal_from_numeric(b), &result))
		return result;
	return decimal_quotient(decimal_to_numeric(a), b);
}
