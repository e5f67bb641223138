/*
 * failing.c: rules that failed at the last refresh.
 */
#include "segmentation.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"

#include "refusal.h"
#include "model/model.h"

/* "model/segment" of rules that failed at the last refresh, in the memory context of the moment */
List *
model_failing_rules(const Model *model)
{
	MemoryContext context = CurrentMemoryContext;
	Oid			types[1] = {TEXTOID};
	Datum		values[1] = {CStringGetTextDatum(model->id)};
	List	   *names = NIL;
	ModelContext saved;

	SPI_connect();
	catalogue_enter(&saved);
	if (execute_untold(catalogue_query("SELECT DISTINCT failing_model::pg_catalog.text || '/' || failing_segment::pg_catalog.text "
											  "FROM segmentation.rule_failure WHERE model OPERATOR(@types@.=) $1::@types@.segment_id"),
							  1, types, values, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read the failing rules of a model");
	MemoryContextSwitchTo(context);
	for (uint64 i = 0; i < SPI_processed; i++)
		names = lappend(names, SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1));
	model_leave(&saved);
	SPI_finish();
	return names;
}
