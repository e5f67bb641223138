/*
 * preview.c: what a rule would give, before it is a definition.
 */
#include "segmentation.h"

#include <math.h>

#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "argument.h"
#include "refusal.h"
#include "decide/failure.h"
#include "decide/fence.h"
#include "explain/preview.h"
#include "measure/nps.h"
#include "types/segment_id.h"

/* of the interval that a sample gives */
#define CONFIDENCE 0.95

/* a sample takes those whose hash, of so many values, is below a bound */
#define HASHES (1 << 20)

/* a preview that is under way */
typedef struct PreviewRun
{
	const Preview *preview;
	char	   *(*print) (const struct PreviewRun *run);	/* the query that is to be run */
	DestReceiver *dest;
	Tuplestorestate *rows;		/* where it puts them, */
	PreviewCounts *counts;		/* or what it counts */
	Compilation *compilation;
	List	   *failures;		/* RuleFailure * */
} PreviewRun;

static char *
sample_condition(const Preview *preview)
{
	if (preview->sample >= 1)
		return NULL;
	return psprintf("(pg_catalog.hashtextextended(pg_catalog.concat_ws(',', %s), " INT64_FORMAT ") & %d) < %d",
					key_text_list(preview->model->key, "source"), preview->seed, HASHES - 1,
					(int) ceil(preview->sample * HASHES));
}

static char *
preview_count_query(const PreviewRun *run)
{
	CompiledCustomers customers = {.which = sample_condition(run->preview)};

	return psprintf("SELECT segments FROM (%s) AS decided", compile_select(run->compilation, &customers));
}

static char *
is_said(const char *what)
{
	return psprintf("decided.segments @> '{%s}'::%s.segment_id[]", what, types_schema());
}

static char *
changes_query(const PreviewRun *run)
{
	const Model *model = run->preview->model;
	const char *before = is_said(PROPOSED_BEFORE);

	return psprintf("SELECT ARRAY[%s], CASE WHEN %s THEN 'leaves' ELSE 'enters' END FROM (%s\n OFFSET 0) AS decided "
					"WHERE (%s) <> (%s) ORDER BY %s",
					key_text_list(model->key, "decided"), before, compile_select(run->compilation, NULL), before, is_said(PROPOSED_MEMBER),
					key_column_list(model->key, "decided"));
}

static void
notice_new_segment(const PreviewRun *run)
{
	const Preview *preview = run->preview;

	if (preview->proposed.segment && preview->proposed.compared && run->compilation->replaced == NULL)
		ereport(NOTICE,
				(errmsg("model \"%s\" has no segment \"%s\" yet", preview->model->id, preview->proposed.segment),
				 errdetail("Without the rule nobody would be in it.")));
}

/* so many rules that fail are named one by one, each with its error */
#define WARNED_ALONE 3

static void
warn_kept(const PreviewRun *run, const CompiledSegment *segment)
{
	const char *message = failure_of(run->failures, segment)->message;

	if (segment == run->compilation->replaced)
		ereport(WARNING,
				(errmsg("the rule that segment \"%s\" of model \"%s\" has until now fails: %s",
						segment->segment->id, segment->model->id, message),
				 errdetail("Who would enter or leave is told by the members that the segment has.")));
	else
		ereport(WARNING,
				(errmsg("rule of segment \"%s\" of model \"%s\" fails: %s",
						segment->segment->id, segment->model->id, message),
				 errdetail("It counts with the members that it has.")));
}

static void
warn_all_kept(const PreviewRun *run)
{
	List	   *failing = NIL;
	List	   *names = NIL;
	ListCell   *cell;

	foreach(cell, run->compilation->segments)
	{
		CompiledSegment *segment = lfirst(cell);

		if (segment->culprit != segment)
			continue;
		failing = lappend(failing, segment);
		names = lappend(names, compile_segment_name(segment));
	}
	if (list_length(failing) > WARNED_ALONE)
		ereport(WARNING,
				(errmsg("rules of %d segments fail, the first: %s", list_length(failing),
						failure_of(run->failures, linitial(failing))->message),
				 errdetail("These segments count with the members that they have: %s.", first_ten(names, ", "))));
	else
	{
		foreach(cell, failing)
		{
			warn_kept(run, lfirst(cell));
		}
	}
}

