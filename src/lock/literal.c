/*
 * literal.c: a condition as text that a session reads alike whatever its
 * standard_conforming_strings are.
 *
 * It is kept with literals in which a backslash is just that, and given back in
 * calls that somebody runs in a session of his own.
 */
#include "segmentation.h"

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"

/* after what begins with a quote; one that is doubled is part of it */
static const char *
quoted_end(const char *begin)
{
	const char *at = begin + 1;

	while (*at && (at[0] != *begin || at[1] == *begin))
		at += at[0] == *begin ? 2 : 1;
	return *at ? at + 1 : at;
}

/* the literal, as E'...' where it has a backslash */
static void
append_literal(StringInfo buf, const char *begin, const char *end)
{
	if (memchr(begin, '\\', end - begin))
		appendStringInfoChar(buf, 'E');
	for (const char *at = begin; at < end; at++)
	{
		if (*at == '\\')
			appendStringInfoChar(buf, '\\');
		appendStringInfoChar(buf, *at);
	}
}

/* lock_portable(condition): as conditions are kept, which have no E'...', comments or dollar quotes */
PG_FUNCTION_INFO_V1(lock_portable);
Datum
lock_portable(PG_FUNCTION_ARGS)
{
	const char *next = text_to_cstring(PG_GETARG_TEXT_PP(0));
	StringInfoData buf;

	initStringInfo(&buf);
	while (*next)
	{
		const char *end = *next == '\'' || *next == '"' ? quoted_end(next) : next + 1;

		if (*next == '\'')
			append_literal(&buf, next, end);
		else
			appendBinaryStringInfo(&buf, next, end - next);
		next = end;
	}
	PG_RETURN_TEXT_P(cstring_to_text_with_len(buf.data, buf.len));
}
