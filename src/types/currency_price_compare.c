/*
 * currency_price_compare.c: comparing, sorting and hashing prices.
 *
 * Amounts in different currencies have no order: there < <= > >= give NULL.
 * Sorting and indexes need one: by currency, then by amount, which has operators
 * of its own.  Equality is the same in both.
 */
#include "segmentation.h"

#include "port/pg_bitutils.h"
#include "utils/sortsupport.h"

#include "types/currency_price.h"

/* room in an abbreviated key for the amount and its sign, after 15 bits for the currency */
#define KEY_LENGTH_BITS 7
#define KEY_FRACTION_BITS 41
#define KEY_AMOUNT_BITS (1 + KEY_LENGTH_BITS + KEY_FRACTION_BITS)

PG_FUNCTION_INFO_V1(currency_price_eq);
Datum
currency_price_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(price_equal(PG_GETARG_CURRENCY_PRICE_P(0), PG_GETARG_CURRENCY_PRICE_P(1)));
}

PG_FUNCTION_INFO_V1(currency_price_ne);
Datum
currency_price_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(!price_equal(PG_GETARG_CURRENCY_PRICE_P(0), PG_GETARG_CURRENCY_PRICE_P(1)));
}

PG_FUNCTION_INFO_V1(currency_price_lt);
Datum
currency_price_lt(PG_FUNCTION_ARGS)
{
	CurrencyPrice *a = PG_GETARG_CURRENCY_PRICE_P(0);
	CurrencyPrice *b = PG_GETARG_CURRENCY_PRICE_P(1);

	if (price_code(a) != price_code(b))
		PG_RETURN_NULL();
	PG_RETURN_BOOL(price_compare_amounts(a, b) < 0);
}

PG_FUNCTION_INFO_V1(currency_price_le);
Datum
currency_price_le(PG_FUNCTION_ARGS)
{
	CurrencyPrice *a = PG_GETARG_CURRENCY_PRICE_P(0);
	CurrencyPrice *b = PG_GETARG_CURRENCY_PRICE_P(1);

	if (price_code(a) != price_code(b))
		PG_RETURN_NULL();
	PG_RETURN_BOOL(price_compare_amounts(a, b) <= 0);
}

PG_FUNCTION_INFO_V1(currency_price_gt);
Datum
currency_price_gt(PG_FUNCTION_ARGS)
{
	CurrencyPrice *a = PG_GETARG_CURRENCY_PRICE_P(0);
	CurrencyPrice *b = PG_GETARG_CURRENCY_PRICE_P(1);

	if (price_code(a) != price_code(b))
		PG_RETURN_NULL();
	PG_RETURN_BOOL(price_compare_amounts(a, b) > 0);
}

PG_FUNCTION_INFO_V1(currency_price_ge);
Datum
currency_price_ge(PG_FUNCTION_ARGS)
{
	CurrencyPrice *a = PG_GETARG_CURRENCY_PRICE_P(0);
	CurrencyPrice *b = PG_GETARG_CURRENCY_PRICE_P(1);

	if (price_code(a) != price_code(b))
		PG_RETURN_NULL();
	PG_RETURN_BOOL(price_compare_amounts(a, b) >= 0);
}

static inline int
compare_price_arguments(FunctionCallInfo fcinfo)
{
	return price_compare(PG_GETARG_CURRENCY_PRICE_P(0), PG_GETARG_CURRENCY_PRICE_P(1));
}

PG_FUNCTION_INFO_V1(currency_price_total_lt);
Datum
currency_price_total_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_price_arguments(fcinfo) < 0);
}

PG_FUNCTION_INFO_V1(currency_price_total_le);
Datum
currency_price_total_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_price_arguments(fcinfo) <= 0);
}

PG_FUNCTION_INFO_V1(currency_price_total_gt);
Datum
currency_price_total_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_price_arguments(fcinfo) > 0);
}

PG_FUNCTION_INFO_V1(currency_price_total_ge);
Datum
currency_price_total_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_price_arguments(fcinfo) >= 0);
}

PG_FUNCTION_INFO_V1(currency_price_cmp);
Datum
currency_price_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(compare_price_arguments(fcinfo));
}

static int
compare_prices_in_sort(Datum x, Datum y, SortSupport ssup)
{
	return price_compare(DatumGetCurrencyPriceP(x), DatumGetCurrencyPriceP(y));
}

/* the letters' ranks in 5 bits each */
static inline uint64
code_key(CurrencyCode code)
{
	return (code >> 16 & 0x1F) << 10 | (code >> 8 & 0x1F) << 5 | (code & 0x1F);
}

/*
 * An amount's distance from zero, like a floating-point number: how many bits
 * it has as a multiple of 10^-18, then those after the first, as many as there
 * is room for.  Amounts that differ in their first 12 digits have different
 * keys.
 */
static inline uint64
magnitude_key(const CurrencyPrice *price)
{
	uint128		units = (uint128) magnitude(price_mantissa(price)) *
	decimal_power_of_ten[PRICE_DIGITS - price_scale(price)];
	uint64		high = (uint64) (units >> 64);
	uint64		low = (uint64) units;
	int			length;
	uint64		fraction;

	if (high != 0)
		length = 64 + pg_leftmost_one_pos64(high) + 1;
	else if (low != 0)
		length = pg_leftmost_one_pos64(low) + 1;
	else
		return 0;
	fraction = (uint64) (units << (128 - length) << 1 >> (128 - KEY_FRACTION_BITS));
	return (uint64) length << KEY_FRACTION_BITS | fraction;
}

/* in the order of sort_compare, but for ties */
static Datum
abbreviate_price(Datum original, SortSupport ssup)
{
	CurrencyPrice *price = DatumGetCurrencyPriceP(original);
	uint64		zero = UINT64CONST(1) << (KEY_AMOUNT_BITS - 1);
	uint64		key = magnitude_key(price);

	key = price_mantissa(price) < 0 ? zero - key : zero + key;
	return UInt64GetDatum(code_key(price_code(price)) << KEY_AMOUNT_BITS | key);
}

/* never: abbreviating costs less than finding out whether it pays */
static bool
abort_price_abbreviation(int memtupcount, SortSupport ssup)
{
	return false;
}

PG_FUNCTION_INFO_V1(currency_price_sortsupport);
Datum
currency_price_sortsupport(PG_FUNCTION_ARGS)
{
	SortSupport ssup = (SortSupport) PG_GETARG_POINTER(0);

	ssup->comparator = compare_prices_in_sort;
	if (ssup->abbreviate && sizeof(Datum) == sizeof(uint64))
	{
		ssup->comparator = ssup_datum_unsigned_cmp;
		ssup->abbrev_converter = abbreviate_price;
		ssup->abbrev_abort = abort_price_abbreviation;
		ssup->abbrev_full_comparator = compare_prices_in_sort;
	}
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(currency_price_hash);
Datum
currency_price_hash(PG_FUNCTION_ARGS)
{
	/* the low half, as the extended function with seed 0 must agree with it */
	PG_RETURN_UINT32((uint32) price_hash(PG_GETARG_CURRENCY_PRICE_P(0), 0));
}

PG_FUNCTION_INFO_V1(currency_price_hash_extended);
Datum
currency_price_hash_extended(PG_FUNCTION_ARGS)
{
	PG_RETURN_UINT64(price_hash(PG_GETARG_CURRENCY_PRICE_P(0), (uint64) PG_GETARG_INT64(1)));
}
