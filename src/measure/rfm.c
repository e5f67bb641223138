/*
 * rfm.c: recency, frequency and monetary value as scores, and the segments that
 * their combinations are known by.
 *
 * A score is one more than the number of breaks that lie below the value, or as
 * much less than the best score where lower values are better.
 */
#include "segmentation.h"

#include <math.h>

#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"

#include "measure/quantile.h"
#include "types/segment_id.h"

/*
 * An array of breaks in the form that values are compared with, kept for as
 * long as the next call has the same array: one that is checked and taken apart
 * for every row costs more than the score.
 */
typedef struct Breaks
{
	ArrayType  *array;
	int			count;
	Ordinal    *ordinals;
	Datum	   *datums;			/* what the array holds */
} Breaks;

typedef Ordinal (*BreakToOrdinal) (Datum value);

static void
refuse_breaks(const char *message, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s", message),
			 errdetail("%s", detail),
			 errhint("Take breaks from quantile_breaks(value, bins).")));
}

static void
refuse_nan(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("NaN has no score")));
}

static void
take_apart(Breaks *breaks, ArrayType *array)
{
	Oid			type = ARR_ELEMTYPE(array);
	int16		len;
	bool		byval;
	char		align;

	if (ARR_NDIM(array) > 1)
		refuse_breaks("breaks have more than one dimension", "Breaks are a plain list of values.");
	if (array_contains_nulls(array))
		refuse_breaks("a break is null", "Each break is a value.");
	get_typlenbyvalalign(type, &len, &byval, &align);
	deconstruct_array(array, type, len, byval, align, &breaks->datums, NULL, &breaks->count);
}

static void
check_ascending(bool ascending)
{
	if (!ascending)
		refuse_breaks("breaks are not in ascending order", "No break may be less than the one before it.");
}

/* checked and taken apart in a context that lives as long as the function's calls */
static Breaks *
breaks_make(FunctionCallInfo fcinfo, ArrayType *array, BreakToOrdinal to_ordinal)
{
	MemoryContext caller = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	Breaks	   *breaks = palloc0(sizeof(Breaks));

	breaks->array = (ArrayType *) DatumGetPointer(datumCopy(PointerGetDatum(array), false, -1));
	take_apart(breaks, breaks->array);
	if (to_ordinal)
		breaks->ordinals = palloc(Max(breaks->count, 1) * sizeof(Ordinal));
	for (int i = 0; i < breaks->count; i++)
	{
		if (!to_ordinal)
			check_ascending(i == 0 || DatumGetInt32(DirectFunctionCall2(numeric_cmp, breaks->datums[i - 1],
																		breaks->datums[i])) <= 0);
		else
		{
			breaks->ordinals[i] = to_ordinal(breaks->datums[i]);
			check_ascending(i == 0 || breaks->ordinals[i - 1] <= breaks->ordinals[i]);
		}
	}
	MemoryContextSwitchTo(caller);
	return breaks;
}

static inline Breaks *
get_breaks(FunctionCallInfo fcinfo, BreakToOrdinal to_ordinal)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(1);
	Breaks	   *breaks = fcinfo->flinfo->fn_extra;

	if (likely(breaks && VARSIZE(breaks->array) == VARSIZE(array) &&
			   memcmp(breaks->array, array, VARSIZE(array)) == 0))
		return breaks;
	if (breaks)
	{
		fcinfo->flinfo->fn_extra = NULL;
		if (breaks->ordinals)
			pfree(breaks->ordinals);
		pfree(breaks->datums);
		pfree(breaks->array);
		pfree(breaks);
	}
	breaks = breaks_make(fcinfo, array, to_ordinal);
	fcinfo->flinfo->fn_extra = breaks;
	return breaks;
}

static inline Datum
score_above(FunctionCallInfo fcinfo, const Breaks *breaks, int below)
{
	bool		lower_is_better = PG_GETARG_BOOL(2);

	PG_RETURN_INT32(1 + (lower_is_better ? breaks->count - below : below));
}

