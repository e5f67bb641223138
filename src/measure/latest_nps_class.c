/*
 * latest_nps_class.c: a customer's class by the latest response with a score.
 *
 * The state is a response, or none.  Its text form is score@microseconds, the
 * time counted from 2000-01-01 in UTC as the server stores it, because no
 * setting of the session may change what a state means.
 */
#include "segmentation.h"

#include "datatype/timestamp.h"
#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "aggregate.h"
#include "measure/nps.h"
#include "types/input.h"

/* none has no score and answered_at 0; without padding: 16 bytes of value */
typedef struct LatestNpsResponse
{
	TimestampTz answered_at;
	int64		score;
} LatestNpsResponse;

#define NO_SCORE (-1)
#define NO_RESPONSE "none"

#define PG_GETARG_LATEST_NPS_RESPONSE_P(n) ((LatestNpsResponse *) PG_GETARG_POINTER(n))
#define PG_RETURN_LATEST_NPS_RESPONSE_P(X) return PointerGetDatum(X)

static bool
is_valid(const LatestNpsResponse *response)
{
	if (response->score == NO_SCORE)
		return response->answered_at == 0;
	return response->score >= 0 && response->score <= NPS_SCORE_MAX &&
		(TIMESTAMP_NOT_FINITE(response->answered_at) || IS_VALID_TIMESTAMP(response->answered_at));
}

/* of two at the same time the lower score, so that order never matters */
static inline bool
supersedes(const LatestNpsResponse *a, const LatestNpsResponse *b)
{
	if (b->score == NO_SCORE || a->score == NO_SCORE)
		return b->score == NO_SCORE;
	return a->answered_at > b->answered_at ||
		(a->answered_at == b->answered_at && a->score < b->score);
}

static inline LatestNpsResponse
response_of(TimestampTz answered_at, int64 score)
{
	LatestNpsResponse response = {answered_at, score};

	return response;
}

/* the state with a response taken into account */
static inline Datum
take(FunctionCallInfo fcinfo, LatestNpsResponse response)
{
	LatestNpsResponse *state = PG_GETARG_LATEST_NPS_RESPONSE_P(0);

	if (!state_is_changeable(fcinfo))
	{
		LatestNpsResponse *copy = palloc(sizeof(LatestNpsResponse));

		*copy = *state;
		state = copy;
	}
	if (supersedes(&response, state))
		*state = response;
	PG_RETURN_LATEST_NPS_RESPONSE_P(state);
}

/* score and @ and microseconds, nothing else; false where it is malformed */
static bool
parse_latest_state(const char *str, LatestNpsResponse *response)
{
	char	   *end;

	if (strcmp(str, NO_RESPONSE) == 0)
	{
		response->score = NO_SCORE;
		response->answered_at = 0;
		return true;
	}
	if (!(*str >= '0' && *str <= '9'))
		return false;
	response->score = strtol(str, &end, 10);
	if (*end++ != '@' || !(*end == '-' || (*end >= '0' && *end <= '9')))
		return false;
	errno = 0;
	response->answered_at = strtoi64(end, &end, 10);
	return *end == '\0' && errno == 0 && is_valid(response);
}

PG_FUNCTION_INFO_V1(latest_nps_response_in);
Datum
latest_nps_response_in(PG_FUNCTION_ARGS)
{
	const char *str = PG_GETARG_CSTRING(0);
	LatestNpsResponse *response = palloc(sizeof(LatestNpsResponse));

	if (!parse_latest_state(str, response))
		ereturn(fcinfo->context, (Datum) 0,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type %s: \"%s\"",
						"latest_nps_response", input_excerpt(str, strlen(str))),
				 errdetail("A response is score@microseconds, as 9@757382400000000, or %s.", NO_RESPONSE)));
	PG_RETURN_LATEST_NPS_RESPONSE_P(response);
}

PG_FUNCTION_INFO_V1(latest_nps_response_out);
Datum
latest_nps_response_out(PG_FUNCTION_ARGS)
{
	LatestNpsResponse *response = PG_GETARG_LATEST_NPS_RESPONSE_P(0);

	if (response->score == NO_SCORE)
		PG_RETURN_CSTRING(pstrdup(NO_RESPONSE));
	PG_RETURN_CSTRING(psprintf(INT64_FORMAT "@" INT64_FORMAT, response->score, response->answered_at));
}

PG_FUNCTION_INFO_V1(latest_nps_response_recv);
Datum
latest_nps_response_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	LatestNpsResponse *response = palloc(sizeof(LatestNpsResponse));

	response->score = (int8) pq_getmsgbyte(buf);
	response->answered_at = pq_getmsgint64(buf);
	if (!is_valid(response))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid external \"%s\" value", "latest_nps_response"),
				 errdetail("A score is from 0 to %d with a timestamp, or none without.", NPS_SCORE_MAX)));
	PG_RETURN_LATEST_NPS_RESPONSE_P(response);
}

PG_FUNCTION_INFO_V1(latest_nps_response_send);
Datum
latest_nps_response_send(PG_FUNCTION_ARGS)
{
	LatestNpsResponse *response = PG_GETARG_LATEST_NPS_RESPONSE_P(0);
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendint8(&buf, (uint8) (int8) response->score);
	pq_sendint64(&buf, response->answered_at);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

PG_FUNCTION_INFO_V1(latest_nps_response_accum_int2);
Datum
latest_nps_response_accum_int2(PG_FUNCTION_ARGS)
{
	return take(fcinfo, response_of(PG_GETARG_TIMESTAMPTZ(2), nps_check_score(PG_GETARG_INT16(1))));
}

PG_FUNCTION_INFO_V1(latest_nps_response_accum_int4);
Datum
latest_nps_response_accum_int4(PG_FUNCTION_ARGS)
{
	return take(fcinfo, response_of(PG_GETARG_TIMESTAMPTZ(2), nps_check_score(PG_GETARG_INT32(1))));
}

PG_FUNCTION_INFO_V1(latest_nps_response_accum_int8);
Datum
latest_nps_response_accum_int8(PG_FUNCTION_ARGS)
{
	return take(fcinfo, response_of(PG_GETARG_TIMESTAMPTZ(2), nps_check_score(PG_GETARG_INT64(1))));
}

PG_FUNCTION_INFO_V1(latest_nps_response_accum_numeric);
Datum
latest_nps_response_accum_numeric(PG_FUNCTION_ARGS)
{
	return take(fcinfo, response_of(PG_GETARG_TIMESTAMPTZ(2), nps_score_from_numeric(PG_GETARG_NUMERIC(1))));
}

PG_FUNCTION_INFO_V1(latest_nps_response_combine);
Datum
latest_nps_response_combine(PG_FUNCTION_ARGS)
{
	return take(fcinfo, *PG_GETARG_LATEST_NPS_RESPONSE_P(1));
}

PG_FUNCTION_INFO_V1(latest_nps_response_class);
Datum
latest_nps_response_class(PG_FUNCTION_ARGS)
{
	LatestNpsResponse *response = PG_GETARG_LATEST_NPS_RESPONSE_P(0);

	if (response->score == NO_SCORE)
		PG_RETURN_NULL();
	return nps_class_get_datum(fcinfo, nps_class_of((int) response->score));
}
