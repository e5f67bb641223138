/*
 * score.c: what a response's score may be.
 */
#include "segmentation.h"

#include "utils/builtins.h"

#include "measure/nps.h"
#include "types/input.h"

void
nps_score_out_of_range(int64 score)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("NPS score " INT64_FORMAT " is out of range", score),
			 errdetail("A score is a whole number from 0 to %d.", NPS_SCORE_MAX)));
}

static void
refuse_numeric(Numeric value)
{
	const char *text = numeric_normalize(value);

	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("NPS score %s is out of range", input_excerpt(text, strlen(text))),
			 errdetail("A score is a whole number from 0 to %d.", NPS_SCORE_MAX)));
}

/* 7.0 is a whole number, 7.5 is none and is not rounded to one */
int
nps_score_from_numeric(Numeric value)
{
	bool		overflow;
	int32		score = numeric_int4_opt_error(value, &overflow);

	if (overflow || score < 0 || score > NPS_SCORE_MAX ||
		!DatumGetBool(DirectFunctionCall2(numeric_eq, NumericGetDatum(value),
										  NumericGetDatum(int64_to_numeric(score)))))
		refuse_numeric(value);
	return score;
}
