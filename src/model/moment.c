/*
 * moment.c: the moment of an evaluation, for the views that a model reads.
 *
 * It is a setting, so that parallel workers have it and errors take it back
 * with the rest; only this file and superusers can make it.
 */
#include "segmentation.h"

#include "access/xact.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "refusal.h"
#include "model/model.h"

#define SETTING "segmentation.moment"

static char *setting;
static bool evaluating;
static TimestampTz moment;		/* if evaluating */

static bool
read_setting(const char *text, TimestampTz *result)
{
	char	   *end;

	errno = 0;
	*result = strtoi64(text, &end, 10);
	return errno == 0 && end != text && *end == '\0';
}

static bool
check_setting(char **value, void **extra, GucSource source)
{
	TimestampTz ignored;

	return **value == '\0' || read_setting(*value, &ignored);
}

static void
assign_setting(const char *value, void *extra)
{
	evaluating = read_setting(value, &moment);
}

void
moment_init(void)
{
	DefineCustomStringVariable(SETTING, "Moment as of which a model is evaluated.",
							   "In microseconds since 2000 began in UTC; empty outside of evaluations.",
							   &setting, "", PGC_SUSET,
							   GUC_NO_SHOW_ALL | GUC_NO_RESET_ALL | GUC_NOT_IN_SAMPLE | GUC_DISALLOW_IN_FILE,
							   check_setting, assign_setting, NULL);
}

/* until what model_enter has begun ends */
void
moment_set(TimestampTz as_of)
{
	(void) set_config_option(SETTING, psprintf(INT64_FORMAT, as_of), PGC_SUSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}

/* moment(): that of the evaluation under way, the transaction's where there is none */
PG_FUNCTION_INFO_V1(model_moment_now);
Datum
model_moment_now(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(evaluating ? moment : GetCurrentTransactionStartTimestamp());
}

/* starter_row(query, as_of): the one row of a query of the caller's, as of a moment */
PG_FUNCTION_INFO_V1(model_starter_row);
Datum
model_starter_row(PG_FUNCTION_ARGS)
{
	int			nestlevel = NewGUCNestLevel();
	ErrorContextCallback *context = context_hide_own();
	HeapTupleHeader result;

	moment_set(PG_GETARG_TIMESTAMPTZ(1));
	SPI_connect();
	if (execute_untold(text_to_cstring(PG_GETARG_TEXT_PP(0)), 0, NULL, NULL, NULL, true, 1) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "query of a starter has no row");
	result = SPI_returntuple(SPI_tuptable->vals[0], SPI_tuptable->tupdesc);
	SPI_finish();
	AtEOXact_GUC(false, nestlevel);
	error_context_stack = context;
	PG_RETURN_HEAPTUPLEHEADER(result);
}
