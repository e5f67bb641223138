/*
 * subscription.c: the trigger on subscriptions.
 *
 * On a plain table it fires once per statement and reads the transition
 * tables; on a partitioned one, and at commit where the foreign key to the
 * customers can be deferred, once per row, see statement.c.
 */
#include "segmentation.h"

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

/* a row that has been changed or deleted since does not count at commit */
static bool
is_current(TriggerData *trigdata)
{
	return table_tuple_satisfies_snapshot(trigdata->tg_relation, lock_new_slot(trigdata),
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
check_rows(InstalledLock *lock, TriggerData *trigdata, Oid writer, bool at_commit)
{
	CollectedRows rows;

	lock_rows_begin(&rows, lock->rows_desc);
	lock_collect(lock, &rows, trigdata);
	if (rows.count > 0)
		lock_check(lock, &rows, trigdata->tg_relation, writer, must_share(lock, trigdata),
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
	CallingUser self;
	bool		at_commit;

	check_call(fcinfo);
	at_commit = trigdata->tg_trigger->tgdeferrable;
	if (at_commit && !is_current(trigdata))
		return PointerGetDatum(NULL);
	self = become_owner(trigdata->tg_relation->rd_rel->relowner);
	lock = installed_lock(trigdata, LOCK_SUBSCRIPTIONS);
	if (at_commit || TRIGGER_FIRED_FOR_STATEMENT(trigdata->tg_event) ||
		!lock_leave_to_statement(lock, trigdata, must_share(lock, trigdata)))
		check_rows(lock, trigdata, self.userid, at_commit);
	become_self(self);
	return PointerGetDatum(NULL);
}
