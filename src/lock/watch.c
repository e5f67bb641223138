/*
 * watch.c: whether triggers still look at the columns that the lock names.
 *
 * Arguments of triggers are names, but their conditions hold on to columns.  If
 * a column is renamed and another one takes its name, a condition would watch
 * the one while the lock reads the other.
 */
#include "segmentation.h"

#include "access/relation.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/reltrigger.h"

#include "expression.h"
#include "names.h"
#include "lock/lock.h"

/* the columns of a table that were asked for last, and found to be watched */
typedef struct WatchedTable
{
	Oid			relid;			/* hash key */
	ArrayType  *columns;		/* names; NULL: none yet */
	uint64		as_of;			/* lock_invalidations() then */
} WatchedTable;

static HTAB *watched_tables = NULL;

static WatchedTable *
watched_table(Oid relid)
{
	WatchedTable *table;
	bool		found;

	if (watched_tables == NULL)
	{
		HASHCTL		ctl = {0};

		ctl.keysize = sizeof(Oid);
		ctl.entrysize = sizeof(WatchedTable);
		watched_tables = hash_create("tables of locks whose columns are watched", 16, &ctl,
									 HASH_ELEM | HASH_BLOBS);
	}
	table = hash_search(watched_tables, &relid, HASH_ENTER, &found);
	if (!found)
		table->columns = NULL;
	return table;
}

static bool
is_known(const WatchedTable *table, const ArrayType *columns)
{
	return table->columns && table->as_of == lock_invalidations() && VARSIZE(table->columns) == VARSIZE(columns) &&
		memcmp(table->columns, columns, VARSIZE(columns)) == 0;
}

static void
note_columns(WatchedTable *table, const ArrayType *columns, uint64 as_of)
{
	ArrayType  *copy = MemoryContextAlloc(TopMemoryContext, VARSIZE(columns));

	memcpy(copy, columns, VARSIZE(columns));
	if (table->columns)
		pfree(table->columns);
	table->columns = copy;
	table->as_of = as_of;
}

/* range table entry 1 of a trigger's condition is OLD */
static bool
reads_all(const char *condition, const List *columns)
{
	List	   *read = expression_columns(stringToNode(condition));

	return list_difference_int(columns, read) == NIL;
}

/* what the relation has may be replaced whenever the catalog is read */
static bool
is_watched(Relation rel, const List *columns)
{
	TriggerDesc *triggers = CopyTriggerDesc(rel->trigdesc);
	Oid			schema = get_namespace_oid("segmentation_internal", false);

	for (int i = 0; triggers && i < triggers->numtriggers; i++)
	{
		Trigger    *trigger = &triggers->triggers[i];

		if (trigger->tgqual && get_func_namespace(trigger->tgfoid) == schema &&
			reads_all(trigger->tgqual, columns))
			return true;
	}
	return false;
}

/* the call that renews the lock that has a trigger on the relation */
static char *
renewal(Relation rel)
{
	Oid			schema = get_namespace_oid("segmentation_internal", false);

	for (int i = 0; rel->trigdesc && i < rel->trigdesc->numtriggers; i++)
	{
		Trigger    *trigger = &rel->trigdesc->triggers[i];

		if (get_func_namespace(trigger->tgfoid) == schema && trigger->tgnargs > 0)
			return lock_call(lock_definition_parse(trigger->tgnargs, trigger->tgargs), "renew_lock");
	}
	return " with segmentation.renew_lock.";
}

/* one trigger must read all of these columns, given by their numbers */
void
lock_require_watched(Relation rel, const List *columns)
{
	if (is_watched(rel, columns))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("the lock's triggers on \"%s\" do not watch the columns that the lock names",
					RelationGetRelationName(rel)),
			 errdetail("A column was renamed, and another one has its name now."),
			 errhint("Give the columns back their names, or let the lock read those that have the names now%s", renewal(rel))));
}

/* without those that are there no more, which the trigger itself will miss */
static List *
column_numbers(Oid relid, ArrayType *names)
{
	List	   *result = NIL;
	ListCell   *cell;

	foreach(cell, names_list(names))
	{
		AttrNumber	attnum = get_attnum(relid, lfirst(cell));

		if (attnum > 0)
			result = lappend_int(result, attnum);
	}
	return result;
}

/*
 * lock_watches(table, columns): true, or an error.  Part of a trigger's condition;
 * declared immutable, it is asked once, when a statement comes upon the trigger.
 * Reading conditions would take a small statement a tenth of its time, so the
 * answer is kept for as long as nothing about the table changes.
 */
PG_FUNCTION_INFO_V1(lock_watches);
Datum
lock_watches(PG_FUNCTION_ARGS)
{
	Relation	rel = try_relation_open(PG_GETARG_OID(0), AccessShareLock);
	ArrayType  *columns = PG_GETARG_ARRAYTYPE_P(1);
	WatchedTable *table;

	if (rel == NULL)
		PG_RETURN_BOOL(true);
	table = watched_table(RelationGetRelid(rel));
	if (!is_known(table, columns))
	{
		uint64		as_of = lock_invalidations();

		lock_require_watched(rel, column_numbers(RelationGetRelid(rel), columns));
		note_columns(table, columns, as_of);
	}
	relation_close(rel, AccessShareLock);
	PG_RETURN_BOOL(true);
}
