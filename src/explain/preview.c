/*
 * preview.c: what a rule would give, before it is a definition.
 *
 * Each segment that the rule asks for is decided in a subquery of its own,
 * which the planner must not take apart: spelling them out in place would
 * repeat them without bound.
 */
#include "segmentation.h"

#include <math.h>

#include "access/htup_details.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "argument.h"
#include "key.h"
#include "refusal.h"
#include "trial.h"
#include "decide/compile.h"
#include "decide/fence.h"
#include "explain/decide.h"
#include "measure/nps.h"
#include "model/model.h"
#include "override/override.h"
#include "types/segment_id.h"

/* of the interval that a sample gives */
#define CONFIDENCE 0.95

/* a sample takes those whose hash, of so many values, is below a bound */
#define HASHES (1 << 20)

/* arguments of both functions, in the order of preview */
typedef struct Preview
{
	Model	   *model;
	Rule	   *rule;
	char	   *id;				/* of the segment that it would replace; NULL: none */
	DecidedSegment *segment;	/* NULL: a new one */
	Decision   *decision;
	List	   *overridden;		/* OverriddenModel * */
	TimestampTz as_of;
	double		sample;			/* 1: everyone */
	int64		seed;
	List	   *unreadable;		/* UnreadableRule * */
	bool		kept;			/* the rule asks for a segment that keeps its members */
	char	   *(*print) (struct Preview *preview);	/* the query that is to be run */
	DestReceiver *dest;
	Tuplestorestate *rows;		/* where it puts them; NULL: a row is looked at */
	List	   *trial;			/* DecidedSegment *, whose conditions are to be evaluated */
} Preview;

static int
place(const Preview *preview, const DecidedSegment *segment)
{
	ListCell   *cell;

	foreach(cell, preview->decision->order)
		if (lfirst(cell) == segment)
			return foreach_current_index(cell);
	elog(ERROR, "segment %s/%s was not collected", segment->model->id, segment->segment->id);
}

static void
print_reference(StringInfo buf, const RuleReference *reference, void *arg)
{
	const Preview *preview = arg;

	appendStringInfo(buf, "segmentation_%d.segmentation_member",
					 place(preview, decide_find(preview->decision, reference->model, reference->segment)));
}

static char *
rule_text(const Preview *preview, const Rule *rule)
{
	return rule_sql(rule, preview->model->time_zone, print_reference, unconstify(Preview *, preview));
}

/* whether the customer was a member at the last refresh */
static char *
kept_text(const Preview *preview, const DecidedSegment *segment)
{
	if (segment == NULL)
		return "false";
	if (segment->stored)
		return segment->sql;
	return psprintf("EXISTS (SELECT FROM %s AS segmentation_kept WHERE %s "
					"AND segmentation_kept.segments OPERATOR(pg_catalog.@>) '{\"%s\"}'::%s.segment_id[])",
					relation_name(segment->model->assignment),
					model_key_match(preview->model, "segmentation_kept", "source"),
					segment->segment->id, types_schema());
}

/* in an exclusive model: whether the customer may belong to an earlier segment that keeps its members */
static char *
undecided_text(const Preview *preview, const DecidedSegment *segment)
{
	return segment && segment->undecided ?
		psprintf("segmentation_%d.segmentation_undecided", place(preview, segment->lower)) : "false";
}

/* whether the rule of a segment is true, whoever else has the customer */
static char *
true_text(const Preview *preview, const DecidedSegment *segment)
{
	if (segment->kept)
		return kept_text(preview, segment);
	if (segment->stored || segment->model->kind == MODEL_COLUMN)
		return segment->sql;
	if (segment->rule)
		return rule_text(preview, segment->rule);
	return segment->model->kind == MODEL_EXCLUSIVE && segment->last ? "true" : "false";
}

/* the model's, joined to the source from here on if there are any */
static OverriddenModel *
overrides_of(Preview *preview, const Model *model)
{
	OverriddenModel *overridden = override_model(&preview->overridden, model, preview->as_of);

	if (overridden->segments != NIL && overridden->number == 0)
		overridden->number = list_length(preview->overridden);
	return overridden;
}

