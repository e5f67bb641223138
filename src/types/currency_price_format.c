/*
 * currency_price_format.c: prices as people write them, by language.
 *
 * The server's own formatting of numbers is that of the session's lc_numeric
 * and of the locales that a machine has.  This is the same everywhere: the
 * conventions of a list of languages, compiled in.
 */
#include "segmentation.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "nodes/pg_list.h"
#include "utils/builtins.h"

#include "refusal.h"
#include "types/currency_price.h"
#include "types/input.h"

/* in UTF-8 */
#define NO_BREAK_SPACE "\302\240"
#define NARROW_NO_BREAK_SPACE "\342\200\257"
#define MINUS_SIGN "\342\210\222"

typedef enum CodePlace
{
	CODE_LAST,					/* -1,50 EUR */
	CODE_FIRST,					/* -EUR 1.50 */
	CODE_BEFORE_SIGN,			/* EUR -1.50 */
	CODE_BEFORE_SIGN_ALONE		/* EUR-1.50, but EUR 1.50 */
} CodePlace;

typedef struct PriceFormat
{
	const char *languages;		/* BCP 47 tags, each with a blank behind it */
	const char *separator;		/* between groups of digits */
	char		point;
	int			at_least;		/* so many digits before the first separator, if there is to be one */
	int			further_groups; /* digits of those left of the last one */
	CodePlace	place;
	const char *minus;
} PriceFormat;

/*
 * From the Unicode CLDR (47 and 48), for currencies written as codes.  A region
 * is listed where it was looked up: others are refused rather than guessed, for
 * 1.000 is one or a thousand by where one is.
 */
static const PriceFormat price_formats[] = {
	{"en en-US en-GB en-IE en-AU en-NZ en-CA en-SG ja ja-JP ko ko-KR zh zh-CN zh-TW zh-HK zh-SG th th-TH ms ms-MY ga ga-IE mt mt-MT es-MX es-US ",
	",", '.', 1, 3, CODE_FIRST, "-"},
	{"en-IN hi hi-IN ", ",", '.', 1, 2, CODE_FIRST, "-"},
	{"en-ZA ", NO_BREAK_SPACE, ',', 1, 3, CODE_FIRST, "-"},
	{"de de-DE de-LU fr-LU da da-DK is is-IS ro ro-RO el el-GR el-CY vi vi-VN ca ca-ES ", ".", ',', 1, 3, CODE_LAST, "-"},
	{"es es-ES it it-IT ", ".", ',', 2, 3, CODE_LAST, "-"},
	{"hr hr-HR ", ".", ',', 1, 3, CODE_LAST, MINUS_SIGN},
	{"sl sl-SI ", ".", ',', 2, 3, CODE_LAST, MINUS_SIGN},
	{"pt pt-BR tr tr-TR id id-ID de-AT es-AR es-CO ", ".", ',', 1, 3, CODE_FIRST, "-"},
	{"nl nl-NL nl-BE ", ".", ',', 1, 3, CODE_BEFORE_SIGN, "-"},
	{"fr fr-FR fr-BE ", NARROW_NO_BREAK_SPACE, ',', 1, 3, CODE_LAST, "-"},
	{"fr-CH ", NARROW_NO_BREAK_SPACE, '.', 1, 3, CODE_LAST, "-"},
	{"fr-CA cs cs-CZ sk sk-SK uk uk-UA ru ru-RU ", NO_BREAK_SPACE, ',', 1, 3, CODE_LAST, "-"},
	{"sv sv-SE sv-FI fi fi-FI nb nb-NO nn nn-NO no lt lt-LT ", NO_BREAK_SPACE, ',', 1, 3, CODE_LAST, MINUS_SIGN},
	{"pl pl-PL hu hu-HU bg bg-BG lv lv-LV pt-PT ", NO_BREAK_SPACE, ',', 2, 3, CODE_LAST, "-"},
	{"et et-EE ", NO_BREAK_SPACE, ',', 2, 3, CODE_LAST, MINUS_SIGN},
	{"de-CH ", "'", '.', 1, 3, CODE_BEFORE_SIGN_ALONE, "-"},
	{"it-CH ", "'", '.', 2, 3, CODE_BEFORE_SIGN_ALONE, "-"},
};

