/*
 * revenue_tier.c: aggregate, the tier of the sum of prices.
 *
 * The state is the sum and the scale, which must be the same in all rows; as
 * text "29.7 EUR / 3 | smb 0, mid 1000 EUR", with nothing after the bar where
 * the scale is NULL.
 */
#include "segmentation.h"

#include "lib/stringinfo.h"
#include "libpq/pqformat.h"

#include "aggregate.h"
#include "types/currency_price_sum.h"
#include "types/input.h"
#include "types/tier_scale.h"

#define STATE_TYPE "revenue_tier_state"

typedef struct RevenueTier
{
	int32		vl_len_;		/* varlena header (do not touch directly!) */
	int32		padding;		/* as the type is aligned like double */
	CurrencyPriceSum sum;
	char		scale[FLEXIBLE_ARRAY_MEMBER];	/* a TierScale, or nothing */
} RevenueTier;

/* the type has storage plain: its values are never toasted or packed */
#define PG_GETARG_REVENUE_TIER_P(n) ((RevenueTier *) PG_GETARG_POINTER(n))

static inline size_t
scale_size(const RevenueTier *state)
{
	return VARSIZE(state) - offsetof(RevenueTier, scale);
}

/* NULL where the scale is */
static inline const TierScale *
scale_of(const RevenueTier *state)
{
	return scale_size(state) > 0 ? (const TierScale *) state->scale : NULL;
}

static RevenueTier *
make_state(const TierScale *scale)
{
	size_t		size = scale ? VARSIZE(scale) : 0;
	RevenueTier *state = palloc0(offsetof(RevenueTier, scale) + size);

	SET_VARSIZE(state, offsetof(RevenueTier, scale) + size);
	if (scale)
		memcpy(state->scale, scale, size);
	return state;
}

static RevenueTier *
copy_state(const RevenueTier *state)
{
	RevenueTier *copy = palloc(VARSIZE(state));

	memcpy(copy, state, VARSIZE(state));
	return copy;
}

static void
check_same_scale(const RevenueTier *state, const TierScale *scale)
{
	size_t		size = scale ? VARSIZE(scale) : 0;

	if (unlikely(scale_size(state) != size || (size > 0 && memcmp(state->scale, scale, size) != 0)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("prices of one group are on different tier scales"),
				 errhint("Add the scale to GROUP BY.")));
}

/* a row without a price changes nothing; NULL stands for no price yet */
PG_FUNCTION_INFO_V1(revenue_tier_accum);
Datum
revenue_tier_accum(PG_FUNCTION_ARGS)
{
	RevenueTier *state = PG_ARGISNULL(0) ? NULL : PG_GETARG_REVENUE_TIER_P(0);
	TierScale  *scale = PG_ARGISNULL(2) ? NULL : PG_GETARG_TIER_SCALE_P(2);

	if (PG_ARGISNULL(1) && state == NULL)
		PG_RETURN_NULL();
	if (PG_ARGISNULL(1))
		PG_RETURN_POINTER(state);
	if (state == NULL)
		state = make_state(scale);
	else
	{
		check_same_scale(state, scale);
		if (!state_is_changeable(fcinfo))
			state = copy_state(state);
	}
	sum_add_price(&state->sum, PG_GETARG_CURRENCY_PRICE_P(1));
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(revenue_tier_combine);
Datum
revenue_tier_combine(PG_FUNCTION_ARGS)
{
	RevenueTier *state = PG_GETARG_REVENUE_TIER_P(0);
	RevenueTier *added = PG_GETARG_REVENUE_TIER_P(1);

	check_same_scale(state, scale_of(added));
	if (!state_is_changeable(fcinfo))
		state = copy_state(state);
	price_sum_combine(&state->sum, &added->sum);
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(revenue_tier_final);
Datum
revenue_tier_final(PG_FUNCTION_ARGS)
{
	RevenueTier *state = PG_GETARG_REVENUE_TIER_P(0);
	const TierScale *scale = scale_of(state);
	const SegmentId *tier;
	CurrencyPrice sum;
	SegmentId  *result;

	if (scale == NULL)
		PG_RETURN_NULL();
	price_sum_to_price(&state->sum, &sum);
	tier = tier_scale_find(&sum, scale);
	if (tier == NULL)
		PG_RETURN_NULL();
	result = palloc(sizeof(SegmentId));
	*result = *tier;
	PG_RETURN_SEGMENT_ID_P(result);
}

static bool
is_blank_state(const char *str, const char *end)
{
	return skip_space(str, end) == end;
}

PG_FUNCTION_INFO_V1(revenue_tier_state_in);
Datum
revenue_tier_state_in(PG_FUNCTION_ARGS)
{
	char	   *str = PG_GETARG_CSTRING(0);
	char	   *end = str + strlen(str);
	char	   *bar = strchr(str, '|');
	TierScale  *scale = NULL;
	RevenueTier *state;
	CurrencyPriceSum sum;

	if (bar == NULL || !price_sum_parse(str, bar, &sum) || sum_rows(&sum) == 0)
		ereturn(fcinfo->context, (Datum) 0,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type %s: \"%s\"", STATE_TYPE,
						input_excerpt(str, end - str)),
				 errhint("It is a sum, its currency, of how many prices it is, a bar and a tier scale, such as \"29.7 EUR / 3 | smb 0, mid 1000 EUR\".")));
	if (!is_blank_state(bar + 1, end))
	{
		scale = tier_scale_parse(bar + 1, end - (bar + 1), fcinfo->context);
		if (scale == NULL)
			PG_RETURN_NULL();
	}
	state = make_state(scale);
	state->sum = sum;
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(revenue_tier_state_out);
Datum
revenue_tier_state_out(PG_FUNCTION_ARGS)
{
	RevenueTier *state = PG_GETARG_REVENUE_TIER_P(0);
	StringInfoData buf;

	initStringInfo(&buf);
	price_sum_append(&buf, &state->sum);
	appendStringInfoString(&buf, " |");
	if (scale_of(state))
	{
		appendStringInfoChar(&buf, ' ');
		tier_scale_append(&buf, scale_of(state));
	}
	PG_RETURN_CSTRING(buf.data);
}

/* the sum, then the scale where there is one */
PG_FUNCTION_INFO_V1(revenue_tier_state_send);
Datum
revenue_tier_state_send(PG_FUNCTION_ARGS)
{
	RevenueTier *state = PG_GETARG_REVENUE_TIER_P(0);
	StringInfoData buf;

	pq_begintypsend(&buf);
	price_sum_send(&buf, &state->sum);
	if (scale_of(state))
		tier_scale_send_to(&buf, scale_of(state));
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

PG_FUNCTION_INFO_V1(revenue_tier_state_recv);
Datum
revenue_tier_state_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	TierScale  *scale = NULL;
	RevenueTier *state;
	CurrencyPriceSum sum;

	price_sum_receive(buf, &sum, STATE_TYPE);
	if (sum_rows(&sum) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid binary form of type %s", STATE_TYPE),
				 errdetail("Its sum is of no prices.")));
	if (buf->cursor < buf->len)
		scale = tier_scale_receive(buf, STATE_TYPE);
	state = make_state(scale);
	state->sum = sum;
	PG_RETURN_POINTER(state);
}
