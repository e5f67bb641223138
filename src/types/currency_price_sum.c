/*
 * currency_price_sum.c: adding prices up; the aggregates sum, avg, min and max.
 *
 * States are changed in place: only an aggregate may do that, to its own.
 */
#include "segmentation.h"

#include "aggregate.h"
#include "types/currency_price.h"
#include "types/currency_price_sum.h"

#define MIXED_HINT "Group by currency(price), or convert the prices to one currency first, with convert_currency(price, currency)."

/* the slow half of sum_add_rows: the first rows, and errors */
void
price_sum_check_rows(CurrencyPriceSum *sum, uint64 rows, CurrencyCode code)
{
	if (sum_rows(sum) == 0)
		sum->rows_and_code = code;
	else if (sum_code(sum) != code)
		price_different_currencies(sum_code(sum), code, MIXED_HINT);
	else
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("too many prices"),
				 errdetail("An aggregate takes less than 2^40 prices.")));
}

void
price_sum_combine(CurrencyPriceSum *sum, const CurrencyPriceSum *added)
{
	if (sum_rows(added) == 0)
		return;
	sum_add_rows(sum, sum_rows(added), sum_code(added));
	sum_add_words(sum, (uint128) added->words[1] << 64 | added->words[0], added->words[2]);
}

/* of fewer than 10^18, it is the decimals that are too many */
static void
sum_out_of_range(uint64 words[SUM_WORDS])
{
	if (words[2] == 0 && words[1] == 0 && words[0] < PRICE_MANTISSA_LIMIT)
		price_too_many_digits();
	price_out_of_range();
}

/* exact, or an error */
void
price_sum_to_price(const CurrencyPriceSum *sum, CurrencyPrice *price)
{
	uint64		words[SUM_WORDS];
	bool		negative = sum_magnitude(sum, words);
	uint64		decimals = words_divide(words, decimal_power_of_ten[PRICE_DIGITS]);
	int			scale = PRICE_DIGITS;
	uint128		mantissa;

	if (words[2] != 0 || words[1] != 0 || words[0] >= PRICE_MANTISSA_LIMIT)
		sum_out_of_range(words);
	strip_zeros(&decimals, &scale);
	mantissa = (uint128) words[0] * decimal_power_of_ten[scale] + decimals;
	if (mantissa >= PRICE_MANTISSA_LIMIT)
		sum_out_of_range(words);
	price_set(price, negative ? -(int64) mantissa : (int64) mantissa, scale, sum_code(sum));
}

/* the aggregate's own state, or a copy of what else was given */
static inline CurrencyPriceSum *
state_to_change(FunctionCallInfo fcinfo)
{
	CurrencyPriceSum *state = PG_GETARG_CURRENCY_PRICE_SUM_P(0);
	CurrencyPriceSum *copy;

	if (state_is_changeable(fcinfo))
		return state;
	copy = palloc(sizeof(CurrencyPriceSum));
	*copy = *state;
	return copy;
}

PG_FUNCTION_INFO_V1(currency_price_accum);
Datum
currency_price_accum(PG_FUNCTION_ARGS)
{
	CurrencyPriceSum *state = state_to_change(fcinfo);

	sum_add_price(state, PG_GETARG_CURRENCY_PRICE_P(1));
	PG_RETURN_POINTER(state);
}

static void
not_part_of_sum(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("price is not part of the sum")));
}

/*
 * The inverse of currency_price_accum, for rows that leave a window's frame.
 * What a frame takes back it has added; whoever else calls may err.
 */
PG_FUNCTION_INFO_V1(currency_price_discard);
Datum
currency_price_discard(PG_FUNCTION_ARGS)
{
	CurrencyPriceSum *state = state_to_change(fcinfo);
	CurrencyPrice *price = PG_GETARG_CURRENCY_PRICE_P(1);

	if (sum_rows(state) == 0 || sum_code(state) != price_code(price))
		not_part_of_sum();
	sum_discard_price(state, price);
	if (!state_is_changeable(fcinfo) && !price_sum_is_valid(state))
		not_part_of_sum();
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(currency_price_sum_combine);
Datum
currency_price_sum_combine(PG_FUNCTION_ARGS)
{
	CurrencyPriceSum *state = state_to_change(fcinfo);

	price_sum_combine(state, PG_GETARG_CURRENCY_PRICE_SUM_P(1));
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(currency_price_sum_final);
Datum
currency_price_sum_final(PG_FUNCTION_ARGS)
{
	CurrencyPriceSum *state = PG_GETARG_CURRENCY_PRICE_SUM_P(0);
	CurrencyPrice *result;

	if (sum_rows(state) == 0)
		PG_RETURN_NULL();
	result = palloc(sizeof(CurrencyPrice));
	price_sum_to_price(state, result);
	PG_RETURN_CURRENCY_PRICE_P(result);
}

PG_FUNCTION_INFO_V1(currency_price_avg_final);
Datum
currency_price_avg_final(PG_FUNCTION_ARGS)
{
	CurrencyPriceSum *state = PG_GETARG_CURRENCY_PRICE_SUM_P(0);
	CurrencyPrice *result;
	uint64		words[SUM_WORDS];
	Decimal		mean;

	if (sum_rows(state) == 0)
		PG_RETURN_NULL();
	result = palloc(sizeof(CurrencyPrice));
	mean.negative = sum_magnitude(state, words);
	/* one more decimal than a price has, so that it can be rounded */
	words_multiply_add(words, 10, 0);
	mean.inexact = words_divide(words, sum_rows(state)) != 0;
	mean.digits = (uint128) words[1] << 64 | words[0];
	mean.scale = PRICE_DIGITS + 1;
	if (!price_from_decimal(&mean, sum_code(state), ROUND_HALF_EVEN, result))
		price_out_of_range();
	PG_RETURN_CURRENCY_PRICE_P(result);
}

static void
check_comparable(const CurrencyPrice *a, const CurrencyPrice *b)
{
	if (unlikely(price_code(a) != price_code(b)))
		price_different_currencies(price_code(a), price_code(b), MIXED_HINT);
}

PG_FUNCTION_INFO_V1(currency_price_smaller);
Datum
currency_price_smaller(PG_FUNCTION_ARGS)
{
	CurrencyPrice *a = PG_GETARG_CURRENCY_PRICE_P(0);
	CurrencyPrice *b = PG_GETARG_CURRENCY_PRICE_P(1);

	check_comparable(a, b);
	PG_RETURN_CURRENCY_PRICE_P(price_compare_amounts(a, b) <= 0 ? a : b);
}

PG_FUNCTION_INFO_V1(currency_price_larger);
Datum
currency_price_larger(PG_FUNCTION_ARGS)
{
	CurrencyPrice *a = PG_GETARG_CURRENCY_PRICE_P(0);
	CurrencyPrice *b = PG_GETARG_CURRENCY_PRICE_P(1);

	check_comparable(a, b);
	PG_RETURN_CURRENCY_PRICE_P(price_compare_amounts(a, b) >= 0 ? a : b);
}