static void
execute_preview(void *arg)
{
	PreviewRun *run = arg;
	const Preview *preview = run->preview;

	if (run->rows)
		tuplestore_clear(run->rows);
	else
		*run->counts = (PreviewCounts)
	{
		0
	};
	run->compilation = compile_analyse(preview->model, failure_names(run->failures), &preview->proposed);
	model_execute(run->print(run), preview->as_of, true, run->dest);
}

/* as in a refresh: segments whose rules fail, and those that ask for them, keep their members */
static void
run_preview(PreviewRun *run)
{
	const Preview *preview = run->preview;
	ErrorData  *error;

	while ((error = fence_trial(execute_preview, run)) != NULL)
		if (!is_rules_error(error->sqlerrcode) ||
			!failure_find(preview->model, &preview->proposed, preview->as_of, true, &run->failures))
			ReThrowError(error);
	notice_new_segment(run);
	warn_all_kept(run);
}

/* what ProposedRule says of a customer */
static const char *const said[] = {PROPOSED_MEMBER, PROPOSED_BEFORE, PROPOSED_UNKNOWN, PROPOSED_CLASH};

typedef struct PreviewCounting
{
	SegmentId	said[lengthof(said)];
	PreviewCounts counts;
} PreviewCounting;

static void
count_customer(TupleTableSlot *slot, void *arg)
{
	PreviewCounting *counting = arg;
	PreviewCounts *counts = &counting->counts;
	ArrayType  *segments = DatumGetArrayTypeP(slot->tts_values[0]);
	const SegmentId *ids = (const SegmentId *) ARR_DATA_PTR(segments);
	bool		holds[lengthof(said)] = {false};

	for (int i = ArrayGetNItems(ARR_NDIM(segments), ARR_DIMS(segments)) - 1; i >= 0; i--)
		for (size_t j = 0; j < lengthof(said); j++)
			holds[j] |= segment_id_compare(&ids[i], &counting->said[j]) == 0;
	counts->looked_at++;
	counts->members += holds[0];
	counts->unknown += holds[2];
	counts->clashes += holds[3];
	counts->entering += holds[0] && !holds[1];
	counts->leaving += holds[1] && !holds[0];
}

static int64
count_source(const Model *model)
{
	bool		isnull;

	model_select(psprintf("SELECT count(*) FROM %s", relation_name(model->source)), 0, NULL, true);
	return DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
}

/* within SPI, and as the model's owner */
PreviewCounts
preview_count(const Preview *preview)
{
	PreviewCounting counting = {0};
	PreviewRun	run = {.preview = preview, .print = preview_count_query, .counts = &counting.counts};

	for (size_t i = 0; i < lengthof(said); i++)
		(void) segment_id_parse(said[i], strlen(said[i]), &counting.said[i], NULL);
	run.dest = rows_receiver(count_customer, &counting);
	run_preview(&run);
	run.dest->rDestroy(run.dest);
	counting.counts.customers = preview->sample < 1 ? count_source(preview->model) : counting.counts.looked_at;
	return counting.counts;
}

/* arguments of both functions: model, rule, segment, as_of */
static Preview *
read_preview(FunctionCallInfo fcinfo)
{
	Preview    *preview = palloc0(sizeof(Preview));
	Model	   *model;

	argument_require(fcinfo, 0, "model");
	argument_require(fcinfo, 1, "rule");
	model = model_read(segment_id_argument(fcinfo, 0));
	model_check_owner(model);
	model_check_objects(model);
	if (model->kind == MODEL_COLUMN)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("segments of model \"%s\" have no rules", model->id)));
	preview->model = model;
	preview->proposed.rule = rule_parse(model->source, argument_text(fcinfo, 1), model->id, model->time_zone);
	preview->proposed.segment = PG_ARGISNULL(2) ? NULL : segment_id_argument(fcinfo, 2);
	preview->proposed.compared = true;
	preview->as_of = PG_ARGISNULL(3) ? GetCurrentTransactionStartTimestamp() : PG_GETARG_TIMESTAMPTZ(3);
	preview->sample = 1;
	return preview;
}

