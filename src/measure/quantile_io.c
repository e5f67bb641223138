/*
 * quantile_io.c: the state of quantile_breaks as text and binary, of which
 * neither may lose a digit, and neither is trusted.
 *
 * As text it is the number of bins, what the values are, and the values, such
 * as "5 numbers 3 6.5", "5 reals 1e+300", "5 EUR 9.9 12"; or "empty".
 */
#include "segmentation.h"

#include <math.h>

#include "common/shortest_dec.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"

#include "measure/quantile.h"
#include "types/input.h"

#define STATE_TYPE "quantile_state"
#define EMPTY "empty"

static bool
unit_is_valid(uint32 unit)
{
	const Currency *currency;

	if (unit <= QUANTILE_REALS)
		return true;
	currency = currency_of_code(unit);
	return currency && currency_code(currency) == unit && currency->minor_units != CURRENCY_NO_MINOR_UNITS;
}

static bool
value_is_valid(Ordinal value, uint32 unit)
{
	Ordinal		infinity = ordinal_from_float8(HUGE_VAL);

	if (unit == QUANTILE_REALS)
		return value > -infinity && value < infinity;
	return ordinal_is_number(value);
}

static bool
parse_bins(const char *str, const char *end, int32 *bins)
{
	for (*bins = 0; str < end && *bins <= QUANTILE_BINS_MAX; str++)
	{
		if (*str < '0' || *str > '9')
			return false;
		*bins = *bins * 10 + (*str - '0');
	}
	return *bins >= 1 && *bins <= QUANTILE_BINS_MAX;
}

static bool
parse_unit(const char *str, const char *end, uint32 *unit)
{
	const Currency *currency;

	if (word_is(str, end, "numbers"))
		*unit = QUANTILE_NUMBERS;
	else if (word_is(str, end, "reals"))
		*unit = QUANTILE_REALS;
	else if ((currency = currency_lookup(str, end - str)) != NULL)
		*unit = currency_code(currency);
	else
		return false;
	return unit_is_valid(*unit);
}

static bool
parse_value(const char *str, const char *end, uint32 unit, Ordinal *value)
{
	Decimal		decimal;

	if (unit == QUANTILE_REALS)
	{
		char	   *real_end;
		double		real = strtod(str, &real_end);

		*value = isfinite(real) ? ordinal_from_float8(real) : 0;
		return real_end == end && isfinite(real);
	}
	return decimal_scan(str, end, &decimal) == end &&
		quantile_ordinal_from_decimal(&decimal, value);
}

static int
count_words(const char *str, const char *end)
{
	int			count = 0;

	for (str = skip_space(str, end); str < end; str = skip_space(skip_word(str, end), end))
		count++;
	return count;
}

/* NULL where the text is no state that could have come about */
static QuantileState *
parse_quantile_state(const char *str, const char *end)
{
	const char *word = skip_space(str, end);
	const char *word_end = skip_word(word, end);
	int			words = count_words(str, end);
	QuantileState *state = quantile_state_make(Max(words - 2, 0));

	if (words == 1 && word_is(word, word_end, EMPTY))
		return state;
	if (words < 3 || !parse_bins(word, word_end, &state->bins))
		return NULL;
	word = skip_space(word_end, end);
	word_end = skip_word(word, end);
	if (!parse_unit(word, word_end, &state->unit))
		return NULL;
	for (; state->count < (uint32) words - 2; state->count++)
	{
		word = skip_space(word_end, end);
		word_end = skip_word(word, end);
		if (!parse_value(word, word_end, state->unit, &state->values[state->count]))
			return NULL;
	}
	return state;
}

PG_FUNCTION_INFO_V1(quantile_state_in);
Datum
quantile_state_in(PG_FUNCTION_ARGS)
{
	char	   *str = PG_GETARG_CSTRING(0);
	QuantileState *state = parse_quantile_state(str, str + strlen(str));

	if (state == NULL)
		ereturn(fcinfo->context, (Datum) 0,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type %s: \"%s\"", STATE_TYPE,
						input_excerpt(str, strlen(str))),
				 errhint("It is \"empty\", or the number of bins, \"numbers\", \"reals\" or a currency, and the values, such as \"5 numbers 3 6.5\".")));
	PG_RETURN_POINTER(state);
}

