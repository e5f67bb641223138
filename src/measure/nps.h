/*
 * nps.h: Net Promoter Score, from single responses and from stored tallies.
 */
#ifndef SEGMENTATION_NPS_H
#define SEGMENTATION_NPS_H

#include "segmentation.h"

#include "utils/numeric.h"

#define NPS_SCORE_MAX 10

/* in the order of the SQL enum's labels */
typedef enum NpsClass
{
	NPS_DETRACTOR,
	NPS_PASSIVE,
	NPS_PROMOTER
} NpsClass;

#define NPS_CLASSES (NPS_PROMOTER + 1)

/*
 * How many responses of each class.  It is the state of the aggregates too:
 * three words by reference are the cheapest that count without limit, and
 * fill the allocator's 32-byte chunk where an int8[] takes 64.
 */
typedef struct NpsTally
{
	int64		count[NPS_CLASSES];
} NpsTally;

/* low enough that the sum of all counts always fits into a bigint */
#define NPS_COUNT_MAX (PG_INT64_MAX / NPS_CLASSES)

#define DatumGetNpsTallyP(X) ((NpsTally *) DatumGetPointer(X))
#define NpsTallyPGetDatum(X) PointerGetDatum(X)
#define PG_GETARG_NPS_TALLY_P(n) DatumGetNpsTallyP(PG_GETARG_DATUM(n))
#define PG_RETURN_NPS_TALLY_P(X) return NpsTallyPGetDatum(X)

/* score.c */
extern int	nps_score_from_numeric(Numeric value);
extern void nps_score_out_of_range(int64 score) pg_attribute_noreturn();

/* nps_class.c */
extern Datum nps_class_get_datum(FunctionCallInfo fcinfo, NpsClass nps_class);

/* normal.c */
extern double normal_two_sided_quantile(double confidence);

static inline int
nps_check_score(int64 score)
{
	if (unlikely(score < 0 || score > NPS_SCORE_MAX))
		nps_score_out_of_range(score);
	return (int) score;
}

/* without branches: responses come in no order that a CPU could predict */
static inline NpsClass
nps_class_of(int score)
{
	return (NpsClass) ((score >= 7) + (score >= 9));
}

static inline int64
nps_responses(const NpsTally *tally)
{
	return tally->count[NPS_PROMOTER] + tally->count[NPS_PASSIVE] + tally->count[NPS_DETRACTOR];
}

#endif							/* SEGMENTATION_NPS_H */
