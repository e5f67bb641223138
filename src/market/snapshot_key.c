/*
 * snapshot_key.c: what tells whether two moments see the same rows.
 *
 * What a function keeps in fn_extra lives as long as an executor does, which
 * may be longer than a statement: an expression of PL/pgSQL is initialized once
 * a transaction, and runs under a new snapshot each time.  So what was read
 * from a table is kept with a key.
 *
 * Which rows of others a snapshot sees follows from which transactions it takes
 * for running, and which rows of our own from its command number, as long as
 * none of our own subtransactions is undone: that ends all keys.  So does the
 * end of the transaction.  Another role may see other rows, or none.
 */
#include "segmentation.h"

#include "access/xact.h"
#include "miscadmin.h"

#include "market/snapshot_key.h"

struct SnapshotKey
{
	uint64		period;
	Oid			reader;
	TransactionId xmin;
	TransactionId xmax;
	CommandId	curcid;
	bool		suboverflowed;
	bool		takenDuringRecovery;
	uint32		xcnt;
	int32		subxcnt;
	TransactionId running[FLEXIBLE_ARRAY_MEMBER];	/* xip, then subxip */
};

/* counts the ends of transactions, and of subtransactions undone */
static uint64 period = 0;

static void
count_transaction(XactEvent event, void *arg)
{
	period++;
}

static void
count_undone(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		period++;
}

/* overflowed ones are not used, and not there in a copy of a snapshot */
static inline int32
running_subtransactions(Snapshot snapshot)
{
	if (snapshot->suboverflowed && !snapshot->takenDuringRecovery)
		return 0;
	return snapshot->subxcnt;
}

SnapshotKey *
snapshot_key_make(Snapshot snapshot)
{
	int32		subxcnt = running_subtransactions(snapshot);
	SnapshotKey *key = palloc(offsetof(SnapshotKey, running) +
							  (snapshot->xcnt + subxcnt) * sizeof(TransactionId));

	if (period == 0)
	{
		RegisterXactCallback(count_transaction, NULL);
		RegisterSubXactCallback(count_undone, NULL);
		period = 1;
	}
	key->period = period;
	key->reader = GetUserId();
	key->xmin = snapshot->xmin;
	key->xmax = snapshot->xmax;
	key->curcid = snapshot->curcid;
	key->suboverflowed = snapshot->suboverflowed;
	key->takenDuringRecovery = snapshot->takenDuringRecovery;
	key->xcnt = snapshot->xcnt;
	key->subxcnt = subxcnt;
	if (key->xcnt > 0)
		memcpy(key->running, snapshot->xip, key->xcnt * sizeof(TransactionId));
	if (key->subxcnt > 0)
		memcpy(key->running + key->xcnt, snapshot->subxip, key->subxcnt * sizeof(TransactionId));
	return key;
}

static inline bool
same_transactions(const TransactionId *a, const TransactionId *b, int count)
{
	return count == 0 || memcmp(a, b, count * sizeof(TransactionId)) == 0;
}

bool
snapshot_key_matches(const SnapshotKey *key, Snapshot snapshot)
{
	return key->period == period &&
		key->reader == GetUserId() &&
		key->xmin == snapshot->xmin &&
		key->xmax == snapshot->xmax &&
		key->curcid == snapshot->curcid &&
		key->suboverflowed == snapshot->suboverflowed &&
		key->takenDuringRecovery == snapshot->takenDuringRecovery &&
		key->xcnt == snapshot->xcnt &&
		key->subxcnt == running_subtransactions(snapshot) &&
		same_transactions(key->running, snapshot->xip, key->xcnt) &&
		same_transactions(key->running + key->xcnt, snapshot->subxip, key->subxcnt);
}
