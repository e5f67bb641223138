/*
 * installed.c: what a trigger of a lock keeps from call to call, see cache.c, and
 * how it runs its statements.
 */
#include "segmentation.h"

#include "catalog/partition.h"
#include "executor/executor.h"
#include "optimizer/optimizer.h"
#include "utils/guc.h"

#include "expression.h"
#include "lock/installed.h"

static void
free_plans(void *arg)
{
	InstalledLock *lock = arg;

	for (int i = 0; i < LOCK_N_PLANS; i++)
		for (int j = 0; j < LOCK_N_SIZES; j++)
			if (lock->plans[i][j])
				SPI_freeplan(lock->plans[i][j]);
}

/* a trigger of one table must not pass for one of another that it names */
static void
check_table(const LockDefinition *def, Relation rel, Oid named)
{
	Oid			relid = RelationGetRelid(rel);

	if (relid != named &&
		!(rel->rd_rel->relispartition &&
		  list_member_oid(get_partition_ancestors(relid), named)))
		lock_raise_other_table(def, relid);
}

static void
add_collected_columns(InstalledLock *lock, Relation rel, const List *columns, char letter)
{
	ListCell   *cell;

	foreach(cell, columns)
	{
		AttrNumber	attnum = lock_known_column(rel, lfirst(cell));
		Form_pg_attribute attr = TupleDescAttr(RelationGetDescr(rel), attnum - 1);
		int			n = ++lock->ncolumns;

		lock->columns[n - 1] = attnum;
		lock->watched = bms_add_member(lock->watched, attnum);
		TupleDescInitEntry(lock->rows_desc, n,
						   letter == 'g' ? "g" : psprintf("%c%d", letter, foreach_current_index(cell) + 1),
						   attr->atttypid, attr->atttypmod, 0);
		TupleDescInitEntryCollation(lock->rows_desc, n, attr->attcollation);
	}
}

static ExprState *
compile_condition(InstalledLock *lock, Relation rel, const char *condition)
{
	Node	   *expr;
	Expr	   *planned;
	Bitmapset  *columns = NULL;
	int			i = -1;

	if (condition == NULL)
		return NULL;
	expr = lock_condition_parse_kept(lock->def, rel, condition);
	pull_varattnos(expr, 1, &columns);
	while ((i = bms_next_member(columns, i)) >= 0)
		lock->watched = bms_add_member(lock->watched,
									   i + FirstLowInvalidHeapAttributeNumber);
	lock_note_condition(lock, expr);
	planned = expression_planner((Expr *) copyObject(expr));
	lock_note_condition(lock, (Node *) planned);
	lock->runs_code |= lock_runs_code((Node *) planned);
	return ExecInitExpr(planned, NULL);
}

static void
describe_subscriptions(InstalledLock *lock, Relation rel)
{
	LockDefinition *def = lock->def;

	add_collected_columns(lock, rel, def->subscription_customer, 'k');
	lock->nkeys = lock->ncolumns;
	if (def->offers)
		add_collected_columns(lock, rel, def->subscription_offer, 'o');
	else
		add_collected_columns(lock, rel, list_make1(def->subscription_segment), 'g');
	TupleDescInitEntry(lock->rows_desc, lock->ncolumns + 1, "running", BOOLOID, -1, 0);
	if (def->markets)
	{
		TupleDescInitEntry(lock->rows_desc, lock->ncolumns + 2, "currency", TEXTOID, -1, 0);
		TupleDescInitEntry(lock->rows_desc, lock->ncolumns + 3, "is_new", BOOLOID, -1, 0);
	}
	if (def->subscription_price)
	{
		lock->price = lock_column(rel, def->subscription_price);
		lock->watched = bms_add_member(lock->watched, lock->price);
	}
	lock->locks = compile_condition(lock, rel, def->locks_when);
	lock->running = compile_condition(lock, rel, def->running_when);
}

/* what is collected from the trigger's table, by the table's part in the lock */
static void
describe_rows(InstalledLock *lock, Relation rel)
{
	LockDefinition *def = lock->def;
	int			max = list_length(def->customer_key) +
	Max(list_length(def->offer_key), 1) + (def->markets ? 3 : 1);
	int			ncolumns = max;

	if (lock->part == LOCK_CUSTOMERS)
		ncolumns = list_length(def->customer_key);
	else if (lock->part == LOCK_OFFERS)
		ncolumns = list_length(def->offer_key);
	lock->columns = palloc(sizeof(AttrNumber) * max);
	lock->rows_desc = CreateTemplateTupleDesc(ncolumns);

	if (lock->part == LOCK_SUBSCRIPTIONS)
		describe_subscriptions(lock, rel);
	else if (lock->part == LOCK_CUSTOMERS)
		add_collected_columns(lock, rel, def->customer_key, 'k');
	else
		add_collected_columns(lock, rel, def->offer_key, 'o');
}

static Oid
table_of(const LockDefinition *def, LockPart part)
{
	return part == LOCK_SUBSCRIPTIONS ? def->subscriptions_oid :
		part == LOCK_CUSTOMERS ? def->customers_oid : def->offers_oid;
}

static InstalledLock *
create_lock(LockPart part)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "segmentation lock",
												  ALLOCSET_SMALL_SIZES);
	InstalledLock *lock = MemoryContextAllocZero(context, sizeof(InstalledLock));
	MemoryContextCallback *callback = MemoryContextAllocZero(context, sizeof(MemoryContextCallback));

	lock->valid = true;
	lock->context = context;
	lock->part = part;
	callback->func = free_plans;
	callback->arg = lock;
	MemoryContextRegisterResetCallback(context, callback);
	return lock;
}

/* only the guard of the customers can do without subscriptions, see key.c */
static void
check_complete(const InstalledLock *lock)
{
	const LockDefinition *def = lock->def;

	if ((def->subscriptions == NULL && lock->part != LOCK_CUSTOMERS) ||
		(def->offers == NULL && lock->part == LOCK_OFFERS))
		lock_raise_incomplete();
}

/* what a trigger's arguments and the catalog say now */
InstalledLock *
lock_load(TriggerData *trigdata, LockPart part)
{
	Trigger    *trigger = trigdata->tg_trigger;
	InstalledLock *lock = create_lock(part);
	MemoryContext old = MemoryContextSwitchTo(lock->context);
	int			save_nestlevel = expression_enter_safe_path();

	lock->def = lock_definition_parse(trigger->tgnargs, trigger->tgargs);
	check_complete(lock);
	lock->owner = trigdata->tg_relation->rd_rel->relowner;
	lock->def->evaluators = list_make1_oid(lock->owner);
	lock_definition_resolve(lock->def, false);
	check_table(lock->def, trigdata->tg_relation, table_of(lock->def, part));
	if (lock->def->subscriptions)	/* the guard of the customers acts as nobody else */
		lock->needs_consent = lock_require_consent(lock->def, trigger->tgoid, lock->owner);
	describe_rows(lock, trigdata->tg_relation);
	lock_note_columns(lock);
	if (part == LOCK_SUBSCRIPTIONS)
		lock->lookups = lock_prepare_lookups(lock);
	AtEOXact_GUC(true, save_nestlevel);
	MemoryContextSwitchTo(old);
	MemoryContextSetParent(lock->context, CacheMemoryContext);
	return lock;
}
