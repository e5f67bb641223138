/*
 * tier_scale.c: text and binary form of tier scales.
 *
 * As text: name and lower bound of each tier, in ascending order, and the
 * currency at the end, such as "smb 0, mid 1000, enterprise 10000 EUR".
 */
#include "segmentation.h"

#include "lib/stringinfo.h"
#include "libpq/pqformat.h"

#include "types/input.h"
#include "types/tier_scale.h"

#define TIER_SENT_LEN 28
#define SYNTAX_HINT "Write the name of each tier and the amount from which it begins, in ascending order, and the currency at the end, such as \"smb 0, mid 1000, enterprise 10000 EUR\"."

/* the text being read, and where to report what is wrong with it */
typedef struct Source
{
	const char *str;
	size_t		len;
	struct Node *escontext;
} Source;

static bool
raise_bad_scale_text(const Source *source)
{
	ereturn(source->escontext, false,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid input syntax for type %s: \"%s\"", "tier_scale",
					input_excerpt(source->str, source->len)),
			 errhint("%s", SYNTAX_HINT)));
}

static bool
bad_scale(const Source *source, const char *detail)
{
	ereturn(source->escontext, false,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid tier scale: \"%s\"", input_excerpt(source->str, source->len)),
			 errdetail_internal("%s", detail),
			 errhint("%s", SYNTAX_HINT)));
}

static char *
tier_name_of(const Tier *tier)
{
	return segment_id_to_cstring(&tier->name);
}

/* what is wrong with a scale, NULL if nothing is */
static char *
find_flaw(const TierScale *scale)
{
	for (int i = 1; i < tier_count(scale); i++)
	{
		const Tier *tier = &scale->tiers[i];

		if (price_code(&tier->from) != price_code(&tier[-1].from))
			return psprintf("Tiers \"%s\" and \"%s\" are in different currencies.",
							tier_name_of(&tier[-1]), tier_name_of(tier));
		if (price_compare_amounts(&tier[-1].from, &tier->from) >= 0)
			return psprintf("Tier \"%s\" does not begin above tier \"%s\".",
							tier_name_of(tier), tier_name_of(&tier[-1]));
		for (int j = 0; j < i; j++)
			if (segment_id_compare(&scale->tiers[j].name, &tier->name) == 0)
				return psprintf("Tier \"%s\" is named twice.", tier_name_of(tier));
	}
	return NULL;
}

static TierScale *
allocate(int count)
{
	TierScale  *scale = palloc0(TIER_SCALE_SIZE(count));

	SET_VARSIZE(scale, TIER_SCALE_SIZE(count));
	return scale;
}

/* reads a name and an amount; false after a soft error */
static bool
parse_tier(const Source *source, const char *str, const char *end,
		   CurrencyCode code, Tier *tier)
{
	const char *name = skip_space(str, end);
	const char *name_end = skip_word(name, end);
	const char *amount = skip_space(name_end, end);
	const char *amount_end = skip_word(amount, end);
	Decimal		from;

	if (decimal_scan(amount, amount_end, &from) != amount_end ||
		skip_space(amount_end, end) != end)
		return raise_bad_scale_text(source);
	if (!segment_id_parse(name, name_end - name, &tier->name, source->escontext))
		return false;
	if (!price_from_decimal(&from, code, ROUND_NEVER, &tier->from))
		ereturn(source->escontext, false,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("value \"%s\" is out of range for type %s",
						input_excerpt(amount, amount_end - amount), "currency_price"),
				 errdetail(PRICE_RANGE_DETAIL)));
	return true;
}

/* where the currency begins, which is the last word; NULL where none is */
static const char *
find_currency(const Source *source, const char **end)
{
	const char *str;
	Decimal		amount;

	*end = source->str + source->len;
	while (*end > source->str && is_space((*end)[-1]))
		(*end)--;
	str = *end;
	while (str > source->str && !is_space(str[-1]) && str[-1] != ',')
		str--;
	if (str == *end || str == source->str || decimal_scan(str, *end, &amount) == *end)
		return NULL;
	return str;
}

static bool
parse_tiers(const Source *source, const char *end, CurrencyCode code, TierScale *scale)
{
	const char *str = source->str;

	for (int i = 0; i < tier_count(scale); i++)
	{
		const char *comma = memchr(str, ',', end - str);
		const char *tier_end = comma ? comma : end;

		if (!parse_tier(source, str, tier_end, code, &scale->tiers[i]))
			return false;
		str = tier_end + 1;
	}
	return true;
}

static int
count_tiers(const char *str, const char *end)
{
	int			count = 1;

	for (; str < end; str++)
		count += *str == ',';
	return count;
}

