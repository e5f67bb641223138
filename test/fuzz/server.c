/*
 * server.c: the few functions of the server that input and output of our types
 * call, without a server.
 *
 * Memory is malloc's, each piece alone, so that the sanitizer sees where it
 * ends.  An error unwinds to call().  The encoding is UTF-8.
 */
#include "segmentation.h"

#include <setjmp.h>

#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "nodes/execnodes.h"

#include "server.h"

/* ---- memory ---- */

/* in front of each piece; as aligned as malloc's */
typedef struct Piece
{
	struct Piece *next;
	struct Piece *previous;
} Piece;

static Piece pieces = {&pieces, &pieces};

static void *
link_piece(Piece *piece)
{
	if (piece == NULL)
		abort();
	piece->next = pieces.next;
	piece->previous = &pieces;
	piece->next->previous = piece;
	pieces.next = piece;
	return piece + 1;
}

void *
palloc(Size size)
{
	return link_piece(malloc(sizeof(Piece) + size));
}

void *
palloc0(Size size)
{
	return link_piece(calloc(1, sizeof(Piece) + size));
}

void
pfree(void *pointer)
{
	Piece	   *piece = (Piece *) pointer - 1;

	piece->next->previous = piece->previous;
	piece->previous->next = piece->next;
	free(piece);
}

void *
repalloc(void *pointer, Size size)
{
	Piece	   *piece = (Piece *) pointer - 1;

	piece->next->previous = piece->previous;
	piece->previous->next = piece->next;
	return link_piece(realloc(piece, sizeof(Piece) + size));
}

char *
pnstrdup(const char *str, Size length)
{
	char	   *copy = palloc(length + 1);

	memcpy(copy, str, length);
	copy[length] = '\0';
	return copy;
}

char *
pstrdup(const char *str)
{
	return pnstrdup(str, strlen(str));
}

struct varlena *
pg_detoast_datum(struct varlena *datum)
{
	return datum;
}

void
free_all(void)
{
	while (pieces.next != &pieces)
		pfree(pieces.next + 1);
}

/* ---- errors ---- */

static jmp_buf caught;
static bool raising;
static char message[10000];

/* formats a message, so that what is said about it is read */
static int
format(const char *fmt, va_list args)
{
	vsnprintf(message, sizeof(message), fmt, args);
	if (pg_encoding_verifymbstr(PG_UTF8, message, strlen(message)) != (int) strlen(message))
	{
		fprintf(stderr, "not UTF-8: %s\n", message);
		abort();
	}
	return 0;
}

#define FORMAT(name) \
	int name(const char *fmt,...) \
	{ \
		va_list		args; \
	\
		va_start(args, fmt); \
		format(fmt, args); \
		va_end(args); \
		return 0; \
	}

FORMAT(errmsg)
FORMAT(errmsg_internal)
FORMAT(errdetail)
FORMAT(errdetail_internal)
FORMAT(errhint)

int
errcode(int sqlerrcode)
{
	if (sqlerrcode == ERRCODE_INTERNAL_ERROR)
		abort();
	return 0;
}

bool
errstart(int elevel, const char *domain)
{
	return elevel >= ERROR;
}

bool
errstart_cold(int elevel, const char *domain)
{
	return errstart(elevel, domain);
}

void
errfinish(const char *filename, int lineno, const char *funcname)
{
	if (!raising)
		abort();
	longjmp(caught, 1);
}

#if PG_VERSION_NUM >= 160000
bool
errsave_start(struct Node *context, const char *domain)
{
	if (context == NULL)
		return errstart(ERROR, domain);
	((ErrorSaveContext *) context)->error_occurred = true;
	return true;
}

void
errsave_finish(struct Node *context, const char *filename, int lineno, const char *funcname)
{
	if (context == NULL)
		errfinish(filename, lineno, funcname);
}
#endif

