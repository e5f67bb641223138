/*
 * refresh_failure.c: rules that fail, which must not stop the others.
 *
 * A column may be gone, a function may raise, a division be by zero for one
 * customer.  Which rules those are is found by halves: conditions that can be
 * evaluated together for everyone are of no failing rule.  That is only done
 * once something has failed.
 */
#include "segmentation.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "refusal.h"
#include "trial.h"
#include "decide/compile.h"
#include "decide/program.h"
#include "model/model.h"
#include "refresh/refresh.h"

typedef struct Trial
{
	Refresh    *refresh;
	Compilation *compilation;	/* to be made */
	List	   *segments;		/* CompiledSegment *, to be evaluated */
} Trial;

/* where a conversion of a format ends */
static const char *
conversion_end(const char *format)
{
	format += strspn(format, "0123456789$-+ #.*hlzqjt'");
	return *format ? format + 1 : format;
}

/*
 * The format of the server's message: what fills it may be a customer's data,
 * and the message is kept longer than the customer.  What permission is denied
 * for has a name.
 */
static char *
message_format(const ErrorData *error)
{
	StringInfoData buf;
	const char *next = error->message_id ? error->message_id : "%s";

	if (error->sqlerrcode == ERRCODE_INSUFFICIENT_PRIVILEGE && strncmp(next, "permission denied", 17) == 0)
		return pstrdup(error->message);
	initStringInfo(&buf);
	while (*next)
	{
		if (*next != '%')
			appendStringInfoChar(&buf, *next++);
		else if (next[1] == '%')
		{
			appendStringInfoChar(&buf, '%');
			next += 2;
		}
		else
		{
			appendStringInfoString(&buf, "...");
			next = conversion_end(next + 1);
		}
	}
	return strcmp(buf.data, "...") == 0 ? pstrdup("message of a function, which is not kept") : buf.data;
}

/* of a rule that cannot be read: the message knows of no customer */
static void
add_failure(Refresh *refresh, const CompiledSegment *segment, const ErrorData *error)
{
	RuleFailure *failure = palloc(sizeof(RuleFailure));

	failure->name = compile_segment_name(segment);
	failure->code = error->sqlerrcode;
	failure->message = pstrdup(error->message);
	failure->kept_message = failure->message;
	refresh->failures = lappend(refresh->failures, failure);
}

/* of a rule that has been evaluated for customers */
static void
add_failure_of_rows(Refresh *refresh, const CompiledSegment *segment, const ErrorData *error)
{
	add_failure(refresh, segment, error);
	((RuleFailure *) llast(refresh->failures))->kept_message = message_format(error);
}

static void
analyse(void *arg)
{
	Trial	   *trial = arg;

	model_analyse_into(trial->compilation, trial->refresh->model, refresh_failure_names(trial->refresh));
}

/* rules that can be read no more: of a column that is gone, say */
static Compilation *
analyse_what_can_be(Refresh *refresh)
{
	for (;;)
	{
		Compilation *compilation = palloc0(sizeof(Compilation));
		Trial		trial = {.refresh = refresh, .compilation = compilation};
		ErrorData  *error = trial_run_rule(analyse, &trial);

		if (error == NULL)
			return compilation;
		if (compilation->parsing == NULL)
			ReThrowError(error);
		add_failure(refresh, compilation->parsing, error);
	}
}

static void
evaluate(void *arg)
{
	Trial	   *trial = arg;
	List	   *conditions = NIL;
	StringInfoData buf;
	ListCell   *cell;

	foreach(cell, trial->segments)
		conditions = list_concat(conditions, ((CompiledSegment *) lfirst(cell))->conditions);
	initStringInfo(&buf);
	appendStringInfoString(&buf, "SELECT pg_catalog.count(");
	program_print_conditions(&buf, conditions);
	appendStringInfo(&buf, ") FROM %s AS source", relation_name(trial->refresh->model->source));
	SPI_connect();
	refresh_execute(trial->refresh, buf.data, NULL, NULL);
	SPI_finish();
}

