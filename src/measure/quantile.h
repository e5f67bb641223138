/*
 * quantile.h: values of which quantiles are taken, in a form that sorts fast.
 */
#ifndef SEGMENTATION_MEASURE_QUANTILE_H
#define SEGMENTATION_MEASURE_QUANTILE_H

#include "segmentation.h"

#include "utils/memutils.h"

#include "types/currency_price.h"

#define QUANTILE_BINS_MAX 10000
#define QUANTILE_SCALE 18

/*
 * An integer in whose order the values are.  Of numbers, days and amounts it is
 * the value in units of 10^-18, in the range of bigint; of double precision the
 * bits.
 */
typedef int128 Ordinal;

/* what the ordinals of a state are of; a currency's is its code, which is larger */
typedef enum QuantileUnit
{
	QUANTILE_NUMBERS,
	QUANTILE_REALS
} QuantileUnit;

typedef struct QuantileState
{
	int32		vl_len_;		/* room for more values counts too */
	int32		bins;			/* 0 as long as there are no values */
	uint32		unit;
	uint32		count;
	Ordinal		values[FLEXIBLE_ARRAY_MEMBER];	/* in no order */
} QuantileState;

StaticAssertDecl(offsetof(QuantileState, values) == 16, "values must follow the header at once");

#define QUANTILE_VALUES_MAX ((uint32) ((MaxAllocSize - offsetof(QuantileState, values)) / sizeof(Ordinal)))

#define DatumGetQuantileStateP(X) ((QuantileState *) DatumGetPointer(X))
#define PG_GETARG_QUANTILE_STATE_P(n) DatumGetQuantileStateP(PG_GETARG_DATUM(n))

static inline Ordinal
ordinal_from_int64(int64 value)
{
	return (Ordinal) value * decimal_power_of_ten[QUANTILE_SCALE];
}

static inline Ordinal
ordinal_from_price(const CurrencyPrice *price)
{
	return (Ordinal) price_mantissa(price) * decimal_power_of_ten[QUANTILE_SCALE - price_scale(price)];
}

static inline bool
ordinal_is_number(Ordinal ordinal)
{
	return ordinal <= ordinal_from_int64(PG_INT64_MAX) && ordinal >= ordinal_from_int64(PG_INT64_MIN);
}

/* the value is no NaN; both zeros have the same */
static inline Ordinal
ordinal_from_float8(float8 value)
{
	int64		bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits >= 0 ? bits : PG_INT64_MIN - bits;
}

static inline float8
ordinal_to_float8(Ordinal ordinal)
{
	int64		bits = ordinal >= 0 ? (int64) ordinal : PG_INT64_MIN - (int64) ordinal;
	float8		value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

/* the whole number at or below, of other ordinals than those of double precision */
static inline int128
ordinal_floor(Ordinal ordinal)
{
	int128		unit = decimal_power_of_ten[QUANTILE_SCALE];

	return ordinal / unit - (ordinal % unit < 0);
}

/* quantile.c */
extern QuantileState *quantile_state_make(uint32 room);
extern bool quantile_ordinal_from_decimal(const Decimal *decimal, Ordinal *ordinal);

#endif							/* SEGMENTATION_MEASURE_QUANTILE_H */