/* whether one of lower rank has the customer, or people have put the customer into some segment */
static char *
taken_text(Preview *preview, const DecidedSegment *segment)
{
	OverriddenModel *overridden;

	if (segment == NULL || segment->stored || segment->model->kind == MODEL_OVERLAPPING)
		return "false";
	if (segment->model->kind == MODEL_EXCLUSIVE && segment->lower)
		return psprintf("segmentation_%d.segmentation_taken", place(preview, segment->lower));
	overridden = overrides_of(preview, segment->model);
	return overridden->number > 0 ? override_puts_in_any(overridden->number) : "false";
}

/* a condition unless people have decided otherwise */
static char *
decided_text(Preview *preview, const DecidedSegment *segment, const char *condition)
{
	return segment && !segment->stored ? override_decided(overrides_of(preview, segment->model), segment->segment->id, condition) :
		pstrdup(condition);
}

/* who may belong to the segment from here on, but for those whom people have taken out of it */
static char *
may_belong_text(Preview *preview, const DecidedSegment *segment)
{
	OverriddenModel *overridden;

	if (!segment->kept)
		return "u";
	overridden = overrides_of(preview, segment->model);
	if (!override_is_about(overridden, segment->segment->id))
		return "u OR NOT t";
	return psprintf("u OR NOT t AND (%s) IS NOT TRUE", override_takes_out(overridden->number, segment->segment->id));
}

static void
print_segment(Preview *preview, StringInfo buf, const DecidedSegment *segment)
{
	char	   *undecided = undecided_text(preview, segment);
	char	   *rule = true_text(preview, segment);

	if (segment->undecided)
		rule = psprintf("CASE WHEN %s THEN %s ELSE %s END", undecided, kept_text(preview, segment), rule);
	appendStringInfo(buf, " CROSS JOIN LATERAL (SELECT m AS segmentation_member, m OR t AS segmentation_taken, %s AS segmentation_undecided "
					 "FROM (SELECT %s AS m, t, u FROM (SELECT (%s) IS TRUE AS r, %s AS t, %s AS u OFFSET 0) AS c OFFSET 0) AS d OFFSET 0) AS segmentation_%d",
					 may_belong_text(preview, segment), decided_text(preview, segment, "r AND NOT t"), rule,
					 taken_text(preview, segment), undecided, place(preview, segment));
}

static char *
sampled(const Preview *preview)
{
	StringInfoData buf;
	ListCell   *cell;

	if (preview->sample >= 1)
		return "true";
	initStringInfo(&buf);
	appendStringInfoString(&buf, "(pg_catalog.hashtextextended(pg_catalog.concat_ws(','");
	foreach(cell, preview->model->key)
		appendStringInfo(&buf, ", source.%s::pg_catalog.text", quote_identifier(lfirst(cell)));
	appendStringInfo(&buf, "), " INT64_FORMAT ") & %d) < %d", preview->seed, HASHES - 1,
					 (int) ceil(preview->sample * HASHES));
	return buf.data;
}

/* what the rule comes to, and who would be in the segment with it */
static void
print_rule(Preview *preview, StringInfo buf)
{
	const DecidedSegment *segment = preview->segment;
	char	   *member = preview->kept ? kept_text(preview, segment) : "outcome";

	if (segment && segment->undecided)
		member = psprintf("CASE WHEN %s THEN %s ELSE %s END", undecided_text(preview, segment),
						  kept_text(preview, segment), member);
	appendStringInfo(buf, " CROSS JOIN LATERAL (SELECT outcome, %s AS after "
					 "FROM (SELECT (%s) AS outcome, %s AS taken OFFSET 0) AS r OFFSET 0) AS segmentation_rule",
					 decided_text(preview, segment, psprintf("(%s AND NOT taken) IS TRUE", member)),
					 rule_text(preview, preview->rule), taken_text(preview, segment));
}

