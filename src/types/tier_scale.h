/*
 * tier_scale.h: named thresholds in one currency.
 */
#ifndef SEGMENTATION_TYPES_TIER_SCALE_H
#define SEGMENTATION_TYPES_TIER_SCALE_H

#include "types/currency_price.h"
#include "types/segment_id.h"

#define TIERS_LIMIT 1000

typedef struct Tier
{
	CurrencyPrice from;			/* the least price that belongs to it */
	SegmentId	name;
} Tier;

/* at least one tier, ascending, all in one currency, no name twice */
typedef struct TierScale
{
	int32		vl_len_;		/* varlena header (do not touch directly!) */
	Tier		tiers[FLEXIBLE_ARRAY_MEMBER];
} TierScale;

#define TIER_SCALE_SIZE(count) (offsetof(TierScale, tiers) + (count) * sizeof(Tier))

#define DatumGetTierScaleP(X) ((TierScale *) PG_DETOAST_DATUM(X))
#define PG_GETARG_TIER_SCALE_P(n) DatumGetTierScaleP(PG_GETARG_DATUM(n))
#define PG_RETURN_TIER_SCALE_P(X) PG_RETURN_POINTER(X)

static inline int
tier_count(const TierScale *scale)
{
	return (VARSIZE(scale) - offsetof(TierScale, tiers)) / sizeof(Tier);
}

/* tier_scale.c */
extern TierScale *tier_scale_parse(const char *str, size_t len, struct Node *escontext);
extern void tier_scale_append(StringInfo buf, const TierScale *scale);
extern void tier_scale_send_to(StringInfo buf, const TierScale *scale);
extern TierScale *tier_scale_receive(StringInfo buf, const char *type_name);

/* tier.c */
extern const SegmentId *tier_scale_find(const CurrencyPrice *price, const TierScale *scale);

#endif							/* SEGMENTATION_TYPES_TIER_SCALE_H */
