/*
 * verify.c: compares the stored answers of a model with what its rules say.
 */
#include "segmentation.h"

#include "access/xact.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "argument.h"
#include "trial.h"
#include "decide/failure.h"
#include "decide/fence.h"
#include "model/model.h"
#include "refresh/refresh.h"

typedef struct VerifyRun
{
	const Model *model;
	TimestampTz as_of;
	DestReceiver *dest;
	Tuplestorestate *rows;		/* where it puts them */
	List	   *recorded;		/* "model/segment" whose rules failed at the last refresh */
	Refresh		failing;		/* and those that have begun to fail since */
} VerifyRun;

static void
execute_comparison(void *arg)
{
	VerifyRun  *run = arg;
	List	   *kept = list_concat_copy(run->recorded, failure_names(run->failing.failures));

	tuplestore_clear(run->rows);
	model_execute(verify_query(run->model, kept), run->as_of, false, run->dest);
}

/* again without the rules that fail by now, as a refresh does it */
static void
execute_what_can_be(VerifyRun *run)
{
	Refresh    *failing = &run->failing;
	ErrorData  *error;

	moment_set(run->as_of);
	while ((error = fence_trial(execute_comparison, run)) != NULL)
	{
		if (error->sqlerrcode == ERRCODE_INVALID_TEXT_REPRESENTATION && run->model->kind == MODEL_COLUMN)
			source_refuse_wrong_segments(failing);
		if (!is_rules_error(error->sqlerrcode) || !failure_find(failing->model, NULL, failing->as_of, false, &failing->failures))
			ReThrowError(error);
	}
}

/* verify(model): differences as of the last refresh */
PG_FUNCTION_INFO_V1(model_verify);
Datum
model_verify(PG_FUNCTION_ARGS)
{
	Model	   *model;
	ModelContext saved;
	VerifyRun	run = {0};

	argument_require(fcinfo, 0, "model");
	model = model_read(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	model_check_objects(model);
	model_check_may_read(model->assignment);
	run.model = model;
	run.as_of = TIMESTAMP_IS_NOBEGIN(model->as_of) ? GetCurrentTransactionStartTimestamp() : model->as_of;
	run.dest = model_result_receiver(fcinfo);
	run.rows = ((ReturnSetInfo *) fcinfo->resultinfo)->setResult;
	run.recorded = model_failing_rules(model);
	run.failing.model = model;
	run.failing.as_of = run.failing.moment = run.as_of;
	SPI_connect();
	model_enter(model, &saved);
	execute_what_can_be(&run);
	model_leave(&saved);
	refresh_warn_since(&run.failing, run.recorded);
	SPI_finish();
	PG_RETURN_NULL();
}
