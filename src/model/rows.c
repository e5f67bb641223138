/*
 * rows.c: what a statement returns goes row by row to a function, not into
 * memory.
 */
#include "segmentation.h"

#include "utils/memutils.h"

#include "model/model.h"

typedef struct RowReceiver
{
	DestReceiver pub;
	SlotFunction function;
	void	   *arg;
	MemoryContext context;		/* of one row */
} RowReceiver;

static bool
receive_row(TupleTableSlot *slot, DestReceiver *self)
{
	RowReceiver *receiver = (RowReceiver *) self;
	MemoryContext old = MemoryContextSwitchTo(receiver->context);

	slot_getallattrs(slot);
	receiver->function(slot, receiver->arg);
	MemoryContextSwitchTo(old);
	MemoryContextReset(receiver->context);
	return true;
}

static void
begin_rows(DestReceiver *self, int operation, TupleDesc desc)
{
}

static void
end_rows(DestReceiver *self)
{
}

static void
destroy_receiver(DestReceiver *self)
{
	MemoryContextDelete(((RowReceiver *) self)->context);
	pfree(self);
}

DestReceiver *
rows_receiver(SlotFunction function, void *arg)
{
	RowReceiver *receiver = palloc(sizeof(RowReceiver));

	*receiver = (RowReceiver)
	{
		{
			receive_row, begin_rows, end_rows, destroy_receiver, DestTuplestore
		}, function, arg,
			AllocSetContextCreate(CurrentMemoryContext, "row of a statement", ALLOCSET_DEFAULT_SIZES)
	};
	return (DestReceiver *) receiver;
}
