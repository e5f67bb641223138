/*
 * nps_tally.c: a storable count of responses: input, output and construction.
 *
 * The text form is promoters/passives/detractors, as 291/476/395.
 */
#include "segmentation.h"

#include "libpq/pqformat.h"

#include "measure/nps.h"
#include "types/input.h"

/* the order in which a tally is read, written, sent and compared */
static const NpsClass written_order[NPS_CLASSES] = {NPS_PROMOTER, NPS_PASSIVE, NPS_DETRACTOR};

/* digits alone; false where there is none or the count is beyond limits */
static bool
parse_count(const char **str, int64 *count)
{
	const char *start = *str;

	for (*count = 0; **str >= '0' && **str <= '9'; (*str)++)
	{
		int			digit = **str - '0';

		if (*count > (NPS_COUNT_MAX - digit) / 10)
			return false;
		*count = *count * 10 + digit;
	}
	return *str > start;
}

PG_FUNCTION_INFO_V1(nps_tally_in);
Datum
nps_tally_in(PG_FUNCTION_ARGS)
{
	const char *str = PG_GETARG_CSTRING(0);
	const char *next = str;
	NpsTally   *tally = palloc0(sizeof(NpsTally));

	for (int i = 0; i < NPS_CLASSES; i++)
	{
		const char	terminator = i < NPS_CLASSES - 1 ? '/' : '\0';
		int64		count;
		bool		parsed = parse_count(&next, &count);

		if (!parsed && *next >= '0' && *next <= '9')
			ereturn(fcinfo->context, (Datum) 0,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("value \"%s\" is out of range for type %s",
							input_excerpt(str, strlen(str)), "nps_tally"),
					 errdetail("A count is at most " INT64_FORMAT ".", NPS_COUNT_MAX)));
		if (!parsed || *next != terminator)
			ereturn(fcinfo->context, (Datum) 0,
					(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
					 errmsg("invalid input syntax for type %s: \"%s\"",
							"nps_tally", input_excerpt(str, strlen(str))),
					 errdetail("A tally is the numbers of promoters, passives and detractors, as 291/476/395.")));
		nps_set_count(tally, written_order[i], count);
		next++;
	}
	PG_RETURN_NPS_TALLY_P(tally);
}

PG_FUNCTION_INFO_V1(nps_tally_out);
Datum
nps_tally_out(PG_FUNCTION_ARGS)
{
	NpsTally   *tally = PG_GETARG_NPS_TALLY_P(0);

	PG_RETURN_CSTRING(psprintf(INT64_FORMAT "/" INT64_FORMAT "/" INT64_FORMAT,
							   nps_count(tally, NPS_PROMOTER),
							   nps_count(tally, NPS_PASSIVE),
							   nps_count(tally, NPS_DETRACTOR)));
}

PG_FUNCTION_INFO_V1(nps_tally_recv);
Datum
nps_tally_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	NpsTally   *tally = palloc0(sizeof(NpsTally));

	for (int i = 0; i < NPS_CLASSES; i++)
	{
		int64		count = pq_getmsgint64(buf);

		if (count < 0 || count > NPS_COUNT_MAX)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
					 errmsg("invalid count in external \"%s\" value", "nps_tally"),
					 errdetail("A count is from 0 to " INT64_FORMAT ".", NPS_COUNT_MAX)));
		nps_set_count(tally, written_order[i], count);
	}
	PG_RETURN_NPS_TALLY_P(tally);
}

PG_FUNCTION_INFO_V1(nps_tally_send);
Datum
nps_tally_send(PG_FUNCTION_ARGS)
{
	NpsTally   *tally = PG_GETARG_NPS_TALLY_P(0);
	StringInfoData buf;

	pq_begintypsend(&buf);
	for (int i = 0; i < NPS_CLASSES; i++)
		pq_sendint64(&buf, nps_count(tally, written_order[i]));
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

PG_FUNCTION_INFO_V1(nps_tally_from_counts);
Datum
nps_tally_from_counts(PG_FUNCTION_ARGS)
{
	NpsTally   *tally = palloc0(sizeof(NpsTally));

	for (int i = 0; i < NPS_CLASSES; i++)
	{
		int64		count = PG_GETARG_INT64(i);

		if (count < 0 || count > NPS_COUNT_MAX)
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("count " INT64_FORMAT " is out of range for type %s", count, "nps_tally"),
					 errdetail("A count is from 0 to " INT64_FORMAT ".", NPS_COUNT_MAX)));
		nps_set_count(tally, written_order[i], count);
	}
	PG_RETURN_NPS_TALLY_P(tally);
}

PG_FUNCTION_INFO_V1(nps_tally_promoters);
Datum
nps_tally_promoters(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(nps_count(PG_GETARG_NPS_TALLY_P(0), NPS_PROMOTER));
}

PG_FUNCTION_INFO_V1(nps_tally_passives);
Datum
nps_tally_passives(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(nps_count(PG_GETARG_NPS_TALLY_P(0), NPS_PASSIVE));
}

PG_FUNCTION_INFO_V1(nps_tally_detractors);
Datum
nps_tally_detractors(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(nps_count(PG_GETARG_NPS_TALLY_P(0), NPS_DETRACTOR));
}

PG_FUNCTION_INFO_V1(nps_tally_responses);
Datum
nps_tally_responses(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(nps_responses(PG_GETARG_NPS_TALLY_P(0)));
}