static inline Datum
score_of_ordinal(FunctionCallInfo fcinfo, const Breaks *breaks, Ordinal value)
{
	int			low = 0;
	int			high = breaks->count;

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (breaks->ordinals[middle] < value)
			low = middle + 1;
		else
			high = middle;
	}
	return score_above(fcinfo, breaks, low);
}

/* of a break for whole numbers the whole number below: none of them lies between */
static Ordinal
ordinal_of_numeric(Datum value)
{
	Numeric		number = DatumGetNumeric(value);
	bool		special = numeric_is_nan(number) || numeric_is_inf(number);
	Decimal		decimal;
	Ordinal		result = 0;

	if (!special)
		decimal = decimal_from_numeric(DatumGetNumeric(DirectFunctionCall1(numeric_floor, value)));
	if (special || !quantile_ordinal_from_decimal(&decimal, &result))
		refuse_breaks("a break is out of range", "Breaks of whole numbers are in the range of bigint.");
	return result;
}

static Ordinal
ordinal_of_float8(Datum value)
{
	if (isnan(DatumGetFloat8(value)))
		refuse_breaks("a break is NaN", "Each break is a number.");
	return ordinal_from_float8(DatumGetFloat8(value));
}

static Ordinal
ordinal_of_date(Datum value)
{
	return ordinal_from_int64(DatumGetDateADT(value));
}

static Ordinal
ordinal_of_price(Datum value)
{
	return ordinal_from_price(DatumGetCurrencyPriceP(value));
}

PG_FUNCTION_INFO_V1(rfm_score_int2);
Datum
rfm_score_int2(PG_FUNCTION_ARGS)
{
	return score_of_ordinal(fcinfo, get_breaks(fcinfo, ordinal_of_numeric), ordinal_from_int64(PG_GETARG_INT16(0)));
}

PG_FUNCTION_INFO_V1(rfm_score_int4);
Datum
rfm_score_int4(PG_FUNCTION_ARGS)
{
	return score_of_ordinal(fcinfo, get_breaks(fcinfo, ordinal_of_numeric), ordinal_from_int64(PG_GETARG_INT32(0)));
}

PG_FUNCTION_INFO_V1(rfm_score_int8);
Datum
rfm_score_int8(PG_FUNCTION_ARGS)
{
	return score_of_ordinal(fcinfo, get_breaks(fcinfo, ordinal_of_numeric), ordinal_from_int64(PG_GETARG_INT64(0)));
}

/* by the server's comparison, as a number may have any digits */
PG_FUNCTION_INFO_V1(rfm_score_numeric);
Datum
rfm_score_numeric(PG_FUNCTION_ARGS)
{
	Datum		value = PG_GETARG_DATUM(0);
	Breaks	   *breaks = get_breaks(fcinfo, NULL);
	int			low = 0;
	int			high = breaks->count;

	if (numeric_is_nan(DatumGetNumeric(value)))
		refuse_nan();
	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (DatumGetInt32(DirectFunctionCall2(numeric_cmp, breaks->datums[middle], value)) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return score_above(fcinfo, breaks, low);
}

PG_FUNCTION_INFO_V1(rfm_score_float8);
Datum
rfm_score_float8(PG_FUNCTION_ARGS)
{
	float8		value = PG_GETARG_FLOAT8(0);

	if (isnan(value))
		refuse_nan();
	return score_of_ordinal(fcinfo, get_breaks(fcinfo, ordinal_of_float8), ordinal_from_float8(value));
}

PG_FUNCTION_INFO_V1(rfm_score_date);
Datum
rfm_score_date(PG_FUNCTION_ARGS)
{
	return score_of_ordinal(fcinfo, get_breaks(fcinfo, ordinal_of_date), ordinal_from_int64(PG_GETARG_DATEADT(0)));
}

PG_FUNCTION_INFO_V1(rfm_score_currency_price);
Datum
rfm_score_currency_price(PG_FUNCTION_ARGS)
{
	CurrencyPrice *price = PG_GETARG_CURRENCY_PRICE_P(0);
	Breaks	   *breaks = get_breaks(fcinfo, ordinal_of_price);

	for (int i = 0; i < breaks->count; i++)
		if (price_code(DatumGetCurrencyPriceP(breaks->datums[i])) != price_code(price))
			price_different_currencies(price_code(price), price_code(DatumGetCurrencyPriceP(breaks->datums[i])),
									   "Use breaks for each currency, or convert the prices to one currency first, with convert_currency(price, currency).");
	return score_of_ordinal(fcinfo, breaks, ordinal_from_price(price));
}

static int
check_score(int32 score, int most)
{
	if (score < 1 || score > most)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("RFM score %d is out of range", score),
				 errdetail("Here a score is from 1 to %d.", most)));
	return score;
}

