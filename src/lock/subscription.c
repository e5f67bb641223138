/*
 * subscription.c: the trigger on subscriptions.
 *
 * On a plain table it fires once per statement and reads the transition
 * tables; on a partitioned one, and at commit where the foreign key to the
 * customers can be deferred, once per row, see statement.c.
 */
#include "segmentation.h"

#include "access/tableam.h"
#include "executor/executor.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "lock/installed.h"

static void
check_call(FunctionCallInfo fcinfo)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo))
		lock_raise_trigger_misuse("lock_subscription");
	if (!TRIGGER_FIRED_AFTER(trigdata->tg_event) ||
		!(TRIGGER_FIRED_BY_INSERT(trigdata->tg_event) ||
		  TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event)))
		lock_raise_trigger_misuse("lock_subscription");
	if (TRIGGER_FIRED_FOR_STATEMENT(trigdata->tg_event) &&
		(trigdata->tg_newtable == NULL ||
		 (TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event) && trigdata->tg_oldtable == NULL)))
		lock_raise_trigger_misuse("lock_subscription");
}

/* readers of a transition table each have their place in it */
static int
begin_reading(Tuplestorestate *table)
{
	int			pointer = tuplestore_alloc_read_pointer(table, EXEC_FLAG_REWIND);

	tuplestore_select_read_pointer(table, pointer);
	tuplestore_rescan(table);
	return pointer;
}

static bool
read_next(Tuplestorestate *table, int pointer, TupleTableSlot *slot)
{
	if (table == NULL)
		return true;
	tuplestore_select_read_pointer(table, pointer);
	return tuplestore_gettupleslot(table, true, false, slot);
}

static bool
is_changed(InstalledLock *lock, TupleTableSlot *old, TupleTableSlot *new)
{
	int			attnum = -1;

	while ((attnum = bms_next_member(lock->watched, attnum)) >= 0)
		if (lock_differs(old, new, attnum))
			return true;
	return false;
}

/*
 * Every new row, or those whose change matters: old and new rows of an UPDATE
 * stand in the same order.
 */
static void
collect_statement(InstalledLock *lock, CollectedRows *rows, TriggerData *trigdata,
				  ExprContext *econtext)
{
	TupleDesc	desc = RelationGetDescr(trigdata->tg_relation);
	Tuplestorestate *old_table = trigdata->tg_oldtable;
	Tuplestorestate *new_table = trigdata->tg_newtable;
	TupleTableSlot *old = old_table ? MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple) : NULL;
	TupleTableSlot *new = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);
	int			old_pointer = old_table ? begin_reading(old_table) : 0;
	int			new_pointer = begin_reading(new_table);

	while (read_next(new_table, new_pointer, new))
	{
		if (!read_next(old_table, old_pointer, old))
			elog(ERROR, "transition tables of an UPDATE differ in length");
		if (old_table == NULL || is_changed(lock, old, new))
			lock_rows_add(rows, lock, old, new, econtext);
	}
	if (old)
		ExecDropSingleTupleTableSlot(old);
	ExecDropSingleTupleTableSlot(new);
}

static TupleTableSlot *
old_slot(TriggerData *trigdata)
{
	return TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event) ? trigdata->tg_trigslot : NULL;
}

static TupleTableSlot *
new_slot(TriggerData *trigdata)
{
	return TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event) ?
		trigdata->tg_newslot : trigdata->tg_trigslot;
}

void
lock_collect(InstalledLock *lock, CollectedRows *rows, TriggerData *trigdata)
{
	bool		conditional = lock->locks || lock->running;
	ExprContext *econtext = conditional ? CreateStandaloneExprContext() : NULL;

	if (TRIGGER_FIRED_FOR_STATEMENT(trigdata->tg_event))
		collect_statement(lock, rows, trigdata, econtext);
	else
		lock_rows_add(rows, lock, old_slot(trigdata), new_slot(trigdata), econtext);
	if (econtext)
		FreeExprContext(econtext, true);
}

/* a row that has been changed or deleted since does not count at commit */
static bool
is_current(TriggerData *trigdata)
{
	return table_tuple_satisfies_snapshot(trigdata->tg_relation, new_slot(trigdata),
										  SnapshotSelf);
}

/* an UPDATE has checked no foreign key where its columns stay */
static bool
must_share(const InstalledLock *lock, TriggerData *trigdata)
{
	return lock->def->customer_deferrable || lock->def->offer_deferrable ||
		TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event);
}

static void
check_rows(InstalledLock *lock, TriggerData *trigdata, bool at_commit)
{
	CollectedRows rows;

	lock_rows_begin(&rows, lock->rows_desc);
	lock_collect(lock, &rows, trigdata);
	if (rows.count > 0)
		lock_check(lock, &rows, trigdata->tg_relation, must_share(lock, trigdata),
				   lock->def->customer_deferrable && !at_commit);
	lock_rows_end(&rows);
}

/* the conditions, too, are evaluated as the table's owner, who has declared them */
PG_FUNCTION_INFO_V1(lock_subscription);
Datum
lock_subscription(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	InstalledLock *lock;
	LockUser	self;
	bool		at_commit;

	check_call(fcinfo);
	at_commit = trigdata->tg_trigger->tgdeferrable;
	if (at_commit && !is_current(trigdata))
		return PointerGetDatum(NULL);
	self = lock_become_owner(trigdata->tg_relation->rd_rel->relowner);
	lock = installed_lock(trigdata, LOCK_SUBSCRIPTIONS);
	if (at_commit || TRIGGER_FIRED_FOR_STATEMENT(trigdata->tg_event) ||
		!lock_leave_to_statement(lock, trigdata, must_share(lock, trigdata)))
		check_rows(lock, trigdata, at_commit);
	lock_become_self(self);
	return PointerGetDatum(NULL);
}
