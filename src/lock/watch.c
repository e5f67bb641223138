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
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/reltrigger.h"

#include "expression.h"
#include "lock/lock.h"

/* range table entry 1 of a trigger's condition is OLD */
static bool
reads_all(const char *condition, const List *columns)
{
	List	   *read = expression_columns(stringToNode(condition));

	return list_difference_int(columns, read) == NIL;
}

static bool
is_watched(Relation rel, const List *columns)
{
	TriggerDesc *triggers = rel->trigdesc;
	Oid			schema = get_namespace_oid("segmentation", false);

	for (int i = 0; triggers && i < triggers->numtriggers; i++)
	{
		Trigger    *trigger = &triggers->triggers[i];

		if (trigger->tgqual && get_func_namespace(trigger->tgfoid) == schema &&
			reads_all(trigger->tgqual, columns))
			return true;
	}
	return false;
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
			 errhint("Give the columns back their names, or renew the lock with segmentation.remove_lock and segmentation.install_lock.")));
}

/* without those that are there no more, which the trigger itself will miss */
static List *
column_numbers(Oid relid, ArrayType *names)
{
	Datum	   *elements;
	int			count;
	List	   *result = NIL;

	deconstruct_array(names, NAMEOID, NAMEDATALEN, false, TYPALIGN_CHAR, &elements, NULL, &count);
	for (int i = 0; i < count; i++)
	{
		AttrNumber	attnum = get_attnum(relid, NameStr(*DatumGetName(elements[i])));

		if (attnum > 0)
			result = lappend_int(result, attnum);
	}
	return result;
}

/*
 * lock_watches(table, columns): true, or an error.  Part of a trigger's condition;
 * declared immutable, it is asked once, when a statement comes upon the trigger.
 */
PG_FUNCTION_INFO_V1(lock_watches);
Datum
lock_watches(PG_FUNCTION_ARGS)
{
	Relation	rel = try_relation_open(PG_GETARG_OID(0), AccessShareLock);

	if (rel)
	{
		lock_require_watched(rel, column_numbers(RelationGetRelid(rel), PG_GETARG_ARRAYTYPE_P(1)));
		relation_close(rel, AccessShareLock);
	}
	PG_RETURN_BOOL(true);
}
