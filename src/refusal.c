/*
 * refusal.c: errors of ours as their readers want them: without lines of
 * CONTEXT that say by which of our own functions and statements they came, and
 * with no more names than one can read.
 */
#include "segmentation.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/guc.h"
#include "utils/plancache.h"
#include "utils/syscache.h"
#include "utils/varlena.h"

#include "names.h"
#include "refusal.h"

#define MOST_NAMES 10
#define FUNCTION_IN_PL "PL/pgSQL function "
#define FUNCTION_IN_SQL "SQL function \""

/* what one frame would add to an error's context */
static char *
frame_text(const ErrorContextCallback *frame)
{
	ErrorContextCallback *stack = error_context_stack;
	ErrorContextCallback alone = *frame;
	char	   *text;

	alone.previous = NULL;
	error_context_stack = &alone;
	text = GetErrorContextStack();
	error_context_stack = stack;
	return text;
}

/* the frame of a function may tell its name alone: it is ours if all functions of that name are */
static bool
is_own_name(const char *name)
{
	CatCList   *functions = SearchSysCacheList1(PROCNAMEARGSNSP, CStringGetDatum(name));
	Oid			schemas[] = {get_namespace_oid("segmentation", true), get_namespace_oid("segmentation_internal", true)};
	bool		own = functions->n_members > 0;

	for (int i = 0; i < functions->n_members; i++)
	{
		Oid			schema = ((Form_pg_proc) GETSTRUCT(&functions->members[i]->tuple))->pronamespace;

		own &= schema == schemas[0] || schema == schemas[1];
	}
	ReleaseCatCacheList(functions);
	return own;
}

/* whether a name that begins a text, up to an end, is that of a function of ours */
static bool
begins_with_own(const char *text, char end)
{
	const char *stop = strchr(text, end);

	return stop && is_own_name(pnstrdup(text, stop - text));
}

typedef enum FrameKind
{
	FRAME_STATEMENT,			/* and all else that is no function */
	FRAME_OWN_FUNCTION,
	FRAME_OTHER_FUNCTION
} FrameKind;

static FrameKind
frame_kind(const char *text)
{
	if (text && strncmp(text, FUNCTION_IN_PL, strlen(FUNCTION_IN_PL)) == 0)
	{
		text += strlen(FUNCTION_IN_PL);
		return strncmp(text, "segmentation.", strlen("segmentation.")) == 0 ||
			strncmp(text, "segmentation_internal.", strlen("segmentation_internal.")) == 0 ||
			begins_with_own(text, '(') ? FRAME_OWN_FUNCTION : FRAME_OTHER_FUNCTION;
	}
	if (text && strncmp(text, FUNCTION_IN_SQL, strlen(FUNCTION_IN_SQL)) == 0)
		return begins_with_own(text + strlen(FUNCTION_IN_SQL), '"') ? FRAME_OWN_FUNCTION : FRAME_OTHER_FUNCTION;
	return FRAME_STATEMENT;
}

/*
 * From here on errors do not tell of our own functions in PL or SQL that lead
 * here, but of all that called those.  Returns the stack to put back; an error
 * puts it back by itself.
 */