/* outcome of the rule, membership with it and with the segment as it is */
static char *
outcomes(Preview *preview, const char *others)
{
	StringInfoData from;
	StringInfoData segments;
	ListCell   *cell;

	initStringInfo(&segments);
	foreach(cell, preview->decision->order)
		print_segment(preview, &segments, lfirst(cell));
	print_rule(preview, &segments);
	initStringInfo(&from);
	appendStringInfo(&from, "(SELECT * FROM %s AS source WHERE %s%s) AS source", relation_name(preview->model->source),
					 sampled(preview), fence_choose(" OFFSET 0", ""));
	foreach(cell, preview->overridden)
		if (((OverriddenModel *) lfirst(cell))->number > 0)
			override_print_join(&from, lfirst(cell));
	return psprintf("(SELECT %ssegmentation_rule.outcome, segmentation_rule.after, %s AS before FROM %s%s OFFSET 0) AS decided", others,
					preview->segment ?
					psprintf("segmentation_%d.segmentation_member", place(preview, preview->segment)) : "false",
					from.data, segments.data);
}

static char *
count_query(Preview *preview)
{
	return psprintf("SELECT (SELECT count(*) FROM %s), count(*), "
					"count(*) FILTER (WHERE after), count(*) FILTER (WHERE outcome IS NULL), "
					"count(*) FILTER (WHERE after AND NOT before), count(*) FILTER (WHERE before AND NOT after) FROM %s",
					relation_name(preview->model->source), outcomes(preview, ""));
}

/* the key's columns under names of ours */
static char *
key_columns(const Preview *preview)
{
	StringInfoData buf;
	ListCell   *cell;

	initStringInfo(&buf);
	foreach(cell, preview->model->key)
		appendStringInfo(&buf, "source.%s AS segmentation_key%d, ", quote_identifier(lfirst(cell)),
						 foreach_current_index(cell) + 1);
	return buf.data;
}

static char *
key_list(const Preview *preview, const char *cast)
{
	StringInfoData buf;

	initStringInfo(&buf);
	for (int i = 1; i <= list_length(preview->model->key); i++)
		appendStringInfo(&buf, "%ssegmentation_key%d%s", i > 1 ? ", " : "", i, cast);
	return buf.data;
}

static char *
changes_query(Preview *preview)
{
	return psprintf("SELECT ARRAY[%s], CASE WHEN before THEN 'leaves' ELSE 'enters' END FROM %s "
					"WHERE after <> before ORDER BY %s",
					key_list(preview, "::pg_catalog.text"), outcomes(preview, key_columns(preview)),
					key_list(preview, ""));
}

/* the segment must not be asked for by what would replace it */
static void
collect(void *arg)
{
	Preview    *preview = arg;
	ListCell   *cell;

	preview->decision = decide_begin(preview->model);
	preview->decision->unreadable = preview->unreadable;
	if (preview->id)
		preview->segment = decide_find(preview->decision, preview->model->id, preview->id);
	if (preview->segment)
		preview->segment->open = true;
	foreach(cell, preview->rule->references)
	{
		RuleReference *reference = lfirst(cell);

		decide_collect(preview->decision, decide_need(preview->decision, reference->model, reference->segment));
	}
	if (preview->segment)
	{
		preview->segment->open = false;
		decide_collect(preview->decision, preview->segment);
	}
}

static void
collect_readable(Preview *preview)
{
	ErrorData  *error;

	while ((error = trial_run_rule(collect, preview)) != NULL)
		if (!decide_note_unreadable(&preview->unreadable, preview->decision, error))
			ReThrowError(error);
	if (preview->id && preview->segment == NULL)
		ereport(NOTICE,
				(errmsg("model \"%s\" has no segment \"%s\" yet", preview->model->id, preview->id),
				 errdetail("Without the rule nobody would be in it.")));
}

/* as in a refresh: segments whose rules fail, and those that ask for them, keep their members */
static void
mark_kept(Preview *preview)
{
	ListCell   *cell;
	ListCell   *inner;

	foreach(cell, preview->decision->order)
	{
		DecidedSegment *segment = lfirst(cell);
		DecidedSegment *lower = segment->model->kind == MODEL_EXCLUSIVE && !segment->stored ? segment->lower : NULL;

		if (lower)
			segment->undecided = lower->undecided ? lower->undecided : lower->kept ? lower : NULL;
		segment->kept = segment->error != NULL;
		foreach(inner, segment->conditions)
		{
			const DecidedSegment *asked = ((Condition *) lfirst(inner))->reference;

			segment->kept |= asked && (asked->kept || asked->undecided);
		}
	}
	foreach(cell, preview->rule->references)
	{
		RuleReference *reference = lfirst(cell);
		const DecidedSegment *asked = decide_find(preview->decision, reference->model, reference->segment);

		preview->kept |= asked->kept || asked->undecided;
	}
}

