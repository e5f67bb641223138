/*
 * definition.c: a lock as the arguments of its triggers spell it, checked
 * against the catalog.
 *
 * Arguments are names, so that they survive a dump.  A name that no longer
 * fits is an error: a lock that cannot be read holds everything shut.
 */
#include "segmentation.h"

#include "access/relation.h"
#include "access/table.h"
#include "catalog/pg_constraint.h"
#include "parser/parse_coerce.h"
#include "parser/parse_func.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "expression.h"
#include "names.h"
#include "relation.h"
#include "lock/lock.h"
#include "rule/rule.h"

static Relation
required_table(const LockDefinition *def, const char *quoted_name)
{
	Relation	rel = try_relation_open(lock_table_oid(quoted_name), AccessShareLock);

	if (rel == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table \"%s\" of the lock of %s does not exist",
						quoted_name, def->customers),
				 lock_errhint_renew(def)));
	return rel;
}

void
lock_raise_other_table(const LockDefinition *def, Oid relid)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("table \"%s\" is not the one that its lock's trigger names",
					get_rel_name(relid)),
			 errdetail("The trigger is part of the lock of %s.", def->customers),
			 lock_errhint_renew(def)));
}

static AttrNumber
required_column(const LockDefinition *def, Relation rel, const char *quoted_name)
{
	AttrNumber	attnum = lock_column(rel, quoted_name);

	if (attnum == InvalidAttrNumber)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column %s of table \"%s\", part of the lock of %s, does not exist",
						quoted_name, RelationGetRelationName(rel), def->customers),
				 lock_errhint_change(def)));
	lock_refuse_virtual(rel, attnum);
	return attnum;
}

static Oid
column_type(Relation rel, AttrNumber attnum)
{
	return TupleDescAttr(RelationGetDescr(rel), attnum - 1)->atttypid;
}

/* the equality that decides whether two values of a column are the same */
static char *
equality_of(Relation rel, AttrNumber attnum)
{
	Oid			type = column_type(rel, attnum);
	TypeCacheEntry *entry = lookup_type_cache(type, TYPECACHE_EQ_OPR);

	if (!OidIsValid(entry->eq_opr))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("could not identify an equality operator for type %s",
						format_type_be(type)),
				 errhint("A lock compares keys and segments: their types need a default operator class.")));
	return expression_operator(entry->eq_opr);
}

/* the position of a column pair in a foreign key, -1 where it is not in it */
static int
foreign_key_position(const ForeignKeyCacheInfo *key, AttrNumber referencing,
					 AttrNumber referenced)
{
	for (int i = 0; i < key->nkeys; i++)
		if (key->conkey[i] == referencing && key->confkey[i] == referenced)
			return i;
	return -1;
}

/*
 * The operators, referenced column first, of the foreign key with just these
 * column pairs; NIL where the pairs are not those of this key.
 */
static List *
foreign_key_operators(const LockDefinition *def, const ForeignKeyCacheInfo *key,
					  Relation referencing, const List *columns,
					  Relation referenced, const List *key_columns, LockForeignKey *found)
{
	List	   *result = NIL;
	ListCell   *column;
	ListCell   *key_column;

	if (key->nkeys != list_length(columns))
		return NIL;
	forboth(column, columns, key_column, key_columns)
	{
		int			i = foreign_key_position(key,
											 required_column(def, referencing, lfirst(column)),
											 required_column(def, referenced, lfirst(key_column)));

		if (i < 0)
			return NIL;
		found->columns[list_length(result)] = key->confkey[i];
		found->operators[list_length(result)] = key->conpfeqop[i];
		result = lappend(result, expression_operator(key->conpfeqop[i]));
	}
	found->nkeys = list_length(result);
	return result;
}

/* the index by which a foreign key finds what it names */
static Oid
index_of(Oid constraint)
{
	HeapTuple	tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(constraint));
	Oid			result;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for constraint %u", constraint);
	result = ((Form_pg_constraint) GETSTRUCT(tuple))->conindid;
	ReleaseSysCache(tuple);
	return result;
}