ErrorContextCallback *
context_hide_own(void)
{
	ErrorContextCallback *stack = error_context_stack;
	ErrorContextCallback *callers = stack;
	int			save_nestlevel = NewGUCNestLevel();

	/* the frames are known by their words */
	(void) set_config_option("lc_messages", "C", PGC_SUSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	for (ErrorContextCallback *frame = stack; frame; frame = frame->previous)
	{
		FrameKind	kind = frame_kind(frame_text(frame));

		if (kind == FRAME_OTHER_FUNCTION)
			break;
		if (kind == FRAME_OWN_FUNCTION)
			callers = frame->previous;
	}
	AtEOXact_GUC(false, save_nestlevel);
	error_context_stack = callers;
	return stack;
}

/* without the line that shows a statement, which may itself have many; NULL: nothing is left */
static char *
context_without(char *context, const char *sql)
{
	char	   *found = NULL;
	char	   *end;

	for (char *at = context; at && (at = strstr(at, sql)) != NULL; at++)
		found = at;
	if (found == NULL)
		return context;
	end = strchr(found + strlen(sql), '\n');
	while (found > context && found[-1] != '\n')
		found--;
	if (end)
		memmove(found, end + 1, strlen(end));
	else
		found[found > context ? -1 : 0] = '\0';
	return context[0] ? context : NULL;
}

/* in a PG_CATCH: the error of a statement goes on, and tells of whom it has met, but not of the statement */
pg_noreturn static void
rethrow_untold(MemoryContext context, const char *sql)
{
	ErrorData  *error;

	MemoryContextSwitchTo(context);
	error = CopyErrorData();
	FlushErrorState();
	error->context = context_without(error->context, sql);
	ReThrowError(error);
	pg_unreachable();
}

/* the text of a prepared statement */
static const char *
plan_text(SPIPlanPtr plan)
{
	return ((CachedPlanSource *) linitial(SPI_plan_get_plan_sources(plan)))->query_string;
}

/* what SPI does for a statement of ours, which errors in it do not print as their context */
#define UNTOLD(sql, call) \
	do { \
		MemoryContext untold_context = CurrentMemoryContext; \
		PG_TRY(); \
		{ \
			call; \
		} \
		PG_CATCH(); \
		{ \
			rethrow_untold(untold_context, sql); \
		} \
		PG_END_TRY(); \
	} while (0)

/* SPI_execute_with_args */
int
execute_untold(const char *sql, int nargs, Oid *types, Datum *values, const char *nulls, bool read_only, long count)
{
	int			result = 0;

	UNTOLD(sql, result = SPI_execute_with_args(sql, nargs, types, values, nulls, read_only, count));
	return result;
}

/* SPI_execute_extended */
int
execute_extended_untold(const char *sql, const SPIExecuteOptions *options)
{
	int			result = 0;

	UNTOLD(sql, result = SPI_execute_extended(sql, options));
	return result;
}

/* SPI_prepare_cursor; no plan is an error */
SPIPlanPtr
prepare_untold(const char *sql, int nargs, Oid *types, int options)
{
	SPIPlanPtr	plan = NULL;

	UNTOLD(sql, plan = SPI_prepare_cursor(sql, nargs, types, options));
	if (plan == NULL)
		elog(ERROR, "SPI_prepare_cursor failed: %s", SPI_result_code_string(SPI_result));
	return plan;
}

/* SPI_execute_plan */
int
execute_plan_untold(SPIPlanPtr plan, Datum *values, const char *nulls, bool read_only, long count)
{
	int			result = 0;

	UNTOLD(plan_text(plan), result = SPI_execute_plan(plan, values, nulls, read_only, count));
	return result;
}

/* SPI_execute_plan_extended */
int
execute_plan_extended_untold(SPIPlanPtr plan, const SPIExecuteOptions *options)
{
	int			result = 0;

	UNTOLD(plan_text(plan), result = SPI_execute_plan_extended(plan, options));
	return result;
}

/* SPI_execute_snapshot, which fires triggers */
int
execute_snapshot_untold(SPIPlanPtr plan, Datum *values, const char *nulls, Snapshot snapshot, Snapshot crosscheck)
{
	int			result = 0;

	UNTOLD(plan_text(plan), result = SPI_execute_snapshot(plan, values, nulls, snapshot, crosscheck, false, true, 0));
	return result;
}

typedef struct NearName
{
	char	   *name;
	int			distance;
} NearName;

static int
compare_near(const ListCell *a, const ListCell *b)
{
	const NearName *one = lfirst(a);
	const NearName *other = lfirst(b);

	return one->distance != other->distance ? one->distance - other->distance : strcmp(one->name, other->name);
}

/* names, those first that are nearest to one that is not among them */
List *
nearest_first(List *names, const char *wanted, size_t len)
{
	int			length = pg_mbcliplen(wanted, len, NAMEDATALEN - 1);
	ListCell   *cell;

	foreach(cell, names)
	{
		NearName   *near = palloc(sizeof(NearName));

		near->name = lfirst(cell);
		near->distance = varstr_levenshtein(wanted, length, near->name, strlen(near->name), 1, 1, 1, true);
		lfirst(cell) = near;
	}
	list_sort(names, compare_near);
	foreach(cell, names)
	{
		lfirst(cell) = ((NearName *) lfirst(cell))->name;
	}
	return names;
}

/* the first ten of some names, and how many more there are */
char *
first_ten(List *names, const char *separator)
{
	int			more = list_length(names) - MOST_NAMES;

	if (more <= 0)
		return names_join(names, separator);
	return psprintf("%s and %d more", names_join(list_truncate(list_copy(names), MOST_NAMES), separator), more);
}

static char *
text_argument(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(n));
}

static int
sqlstate_from_text(const char *code)
{
	if (!code || strlen(code) != 5 || strspn(code, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 5)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid SQLSTATE \"%s\"", code ? code : "")));
	return MAKE_SQLSTATE(code[0], code[1], code[2], code[3], code[4]);
}

/* refuse(sqlstate, message, detail, hint, table, constraint): the RAISE of our functions in PL */
PG_FUNCTION_INFO_V1(refuse);
Datum
refuse(PG_FUNCTION_ARGS)
{
	int			code = sqlstate_from_text(text_argument(fcinfo, 0));
	char	   *message = text_argument(fcinfo, 1);
	char	   *detail = text_argument(fcinfo, 2);
	char	   *hint = text_argument(fcinfo, 3);
	char	   *table = text_argument(fcinfo, 4);
	char	   *constraint = text_argument(fcinfo, 5);

	context_hide_own();
	ereport(ERROR,
			(errcode(code),
			 errmsg_internal("%s", message ? message : "refused"),
			 detail ? errdetail_internal("%s", detail) : 0,
			 hint ? errhint("%s", hint) : 0,
			 table ? err_generic_string(PG_DIAG_TABLE_NAME, table) : 0,
			 constraint ? err_generic_string(PG_DIAG_CONSTRAINT_NAME, constraint) : 0));
	PG_RETURN_VOID();
}

/*
 * violated(constraint, message, value, hint): the last branch of a CHECK, which
 * says what is wanted; else the error is that of the server.
 */
PG_FUNCTION_INFO_V1(constraint_violated);
Datum
constraint_violated(PG_FUNCTION_ARGS)
{
	char	   *constraint = text_argument(fcinfo, 0);
	char	   *message = text_argument(fcinfo, 1);
	char	   *value = text_argument(fcinfo, 2);
	char	   *hint = text_argument(fcinfo, 3);

	if (constraint == NULL || message == NULL || hint == NULL)
		PG_RETURN_NULL();		/* no CHECK of ours has asked */
	context_hide_own();
	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 value ? errmsg_internal("%s \"%s\"", message, value) : errmsg_internal("%s", message),
			 errhint("%s", hint),
			 err_generic_string(PG_DIAG_SCHEMA_NAME, "segmentation"),
			 err_generic_string(PG_DIAG_CONSTRAINT_NAME, constraint)));
	PG_RETURN_NULL();
}