/* adds those of the segments whose conditions cannot be evaluated for everyone */
static void
isolate(Refresh *refresh, List *segments)
{
	Trial		trial = {.refresh = refresh, .segments = segments};
	ErrorData  *error;
	List	   *rest;

	CHECK_FOR_INTERRUPTS();
	if (segments == NIL || (error = trial_run_rule(evaluate, &trial)) == NULL)
		return;
	if (list_length(segments) == 1)
	{
		add_failure_of_rows(refresh, linitial(segments), error);
		return;
	}
	rest = list_copy_tail(segments, list_length(segments) / 2);
	isolate(refresh, list_truncate(list_copy(segments), list_length(segments) / 2));
	isolate(refresh, rest);
}

static List *
evaluated_segments(const Compilation *compilation)
{
	List	   *result = NIL;
	ListCell   *cell;

	foreach(cell, compilation->segments)
	{
		CompiledSegment *segment = lfirst(cell);

		if (!segment->kept && segment->conditions != NIL)
			result = lappend(result, segment);
	}
	return result;
}

/* whether there are rules that fail which were not known before */
bool
refresh_find_failures(Refresh *refresh)
{
	int			known = list_length(refresh->failures);
	Compilation *compilation = analyse_what_can_be(refresh);

	isolate(refresh, evaluated_segments(compilation));
	return list_length(refresh->failures) > known;
}

List *
refresh_failure_names(const Refresh *refresh)
{
	List	   *names = NIL;
	ListCell   *cell;

	foreach(cell, refresh->failures)
		names = lappend(names, ((RuleFailure *) lfirst(cell))->name);
	return names;
}

static const RuleFailure *
failure_of(const Refresh *refresh, const CompiledSegment *culprit)
{
	const char *name = compile_segment_name(culprit);
	ListCell   *cell;

	foreach(cell, refresh->failures)
		if (strcmp(((RuleFailure *) lfirst(cell))->name, name) == 0)
			return lfirst(cell);
	elog(ERROR, "failure of rule %s is not known", name);
	return NULL;
}

static int
errhint_failing(const Model *model)
{
	return errhint("Mend the data that it reads, or the rule with segmentation.define_segment; which it is: SELECT * FROM segmentation.model_status(%s);",
				   quote_literal_cstr(model->id));
}

static void
warn(const CompiledSegment *segment, const RuleFailure *failure)
{
	if (segment->culprit == segment)
		ereport(WARNING,
				(errcode(failure->code),
				 errmsg("rule of segment \"%s\" of model \"%s\" fails: %s",
						segment->segment->id, segment->model->id, failure->message),
				 segment->model->kind == MODEL_EXCLUSIVE && !segment->last ?
				 errdetail("The segment keeps the members that it had, and who may belong to it keeps what they had of those after it.") :
				 errdetail("The segment keeps the members that it had."),
				 errhint_failing(segment->model)));
	else
		ereport(WARNING,
				(errcode(failure->code),
				 errmsg("segment \"%s\" of model \"%s\" asks for \"%s\", whose rule fails: %s",
						segment->segment->id, segment->model->id, failure->name, failure->message),
				 errdetail("The segment keeps the members that it had."),
				 errhint_failing(segment->culprit->model)));
}

/* so many rules that fail for the same reason are named one by one */
#define WARNED_ALONE 3

static bool
is_same_failure(const RuleFailure *a, const RuleFailure *b)
{
	return a->code == b->code && strcmp(a->message, b->message) == 0;
}

static void
warn_together(const Refresh *refresh, const RuleFailure *failure, List *names)
{
	ereport(WARNING,
			(errcode(failure->code),
			 errmsg("rules of %d segments of model \"%s\" fail: %s", list_length(names), refresh->model->id, failure->message),
			 errdetail("These segments, whose rules fail or ask for one that does, keep the members that they had: %s.",
					   first_ten(names, ", ")),
			 errhint("All of them: SELECT * FROM segmentation.model_status(%s);", quote_literal_cstr(refresh->model->id))));
}

/* a column that is gone may be read by every rule: one warning for each reason */
static void
warn_all(const Refresh *refresh)
{
	List	   *told = NIL;
	ListCell   *cell;
	ListCell   *other;

	foreach(cell, refresh->kept)
	{
		const RuleFailure *failure = failure_of(refresh, ((CompiledSegment *) lfirst(cell))->culprit);
		List	   *names = NIL;

		foreach(other, told)
			if (is_same_failure(lfirst(other), failure))
				break;
		if (other != NULL)
			continue;
		foreach(other, refresh->kept)
			if (is_same_failure(failure_of(refresh, ((CompiledSegment *) lfirst(other))->culprit), failure))
				names = lappend(names, ((CompiledSegment *) lfirst(other))->segment->id);
		if (list_length(names) <= WARNED_ALONE)
			warn(lfirst(cell), failure);
		else
		{
			warn_together(refresh, failure, names);
			told = lappend(told, unconstify(RuleFailure *, failure));
		}
	}
}