/*
 * The lock stands on foreign keys: their row locks order a subscription and a
 * move of its customer, or a change of its offer.
 */
static List *
required_foreign_key(const LockDefinition *def, Relation referencing,
					 const List *columns, Relation referenced,
					 const List *key_columns, LockForeignKey *found, Oid *constraint)
{
	List	   *keys = copyObject(RelationGetFKeyList(referencing));	/* it may be replaced */
	ListCell   *cell;

	foreach(cell, keys)
	{
		ForeignKeyCacheInfo *key = lfirst(cell);
		List	   *operators = NIL;

		if (key->confrelid == RelationGetRelid(referenced) && foreign_key_is_enforced(key))
			operators = foreign_key_operators(def, key, referencing, columns,
											  referenced, key_columns, found);
		if (operators != NIL)
		{
			*constraint = key->conoid;
			found->index = index_of(key->conoid);
			return operators;
		}
	}
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("the foreign key from \"%s\" to \"%s\" that its lock stands on does not exist",
					RelationGetRelationName(referencing),
					RelationGetRelationName(referenced)),
			 errhint("Add it again: ALTER TABLE %s ADD FOREIGN KEY (%s) REFERENCES %s (%s);",
					 relation_name(RelationGetRelid(referencing)), names_join(columns, ", "),
					 relation_name(RelationGetRelid(referenced)), names_join(key_columns, ", "))));
	return NIL;
}

/* a foreign key that has become deferrable needs triggers that the lock lacks */
static void
resolve_foreign_key(LockDefinition *def, Oid constraint, const char *table,
					bool installing, bool *deferrable, bool *cascades)
{
	HeapTuple	tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(constraint));
	Form_pg_constraint form;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for constraint %u", constraint);
	form = (Form_pg_constraint) GETSTRUCT(tuple);
	*deferrable = form->condeferrable;
	*cascades = form->confupdtype == FKCONSTR_ACTION_CASCADE;
	if (form->condeferrable && !installing && !names_contain(def->deferrable, table))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("foreign key \"%s\" has become deferrable since the lock of %s was installed",
						NameStr(form->conname), def->customers),
				 errhint("Renew the lock%s", lock_call(def, "renew_lock"))));
	ReleaseSysCache(tuple);
}

/* markets have ids, which read from text as well as from their own type */
static bool
is_market_id(const LockDefinition *def, Oid type)
{
	Oid			base = getBaseType(type);

	return base == def->market_type || base == TEXTOID || base == VARCHAROID;
}

/*
 * The type of another table's segments must be that of the customers, but where
 * all of them are markets: these are compared as ids.
 */
static void
check_segment_type(LockDefinition *def, Relation rel, const char *column,
				   Oid customer_type)
{
	Oid			type = column_type(rel, required_column(def, rel, column));

	if (IsBinaryCoercible(getBaseType(type), getBaseType(customer_type)))
		return;
	if (def->markets && is_market_id(def, type))
	{
		def->segment_operator = def->market_operator;
		def->segment_cast = psprintf("::%s", format_type_extended(customer_type, -1,
																  FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY));
	}
	else
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column %s of table \"%s\" is of type %s, but column %s of table \"%s\" of type %s",
						column, RelationGetRelationName(rel), format_type_be(type),
						def->customer_segment, def->customers, format_type_be(customer_type)),
				 lock_errhint_type(rel, column, customer_type)));
}

static List *
guarded_columns(const LockDefinition *def, Relation customers)
{
	List	   *result = list_make2_int(lock_column(customers, def->customer_segment),
										lock_column(customers, LOCKED_AT_COLUMN));
	ListCell   *cell;

	foreach(cell, def->customer_key)
	{
		result = lappend_int(result, required_column(def, customers, lfirst(cell)));
	}
	return result;
}

