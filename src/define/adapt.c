/*
 * adapt.c: the rules of a model are read over its new source.
 */
#include "segmentation.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"

#include "names.h"
#include "refusal.h"
#include "trial.h"
#include "define/define.h"

typedef struct SegmentRule
{
	char	   *model;
	char	   *segment;
	char	   *text;
} SegmentRule;

static List *
found_rules(void)
{
	List	   *rules = NIL;

	for (uint64 i = 0; i < SPI_processed; i++)
	{
		SegmentRule *rule = palloc(sizeof(SegmentRule));

		rule->model = catalogue_get(i, 1);
		rule->segment = catalogue_get(i, 2);
		rule->text = catalogue_get(i, 3);
		rules = lappend(rules, rule);
	}
	return rules;
}

static void
keep_rule(const SegmentRule *kept, const Rule *rule)
{
	catalogue_execute("UPDATE segmentation.segment SET rule = $3, columns = $4 "
					  "WHERE model OPERATOR(@types@.=) $1::@types@.segment_id AND id OPERATOR(@types@.=) $2::@types@.segment_id",
					  4, (Oid[]) {TEXTOID, TEXTOID, TEXTOID, NAMEARRAYOID},
					  (Datum[]) {CStringGetTextDatum(kept->model), CStringGetTextDatum(kept->segment),
								 CStringGetTextDatum(rule_deparse(rule)), names_to_array(rule->columns)}, NULL);
}

typedef struct Adaptation
{
	const Model *model;
	SegmentRule *rule;
} Adaptation;

static void
adapt_rule(void *arg)
{
	const Adaptation *adaptation = arg;
	const Model *model = adaptation->model;

	keep_rule(adaptation->rule, rule_parse_kept(model->source, adaptation->rule->text, model->id, model->time_zone));
}

static void
warn_unreadable(const Model *model, List *segments, const ErrorData *error)
{
	if (segments == NIL)
		return;
	ereport(WARNING,
			(errcode(error->sqlerrcode),
			 errmsg_plural("%d rule of model \"%s\" cannot be read over the new source: %s",
						   "%d rules of model \"%s\" cannot be read over the new source, the first: %s",
						   list_length(segments), list_length(segments), model->id, error->message),
			 errdetail("Of these segments: %s. They keep the members that they have.", first_ten(segments, ", ")),
			 errhint("Define them by columns that the source has, with segmentation.define_segment.")));
}

/*
 * Every rule gets its meaning over the new source: to the owner, as whom it will
 * be read.  One that has none there fails until it is defined anew; to refuse
 * the source would leave no way on where the old one is gone.
 */
void
adapt_rules(const Model *model)
{
	List	   *unreadable = NIL;
	ErrorData  *first = NULL;
	ModelContext saved;
	ListCell   *cell;

	catalogue_execute("SELECT model::pg_catalog.text, id::pg_catalog.text, rule FROM segmentation.segment "
					  "WHERE model OPERATOR(@types@.=) $1::@types@.segment_id AND rule IS NOT NULL ORDER BY id",
					  1, (Oid[]) {TEXTOID}, (Datum[]) {CStringGetTextDatum(model->id)}, NULL);
	model_enter(model, &saved);
	foreach(cell, found_rules())
	{
		Adaptation	adaptation = {model, lfirst(cell)};
		ErrorData  *error = trial_run_rule(adapt_rule, &adaptation);

		if (error == NULL)
			continue;
		first = first ? first : error;
		unreadable = lappend(unreadable, adaptation.rule->segment);
	}
	model_leave(&saved);
	warn_unreadable(model, unreadable, first);
}
