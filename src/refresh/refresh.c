/*
 * refresh.c: brings the stored answers of a model up to date.
 */
#include "segmentation.h"

#include "access/xact.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "portability/instr_time.h"
#include "storage/lmgr.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "argument.h"
#include "option.h"
#include "refusal.h"
#include "trial.h"
#include "decide/compile.h"
#include "decide/failure.h"
#include "decide/fence.h"
#include "decide/program.h"
#include "decide/reference.h"
#include "model/model.h"
#include "model/source.h"
#include "refresh/refresh.h"

/* a refresh says how far it is after so many customers */
#define PROGRESS_STEP 500000

/* the time that the server takes to compile conditions grows faster than their number */
#define JIT_MAX_SEGMENTS 100

static const char *progress_model;
static int64 progress_count;

static void
show_progress(void)
{
	if (++progress_count % PROGRESS_STEP == 0)
		ereport(NOTICE,
				(errmsg("model \"%s\": %lld customers evaluated", progress_model, (long long) progress_count)));
}

/* who may write the stored answers may have them refreshed */
static void
check_may_write(const Model *model)
{
	bool		is_missing = false;

	if (pg_class_aclcheck_ext(model->assignment, GetUserId(), ACL_UPDATE, &is_missing) != ACLCHECK_OK && !is_missing)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, get_rel_name(model->assignment));
}

/* nobody gives their columns other types between the check and the end of the transaction */
static void
lock_objects(const Model *model)
{
	LockRelationOid(model->source, AccessShareLock);
	LockRelationOid(model->assignment, AccessShareLock);
	LockRelationOid(model->history, AccessShareLock);
}

/* a typing mistake: until then every refresh would be as of that moment */
static void
warn_future(const Model *model, TimestampTz as_of)
{
	if (as_of <= GetCurrentTimestamp() + 366 * USECS_PER_DAY)
		return;
	ereport(WARNING,
			(errmsg("model \"%s\" is refreshed as of %s, more than a year from now", model->id, timestamptz_to_str(as_of)),
			 errdetail("Stored answers do not go back in time: until then every refresh is as of that moment."),
			 errhint("If that is a mistake, roll back; once it is committed the model has to begin anew, as \"A moment too far\" in doc/refresh.md says.")));
}

static TimestampTz
choose_as_of(const Model *model, FunctionCallInfo fcinfo)
{
	TimestampTz as_of;

	if (PG_ARGISNULL(1))
		return model_moment(model);
	as_of = PG_GETARG_TIMESTAMPTZ(1);
	if (TIMESTAMP_NOT_FINITE(as_of))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"as_of\" must be finite")));
	if (as_of < model->as_of)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("model \"%s\" was refreshed as of a later moment", model->id),
				 errdetail("The last refresh was as of %s.", timestamptz_to_str(model->as_of)),
				 errhint("Stored answers do not go back in time; the model's history has the earlier ones.")));
	warn_future(model, as_of);
	return as_of;
}

/* whether a rule has another text than at the last refresh */
static const char *
choose_cause(const Refresh *refresh)
{
	const char *before = refresh->model->refreshed_versions;

	return before && strcmp(before, refresh->versions) == 0 ? "refresh" : "definition";
}

/* after all that was recorded before, whatever the clock says */
static TimestampTz
next_moment(const Model *model)
{
	TimestampTz now = GetCurrentTimestamp();

	return TIMESTAMP_IS_NOBEGIN(model->refreshed_at) ? now : Max(now, model->refreshed_at + 1);
}

/* joins and sorts of all customers, as when an index is made */
static void
use_maintenance_memory(void)
{
	if (work_mem < maintenance_work_mem)
		set_option("work_mem", psprintf("%d", maintenance_work_mem));
}

/* segments whose rules fail, and those that ask for them, keep their members */
static void
compile(Refresh *refresh)
{
	Compilation *compilation = compile_analyse(refresh->model, failure_names(refresh->failures), NULL);
	ListCell   *cell;

	refresh->compilation = compilation;
	refresh->select = compile_select(compilation, NULL);
	if (list_length(compilation->segments) > JIT_MAX_SEGMENTS)
		set_option("jit", "off");
	refresh->kept = NIL;
	foreach(cell, compilation->segments)
	{
		CompiledSegment *segment = lfirst(cell);

		if (segment->kept && segment->model == refresh->model)
			refresh->kept = lappend(refresh->kept, segment);
	}
}