/* dropping a column of the customers with CASCADE takes their guard along */
static void
require_guard(const LockDefinition *def, Relation customers)
{
	List	   *function = list_make2(makeString("segmentation_internal"), makeString("lock_customer"));
	Oid			funcid = LookupFuncName(function, 0, NULL, false);
	TriggerDesc *triggers = customers->trigdesc;

	for (int i = 0; triggers && i < triggers->numtriggers; i++)
		if (triggers->triggers[i].tgfoid == funcid)
		{
			lock_require_watched(customers, guarded_columns(def, customers));
			return;
		}
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("the trigger that guards the customers in %s does not exist", def->customers),
			 errhint("Renew the lock%s", lock_call(def, "renew_lock"))));
}

/* segments of customers are markets by a foreign key, which installation adds */
static void
resolve_markets(LockDefinition *def, Relation customers, AttrNumber segment, bool installing)
{
	Relation	markets = required_table(def, LOCK_MARKETS);
	AttrNumber	id = required_column(def, markets, "id");
	Oid			constraint;

	def->markets_oid = RelationGetRelid(markets);
	def->market_operator = equality_of(markets, id);
	def->market_type = column_type(markets, id);
	if (!is_market_id(def, column_type(customers, segment)))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column %s of table \"%s\" is of type %s and cannot have ids of markets",
						def->customer_segment, RelationGetRelationName(customers),
						format_type_be(column_type(customers, segment))),
				 lock_errhint_type(customers, def->customer_segment, def->market_type)));
	if (!installing)
		required_foreign_key(def, customers, list_make1(def->customer_segment),
							 markets, list_make1("id"), &def->market_foreign_key, &constraint);
	table_close(markets, AccessShareLock);
}

/* children are outside of the lock, as they are of foreign keys */
static char *
from_item(Relation rel, const char *name)
{
	return psprintf("%s%s", rel->rd_rel->relkind == RELKIND_RELATION ? "ONLY " : "", name);
}

static void
resolve_customers(LockDefinition *def, Relation customers, bool installing)
{
	AttrNumber	segment = required_column(def, customers, def->customer_segment);
	ListCell   *cell;

	def->from_customers = from_item(customers, def->customers);
	if (!installing)
	{
		required_column(def, customers, LOCKED_AT_COLUMN);
		require_guard(def, customers);
	}
	def->has_locked_at = lock_column(customers, LOCKED_AT_COLUMN) != InvalidAttrNumber;
	def->customer_segment_operator = equality_of(customers, segment);
	def->segment_operator = def->customer_segment_operator;
	def->segment_cast = "";
	if (def->markets)
		resolve_markets(def, customers, segment, installing);
	foreach(cell, def->customer_key)
	{
		AttrNumber	attnum = required_column(def, customers, lfirst(cell));

		def->key_operators = lappend(def->key_operators,
									 equality_of(customers, attnum));
	}
}

static void
resolve_subscription_key(LockDefinition *def, Relation subscriptions)
{
	Bitmapset  *key = RelationGetIndexAttrBitmap(subscriptions,
												 INDEX_ATTR_BITMAP_PRIMARY_KEY);
	int			i = -1;

	while ((i = bms_next_member(key, i)) >= 0)
	{
		AttrNumber	attnum = i + FirstLowInvalidHeapAttributeNumber;
		char	   *name = NameStr(TupleDescAttr(RelationGetDescr(subscriptions), attnum - 1)->attname);

		def->subscription_key = lappend(def->subscription_key,
										pstrdup(quote_identifier(name)));
	}
}

static void
resolve_offers(LockDefinition *def, Relation subscriptions, Oid segment_type,
			   bool installing)
{
	Relation	offers;
	Oid			constraint;
	bool		cascades;
	ListCell   *cell;

	offers = required_table(def, def->offers);
	def->offers_oid = RelationGetRelid(offers);
	def->from_offers = from_item(offers, def->offers);
	check_segment_type(def, offers, def->offer_segment, segment_type);
	def->offer_operators = required_foreign_key(def, subscriptions,
												def->subscription_offer, offers,
												def->offer_key, &def->offer_foreign_key,
												&constraint);
	resolve_foreign_key(def, constraint, "offers", installing,
						&def->offer_deferrable, &cascades);
	foreach(cell, def->offer_key)
	{
		def->offer_key_operators = lappend(def->offer_key_operators,
										   equality_of(offers, lock_column(offers, lfirst(cell))));
	}
	table_close(offers, AccessShareLock);
}

