/*
 * check.c: the promise itself.  Every collected subscription has a customer
 * that is locked, and running ones are of its segment; customers that are not
 * locked yet are locked on the way.
 */
#include "segmentation.h"

#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/rel.h"
#include "utils/relcache.h"

#include "owner.h"
#include "relation.h"
#include "lock/installed.h"

/* how often a concurrent change may get between a check and what follows */
#define MAX_ROUNDS 10

typedef struct Findings
{
	int64		missing;
	int64		contradicted;
	int64		unlocked;
} Findings;

static int64
result_count(int column)
{
	bool		isnull;

	return DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc,
									   column, &isnull));
}

static Findings
find(InstalledLock *lock, CollectedRows *rows)
{
	Findings	result;

	lock_execute(lock, rows, LOCK_QUERY_CHECK);
	result.missing = result_count(1);
	result.contradicted = result_count(2);
	result.unlocked = result_count(3);
	SPI_freetuptable(SPI_tuptable);
	return result;
}

/*
 * Deferred foreign keys let a subscription come before its customer; theirs
 * and ours is checked again at commit.  Otherwise the customer is there, for
 * the foreign key has been checked, but hidden.
 */
static void
raise_missing_customer(InstalledLock *lock, Relation rel)
{
	const LockDefinition *def = lock->def;

	if (def->customer_deferrable)
		ereport(ERROR,
				(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
				 errmsg("subscription in \"%s\" has no customer in \"%s\"",
						def->subscriptions, def->customers),
				 errtableconstraint(rel, LOCK_CONSTRAINT_SUBSCRIPTION)));
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("customer in \"%s\" of a subscription in \"%s\" is hidden from role \"%s\"",
					def->customers, def->subscriptions,
					GetUserNameFromId(GetUserId(), false)),
			 errdetail("The lock reads customers as the owner of the table of subscriptions, and row security applies to that role."),
			 errhint("Exempt the role from row security on \"%s\", or give both tables one owner.",
					 def->customers),
			 errtableconstraint(rel, LOCK_CONSTRAINT_SUBSCRIPTION)));
}

/* a customer's segment, and its subscription's, that contradict each other */
typedef struct Conflict
{
	char	   *key;			/* as an array's text */
	char	   *customer;		/* "(id)=(42)" */
	char	   *customer_segment;
	char	   *segment;
	char	   *locked_at;
	bool		market_refuses; /* and not the customer's segment */
	bool		closed;			/* to new subscriptions */
	char	   *status;			/* of the market; NULL: there is none */
	char	   *market_currency;
	char	   *currency;
} Conflict;

static bool
result_bool(HeapTuple tuple, TupleDesc desc, int column)
{
	bool		isnull;
	Datum		value = SPI_getbinval(tuple, desc, column, &isnull);

	return !isnull && DatumGetBool(value);
}

static bool
find_conflict(InstalledLock *lock, CollectedRows *rows, Conflict *conflict)
{
	HeapTuple	tuple;
	TupleDesc	desc;

	if (lock_execute(lock, rows, LOCK_QUERY_CONFLICT) == 0)
		return false;
	tuple = SPI_tuptable->vals[0];
	desc = SPI_tuptable->tupdesc;
	conflict->key = SPI_getvalue(tuple, desc, 1);
	conflict->customer = lock_key_text(lock->def, SPI_getvalue(tuple, desc, 5));
	conflict->customer_segment = SPI_getvalue(tuple, desc, 2);
	conflict->segment = SPI_getvalue(tuple, desc, 3);
	conflict->locked_at = SPI_getvalue(tuple, desc, 4);
	conflict->market_refuses = lock->def->markets && result_bool(tuple, desc, 6);
	if (conflict->market_refuses)
	{
		conflict->closed = result_bool(tuple, desc, 7);
		conflict->status = SPI_getvalue(tuple, desc, 8);
		conflict->market_currency = SPI_getvalue(tuple, desc, 9);
		conflict->currency = SPI_getvalue(tuple, desc, 10);
	}
	return true;
}

static void
raise_no_segment(InstalledLock *lock, Relation rel, const Conflict *conflict)
{
	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg("subscription of customer %s has no segment", conflict->customer),
			 conflict->customer_segment ?
			 errdetail("The customer is in segment \"%s\".", conflict->customer_segment) :
			 errdetail("The customer has no segment either, and a subscription locks it to one."),
			 lock->def->offers ?
			 errhint("Subscribe to an offer that has a segment.") :
			 errhint("Set column %s of the subscription.", lock->def->subscription_segment),
			 errtableconstraint(rel, LOCK_CONSTRAINT_SUBSCRIPTION)));
}

