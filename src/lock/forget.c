/*
 * forget.c: forget_moves, which erases what is recorded of a customer's moves,
 * and the offers that were for the customer alone.
 *
 * Records have the key as text, and are looked through with the equality of the
 * key's types.
 */
#include "segmentation.h"

#include "access/genam.h"
#include "access/relation.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"

#include "argument.h"
#include "key.h"
#include "relation.h"
#include "lock/lock.h"
#include "model/model.h"

/* unquoted; NIL: none */
static List *
primary_key_of(Oid relid)
{
	Relation	rel = relation_open_existing(relid, AccessShareLock);
	List	   *names = NIL;

	list_free(RelationGetIndexList(rel));
	if (OidIsValid(rel->rd_pkindex))
	{
		Relation	index = index_open(rel->rd_pkindex, AccessShareLock);

		for (int i = 0; i < index->rd_index->indnkeyatts; i++)
			names = lappend(names, get_attname(relid, index->rd_index->indkey.values[i], false));
		index_close(index, AccessShareLock);
	}
	relation_close(rel, AccessShareLock);
	return names;
}

/* of the guard or, where that has been lost, of a lock; NIL: they have none */
static List *
locked_key_of(Oid customers)
{
	LockDefinition *guard = lock_guard_of(customers);
	List	   *locks = guard ? list_make1(guard) : lock_definitions_own(customers);
	List	   *names = locks ? lock_unquoted_key(linitial(locks)) : NIL;

	return relation_has_columns(customers, names) ? names : NIL;
}

/*
 * Of the lock, or the primary key where it has been removed.  What a stranger has
 * on a table of his own that refers to the customers does not say how they are known.
 */
List *
lock_key_of(Oid customers)
{
	List	   *names = locked_key_of(customers);

	if (names == NIL)
		names = primary_key_of(customers);
	if (names == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("table %s has neither a lock nor a primary key", relation_name(customers)),
				 errhint("The key of a customer is that of the lock, or the table's primary key.")));
	return names;
}

static void
check_customers_table(Oid customers)
{
	char		kind = get_rel_relkind(customers);

	relation_require(customers);
	if (kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a table", get_rel_name(customers)),
				 errhint("Moves are those of a table of customers that has a lock.")));
	relation_require_owner(customers, "Records of its customers' moves are erased by who owns it.");
}

/*
 * The keys among those that a statement has found that are the customer's, as
 * they were kept: a text[] with the text of each.
 */
static Datum
kept_keys(Oid customers, ArrayType *key, int *count)
{
	List	   *columns = lock_key_of(customers);
	SPITupleTable *found = SPI_tuptable;
	uint64		nfound = SPI_processed;
	List	   *kept = NIL;
	ArrayBuildState *texts = initArrayResult(TEXTOID, CurrentMemoryContext, false);
	ListCell   *cell;

	for (uint64 i = 0; i < nfound; i++)
	{
		bool		isnull;
		Datum		value = SPI_getbinval(found->vals[i], found->tupdesc, 1, &isnull);

		if (!isnull)
			kept = lappend(kept, DatumGetArrayTypeP(value));
	}
	kept = key_find_same(customers, columns, key_read(customers, columns, key, relation_name(customers)), kept);
	foreach(cell, kept)
	{
		(void) accumArrayResult(texts, CStringGetTextDatum(OidOutputFunctionCall(F_ARRAY_OUT, PointerGetDatum(lfirst(cell)))),
								false, TEXTOID, CurrentMemoryContext);
	}
	*count = list_length(kept);
	return makeArrayResult(texts, CurrentMemoryContext);
}

/* records of a table, whatever its name was then; by the name where the table of then is gone */
#define MOVES_OF "FROM segmentation.customer_move AS m WHERE (m.relation::pg_catalog.oid OPERATOR(pg_catalog.=) $1 OR " \
	"m.relation::pg_catalog.oid IS NULL AND m.customers OPERATOR(pg_catalog.=) $2)"

/* within SPI */
bool
lock_has_moves(Oid customers)
{
	return catalogue_execute("SELECT " MOVES_OF " LIMIT 1", 2, OIDS(OIDOID, TEXTOID),
							 DATUMS(ObjectIdGetDatum(customers), CStringGetTextDatum(relation_name(customers))), NULL) > 0;
}

