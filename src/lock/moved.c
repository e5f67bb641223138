/*
 * moved.c: customers whose rows move to another partition.
 *
 * Such an UPDATE fires no trigger after UPDATE, but one after DELETE where the row
 * was, and then one after INSERT where it is.  The first leaves the old row
 * here, and the second compares: every other trigger has had its say by then.
 * Both rows bear the number of the command, which no other statement of the
 * transaction has.
 *
 * A row that has not arrived, because a trigger of the partition has suppressed
 * it, is a customer that is gone while its subscriptions are not: the server
 * checks no foreign key then.  Nor does one arrive that is locked no more, for
 * many rows are inserted that are not, and none of these fires the trigger.  Either
 * comes to light with the next row of the command, or when the subtransaction or
 * transaction is to be committed.
 */
#include "segmentation.h"

#include "access/htup_details.h"
#include "access/tupconvert.h"
#include "access/xact.h"
#include "executor/tuptable.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "lock/installed.h"

typedef struct MovedRow
{
	struct MovedRow *outer;
	Oid			customers;
	CommandId	command;
	SubTransactionId subid;
	MemoryContext context;
	TupleDesc	desc;
	HeapTuple	tuple;
	char	   *customer;		/* "(id)=(42)" */
} MovedRow;

static MovedRow *innermost = NULL;

pg_noreturn static void
raise_not_arrived(const MovedRow *row)
{
	ereport(ERROR,
			(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
			 errmsg("could not move locked customer %s to another partition", row->customer),
			 errdetail("A trigger of that partition has suppressed its row, or column segment_locked_at was cleared."),
			 errhint("Let triggers BEFORE INSERT on partitions return the row, and the lock as it is.")));
}

static void
end_moves_of_transaction(XactEvent event, void *arg)
{
	if (innermost && (event == XACT_EVENT_PRE_COMMIT || event == XACT_EVENT_PRE_PREPARE))
		raise_not_arrived(innermost);
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_PREPARE || event == XACT_EVENT_ABORT)
		innermost = NULL;
}

static void
end_moves_of_subtransaction(SubXactEvent event, SubTransactionId subid,
							SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_PRE_COMMIT_SUB && innermost && innermost->subid >= subid)
		raise_not_arrived(innermost);
	if (event == SUBXACT_EVENT_ABORT_SUB)
		while (innermost && innermost->subid >= subid)
			innermost = innermost->outer;
}

static void
watch_ends(void)
{
	static bool watching = false;

	if (watching)
		return;
	RegisterXactCallback(end_moves_of_transaction, NULL);
	RegisterSubXactCallback(end_moves_of_subtransaction, NULL);
	watching = true;
}

/* the row that the command moves just now; NULL: none */
static MovedRow *
find_moved(Oid customers, CommandId command)
{
	MovedRow   *row = innermost;

	while (row && (row->customers != customers || row->command != command))
		row = row->outer;
	return row;
}

/* whether a row that a trigger after DELETE is given goes on in another partition */
bool
lock_row_moves(HeapTuple tuple)
{
	return HeapTupleHeaderIndicatesMovedPartitions(tuple->t_data);
}

/* the row before it moves; the one that the command moved before has arrived, or never will */
void
lock_note_moved(const LockDefinition *def, Relation rel, HeapTuple tuple, TupleTableSlot *slot)
{
	CommandId	command = HeapTupleHeaderGetCmax(tuple->t_data);
	MemoryContext context;
	MemoryContext old;
	MovedRow   *row = find_moved(def->customers_oid, command);

	watch_ends();
	if (row)
		raise_not_arrived(row);
	context = AllocSetContextCreate(TopTransactionContext, "segmentation moved row", ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(context);
	row = palloc(sizeof(MovedRow));
	row->customers = def->customers_oid;
	row->command = command;
	row->subid = GetCurrentSubTransactionId();
	row->context = context;
	row->desc = CreateTupleDescCopy(RelationGetDescr(rel));
	row->tuple = ExecCopySlotHeapTuple(slot);
	row->customer = lock_key_text(def, lock_key_values(rel, def->customer_key, slot));
	row->outer = innermost;
	innermost = row;
	MemoryContextSwitchTo(old);
}

/* whether any row is on its way: most that are inserted are but new */
bool
lock_rows_move(void)
{
	return innermost != NULL;
}

/* as a row of the partition where it has arrived */
static TupleTableSlot *
converted(const MovedRow *row, TupleDesc desc)
{
	TupleTableSlot *result = MakeSingleTupleTableSlot(CreateTupleDescCopy(desc), &TTSOpsHeapTuple);
	TupleConversionMap *map = convert_tuples_by_name(row->desc, desc);
	HeapTuple	tuple = map ? execute_attr_map_tuple(row->tuple, map) : heap_copytuple(row->tuple);

	ExecForceStoreHeapTuple(tuple, result, false);
	ExecMaterializeSlot(result);
	return result;
}

/*
 * What a row was that has been inserted into a partition just now; NULL: it is new.
 * Statements of triggers that fired since it left have ended.
 */
TupleTableSlot *
lock_take_moved(const LockDefinition *def, Relation rel, HeapTuple tuple)
{
	MovedRow   *row = find_moved(def->customers_oid, HeapTupleHeaderGetCmin(tuple->t_data));
	TupleTableSlot *result;

	if (row == NULL)
		return NULL;
	if (row != innermost)
		raise_not_arrived(innermost);
	result = converted(row, RelationGetDescr(rel));
	innermost = row->outer;
	MemoryContextDelete(row->context);
	return result;
}