/* what key.c finds: subscriptions are there before who is to have their key */
static void
raise_key_conflict(InstalledLock *lock, Relation rel, const Conflict *conflict)
{
	const LockDefinition *def = lock->def;

	if (lock->part == LOCK_CUSTOMERS)
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("customer %s in %s has subscriptions in segment \"%s\"",
						conflict->customer, lock_segment_text(conflict->customer_segment),
						conflict->segment),
				 errdetail("Those in \"%s\" with this key were there before the customer.",
						   def->subscriptions),
				 errhint("Give the customer their segment, or another key."),
				 errtableconstraint(rel, LOCK_CONSTRAINT_CUSTOMER)));
	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg("customer %s in %s is subscribed to an offer whose key would be one's in segment \"%s\"",
					conflict->customer, lock_segment_text(conflict->customer_segment),
					conflict->segment),
			 errdetail("The subscription in \"%s\" was there before the offer.", def->subscriptions),
			 errhint("Give the offer a key of its own."),
			 errtableconstraint(rel, LOCK_CONSTRAINT_OFFER)));
}

/* the segment is right, but its market does not sell this */
static void
raise_market_refusal(Relation rel, const Conflict *conflict)
{
	if (conflict->status == NULL)
		lock_raise_no_market(rel, conflict->segment);
	if (conflict->closed)
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("market \"%s\" is not active and takes no new subscription", conflict->segment),
				 errdetail("Its status is \"%s\"; customer %s would subscribe in it.",
						   conflict->status, conflict->customer),
				 lock_errhint_closed(conflict->segment, conflict->status),
				 errtableconstraint(rel, LOCK_CONSTRAINT_MARKET)));
	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg("price of a subscription of customer %s is in %s, but market \"%s\" sells in %s",
					conflict->customer, conflict->currency, conflict->segment,
					conflict->market_currency),
			 errdetail("Prices in %s and in %s cannot be compared or added, so a market has one currency.",
					   conflict->currency, conflict->market_currency),
			 errhint("Give the price in %s; convert_currency converts it.", conflict->market_currency),
			 errtableconstraint(rel, LOCK_CONSTRAINT_MARKET)));
}

static void
raise_conflict(InstalledLock *lock, Relation rel, const Conflict *conflict)
{
	if (conflict->segment == NULL)
		raise_no_segment(lock, rel, conflict);
	if (conflict->market_refuses)
		raise_market_refusal(rel, conflict);
	if (lock->part != LOCK_SUBSCRIPTIONS)
		raise_key_conflict(lock, rel, conflict);
	if (conflict->locked_at == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("customer %s is in segment \"%s\" and cannot subscribe in segment \"%s\"",
						conflict->customer, conflict->customer_segment, conflict->segment),
				 errdetail("The customer has no subscription that locks it yet."),
				 errhint("Subscribe to what segment \"%s\" offers, or change the customer's segment first.",
						 conflict->customer_segment),
				 errtableconstraint(rel, LOCK_CONSTRAINT_SUBSCRIPTION)));
	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg("customer %s is locked to %s and cannot subscribe in segment \"%s\"",
					conflict->customer, lock_segment_text(conflict->customer_segment),
					conflict->segment),
			 errdetail("Its first subscription locked it at %s.", conflict->locked_at),
			 errhint("Subscribe to what the customer's segment offers, or move the customer: %s",
					 lock_move_call(lock->def, conflict->key, conflict->segment)),
			 errtableconstraint(rel, LOCK_CONSTRAINT_SUBSCRIPTION)));
}

static void
raise_not_locked(InstalledLock *lock, Relation rel)
{
	ereport(ERROR,
			(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
			 errmsg("could not lock a customer in \"%s\" to its segment", lock->def->customers),
			 errdetail("The update of column " LOCKED_AT_COLUMN " by role \"%s\" did not take effect.",
					   GetUserNameFromId(GetUserId(), false)),
			 errhint("Row security or another trigger on \"%s\" suppresses it.", lock->def->customers),
			 errtableconstraint(rel, LOCK_CONSTRAINT_SUBSCRIPTION)));
}

static List *
locked_columns(const LockDefinition *def)
{
	return list_make2(def->customer_segment, LOCKED_AT_COLUMN);
}

/* whoever writes: the trigger acts as the owner of its table */
static char *
owner_needs(const InstalledLock *lock)
{
	const LockDefinition *def = lock->def;

	return psprintf("The lock of %s acts as the owner of %s, who needs SELECT and UPDATE on the customers.",
					def->customers,
					lock->part == LOCK_SUBSCRIPTIONS ? def->subscriptions :
					lock->part == LOCK_CUSTOMERS ? def->customers : def->offers);
}

/*
 * In the order of their keys, lest two statements meet in a deadlock.  Returns
 * of how many the one subscription, or the one that was chosen, agrees.
 */
