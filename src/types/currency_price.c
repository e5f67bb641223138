/*
 * currency_price.c: what a price may be, its text and its binary form.
 */
#include "segmentation.h"

#include "libpq/pqformat.h"

#include "types/currency_price.h"
#include "types/input.h"

#define PRICE_SENT_LEN 12

void
price_out_of_range(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("currency_price out of range"),
			 errdetail(PRICE_RANGE_DETAIL)));
}

/* the same of what an exact operation gave, where rounding would help */
void
price_too_many_digits(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("currency_price out of range"),
			 errdetail(PRICE_RANGE_DETAIL),
			 errhint("Sums are not rounded: round prices that have many decimals first, with round(price).")));
}

/* false where mantissa / 10^scale is out of range */
static bool
price_from_mantissa(bool negative, uint64 mantissa, int scale,
					CurrencyCode code, CurrencyPrice *price)
{
	strip_zeros(&mantissa, &scale);
	if (mantissa >= PRICE_MANTISSA_LIMIT || scale > PRICE_DIGITS)
		return false;
	price_set(price, negative ? -(int64) mantissa : (int64) mantissa, scale, code);
	return true;
}

/* rounds to 18 digits; false where the amount is too large or mode forbids that */
bool
price_from_decimal(const Decimal *decimal, CurrencyCode code,
				   RoundingMode mode, CurrencyPrice *price)
{
	Decimal		rounded = *decimal;
	int			length = decimal_length(rounded.digits);
	int			kept = PRICE_DIGITS - (length - rounded.scale);

	if (rounded.digits == 0 && !rounded.inexact)
		return price_from_mantissa(false, 0, 0, code, price);
	if (kept < 0)
		return false;
	if (rounded.scale < 0)
	{
		rounded.digits *= wide_power_of_ten(-rounded.scale);
		rounded.scale = 0;
	}
	if (!decimal_round(&rounded, Min(kept, PRICE_DIGITS), mode))
		return false;
	return price_from_mantissa(rounded.negative, (uint64) rounded.digits,
							   rounded.scale, code, price);
}

/* false after a soft error */
bool
currency_parse(const char *letters, size_t len, CurrencyCode *code,
			   struct Node *escontext)
{
	const Currency *currency = currency_lookup(letters, len);

	if (currency == NULL)
		ereturn(escontext, false,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown currency \"%s\"", input_excerpt(letters, len)),
				 errhint("The codes of ISO 4217 are listed by currencies().")));
	if (currency->minor_units == CURRENCY_NO_MINOR_UNITS)
		ereturn(escontext, false,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("currency \"%s\" has no amounts in money", currency->code),
				 errdetail("ISO 4217 gives it no minor unit."),
				 errhint("The codes that have one are listed by currencies().")));
	*code = currency_code(currency);
	return true;
}

static bool
raise_bad_price_text(const char *str, size_t len, struct Node *escontext)
{
	ereturn(escontext, false,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid input syntax for type %s: \"%s\"", "currency_price",
					input_excerpt(str, len)),
			 errhint("Write an amount and a currency code with a space between them, such as \"9.90 EUR\" or \"EUR 9.90\": digits with at most one decimal point, no thousands separators, no exponent.")));
}

/* amount, space, code or code, space, amount; false after a soft error */
static bool
price_parse(const char *str, size_t len, CurrencyPrice *price,
			struct Node *escontext)
{
	const char *end = str + len;
	const char *words[2];
	const char *ends[2];
	Decimal		amount;
	CurrencyCode code;
	int			code_word;

	for (int i = 0; i < 2; i++)
	{
		words[i] = skip_space(i == 0 ? str : ends[0], end);
		ends[i] = skip_word(words[i], end);
	}
	code_word = decimal_scan(words[0], ends[0], &amount) == ends[0] ? 1 : 0;
	if (words[1] == end || skip_space(ends[1], end) != end ||
		(code_word == 0 && decimal_scan(words[1], ends[1], &amount) != ends[1]))
		return raise_bad_price_text(str, len, escontext);
	if (!currency_parse(words[code_word], ends[code_word] - words[code_word],
						&code, escontext))
		return false;
	if (!price_from_decimal(&amount, code, ROUND_NEVER, price))
		ereturn(escontext, false,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("value \"%s\" is out of range for type %s",
						input_excerpt(str, len), "currency_price"),
				 errdetail(PRICE_RANGE_DETAIL)));
	return true;
}

const Currency *
currency_of_code(CurrencyCode code)
{
	char		letters[CURRENCY_CODE_LEN];

	currency_code_letters(code, letters);
	return currency_lookup(letters, CURRENCY_CODE_LEN);
}

const Currency *
price_currency(const CurrencyPrice *price)
{
	return currency_of_code(price_code(price));
}

