/*
 * failing.c: rules that failed at the last refresh.
 */
#include "segmentation.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"

#include "model/model.h"

/* "model/segment" of rules that failed at the last refresh, in the memory context of the moment */
List *
model_failing_rules(const Model *model)
{
	MemoryContext context = CurrentMemoryContext;
	List	   *names = NIL;

	SPI_connect();
	catalogue_execute("SELECT DISTINCT failing_model::pg_catalog.text || '/' || failing_segment::pg_catalog.text "
					  "FROM segmentation.rule_failure WHERE model OPERATOR(@types@.=) $1::@types@.segment_id",
					  1, OIDS(TEXTOID), DATUMS(CStringGetTextDatum(model->id)), NULL);
	MemoryContextSwitchTo(context);
	for (uint64 i = 0; i < SPI_processed; i++)
		names = lappend(names, catalogue_get(i, 1));
	SPI_finish();
	return names;
}
