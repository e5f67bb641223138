/*
 * installed.c: what a trigger of a lock keeps from call to call, see cache.c, and
 * how it runs its statements.
 */
#include "segmentation.h"

#include "access/sysattr.h"
#include "access/xact.h"
#include "catalog/partition.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "optimizer/optimizer.h"
#include "utils/datum.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "expression.h"
#include "lock/installed.h"
#include "types/currency_price.h"

/* from here on a statement is planned for many rows */
#define MANY_ROWS 100

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
add_columns(InstalledLock *lock, Relation rel, const List *columns, char letter)
{
	ListCell   *cell;

	foreach(cell, columns)
	{
		AttrNumber	attnum = lock_column(rel, lfirst(cell));
		Form_pg_attribute attr;
		int			n = ++lock->ncolumns;

		if (attnum == InvalidAttrNumber)
			elog(ERROR, "column %s of relation \"%s\" does not exist",
				 (char *) lfirst(cell), RelationGetRelationName(rel));
		attr = TupleDescAttr(RelationGetDescr(rel), attnum - 1);
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
	return ExecInitExpr(planned, NULL);
}

static void
describe_subscriptions(InstalledLock *lock, Relation rel)
{
	LockDefinition *def = lock->def;

	add_columns(lock, rel, def->subscription_customer, 'k');
	lock->nkeys = lock->ncolumns;
	if (def->offers)
		add_columns(lock, rel, def->subscription_offer, 'o');
	else
		add_columns(lock, rel, list_make1(def->subscription_segment), 'g');
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
		add_columns(lock, rel, def->customer_key, 'k');
	else
		add_columns(lock, rel, def->offer_key, 'o');
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
	lock->def->evaluators = list_make1_oid(trigdata->tg_relation->rd_rel->relowner);
	lock_definition_resolve(lock->def, false);
	check_table(lock->def, trigdata->tg_relation, table_of(lock->def, part));
	describe_rows(lock, trigdata->tg_relation);
	lock_note_columns(lock);
	if (part == LOCK_SUBSCRIPTIONS)
		lock->lookups = lock_prepare_lookups(lock);
	AtEOXact_GUC(true, save_nestlevel);
	MemoryContextSwitchTo(old);
	MemoryContextSetParent(lock->context, CacheMemoryContext);
	return lock;
}

void
lock_rows_begin(CollectedRows *rows, TupleDesc desc)
{
	rows->desc = desc;
	rows->count = 0;
	rows->first = palloc(sizeof(Datum) * desc->natts);
	rows->first_nulls = palloc(sizeof(bool) * desc->natts);
	rows->store = NULL;
}

static void
keep_first(CollectedRows *rows, Datum *values, bool *nulls)
{
	for (int i = 0; i < rows->desc->natts; i++)
	{
		Form_pg_attribute attr = TupleDescAttr(rows->desc, i);

		rows->first_nulls[i] = nulls[i];
		rows->first[i] = nulls[i] ? (Datum) 0 :
			datumCopy(values[i], attr->attbyval, attr->attlen);
	}
}

/* most statements make one subscription: that needs no relation of its own */
void
lock_rows_put(CollectedRows *rows, Datum *values, bool *nulls)
{
	if (rows->count == 0)
		keep_first(rows, values, nulls);
	else
	{
		if (rows->count == 1)
		{
			rows->store = tuplestore_begin_heap(false, false, work_mem);
			tuplestore_putvalues(rows->store, rows->desc, rows->first, rows->first_nulls);
		}
		tuplestore_putvalues(rows->store, rows->desc, values, nulls);
	}
	rows->count++;
}

void
lock_rows_end(CollectedRows *rows)
{
	if (rows->store)
		tuplestore_end(rows->store);
}

static bool
holds(ExprState *condition, TupleTableSlot *slot, ExprContext *econtext)
{
	Datum		result;
	bool		isnull;

	if (condition == NULL)
		return true;
	ResetExprContext(econtext);
	econtext->ecxt_scantuple = slot;
	result = ExecEvalExprSwitchContext(condition, econtext, &isnull);
	return !isnull && DatumGetBool(result);
}

/* whether a value is another one than before */
bool
lock_differs(TupleTableSlot *old, TupleTableSlot *new, AttrNumber attnum)
{
	Form_pg_attribute attr = TupleDescAttr(new->tts_tupleDescriptor, attnum - 1);
	bool		old_null;
	bool		new_null;
	Datum		old_value = slot_getattr(old, attnum, &old_null);
	Datum		new_value = slot_getattr(new, attnum, &new_null);

	return old_null != new_null ||
		(!new_null && !datum_image_eq(old_value, new_value, attr->attbyval, attr->attlen));
}

/*
 * A subscription is new to its market if it was not running before, or had
 * another customer, offer or segment.
 */
static bool
is_new(InstalledLock *lock, TupleTableSlot *old, TupleTableSlot *new, ExprContext *econtext)
{
	if (old == NULL || !holds(lock->locks, old, econtext) ||
		!holds(lock->running, old, econtext))
		return true;
	for (int i = 0; i < lock->ncolumns; i++)
		if (lock_differs(old, new, lock->columns[i]))
			return true;
	return false;
}

/* the code of a price's currency, as a text that lasts until the next call */
static Datum
currency_of(Datum price)
{
	static int32 code[4];

	currency_code_letters(price_code(DatumGetCurrencyPriceP(price)), VARDATA(code));
	SET_VARSIZE(code, VARHDRSZ + 3);
	return PointerGetDatum(code);
}

static void
add_market_values(InstalledLock *lock, TupleTableSlot *old, TupleTableSlot *new,
				  ExprContext *econtext, Datum *values, bool *nulls)
{
	Datum		price = (Datum) 0;

	nulls[0] = true;
	if (lock->price != InvalidAttrNumber)
		price = slot_getattr(new, lock->price, &nulls[0]);
	values[0] = nulls[0] ? (Datum) 0 : currency_of(price);
	values[1] = BoolGetDatum(is_new(lock, old, new, econtext));
	nulls[1] = false;
}

/*
 * Collects the row if it concerns the lock: a subscription that locks a
 * customer.  old: what it was before an UPDATE, or NULL.
 */
void
lock_rows_add(CollectedRows *rows, InstalledLock *lock, TupleTableSlot *old,
			  TupleTableSlot *slot, ExprContext *econtext)
{
	Datum		values[LOCK_MAX_COLUMNS];
	bool		nulls[LOCK_MAX_COLUMNS];

	for (int i = 0; i < lock->ncolumns; i++)
	{
		values[i] = slot_getattr(slot, lock->columns[i], &nulls[i]);
		if (nulls[i] && i < lock->nkeys)
			return;
	}
	if (!holds(lock->locks, slot, econtext))
		return;
	if (lock->part == LOCK_SUBSCRIPTIONS)
	{
		values[lock->ncolumns] = BoolGetDatum(holds(lock->running, slot, econtext));
		nulls[lock->ncolumns] = false;
		if (lock->def->markets)
			add_market_values(lock, old, slot, econtext, values + lock->ncolumns + 1,
							  nulls + lock->ncolumns + 1);
	}
	lock_rows_put(rows, values, nulls);
}

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
	return SPI_prepare_cursor(sql, desc->natts, types, CURSOR_OPT_GENERIC_PLAN);
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

		*plan = one ? prepare_for_one(sql, rows->desc) : SPI_prepare(sql, 0, NULL);
		if (*plan == NULL)
			elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
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
	return SPI_execute_snapshot(plan, rows->first, nulls, snapshot, crosscheck,
								false, true, 0);
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

LockUser
lock_become_owner(Oid owner)
{
	LockUser	self;

	GetUserIdAndSecContext(&self.userid, &self.sec_context);
	SetUserIdAndSecContext(owner, self.sec_context | SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_NOFORCE_RLS);
	return self;
}

/* for code of the owner's that the session's user has not asked for */
void
lock_restrict_operation(void)
{
	Oid			userid;
	int			sec_context;

	GetUserIdAndSecContext(&userid, &sec_context);
	SetUserIdAndSecContext(userid, sec_context | SECURITY_RESTRICTED_OPERATION);
}

void
lock_become_self(LockUser self)
{
	SetUserIdAndSecContext(self.userid, self.sec_context);
}
