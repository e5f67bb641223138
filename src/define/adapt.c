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

typedef struct Adaptation
{
	const Model *model;
	const ModelSegment *segment;
} Adaptation;

static void
adapt_rule(void *arg)
{
	const Model *model = ((const Adaptation *) arg)->model;
	const ModelSegment *segment = ((const Adaptation *) arg)->segment;
	Rule	   *rule = rule_parse_kept(model->source, segment->rule, model->id, model->time_zone);

	catalogue_execute("UPDATE segmentation.segment SET rule = $3, columns = $4 "
					  "WHERE model OPERATOR(@types@.=) $1::@types@.segment_id AND id OPERATOR(@types@.=) $2::@types@.segment_id",
					  4, OIDS(TEXTOID, TEXTOID, TEXTOID, NAMEARRAYOID),
					  DATUMS(CStringGetTextDatum(model->id), CStringGetTextDatum(segment->id),
							 CStringGetTextDatum(rule_deparse(rule)), names_to_array(rule->columns)), NULL);
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
	List	   *segments = model_read(model->id)->segments;
	List	   *unreadable = NIL;
	ErrorData  *first = NULL;
	ModelContext saved;
	ListCell   *cell;

	model_enter(model, &saved);
	foreach(cell, segments)
	{
		Adaptation	adaptation = {model, lfirst(cell)};
		ErrorData  *error = adaptation.segment->rule ? trial_run_rule(adapt_rule, &adaptation) : NULL;

		if (error == NULL)
			continue;
		first = first ? first : error;
		unreadable = lappend(unreadable, adaptation.segment->id);
	}
	model_leave(&saved);
	warn_unreadable(model, unreadable, first);
}
