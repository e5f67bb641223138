/*
 * refresh_source.c: a source that has a customer without a key, or twice.
 */
#include "segmentation.h"

#include "access/relation.h"
#include "catalog/pg_inherits.h"
#include "utils/builtins.h"
#include "utils/rel.h"

#include "model/compile.h"
#include "model/objects.h"
#include "model/refresh.h"

void
source_raise_null_key(const Model *model, const char *column)
{
	ereport(ERROR,
			(errcode(ERRCODE_NOT_NULL_VIOLATION),
			 errmsg("a customer in %s has no key", relation_name(model->source)),
			 errdetail("Column \"%s\" is null.", column),
			 errhint("Leave such rows out of the source, or give them a key.")));
	pg_unreachable();
}

pg_noreturn static void
source_raise_duplicate(const Model *model, const char *key)
{
	ereport(ERROR,
			(errcode(ERRCODE_CARDINALITY_VIOLATION),
			 errmsg("a customer is in %s more than once", relation_name(model->source)),
			 errdetail("Key (%s)=(%s) is in several rows.", compile_key_list(model->key, NULL), key),
			 errhint("The source of a model has one row per customer.")));
	pg_unreachable();
}

/* whether an index of the source keeps every key to one row */
bool
source_is_unique(const Model *model)
{
	Relation	rel = relation_open_existing(model->source, AccessShareLock);
	/* the children of a plain table have indexes of their own */
	bool		result = source_has_unique_index(rel, model->key) &&
		!(rel->rd_rel->relkind == RELKIND_RELATION && has_subclass(model->source));

	relation_close(rel, AccessShareLock);
	return result;
}

static void
raise_duplicate_row(Refresh *refresh, TupleTableSlot *slot, void *arg)
{
	source_raise_duplicate(refresh->model, TextDatumGetCString(slot->tts_values[0]));
}

void
source_refuse_duplicates(Refresh *refresh, const char *relation)
{
	char	   *key = compile_key_list(refresh->model->key, NULL);

	refresh_execute(refresh,
					psprintf("SELECT pg_catalog.concat_ws(', ', %s) FROM %s GROUP BY %s "
							 "HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 1 ORDER BY %s LIMIT 1",
							 key, relation, key, key),
					raise_duplicate_row, NULL);
}
