/*
 * currency_price.h: an exact decimal amount in one ISO 4217 currency.
 */
#ifndef SEGMENTATION_TYPES_CURRENCY_PRICE_H
#define SEGMENTATION_TYPES_CURRENCY_PRICE_H

#include "segmentation.h"

#include "access/stratnum.h"
#include "lib/stringinfo.h"

#include "types/currency.h"
#include "types/decimal.h"
#include "types/hash.h"

#define PRICE_DIGITS 18			/* significant ones, and at most so many decimals */
#define PRICE_TEXT_LEN 48		/* room for sign, digits, zeros, point and code */
#define PRICE_MANTISSA_LIMIT UINT64CONST(1000000000000000000)	/* 10^18 */

/*
 * amount = mantissa / 10^scale.  Canonical: scale is the smallest that serves,
 * so that equal prices are equal bytes.
 */
typedef struct CurrencyPrice
{
	uint32		mantissa[2];	/* halves of an int64 in the machine's order: a whole one would make this 16 bytes */
	uint32		unit;			/* three capitals, and the scale in the lowest byte */
} CurrencyPrice;

StaticAssertDecl(sizeof(CurrencyPrice) == 12, "currency_price must be 12 bytes");

/* what remains of unit without the scale: order is that of the codes as text */
typedef uint32 CurrencyCode;

#define DatumGetCurrencyPriceP(X) ((CurrencyPrice *) DatumGetPointer(X))
#define CurrencyPricePGetDatum(X) PointerGetDatum(X)
#define PG_GETARG_CURRENCY_PRICE_P(n) DatumGetCurrencyPriceP(PG_GETARG_DATUM(n))
#define PG_RETURN_CURRENCY_PRICE_P(X) return CurrencyPricePGetDatum(X)

static inline int64
price_mantissa(const CurrencyPrice *price)
{
	int64		mantissa;

	memcpy(&mantissa, price->mantissa, sizeof(mantissa));
	return mantissa;
}

static inline int
price_scale(const CurrencyPrice *price)
{
	return price->unit & 0xFF;
}

static inline CurrencyCode
price_code(const CurrencyPrice *price)
{
	return price->unit >> 8;
}

/* of what is canonical already */
static inline void
price_set(CurrencyPrice *price, int64 mantissa, int scale, CurrencyCode code)
{
	memcpy(price->mantissa, &mantissa, sizeof(mantissa));
	price->unit = code << 8 | (uint32) scale;
}

static inline CurrencyCode
currency_code(const Currency *currency)
{
	const unsigned char *letters = (const unsigned char *) currency->code;

	return (CurrencyCode) letters[0] << 16 | letters[1] << 8 | letters[2];
}

static inline void
currency_code_letters(CurrencyCode code, char *letters)
{
	letters[0] = code >> 16;
	letters[1] = code >> 8;
	letters[2] = code;
}

static inline bool
price_equal(const CurrencyPrice *a, const CurrencyPrice *b)
{
	return a->unit == b->unit && price_mantissa(a) == price_mantissa(b);
}

/* of prices in one currency */
static inline int
price_compare_amounts(const CurrencyPrice *a, const CurrencyPrice *b)
{
	int128		x = price_mantissa(a);
	int128		y = price_mantissa(b);
	int			shift = price_scale(b) - price_scale(a);

	if (shift > 0)
		x *= decimal_power_of_ten[shift];
	else if (shift < 0)
		y *= decimal_power_of_ten[-shift];
	return (x > y) - (x < y);
}

/* the total order: by currency, then by amount */
static inline int
price_compare(const CurrencyPrice *a, const CurrencyPrice *b)
{
	if (price_code(a) != price_code(b))
		return price_code(a) < price_code(b) ? -1 : 1;
	return price_compare_amounts(a, b);
}

static inline uint64
price_hash(const CurrencyPrice *price, uint64 seed)
{
	return hash_mix(hash_mix(hash_mix(seed) ^ (uint64) price_mantissa(price)) ^ price->unit);
}

/* detail of errors about the range of prices */
#define PRICE_RANGE_DETAIL "An amount has at most 18 digits, at most 18 of them after the decimal point."

/* currency_price.c */
pg_noreturn extern void price_out_of_range(void);
pg_noreturn extern void price_too_many_digits(void);
extern bool price_from_decimal(const Decimal *decimal, CurrencyCode code,
							   RoundingMode mode, CurrencyPrice *price);
extern Decimal price_to_decimal(const CurrencyPrice *price);
extern const Currency *currency_of_code(CurrencyCode code);
extern const Currency *price_currency(const CurrencyPrice *price);
extern int	price_decimals(const CurrencyPrice *price);
extern bool currency_parse(const char *letters, size_t len, CurrencyCode *code,
						   struct Node *escontext);
extern char *price_put_amount(char *end, const CurrencyPrice *price, int decimals);
extern void price_send(StringInfo buf, const CurrencyPrice *price);
extern void price_receive(StringInfo buf, CurrencyPrice *price, const char *type_name);

/* currency_price_parts.c */
extern CurrencyCode currency_from_text(const text * letters);
extern Numeric price_to_numeric(const CurrencyPrice *price);

/* currency_price_ops.c */
pg_noreturn extern void price_different_currencies(CurrencyCode a, CurrencyCode b, const char *hint);
extern void price_check_same_currency(const CurrencyPrice *a, const CurrencyPrice *b);

/* currency_price_support.c */
extern StrategyNumber price_comparison_strategy(Oid funcid);

#endif							/* SEGMENTATION_TYPES_CURRENCY_PRICE_H */
