/*
 * currency_price_sum_io.c: the state of sum and avg, as text and binary: a
 * distributed planner ships it, so that neither form may lose a digit, and
 * neither is trusted.
 *
 * As text it is the sum, its currency and the number of prices, such as
 * "29.7 EUR / 3", or "empty".
 */
#include "segmentation.h"

#include "lib/stringinfo.h"
#include "libpq/pqformat.h"

#include "types/currency_price_sum.h"
#include "types/input.h"

#define EMPTY "empty"
#define SUM_SENT_LEN 32

/* digits of a sum before the point: less than 2^40 * 10^18 */
#define SUM_INTEGER_DIGITS 31

/* a sum of so many prices, each of them less than 10^18 */
bool
price_sum_is_valid(const CurrencyPriceSum *sum)
{
	uint64		words[SUM_WORDS];
	const Currency *currency;

	(void) sum_magnitude(sum, words);
	if (sum->rows_and_code == 0)
		return words[0] == 0 && words[1] == 0 && words[2] == 0;
	currency = currency_of_code(sum_code(sum));
	if (currency == NULL || currency->minor_units == CURRENCY_NO_MINOR_UNITS ||
		currency_code(currency) != sum_code(sum))
		return false;
	(void) words_divide(words, decimal_power_of_ten[PRICE_DIGITS]);
	return words[2] == 0 &&
		((uint128) words[1] << 64 | words[0]) < (uint128) sum_rows(sum) * decimal_power_of_ten[PRICE_DIGITS];
}

/* false where the number has other than digits, or too many of them */
static bool
parse_rows(const char *str, const char *end, uint64 *rows)
{
	*rows = 0;
	for (; str < end; str++)
	{
		if (*str < '0' || *str > '9' || *rows >= SUM_ROWS_LIMIT)
			return false;
		*rows = *rows * 10 + (*str - '0');
	}
	return *rows > 0 && *rows < SUM_ROWS_LIMIT;
}

/* digits before the point, and at most 18 after it where there is one */
static bool
parse_words(const char *str, const char *end, uint64 *words)
{
	const char *point = memchr(str, '.', end - str);
	Decimal		whole;
	Decimal		fraction = {0};
	uint128		units;

	if (decimal_scan(str, point ? point : end, &whole) != (point ? point : end))
		return false;
	if (point && decimal_scan(point, end, &fraction) != end)
		return false;
	if (decimal_length(whole.digits) - whole.scale > SUM_INTEGER_DIGITS ||
		whole.inexact || fraction.scale > PRICE_DIGITS)
		return false;
	units = whole.digits * wide_power_of_ten(-whole.scale);
	words[0] = (uint64) units;
	words[1] = (uint64) (units >> 64);
	words[2] = 0;
	words_multiply_add(words, decimal_power_of_ten[PRICE_DIGITS],
					   (uint64) fraction.digits * decimal_power_of_ten[PRICE_DIGITS - fraction.scale]);
	if (whole.negative)
		words_negate(words);
	return true;
}

/* false where the text is no sum that could have come about */
bool
price_sum_parse(const char *str, const char *end, CurrencyPriceSum *sum)
{
	enum
	{
		AMOUNT, CODE, SLASH, ROWS, WORDS
	};
	const char *begins[WORDS];
	const char *ends[WORDS];
	const Currency *currency;
	uint64		rows;

	memset(sum, 0, sizeof(*sum));
	for (int i = 0; i < WORDS; i++)
	{
		begins[i] = skip_space(i == 0 ? str : ends[i - 1], end);
		ends[i] = skip_word(begins[i], end);
	}
	if (skip_space(ends[ROWS], end) != end)
		return false;
	if (begins[CODE] == end)
		return word_is(begins[AMOUNT], ends[AMOUNT], EMPTY);
	currency = currency_lookup(begins[CODE], ends[CODE] - begins[CODE]);
	if (currency == NULL || !word_is(begins[SLASH], ends[SLASH], "/") ||
		!parse_words(begins[AMOUNT], ends[AMOUNT], sum->words) ||
		!parse_rows(begins[ROWS], ends[ROWS], &rows))
		return false;
	sum->rows_and_code = rows << SUM_CODE_BITS | currency_code(currency);
	return price_sum_is_valid(sum);
}

