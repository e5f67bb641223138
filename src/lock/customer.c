/*
 * customer.c: the triggers on customers.
 */
#include "segmentation.h"

#include "access/relation.h"
#include "access/sysattr.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/typcache.h"

#include "lock/installed.h"

/* one customer before and after an UPDATE */
typedef struct Change
{
	const LockDefinition *def;
	Relation	rel;
	TupleTableSlot *old;
	TupleTableSlot *new;
} Change;

/* by the equality of the column's type */
static bool
is_equal(const Change *change, AttrNumber attnum, Datum a, Datum b)
{
	Form_pg_attribute attr = TupleDescAttr(RelationGetDescr(change->rel), attnum - 1);
	TypeCacheEntry *type = lookup_type_cache(attr->atttypid, TYPECACHE_EQ_OPR_FINFO);

	return DatumGetBool(FunctionCall2Coll(&type->eq_opr_finfo, attr->attcollation, a, b));
}

static bool
differs(const Change *change, const char *column)
{
	AttrNumber	attnum = lock_column(change->rel, column);
	bool		old_null;
	bool		new_null;
	Datum		old;
	Datum		new;

	if (attnum == InvalidAttrNumber)
		elog(ERROR, "column %s of relation \"%s\" does not exist",
			 column, RelationGetRelationName(change->rel));
	old = slot_getattr(change->old, attnum, &old_null);
	new = slot_getattr(change->new, attnum, &new_null);
	if (old_null || new_null)
		return old_null != new_null;
	return !is_equal(change, attnum, old, new);
}

static char *
text_of(const Change *change, TupleTableSlot *slot, const char *column)
{
	return lock_key_values(change->rel, list_make1(unconstify(char *, column)), slot);
}

static bool
is_null(const Change *change, TupleTableSlot *slot, const char *column)
{
	return slot_attisnull(slot, lock_column(change->rel, column));
}

static char *
customer_text(const Change *change)
{
	return lock_key_text(change->def,
						 lock_key_values(change->rel, change->def->customer_key, change->old));
}

static char *
old_segment(const Change *change)
{
	const char *column = change->def->customer_segment;

	return lock_segment_text(is_null(change, change->old, column) ? NULL :
							 text_of(change, change->old, column));
}

static void
refuse_unlocking(const Change *change)
{
	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg("lock of customer %s cannot be cleared or changed", customer_text(change)),
			 errdetail("Its first subscription locked it to %s at %s.", old_segment(change),
					   text_of(change, change->old, LOCKED_AT_COLUMN)),
			 errhint("A lock stays for as long as the customer does; segmentation.move_customer changes the segment."),
			 errtableconstraint(change->rel, LOCK_CONSTRAINT_CUSTOMER)));
}

static void
refuse_segment(const Change *change)
{
	const LockDefinition *def = change->def;
	char	   *target = is_null(change, change->new, def->customer_segment) ? NULL :
		text_of(change, change->new, def->customer_segment);

	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg("customer %s is locked to %s", customer_text(change), old_segment(change)),
			 errdetail("Its first subscription locked it at %s.",
					   text_of(change, change->old, LOCKED_AT_COLUMN)),
			 target ?
			 errhint("See what stands in the way with segmentation.move_blockers, and move the customer: %s",
					 lock_move_call(def, lock_key_array(change->rel, def->customer_key, change->old), target)) :
			 errhint("A locked customer always has a segment."),
			 errtableconstraint(change->rel, LOCK_CONSTRAINT_CUSTOMER)));
}

static void
refuse_key(const Change *change)
{
	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg("key of locked customer %s cannot be changed", customer_text(change)),
			 errdetail("A foreign key that its lock stands on is not ON UPDATE CASCADE, so subscriptions would not follow."),
			 errhint("Declare the foreign key of the subscriptions ON UPDATE CASCADE."),
			 errtableconstraint(change->rel, LOCK_CONSTRAINT_CUSTOMER)));
}

static bool
key_differs(const Change *change)
{
	ListCell   *cell;

	foreach(cell, change->def->customer_key)
		if (differs(change, lfirst(cell)))
			return true;
	return false;
}