static bool
is_among(const char *name, const List *names)
{
	ListCell   *cell;

	foreach(cell, names)
		if (strcmp(lfirst(cell), name) == 0)
			return true;
	return false;
}

/*
 * For who only looks: of rules that fail and are not recorded, "model/segment",
 * as failing already.  The error may quote a customer's data, so that it is told
 * to those who can refresh the model.
 */
void
refresh_warn_since(const Refresh *refresh, const List *recorded)
{
	const Model *model = refresh->model;
	const RuleFailure *first = NULL;
	List	   *names = NIL;
	ListCell   *cell;

	foreach(cell, refresh->failures)
	{
		const RuleFailure *failure = lfirst(cell);

		if (is_among(failure->name, recorded))
			continue;
		first = first ? first : failure;
		names = lappend(names, failure->name);
	}
	if (first == NULL)
		return;
	ereport(WARNING,
			(errcode(first->code),
			 errmsg_plural("%d rule that model \"%s\" needs has begun to fail since its last refresh",
						   "%d rules that model \"%s\" needs have begun to fail since its last refresh",
						   list_length(names), list_length(names), model->id),
			 pg_class_aclcheck(model->assignment, GetUserId(), ACL_UPDATE) == ACLCHECK_OK ?
			 errdetail("Not compared for that: %s. The error of the first: %s.", first_ten(names, ", "), first->message) :
			 errdetail("Not compared for that: %s.", first_ten(names, ", ")),
			 errhint("SELECT * FROM segmentation.refresh(%s); records what fails.", quote_literal_cstr(model->id))));
}

static void
record(const Refresh *refresh, const CompiledSegment *segment)
{
	const RuleFailure *failure = failure_of(refresh, segment->culprit);
	Oid			types[7] = {TEXTOID, TEXTOID, TEXTOID, TEXTOID, TIMESTAMPTZOID, TEXTOID, TEXTOID};
	Datum		values[7];

	values[0] = CStringGetTextDatum(refresh->model->id);
	values[1] = CStringGetTextDatum(segment->segment->id);
	values[2] = CStringGetTextDatum(segment->culprit->model->id);
	values[3] = CStringGetTextDatum(segment->culprit->segment->id);
	values[4] = TimestampTzGetDatum(refresh->moment);
	values[5] = CStringGetTextDatum(unpack_sql_state(failure->code));
	values[6] = CStringGetTextDatum(failure->kept_message);
	catalogue_execute("INSERT INTO segmentation.rule_failure AS f (model, segment, failing_model, failing_segment, "
					  "since, refreshed_at, sqlstate, message) "
					  "VALUES ($1::@types@.segment_id, $2::@types@.segment_id, $3::@types@.segment_id, $4::@types@.segment_id, "
					  "$5, $5, $6, $7) ON CONFLICT (model, segment) DO UPDATE SET "
					  "failing_model = excluded.failing_model, failing_segment = excluded.failing_segment, "
					  "refreshed_at = excluded.refreshed_at, sqlstate = excluded.sqlstate, message = excluded.message",
					  7, types, values, NULL);
}

/* those of this refresh; what was recorded before and is not among them has healed */
void
refresh_record_failures(const Refresh *refresh)
{
	Oid			types[2] = {TEXTOID, TIMESTAMPTZOID};
	Datum		values[2];
	ListCell   *cell;

	foreach(cell, refresh->kept)
		record(refresh, lfirst(cell));
	warn_all(refresh);
	values[0] = CStringGetTextDatum(refresh->model->id);
	values[1] = TimestampTzGetDatum(refresh->moment);
	catalogue_execute("DELETE FROM segmentation.rule_failure "
					  "WHERE model OPERATOR(@types@.=) $1::@types@.segment_id AND refreshed_at < $2",
					  2, types, values, NULL);
}
