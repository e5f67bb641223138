/*
 * tier.c: the tier of a price, and comparing tier scales.
 */
#include "segmentation.h"

#include "types/tier_scale.h"

/* NULL below the first tier */
const SegmentId *
tier_scale_find(const CurrencyPrice *price, const TierScale *scale)
{
	int			low = 0;
	int			high = tier_count(scale);

	if (price_code(price) != price_code(&scale->tiers[0].from))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("price in %s has no tier on a scale in %s",
						price_currency(price)->code,
						price_currency(&scale->tiers[0].from)->code),
				 errhint("Convert the price to the currency of the scale first, or use a scale for each currency with GROUP BY currency(price).")));
	/* tiers before low begin at or below the price, those from high on above it */
	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (price_compare_amounts(&scale->tiers[middle].from, price) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 ? &scale->tiers[low - 1].name : NULL;
}

PG_FUNCTION_INFO_V1(currency_price_tier);
Datum
currency_price_tier(PG_FUNCTION_ARGS)
{
	const SegmentId *found = tier_scale_find(PG_GETARG_CURRENCY_PRICE_P(0), PG_GETARG_TIER_SCALE_P(1));
	SegmentId  *result;

	if (found == NULL)
		PG_RETURN_NULL();
	result = palloc(sizeof(SegmentId));
	*result = *found;
	PG_RETURN_SEGMENT_ID_P(result);
}

/* by the first tier that differs, then by the number of tiers */
static int
compare_price_with_bound(const TierScale *a, const TierScale *b)
{
	for (int i = 0; i < Min(tier_count(a), tier_count(b)); i++)
	{
		int			result = price_compare(&a->tiers[i].from, &b->tiers[i].from);

		if (result == 0)
			result = segment_id_compare(&a->tiers[i].name, &b->tiers[i].name);
		if (result != 0)
			return result < 0 ? -1 : 1;
	}
	return (tier_count(a) > tier_count(b)) - (tier_count(a) < tier_count(b));
}

static int
compare_tier_arguments(FunctionCallInfo fcinfo)
{
	TierScale  *a = PG_GETARG_TIER_SCALE_P(0);
	TierScale  *b = PG_GETARG_TIER_SCALE_P(1);
	int			result = compare_price_with_bound(a, b);

	/* an index build compares many times in one memory context */
	PG_FREE_IF_COPY(a, 0);
	PG_FREE_IF_COPY(b, 1);
	return result;
}

PG_FUNCTION_INFO_V1(tier_scale_lt);
Datum
tier_scale_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_tier_arguments(fcinfo) < 0);
}

PG_FUNCTION_INFO_V1(tier_scale_le);
Datum
tier_scale_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_tier_arguments(fcinfo) <= 0);
}

PG_FUNCTION_INFO_V1(tier_scale_eq);
Datum
tier_scale_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_tier_arguments(fcinfo) == 0);
}

PG_FUNCTION_INFO_V1(tier_scale_ne);
Datum
tier_scale_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_tier_arguments(fcinfo) != 0);
}

PG_FUNCTION_INFO_V1(tier_scale_ge);
Datum
tier_scale_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_tier_arguments(fcinfo) >= 0);
}

PG_FUNCTION_INFO_V1(tier_scale_gt);
Datum
tier_scale_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_tier_arguments(fcinfo) > 0);
}

PG_FUNCTION_INFO_V1(tier_scale_cmp);
Datum
tier_scale_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(compare_tier_arguments(fcinfo));
}

static uint64
hash_arg(FunctionCallInfo fcinfo, uint64 seed)
{
	TierScale  *scale = PG_GETARG_TIER_SCALE_P(0);
	uint64		hash = seed;

	for (int i = 0; i < tier_count(scale); i++)
	{
		hash = price_hash(&scale->tiers[i].from, hash);
		hash = segment_id_hash_value(&scale->tiers[i].name, hash);
	}
	PG_FREE_IF_COPY(scale, 0);
	return hash;
}

PG_FUNCTION_INFO_V1(tier_scale_hash);
Datum
tier_scale_hash(PG_FUNCTION_ARGS)
{
	/* the low half, as the extended function with seed 0 must agree with it */
	PG_RETURN_UINT32((uint32) hash_arg(fcinfo, 0));
}

PG_FUNCTION_INFO_V1(tier_scale_hash_extended);
Datum
tier_scale_hash_extended(PG_FUNCTION_ARGS)
{
	PG_RETURN_UINT64(hash_arg(fcinfo, (uint64) PG_GETARG_INT64(1)));
}