/* whether the subscriptions of every lock on the table follow a changed key */
static bool
key_cascades(const Change *change)
{
	ListCell   *cell;

	foreach(cell, lock_definitions_of(change->def->customers_oid))
	{
		LockDefinition *def = lfirst(cell);

		lock_definition_resolve(def, false);
		if (!def->cascades)
			return false;
	}
	return true;
}

static bool
is_permitted_move(const Change *change)
{
	const LockDefinition *def = change->def;
	AttrNumber	attnum = lock_column(change->rel, def->customer_segment);
	bool		isnull;
	Datum		segment = slot_getattr(change->new, attnum, &isnull);
	Datum		permitted;

	return !isnull &&
		lock_move_permits(def->customers_oid,
						  lock_key_array(change->rel, def->customer_key, change->old),
						  &permitted) &&
		is_equal(change, attnum, segment, permitted);
}

/* whether an UPDATE names a column of the lock */
static bool
names_column(const InstalledLock *lock, const TriggerData *trigdata)
{
	int			attnum = -1;

	while ((attnum = bms_next_member(lock->watched, attnum)) >= 0)
		if (bms_is_member(attnum - FirstLowInvalidHeapAttributeNumber,
						  trigdata->tg_updatedcols))
			return true;
	return false;
}

/*
 * An ordinary table has two such triggers.  One is on the columns of the lock and
 * does not hear of an UPDATE that names none of them, which so costs nothing.
 * Another trigger may change them all the same, before the row is updated: the
 * second one is for that, and judges no row that the first does.
 */
static bool
is_for_the_other(const InstalledLock *lock, const TriggerData *trigdata)
{
	return TRIGGER_FIRED_AFTER(trigdata->tg_event) &&
		trigdata->tg_trigger->tgnattr == 0 && names_column(lock, trigdata);
}

/*
 * lock_customer: on UPDATE of a locked customer's key, segment or lock.  After
 * it, when every other trigger has had its say; before it on a partitioned
 * table, where a row that changes its partition fires no trigger after UPDATE.
 */
PG_FUNCTION_INFO_V1(lock_customer);
Datum
lock_customer(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	InstalledLock *lock;
	Change		change;

	if (!CALLED_AS_TRIGGER(fcinfo) ||
		!TRIGGER_FIRED_FOR_ROW(trigdata->tg_event) ||
		!TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event))
		lock_raise_trigger_misuse("lock_customer");

	lock = installed_lock(trigdata, LOCK_CUSTOMERS);
	change.def = lock->def;
	change.rel = trigdata->tg_relation;
	change.old = trigdata->tg_trigslot;
	change.new = trigdata->tg_newslot;
	if (!is_for_the_other(lock, trigdata) && !is_null(&change, change.old, LOCKED_AT_COLUMN))
	{
		if (differs(&change, LOCKED_AT_COLUMN))
			refuse_unlocking(&change);
		if (differs(&change, change.def->customer_segment) && !is_permitted_move(&change))
			refuse_segment(&change);
		if (key_differs(&change) && !key_cascades(&change))
			refuse_key(&change);
	}
	return PointerGetDatum(TRIGGER_FIRED_BEFORE(trigdata->tg_event) ?
						   trigdata->tg_newtuple : NULL);
}

/* what a condition has found out, for its next row */
typedef struct Known
{
	Oid			customers;
	bool		has_triggers;
} Known;

static bool
has_triggers_before_update(Oid relid)
{
	Relation	rel = try_relation_open(relid, AccessShareLock);
	bool		result = false;

	if (rel)
	{
		result = rel->trigdesc && rel->trigdesc->trig_update_before_row;
		relation_close(rel, AccessShareLock);
	}
	return result;
}

/*
 * lock_may_be_changed(customers): the condition of the trigger on all columns.
 * It reads none: that alone would cost each updated row more than the rest.
 */
PG_FUNCTION_INFO_V1(lock_may_be_changed);
Datum
lock_may_be_changed(PG_FUNCTION_ARGS)
{
	Oid			customers = PG_GETARG_OID(0);
	Known	   *known = fcinfo->flinfo->fn_extra;

	if (known == NULL)
		known = fcinfo->flinfo->fn_extra = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt,
																  sizeof(Known));
	if (known->customers != customers)
	{
		known->has_triggers = has_triggers_before_update(customers);
		known->customers = customers;
	}
	PG_RETURN_BOOL(known->has_triggers);
}