/* without zeros at the end */
static void
append_fraction(StringInfo buf, uint64 fraction)
{
	int			scale = PRICE_DIGITS;

	if (fraction == 0)
		return;
	strip_zeros(&fraction, &scale);
	appendStringInfo(buf, ".%0*llu", scale, (unsigned long long) fraction);
}

void
price_sum_append(StringInfo buf, const CurrencyPriceSum *sum)
{
	uint64		words[SUM_WORDS];
	uint64		fraction;
	uint64		low;

	if (sum_rows(sum) == 0)
	{
		appendStringInfoString(buf, EMPTY);
		return;
	}
	if (sum_magnitude(sum, words))
		appendStringInfoChar(buf, '-');
	fraction = words_divide(words, decimal_power_of_ten[PRICE_DIGITS]);
	low = words_divide(words, decimal_power_of_ten[PRICE_DIGITS]);
	if (words[0] != 0)
		appendStringInfo(buf, UINT64_FORMAT "%018llu", words[0], (unsigned long long) low);
	else
		appendStringInfo(buf, UINT64_FORMAT, low);
	append_fraction(buf, fraction);
	appendStringInfo(buf, " %s / " UINT64_FORMAT, currency_of_code(sum_code(sum))->code,
					 sum_rows(sum));
}

void
price_sum_send(StringInfo buf, const CurrencyPriceSum *sum)
{
	for (int i = SUM_WORDS - 1; i >= 0; i--)
		pq_sendint64(buf, sum->words[i]);
	pq_sendint64(buf, sum->rows_and_code);
}

/* reads the sum with which a value of the named type begins, as strictly as text */
void
price_sum_receive(StringInfo buf, CurrencyPriceSum *sum, const char *type_name)
{
	int			len = buf->len - buf->cursor;

	if (len >= SUM_SENT_LEN)
	{
		for (int i = SUM_WORDS - 1; i >= 0; i--)
			sum->words[i] = pq_getmsgint64(buf);
		sum->rows_and_code = pq_getmsgint64(buf);
	}
	if (len < SUM_SENT_LEN || !price_sum_is_valid(sum))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid binary form of type %s", type_name),
				 errdetail("A sum is %d bytes: a big-endian integer of 192 bits, in units of 10^-18, one of 40 bits that says of how many prices, and the capitals of their currency.",
						   SUM_SENT_LEN)));
}

PG_FUNCTION_INFO_V1(currency_price_sum_in);
Datum
currency_price_sum_in(PG_FUNCTION_ARGS)
{
	char	   *str = PG_GETARG_CSTRING(0);
	CurrencyPriceSum *result = palloc(sizeof(CurrencyPriceSum));

	if (!price_sum_parse(str, str + strlen(str), result))
		ereturn(fcinfo->context, (Datum) 0,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type %s: \"%s\"", "currency_price_sum",
						input_excerpt(str, strlen(str))),
				 errhint("It is \"empty\", or a sum, its currency and of how many prices it is, such as \"29.7 EUR / 3\".")));
	PG_RETURN_POINTER(result);
}

PG_FUNCTION_INFO_V1(currency_price_sum_out);
Datum
currency_price_sum_out(PG_FUNCTION_ARGS)
{
	StringInfoData buf;

	initStringInfo(&buf);
	price_sum_append(&buf, PG_GETARG_CURRENCY_PRICE_SUM_P(0));
	PG_RETURN_CSTRING(buf.data);
}

PG_FUNCTION_INFO_V1(currency_price_sum_send);
Datum
currency_price_sum_send(PG_FUNCTION_ARGS)
{
	StringInfoData buf;

	pq_begintypsend(&buf);
	price_sum_send(&buf, PG_GETARG_CURRENCY_PRICE_SUM_P(0));
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

PG_FUNCTION_INFO_V1(currency_price_sum_recv);
Datum
currency_price_sum_recv(PG_FUNCTION_ARGS)
{
	CurrencyPriceSum *result = palloc(sizeof(CurrencyPriceSum));

	price_sum_receive((StringInfo) PG_GETARG_POINTER(0), result, "currency_price_sum");
	PG_RETURN_POINTER(result);
}
