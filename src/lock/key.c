/*
 * key.c: the triggers on customers and on offers whose key changes hands.
 *
 * A foreign key does not mind who has a key: one row may be deleted and another
 * inserted, or given the key, in one statement, and in one transaction where
 * the foreign key can be deferred.  The lock does mind, so the subscriptions
 * that name such a key are checked again.
 */
#include "segmentation.h"

#include "access/htup_details.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/rel.h"

#include "expression.h"
#include "option.h"
#include "owner.h"
#include "lock/installed.h"

/*
 * After INSERT the new key, which subscriptions may have named before; after
 * DELETE the old one, which may be somebody's again; after UPDATE both.
 */
static void
collect_keys(InstalledLock *lock, TriggerData *trigdata, CollectedRows *keys)
{
	lock_rows_begin(keys, lock->rows_desc);
	lock_rows_add(keys, lock, NULL, trigdata->tg_trigslot, NULL);
	if (TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event))
		lock_rows_add(keys, lock, NULL, trigdata->tg_newslot, NULL);
}

static void
put_results(CollectedRows *rows)
{
	Datum		values[LOCK_MAX_COLUMNS];
	bool		nulls[LOCK_MAX_COLUMNS];

	for (uint64 i = 0; i < SPI_processed; i++)
	{
		heap_deform_tuple(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, values, nulls);
		lock_rows_put(rows, values, nulls);
	}
}

/* those that lock a customer and name one of the keys */
static void
fetch_subscriptions(InstalledLock *lock, CollectedRows *keys, CollectedRows *found)
{
	MemoryContext caller = CurrentMemoryContext;
	CallingUser self = become_owner(GetUserId());

	restrict_operation();
	SPI_connect();
	lock_execute(lock, keys, LOCK_QUERY_FETCH);
	become_self(self);
	MemoryContextSwitchTo(caller);
	lock_rows_begin(found, CreateTupleDescCopy(SPI_tuptable->tupdesc));
	put_results(found);
	SPI_finish();
}

/* a key that is nobody's any more is the foreign key's business */
static bool
has_owner(InstalledLock *lock, CollectedRows *keys)
{
	bool		result;

	SPI_connect();
	result = lock_execute(lock, keys, LOCK_QUERY_HOLD_KEYS) > 0;
	SPI_finish();
	return result;
}

static void
check_keys(InstalledLock *lock, TriggerData *trigdata, Oid writer)
{
	CollectedRows keys;
	CollectedRows subscriptions;

	collect_keys(lock, trigdata, &keys);
	if (keys.count > 0 &&
		(!TRIGGER_FIRED_BY_DELETE(trigdata->tg_event) || has_owner(lock, &keys)))
	{
		fetch_subscriptions(lock, &keys, &subscriptions);
		if (subscriptions.count > 0)
			lock_check(lock, &subscriptions, trigdata->tg_relation, writer, false, true);
		lock_rows_end(&subscriptions);
	}
	lock_rows_end(&keys);
}

/*
 * Subscriptions, or their customers, that row security hides from the owner of
 * the table are an error: they would not be checked.
 */
static Datum
check_key_trigger(FunctionCallInfo fcinfo, LockPart part, const char *function)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	InstalledLock *lock;
	CallingUser self;
	int			save_nestlevel;

	if (!CALLED_AS_TRIGGER(fcinfo) ||
		!TRIGGER_FIRED_FOR_ROW(trigdata->tg_event) ||
		!TRIGGER_FIRED_AFTER(trigdata->tg_event))
		lock_raise_trigger_misuse(function);

	self = become_owner(trigdata->tg_relation->rd_rel->relowner);
	save_nestlevel = expression_enter_safe_path();
	set_option("row_security", "off");
	lock = installed_lock(trigdata, part);
	if (lock->def->subscriptions == NULL)
		lock_raise_incomplete();
	check_keys(lock, trigdata, self.userid);
	AtEOXact_GUC(false, save_nestlevel);
	become_self(self);
	return PointerGetDatum(NULL);
}

PG_FUNCTION_INFO_V1(lock_new_customer);
Datum
lock_new_customer(PG_FUNCTION_ARGS)
{
	return check_key_trigger(fcinfo, LOCK_CUSTOMERS, "lock_new_customer");
}

PG_FUNCTION_INFO_V1(lock_new_offer);
Datum
lock_new_offer(PG_FUNCTION_ARGS)
{
	return check_key_trigger(fcinfo, LOCK_OFFERS, "lock_new_offer");
}
