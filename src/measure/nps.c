/*
 * nps.c: responses counted into a tally, and what a tally says.
 */
#include "segmentation.h"

#include <math.h>

#include "utils/builtins.h"

#include "aggregate.h"
#include "measure/nps.h"

static inline NpsTally *
tally_to_change(FunctionCallInfo fcinfo)
{
	NpsTally   *tally = PG_GETARG_NPS_TALLY_P(0);
	NpsTally   *copy;

	if (state_is_changeable(fcinfo))
		return tally;
	copy = palloc(sizeof(NpsTally));
	*copy = *tally;
	return copy;
}

static pg_noinline void
change_count(NpsTally *tally, NpsClass nps_class, int64 change)
{
	int64		count = nps_count(tally, nps_class) + change;

	if (count < 0 || count > NPS_COUNT_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("%s out of range", "nps_tally"),
				 errdetail("A count is from 0 to " INT64_FORMAT ".", NPS_COUNT_MAX)));
	nps_set_count(tally, nps_class, count);
}

static inline Datum
count_response(FunctionCallInfo fcinfo, int score)
{
	NpsTally   *tally = tally_to_change(fcinfo);
	NpsClass	nps_class = nps_class_of(score);

	if (likely(tally->low[nps_class] < PG_UINT32_MAX))
		tally->low[nps_class]++;
	else
		change_count(tally, nps_class, 1);
	PG_RETURN_NPS_TALLY_P(tally);
}

static inline Datum
uncount_response(FunctionCallInfo fcinfo, int score)
{
	NpsTally   *tally = tally_to_change(fcinfo);

	change_count(tally, nps_class_of(score), -1);
	PG_RETURN_NPS_TALLY_P(tally);
}

static Datum
change_by_tally(FunctionCallInfo fcinfo, int sign)
{
	NpsTally   *tally = tally_to_change(fcinfo);
	NpsTally   *other = PG_GETARG_NPS_TALLY_P(1);

	for (int i = 0; i < NPS_CLASSES; i++)
		change_count(tally, i, sign * nps_count(other, i));
	PG_RETURN_NPS_TALLY_P(tally);
}

PG_FUNCTION_INFO_V1(nps_tally_accum_int2);
Datum
nps_tally_accum_int2(PG_FUNCTION_ARGS)
{
	return count_response(fcinfo, nps_check_score(PG_GETARG_INT16(1)));
}

PG_FUNCTION_INFO_V1(nps_tally_accum_int4);
Datum
nps_tally_accum_int4(PG_FUNCTION_ARGS)
{
	return count_response(fcinfo, nps_check_score(PG_GETARG_INT32(1)));
}

PG_FUNCTION_INFO_V1(nps_tally_accum_int8);
Datum
nps_tally_accum_int8(PG_FUNCTION_ARGS)
{
	return count_response(fcinfo, nps_check_score(PG_GETARG_INT64(1)));
}

PG_FUNCTION_INFO_V1(nps_tally_accum_numeric);
Datum
nps_tally_accum_numeric(PG_FUNCTION_ARGS)
{
	return count_response(fcinfo, nps_score_from_numeric(PG_GETARG_NUMERIC(1)));
}

PG_FUNCTION_INFO_V1(nps_tally_discard_int2);
Datum
nps_tally_discard_int2(PG_FUNCTION_ARGS)
{
	return uncount_response(fcinfo, nps_check_score(PG_GETARG_INT16(1)));
}

PG_FUNCTION_INFO_V1(nps_tally_discard_int4);
Datum
nps_tally_discard_int4(PG_FUNCTION_ARGS)
{
	return uncount_response(fcinfo, nps_check_score(PG_GETARG_INT32(1)));
}

PG_FUNCTION_INFO_V1(nps_tally_discard_int8);
Datum
nps_tally_discard_int8(PG_FUNCTION_ARGS)
{
	return uncount_response(fcinfo, nps_check_score(PG_GETARG_INT64(1)));
}

PG_FUNCTION_INFO_V1(nps_tally_discard_numeric);
Datum
nps_tally_discard_numeric(PG_FUNCTION_ARGS)
{
	return uncount_response(fcinfo, nps_score_from_numeric(PG_GETARG_NUMERIC(1)));
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

PG_FUNCTION_INFO_V1(nps_tally_nps);
Datum
nps_tally_nps(PG_FUNCTION_ARGS)
{
	NpsTally   *tally = PG_GETARG_NPS_TALLY_P(0);
	int64		responses = nps_responses(tally);
	int64		net = nps_count(tally, NPS_PROMOTER) - nps_count(tally, NPS_DETRACTOR);

	if (responses == 0)
		PG_RETURN_NULL();
	return DirectFunctionCall2(numeric_div,
							   NumericGetDatum(int64_to_numeric(100 * net)),
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
	double		p = (double) nps_count(tally, NPS_PROMOTER);
	double		q = (double) nps_count(tally, NPS_PASSIVE);
	double		d = (double) nps_count(tally, NPS_DETRACTOR);
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
