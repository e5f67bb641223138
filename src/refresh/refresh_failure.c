/*
 * refresh_failure.c: what a refresh says of rules that fail, and records.
 */
#include "segmentation.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "names.h"
#include "refusal.h"
#include "decide/failure.h"
#include "refresh/refresh.h"

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
		const RuleFailure *failure = failure_of(refresh->failures, ((CompiledSegment *) lfirst(cell))->culprit);
		List	   *names = NIL;

		foreach(other, told)
		{
			if (is_same_failure(lfirst(other), failure))
				break;
		}
		if (other != NULL)
			continue;
		foreach(other, refresh->kept)
		{
			if (is_same_failure(failure_of(refresh->failures, ((CompiledSegment *) lfirst(other))->culprit), failure))
				names = lappend(names, ((CompiledSegment *) lfirst(other))->segment->id);
		}
		if (list_length(names) <= WARNED_ALONE)
			warn(lfirst(cell), failure);
		else
		{
			warn_together(refresh, failure, names);
			told = lappend(told, unconstify(RuleFailure *, failure));
		}
	}
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

		if (names_contain(recorded, failure->name))
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
	const RuleFailure *failure = failure_of(refresh->failures, segment->culprit);
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
	{
		record(refresh, lfirst(cell));
	}
	warn_all(refresh);
	values[0] = CStringGetTextDatum(refresh->model->id);
	values[1] = TimestampTzGetDatum(refresh->moment);
	catalogue_execute("DELETE FROM segmentation.rule_failure "
					  "WHERE model OPERATOR(@types@.=) $1::@types@.segment_id AND refreshed_at < $2",
					  2, types, values, NULL);
}