static bool
is_tag(const char *tag, const char *language, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (pg_ascii_tolower((unsigned char) tag[i]) !=
			pg_ascii_tolower((unsigned char) (language[i] == '_' ? '-' : language[i])))
			return false;
	return tag[len] == ' ';
}

static bool
is_listed(const char *tags, const char *language, size_t len)
{
	while (*tags != '\0')
	{
		const char *end = strchr(tags, ' ');

		if ((size_t) (end - tags) == len && is_tag(tags, language, len))
			return true;
		tags = end + 1;
	}
	return false;
}

/* those nearest to the language that is wanted */
static char *
ten_languages(const char *language, size_t len)
{
	List	   *tags = NIL;
	char	   *rest;

	for (int i = 0; i < (int) lengthof(price_formats); i++)
		for (char *tag = strtok_r(pstrdup(price_formats[i].languages), " ", &rest); tag; tag = strtok_r(NULL, " ", &rest))
			tags = lappend(tags, tag);
	return first_ten(nearest_first(tags, language, len), ", ");
}

static const PriceFormat *
find_format(const char *language, size_t len)
{
	for (int i = 0; i < (int) lengthof(price_formats); i++)
		if (is_listed(price_formats[i].languages, language, len))
			return &price_formats[i];
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("no price format for language \"%s\"", input_excerpt(language, len)),
			 errdetail("Formats are known for: %s.", ten_languages(language, len)),
			 errhint("Name the language alone, such as \"fr\", or one of these regions.")));
	return NULL;				/* not reached */
}

/* other encodings may lack what is beyond ASCII */
static void
append_sign(StringInfo buf, const char *sign)
{
	if (!IS_HIGHBIT_SET(*sign) || GetDatabaseEncoding() == PG_UTF8)
		appendStringInfoString(buf, sign);
	else
		appendStringInfoChar(buf, strcmp(sign, MINUS_SIGN) == 0 ? '-' : ' ');
}

static bool
is_group_end(const PriceFormat *format, int digits, int left)
{
	return digits >= 3 + format->at_least && left >= 3 &&
		(left - 3) % format->further_groups == 0;
}

/* digits and maybe a decimal point, with separators */
static void
append_amount(StringInfo buf, const PriceFormat *format, const char *amount)
{
	int			digits = (int) strcspn(amount, ".");

	for (int i = 0; i < digits; i++)
	{
		if (i > 0 && is_group_end(format, digits, digits - i))
			append_sign(buf, format->separator);
		appendStringInfoChar(buf, amount[i]);
	}
	if (amount[digits] == '.')
	{
		appendStringInfoChar(buf, format->point);
		appendStringInfoString(buf, amount + digits + 1);
	}
}

/* sign and code in front of the amount */
static void
append_prefix(StringInfo buf, const PriceFormat *format, const char *code, bool negative)
{
	if (negative && (format->place == CODE_LAST || format->place == CODE_FIRST))
		append_sign(buf, format->minus);
	if (format->place == CODE_LAST)
		return;
	appendStringInfoString(buf, code);
	if (!negative || format->place != CODE_BEFORE_SIGN_ALONE)
		append_sign(buf, NO_BREAK_SPACE);
	if (negative && format->place != CODE_FIRST)
		append_sign(buf, format->minus);
}

PG_FUNCTION_INFO_V1(currency_price_format);
Datum
currency_price_format(PG_FUNCTION_ARGS)
{
	CurrencyPrice *price = PG_GETARG_CURRENCY_PRICE_P(0);
	text	   *language = PG_GETARG_TEXT_PP(1);
	const PriceFormat *format = find_format(VARDATA_ANY(language), VARSIZE_ANY_EXHDR(language));
	const char *code = price_currency(price)->code;
	char		buffer[PRICE_TEXT_LEN];
	char	   *amount = buffer + sizeof(buffer) - 1;
	bool		negative = price_mantissa(price) < 0;
	StringInfoData buf;

	*amount = '\0';
	amount = price_put_amount(amount, price, price_decimals(price)) + negative;
	initStringInfo(&buf);
	append_prefix(&buf, format, code, negative);
	append_amount(&buf, format, amount);
	if (format->place == CODE_LAST)
	{
		append_sign(&buf, NO_BREAK_SPACE);
		appendStringInfoString(&buf, code);
	}
	PG_RETURN_TEXT_P(cstring_to_text_with_len(buf.data, buf.len));
}
