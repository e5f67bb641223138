/*
 * execute.c: the statements of a lock over rows that a trigger has collected.
 */
#include "segmentation.h"

#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "expression.h"
#include "refusal.h"
#include "lock/installed.h"

/* from here on a statement is planned for many rows */
#define MANY_ROWS 100

static LockSize
size_of(const CollectedRows *rows)
{
	return rows->count == 1 ? LOCK_ONE_ROW :
		rows->count < MANY_ROWS ? LOCK_FEW_ROWS : LOCK_MANY_ROWS;
}

static LockSource
source_of(const InstalledLock *lock, LockQuery query)
{
	if (lock->part == LOCK_SUBSCRIPTIONS)
		return LOCK_COLLECTED;
	if (query != LOCK_QUERY_FETCH && query != LOCK_QUERY_HOLD_KEYS)
		return LOCK_FETCHED;
	return lock->part == LOCK_CUSTOMERS ? LOCK_OF_CUSTOMERS : LOCK_OF_OFFERS;
}

static SPIPlanPtr
prepare_for_one(const char *sql, TupleDesc desc)
{
	Oid			types[LOCK_MAX_COLUMNS];

	for (int i = 0; i < desc->natts; i++)
		types[i] = TupleDescAttr(desc, i)->atttypid;
	return prepare_untold(sql, desc->natts, types, CURSOR_OPT_GENERIC_PLAN);
}

/* "(SELECT $1 AS k1, $2 AS g, ...)" */
static char *
parameters(TupleDesc desc)
{
	StringInfoData buf;

	initStringInfo(&buf);
	for (int i = 0; i < desc->natts; i++)
		appendStringInfo(&buf, "%s$%d AS %s", i > 0 ? ", " : "(SELECT ", i + 1,
						 NameStr(TupleDescAttr(desc, i)->attname));
	appendStringInfoChar(&buf, ')');
	return buf.data;
}

static SPIPlanPtr
plan_of(InstalledLock *lock, CollectedRows *rows, LockQuery query)
{
	LockSize	size = size_of(rows);
	bool		one = size == LOCK_ONE_ROW;
	SPIPlanPtr *plan = &lock->plans[query][size];

	if (*plan == NULL)
	{
		char	   *sql = lock_query(lock->def, source_of(lock, query),
									 one ? parameters(rows->desc) : LOCK_ROWS, query);
		int			save_nestlevel = expression_enter_safe_path();

		*plan = one ? prepare_for_one(sql, rows->desc) : prepare_untold(sql, 0, NULL, 0);
		SPI_keepplan(*plan);
		AtEOXact_GUC(true, save_nestlevel);
	}
	return *plan;
}

static void
register_rows(CollectedRows *rows)
{
	EphemeralNamedRelation enr = palloc0(sizeof(EphemeralNamedRelationData));

	enr->md.name = LOCK_ROWS;
	enr->md.tupdesc = rows->desc;
	enr->md.enrtype = ENR_NAMED_TUPLESTORE;
	enr->md.enrtuples = size_of(rows) == LOCK_FEW_ROWS ? 1 : Max(rows->count, 10000);
	enr->reldata = rows->store;
	if (SPI_register_relation(enr) != SPI_OK_REL_REGISTER)
		elog(ERROR, "could not register the rows of a lock's trigger");
}

static int
execute_plan(SPIPlanPtr plan, CollectedRows *rows, Snapshot snapshot, Snapshot crosscheck)
{
	char		nulls[LOCK_MAX_COLUMNS];

	for (int i = 0; i < rows->desc->natts; i++)
		nulls[i] = rows->first_nulls[i] ? 'n' : ' ';
	return execute_snapshot_untold(plan, rows->first, nulls, snapshot, crosscheck);
}

/*
 * Runs a statement over the collected rows and returns how many rows it
 * processed.  It sees all that is committed, at every isolation level, as
 * foreign keys do; what it writes must have been visible to the transaction.
 */
int64
lock_execute(InstalledLock *lock, CollectedRows *rows, LockQuery query)
{
	Snapshot	snapshot = InvalidSnapshot;
	Snapshot	crosscheck = InvalidSnapshot;
	int			result;

	if (rows->store)
		register_rows(rows);
	if (IsolationUsesXactSnapshot())
	{
		CommandCounterIncrement();
		snapshot = GetLatestSnapshot();
		if (query == LOCK_QUERY_LOCK)
			crosscheck = GetTransactionSnapshot();
	}
	result = execute_plan(plan_of(lock, rows, query), rows, snapshot, crosscheck);
	if (result < 0)
		elog(ERROR, "SPI_execute_snapshot failed: %s", SPI_result_code_string(result));
	if (rows->store)
		SPI_unregister_relation(LOCK_ROWS);
	return SPI_processed;
}

/* keys of another type or collation can have an order of their own */
static bool
keys_sort_alike(InstalledLock *lock, CollectedRows *rows)
{
	ListCell   *cell;

	foreach(cell, lock->def->customer_key)
	{
		Form_pg_attribute key = TupleDescAttr(rows->desc, foreach_current_index(cell));
		Oid			customers = lock->def->customers_oid;
		Oid			type;
		int32		typmod;
		Oid			collation;

		get_atttypetypmodcoll(customers, get_attnum(customers, lock_unquoted(lfirst(cell))),
							  &type, &typmod, &collation);
		if (key->atttypid != type || key->attcollation != collation)
			return false;
	}
	return true;
}

/* an UPDATE that looks up one customer after another as they have been sorted */
static bool
updates_in_order(Plan *plan)
{
	if (!IsA(plan, ModifyTable) || !IsA(outerPlan(plan), NestLoop))
		return false;
	plan = outerPlan(outerPlan(plan));
	if (IsA(plan, SubqueryScan))
		plan = ((SubqueryScan *) plan)->subplan;
	return IsA(plan, Unique);
}

/*
 * Whether the plan that locks customers does so in the order of their keys by
 * itself, as most do.
 */
bool
lock_keeps_order(InstalledLock *lock, CollectedRows *rows)
{
	CachedPlan *plan;
	PlannedStmt *statement;
	bool		result = false;

	if (!keys_sort_alike(lock, rows))
		return false;
	register_rows(rows);
	plan = SPI_plan_get_cached_plan(plan_of(lock, rows, LOCK_QUERY_LOCK));
	statement = linitial_node(PlannedStmt, plan->stmt_list);
	if (statement->subplans != NIL)
		result = updates_in_order(linitial(statement->subplans));
	ReleaseCachedPlan(plan, CurrentResourceOwner);
	SPI_unregister_relation(LOCK_ROWS);
	return result;
}
