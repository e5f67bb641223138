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

#include "owner.h"
#include "lock/lock.h"

/*
 * Of a collected row: the keys of customer and offer, whether it is running, and
 * with markets five more.
 */
#define LOCK_MAX_COLUMNS (2 * INDEX_MAX_KEYS + 6)

/* the table that a trigger is on */
typedef enum LockPart
{
	LOCK_SUBSCRIPTIONS,
	LOCK_CUSTOMERS,
	LOCK_OFFERS
} LockPart;

/* what a statement is planned for */
typedef enum LockSize
{
	LOCK_ONE_ROW,
	LOCK_FEW_ROWS,
	LOCK_MANY_ROWS
} LockSize;
#define LOCK_N_SIZES (LOCK_MANY_ROWS + 1)

/* lookup.c: how rows are found without statements */
typedef struct LockLookups LockLookups;

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
	AttrNumber	price;			/* 0: none */
	Bitmapset  *watched;		/* attribute numbers that matter in an UPDATE */
	ExprState  *locks;			/* NULL: always */
	ExprState  *running;
	bool		runs_code;		/* of others than the server's and C, in conditions */
	Oid			owner;			/* as whom it was loaded */
	bool		needs_consent;	/* of the owner, at each use */
	LockLookups *lookups;		/* NULL: by statements only */
	List	   *types;			/* hash values of those that it reads */
	List	   *composites;		/* their relations */
	bool		names_objects;	/* its conditions have constants that are tables or the like */
	SPIPlanPtr	plans[LOCK_N_PLANS][LOCK_N_SIZES];
} InstalledLock;

/* what a trigger has collected */
typedef struct CollectedRows
{
	TupleDesc	desc;
	int64		count;
	Datum	   *first;			/* the first row */
	bool	   *first_nulls;
	Tuplestorestate *store;		/* all of them, if there are several */
} CollectedRows;

/* cache.c */
extern InstalledLock *installed_lock(TriggerData *trigdata, LockPart part);

/* depend.c */
extern void lock_note_columns(InstalledLock *lock);
extern void lock_note_condition(InstalledLock *lock, Node *expr);
extern bool lock_depends_on_table(const InstalledLock *lock, Oid relid);
extern bool lock_depends_on_type(const InstalledLock *lock, uint32 hashvalue);

/* installed.c */
extern InstalledLock *lock_load(TriggerData *trigdata, LockPart part);

/* rows.c */
extern void lock_rows_begin(CollectedRows *rows, TupleDesc desc);
extern void lock_rows_add(CollectedRows *rows, InstalledLock *lock,
						  TupleTableSlot *old, TupleTableSlot *slot,
						  ExprContext *econtext);
extern bool lock_differs(TupleTableSlot *old, TupleTableSlot *new, AttrNumber attnum);
extern void lock_rows_put(CollectedRows *rows, Datum *values, bool *nulls);
extern void lock_rows_end(CollectedRows *rows);

/* execute.c */
extern int64 lock_execute(InstalledLock *lock, CollectedRows *rows, LockQuery query);
extern bool lock_keeps_order(InstalledLock *lock, CollectedRows *rows);

/* lookup.c */
#define LOCK_UNKNOWN (-1)		/* statements must decide */

extern LockLookups *lock_prepare_lookups(const InstalledLock *lock);
extern int64 lock_look_up(const InstalledLock *lock, const CollectedRows *rows);

/* check.c */
extern void lock_check(InstalledLock *lock, CollectedRows *rows, Relation rel, Oid writer,
					   bool share, bool missing_allowed);

/* collect.c */
extern TupleTableSlot *lock_new_slot(TriggerData *trigdata);
extern void lock_collect(InstalledLock *lock, CollectedRows *rows, TriggerData *trigdata);

/* moved.c */
extern bool lock_row_moves(HeapTuple tuple);
extern bool lock_rows_move(void);
extern void lock_note_moved(const LockDefinition *def, Relation rel, HeapTuple tuple,
							TupleTableSlot *slot);
extern TupleTableSlot *lock_take_moved(const LockDefinition *def, Relation rel, HeapTuple tuple);

/* statement.c */
extern bool lock_leave_to_statement(InstalledLock *lock, TriggerData *trigdata, bool share);

/* session.c */
extern int	lock_enter_session(Oid writer, Oid owner);
extern void lock_refuse_deferred(Oid writer, Oid author);
extern void lock_explain_rights(void *relid);

#endif							/* SEGMENTATION_LOCK_INSTALLED_H */
