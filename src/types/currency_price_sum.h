/*
 * currency_price_sum.h: the sum of any number of prices in one currency, exact
 * whatever their order, and how many they are.
 */
#ifndef SEGMENTATION_TYPES_CURRENCY_PRICE_SUM_H
#define SEGMENTATION_TYPES_CURRENCY_PRICE_SUM_H

#include "types/currency_price.h"

#define SUM_WORDS 3
#define SUM_CODE_BITS 24
#define SUM_ROWS_LIMIT (UINT64CONST(1) << (64 - SUM_CODE_BITS))

/*
 * Each price is a multiple of 10^-18 of less than 120 bits, and 2^40 of them
 * have a sum of less than 160: no order of adding overflows, or rounds.
 */
typedef struct CurrencyPriceSum
{
	uint64		words[SUM_WORDS];	/* in units of 10^-18: two's complement, lowest word first */
	uint64		rows_and_code;	/* the code in the low 24 bits; 0: no rows */
} CurrencyPriceSum;

StaticAssertDecl(sizeof(CurrencyPriceSum) == 32, "currency_price_sum must be 32 bytes");

#define DatumGetCurrencyPriceSumP(X) ((CurrencyPriceSum *) DatumGetPointer(X))
#define PG_GETARG_CURRENCY_PRICE_SUM_P(n) DatumGetCurrencyPriceSumP(PG_GETARG_DATUM(n))

static inline uint64
sum_rows(const CurrencyPriceSum *sum)
{
	return sum->rows_and_code >> SUM_CODE_BITS;
}

static inline CurrencyCode
sum_code(const CurrencyPriceSum *sum)
{
	return sum->rows_and_code & ((1 << SUM_CODE_BITS) - 1);
}

static inline void
words_negate(uint64 *words)
{
	bool		carry = true;

	for (int i = 0; i < SUM_WORDS; i++)
	{
		words[i] = ~words[i] + carry;
		carry = carry && words[i] == 0;
	}
}

/* the absolute value of the words; returns whether they are negative */
static inline bool
sum_magnitude(const CurrencyPriceSum *sum, uint64 *words)
{
	bool		negative = (sum->words[SUM_WORDS - 1] >> 63) != 0;

	memcpy(words, sum->words, sizeof(sum->words));
	if (negative)
		words_negate(words);
	return negative;
}

/* divides in place; returns the rest */
static inline uint64
words_divide(uint64 *words, uint64 divisor)
{
	uint64		rest = 0;

	for (int i = SUM_WORDS - 1; i >= 0; i--)
	{
		uint128		dividend = (uint128) rest << 64 | words[i];

		words[i] = (uint64) (dividend / divisor);
		rest = (uint64) (dividend % divisor);
	}
	return rest;
}

static inline void
words_multiply_add(uint64 *words, uint64 factor, uint64 added)
{
	uint128		carry = added;

	for (int i = 0; i < SUM_WORDS; i++)
	{
		carry += (uint128) words[i] * factor;
		words[i] = (uint64) carry;
		carry >>= 64;
	}
}

static inline void
sum_add_words(CurrencyPriceSum *sum, uint128 low, uint64 high)
{
	uint128		total = ((uint128) sum->words[1] << 64 | sum->words[0]) + low;

	sum->words[0] = (uint64) total;
	sum->words[1] = (uint64) (total >> 64);
	sum->words[2] += high + (total < low);
}

extern void price_sum_check_rows(CurrencyPriceSum *sum, uint64 rows, CurrencyCode code);

/* counts rows in a currency; raises where they do not fit to those before */
static inline void
sum_add_rows(CurrencyPriceSum *sum, uint64 rows, CurrencyCode code)
{
	if (unlikely(sum_code(sum) != code || sum_rows(sum) >= SUM_ROWS_LIMIT - rows))
		price_sum_check_rows(sum, rows, code);
	sum->rows_and_code += rows << SUM_CODE_BITS;
}

static inline void
sum_add_price(CurrencyPriceSum *sum, const CurrencyPrice *price)
{
	int128		units;

	sum_add_rows(sum, 1, price_code(price));
	units = (int128) price_mantissa(price) * decimal_power_of_ten[PRICE_DIGITS - price_scale(price)];
	sum_add_words(sum, (uint128) units, units < 0 ? PG_UINT64_MAX : 0);
}

/* takes back what sum_add_price added; without rows the state is as at first */
static inline void
sum_discard_price(CurrencyPriceSum *sum, const CurrencyPrice *price)
{
	int128		units = -(int128) price_mantissa(price) *
	decimal_power_of_ten[PRICE_DIGITS - price_scale(price)];

	sum->rows_and_code -= UINT64CONST(1) << SUM_CODE_BITS;
	sum_add_words(sum, (uint128) units, units < 0 ? PG_UINT64_MAX : 0);
	if (sum_rows(sum) == 0)
		sum->rows_and_code = 0;
}

/* currency_price_sum.c */
extern void price_sum_combine(CurrencyPriceSum *sum, const CurrencyPriceSum *added);
extern void price_sum_to_price(const CurrencyPriceSum *sum, CurrencyPrice *price);

/* currency_price_sum_io.c */
extern bool price_sum_is_valid(const CurrencyPriceSum *sum);
extern bool price_sum_parse(const char *str, const char *end, CurrencyPriceSum *sum);
extern void price_sum_append(StringInfo buf, const CurrencyPriceSum *sum);
extern void price_sum_send(StringInfo buf, const CurrencyPriceSum *sum);
extern void price_sum_receive(StringInfo buf, CurrencyPriceSum *sum, const char *type_name);

#endif							/* SEGMENTATION_TYPES_CURRENCY_PRICE_SUM_H */
