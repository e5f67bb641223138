/*
 * cache.c: the locks that a session has loaded, for as long as nothing changes
 * that they were loaded from.
 *
 * Triggers keep names, so what has another name now is found again, or missed,
 * as in a session that begins.
 */
#include "segmentation.h"

#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "lock/installed.h"

typedef struct CacheEntry
{
	Oid			trigger_oid;	/* hash key */
	InstalledLock *lock;
} CacheEntry;

static HTAB *installed_locks = NULL;

static void
forget_table(Oid relid)
{
	HASH_SEQ_STATUS status;
	CacheEntry *entry;

	hash_seq_init(&status, installed_locks);
	while ((entry = hash_seq_search(&status)) != NULL)
		if (entry->lock && (!OidIsValid(relid) || lock_depends_on_table(entry->lock, relid)))
			entry->lock->valid = false;
}

static void
forget_type(uint32 hashvalue)
{
	HASH_SEQ_STATUS status;
	CacheEntry *entry;

	hash_seq_init(&status, installed_locks);
	while ((entry = hash_seq_search(&status)) != NULL)
		if (entry->lock && (hashvalue == 0 || lock_depends_on_type(entry->lock, hashvalue)))
			entry->lock->valid = false;
}

static void
create_cache(void)
{
	HASHCTL		ctl = {0};

	ctl.keysize = sizeof(Oid);
	ctl.entrysize = sizeof(CacheEntry);
	installed_locks = hash_create("segmentation locks", 16, &ctl,
								  HASH_ELEM | HASH_BLOBS);
	lock_listen(forget_table, forget_type);
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
	if (entry && entry->lock && entry->lock->valid && entry->lock->part == part &&
		entry->lock->owner == trigdata->tg_relation->rd_rel->relowner)
	{
		if (entry->lock->needs_consent)
			(void) lock_require_consent(entry->lock->def, trigger_oid, entry->lock->owner);
		return entry->lock;
	}

	before = lock_invalidations();
	lock = lock_load(trigdata, part);
	lock->valid = lock_invalidations() == before;
	entry = hash_search(installed_locks, &trigger_oid, HASH_ENTER, &found);
	if (found && entry->lock)
		MemoryContextSetParent(entry->lock->context, TopTransactionContext);
	entry->lock = lock;
	return lock;
}