static void
start(Refresh *refresh)
{
	HASHCTL		ctl = {0};

	ctl.keysize = sizeof(SegmentId);
	ctl.entrysize = sizeof(SegmentChange);
	ctl.hcxt = CurrentMemoryContext;
	refresh->counts = hash_create("segments of a refresh", 64, &ctl,
								  HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	memset(refresh->recent, 0, sizeof(refresh->recent));
	refresh->moment = next_moment(refresh->model);
	refresh->rows_read = refresh->appeared = refresh->changed = refresh->vanished = 0;
	refresh->entered = refresh->exited = refresh->own = 0;
	refresh->unique_source = source_is_unique(refresh->model->source, refresh->model->key);
	compile(refresh);
}

static void
evaluate_and_write(Refresh *refresh)
{
	SPI_connect();
	if (!refresh_fill(refresh))
		refresh_write_difference(refresh);
	SPI_finish();
}

static void
show_progress_of(Refresh *refresh)
{
	progress_model = refresh->model->id;
	progress_count = 0;
	refresh_progress = show_progress;
	PG_TRY();
	{
		evaluate_and_write(refresh);
	}
	PG_FINALLY();
	{
		refresh_progress = NULL;
	}
	PG_END_TRY();
}

static void
attempt(void *arg)
{
	start(arg);
	show_progress_of(arg);
}

/* again without the rules that fail, as long as there are such */
static void
run_refresh(Refresh *refresh)
{
	ModelContext saved;
	ErrorData  *error;

	model_enter(refresh->model, &saved);
	moment_set(refresh->as_of);
	use_maintenance_memory();
	while ((error = fence_trial(attempt, refresh)) != NULL)
	{
		if (refresh->model->kind == MODEL_COLUMN && error->sqlerrcode == ERRCODE_INVALID_TEXT_REPRESENTATION)
			source_refuse_wrong_segments(refresh);
		if (!is_rules_error(error->sqlerrcode) || !failure_find(refresh->model, NULL, refresh->as_of, false, &refresh->failures))
			ReThrowError(error);
	}
	model_leave(&saved);
}

/*
 * refresh(model, as_of): a row of the log.  The model stays locked until the
 * transaction ends, so that refreshes and definitions of it come one by one.
 */
PG_FUNCTION_INFO_V1(model_refresh);
Datum
model_refresh(PG_FUNCTION_ARGS)
{
	Refresh		refresh = {0};
	instr_time	begin;
	instr_time	end;
	ErrorContextCallback *context = context_hide_own();

	argument_require(fcinfo, 0, "model");
	PreventCommandIfReadOnly("segmentation.refresh");
	INSTR_TIME_SET_CURRENT(begin);
	/* who may not must not make others wait; what else is looked at may be gone until nobody can drop it */
	check_may_write(model_read_definition(text_to_cstring(PG_GETARG_TEXT_PP(0))));
	refresh.model = model_read_locked(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	lock_objects(refresh.model);
	model_check_objects(refresh.model);
	model_check_definitions(refresh.model);
	model_refuse_subscriber(refresh.model);
	check_may_write(refresh.model);
	model_warn_swapped(refresh.model);
	refresh.as_of = choose_as_of(refresh.model, fcinfo);
	refresh.versions = reference_versions(refresh.model);
	refresh.cause = choose_cause(&refresh);
	refresh.nkeys = list_length(refresh.model->key);
	run_refresh(&refresh);
	error_context_stack = context;
	INSTR_TIME_SET_CURRENT(end);
	INSTR_TIME_SUBTRACT(end, begin);
	PG_RETURN_DATUM(refresh_record(&refresh, INSTR_TIME_GET_MILLISEC(end)));
}

PG_FUNCTION_INFO_V1(model_sql);
Datum
model_sql(PG_FUNCTION_ARGS)
{
	Model	   *model;
	ModelContext saved;
	char	   *sql;

	argument_require(fcinfo, 0, "model");
	model = model_read(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	model_check_objects(model);
	model_enter(model, &saved);
	sql = compile_select(compile_analyse(model, NIL, NULL), NULL);
	model_leave(&saved);
	PG_RETURN_TEXT_P(cstring_to_text(sql));
}
