/*
 * quantile.c: quantile_breaks, the values that divide others into bins with the
 * same number of them.
 *
 * A break is a quantile of type 7 (Hyndman and Fan), as percentile_cont has it:
 * among n sorted values, counted from 0, the one at place (n - 1) * k / bins,
 * or between its neighbours there.  It is computed in integers, and rounded
 * down, so that it never reaches the neighbour above: which values are above a
 * break is exact.
 */
#include "segmentation.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/lsyscache.h"

#include "aggregate.h"
#include "measure/quantile.h"

#define ST_SORT sort_ordinals
#define ST_ELEMENT_TYPE Ordinal
#define ST_COMPARE(a, b) ((*(a) > *(b)) - (*(a) < *(b)))
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

#define ROOM_MIN 8

QuantileState *
quantile_state_make(uint32 room)
{
	Size		size = offsetof(QuantileState, values) + room * sizeof(Ordinal);
	QuantileState *state = palloc0(size);	/* no byte of a datum is left unset */

	SET_VARSIZE(state, size);
	return state;
}

static uint32
room_of(const QuantileState *state)
{
	return (VARSIZE(state) - offsetof(QuantileState, values)) / sizeof(Ordinal);
}

static QuantileState *
copy_with_room(const QuantileState *state, uint32 room)
{
	QuantileState *copy = quantile_state_make(room);

	copy->bins = state->bins;
	copy->unit = state->unit;
	copy->count = state->count;
	memcpy(copy->values, state->values, state->count * sizeof(Ordinal));
	return copy;
}

/* the aggregate's own state or a copy, with room for so many values more */
static QuantileState *
state_to_extend(FunctionCallInfo fcinfo, uint32 added)
{
	QuantileState *state = PG_GETARG_QUANTILE_STATE_P(0);
	uint64		needed = (uint64) state->count + added;
	bool		changeable = state_is_changeable(fcinfo);

	if (likely(changeable && needed <= room_of(state)))
		return state;
	if (needed > QUANTILE_VALUES_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many values for quantiles"),
				 errdetail("An aggregate takes at most %u.", QUANTILE_VALUES_MAX),
				 errhint("Take the quantiles of a sample of the rows.")));
	if (changeable)
		needed = Min(Max(2 * needed, ROOM_MIN), QUANTILE_VALUES_MAX);
	return copy_with_room(state, needed);
}

static void
check_bins(int32 bins)
{
	if (bins < 1 || bins > QUANTILE_BINS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("number of bins %d is out of range", bins),
				 errdetail("It is from 1 to %d.", QUANTILE_BINS_MAX)));
}

static void
set_or_compare(QuantileState *state, int32 bins, uint32 unit)
{
	if (state->count == 0)
	{
		check_bins(bins);
		state->bins = bins;
		state->unit = unit;
	}
	else if (state->bins != bins)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("values of one group have different numbers of bins: %d and %d", state->bins, bins),
				 errhint("Add the number of bins to GROUP BY.")));
	else if (state->unit > QUANTILE_REALS && unit > QUANTILE_REALS)
		price_different_currencies(state->unit, unit,
								   "Group by currency(price), or convert the prices to one currency first, with convert_currency(price, currency).");
	else
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("states of quantiles are of different types of values")));
}

static inline Datum
accumulate(FunctionCallInfo fcinfo, Ordinal ordinal, uint32 unit)
{
	QuantileState *state = state_to_extend(fcinfo, 1);
	int32		bins = PG_GETARG_INT32(2);

	if (unlikely(state->count == 0 || state->bins != bins || state->unit != unit))
		set_or_compare(state, bins, unit);
	state->values[state->count++] = ordinal;
	PG_RETURN_POINTER(state);
}

/* false where it is beyond bigint's range, or has more than 18 decimals or 33 digits */
bool
quantile_ordinal_from_decimal(const Decimal *decimal, Ordinal *ordinal)
{
	Decimal		rounded = *decimal;

	*ordinal = 0;
	if (rounded.digits == 0)
		return !rounded.inexact;
	if (decimal_length(rounded.digits) - rounded.scale > 19 ||
		(rounded.scale > QUANTILE_SCALE && !decimal_round(&rounded, QUANTILE_SCALE, ROUND_NEVER)) ||
		rounded.inexact)
		return false;
	*ordinal = (Ordinal) (rounded.digits * wide_power_of_ten(QUANTILE_SCALE - rounded.scale));
	if (decimal->negative)
		*ordinal = -*ordinal;
	return ordinal_is_number(*ordinal);
}

PG_FUNCTION_INFO_V1(quantile_accum_int2);
Datum
quantile_accum_int2(PG_FUNCTION_ARGS)
{
	return accumulate(fcinfo, ordinal_from_int64(PG_GETARG_INT16(1)), QUANTILE_NUMBERS);
}

