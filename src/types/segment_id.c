/*
 * segment_id.c: text and binary form of segment ids, and their casts.
 */
#include "segmentation.h"

#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "port/pg_bswap.h"
#include "utils/builtins.h"

#include "types/input.h"
#include "types/segment_id.h"

#define BASE 40
#define HALF_LEN 12				/* symbols in one uint64 */
#define HALF_LIMIT UINT64CONST(16777216000000000000)	/* BASE ^ HALF_LEN */

/* in ASCII order; the first pads what is shorter than 24 */
static const char symbol[BASE + 1] = "\0-.0123456789_abcdefghijklmnopqrstuvwxyz";

/* place in symbol, of capitals too; 0 for what is no part of an id */
static const uint8 symbol_rank[256] = {
	['-'] = 1,['.'] = 2,
	['0'] = 3,['1'] = 4,['2'] = 5,['3'] = 6,['4'] = 7,
	['5'] = 8,['6'] = 9,['7'] = 10,['8'] = 11,['9'] = 12,
	['_'] = 13,
	['a'] = 14,['b'] = 15,['c'] = 16,['d'] = 17,['e'] = 18,['f'] = 19,
	['g'] = 20,['h'] = 21,['i'] = 22,['j'] = 23,['k'] = 24,['l'] = 25,
	['m'] = 26,['n'] = 27,['o'] = 28,['p'] = 29,['q'] = 30,['r'] = 31,
	['s'] = 32,['t'] = 33,['u'] = 34,['v'] = 35,['w'] = 36,['x'] = 37,
	['y'] = 38,['z'] = 39,
	['A'] = 14,['B'] = 15,['C'] = 16,['D'] = 17,['E'] = 18,['F'] = 19,
	['G'] = 20,['H'] = 21,['I'] = 22,['J'] = 23,['K'] = 24,['L'] = 25,
	['M'] = 26,['N'] = 27,['O'] = 28,['P'] = 29,['Q'] = 30,['R'] = 31,
	['S'] = 32,['T'] = 33,['U'] = 34,['V'] = 35,['W'] = 36,['X'] = 37,
	['Y'] = 38,['Z'] = 39
};

/* a letter or digit, which an id must begin and end with */
static inline bool
rank_is_alnum(uint8 rank)
{
	return rank > symbol_rank['_'] ||
		(rank >= symbol_rank['0'] && rank <= symbol_rank['9']);
}

static inline uint64
encode_half(const uint8 *ranks)
{
	uint64		half = 0;

	for (int i = 0; i < HALF_LEN; i++)
		half = half * BASE + ranks[i];
	return half;
}

static inline void
decode_half(uint64 half, uint8 *ranks)
{
	for (int i = HALF_LEN - 1; i >= 0; i--)
	{
		ranks[i] = half % BASE;
		half /= BASE;
	}
}

static void
encode(const uint8 *ranks, SegmentId *id)
{
	uint64		halves[2];

	halves[0] = pg_hton64(encode_half(ranks));
	halves[1] = pg_hton64(encode_half(ranks + HALF_LEN));
	memcpy(id->bytes, halves, sizeof(halves));
}

/* false where a half is out of range */
static bool
decode(const SegmentId *id, uint8 *ranks)
{
	uint64		halves[2];

	memcpy(halves, id->bytes, sizeof(halves));
	halves[0] = pg_ntoh64(halves[0]);
	halves[1] = pg_ntoh64(halves[1]);
	if (halves[0] >= HALF_LIMIT || halves[1] >= HALF_LIMIT)
		return false;
	decode_half(halves[0], ranks);
	decode_half(halves[1], ranks + HALF_LEN);
	return true;
}

/* reports what is wrong with a text; false, for the caller to return */
static bool
raise_bad_id_text(const char *str, size_t len, struct Node *escontext,
				  const char *detail)
{
	ereturn(escontext, false,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid input syntax for type %s: \"%s\"", "segment_id",
					input_excerpt(str, len)),
			 errdetail_internal("%s", detail),
			 errhint("A segment id is 1 to %d letters a to z, digits, \"-\", \"_\" and \".\", and begins and ends with a letter or digit.",
					 SEGMENT_ID_MAX_LEN)));
}

static bool
bad_character(const char *str, size_t len, size_t at, struct Node *escontext)
{
	int			width = pg_mbcharcliplen(str + at, len - at, 1);

	return raise_bad_id_text(str, len, escontext,
							 psprintf("Character \"%.*s\" at position %d is not allowed.",
									  width, str + at, (int) at + 1));
}

bool
segment_id_parse(const char *str, size_t len, SegmentId *result,
				 struct Node *escontext)
{
	uint8		ranks[SEGMENT_ID_MAX_LEN] = {0};

	for (size_t i = 0; i < Min(len, SEGMENT_ID_MAX_LEN); i++)
	{
		ranks[i] = symbol_rank[(unsigned char) str[i]];
		if (ranks[i] == 0)
			return bad_character(str, len, i, escontext);
	}
	if (len > SEGMENT_ID_MAX_LEN)
		return raise_bad_id_text(str, len, escontext,
								 psprintf("It is %d characters long.",
										  pg_mbstrlen_with_len(str, len)));
	if (len == 0)
		return raise_bad_id_text(str, len, escontext, "It is empty.");
	if (!rank_is_alnum(ranks[0]))
		return raise_bad_id_text(str, len, escontext,
								 psprintf("It begins with \"%c\".", str[0]));
	if (!rank_is_alnum(ranks[len - 1]))
		return raise_bad_id_text(str, len, escontext,
								 psprintf("It ends with \"%c\".", str[len - 1]));
	encode(ranks, result);
	return true;
}

