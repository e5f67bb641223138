/*
 * lookup.c: whether one subscription is as promised, read straight from the
 * indexes of its customer, offer and market.
 *
 * Most subscriptions are one row of a customer that is locked to its segment
 * already, and a statement of the executor's costs several times what reading
 * that takes.  It is read as foreign keys do it: the same index and operators,
 * under the latest snapshot.  Where that would not be all (row security,
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
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/typcache.h"

#include "lock/installed.h"

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
prepare(Lookup *lookup, Relation rel, const LockForeignKey *key, TupleDesc row, int first,
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
		prepare(&lookups->customer, rel, &def->customer_foreign_key, lock->rows_desc, 0,
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
		prepare(&lookups->offer, rel, &def->offer_foreign_key, lock->rows_desc, lock->nkeys,
				RowShareLock);
	table_close(rel, NoLock);
	return result;
}

/* by its customers' segment, which is alike the subscriptions' */
static bool
prepare_market(LockLookups *lookups, const InstalledLock *lock, Relation customers)
{
	Relation	rel = table_open(lock->def->markets_oid, AccessShareLock);
	bool		result = prepare(&lookups->market, rel, &lock->def->market_foreign_key,
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

/* a row that is being read, and what must be let go of afterwards */
typedef struct FoundRow
{
	Relation	rel;
	TupleTableSlot *slot;		/* NULL: not looked for yet */
} FoundRow;

static FoundRow
open_row(const Lookup *lookup)
{
	FoundRow	row = {NULL, NULL};

	if (OidIsValid(lookup->relid))
		row.rel = table_open(lookup->relid, lookup->mode);
	return row;
}

static void
close_row(FoundRow *row)
{
	if (row->slot)
		ExecDropSingleTupleTableSlot(row->slot);
	if (row->rel)
		table_close(row->rel, NoLock);
}

/* as the executor would ask; it may find reasons to let more through */
static bool
is_readable(const FoundRow *row)
{
	return row->rel == NULL ||
		(!row->rel->rd_rel->relrowsecurity &&
		 pg_class_aclcheck(RelationGetRelid(row->rel), GetUserId(), ACL_SELECT) == ACLCHECK_OK);
}

static bool
find_row(const Lookup *lookup, FoundRow *row, Snapshot snapshot, const Datum *values,
		 const bool *nulls)
{
	ScanKeyData keys[INDEX_MAX_KEYS];
	Relation	index;
	IndexScanDesc scan;
	bool		found;

	for (int i = 0; i < lookup->nkeys; i++)
	{
		if (nulls[lookup->source[i]])
			return false;
		keys[i] = lookup->keys[i];
		keys[i].sk_argument = values[lookup->source[i]];
	}
	row->slot = table_slot_create(row->rel, NULL);
	index = index_open(lookup->index, lookup->mode);
	scan = index_begin(row->rel, index, snapshot, lookup->nkeys);
	index_rescan(scan, keys, lookup->nkeys, NULL, 0);
	found = index_getnext_slot(scan, ForwardScanDirection, row->slot);
	index_endscan(scan);
	index_close(index, NoLock);
	return found;
}

static bool
is_text(FoundRow *row, AttrNumber attnum, const char *value, size_t length)
{
	bool		isnull;
	Datum		datum = slot_getattr(row->slot, attnum, &isnull);
	text	   *found = isnull ? NULL : DatumGetTextPP(datum);

	return found && VARSIZE_ANY_EXHDR(found) == length &&
		memcmp(VARDATA_ANY(found), value, length) == 0;
}

/* currency and whether the subscription is new follow "running" in a collected row */
static bool
market_sells(const InstalledLock *lock, FoundRow *market, const CollectedRows *rows)
{
	const LockLookups *lookups = lock->lookups;
	int			currency = lock->ncolumns + 1;
	int			is_new = lock->ncolumns + 2;

	if (DatumGetBool(rows->first[is_new]) &&
		!is_text(market, lookups->status, "active", strlen("active")))
		return false;
	if (rows->first_nulls[currency])
		return true;
	return is_text(market, lookups->currency, VARDATA_ANY(DatumGetPointer(rows->first[currency])),
				   VARSIZE_ANY_EXHDR(DatumGetPointer(rows->first[currency])));
}

typedef struct FoundRows
{
	FoundRow	customer;
	FoundRow	offer;
	FoundRow	market;
} FoundRows;

/* a customer that is locked, and if the subscription is running, to its segment */
static bool
agrees(const InstalledLock *lock, const CollectedRows *rows, FoundRows *found, Snapshot snapshot)
{
	const LockLookups *lookups = lock->lookups;
	Datum		segment = rows->first[lock->nkeys];
	bool		no_segment = rows->first_nulls[lock->nkeys];
	Datum		customer_segment;
	bool		isnull;

	if (!find_row(&lookups->customer, &found->customer, snapshot, rows->first, rows->first_nulls) ||
		slot_attisnull(found->customer.slot, lookups->locked_at))
		return false;
	if (!DatumGetBool(rows->first[lock->ncolumns]))
		return true;
	if (found->offer.rel)
	{
		if (!find_row(&lookups->offer, &found->offer, snapshot, rows->first + lock->nkeys,
					  rows->first_nulls + lock->nkeys))
			return false;
		segment = slot_getattr(found->offer.slot, lookups->offer_segment, &no_segment);
	}
	customer_segment = slot_getattr(found->customer.slot, lookups->customer_segment, &isnull);
	if (no_segment || isnull ||
		!DatumGetBool(FunctionCall2Coll(lookups->same_segment, lookups->collation,
										customer_segment, segment)))
		return false;
	return found->market.rel == NULL ||
		(find_row(&lookups->market, &found->market, snapshot, &customer_segment, &isnull) &&
		 market_sells(lock, &found->market, rows));
}

static LockAnswer
answer(const InstalledLock *lock, const CollectedRows *rows, FoundRows *found)
{
	Snapshot	snapshot;
	bool		result;

	if (!lock->valid || !is_readable(&found->customer) || !is_readable(&found->offer) ||
		!is_readable(&found->market))
		return LOCK_ANSWER_UNKNOWN;
	/* sees what this statement has changed; the foreign key's check, if on, did so too */
	CommandCounterIncrement();
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	result = agrees(lock, rows, found, snapshot);
	UnregisterSnapshot(snapshot);
	return result ? LOCK_ANSWER_YES : LOCK_ANSWER_NO;
}

/* whether the first collected row is as promised */
LockAnswer
lock_look_up(const InstalledLock *lock, const CollectedRows *rows)
{
	const LockLookups *lookups = lock->lookups;
	FoundRows	found;
	LockAnswer	result;

	if (lookups == NULL)
		return LOCK_ANSWER_UNKNOWN;
	found.customer = open_row(&lookups->customer);
	found.offer = open_row(&lookups->offer);
	found.market = open_row(&lookups->market);
	result = answer(lock, rows, &found);
	close_row(&found.market);
	close_row(&found.offer);
	close_row(&found.customer);
	return result;
}
