/*
 * override.c: a model's table of people's decisions, and which there are.
 */
#include "segmentation.h"

#include "names.h"
#include "override/override.h"

/* segments of decisions that last beyond a moment, in the memory context of the moment */
static List *
read_overridden(const Model *model, TimestampTz after, const KeyValues *key)
{
	MemoryContext context = CurrentMemoryContext;
	List	   *segments = NIL;

	SPI_connect();
	model_select(psprintf("SELECT DISTINCT source.segment::pg_catalog.text FROM %s AS source "
						  "WHERE (source.expires_at IS NULL OR source.expires_at OPERATOR(pg_catalog.>) $1)%s%s",
						  relation_name(model->override), key ? " AND " : "",
						  key ? key_condition(model->override, model->key, "source", 2) : ""), after, key, false);
	MemoryContextSwitchTo(context);
	for (uint64 i = 0; i < SPI_processed; i++)
		segments = lappend(segments, SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1));
	SPI_finish();
	return segments;
}

/* a model as a list knows it, which is read if it does not: all decisions, or those about one customer */
OverriddenModel *
override_model(List **known, const Model *model, TimestampTz after, const KeyValues *key)
{
	OverriddenModel *result;
	ListCell   *cell;

	foreach(cell, *known)
	{
		if (((OverriddenModel *) lfirst(cell))->model == model)
			return lfirst(cell);
	}
	result = palloc0(sizeof(OverriddenModel));
	result->model = model;
	if (OidIsValid(model->override))
		result->segments = read_overridden(model, after, key);
	*known = lappend(*known, result);
	return result;
}

bool
override_is_about(const OverriddenModel *overridden, const char *segment)
{
	return names_contain(overridden->segments, segment);
}