/* one digit for each */
PG_FUNCTION_INFO_V1(rfm_score_of_three);
Datum
rfm_score_of_three(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(check_score(PG_GETARG_INT32(0), 9) * 100 +
					check_score(PG_GETARG_INT32(1), 9) * 10 +
					check_score(PG_GETARG_INT32(2), 9));
}

#define RFM_BEST 5
#define OTHERS "others"

typedef struct RfmSegment
{
	const char *id;
	const char *title;
	struct
	{
		int			from;
		int			to;
	}			scores[3];		/* recency, frequency, monetary value */
} RfmSegment;

/* the first that fits is the segment */
static const RfmSegment rfm_segment_table[] = {
	{"champions", "Champions", {{5, 5}, {5, 5}, {5, 5}}},
	{"potential-loyalist", "Potential Loyalist", {{3, 5}, {3, 5}, {2, 5}}},
	{"loyal-customers", "Loyal Customers", {{2, 4}, {2, 4}, {2, 4}}},
	{"promising", "Promising", {{3, 4}, {1, 3}, {3, 5}}},
	{"new-customers", "New Customers", {{4, 5}, {1, 3}, {1, 5}}},
	{"cant-lose-them", "Can't Lose Them", {{1, 2}, {3, 4}, {4, 5}}},
	{"at-risk", "At Risk", {{1, 2}, {2, 5}, {4, 5}}},
	{"need-attention", "Need Attention", {{1, 3}, {3, 5}, {3, 5}}},
	{"about-to-sleep", "About To Sleep", {{2, 3}, {1, 3}, {1, 4}}},
	{"lost", "Lost", {{1, 1}, {1, 5}, {1, 5}}},
	{OTHERS, "Others", {{1, 5}, {1, 5}, {1, 5}}},
};

static bool
fits(const RfmSegment *segment, const int *scores)
{
	for (int i = 0; i < 3; i++)
		if (scores[i] < segment->scores[i].from || scores[i] > segment->scores[i].to)
			return false;
	return true;
}

PG_FUNCTION_INFO_V1(rfm_segment);
Datum
rfm_segment(PG_FUNCTION_ARGS)
{
	int			scores[3];
	const RfmSegment *segment = rfm_segment_table;

	for (int i = 0; i < 3; i++)
		scores[i] = check_score(PG_GETARG_INT32(i), RFM_BEST);
	/* the last one fits all */
	while (!fits(segment, scores))
		segment++;
	PG_RETURN_DATUM(segment_id_from_cstring(segment->id));
}

PG_FUNCTION_INFO_V1(rfm_segments);
Datum
rfm_segments(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < (int) lengthof(rfm_segment_table); i++)
	{
		const RfmSegment *segment = &rfm_segment_table[i];
		Datum		values[9];
		bool		nulls[9] = {false};

		values[0] = Int32GetDatum(i + 1);
		values[1] = segment_id_from_cstring(segment->id);
		values[2] = CStringGetTextDatum(segment->title);
		for (int j = 0; j < 3; j++)
		{
			values[3 + 2 * j] = Int32GetDatum(segment->scores[j].from);
			values[4 + 2 * j] = Int32GetDatum(segment->scores[j].to);
		}
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}
