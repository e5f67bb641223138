/*
 * decimal.h: decimal numbers of up to 38 digits, in which prices are computed.
 */
#ifndef SEGMENTATION_TYPES_DECIMAL_H
#define SEGMENTATION_TYPES_DECIMAL_H

#include "segmentation.h"

#include "utils/numeric.h"

#ifndef HAVE_INT128
#error "segmentation needs a compiler and a platform with 128-bit integers"
#endif

#define DECIMAL_DIGITS 38		/* 10^38 < 2^127 */

/* digits / 10^scale */
typedef struct Decimal
{
	uint128		digits;
	int			scale;			/* negative where zeros were left out */
	bool		negative;
	bool		inexact;		/* something other than zero lies below the last digit */
} Decimal;

typedef enum RoundingMode
{
	ROUND_NEVER,				/* what would have to be rounded is refused */
	ROUND_HALF_EVEN,
	ROUND_HALF_UP,				/* away from zero, as in java.math */
	ROUND_HALF_DOWN,
	ROUND_UP,
	ROUND_DOWN,
	ROUND_CEILING,
	ROUND_FLOOR
} RoundingMode;

extern const uint64 decimal_power_of_ten[20];

/* n from 0 to 38 */
static inline uint128
wide_power_of_ten(int n)
{
	if (n < (int) lengthof(decimal_power_of_ten))
		return decimal_power_of_ten[n];
	return (uint128) decimal_power_of_ten[19] * decimal_power_of_ten[n - 19];
}

static inline uint64
magnitude(int64 value)
{
	return value < 0 ? -(uint64) value : (uint64) value;
}

/* takes zeros off the end, as long as they are decimals */
static inline void
strip_zeros(uint64 *digits, int *scale)
{
	if (*digits == 0)
		*scale = 0;
	for (int zeros = 8; zeros > 0; zeros /= 2)
	{
		while (*scale >= zeros && *digits % decimal_power_of_ten[zeros] == 0)
		{
			*digits /= decimal_power_of_ten[zeros];
			*scale -= zeros;
		}
	}
}

static inline Decimal
decimal_from_int64(int64 value, int scale)
{
	Decimal		result;

	result.digits = magnitude(value);
	result.scale = scale;
	result.negative = value < 0;
	result.inexact = false;
	return result;
}

/* decimal.c */
extern int	decimal_length(uint128 digits);
extern bool decimal_round(Decimal *decimal, int scale, RoundingMode mode);
extern const char *decimal_scan(const char *str, const char *end, Decimal *result);
pg_noreturn extern void decimal_division_by_zero(void);
extern bool decimal_divide_short(Decimal a, Decimal b, Decimal *quotient);

/* decimal_numeric.c */
extern Decimal decimal_from_numeric(Numeric number);
extern Decimal decimal_multiply(Decimal a, Numeric b);
extern Decimal decimal_quotient(Numeric dividend, Numeric divisor);
extern Decimal decimal_divide(Decimal a, Numeric b);

#endif							/* SEGMENTATION_TYPES_DECIMAL_H */