PG_FUNCTION_INFO_V1(quantile_accum_int4);
Datum
quantile_accum_int4(PG_FUNCTION_ARGS)
{
	return accumulate(fcinfo, ordinal_from_int64(PG_GETARG_INT32(1)), QUANTILE_NUMBERS);
}

PG_FUNCTION_INFO_V1(quantile_accum_int8);
Datum
quantile_accum_int8(PG_FUNCTION_ARGS)
{
	return accumulate(fcinfo, ordinal_from_int64(PG_GETARG_INT64(1)), QUANTILE_NUMBERS);
}

PG_FUNCTION_INFO_V1(quantile_accum_numeric);
Datum
quantile_accum_numeric(PG_FUNCTION_ARGS)
{
	Numeric		value = PG_GETARG_NUMERIC(1);
	bool		special = numeric_is_nan(value) || numeric_is_inf(value);
	Decimal		decimal;
	Ordinal		ordinal;

	if (!special)
		decimal = decimal_from_numeric(value);
	if (special || !quantile_ordinal_from_decimal(&decimal, &ordinal))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("number out of range for quantiles"),
				 errdetail("Quantiles are of finite numbers in the range of bigint, with at most 18 decimals and 33 digits in all."),
				 errhint("Round a number that has more decimals first, such as with round(number, 2).")));
	return accumulate(fcinfo, ordinal, QUANTILE_NUMBERS);
}

PG_FUNCTION_INFO_V1(quantile_accum_float8);
Datum
quantile_accum_float8(PG_FUNCTION_ARGS)
{
	float8		value = PG_GETARG_FLOAT8(1);

	if (!isfinite(value))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("number out of range for quantiles"),
				 errdetail("Quantiles are not of NaN or infinity."),
				 errhint("Leave such values out, as by FILTER (WHERE value NOT IN ('NaN', 'Infinity', '-Infinity')).")));
	return accumulate(fcinfo, ordinal_from_float8(value), QUANTILE_REALS);
}

PG_FUNCTION_INFO_V1(quantile_accum_date);
Datum
quantile_accum_date(PG_FUNCTION_ARGS)
{
	DateADT		value = PG_GETARG_DATEADT(1);

	if (DATE_NOT_FINITE(value))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("date out of range for quantiles"),
				 errdetail("Quantiles are not of infinity."),
				 errhint("Leave such dates out, as by FILTER (WHERE isfinite(value)).")));
	return accumulate(fcinfo, ordinal_from_int64(value), QUANTILE_NUMBERS);
}

PG_FUNCTION_INFO_V1(quantile_accum_currency_price);
Datum
quantile_accum_currency_price(PG_FUNCTION_ARGS)
{
	CurrencyPrice *price = PG_GETARG_CURRENCY_PRICE_P(1);

	return accumulate(fcinfo, ordinal_from_price(price), price_code(price));
}

PG_FUNCTION_INFO_V1(quantile_combine);
Datum
quantile_combine(PG_FUNCTION_ARGS)
{
	QuantileState *added = PG_GETARG_QUANTILE_STATE_P(1);
	QuantileState *state = state_to_extend(fcinfo, added->count);

	if (added->count == 0)
		PG_RETURN_POINTER(state);
	if (state->bins != added->bins || state->unit != added->unit)
		set_or_compare(state, added->bins, added->unit);
	memcpy(state->values + state->count, added->values, added->count * sizeof(Ordinal));
	state->count += added->count;
	PG_RETURN_POINTER(state);
}

/* share part / whole of the way, rounded down */
static Ordinal
between(Ordinal low, Ordinal high, int64 part, int64 whole)
{
	Ordinal		distance = high - low;

	return low + distance / whole * part + distance % whole * part / whole;
}

/* the same of double precision; never the upper end, were the ends neighbours */
static Ordinal
between_reals(Ordinal low, Ordinal high, int64 part, int64 whole)
{
	float8		a = ordinal_to_float8(low);
	float8		b = ordinal_to_float8(high);
	float8		share = (float8) part / whole;
	float8		value = isfinite(b - a) ? a + (b - a) * share : a * (1 - share) + b * share;
	Ordinal		result = ordinal_from_float8(value);

	return low == high ? low : Min(result, high - 1);
}

static Ordinal
nth_break(const QuantileState *state, int k)
{
	uint64		place = (uint64) (state->count - 1) * k;
	int64		part = place % state->bins;
	const Ordinal *at = state->values + place / state->bins;

	if (part == 0)
		return at[0];
	if (state->unit == QUANTILE_REALS)
		return between_reals(at[0], at[1], part, state->bins);
	return between(at[0], at[1], part, state->bins);
}