static int64
lock_customers(InstalledLock *lock, CollectedRows *rows)
{
	ErrorContextCallback callback = {error_context_stack, lock_explain_rights, &lock->def->customers_oid};
	int64		result;

	lock_require_update(lock->def->customers_oid, locked_columns(lock->def), owner_needs(lock));
	if (rows->count > 1 && !lock_keeps_order(lock, rows))
		lock_execute(lock, rows, LOCK_QUERY_ORDER);
	error_context_stack = &callback;
	lock_execute(lock, rows, LOCK_QUERY_LOCK);
	error_context_stack = callback.previous;
	result = result_count(1);
	SPI_freetuptable(SPI_tuptable);
	return result;
}

/* agreeing: how many rows are known to agree, from the first on, or LOCK_UNKNOWN */
static bool
first_agrees(InstalledLock *lock, const CollectedRows *rows, int64 agreeing)
{
	CollectedRows first = *rows;

	if (agreeing != LOCK_UNKNOWN)
		return agreeing > 0;
	first.count = 1;
	first.store = NULL;
	return lock_execute(lock, &first, LOCK_QUERY_AGREE) == 1;
}

/*
 * Where the first customer is not locked, the others may not be either, and
 * locking them says all if each has but one subscription.  But a customer that
 * takes a market meanwhile waits by its foreign key for one that is being
 * retired, and then its status is another one.
 */
static bool
agree_at_once(InstalledLock *lock, CollectedRows *rows, int64 agreeing)
{
	if (agreeing == rows->count)
		return true;
	if (first_agrees(lock, rows, agreeing))
		return rows->count == 1;
	return lock_customers(lock, rows) == rows->count && !lock->def->markets;
}

/*
 * An offer that was deleted and inserted again while we waited for it is found
 * by the next look.
 */
static void
hold_offers(InstalledLock *lock, CollectedRows *rows)
{
	int64		held = -1;
	int64		before;

	do
	{
		before = held;
		held = lock_execute(lock, rows, LOCK_QUERY_SHARE_OFFERS);
	} while (held < rows->count && held > before);
}

/* returns of how many subscriptions the customer is held */
static int64
hold_customers(InstalledLock *lock, CollectedRows *rows)
{
	if (lock->def->offers)
		hold_offers(lock, rows);
	return lock_execute(lock, rows, LOCK_QUERY_SHARE);
}

/* no answer counts before every customer that it is about is held */
static void
bring_into_agreement(InstalledLock *lock, CollectedRows *rows, Relation rel,
					 int64 held, bool missing_allowed)
{
	for (int round = 0;; round++)
	{
		Findings	found = find(lock, rows);
		Conflict	conflict = {0};

		if (found.missing > 0 && !missing_allowed)
			raise_missing_customer(lock, rel);
		if (found.contradicted > 0 && find_conflict(lock, rows, &conflict))
			raise_conflict(lock, rel, &conflict);
		if (found.contradicted == 0 && found.unlocked == 0 &&
			held >= rows->count - found.missing)
			break;
		if (round == MAX_ROUNDS)
			raise_not_locked(lock, rel);
		if (held < rows->count)
			held = hold_customers(lock, rows);
		if (found.unlocked > 0)
			lock_customers(lock, rows);
	}
}

static void
check_by_statements(InstalledLock *lock, CollectedRows *rows, Relation rel, bool share,
					bool missing_allowed, int64 agreeing)
{
	int64		held = rows->count;

	SPI_connect();
	lock_require_select(lock->def->customers_oid,
						list_concat(locked_columns(lock->def), lock->def->customer_key),
						owner_needs(lock));
	if (share)
	{
		held = hold_customers(lock, rows);
		agreeing = lock_look_up(lock, rows);
	}
	if (held < rows->count || !agree_at_once(lock, rows, agreeing))
		bring_into_agreement(lock, rows, rel, held, missing_allowed);
	SPI_finish();
}

/*
 * Statements of ours on the customers set off triggers there: with nothing of the
 * writer's in their search_path, and leaving nothing of theirs in his session.
 */
static void
check_in_session(InstalledLock *lock, CollectedRows *rows, Relation rel, Oid writer, bool share,
				 bool missing_allowed, int64 agreeing)
{
	Oid			owner = rel->rd_rel->relowner;
	Oid			customers_owner = relation_owner(lock->def->customers_oid);
	int			save_nestlevel = lock_enter_session(writer, owner);

	if (customers_owner != owner)
		lock_refuse_deferred(writer, customers_owner);
	check_by_statements(lock, rows, rel, share, missing_allowed, agreeing);
	AtEOXact_GUC(false, save_nestlevel);
}

/*
 * Brings customers and collected subscriptions into agreement or raises an
 * error.  share: the foreign keys' row locks are not held by now, take them.
 */
void
lock_check(InstalledLock *lock, CollectedRows *rows, Relation rel, Oid writer, bool share,
		   bool missing_allowed)
{
	CallingUser self = become_owner(rel->rd_rel->relowner);
	int64		agreeing = share ? LOCK_UNKNOWN : lock_look_up(lock, rows);

	if (agreeing < rows->count)
		check_in_session(lock, rows, rel, writer, share, missing_allowed, agreeing);
	become_self(self);
}
