/*
 * collect.c: the rows of a subscriptions trigger that its lock must look at.
 */
#include "segmentation.h"

#include "executor/executor.h"
#include "utils/guc.h"

#include "expression.h"
#include "lock/installed.h"

/* readers of a transition table each have their place in it */
static int
begin_reading_transitions(Tuplestorestate *table)
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
is_watched_column_changed(InstalledLock *lock, TupleTableSlot *old, TupleTableSlot *new)
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
	int			old_pointer = old_table ? begin_reading_transitions(old_table) : 0;
	int			new_pointer = begin_reading_transitions(new_table);

	while (read_next(new_table, new_pointer, new))
	{
		if (!read_next(old_table, old_pointer, old))
			elog(ERROR, "transition tables of an UPDATE differ in length");
		if (old_table == NULL || is_watched_column_changed(lock, old, new))
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

TupleTableSlot *
lock_new_slot(TriggerData *trigdata)
{
	return TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event) ?
		trigdata->tg_newslot : trigdata->tg_trigslot;
}

static void
collect(InstalledLock *lock, CollectedRows *rows, TriggerData *trigdata, ExprContext *econtext)
{
	if (TRIGGER_FIRED_FOR_STATEMENT(trigdata->tg_event))
		collect_statement(lock, rows, trigdata, econtext);
	else
		lock_rows_add(rows, lock, old_slot(trigdata), lock_new_slot(trigdata), econtext);
}

/*
 * Conditions are evaluated as the owner, restricted: functions of his that they
 * call find nothing by the writer's search_path, and leave nothing in his session.
 */
void
lock_collect(InstalledLock *lock, CollectedRows *rows, TriggerData *trigdata)
{
	ExprContext *econtext;
	CallingUser self;
	int			save_nestlevel = 0;

	if (lock->locks == NULL && lock->running == NULL)
	{
		collect(lock, rows, trigdata, NULL);
		return;
	}
	econtext = CreateStandaloneExprContext();
	self = become_owner(trigdata->tg_relation->rd_rel->relowner);
	restrict_operation();
	if (lock->runs_code)
		save_nestlevel = expression_enter_safe_path();
	collect(lock, rows, trigdata, econtext);
	if (lock->runs_code)
		AtEOXact_GUC(false, save_nestlevel);
	become_self(self);
	FreeExprContext(econtext, true);
}
