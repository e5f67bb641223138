/*
 * moved.c: customers whose rows move to another partition.
 *
 * Such an UPDATE fires no trigger after UPDATE, but one after DELETE where the row
 * was, and then one after INSERT where it is.  The first leaves the old row
 * here, and the second compares: every other trigger has had its say by then.
 * Statements of triggers that fire between the two are deeper than they are.
 *
 * A row that has not arrived when its statement ends, because a trigger of the
 * partition has suppressed it, is a customer that is gone while its subscriptions
 * are not: the server checks no foreign key then.
 */
#include "segmentation.h"

#include "access/htup_details.h"
#include "access/tupconvert.h"
#include "access/xact.h"
#include "executor/tuptable.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "lock/installed.h"

typedef struct MovedRow
{
	struct MovedRow *outer;
	Oid			customers;
	int			depth;			/* of triggers */
	SubTransactionId subid;
	MemoryContext context;
	TupleDesc	desc;
	HeapTuple	tuple;
	char	   *customer;		/* "(id)=(42)" */
} MovedRow;

static MovedRow *innermost = NULL;

pg_noreturn static void
raise_suppressed(const MovedRow *row)
{
	ereport(ERROR,
			(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
			 errmsg("could not move locked customer %s to another partition", row->customer),
			 errdetail("A trigger of that partition has suppressed its row."),
			 errhint("Let triggers BEFORE INSERT on partitions return the row.")));
}

static void
end_moves_of_transaction(XactEvent event, void *arg)
{
	if (innermost && (event == XACT_EVENT_PRE_COMMIT || event == XACT_EVENT_PRE_PREPARE))
		raise_suppressed(innermost);
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_PREPARE || event == XACT_EVENT_ABORT)
		innermost = NULL;
}

static void
end_moves_of_subtransaction(SubXactEvent event, SubTransactionId subid,
							SubTransactionId parent, void *arg)
{
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

static int
trigger_depth(void)
{
	return DatumGetInt32(DirectFunctionCall1(pg_trigger_depth, (Datum) 0));
}

/* whether a row that a trigger after DELETE is given goes on in another partition */
bool
lock_row_moves(HeapTuple tuple)
{
	return HeapTupleHeaderIndicatesMovedPartitions(tuple->t_data);
}

/* the row before it moves */
void
lock_note_moved(const LockDefinition *def, Relation rel, TupleTableSlot *slot)
{
	MemoryContext context;
	MemoryContext old;
	MovedRow   *row;

	watch_ends();
	if (innermost && innermost->customers == def->customers_oid && innermost->depth >= trigger_depth())
		raise_suppressed(innermost);
	context = AllocSetContextCreate(TopTransactionContext, "segmentation moved row", ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(context);
	row = palloc(sizeof(MovedRow));
	row->customers = def->customers_oid;
	row->depth = trigger_depth();
	row->subid = GetCurrentSubTransactionId();
	row->context = context;
	row->desc = CreateTupleDescCopy(RelationGetDescr(rel));
	row->tuple = ExecCopySlotHeapTuple(slot);
	row->customer = lock_key_text(def, lock_key_values(rel, def->customer_key, slot));
	row->outer = innermost;
	innermost = row;
	MemoryContextSwitchTo(old);
}

/* at the end of each statement, whose triggers were deeper than itself */
void
lock_require_arrivals(void)
{
	if (unlikely(innermost) && innermost->depth > trigger_depth())
		raise_suppressed(innermost);
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

/* what a row was that has been inserted into a partition just now; NULL: it is new */
TupleTableSlot *
lock_take_moved(const LockDefinition *def, Relation rel)
{
	MovedRow   *row = innermost;
	TupleTableSlot *result;

	if (row == NULL || row->customers != def->customers_oid || row->depth != trigger_depth())
		return NULL;
	result = converted(row, RelationGetDescr(rel));
	innermost = row->outer;
	MemoryContextDelete(row->context);
	return result;
}