static void
append_value(StringInfo buf, Ordinal value, uint32 unit)
{
	if (unit == QUANTILE_REALS)
	{
		char		real[DOUBLE_SHORTEST_DECIMAL_LEN];

		double_to_shortest_decimal_buf(ordinal_to_float8(value), real);
		appendStringInfo(buf, " %s", real);
	}
	else
	{
		uint128		digits = value < 0 ? -(uint128) value : (uint128) value;
		uint64		fraction = (uint64) (digits % decimal_power_of_ten[QUANTILE_SCALE]);
		int			scale = QUANTILE_SCALE;

		appendStringInfo(buf, " %s" UINT64_FORMAT, value < 0 ? "-" : "",
						 (uint64) (digits / decimal_power_of_ten[QUANTILE_SCALE]));
		strip_zeros(&fraction, &scale);
		if (fraction != 0)
			appendStringInfo(buf, ".%0*llu", scale, (unsigned long long) fraction);
	}
}

PG_FUNCTION_INFO_V1(quantile_state_out);
Datum
quantile_state_out(PG_FUNCTION_ARGS)
{
	QuantileState *state = PG_GETARG_QUANTILE_STATE_P(0);
	StringInfoData buf;

	initStringInfo(&buf);
	if (state->count == 0)
		appendStringInfoString(&buf, EMPTY);
	else
		appendStringInfo(&buf, "%d %s", state->bins,
						 state->unit == QUANTILE_NUMBERS ? "numbers" :
						 state->unit == QUANTILE_REALS ? "reals" : currency_of_code(state->unit)->code);
	for (uint32 i = 0; i < state->count; i++)
		append_value(&buf, state->values[i], state->unit);
	PG_RETURN_CSTRING(buf.data);
}

PG_FUNCTION_INFO_V1(quantile_state_send);
Datum
quantile_state_send(PG_FUNCTION_ARGS)
{
	QuantileState *state = PG_GETARG_QUANTILE_STATE_P(0);
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendint32(&buf, state->bins);
	pq_sendint32(&buf, state->unit);
	pq_sendint32(&buf, state->count);
	for (uint32 i = 0; i < state->count; i++)
	{
		pq_sendint64(&buf, (uint64) ((uint128) state->values[i] >> 64));
		pq_sendint64(&buf, (uint64) state->values[i]);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

static void
refuse_binary(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
			 errmsg("invalid binary form of type %s", STATE_TYPE),
			 errdetail("It is three 32-bit integers, the number of bins, what the values are and how many, and for each value a big-endian integer of 128 bits.")));
}

PG_FUNCTION_INFO_V1(quantile_state_recv);
Datum
quantile_state_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	int32		bins = pq_getmsgint(buf, 4);
	uint32		unit = pq_getmsgint(buf, 4);
	uint32		count = pq_getmsgint(buf, 4);
	QuantileState *state;

	if (count > QUANTILE_VALUES_MAX || (uint64) (buf->len - buf->cursor) != (uint64) count * sizeof(Ordinal) ||
		(count == 0 ? bins != 0 || unit != 0 : bins < 1 || bins > QUANTILE_BINS_MAX || !unit_is_valid(unit)))
		refuse_binary();
	state = quantile_state_make(count);
	state->bins = bins;
	state->unit = unit;
	for (; state->count < count; state->count++)
	{
		uint128		high = (uint64) pq_getmsgint64(buf);
		Ordinal		value = (Ordinal) (high << 64 | (uint64) pq_getmsgint64(buf));

		if (!value_is_valid(value, unit))
			refuse_binary();
		state->values[state->count] = value;
	}
	PG_RETURN_POINTER(state);
}
