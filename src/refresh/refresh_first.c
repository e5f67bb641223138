/*
 * refresh_first.c: the first refresh of a model fills an empty table.
 */
#include "segmentation.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_class.h"
#include "commands/comment.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "storage/lmgr.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/ruleutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "key.h"
#include "refusal.h"
#include "decide/compile.h"
#include "model/model.h"
#include "refresh/refresh.h"

/* whether there is any, also of a session that has committed after our snapshot */
static bool
has_answers(const Model *model)
{
	int			result;

	PushActiveSnapshot(GetLatestSnapshot());
	result = execute_untold(psprintf("SELECT FROM %s LIMIT 1", relation_name(model->assignment)), 0, NULL, NULL, NULL, true, 1);
	PopActiveSnapshot();
	if (result != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute failed: %s", SPI_result_code_string(result));
	return SPI_processed > 0;
}

static bool
is_described_index(const char *column)
{
	const ColumnDescription *description = description_column(ASSIGNMENT_TABLE, column);

	return description && description->index;
}

/* an index as create_model makes it, which nothing else has been made of */
static bool
is_replaceable(Relation rel, Oid index_oid)
{
	HeapTuple	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(index_oid));
	Form_pg_index index;
	char	   *column;
	bool		result;

	if (!HeapTupleIsValid(tuple))
		return false;
	index = (Form_pg_index) GETSTRUCT(tuple);
	column = index->indkey.values[0] > 0 ?
		get_attname(RelationGetRelid(rel), index->indkey.values[0], false) : NULL;
	result = column && index->indnatts == 1 && !index->indisunique && !index->indisexclusion &&
		index->indisvalid && !index->indisclustered && !index->indisreplident &&
		!get_rel_relispartition(index_oid) &&
		GetComment(index_oid, RelationRelationId, 0) == NULL &&
		is_described_index(column);
	ReleaseSysCache(tuple);
	return result;
}

static void
drop_index(Oid index_oid)
{
	ObjectAddress address;

	ObjectAddressSet(address, RelationRelationId, index_oid);
	performDeletion(&address, DROP_RESTRICT, PERFORM_DELETION_INTERNAL);
}

/*
 * Indexes are made faster of all rows at once.  Returns the statements that
 * make those again which have been dropped.
 */
static List *
drop_indexes(const Model *model)
{
	Relation	rel = relation_open_existing(model->assignment, NoLock);
	List	   *indexes = RelationGetIndexList(rel);
	List	   *result = NIL;
	ListCell   *cell;

	/* in use by the session itself, which the server would not allow */
	if (rel->rd_rel->relkind != RELKIND_RELATION || rel->rd_refcnt != 1 || AfterTriggerPendingOnRel(model->assignment))
		indexes = NIL;
	foreach(cell, indexes)
	{
		if (is_replaceable(rel, lfirst_oid(cell)))
			result = lappend(result, pg_get_indexdef_string(lfirst_oid(cell)));
		else
			indexes = foreach_delete_current(indexes, cell);
	}
	table_close(rel, NoLock);
	foreach(cell, indexes)
	{
		drop_index(lfirst_oid(cell));
	}
	return result;
}

static void
count_filled_row(Refresh *refresh, TupleTableSlot *slot, void *arg)
{
	refresh_count_row(refresh);
	refresh_count_change(refresh, (Datum) 0, true, slot->tts_values[0], false);
}

static void
insert_all(Refresh *refresh)
{
	const Model *model = refresh->model;
	char	   *key = key_column_list(model->key, NULL);
	char	   *evaluated = description_list(ASSIGNMENT_TABLE, COLUMN_EVALUATED, "", NULL);

	refresh_execute(refresh,
					psprintf("INSERT INTO %s (%s, since, version, %s) "
							 "SELECT %s, $2, %d, %s FROM (%s) AS n RETURNING segments",
							 relation_name(model->assignment), key, evaluated,
							 key, model->version, evaluated, refresh->select),
					count_filled_row, NULL);
}

/* the primary key says that the source has a customer twice or one without a key */
static void
blame_source(Refresh *refresh, ErrorData *error)
{
	const char *table = get_rel_name(refresh->model->assignment);

	if (error->table_name == NULL || table == NULL || strcmp(error->table_name, table) != 0)
		return;
	if (error->sqlerrcode == ERRCODE_UNIQUE_VIOLATION)
	{
		error->sqlerrcode = ERRCODE_CARDINALITY_VIOLATION;
		error->message = psprintf("a customer is in %s more than once", relation_name(refresh->model->source));
		error->hint = pstrdup("The source of a model has one row per customer.");
	}
	else if (error->sqlerrcode == ERRCODE_NOT_NULL_VIOLATION && error->column_name)
	{
		error->message = psprintf("a customer in %s has no key", relation_name(refresh->model->source));
		error->detail = psprintf("Column \"%s\" is null.", error->column_name);
		error->hint = pstrdup("Leave such rows out of the source, or give them a key.");
	}
}

static void
insert_all_or_blame(Refresh *refresh)
{
	MemoryContext context = CurrentMemoryContext;

	PG_TRY();
	{
		insert_all(refresh);
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		blame_source(refresh, error);
		ReThrowError(error);
	}
	PG_END_TRY();
}

/* false: there are answers already, perhaps of a session that we have waited for */
bool
refresh_fill(Refresh *refresh)
{
	const Model *model = refresh->model;
	List	   *indexes;
	ListCell   *cell;

	if (has_answers(model))
		return false;
	LockRelationOid(model->assignment, AccessExclusiveLock);
	if (has_answers(model))
		return false;
	indexes = drop_indexes(model);
	insert_all_or_blame(refresh);
	foreach(cell, indexes)
	{
		refresh_execute(refresh, lfirst(cell), NULL, NULL);
	}
	refresh->appeared = refresh->rows_read;
	return true;
}
