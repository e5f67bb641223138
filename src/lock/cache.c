/*
 * cache.c: the locks that a session has loaded, for as long as nothing changes
 * that they were loaded from.
 *
 * Triggers keep names, so what has another name now is found again, or missed,
 * as in a session that begins.
 */
#include "segmentation.h"

#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "lock/installed.h"

typedef struct CacheEntry
{
	Oid			trigger_oid;	/* hash key */
	InstalledLock *lock;
} CacheEntry;

static HTAB *installed_locks = NULL;

/* counts what could concern a lock that is being loaded */
static uint64 invalidations = 0;

/* a changed table may have other columns, keys or triggers */
static void
forget_table(Datum arg, Oid relid)
{
	HASH_SEQ_STATUS status;
	CacheEntry *entry;

	invalidations++;
	hash_seq_init(&status, installed_locks);
	while ((entry = hash_seq_search(&status)) != NULL)
		if (entry->lock && (!OidIsValid(relid) || lock_depends_on_table(entry->lock, relid)))
			entry->lock->valid = false;
}

/* temporary tables make and drop types all the time: only some concern a lock */
static void
forget_type(Datum arg, int cacheid, uint32 hashvalue)
{
	HASH_SEQ_STATUS status;
	CacheEntry *entry;

	invalidations++;
	hash_seq_init(&status, installed_locks);
	while ((entry = hash_seq_search(&status)) != NULL)
		if (entry->lock && (hashvalue == 0 || lock_depends_on_type(entry->lock, hashvalue)))
			entry->lock->valid = false;
}

/* the rest is rare: whatever could be concerned */
static void
forget_all(Datum arg, int cacheid, uint32 hashvalue)
{
	forget_table(arg, InvalidOid);
}

static void
create_cache(void)
{
	/* what a condition can name, functions that it has inlined among it */
	static const int names[] = {
		PROCOID, OPEROID, NAMESPACEOID, ENUMOID, CASTSOURCETARGET, COLLOID,
		AUTHOID, TSCONFIGOID, TSDICTOID
	};
	HASHCTL		ctl = {0};

	ctl.keysize = sizeof(Oid);
	ctl.entrysize = sizeof(CacheEntry);
	installed_locks = hash_create("segmentation locks", 16, &ctl,
								  HASH_ELEM | HASH_BLOBS);
	CacheRegisterRelcacheCallback(forget_table, (Datum) 0);
	CacheRegisterSyscacheCallback(TYPEOID, forget_type, (Datum) 0);
	for (size_t i = 0; i < lengthof(names); i++)
		CacheRegisterSyscacheCallback(names[i], forget_all, (Datum) 0);
}

/* what was found out about a table holds for as long as this number does */
uint64
lock_invalidations(void)
{
	if (installed_locks == NULL)
		create_cache();
	return invalidations;
}

/*
 * The lock of a trigger.  One that is out of date may be in use further up the
 * stack, so it stays until the transaction ends.
 */
InstalledLock *
installed_lock(TriggerData *trigdata, LockPart part)
{
	Oid			trigger_oid = trigdata->tg_trigger->tgoid;
	CacheEntry *entry;
	InstalledLock *lock;
	uint64		before;
	bool		found;

	if (installed_locks == NULL)
		create_cache();
	entry = hash_search(installed_locks, &trigger_oid, HASH_FIND, NULL);
	if (entry && entry->lock && entry->lock->valid && entry->lock->part == part)
		return entry->lock;

	before = invalidations;
	lock = lock_load(trigdata, part);
	lock->valid = invalidations == before;
	entry = hash_search(installed_locks, &trigger_oid, HASH_ENTER, &found);
	if (found && entry->lock)
		MemoryContextSetParent(entry->lock->context, TopTransactionContext);
	entry->lock = lock;
	return lock;
}
