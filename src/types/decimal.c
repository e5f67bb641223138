/*
 * decimal.c: decimal numbers of up to 38 digits: reading, rounding, dividing.
 */
#include "segmentation.h"

#include "types/decimal.h"

const uint64 decimal_power_of_ten[20] = {
	UINT64CONST(1),
	UINT64CONST(10),
	UINT64CONST(100),
	UINT64CONST(1000),
	UINT64CONST(10000),
	UINT64CONST(100000),
	UINT64CONST(1000000),
	UINT64CONST(10000000),
	UINT64CONST(100000000),
	UINT64CONST(1000000000),
	UINT64CONST(10000000000),
	UINT64CONST(100000000000),
	UINT64CONST(1000000000000),
	UINT64CONST(10000000000000),
	UINT64CONST(100000000000000),
	UINT64CONST(1000000000000000),
	UINT64CONST(10000000000000000),
	UINT64CONST(100000000000000000),
	UINT64CONST(1000000000000000000),
	UINT64CONST(10000000000000000000)
};

/* how many digits there are, 0 for zero */
int
decimal_length(uint128 digits)
{
	int			length = 0;
	uint64		leading;

	while (digits > PG_UINT64_MAX)
	{
		digits /= decimal_power_of_ten[18];
		length += 18;
	}
	leading = (uint64) digits;
	for (int i = 0; i < (int) lengthof(decimal_power_of_ten) && leading >= decimal_power_of_ten[i]; i++)
		length++;
	return length;
}

/* whether the last digit kept moves up for what is cut off, which is not zero */
static bool
rounds_up(const Decimal *kept, int compared_to_half, RoundingMode mode)
{
	switch (mode)
	{
		case ROUND_NEVER:
		case ROUND_DOWN:
			return false;
		case ROUND_UP:
			return true;
		case ROUND_CEILING:
			return !kept->negative;
		case ROUND_FLOOR:
			return kept->negative;
		case ROUND_HALF_UP:
			return compared_to_half >= 0;
		case ROUND_HALF_DOWN:
			return compared_to_half > 0;
		case ROUND_HALF_EVEN:
			return compared_to_half > 0 ||
				(compared_to_half == 0 && (kept->digits & 1) != 0);
	}
	return false;
}

/* cuts count digits off the end; returns what they were */
static uint128
cut_off(Decimal *decimal, int count)
{
	uint128		digits = decimal->digits;

	decimal->scale -= count;
	decimal->digits = count <= DECIMAL_DIGITS ? digits / wide_power_of_ten(count) : 0;
	return count <= DECIMAL_DIGITS ? digits % wide_power_of_ten(count) : digits;
}

/*
 * Rounds to scale decimals.  False, with digits lost, where mode forbids that.
 * An inexact decimal must have more decimals than that.
 */
bool
decimal_round(Decimal *decimal, int scale, RoundingMode mode)
{
	int			count = decimal->scale - scale;
	bool		inexact = decimal->inexact;
	int			compared_to_half = -1;
	uint128		rest;

	if (count <= 0)
		return !inexact;
	rest = cut_off(decimal, count);
	decimal->inexact = false;
	if (rest == 0 && !inexact)
		return true;
	if (count <= DECIMAL_DIGITS)
	{
		uint128		half = wide_power_of_ten(count) / 2;

		compared_to_half = rest == half ? inexact : rest > half ? 1 : -1;
	}
	if (rounds_up(decimal, compared_to_half, mode))
		decimal->digits++;
	return mode != ROUND_NEVER;
}

/*
 * Appends one digit to those that decimal_scan has read.  Zeros wait until
 * another digit follows: at the end of a number they need no room.
 */
static void
scan_digit(Decimal *decimal, int *length, int *zeros, int digit)
{
	int			added = *zeros + 1;

	if (digit == 0 || decimal->inexact)
		*zeros += decimal->digits != 0;
	else if (decimal->digits == 0 || *length + added <= DECIMAL_DIGITS)
	{
		if (decimal->digits != 0)
			decimal->digits *= wide_power_of_ten(added);
		decimal->digits += digit;
		*length += added;
		*zeros = 0;
	}
	else
	{
		decimal->inexact = true;
		*zeros = added;
	}
}

/*
 * Reads an optional sign and digits with at most one decimal point; returns
 * where they end, NULL where there are none.
 */
const char *
decimal_scan(const char *str, const char *end, Decimal *result)
{
	int			length = 0;
	int			zeros = 0;
	int			digits = 0;
	bool		fraction = false;

	memset(result, 0, sizeof(*result));
	if (str < end && (*str == '-' || *str == '+'))
		result->negative = *str++ == '-';
	for (; str < end; str++)
	{
		if (*str == '.' && !fraction)
			fraction = true;
		else if (*str >= '0' && *str <= '9')
		{
			scan_digit(result, &length, &zeros, *str - '0');
			result->scale += fraction;
			digits++;
		}
		else
			break;
	}
	result->scale -= zeros;
	return digits > 0 ? str : NULL;
}

void
decimal_division_by_zero(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DIVISION_BY_ZERO),
			 errmsg("division by zero"),
			 errhint("nullif(divisor, 0) as divisor gives NULL instead.")));
}

/*
 * a / b; false where they have too many digits or decimals for this.  A quotient
 * that is inexact has more than 18 digits or decimals, so that it can be rounded
 * to those.
 */
bool
decimal_divide_short(Decimal a, Decimal b, Decimal *quotient)
{
	int			shift = Min(DECIMAL_DIGITS - decimal_length(a.digits),
							19 - a.scale + b.scale);
	uint128		dividend;

	if (b.digits == 0)
		decimal_division_by_zero();
	if (b.inexact || b.digits > decimal_power_of_ten[19] || shift < 0)
		return false;
	dividend = a.digits * wide_power_of_ten(shift);
	quotient->digits = dividend / b.digits;
	quotient->inexact = dividend % b.digits != 0;
	quotient->scale = a.scale - b.scale + shift;
	quotient->negative = a.negative != b.negative;
	return true;
}
