/*
 * clock.c: what asks the server's clock, in a rule or in a source.
 */
#include "segmentation.h"

#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "rule/clock.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

ClockKind
clock_kind(Oid function)
{
	switch (function)
	{
		case F_NOW:
		case F_TRANSACTION_TIMESTAMP:
		case F_STATEMENT_TIMESTAMP:
		case F_CLOCK_TIMESTAMP:
			return CLOCK_MOMENT;
		case F_AGE_TIMESTAMP:
		case F_AGE_TIMESTAMPTZ:
			return CLOCK_AGE;
		case F_TIMEOFDAY:
			return CLOCK_TEXT;
		case F_TIMETZ_TIME:
		case F_TIMEZONE_TEXT_TIMETZ:
#ifdef F_TIMEZONE_TIMETZ		/* AT LOCAL came with 17 */
		case F_TIMEZONE_TIMETZ:
#endif
		case F_TIMETZ_IN:
			return CLOCK_OFFSET;
		default:
			return CLOCK_NONE;
	}
}

/* its name; NULL: it asks the session for something else */
const char *
clock_keyword(const SQLValueFunction *keyword)
{
	switch (keyword->op)
	{
		case SVFOP_CURRENT_DATE:
			return "CURRENT_DATE";
		case SVFOP_CURRENT_TIME:
		case SVFOP_CURRENT_TIME_N:
			return "CURRENT_TIME";
		case SVFOP_CURRENT_TIMESTAMP:
		case SVFOP_CURRENT_TIMESTAMP_N:
			return "CURRENT_TIMESTAMP";
		case SVFOP_LOCALTIME:
		case SVFOP_LOCALTIME_N:
			return "LOCALTIME";
		case SVFOP_LOCALTIMESTAMP:
		case SVFOP_LOCALTIMESTAMP_N:
			return "LOCALTIMESTAMP";
		default:
			return NULL;
	}
}

bool
clock_holds_moments(Oid type)
{
	Oid			base = getBaseType(type);
	Oid			part;
	TupleDesc	desc;
	bool		result = false;

	if (base == DATEOID || base == TIMEOID || base == TIMETZOID ||
		base == TIMESTAMPOID || base == TIMESTAMPTZOID)
		return true;
	if (OidIsValid(part = get_element_type(base)) ||
		OidIsValid(part = get_range_subtype(base)) ||
		OidIsValid(part = get_multirange_range(base)))
		return clock_holds_moments(part);
	if (get_typtype(base) != TYPTYPE_COMPOSITE)
		return false;
	desc = lookup_rowtype_tupdesc(base, -1);
	for (int i = 0; i < desc->natts && !result; i++)
		result = !TupleDescAttr(desc, i)->attisdropped && clock_holds_moments(TupleDescAttr(desc, i)->atttypid);
	ReleaseTupleDesc(desc);
	return result;
}

/* the first in a literal; NULL: none */
const ClockWord *
clock_word(const char *literal)
{
	static const ClockWord words[] = {
		{"now", TIMESTAMPTZOID, "now()", "segmentation.moment()"},
		{"today", DATEOID, "current_date", "segmentation.moment()::date"},
		{"tomorrow", DATEOID, "current_date + 1", "(segmentation.moment()::date + 1)"},
		{"yesterday", DATEOID, "current_date - 1", "(segmentation.moment()::date - 1)"}
	};

	while (*literal)
	{
		size_t		length = strspn(literal, LETTERS);

		for (size_t i = 0; i < lengthof(words); i++)
			if (length == strlen(words[i].word) && pg_strncasecmp(literal, words[i].word, length) == 0)
				return &words[i];
		literal += Max(length, 1);
	}
	return NULL;
}

/* what a conversion to text, or the call of an input function, begins with */
static Node *
converted_argument(Node *node)
{
	Node	   *arg = NULL;

	if (IsA(node, CoerceViaIO))
		arg = (Node *) ((CoerceViaIO *) node)->arg;
	else if (IsA(node, FuncExpr) && ((FuncExpr *) node)->args != NIL)
		arg = linitial(((FuncExpr *) node)->args);
	while (arg && IsA(arg, RelabelType))
		arg = (Node *) ((RelabelType *) arg)->arg;
	return arg;
}

/* a constant text that is read as a moment whenever the expression is evaluated; NULL: it is none */
char *
clock_literal(Node *node)
{
	Const	   *constant = (Const *) converted_argument(node);

	if (constant == NULL || !IsA(constant, Const) || constant->constisnull || !clock_holds_moments(exprType(node)))
		return NULL;
	if (constant->consttype == CSTRINGOID)
		return pstrdup(DatumGetCString(constant->constvalue));
	if (IsA(node, CoerceViaIO) &&
		(constant->consttype == TEXTOID || constant->consttype == VARCHAROID || constant->consttype == BPCHAROID))
		return TextDatumGetCString(constant->constvalue);
	return NULL;
}