/* the offers are not read, but a subscription names one that there is */
static void
require_held_offers(const LockDefinition *def, Relation subscriptions)
{
	Relation	offers = required_table(def, def->held_offers);
	LockForeignKey found;
	Oid			constraint;

	required_foreign_key(def, subscriptions, def->held_columns, offers, def->held_key, &found, &constraint);
	table_close(offers, AccessShareLock);
}

static void
resolve_price(LockDefinition *def, Relation subscriptions)
{
	AttrNumber	attnum = required_column(def, subscriptions, def->subscription_price);
	Oid			schema = rule_type_namespace(def->market_type); /* types and functions share it */
	Oid			price = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid,
										CStringGetDatum("currency_price"),
										ObjectIdGetDatum(schema));
	Oid			type = column_type(subscriptions, attnum);

	if (getBaseType(type) != price)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column %s of table \"%s\" is of type %s, not currency_price",
						def->subscription_price, RelationGetRelationName(subscriptions),
						format_type_be(type)),
				 errhint("A lock with markets compares the currency of a price with the market's: keep both in one currency_price.")));
	def->currency_function = quote_qualified_identifier(get_namespace_name(schema), "currency");
}

/* the triggers on customers and offers evaluate the conditions as the owners of these */
static void
note_evaluators(LockDefinition *def, Relation customers)
{
	Oid			offers = def->offers ? relation_owner(lock_table_oid(def->offers)) : InvalidOid;

	def->evaluators = list_make1_oid(customers->rd_rel->relowner);
	if (OidIsValid(offers))
		def->evaluators = lappend_oid(def->evaluators, offers);
}

/* what has been written into the arguments must still be what it was checked to be */
static void
check_conditions(const LockDefinition *def, Relation subscriptions)
{
	int			save_nestlevel = expression_enter_safe_path();

	if (def->locks_when)
		lock_condition_parse_kept(def, subscriptions, def->locks_when);
	if (def->running_when)
		lock_condition_parse_kept(def, subscriptions, def->running_when);
	AtEOXact_GUC(true, save_nestlevel);
}

static void
resolve_subscriptions(LockDefinition *def, Relation customers, bool installing)
{
	Relation	subscriptions;
	Oid			segment_type;
	Oid			constraint;

	subscriptions = required_table(def, def->subscriptions);
	def->subscriptions_oid = RelationGetRelid(subscriptions);
	resolve_subscription_key(def, subscriptions);
	if (installing)
		note_evaluators(def, customers);
	if (def->locks_when || def->running_when)
		check_conditions(def, subscriptions);
	segment_type = column_type(customers, lock_column(customers, def->customer_segment));
	def->customer_operators = required_foreign_key(def, subscriptions,
												   def->subscription_customer, customers,
												   def->customer_key,
												   &def->customer_foreign_key, &constraint);
	resolve_foreign_key(def, constraint, "customers", installing,
						&def->customer_deferrable, &def->cascades);
	if (def->offers)
		resolve_offers(def, subscriptions, segment_type, installing);
	else
		check_segment_type(def, subscriptions, def->subscription_segment, segment_type);
	if (def->held_offers)
		require_held_offers(def, subscriptions);
	if (def->subscription_price)
		resolve_price(def, subscriptions);
	table_close(subscriptions, AccessShareLock);
}

/* fills in what the catalog says of the names, or raises an error */
void
lock_definition_resolve(LockDefinition *def, bool installing)
{
	Relation	customers;

	customers = required_table(def, def->customers);
	def->customers_oid = RelationGetRelid(customers);
	resolve_customers(def, customers, installing);
	if (def->subscriptions)
		resolve_subscriptions(def, customers, installing);
	table_close(customers, AccessShareLock);
}
