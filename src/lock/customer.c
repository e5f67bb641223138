/*
 * customer.c: the triggers on customers.
 */
#include "segmentation.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/rel.h"
#include "utils/timestamp.h"
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
	AttrNumber	attnum = lock_known_column(change->rel, column);
	bool		old_null;
	bool		new_null;
	Datum		old;
	Datum		new;

	old = slot_getattr(change->old, attnum, &old_null);
	new = slot_getattr(change->new, attnum, &new_null);
	if (old_null || new_null)
		return old_null != new_null;
	return !is_equal(change, attnum, old, new);
}

/*
 * What a client has kept of a moment, and writes back with all other columns:
 * all of it, or cut or rounded to milliseconds or seconds.  What is cut already
 * stays as it is, so that moments do not wander.
 */
static bool
is_kept_moment(TimestampTz moment, TimestampTz kept)
{
	static const int64 units[] = {1, 1000, USECS_PER_SEC};

	if (TIMESTAMP_NOT_FINITE(moment) || TIMESTAMP_NOT_FINITE(kept))
		return moment == kept;
	for (size_t i = 0; i < lengthof(units); i++)
		if (kept % units[i] == 0 && moment > kept - units[i] && moment < kept + units[i])
			return true;
	return false;
}

static bool
moment_differs(const Change *change)
{
	AttrNumber	attnum = lock_column(change->rel, LOCKED_AT_COLUMN);
	bool		isnull;

	if (attnum == InvalidAttrNumber || slot_attisnull(change->new, attnum) ||
		TupleDescAttr(RelationGetDescr(change->rel), attnum - 1)->atttypid != TIMESTAMPTZOID)
		return differs(change, LOCKED_AT_COLUMN);
	return !is_kept_moment(DatumGetTimestampTz(slot_getattr(change->old, attnum, &isnull)),
						   DatumGetTimestampTz(slot_getattr(change->new, attnum, &isnull)));
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
refuse_customer_segment(const Change *change)
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
	{
		if (differs(change, lfirst(cell)))
			return true;
	}
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

static void
check_change(const Change *change)
{
	if (is_null(change, change->old, LOCKED_AT_COLUMN))
		return;
	if (moment_differs(change))
		refuse_unlocking(change);
	if (differs(change, change->def->customer_segment) && !is_permitted_move(change))
		refuse_customer_segment(change);
	if (key_differs(change) && !key_cascades(change))
		refuse_key(change);
}

/* a row that has arrived in a partition is compared with what it was before */
static void
check_arrival(Change *change, TriggerData *trigdata)
{
	change->old = lock_take_moved(change->def, change->rel, trigdata->tg_trigtuple);
	change->new = trigdata->tg_trigslot;
	if (change->old == NULL)
		return;
	check_change(change);
	ExecDropSingleTupleTableSlot(change->old);
}

/*
 * lock_customer: after UPDATE of a locked customer's key, segment or lock, when
 * every other trigger has had its say.  On a partitioned table also after DELETE
 * and INSERT, of which an UPDATE consists that changes the partition.
 */
PG_FUNCTION_INFO_V1(lock_customer);
Datum
lock_customer(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	Change		change;

	if (!CALLED_AS_TRIGGER(fcinfo) ||
		!TRIGGER_FIRED_FOR_ROW(trigdata->tg_event) ||
		!TRIGGER_FIRED_AFTER(trigdata->tg_event))
		lock_raise_trigger_misuse("lock_customer");
	if (TRIGGER_FIRED_BY_INSERT(trigdata->tg_event) && !lock_rows_move())
		return PointerGetDatum(NULL);

	change.def = installed_lock(trigdata, LOCK_CUSTOMERS)->def;
	change.rel = trigdata->tg_relation;
	change.old = trigdata->tg_trigslot;
	change.new = trigdata->tg_newslot;
	if (TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event))
		check_change(&change);
	else if (TRIGGER_FIRED_BY_INSERT(trigdata->tg_event))
		check_arrival(&change, trigdata);
	else if (lock_row_moves(trigdata->tg_trigtuple))
		lock_note_moved(change.def, change.rel, trigdata->tg_trigtuple, change.old);
	return PointerGetDatum(NULL);
}
