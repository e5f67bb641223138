/*
 * failure.c: rules that fail, which must not stop the others.
 *
 * A column may be gone, a function may raise, a division be by zero for one
 * customer.  Which rules those are is found by halves: conditions that can be
 * evaluated together for everyone are of no failing rule.  That is only done
 * once something has failed.
 */
#include "segmentation.h"

#include "executor/spi.h"
#include "miscadmin.h"

#include "trial.h"
#include "decide/failure.h"
#include "decide/program.h"

/* what is tried, and may fail */
typedef struct FailureTrial
{
	const Model *model;
	const ProposedRule *proposed;
	const List *kept;
	Compilation *compilation;	/* to be made */
	TimestampTz as_of;
	bool		read_only;		/* what a stable function sees */
	List	   *segments;		/* CompiledSegment *, to be evaluated */
} FailureTrial;

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

static RuleFailure *
add_failure(List **failures, const CompiledSegment *segment, const ErrorData *error)
{
	RuleFailure *failure = palloc(sizeof(RuleFailure));

	failure->name = compile_segment_name(segment);
	failure->code = error->sqlerrcode;
	failure->message = pstrdup(error->message);
	failure->kept_message = failure->message;
	*failures = lappend(*failures, failure);
	return failure;
}

static void
analyse_kept(void *arg)
{
	FailureTrial *trial = arg;

	compile_analyse_into(trial->compilation, trial->model, trial->kept, trial->proposed);
}

/* adds rules that can be read no more, of a column that is gone, say: the message knows of no customer */
Compilation *
failure_analyse(const Model *model, const ProposedRule *proposed, List **failures)
{
	FailureTrial trial = {.model = model, .proposed = proposed};
	ErrorData  *error;

	for (;;)
	{
		trial.kept = failure_names(*failures);
		trial.compilation = palloc0(sizeof(Compilation));
		if ((error = trial_run_rule(analyse_kept, &trial)) == NULL)
			return trial.compilation;
		if (trial.compilation->parsing == NULL)
			ReThrowError(error);
		(void) add_failure(failures, trial.compilation->parsing, error);
	}
}

static void
evaluate_conditions(void *arg)
{
	FailureTrial *trial = arg;
	List	   *conditions = NIL;
	StringInfoData buf;
	ListCell   *cell;

	foreach(cell, trial->segments)
	{
		conditions = list_concat(conditions, rule_conditions(compile_program(lfirst(cell))));
	}
	initStringInfo(&buf);
	appendStringInfoString(&buf, "SELECT pg_catalog.count(");
	program_print_conditions(&buf, conditions);
	appendStringInfo(&buf, ") FROM %s AS source", relation_name(trial->model->source));
	SPI_connect();
	model_execute(buf.data, trial->as_of, trial->read_only, NULL);
	SPI_finish();
}

/* adds those of the segments whose conditions cannot be evaluated for everyone */
static void
isolate(FailureTrial *trial, List *segments, List **failures)
{
	ErrorData  *error;
	int			half = list_length(segments) / 2;

	CHECK_FOR_INTERRUPTS();
	trial->segments = segments;
	if (segments == NIL || (error = trial_run_rule(evaluate_conditions, trial)) == NULL)
		return;
	if (half == 0)
	{
		add_failure(failures, linitial(segments), error)->kept_message = message_format(error);
		return;
	}
	isolate(trial, list_truncate(list_copy(segments), half), failures);
	isolate(trial, list_copy_tail(segments, half), failures);
}

static List *
evaluated_segments(const Compilation *compilation)
{
	List	   *result = NIL;
	ListCell   *cell;

	foreach(cell, compilation->segments)
	{
		CompiledSegment *segment = lfirst(cell);

		if (!segment->kept && !segment->proposed && !segment->stored && rule_conditions(compile_program(segment)) != NIL)
			result = lappend(result, segment);
	}
	return result;
}

/* whether there are rules that fail which were not known before; a proposed one is not looked at */
bool
failure_find(const Model *model, const ProposedRule *proposed, TimestampTz as_of, bool read_only, List **failures)
{
	FailureTrial trial = {.model = model, .as_of = as_of, .read_only = read_only};
	int			known = list_length(*failures);
	Compilation *compilation = failure_analyse(model, proposed, failures);

	if (list_length(*failures) == known)
		isolate(&trial, evaluated_segments(compilation), failures);
	return list_length(*failures) > known;
}

/* "model/segment", as compile_analyse takes them */
List *
failure_names(const List *failures)
{
	List	   *names = NIL;
	ListCell   *cell;

	foreach(cell, failures)
	{
		names = lappend(names, ((RuleFailure *) lfirst(cell))->name);
	}
	return names;
}

const RuleFailure *
failure_of(const List *failures, const CompiledSegment *culprit)
{
	const char *name = compile_segment_name(culprit);
	ListCell   *cell;

	foreach(cell, failures)
	{
		if (strcmp(((RuleFailure *) lfirst(cell))->name, name) == 0)
			return lfirst(cell);
	}
	elog(ERROR, "failure of rule %s is not known", name);
	return NULL;
}