/* what segment_id_parse reads without an error */
bool
segment_id_text_is_valid(const char *str, size_t len)
{
	if (len == 0 || len > SEGMENT_ID_MAX_LEN)
		return false;
	for (size_t i = 0; i < len; i++)
		if (symbol_rank[(unsigned char) str[i]] == 0)
			return false;
	return rank_is_alnum(symbol_rank[(unsigned char) str[0]]) && rank_is_alnum(symbol_rank[(unsigned char) str[len - 1]]);
}

bool
segment_id_is_valid(const SegmentId *id)
{
	uint8		ranks[SEGMENT_ID_MAX_LEN];
	int			len = SEGMENT_ID_MAX_LEN;

	if (!decode(id, ranks))
		return false;
	while (len > 0 && ranks[len - 1] == 0)
		len--;
	return rank_is_alnum(ranks[0]) && memchr(ranks, 0, len) == NULL &&
		rank_is_alnum(ranks[len - 1]);
}

char *
segment_id_to_cstring(const SegmentId *id)
{
	char	   *result = palloc0(SEGMENT_ID_MAX_LEN + 1);
	uint8		ranks[SEGMENT_ID_MAX_LEN];

	if (!decode(id, ranks))
		elog(ERROR, "segment id out of range");
	for (int i = 0; i < SEGMENT_ID_MAX_LEN; i++)
		result[i] = symbol[ranks[i]];
	return result;
}

static Datum
return_parsed(FunctionCallInfo fcinfo, const char *str, size_t len)
{
	SegmentId  *result = palloc(sizeof(SegmentId));

	if (!segment_id_parse(str, len, result, fcinfo->context))
		PG_RETURN_NULL();
	PG_RETURN_SEGMENT_ID_P(result);
}

PG_FUNCTION_INFO_V1(segment_id_in);
Datum
segment_id_in(PG_FUNCTION_ARGS)
{
	char	   *str = PG_GETARG_CSTRING(0);

	return return_parsed(fcinfo, str, strlen(str));
}

PG_FUNCTION_INFO_V1(segment_id_out);
Datum
segment_id_out(PG_FUNCTION_ARGS)
{
	PG_RETURN_CSTRING(segment_id_to_cstring(PG_GETARG_SEGMENT_ID_P(0)));
}

/* the bytes as they lie in a table, whatever the machine's byte order */
PG_FUNCTION_INFO_V1(segment_id_send);
Datum
segment_id_send(PG_FUNCTION_ARGS)
{
	SegmentId  *id = PG_GETARG_SEGMENT_ID_P(0);
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendbytes(&buf, (char *) id->bytes, sizeof(id->bytes));
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

PG_FUNCTION_INFO_V1(segment_id_recv);
Datum
segment_id_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	SegmentId  *result = palloc(sizeof(SegmentId));
	int			len = buf->len - buf->cursor;

	if (len != sizeof(result->bytes))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid binary form of type %s", "segment_id"),
				 errdetail("It has %d bytes instead of %d.",
						   len, (int) sizeof(result->bytes))));
	pq_copymsgbytes(buf, (char *) result->bytes, sizeof(result->bytes));
	if (!segment_id_is_valid(result))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid binary form of type %s", "segment_id"),
				 errdetail("The bytes are not two big-endian integers of 12 base-40 symbols each that spell a segment id."),
				 errhint("Send what segment_id_send returns, or the id as text.")));
	PG_RETURN_SEGMENT_ID_P(result);
}

PG_FUNCTION_INFO_V1(segment_id_from_text);
Datum
segment_id_from_text(PG_FUNCTION_ARGS)
{
	text	   *str = PG_GETARG_TEXT_PP(0);

	return return_parsed(fcinfo, VARDATA_ANY(str), VARSIZE_ANY_EXHDR(str));
}

/* the blanks that fill up a char(n) are no part of the id */
PG_FUNCTION_INFO_V1(segment_id_from_bpchar);
Datum
segment_id_from_bpchar(PG_FUNCTION_ARGS)
{
	BpChar	   *str = PG_GETARG_BPCHAR_PP(0);
	int			len = bpchartruelen(VARDATA_ANY(str), VARSIZE_ANY_EXHDR(str));

	return return_parsed(fcinfo, VARDATA_ANY(str), len);
}

PG_FUNCTION_INFO_V1(segment_id_to_text);
Datum
segment_id_to_text(PG_FUNCTION_ARGS)
{
	char	   *str = segment_id_to_cstring(PG_GETARG_SEGMENT_ID_P(0));

	PG_RETURN_TEXT_P(cstring_to_text(str));
}

/* of a text that is known to be an id */
Datum
segment_id_from_cstring(const char *id)
{
	SegmentId  *result = palloc(sizeof(SegmentId));

	(void) segment_id_parse(id, strlen(id), result, NULL);
	return SegmentIdPGetDatum(result);
}

/* an id as it is kept, in lower case */
char *
segment_id_argument(FunctionCallInfo fcinfo, int n)
{
	text	   *given = PG_GETARG_TEXT_PP(n);
	SegmentId	id;

	(void) segment_id_parse(VARDATA_ANY(given), VARSIZE_ANY_EXHDR(given), &id, NULL);
	return segment_id_to_cstring(&id);
}
