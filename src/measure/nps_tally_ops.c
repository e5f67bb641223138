/*
 * nps_tally_ops.c: tallies compared, hashed and sorted.
 *
 * The order, by promoters, then passives, then detractors, has no meaning but
 * lets tallies be grouped, made distinct and indexed.
 */
#include "segmentation.h"

#include "measure/nps.h"
#include "types/hash.h"

static int
compare_tallies(const NpsTally *a, const NpsTally *b)
{
	for (int i = NPS_PROMOTER; i >= NPS_DETRACTOR; i--)
	{
		int64		count_a = nps_count(a, i);
		int64		count_b = nps_count(b, i);

		if (count_a != count_b)
			return count_a < count_b ? -1 : 1;
	}
	return 0;
}

static uint64
hash_tally(const NpsTally *tally, uint64 seed)
{
	uint64		hash = seed;

	for (int i = NPS_PROMOTER; i >= NPS_DETRACTOR; i--)
		hash = hash_mix(hash ^ hash_mix((uint64) nps_count(tally, i) + 1));
	return hash;
}

PG_FUNCTION_INFO_V1(nps_tally_eq);
Datum
nps_tally_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_tallies(PG_GETARG_NPS_TALLY_P(0), PG_GETARG_NPS_TALLY_P(1)) == 0);
}

PG_FUNCTION_INFO_V1(nps_tally_ne);
Datum
nps_tally_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_tallies(PG_GETARG_NPS_TALLY_P(0), PG_GETARG_NPS_TALLY_P(1)) != 0);
}

PG_FUNCTION_INFO_V1(nps_tally_lt);
Datum
nps_tally_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_tallies(PG_GETARG_NPS_TALLY_P(0), PG_GETARG_NPS_TALLY_P(1)) < 0);
}

PG_FUNCTION_INFO_V1(nps_tally_le);
Datum
nps_tally_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_tallies(PG_GETARG_NPS_TALLY_P(0), PG_GETARG_NPS_TALLY_P(1)) <= 0);
}

PG_FUNCTION_INFO_V1(nps_tally_gt);
Datum
nps_tally_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_tallies(PG_GETARG_NPS_TALLY_P(0), PG_GETARG_NPS_TALLY_P(1)) > 0);
}

PG_FUNCTION_INFO_V1(nps_tally_ge);
Datum
nps_tally_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_tallies(PG_GETARG_NPS_TALLY_P(0), PG_GETARG_NPS_TALLY_P(1)) >= 0);
}

PG_FUNCTION_INFO_V1(nps_tally_cmp);
Datum
nps_tally_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(compare_tallies(PG_GETARG_NPS_TALLY_P(0), PG_GETARG_NPS_TALLY_P(1)));
}

PG_FUNCTION_INFO_V1(nps_tally_hash);
Datum
nps_tally_hash(PG_FUNCTION_ARGS)
{
	PG_RETURN_UINT32((uint32) hash_tally(PG_GETARG_NPS_TALLY_P(0), 0));
}

PG_FUNCTION_INFO_V1(nps_tally_hash_extended);
Datum
nps_tally_hash_extended(PG_FUNCTION_ARGS)
{
	PG_RETURN_UINT64(hash_tally(PG_GETARG_NPS_TALLY_P(0), (uint64) PG_GETARG_INT64(1)));
}
