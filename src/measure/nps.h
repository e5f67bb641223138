/*
 * nps.h: Net Promoter Score, from single responses and from stored tallies.
 */
#ifndef SEGMENTATION_MEASURE_NPS_H
#define SEGMENTATION_MEASURE_NPS_H

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
 * How many responses of each class.  Being the aggregates' state as well, it
 * is kept in 16 bytes, which saves a tenth of a hash table over three words:
 * the low 32 bits of each count, and 10 bits more of each in one word.
 */
typedef struct NpsTally
{
	uint32		low[NPS_CLASSES];
	uint32		high;
} NpsTally;

#define NPS_HIGH_BITS 10
#define NPS_COUNT_MAX ((INT64CONST(1) << (32 + NPS_HIGH_BITS)) - 1)

#define DatumGetNpsTallyP(X) ((NpsTally *) DatumGetPointer(X))
#define NpsTallyPGetDatum(X) PointerGetDatum(X)
#define PG_GETARG_NPS_TALLY_P(n) DatumGetNpsTallyP(PG_GETARG_DATUM(n))
#define PG_RETURN_NPS_TALLY_P(X) return NpsTallyPGetDatum(X)

/* score.c */
extern int	nps_score_from_numeric(Numeric value);
extern void nps_score_out_of_range(int64 score);

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
nps_count(const NpsTally *tally, NpsClass nps_class)
{
	uint32		high = (tally->high >> (NPS_HIGH_BITS * nps_class)) & ((1 << NPS_HIGH_BITS) - 1);

	return (int64) high << 32 | tally->low[nps_class];
}

/* the count is from 0 to NPS_COUNT_MAX */
static inline void
nps_set_count(NpsTally *tally, NpsClass nps_class, int64 count)
{
	uint32		cleared = tally->high & ~(((1u << NPS_HIGH_BITS) - 1) << (NPS_HIGH_BITS * nps_class));

	tally->low[nps_class] = (uint32) count;
	tally->high = cleared | (uint32) (count >> 32) << (NPS_HIGH_BITS * nps_class);
}

static inline int64
nps_responses(const NpsTally *tally)
{
	return nps_count(tally, NPS_PROMOTER) + nps_count(tally, NPS_PASSIVE) + nps_count(tally, NPS_DETRACTOR);
}

#endif							/* SEGMENTATION_MEASURE_NPS_H */
