/*
 * offer.c: the trigger on offers.
 */
#include "segmentation.h"

#include "executor/spi.h"
#include "utils/guc.h"
#include "utils/rel.h"
#include "utils/relcache.h"

#include "owner.h"
#include "lock/installed.h"

static void
refuse_offer_segment(InstalledLock *lock, Relation rel, TupleTableSlot *old)
{
	const LockDefinition *def = lock->def;

	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg("segment of offer (%s) cannot be changed while it is subscribed",
					lock_key_values(rel, def->offer_key, old)),
			 errdetail("It is in segment \"%s\", and so is customer %s, who subscribes to it in \"%s\".",
					   lock_key_values(rel, list_make1(def->offer_segment), old),
					   lock_key_text(def, SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1)),
					   def->subscriptions),
			 errhint("Make a new offer in the other segment."),
			 errtableconstraint(rel, LOCK_CONSTRAINT_OFFER)));
}

static void
refuse_if_subscribed(InstalledLock *lock, CollectedRows *offer, TriggerData *trigdata)
{
	int			save_nestlevel = NewGUCNestLevel();

	restrict_operation();
	SPI_connect();
	lock_execute(lock, offer, LOCK_QUERY_HOLD_KEYS);
	if (lock_execute(lock, offer, LOCK_QUERY_SUBSCRIBED) > 0)
		refuse_offer_segment(lock, trigdata->tg_relation, trigdata->tg_trigslot);
	SPI_finish();
	AtEOXact_GUC(false, save_nestlevel);
}

/*
 * lock_offer: after UPDATE of an offer's segment, when subscriptions have the key
 * that the offer has by now.  It locks the offer against the key share of those
 * that are being made, and then looks for them.  Where an offer moves to another
 * partition they follow its key, and are checked themselves.
 */
PG_FUNCTION_INFO_V1(lock_offer);
Datum
lock_offer(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	InstalledLock *lock;
	CollectedRows rows;
	CallingUser self;

	if (!CALLED_AS_TRIGGER(fcinfo) ||
		!TRIGGER_FIRED_FOR_ROW(trigdata->tg_event) ||
		!TRIGGER_FIRED_AFTER(trigdata->tg_event) ||
		!TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event))
		lock_raise_trigger_misuse("lock_offer");

	self = become_owner(trigdata->tg_relation->rd_rel->relowner);
	lock = installed_lock(trigdata, LOCK_OFFERS);
	lock_rows_begin(&rows, lock->rows_desc);
	lock_rows_add(&rows, lock, NULL, trigdata->tg_newslot, NULL);
	if (rows.count > 0)
		refuse_if_subscribed(lock, &rows, trigdata);
	become_self(self);
	return PointerGetDatum(NULL);
}