static void
evaluate_conditions(void *arg)
{
	Preview    *preview = arg;
	List	   *conditions = NIL;
	StringInfoData buf;
	ListCell   *cell;

	foreach(cell, preview->trial)
		conditions = list_concat(conditions, decide_guarded_conditions(lfirst(cell)));
	initStringInfo(&buf);
	appendStringInfoString(&buf, "SELECT pg_catalog.count(");
	program_print_conditions(&buf, conditions);
	appendStringInfo(&buf, ") FROM %s AS source", relation_name(preview->model->source));
	model_execute(buf.data, preview->as_of, true, NULL);
}

/* by halves, as a refresh does: whether there are any */
static bool
find_failing(Preview *preview, List *segments)
{
	int			half = list_length(segments) / 2;
	ErrorData  *error;
	bool		found;

	preview->trial = segments;
	if (segments == NIL || (error = trial_run_rule(evaluate_conditions, preview)) == NULL)
		return false;
	if (half == 0)
	{
		((DecidedSegment *) linitial(segments))->error = error->message;
		return true;
	}
	found = find_failing(preview, list_truncate(list_copy(segments), half));
	return find_failing(preview, list_copy_tail(segments, half)) || found;
}

/* so many rules that fail are named one by one, each with its error */
#define WARNED_ALONE 3

static void
warn_segment(const Preview *preview, const DecidedSegment *segment)
{
	if (segment == preview->segment)
		ereport(WARNING,
				(errmsg("the rule that segment \"%s\" of model \"%s\" has until now fails: %s",
						segment->segment->id, segment->model->id, segment->error),
				 errdetail("Who would enter or leave is told by the members that the segment has.")));
	else
		ereport(WARNING,
				(errmsg("rule of segment \"%s\" of model \"%s\" fails: %s",
						segment->segment->id, segment->model->id, segment->error),
				 errdetail("It counts with the members that it has.")));
}

static void
warn_failing(const Preview *preview)
{
	List	   *failing = NIL;
	List	   *names = NIL;
	ListCell   *cell;

	foreach(cell, preview->decision->order)
	{
		DecidedSegment *segment = lfirst(cell);

		if (segment->error == NULL)
			continue;
		failing = lappend(failing, segment);
		names = lappend(names, psprintf("%s/%s", segment->model->id, segment->segment->id));
	}
	if (list_length(failing) > WARNED_ALONE)
		ereport(WARNING,
				(errmsg("rules of %d segments fail, the first: %s", list_length(failing), ((DecidedSegment *) linitial(failing))->error),
				 errdetail("These segments count with the members that they have: %s.", first_ten(names, ", "))));
	else
		foreach(cell, failing)
			warn_segment(preview, lfirst(cell));
}

static void
execute(void *arg)
{
	Preview    *preview = arg;

	if (preview->rows)
		tuplestore_clear(preview->rows);
	model_execute(preview->print(preview), preview->as_of, true, preview->dest);
}

static List *
evaluated_segments(const Preview *preview)
{
	List	   *result = NIL;
	ListCell   *cell;

	foreach(cell, preview->decision->order)
		if (((DecidedSegment *) lfirst(cell))->sql && ((DecidedSegment *) lfirst(cell))->error == NULL)
			result = lappend(result, lfirst(cell));
	return result;
}

/* again with what is to be kept where a rule fails */
static void
run(Preview *preview)
{
	ErrorData  *error;

	collect_readable(preview);
	mark_kept(preview);
	if ((error = fence_trial(execute, preview)) != NULL)
	{
		if (!is_rules_error(error->sqlerrcode) || !find_failing(preview, evaluated_segments(preview)))
			ReThrowError(error);
		mark_kept(preview);
		if ((error = fence_trial(execute, preview)) != NULL)
			ReThrowError(error);
	}
	warn_failing(preview);
}