/* at least as many as the currency's minor unit has */
int
price_decimals(const CurrencyPrice *price)
{
	return Max(price_scale(price), price_currency(price)->minor_units);
}

Decimal
price_to_decimal(const CurrencyPrice *price)
{
	return decimal_from_int64(price_mantissa(price), price_scale(price));
}

/* writes digits backwards, ending before end; returns where they begin */
static char *
put_digits(char *end, uint64 value, int at_least)
{
	for (int i = 0; i < at_least || value > 0; i++)
	{
		*--end = '0' + value % 10;
		value /= 10;
	}
	return end;
}

/*
 * Writes an amount backwards: sign, digits, and a point where there are
 * decimals.  Returns where it begins.
 */
char *
price_put_amount(char *end, const CurrencyPrice *price, int decimals)
{
	int64		mantissa = price_mantissa(price);
	uint64		unit = decimal_power_of_ten[price_scale(price)];
	char	   *str = end;

	if (decimals > 0)
	{
		int			zeros = decimals - price_scale(price);

		str -= zeros;
		memset(str, '0', zeros);
		str = put_digits(str, magnitude(mantissa) % unit, price_scale(price));
		*--str = '.';
	}
	str = put_digits(str, magnitude(mantissa) / unit, 1);
	if (mantissa < 0)
		*--str = '-';
	return str;
}

PG_FUNCTION_INFO_V1(currency_price_in);
Datum
currency_price_in(PG_FUNCTION_ARGS)
{
	char	   *str = PG_GETARG_CSTRING(0);
	CurrencyPrice *result = palloc(sizeof(CurrencyPrice));

	if (!price_parse(str, strlen(str), result, fcinfo->context))
		PG_RETURN_NULL();
	PG_RETURN_CURRENCY_PRICE_P(result);
}

PG_FUNCTION_INFO_V1(currency_price_out);
Datum
currency_price_out(PG_FUNCTION_ARGS)
{
	CurrencyPrice *price = PG_GETARG_CURRENCY_PRICE_P(0);
	char		buffer[PRICE_TEXT_LEN];
	char	   *end = buffer + sizeof(buffer) - 1;

	*end = '\0';
	end -= CURRENCY_CODE_LEN;
	currency_code_letters(price_code(price), end);
	*--end = ' ';
	PG_RETURN_CSTRING(pstrdup(price_put_amount(end, price, price_decimals(price))));
}

/* 8 bytes mantissa in network order, 3 capitals, 1 byte scale */
void
price_send(StringInfo buf, const CurrencyPrice *price)
{
	pq_sendint64(buf, price_mantissa(price));
	pq_sendint32(buf, price->unit);
}

PG_FUNCTION_INFO_V1(currency_price_send);
Datum
currency_price_send(PG_FUNCTION_ARGS)
{
	StringInfoData buf;

	pq_begintypsend(&buf);
	price_send(&buf, PG_GETARG_CURRENCY_PRICE_P(0));
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/* whether it is what the input functions make: canonical, of a known currency */
static bool
price_is_valid(const CurrencyPrice *price)
{
	const Currency *currency = price_currency(price);
	int64		mantissa = price_mantissa(price);
	CurrencyPrice canonical;

	return currency != NULL &&
		currency->minor_units != CURRENCY_NO_MINOR_UNITS &&
		currency_code(currency) == price_code(price) &&
		price_from_mantissa(mantissa < 0, magnitude(mantissa), price_scale(price),
							price_code(price), &canonical) &&
		price_equal(price, &canonical);
}

/* reads one price of a value of the named type, as strictly as text */
void
price_receive(StringInfo buf, CurrencyPrice *price, const char *type_name)
{
	int64		mantissa = pq_getmsgint64(buf);

	memcpy(price->mantissa, &mantissa, sizeof(mantissa));
	price->unit = pq_getmsgint(buf, sizeof(price->unit));
	if (!price_is_valid(price))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid binary form of type %s", type_name),
				 errdetail("A price is a big-endian integer of 64 bits and less than 10^18, the capitals of a currency that has a minor unit, and a byte that says how many of the integer's digits, 0 to 18, are decimals; the last of these is not zero."),
				 errhint("Send what currency_price_send returns, or the price as text.")));
}

PG_FUNCTION_INFO_V1(currency_price_recv);
Datum
currency_price_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	CurrencyPrice *result = palloc(sizeof(CurrencyPrice));
	int			len = buf->len - buf->cursor;

	if (len != PRICE_SENT_LEN)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid binary form of type %s", "currency_price"),
				 errdetail("It has %d bytes instead of %d.", len, PRICE_SENT_LEN)));
	price_receive(buf, result, "currency_price");
	PG_RETURN_CURRENCY_PRICE_P(result);
}
