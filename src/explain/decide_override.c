/*
 * decide_override.c: the overrides that count for one customer.
 */
#include "segmentation.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/timestamp.h"

#include "refusal.h"
#include "decide/reference.h"
#include "explain/decide.h"
#include "model/model.h"

/* for segments that there are no more they do nothing */
static void
take_override(const Decision *decision, const Model *model, HeapTuple tuple)
{
	TupleDesc	desc = SPI_tuptable->tupdesc;
	DecidedSegment *segment = decide_find(decision, model->id, SPI_getvalue(tuple, desc, 1));
	bool		isnull;

	if (segment == NULL)
		return;
	segment->override = palloc0(sizeof(Override));
	segment->override->member = DatumGetBool(SPI_getbinval(tuple, desc, 2, &isnull));
	segment->override->expires_at = SPI_getvalue(tuple, desc, 3);
	if (desc->natts == 3)
		return;
	segment->override->reason = SPI_getvalue(tuple, desc, 4);
	segment->override->author = SPI_getvalue(tuple, desc, 5);
}

/* the reasons of others are not for us, and an answer needs none, where that column is lost */
static void
read_decisions(Decision *decision, const Model *model, const KeyValues *key)
{
	bool		with_reasons = model == decision->model && description_missing_column(OVERRIDE_TABLE, model->override, 0) == NULL;

	model_select(psprintf("SELECT source.segment::pg_catalog.text, source.member, source.expires_at::pg_catalog.text%s "
						  "FROM %s AS source WHERE %s AND (source.expires_at IS NULL OR source.expires_at > $1)",
						  with_reasons ? ", source.reason, source.author" : "",
						  relation_name(model->override), key_condition(model->override, model->key, "source", 2)),
				 decision->as_of, key, true);
	for (uint64 i = 0; i < SPI_processed; i++)
		take_override(decision, model, SPI_tuptable->vals[i]);
}

/*
 * Of all models that are asked for, which have the same key.  A stored answer
 * has what people had decided.
 */
void
decide_read_overrides(Decision *decision, const KeyValues *key)
{
	ListCell   *cell;

	foreach(cell, decision->models)
	{
		const Model *model = lfirst(cell);

		if (OidIsValid(model->override) && !reference_reads_answers(decision->model, model))
			read_decisions(decision, model, key);
	}
}