/* sorts in place where the state is an aggregate's: its values have no order */
static QuantileState *
sorted_state(FunctionCallInfo fcinfo)
{
	QuantileState *state = PG_GETARG_QUANTILE_STATE_P(0);

	if (!state_is_changeable(fcinfo))
		state = copy_with_room(state, state->count);
	sort_ordinals(state->values, state->count);
	return state;
}

static void
check_unit(const QuantileState *state, bool expected)
{
	if (!expected)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("state of quantiles is of another type of values")));
}

/* the breaks as an array of what the called function returns an array of */
static Datum
breaks_array(FunctionCallInfo fcinfo, Datum (*to_datum) (Ordinal, uint32 unit))
{
	QuantileState *state = sorted_state(fcinfo);
	int			count = state->bins - 1;
	Datum	   *breaks = palloc(Max(count, 1) * sizeof(Datum));
	Oid			type = get_element_type(get_func_rettype(fcinfo->flinfo->fn_oid));
	int16		len;
	bool		byval;
	char		align;

	for (int i = 0; i < count; i++)
		breaks[i] = to_datum(nth_break(state, i + 1), state->unit);
	get_typlenbyvalalign(type, &len, &byval, &align);
	return PointerGetDatum(construct_array(breaks, count, type, len, byval, align));
}

static Datum
numeric_datum(Ordinal ordinal, uint32 unit)
{
	int128		floor = ordinal_floor(ordinal);
	int64		fraction = (int64) (ordinal - floor * decimal_power_of_ten[QUANTILE_SCALE]);

	return DirectFunctionCall1(numeric_trim_scale,
							   DirectFunctionCall2(numeric_add,
												   NumericGetDatum(int64_to_numeric((int64) floor)),
												   NumericGetDatum(int64_div_fast_to_numeric(fraction, QUANTILE_SCALE))));
}

PG_FUNCTION_INFO_V1(quantile_breaks_numeric);
Datum
quantile_breaks_numeric(PG_FUNCTION_ARGS)
{
	QuantileState *state = PG_GETARG_QUANTILE_STATE_P(0);

	if (state->count == 0)
		PG_RETURN_NULL();
	check_unit(state, state->unit == QUANTILE_NUMBERS);
	return breaks_array(fcinfo, numeric_datum);
}

static Datum
float8_datum(Ordinal ordinal, uint32 unit)
{
	return Float8GetDatum(ordinal_to_float8(ordinal));
}

PG_FUNCTION_INFO_V1(quantile_breaks_float8);
Datum
quantile_breaks_float8(PG_FUNCTION_ARGS)
{
	QuantileState *state = PG_GETARG_QUANTILE_STATE_P(0);

	if (state->count == 0)
		PG_RETURN_NULL();
	check_unit(state, state->unit == QUANTILE_REALS);
	return breaks_array(fcinfo, float8_datum);
}

/* the day in which the break lies */
static Datum
date_datum(Ordinal ordinal, uint32 unit)
{
	int128		day = ordinal_floor(ordinal);

	if (day < DATETIME_MIN_JULIAN - POSTGRES_EPOCH_JDATE || day >= DATE_END_JULIAN - POSTGRES_EPOCH_JDATE)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("date out of range")));
	return DateADTGetDatum((DateADT) day);
}

PG_FUNCTION_INFO_V1(quantile_breaks_date);
Datum
quantile_breaks_date(PG_FUNCTION_ARGS)
{
	QuantileState *state = PG_GETARG_QUANTILE_STATE_P(0);

	if (state->count == 0)
		PG_RETURN_NULL();
	check_unit(state, state->unit == QUANTILE_NUMBERS);
	return breaks_array(fcinfo, date_datum);
}

static Datum
price_datum(Ordinal ordinal, uint32 unit)
{
	CurrencyPrice *price = palloc(sizeof(CurrencyPrice));
	Decimal		decimal = {0};

	decimal.negative = ordinal < 0;
	decimal.digits = ordinal < 0 ? -(uint128) ordinal : (uint128) ordinal;
	decimal.scale = QUANTILE_SCALE;
	if (!price_from_decimal(&decimal, unit, ROUND_FLOOR, price))
		price_out_of_range();
	return CurrencyPricePGetDatum(price);
}

PG_FUNCTION_INFO_V1(quantile_breaks_currency_price);
Datum
quantile_breaks_currency_price(PG_FUNCTION_ARGS)
{
	QuantileState *state = PG_GETARG_QUANTILE_STATE_P(0);

	if (state->count == 0)
		PG_RETURN_NULL();
	check_unit(state, state->unit > QUANTILE_REALS);
	return breaks_array(fcinfo, price_datum);
}
