/*
 * rows.c: the rows that a trigger of a lock collects.
 */
#include "segmentation.h"

#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/datum.h"
#include "utils/guc.h"

#include "lock/installed.h"
#include "types/currency_price.h"

void
lock_rows_begin(CollectedRows *rows, TupleDesc desc)
{
	rows->desc = desc;
	rows->count = 0;
	rows->first = palloc(sizeof(Datum) * desc->natts);
	rows->first_nulls = palloc(sizeof(bool) * desc->natts);
	rows->store = NULL;
}

static void
keep_first(CollectedRows *rows, Datum *values, bool *nulls)
{
	for (int i = 0; i < rows->desc->natts; i++)
	{
		Form_pg_attribute attr = TupleDescAttr(rows->desc, i);

		rows->first_nulls[i] = nulls[i];
		rows->first[i] = nulls[i] ? (Datum) 0 :
			datumCopy(values[i], attr->attbyval, attr->attlen);
	}
}

/* most statements make one subscription: that needs no relation of its own */
void
lock_rows_put(CollectedRows *rows, Datum *values, bool *nulls)
{
	if (rows->count == 0)
		keep_first(rows, values, nulls);
	else
	{
		if (rows->count == 1)
		{
			rows->store = tuplestore_begin_heap(false, false, work_mem);
			tuplestore_putvalues(rows->store, rows->desc, rows->first, rows->first_nulls);
		}
		tuplestore_putvalues(rows->store, rows->desc, values, nulls);
	}
	rows->count++;
}

void
lock_rows_end(CollectedRows *rows)
{
	if (rows->store)
		tuplestore_end(rows->store);
}

static bool
holds(ExprState *condition, TupleTableSlot *slot, ExprContext *econtext)
{
	Datum		result;
	bool		isnull;

	if (condition == NULL)
		return true;
	ResetExprContext(econtext);
	econtext->ecxt_scantuple = slot;
	result = ExecEvalExprSwitchContext(condition, econtext, &isnull);
	return !isnull && DatumGetBool(result);
}

/* whether a value is another one than before */
bool
lock_differs(TupleTableSlot *old, TupleTableSlot *new, AttrNumber attnum)
{
	Form_pg_attribute attr = TupleDescAttr(new->tts_tupleDescriptor, attnum - 1);
	bool		old_null;
	bool		new_null;
	Datum		old_value = slot_getattr(old, attnum, &old_null);
	Datum		new_value = slot_getattr(new, attnum, &new_null);

	return old_null != new_null ||
		(!new_null && !datum_image_eq(old_value, new_value, attr->attbyval, attr->attlen));
}

/*
 * A subscription is new to its market if it was not running before, or had
 * another customer, offer or segment.
 */
static bool
is_new(InstalledLock *lock, TupleTableSlot *old, TupleTableSlot *new, ExprContext *econtext)
{
	if (old == NULL || !holds(lock->locks, old, econtext) ||
		!holds(lock->running, old, econtext))
		return true;
	for (int i = 0; i < lock->ncolumns; i++)
		if (lock_differs(old, new, lock->columns[i]))
			return true;
	return false;
}

/* the code of a price's currency, as a text that lasts until the next call */
static Datum
currency_of(Datum price)
{
	static int32 code[4];

	currency_code_letters(price_code(DatumGetCurrencyPriceP(price)), VARDATA(code));
	SET_VARSIZE(code, VARHDRSZ + 3);
	return PointerGetDatum(code);
}

static void
add_market_values(InstalledLock *lock, TupleTableSlot *old, TupleTableSlot *new,
				  ExprContext *econtext, Datum *values, bool *nulls)
{
	Datum		price = (Datum) 0;

	nulls[0] = true;
	if (lock->price != InvalidAttrNumber)
		price = slot_getattr(new, lock->price, &nulls[0]);
	values[0] = nulls[0] ? (Datum) 0 : currency_of(price);
	values[1] = BoolGetDatum(is_new(lock, old, new, econtext));
	nulls[1] = false;
}

/*
 * Collects the row if it concerns the lock: a subscription that locks a
 * customer.  old: what it was before an UPDATE, or NULL.
 */
void
lock_rows_add(CollectedRows *rows, InstalledLock *lock, TupleTableSlot *old,
			  TupleTableSlot *slot, ExprContext *econtext)
{
	Datum		values[LOCK_MAX_COLUMNS];
	bool		nulls[LOCK_MAX_COLUMNS];

	for (int i = 0; i < lock->ncolumns; i++)
	{
		values[i] = slot_getattr(slot, lock->columns[i], &nulls[i]);
		if (nulls[i] && i < lock->nkeys)
			return;
	}
	if (!holds(lock->locks, slot, econtext))
		return;
	if (lock->part == LOCK_SUBSCRIPTIONS)
	{
		values[lock->ncolumns] = BoolGetDatum(holds(lock->running, slot, econtext));
		nulls[lock->ncolumns] = false;
		if (lock->def->markets)
			add_market_values(lock, old, slot, econtext, values + lock->ncolumns + 1,
							  nulls + lock->ncolumns + 1);
	}
	lock_rows_put(rows, values, nulls);
}
