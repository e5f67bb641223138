/*
 * lookup.c: whether subscriptions are as promised, read straight from the
 * indexes of their customers, offers and markets.
 *
 * Most subscriptions are of customers that are locked to their segment already,
 * and a statement of the executor's costs several times what reading that
 * takes.  It is read as foreign keys do it: the same index and operators, under
 * the latest snapshot.  Where that would not be all (row security,
 * privileges of columns, partitions, values of other types) the statement
 * decides, and so it does about whatever does not agree.
 */
#include "segmentation.h"

#include "access/genam.h"
#include "access/skey.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_am.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "parser/parse_coerce.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/typcache.h"

#include "lock/installed.h"

/*
 * Functions that compare keys may keep something for as long as a scan lasts,
 * those in SQL several kilobytes for each row: so no scan serves more of them.
 */
#define ROWS_OF_A_SCAN 1000

/* how to find the one row that some values name */
typedef struct Lookup
{
	Oid			relid;			/* 0: the lock has no such table */
	Oid			index;
	LOCKMODE	mode;
	int			nkeys;
	ScanKeyData keys[INDEX_MAX_KEYS];	/* their arguments yet to be filled in */
	int			source[INDEX_MAX_KEYS]; /* which of the values each is */
} Lookup;

struct LockLookups
{
	Lookup		customer;
	Lookup		offer;
	Lookup		market;
	AttrNumber	locked_at;		/* of the customer */
	AttrNumber	customer_segment;
	AttrNumber	offer_segment;
	AttrNumber	status;			/* of the market */
	AttrNumber	currency;
	FmgrInfo   *same_segment;
	Oid			collation;
};

/* the column of a foreign key that has a place in its index, -1 if none has */
static int
position_in_key(const LockForeignKey *key, AttrNumber attnum)
{
	for (int i = 0; i < key->nkeys; i++)
		if (key->columns[i] == attnum)
			return i;
	return -1;
}

static bool
prepare_column(Lookup *lookup, int n, Relation index, const LockForeignKey *key,
			   Oid value_type, int source)
{
	Oid			left;
	Oid			right;

	op_input_types(key->operators[source], &left, &right);
	lookup->source[n] = source;
	ScanKeyEntryInitialize(&lookup->keys[n], 0, n + 1, BTEqualStrategyNumber, right,
						   index->rd_indcollation[n], get_opcode(key->operators[source]),
						   (Datum) 0);
	return IsBinaryCoercible(getBaseType(value_type), right);
}

static bool
prepare_columns(Lookup *lookup, Relation index, const LockForeignKey *key, TupleDesc row,
				int first)
{
	if (index->rd_rel->relam != BTREE_AM_OID || index->rd_index->indnkeyatts != key->nkeys)
		return false;
	for (int i = 0; i < key->nkeys; i++)
	{
		int			source = position_in_key(key, index->rd_index->indkey.values[i]);

		if (source < 0 ||
			!prepare_column(lookup, i, index, key,
							TupleDescAttr(row, first + source)->atttypid, source))
			return false;
	}
	return true;
}

/*
 * A row that a foreign key names is held by it, and its table locked as here.
 * What it names are columns of a row, from "first" on.
 */
static bool
prepare_lookup(Lookup *lookup, Relation rel, const LockForeignKey *key, TupleDesc row, int first,
			   LOCKMODE mode)
{
	Relation	index;
	bool		result;

	if (rel->rd_rel->relkind != RELKIND_RELATION ||
		pg_namespace_aclcheck(RelationGetNamespace(rel), GetUserId(), ACL_USAGE) != ACLCHECK_OK)
		return false;
	index = index_open(key->index, AccessShareLock);
	lookup->relid = RelationGetRelid(rel);
	lookup->index = key->index;
	lookup->mode = mode;
	lookup->nkeys = key->nkeys;
	result = prepare_columns(lookup, index, key, row, first);
	index_close(index, NoLock);
	return result;
}

static Form_pg_attribute
attribute(Relation rel, AttrNumber attnum)
{
	return TupleDescAttr(RelationGetDescr(rel), attnum - 1);
}

/* one function compares segments if their types are one */
static bool
is_alike(Form_pg_attribute a, Form_pg_attribute b)
{
	return a->atttypid == b->atttypid && a->attcollation == b->attcollation;
}

static bool
prepare_customer(LockLookups *lookups, const InstalledLock *lock, Relation rel)
{
	const LockDefinition *def = lock->def;
	Form_pg_attribute segment;

	lookups->locked_at = lock_column(rel, LOCKED_AT_COLUMN);
	lookups->customer_segment = lock_column(rel, def->customer_segment);
	segment = attribute(rel, lookups->customer_segment);
	lookups->same_segment =
		&lookup_type_cache(segment->atttypid, TYPECACHE_EQ_OPR_FINFO)->eq_opr_finfo;
	lookups->collation = segment->attcollation;
	return (def->offers || is_alike(TupleDescAttr(lock->rows_desc, lock->nkeys), segment)) &&
		prepare_lookup(&lookups->customer, rel, &def->customer_foreign_key, lock->rows_desc, 0,
					   RowShareLock);
}