/* NULL after a soft error */
TierScale *
tier_scale_parse(const char *str, size_t len, struct Node *escontext)
{
	Source		source = {str, len, escontext};
	const char *end;
	const char *currency = find_currency(&source, &end);
	CurrencyCode code;
	TierScale  *scale;
	char	   *flaw;

	if (currency == NULL)
	{
		(void) raise_bad_scale_text(&source);
		return NULL;
	}
	if (!currency_parse(currency, end - currency, &code, escontext))
		return NULL;
	if (count_tiers(str, currency) > TIERS_LIMIT)
		ereturn(escontext, NULL,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("tier scale has more than %d tiers", TIERS_LIMIT)));
	scale = allocate(count_tiers(str, currency));
	if (!parse_tiers(&source, currency, code, scale))
		return NULL;
	flaw = find_flaw(scale);
	if (flaw != NULL)
	{
		(void) bad_scale(&source, flaw);
		return NULL;
	}
	return scale;
}

/* whole amounts without decimals, others with those of the minor unit */
static void
append_tier(StringInfo buf, const Tier *tier)
{
	char		amount[PRICE_TEXT_LEN];
	char	   *end = amount + sizeof(amount) - 1;
	int			decimals = price_scale(&tier->from) > 0 ? price_decimals(&tier->from) : 0;

	*end = '\0';
	appendStringInfo(buf, "%s %s", tier_name_of(tier),
					 price_put_amount(end, &tier->from, decimals));
}

void
tier_scale_append(StringInfo buf, const TierScale *scale)
{
	for (int i = 0; i < tier_count(scale); i++)
	{
		if (i > 0)
			appendStringInfoString(buf, ", ");
		append_tier(buf, &scale->tiers[i]);
	}
	appendStringInfo(buf, " %s", price_currency(&scale->tiers[0].from)->code);
}

/* the number of tiers, then bound and name of each as their types send them */
void
tier_scale_send_to(StringInfo buf, const TierScale *scale)
{
	pq_sendint32(buf, tier_count(scale));
	for (int i = 0; i < tier_count(scale); i++)
	{
		price_send(buf, &scale->tiers[i].from);
		pq_sendbytes(buf, (const char *) scale->tiers[i].name.bytes, sizeof(SegmentId));
	}
}

static void
bad_binary(const char *type_name, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
			 errmsg("invalid binary form of type %s", type_name),
			 errdetail_internal("%s", detail)));
}

/* reads a scale that fills the rest of the buffer, as strictly as text */
TierScale *
tier_scale_receive(StringInfo buf, const char *type_name)
{
	int			len = buf->len - buf->cursor - (int) sizeof(int32);
	int			count = len >= 0 ? pq_getmsgint(buf, sizeof(int32)) : 0;
	TierScale  *scale;
	char	   *flaw;

	if (count < 1 || count > TIERS_LIMIT || len != count * TIER_SENT_LEN)
		bad_binary(type_name,
				   psprintf("A scale is a big-endian integer of 32 bits that says how many tiers, 1 to %d, and %d bytes for each.",
							TIERS_LIMIT, TIER_SENT_LEN));
	scale = allocate(count);
	for (int i = 0; i < count; i++)
	{
		price_receive(buf, &scale->tiers[i].from, type_name);
		pq_copymsgbytes(buf, (char *) scale->tiers[i].name.bytes, sizeof(SegmentId));
		if (!segment_id_is_valid(&scale->tiers[i].name))
			bad_binary(type_name, psprintf("The name of tier %d is no segment id.", i + 1));
	}
	flaw = find_flaw(scale);
	if (flaw != NULL)
		bad_binary(type_name, flaw);
	return scale;
}

PG_FUNCTION_INFO_V1(tier_scale_in);
Datum
tier_scale_in(PG_FUNCTION_ARGS)
{
	char	   *str = PG_GETARG_CSTRING(0);
	TierScale  *result = tier_scale_parse(str, strlen(str), fcinfo->context);

	if (result == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TIER_SCALE_P(result);
}

PG_FUNCTION_INFO_V1(tier_scale_out);
Datum
tier_scale_out(PG_FUNCTION_ARGS)
{
	StringInfoData buf;

	initStringInfo(&buf);
	tier_scale_append(&buf, PG_GETARG_TIER_SCALE_P(0));
	PG_RETURN_CSTRING(buf.data);
}

PG_FUNCTION_INFO_V1(tier_scale_send);
Datum
tier_scale_send(PG_FUNCTION_ARGS)
{
	StringInfoData buf;

	pq_begintypsend(&buf);
	tier_scale_send_to(&buf, PG_GETARG_TIER_SCALE_P(0));
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

PG_FUNCTION_INFO_V1(tier_scale_recv);
Datum
tier_scale_recv(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIER_SCALE_P(tier_scale_receive((StringInfo) PG_GETARG_POINTER(0), "tier_scale"));
}
