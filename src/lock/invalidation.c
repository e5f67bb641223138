/*
 * invalidation.c: when what was found out about tables may hold no more.
 */
#include "segmentation.h"

#include "utils/inval.h"
#include "utils/syscache.h"

#include "lock/lock.h"

/* counts what could concern a lock; 0: nobody has asked yet, and nothing is counted */
static uint64 invalidations = 0;

static LockTableListener table_listener = NULL;
static LockTypeListener type_listener = NULL;

/* a changed table may have other columns, keys or triggers */
static void
note_changed_table(Datum arg, Oid relid)
{
	invalidations++;
	if (table_listener)
		table_listener(relid);
}

/* temporary tables make and drop types all the time: only some concern a lock */
static void
note_changed_type(Datum arg, int cacheid, uint32 hashvalue)
{
	invalidations++;
	if (type_listener)
		type_listener(hashvalue);
}

/* the rest is rare: whatever could be concerned */
static void
note_changed_name(Datum arg, int cacheid, uint32 hashvalue)
{
	note_changed_table(arg, InvalidOid);
}

static void
begin_counting(void)
{
	/* what a condition can name, functions that it has inlined among it */
	static const int names[] = {
		PROCOID, OPEROID, NAMESPACEOID, ENUMOID, CASTSOURCETARGET, COLLOID,
		AUTHOID, TSCONFIGOID, TSDICTOID,
		/* what roles have the rights of which; a database's owner is a member of pg_database_owner */
		AUTHMEMMEMROLE, DATABASEOID
	};

	invalidations = 1;
	CacheRegisterRelcacheCallback(note_changed_table, (Datum) 0);
	CacheRegisterSyscacheCallback(TYPEOID, note_changed_type, (Datum) 0);
	for (size_t i = 0; i < lengthof(names); i++)
		CacheRegisterSyscacheCallback(names[i], note_changed_name, (Datum) 0);
}

/* what was found out about a table holds for as long as this number does */
uint64
lock_invalidations(void)
{
	if (invalidations == 0)
		begin_counting();
	return invalidations;
}

/* the functions are called within the server's handling of invalidations, and must read no catalog */
void
lock_listen(LockTableListener table, LockTypeListener type)
{
	table_listener = table;
	type_listener = type;
	(void) lock_invalidations();
}