static bool
prepare_offer(LockLookups *lookups, const InstalledLock *lock, Relation customers)
{
	const LockDefinition *def = lock->def;
	Relation	rel = table_open(def->offers_oid, AccessShareLock);
	bool		result;

	lookups->offer_segment = lock_column(rel, def->offer_segment);
	result = is_alike(attribute(rel, lookups->offer_segment),
					  attribute(customers, lookups->customer_segment)) &&
		prepare_lookup(&lookups->offer, rel, &def->offer_foreign_key, lock->rows_desc, lock->nkeys,
					   RowShareLock);
	table_close(rel, NoLock);
	return result;
}

/* by its customers' segment, which is alike the subscriptions' */
static bool
prepare_market(LockLookups *lookups, const InstalledLock *lock, Relation customers)
{
	Relation	rel = table_open(lock->def->markets_oid, AccessShareLock);
	bool		result = prepare_lookup(&lookups->market, rel, &lock->def->market_foreign_key,
										RelationGetDescr(customers), lookups->customer_segment - 1,
										AccessShareLock);

	lookups->status = lock_column(rel, "status");
	lookups->currency = lock_column(rel, "currency");
	table_close(rel, NoLock);
	return result;
}

/* NULL where statements must decide */
LockLookups *
lock_prepare_lookups(const InstalledLock *lock)
{
	const LockDefinition *def = lock->def;
	LockLookups *lookups = palloc0(sizeof(LockLookups));
	Relation	customers = table_open(def->customers_oid, AccessShareLock);
	bool		possible = prepare_customer(lookups, lock, customers) &&
	(!def->offers || prepare_offer(lookups, lock, customers)) &&
	(!def->markets || prepare_market(lookups, lock, customers));

	table_close(customers, NoLock);
	return possible ? lookups : NULL;
}

/* a table that rows are being looked up in */
typedef struct OpenTable
{
	const Lookup *lookup;
	Relation	rel;			/* NULL: the lock has no such table */
	Relation	index;
	IndexScanDesc scan;
	TupleTableSlot *slot;		/* the row that was found last */
} OpenTable;

typedef struct OpenTables
{
	Snapshot	snapshot;
	MemoryContext context;		/* of the scans */
	OpenTable	customers;
	OpenTable	offers;
	OpenTable	markets;
} OpenTables;

static void
open_table(OpenTable *table, const Lookup *lookup)
{
	table->lookup = lookup;
	table->rel = OidIsValid(lookup->relid) ? table_open(lookup->relid, lookup->mode) : NULL;
}

static void
close_table(OpenTable *table)
{
	if (table->rel)
		table_close(table->rel, NoLock);
}

/* as the executor would ask; it may find reasons to let more through */
static bool
is_readable(const OpenTable *table)
{
	return table->rel == NULL ||
		(!table->rel->rd_rel->relrowsecurity &&
		 pg_class_aclcheck(RelationGetRelid(table->rel), GetUserId(), ACL_SELECT) == ACLCHECK_OK);
}

static void
begin_scan(OpenTable *table, Snapshot snapshot)
{
	if (table->rel == NULL)
		return;
	table->slot = table_slot_create(table->rel, NULL);
	table->index = index_open(table->lookup->index, table->lookup->mode);
	table->scan = index_begin(table->rel, table->index, snapshot, table->lookup->nkeys);
}

static void
end_scan(OpenTable *table)
{
	if (table->rel == NULL)
		return;
	index_endscan(table->scan);
	index_close(table->index, NoLock);
	ExecDropSingleTupleTableSlot(table->slot);
}

static void
begin_scans(OpenTables *tables)
{
	MemoryContext caller = MemoryContextSwitchTo(tables->context);

	begin_scan(&tables->customers, tables->snapshot);
	begin_scan(&tables->offers, tables->snapshot);
	begin_scan(&tables->markets, tables->snapshot);
	MemoryContextSwitchTo(caller);
}

static void
end_scans(OpenTables *tables)
{
	end_scan(&tables->markets);
	end_scan(&tables->offers);
	end_scan(&tables->customers);
	MemoryContextReset(tables->context);
}

static bool
find_row(OpenTable *table, const Datum *values, const bool *nulls)
{
	const Lookup *lookup = table->lookup;
	ScanKeyData keys[INDEX_MAX_KEYS];
	MemoryContext caller;
	bool		found;

	for (int i = 0; i < lookup->nkeys; i++)
	{
		if (nulls[lookup->source[i]])
			return false;
		keys[i] = lookup->keys[i];
		keys[i].sk_argument = values[lookup->source[i]];
		/* what the function keeps lasts no longer than this copy of it */
		keys[i].sk_func.fn_mcxt = CurrentMemoryContext;
	}
	/* the scan allocates as it goes what lasts as long as it does, like its slot */
	caller = MemoryContextSwitchTo(table->slot->tts_mcxt);
	index_rescan(table->scan, keys, lookup->nkeys, NULL, 0);
	found = index_getnext_slot(table->scan, ForwardScanDirection, table->slot);
	MemoryContextSwitchTo(caller);
	return found;
}