static bool
call_in_context(PGFunction function, int arguments, Datum a, Datum b, void *context, Datum *result)
{
	LOCAL_FCINFO(fcinfo, 2);
	bool		returned = false;

	InitFunctionCallInfoData(*fcinfo, NULL, arguments, InvalidOid, context, NULL);
	fcinfo->args[0].value = a;
	fcinfo->args[0].isnull = false;
	fcinfo->args[1].value = b;
	fcinfo->args[1].isnull = false;
	raising = true;
	if (setjmp(caught) == 0)
	{
		*result = function(fcinfo);
		returned = !fcinfo->isnull;
	}
	raising = false;
	return returned;
}

bool
call(PGFunction function, int arguments, Datum a, Datum b, Datum *result)
{
	return call_in_context(function, arguments, a, b, NULL, result);
}

void
check_soft_error(PGFunction in, char *text)
{
#if PG_VERSION_NUM >= 160000
	ErrorSaveContext context = {T_ErrorSaveContext};
	Datum		result;
	bool		accepted = call(in, 1, CStringGetDatum(text), 0, &result);

	(void) call_in_context(in, 1, CStringGetDatum(text), 0, &context, &result);
	if (context.error_occurred == accepted)
	{
		fprintf(stderr, "errors are not reported softly\n");
		abort();
	}
#endif
}

/* ---- the binary protocol ---- */

void
pq_begintypsend(StringInfo buf)
{
	initStringInfo(buf);
	appendStringInfoSpaces(buf, VARHDRSZ);
}

bytea *
pq_endtypsend(StringInfo buf)
{
	SET_VARSIZE(buf->data, buf->len);
	return (bytea *) buf->data;
}

#if PG_VERSION_NUM >= 160000
void
pq_sendbytes(StringInfo buf, const void *data, int length)
#else
void
pq_sendbytes(StringInfo buf, const char *data, int length)
#endif
{
	appendBinaryStringInfo(buf, data, length);
}

void
pq_copymsgbytes(StringInfo msg, char *buf, int length)
{
	if (length < 0 || length > msg->len - msg->cursor)
		ereport(ERROR, (errcode(ERRCODE_PROTOCOL_VIOLATION), errmsg("insufficient data left in message")));
	memcpy(buf, &msg->data[msg->cursor], length);
	msg->cursor += length;
}

static uint64
get_number(StringInfo msg, int length)
{
	char		bytes[8];
	uint64		number = 0;

	pq_copymsgbytes(msg, bytes, length);
	for (int i = 0; i < length; i++)
		number = number << 8 | (unsigned char) bytes[i];
	return number;
}

int
pq_getmsgbyte(StringInfo msg)
{
	return (int) get_number(msg, 1);
}

unsigned int
pq_getmsgint(StringInfo msg, int length)
{
	return (unsigned int) get_number(msg, length);
}

int64
pq_getmsgint64(StringInfo msg)
{
	return (int64) get_number(msg, 8);
}

/* ---- UTF-8 ---- */

int
GetDatabaseEncoding(void)
{
	return PG_UTF8;
}

int
pg_mbcliplen(const char *str, int length, int limit)
{
	int			kept = 0;

	while (kept < length && str[kept] != '\0')
	{
		int			width = pg_utf_mblen((const unsigned char *) str + kept);

		if (kept + width > limit)
			break;
		kept += width;
	}
	return kept;
}

int
pg_mbcharcliplen(const char *str, int length, int limit)
{
	int			kept = 0;

	for (int i = 0; i < limit && kept < length && str[kept] != '\0'; i++)
		kept += pg_utf_mblen((const unsigned char *) str + kept);
	return kept;
}

int
pg_mbstrlen_with_len(const char *str, int length)
{
	int			count = 0;

	for (int at = 0; at < length && str[at] != '\0'; count++)
		at += pg_utf_mblen((const unsigned char *) str + at);
	return count;
}

/* ---- of aggregates: no state is the server's own to change ---- */

int
AggCheckCallContext(FunctionCallInfo fcinfo, MemoryContext *aggcontext)
{
	return 0;
}
