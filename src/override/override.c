/*
 * override.c: a model's table of people's decisions, and which there are.
 */
#include "segmentation.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "names.h"
#include "refusal.h"
#include "model/model.h"
#include "override/override.h"

/* segments of decisions that last beyond a moment, in the memory context of the moment */
static List *
read_segments(const Model *model, TimestampTz after)
{
	MemoryContext context = CurrentMemoryContext;
	List	   *segments = NIL;

	SPI_connect();
	if (execute_untold(psprintf("SELECT DISTINCT segment::pg_catalog.text FROM %s "
									   "WHERE expires_at IS NULL OR expires_at OPERATOR(pg_catalog.>) $1",
									   relation_name(model->override)),
							  1, (Oid[]) {TIMESTAMPTZOID}, (Datum[]) {TimestampTzGetDatum(after)},
							  NULL, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read the overrides of a model");
	MemoryContextSwitchTo(context);
	for (uint64 i = 0; i < SPI_processed; i++)
		segments = lappend(segments, SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1));
	SPI_finish();
	return segments;
}

/* a model as a list knows it, which is read if it does not */
OverriddenModel *
override_model(List **known, const Model *model, TimestampTz after)
{
	OverriddenModel *result;
	ListCell   *cell;

	foreach(cell, *known)
		if (((OverriddenModel *) lfirst(cell))->model == model)
			return lfirst(cell);
	result = palloc0(sizeof(OverriddenModel));
	result->model = model;
	if (OidIsValid(model->override))
		result->segments = read_segments(model, after);
	*known = lappend(*known, result);
	return result;
}

bool
override_is_about(const OverriddenModel *overridden, const char *segment)
{
	return names_contain(overridden->segments, segment);
}