static bool
is_text(OpenTable *table, AttrNumber attnum, const char *value, size_t length)
{
	bool		isnull;
	Datum		datum = slot_getattr(table->slot, attnum, &isnull);
	text	   *found = isnull ? NULL : DatumGetTextPP(datum);

	return found && VARSIZE_ANY_EXHDR(found) == length &&
		memcmp(VARDATA_ANY(found), value, length) == 0;
}

/* currency and whether the subscription is new follow "running" in a collected row */
static bool
market_sells(const InstalledLock *lock, OpenTable *markets, const Datum *values, const bool *nulls)
{
	const LockLookups *lookups = lock->lookups;
	int			currency = lock->ncolumns + 1;
	int			is_new = lock->ncolumns + 2;

	if (DatumGetBool(values[is_new]) &&
		!is_text(markets, lookups->status, "active", strlen("active")))
		return false;
	if (nulls[currency])
		return true;
	return is_text(markets, lookups->currency, VARDATA_ANY(DatumGetPointer(values[currency])),
				   VARSIZE_ANY_EXHDR(DatumGetPointer(values[currency])));
}

/* a customer that is locked, and if the subscription is running, to its segment */
static bool
agrees(const InstalledLock *lock, OpenTables *tables, const Datum *values, const bool *nulls)
{
	const LockLookups *lookups = lock->lookups;
	Datum		segment = values[lock->nkeys];
	bool		no_segment = nulls[lock->nkeys];
	Datum		customer_segment;
	bool		isnull;

	if (!find_row(&tables->customers, values, nulls) ||
		slot_attisnull(tables->customers.slot, lookups->locked_at))
		return false;
	if (!DatumGetBool(values[lock->ncolumns]))
		return true;
	if (tables->offers.rel)
	{
		if (!find_row(&tables->offers, values + lock->nkeys, nulls + lock->nkeys))
			return false;
		segment = slot_getattr(tables->offers.slot, lookups->offer_segment, &no_segment);
	}
	customer_segment = slot_getattr(tables->customers.slot, lookups->customer_segment, &isnull);
	if (no_segment || isnull ||
		!DatumGetBool(FunctionCall2Coll(lookups->same_segment, lookups->collation,
										customer_segment, segment)))
		return false;
	return tables->markets.rel == NULL ||
		(find_row(&tables->markets, &customer_segment, &isnull) &&
		 market_sells(lock, &tables->markets, values, nulls));
}

/* of several rows, up to the first that does not agree */
static int64
count_agreeing(const InstalledLock *lock, OpenTables *tables, const CollectedRows *rows)
{
	TupleTableSlot *slot = MakeSingleTupleTableSlot(rows->desc, &TTSOpsMinimalTuple);
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "segmentation lookup",
												  ALLOCSET_SMALL_SIZES);
	int64		result = 0;
	bool		agree = true;

	tuplestore_rescan(rows->store);
	while (agree && tuplestore_gettupleslot(rows->store, true, false, slot))
	{
		MemoryContext caller = MemoryContextSwitchTo(context);

		CHECK_FOR_INTERRUPTS();
		slot_getallattrs(slot);
		agree = agrees(lock, tables, slot->tts_values, slot->tts_isnull);
		result += agree;
		MemoryContextSwitchTo(caller);
		MemoryContextReset(context);
		if (agree && result % ROWS_OF_A_SCAN == 0)
		{
			end_scans(tables);
			begin_scans(tables);
		}
	}
	MemoryContextDelete(context);
	ExecDropSingleTupleTableSlot(slot);
	return result;
}

static int64
look_up(const InstalledLock *lock, OpenTables *tables, const CollectedRows *rows)
{
	int64		result;

	/* sees what this statement has changed; the foreign key's check, if on, did so too */
	CommandCounterIncrement();
	tables->snapshot = RegisterSnapshot(GetLatestSnapshot());
	tables->context = AllocSetContextCreate(CurrentMemoryContext, "segmentation scans",
											ALLOCSET_DEFAULT_SIZES);
	begin_scans(tables);
	result = rows->store ? count_agreeing(lock, tables, rows) :
		agrees(lock, tables, rows->first, rows->first_nulls);
	end_scans(tables);
	MemoryContextDelete(tables->context);
	UnregisterSnapshot(tables->snapshot);
	return result;
}

/*
 * How many collected rows are as promised before the first that is not, or
 * LOCK_UNKNOWN.
 */
int64
lock_look_up(const InstalledLock *lock, const CollectedRows *rows)
{
	const LockLookups *lookups = lock->lookups;
	OpenTables	tables;
	int64		result = LOCK_UNKNOWN;

	if (lookups == NULL)
		return LOCK_UNKNOWN;
	open_table(&tables.customers, &lookups->customer);
	open_table(&tables.offers, &lookups->offer);
	open_table(&tables.markets, &lookups->market);
	if (lock->valid && is_readable(&tables.customers) && is_readable(&tables.offers) &&
		is_readable(&tables.markets))
		result = look_up(lock, &tables, rows);
	close_table(&tables.markets);
	close_table(&tables.offers);
	close_table(&tables.customers);
	return result;
}
