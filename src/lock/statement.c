/*
 * statement.c: the subscriptions of one statement on a partitioned table.
 *
 * Partitions have row triggers only, but customers are to be locked in the
 * order of their keys, lest two statements of several rows meet in a deadlock.
 * So a trigger before the statement opens a place where its row triggers leave
 * what they see, and one after it checks all of that at once.  A statement that
 * names a partition has no such place, and its rows are checked one by one.
 *
 * A place belongs to the subtransaction that the statement runs in: rows that
 * come and go with another one are no business of it.
 */
#include "segmentation.h"

#include "access/xact.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/resowner.h"

#include "owner.h"
#include "relation.h"
#include "lock/installed.h"

typedef struct OpenStatement
{
	struct OpenStatement *outer;
	Oid			subscriptions;
	SubTransactionId subid;
	MemoryContext context;
	ResourceOwner owner;		/* of the rows' temporary file */
	CollectedRows rows;
	bool		share;
} OpenStatement;

static OpenStatement *innermost = NULL;

static OpenStatement *
find_open(Oid subscriptions)
{
	SubTransactionId subid = GetCurrentSubTransactionId();
	OpenStatement *statement = innermost;

	while (statement && statement->subid == subid &&
		   statement->subscriptions != subscriptions)
		statement = statement->outer;
	return statement && statement->subid == subid ? statement : NULL;
}

/* rows that nobody has checked must not become durable */
static void
refuse_open(void)
{
	for (OpenStatement *statement = innermost; statement; statement = statement->outer)
		if (statement->rows.count > 0)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("subscriptions have not been checked by their lock"),
					 errdetail("The trigger at the end of their statement did not fire."),
					 errhint("Renew the lock: SELECT segmentation.renew_lock(NULL, %s);",
							 quote_literal_cstr(relation_name(statement->subscriptions)))));
}

static void
at_transaction_end(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_PRE_COMMIT || event == XACT_EVENT_PRE_PREPARE)
		refuse_open();
	else if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_PREPARE ||
			 event == XACT_EVENT_ABORT)
		innermost = NULL;
}

static void
at_subtransaction_end(SubXactEvent event, SubTransactionId subid,
					  SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		while (innermost && innermost->subid >= subid)
			innermost = innermost->outer;
}

static void
watch_transactions(void)
{
	static bool watching = false;

	if (watching)
		return;
	RegisterXactCallback(at_transaction_end, NULL);
	RegisterSubXactCallback(at_subtransaction_end, NULL);
	watching = true;
}

static void
open_statement(InstalledLock *lock)
{
	MemoryContext context = AllocSetContextCreate(CurTransactionContext,
												  "segmentation statement",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	OpenStatement *statement = palloc0(sizeof(OpenStatement));

	watch_transactions();
	statement->subscriptions = lock->def->subscriptions_oid;
	statement->subid = GetCurrentSubTransactionId();
	statement->context = context;
	statement->owner = CurrentResourceOwner;
	lock_rows_begin(&statement->rows, CreateTupleDescCopy(lock->rows_desc));
	statement->outer = innermost;
	innermost = statement;
	MemoryContextSwitchTo(old);
}

/* whether the rows of a row trigger were left to the end of its statement */
bool
lock_leave_to_statement(InstalledLock *lock, TriggerData *trigdata, bool share)
{
	OpenStatement *statement = find_open(lock->def->subscriptions_oid);
	MemoryContext old_context;
	ResourceOwner old_owner = CurrentResourceOwner;

	if (statement == NULL)
		return false;
	old_context = MemoryContextSwitchTo(statement->context);
	CurrentResourceOwner = statement->owner;
	lock_collect(lock, &statement->rows, trigdata);
	CurrentResourceOwner = old_owner;
	MemoryContextSwitchTo(old_context);
	statement->share |= share;
	return true;
}

static void
remove_statement(OpenStatement *statement)
{
	OpenStatement **link = &innermost;

	while (*link != statement)
		link = &(*link)->outer;
	*link = statement->outer;
}

static void
close_statement(InstalledLock *lock, Relation rel, Oid writer)
{
	OpenStatement *statement = find_open(lock->def->subscriptions_oid);

	if (statement == NULL)
		return;
	remove_statement(statement);
	if (statement->rows.count > 0)
		lock_check(lock, &statement->rows, rel, writer, statement->share,
				   lock->def->customer_deferrable);
	lock_rows_end(&statement->rows);
	MemoryContextDelete(statement->context);
}

/* lock_statement: before and after each statement on a partitioned table of subscriptions */
PG_FUNCTION_INFO_V1(lock_statement);
Datum
lock_statement(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	InstalledLock *lock;
	CallingUser self;

	if (!CALLED_AS_TRIGGER(fcinfo) ||
		!TRIGGER_FIRED_FOR_STATEMENT(trigdata->tg_event) ||
		!(TRIGGER_FIRED_BY_INSERT(trigdata->tg_event) ||
		  TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event)))
		lock_raise_trigger_misuse("lock_statement");
	self = become_owner(trigdata->tg_relation->rd_rel->relowner);
	lock = installed_lock(trigdata, LOCK_SUBSCRIPTIONS);
	if (TRIGGER_FIRED_BEFORE(trigdata->tg_event))
		open_statement(lock);
	else
		close_statement(lock, trigdata->tg_relation, self.userid);
	become_self(self);
	return PointerGetDatum(NULL);
}
