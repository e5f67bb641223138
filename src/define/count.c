/*
 * count.c: how many customers a segment has, when it is defined.
 *
 * A rule that raises an error is defined all the same: the data may be wrong
 * and the rule right.
 */
#include "segmentation.h"

#include "access/xact.h"
#include "utils/timestamp.h"

#include "trial.h"
#include "define/define.h"
#include "explain/preview.h"

typedef struct Counting
{
	Preview		preview;
	SegmentCount *count;
	bool		guarded;		/* currencies are compared only where a rule's guard lets them */
} Counting;

/* NULL: none */
static char *
clash_condition(const Rule *rule)
{
	StringInfoData buf;
	ListCell   *cell;

	initStringInfo(&buf);
	if (rule)
	{
		foreach(cell, rule_currency_clashes(rule))
		{
			appendStringInfo(&buf, "%s(%s)", foreach_current_index(cell) > 0 ? " OR " : "",
							 (char *) lfirst(cell));
		}
	}
	return buf.len > 0 ? buf.data : NULL;
}

/* as it is kept; NULL: none */
static Rule *
defined_rule(const Model *model, const char *id)
{
	ListCell   *cell;

	foreach(cell, model->segments)
	{
		const ModelSegment *segment = lfirst(cell);

		if (segment->rule && strcmp(segment->id, id) == 0)
			return rule_parse_kept(model->source, segment->rule, model->id, model->time_zone);
	}
	return NULL;
}

static void
warn_clashes(const char *segment, int64 clashes)
{
	if (clashes > 0)
		ereport(WARNING,
				(errmsg_plural("rule of segment \"%s\" compares prices of different currencies for %lld customer",
							   "rule of segment \"%s\" compares prices of different currencies for %lld customers",
							   (unsigned long) clashes, segment, (long long) clashes),
				 errdetail("Such a comparison is NULL."),
				 errhint("Convert them to one currency first, with convert_currency(price, currency).")));
}

/* whom a negation leaves out because a column is NULL */
static void
notice_unknown(const char *segment, const Rule *rule, int64 unknown)
{
	char	   *instead;
	char	   *negation = rule && unknown > 0 ? rule_negation(rule, &instead) : NULL;

	if (negation)
		ereport(NOTICE,
				(errmsg_plural("rule of segment \"%s\" is NULL for %lld customer, who is no member",
							   "rule of segment \"%s\" is NULL for %lld customers, who are no members",
							   (unsigned long) unknown, segment, (long long) unknown),
				 errdetail("It has the negation %s, which is NULL where a column is.", negation),
				 errhint("If they are to be members write %s instead.", instead)));
}

static void
warn_error(const char *segment, const ErrorData *error)
{
	ereport(WARNING,
			(errcode(error->sqlerrcode),
			 errmsg("segment \"%s\" is defined, but its rule raises an error", segment),
			 errdetail("%s", error->message),
			 errhint("Until the rule or the data is mended, refreshes leave the segment with the members that it has.")));
}

/* as the model's owner, as a refresh would; names in the kept rule are not the caller's to give a meaning */
static void
count_members(void *arg)
{
	Counting   *counting = arg;
	const Model *model = counting->preview.model;
	ProposedRule *proposed = &counting->preview.proposed;
	ModelContext saved;
	PreviewCounts counts;

	model_enter(model, &saved);
	moment_set(counting->preview.as_of);
	proposed->rule = defined_rule(model, proposed->segment);
	proposed->clash = counting->guarded ? NULL : clash_condition(proposed->rule);
	counts = preview_count(&counting->preview);
	*counting->count = (SegmentCount)
	{
		true, counts.members, counts.customers, counts.unknown
	};
	warn_clashes(proposed->segment, counts.clashes);
	notice_unknown(proposed->segment, proposed->rule, counts.unknown);
	model_leave(&saved);
}

/* within SPI; after an error counts stay unknown, and a warning says why */
void
count_segment(const char *model, const char *segment, SegmentCount *count)
{
	Counting	counting = {.count = count};
	ErrorData  *error;

	counting.preview = (Preview)
	{
		.model = model_read(model),.proposed.segment = segment, .as_of = GetCurrentTransactionStartTimestamp(), .sample = 1
	};
	error = trial_run(count_members, &counting, true);
	if (error && counting.preview.proposed.clash && is_rules_error(error->sqlerrcode))
	{
		counting.guarded = true;
		error = trial_run(count_members, &counting, true);
	}
	if (error && !is_rules_error(error->sqlerrcode))
		ReThrowError(error);
	if (error)
		warn_error(segment, error);
}
