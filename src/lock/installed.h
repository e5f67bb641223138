/*
 * installed.h: a lock as a trigger uses it, kept from call to call.
 */
#ifndef SEGMENTATION_LOCK_INSTALLED_H
#define SEGMENTATION_LOCK_INSTALLED_H

#include "segmentation.h"

#include "executor/spi.h"
#include "nodes/bitmapset.h"
#include "nodes/execnodes.h"
#include "utils/tuplestore.h"

#include "lock/lock.h"

/* the table that a trigger is on */
typedef enum LockPart
{
	LOCK_SUBSCRIPTIONS,
	LOCK_CUSTOMERS,
	LOCK_OFFERS
} LockPart;

typedef struct InstalledLock
{
	bool		valid;
	LockPart	part;
	MemoryContext context;		/* of all that hangs below */
	LockDefinition *def;
	TupleDesc	rows_desc;		/* of what is collected from its table */
	int			ncolumns;		/* copied from the trigger's table */
	AttrNumber *columns;
	int			nkeys;			/* of them, the first: none may be NULL */
	Bitmapset  *watched;		/* attribute numbers that matter in an UPDATE */
	ExprState  *locks;			/* NULL: always */
	ExprState  *running;
	SPIPlanPtr	plans[LOCK_N_PLANS][2]; /* for few rows, for many */
} InstalledLock;

/* what a trigger has collected */
typedef struct CollectedRows
{
	TupleDesc	desc;
	Tuplestorestate *store;
	int64		count;
	Datum	   *values;
	bool	   *nulls;
} CollectedRows;

extern InstalledLock *installed_lock(TriggerData *trigdata, LockPart part);
extern void lock_rows_begin(CollectedRows *rows, TupleDesc desc);
extern void lock_rows_add(CollectedRows *rows, InstalledLock *lock,
						  TupleTableSlot *slot, ExprContext *econtext);
extern int64 lock_execute(InstalledLock *lock, CollectedRows *rows, LockQuery query);

/* check.c */
extern void lock_check(InstalledLock *lock, CollectedRows *rows, Relation rel,
					   bool share, bool missing_allowed);

/* run what follows as the owner of the table that a trigger is on */
typedef struct LockUser
{
	Oid			userid;
	int			sec_context;
} LockUser;

extern LockUser lock_become_owner(Oid owner);
extern void lock_become_self(LockUser self);

#endif							/* SEGMENTATION_LOCK_INSTALLED_H */