static Preview *
begin(const char *model, char *rule, char *segment)
{
	Preview    *preview = palloc0(sizeof(Preview));

	preview->model = model_read(model);
	model_check_owner(preview->model);
	model_check_objects(preview->model);
	if (preview->model->kind == MODEL_COLUMN)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("segments of model \"%s\" have no rules", model)));
	preview->rule = rule_parse(preview->model->source, rule, preview->model->id, preview->model->time_zone);
	preview->id = segment;
	preview->as_of = GetCurrentTransactionStartTimestamp();
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

static int64
get_count(int column)
{
	bool		isnull;

	return DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column, &isnull));
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
share(int64 count, int64 looked_at)
{
	Datum		quotient = DirectFunctionCall2(numeric_div, NumericGetDatum(int64_to_numeric(count)),
											   NumericGetDatum(int64_to_numeric(looked_at)));

	return DirectFunctionCall2(numeric_round, quotient, Int32GetDatum(4));
}

/* customers, looked_at, members, share, unknown, members_low, members_high, entering, leaving */
static Datum
count_row(TupleDesc desc)
{
	int64		customers = get_count(1);
	int64		looked_at = get_count(2);
	int64		members = get_count(3);
	Datum		values[9] = {0};
	bool		nulls[9] = {false};

	values[0] = Int64GetDatum(customers);
	values[1] = Int64GetDatum(looked_at);
	values[2] = scaled(members, looked_at, customers);
	nulls[3] = looked_at == 0;
	if (!nulls[3])
		values[3] = share(members, looked_at);
	values[4] = scaled(get_count(4), looked_at, customers);
	interval(members, looked_at, customers, &values[5], &values[6]);
	values[7] = scaled(get_count(5), looked_at, customers);
	values[8] = scaled(get_count(6), looked_at, customers);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}

/* preview(model, rule, segment, as_of, sample, seed) */
PG_FUNCTION_INFO_V1(model_preview);
Datum
model_preview(PG_FUNCTION_ARGS)
{
	Preview    *preview;
	ModelContext saved;
	MemoryContext context = CurrentMemoryContext;
	TupleDesc	desc;
	Datum		result;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	argument_require(fcinfo, 0, "model");
	argument_require(fcinfo, 1, "rule");
	preview = begin(segment_id_argument(fcinfo, 0), argument_text(fcinfo, 1), PG_ARGISNULL(2) ? NULL : segment_id_argument(fcinfo, 2));
	if (!PG_ARGISNULL(3))
		preview->as_of = PG_GETARG_TIMESTAMPTZ(3);
	read_sample(preview, fcinfo, 4, 5);
	SPI_connect();
	model_enter(preview->model, &saved);
	preview->print = count_query;
	run(preview);
	model_leave(&saved);
	MemoryContextSwitchTo(context);
	result = count_row(desc);
	SPI_finish();
	rule_notice_stable(preview->rule);
	PG_RETURN_DATUM(result);
}

/* preview_changes(model, rule, segment, as_of) */
PG_FUNCTION_INFO_V1(model_preview_changes);
Datum
model_preview_changes(PG_FUNCTION_ARGS)
{
	Preview    *preview;
	ModelContext saved;

	argument_require(fcinfo, 0, "model");
	argument_require(fcinfo, 1, "rule");
	argument_require(fcinfo, 2, "segment");
	preview = begin(segment_id_argument(fcinfo, 0), argument_text(fcinfo, 1), segment_id_argument(fcinfo, 2));
	if (!PG_ARGISNULL(3))
		preview->as_of = PG_GETARG_TIMESTAMPTZ(3);
	preview->dest = model_result_receiver(fcinfo);
	preview->rows = ((ReturnSetInfo *) fcinfo->resultinfo)->setResult;
	SPI_connect();
	model_enter(preview->model, &saved);
	preview->print = changes_query;
	run(preview);
	model_leave(&saved);
	SPI_finish();
	PG_RETURN_NULL();
}