/* within SPI */
int64
lock_forget_moves_of(Oid customers, ArrayType *key)
{
	Oid			types[] = {OIDOID, TEXTOID, TEXTARRAYOID};
	Datum		values[3];
	int			count;

	check_customers_table(customers);
	values[0] = ObjectIdGetDatum(customers);
	values[1] = CStringGetTextDatum(relation_name(customers));
	catalogue_execute("SELECT DISTINCT m.customer_key " MOVES_OF, 2, types, values, NULL);
	values[2] = kept_keys(customers, key, &count);
	if (count == 0)
		return 0;
	return catalogue_execute("DELETE " MOVES_OF " AND m.customer_key::pg_catalog.text OPERATOR(pg_catalog.=) ANY ($3)",
							 3, types, values, NULL);
}

/* by its foreign key or, where that has been lost, by what a lock says */
static bool
sells(Oid customers, const List *selling)
{
	ListCell   *cell;

	if (list_member_oid(selling, customers))
		return true;
	foreach(cell, lock_definitions_own(customers))
	{
		if (((LockDefinition *) lfirst(cell))->markets)
			return true;
	}
	return false;
}

#define OFFERS_FOR "FROM segmentation.offer WHERE customer::pg_catalog.text OPERATOR(pg_catalog.=) ANY ($1)"

/* "('de', 'basic'), ..." of the keys of customers */
static char *
offers_for(Datum keys)
{
	catalogue_execute("SELECT pg_catalog.string_agg(pg_catalog.format('(%L, %L)', market, code), ', ' ORDER BY market, code) " OFFERS_FOR,
					  1, OIDS(TEXTARRAYOID), &keys, NULL);
	return catalogue_get(0, 1);
}

/* one that is for a customer of another table must not go: whoever knows it says so */
static void
leave_offers(Datum keys, const List *selling)
{
	StringInfoData tables;
	ListCell   *cell;

	initStringInfo(&tables);
	foreach(cell, selling)
	{
		appendStringInfo(&tables, "%s%s", foreach_current_index(cell) > 0 ? ", " : "", relation_name(lfirst_oid(cell)));
	}
	ereport(WARNING,
			(errmsg("offers for a customer of this key alone are left"),
			 errdetail("They do not say of which table the customer is, and several tables of customers have markets: %s.", tables.data),
			 errhint("Where it is this customer: DELETE FROM segmentation.offer WHERE (market, code) IN (%s);", offers_for(keys))));
}

static int64
forget_offers(Datum keys)
{
	ModelContext saved;
	int64		count;

	model_enter_caller(&saved);
	count = catalogue_run("DELETE " OFFERS_FOR, 1, OIDS(TEXTARRAYOID), &keys, NULL);
	model_leave(&saved);
	return count;
}

/*
 * Within SPI: offers for one customer are not for all once that one is gone.
 * They name no table of customers, so who may delete offers is who may this.
 */
int64
lock_forget_offers_of(Oid customers, ArrayType *key)
{
	Oid			offers = catalogue_relation("offer");
	List	   *selling = lock_customers_of_markets();
	Datum		keys;
	int			count;

	if (!sells(customers, selling))
		return 0;
	catalogue_execute("SELECT DISTINCT customer FROM segmentation.offer WHERE customer IS NOT NULL", 0, NULL, NULL, NULL);
	keys = kept_keys(customers, key, &count);
	if (count == 0)
		return 0;
	selling = list_append_unique_oid(selling, customers);
	if (list_length(selling) > 1)
	{
		leave_offers(keys, selling);
		return 0;
	}
	if (pg_class_aclcheck(offers, GetUserId(), ACL_DELETE) != ACLCHECK_OK)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for table segmentation.offer"),
				 errdetail("There are offers for this customer alone, and who erases the customer erases them."),
				 errhint("Let its owner say: GRANT DELETE ON segmentation.offer TO %s;",
						 quote_identifier(GetUserNameFromId(GetUserId(), false)))));
	return forget_offers(keys);
}

/* forget_moves(customers, key) */
PG_FUNCTION_INFO_V1(lock_forget_moves);
Datum
lock_forget_moves(PG_FUNCTION_ARGS)
{
	int64		count;

	argument_require(fcinfo, 0, "customers");
	argument_require(fcinfo, 1, "key");
	SPI_connect();
	count = lock_forget_moves_of(PG_GETARG_OID(0), PG_GETARG_ARRAYTYPE_P(1));
	SPI_finish();
	PG_RETURN_INT64(count);
}
