/*
 * nps.c: responses counted into a tally, and what a tally says.
 */
#include "segmentation.h"

#include <math.h>

#include "common/int.h"
#include "utils/builtins.h"

#include "measure/nps.h"

/* an aggregate's state may be changed in place; anybody else's value may not */
static inline NpsTally *
tally_to_change(FunctionCallInfo fcinfo)
{
	NpsTally   *tally = PG_GETARG_NPS_TALLY_P(0);
	NpsTally   *copy;

	if (likely(AggCheckCallContext(fcinfo, NULL)))
		return tally;
	copy = palloc(sizeof(NpsTally));
	*copy = *tally;
	return copy;
}

static void
count_out_of_range(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("%s out of range", "nps_tally"),
			 errdetail("A count is from 0 to " INT64_FORMAT ".", NPS_COUNT_MAX)));
}

static inline void
change_count(NpsTally *tally, NpsClass nps_class, int64 change)
{
	int64		count = tally->count[nps_class] + change;

	if (unlikely(count < 0 || count > NPS_COUNT_MAX))
		count_out_of_range();
	tally->count[nps_class] = count;
}

/* change is the constant 1 or -1 in every caller, and inlined */
static inline Datum
change_by_score(FunctionCallInfo fcinfo, int score, int64 change)
{
	NpsTally   *tally = tally_to_change(fcinfo);

	change_count(tally, nps_class_of(score), change);
	PG_RETURN_NPS_TALLY_P(tally);
}

static Datum
change_by_tally(FunctionCallInfo fcinfo, int sign)
{
	NpsTally   *tally = tally_to_change(fcinfo);
	NpsTally   *other = PG_GETARG_NPS_TALLY_P(1);

	for (int i = 0; i < NPS_CLASSES; i++)
		change_count(tally, (NpsClass) i, sign * other->count[i]);
	PG_RETURN_NPS_TALLY_P(tally);
}

PG_FUNCTION_INFO_V1(nps_tally_accum_int2);
Datum
nps_tally_accum_int2(PG_FUNCTION_ARGS)
{
	return change_by_score(fcinfo, nps_check_score(PG_GETARG_INT16(1)), 1);
}

PG_FUNCTION_INFO_V1(nps_tally_accum_int4);
Datum
nps_tally_accum_int4(PG_FUNCTION_ARGS)
{
	return change_by_score(fcinfo, nps_check_score(PG_GETARG_INT32(1)), 1);
}

PG_FUNCTION_INFO_V1(nps_tally_accum_int8);
Datum
nps_tally_accum_int8(PG_FUNCTION_ARGS)
{
	return change_by_score(fcinfo, nps_check_score(PG_GETARG_INT64(1)), 1);
}

PG_FUNCTION_INFO_V1(nps_tally_accum_numeric);
Datum
nps_tally_accum_numeric(PG_FUNCTION_ARGS)
{
	return change_by_score(fcinfo, nps_score_from_numeric(PG_GETARG_NUMERIC(1)), 1);
}

PG_FUNCTION_INFO_V1(nps_tally_discard_int2);
Datum
nps_tally_discard_int2(PG_FUNCTION_ARGS)
{
	return change_by_score(fcinfo, nps_check_score(PG_GETARG_INT16(1)), -1);
}

PG_FUNCTION_INFO_V1(nps_tally_discard_int4);
Datum
nps_tally_discard_int4(PG_FUNCTION_ARGS)
{
	return change_by_score(fcinfo, nps_check_score(PG_GETARG_INT32(1)), -1);
}

PG_FUNCTION_INFO_V1(nps_tally_discard_int8);
Datum
nps_tally_discard_int8(PG_FUNCTION_ARGS)
{
	return change_by_score(fcinfo, nps_check_score(PG_GETARG_INT64(1)), -1);
}

PG_FUNCTION_INFO_V1(nps_tally_discard_numeric);
Datum
nps_tally_discard_numeric(PG_FUNCTION_ARGS)
{
	return change_by_score(fcinfo, nps_score_from_numeric(PG_GETARG_NUMERIC(1)), -1);
}

PG_FUNCTION_INFO_V1(nps_tally_add);
Datum
nps_tally_add(PG_FUNCTION_ARGS)
{
	return change_by_tally(fcinfo, 1);
}

PG_FUNCTION_INFO_V1(nps_tally_subtract);
Datum
nps_tally_subtract(PG_FUNCTION_ARGS)
{
	return change_by_tally(fcinfo, -1);
}

/* without a detour where 100 times the number is a bigint */
static Numeric
hundredfold(int64 number)
{
	int64		result;

	if (likely(!pg_mul_s64_overflow(number, 100, &result)))
		return int64_to_numeric(result);
	return DatumGetNumeric(DirectFunctionCall2(numeric_mul,
											   NumericGetDatum(int64_to_numeric(number)),
											   NumericGetDatum(int64_to_numeric(100))));
}

PG_FUNCTION_INFO_V1(nps_tally_nps);
Datum
nps_tally_nps(PG_FUNCTION_ARGS)
{
	NpsTally   *tally = PG_GETARG_NPS_TALLY_P(0);
	int64		responses = nps_responses(tally);
	int64		net = tally->count[NPS_PROMOTER] - tally->count[NPS_DETRACTOR];

	if (responses == 0)
		PG_RETURN_NULL();
	return DirectFunctionCall2(numeric_div,
							   NumericGetDatum(hundredfold(net)),
							   NumericGetDatum(int64_to_numeric(responses)));
}

/*
 * The standard error of the score, as a share.  Each response counts 1, 0 or
 * -1; with p promoters, q passives and d detractors among n the variance
 * (p + d) / n - ((p - d) / n)^2 is written so that nothing cancels.
 */
static double
standard_error(const NpsTally *tally)
{
	double		p = (double) tally->count[NPS_PROMOTER];
	double		q = (double) tally->count[NPS_PASSIVE];
	double		d = (double) tally->count[NPS_DETRACTOR];
	double		n = (double) nps_responses(tally);
	double		variance = (4 * p * d + q * (p + d)) / (n * n);

	return sqrt(variance / n);
}

PG_FUNCTION_INFO_V1(nps_tally_margin);
Datum
nps_tally_margin(PG_FUNCTION_ARGS)
{
	NpsTally   *tally = PG_GETARG_NPS_TALLY_P(0);
	float8		confidence = PG_GETARG_FLOAT8(1);

	/* written so that NaN fails too */
	if (!(confidence > 0 && confidence < 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("confidence %g is out of range", confidence),
				 errdetail("A confidence lies between 0 and 1, as 0.95.")));
	if (nps_responses(tally) == 0)
		PG_RETURN_NULL();
	return DirectFunctionCall1(float8_numeric,
							   Float8GetDatum(100 * normal_two_sided_quantile(confidence) *
											  standard_error(tally)));
}