static void
read_sample(Preview *preview, FunctionCallInfo fcinfo, int sample, int seed)
{
	argument_require(fcinfo, seed, "seed");
	preview->seed = PG_GETARG_INT64(seed);
	if (PG_ARGISNULL(sample))
		return;
	preview->sample = PG_GETARG_FLOAT8(sample);
	if (!(preview->sample > 0 && preview->sample <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("sample is not a share of the customers, above 0 and up to 1")));
}

/* of everyone, from those who were looked at */
static Datum
scaled(int64 count, int64 looked_at, int64 customers)
{
	return Int64GetDatum(looked_at == 0 ? 0 : (int64) rint((double) count * customers / looked_at));
}

/* Wilson's interval of the members, whole customers */
static void
interval(int64 count, int64 looked_at, int64 customers, Datum *low, Datum *high)
{
	double		z = normal_two_sided_quantile(CONFIDENCE);
	double		n = looked_at;
	double		p = n > 0 ? count / n : 0;
	double		middle = (p + z * z / (2 * n)) / (1 + z * z / n);
	double		half = z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / (4 * n * n));
	bool		exact = looked_at == customers;

	*low = Int64GetDatum(exact ? count : n == 0 ? 0 : (int64) floor(Max(middle - half, 0) * customers));
	*high = Int64GetDatum(exact ? count : n == 0 ? customers : (int64) ceil(Min(middle + half, 1) * customers));
}

static Datum
member_share(int64 count, int64 looked_at)
{
	Datum		quotient = DirectFunctionCall2(numeric_div, NumericGetDatum(int64_to_numeric(count)),
											   NumericGetDatum(int64_to_numeric(looked_at)));

	return DirectFunctionCall2(numeric_round, quotient, Int32GetDatum(4));
}

/* customers, looked_at, members, share, unknown, members_low, members_high, entering, leaving */
static Datum
preview_row(const PreviewCounts *counts, TupleDesc desc)
{
	int64		customers = counts->customers;
	int64		looked_at = counts->looked_at;
	Datum		values[9] = {0};
	bool		nulls[9] = {false};

	values[0] = Int64GetDatum(customers);
	values[1] = Int64GetDatum(looked_at);
	values[2] = scaled(counts->members, looked_at, customers);
	nulls[3] = looked_at == 0;
	if (!nulls[3])
		values[3] = member_share(counts->members, looked_at);
	values[4] = scaled(counts->unknown, looked_at, customers);
	interval(counts->members, looked_at, customers, &values[5], &values[6]);
	values[7] = scaled(counts->entering, looked_at, customers);
	values[8] = scaled(counts->leaving, looked_at, customers);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}

/* preview(model, rule, segment, as_of, sample, seed) */
PG_FUNCTION_INFO_V1(model_preview);
Datum
model_preview(PG_FUNCTION_ARGS)
{
	Preview    *preview;
	PreviewCounts counts;
	ModelContext saved;
	TupleDesc	desc;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	preview = read_preview(fcinfo);
	read_sample(preview, fcinfo, 4, 5);
	SPI_connect();
	model_enter(preview->model, &saved);
	counts = preview_count(preview);
	model_leave(&saved);
	SPI_finish();
	rule_notice_stable(preview->proposed.rule);
	return preview_row(&counts, desc);
}

/* preview_changes(model, rule, segment, as_of) */
PG_FUNCTION_INFO_V1(model_preview_changes);
Datum
model_preview_changes(PG_FUNCTION_ARGS)
{
	PreviewRun	run = {.print = changes_query};
	ModelContext saved;

	argument_require(fcinfo, 2, "segment");
	run.preview = read_preview(fcinfo);
	run.dest = model_result_receiver(fcinfo);
	run.rows = ((ReturnSetInfo *) fcinfo->resultinfo)->setResult;
	SPI_connect();
	model_enter(run.preview->model, &saved);
	run_preview(&run);
	model_leave(&saved);
	SPI_finish();
	PG_RETURN_NULL();
}
