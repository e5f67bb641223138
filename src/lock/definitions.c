/*
 * definitions.c: the locks that there are, found through their triggers.
 */
#include "segmentation.h"

#include "access/genam.h"
#include "access/table.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_trigger.h"
#include "parser/parse_func.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"

#include "lock/lock.h"
#include "model/model.h"

char **
lock_trigger_arguments(HeapTuple tuple, TupleDesc desc, int *nargs)
{
	bool		isnull;
	Datum		bytes = heap_getattr(tuple, Anum_pg_trigger_tgargs, desc, &isnull);
	char	   *next = VARDATA_ANY(DatumGetByteaPP(bytes));
	char	  **args;

	*nargs = ((Form_pg_trigger) GETSTRUCT(tuple))->tgnargs;
	args = palloc(sizeof(char *) * Max(*nargs, 1));
	for (int i = 0; i < *nargs; i++)
	{
		args[i] = pstrdup(next);
		next += strlen(next) + 1;
	}
	return args;
}

/* the table of customers that the arguments of a trigger name, whatever else they say */
static Oid
named_customers(char **args, int nargs)
{
	static const char prefix[] = "customers=";

	for (int i = 0; i < nargs; i++)
		if (strncmp(args[i], prefix, strlen(prefix)) == 0)
			return lock_table_oid(args[i] + strlen(prefix));
	return InvalidOid;
}

/* asked of tables that anyone may hold, so without a lock on them */
static bool
references(Oid relid, Oid referenced)
{
	Relation	constraints = table_open(ConstraintRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		found = false;

	ScanKeyInit(&key, Anum_pg_constraint_conrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relid));
	scan = systable_beginscan(constraints, ConstraintRelidTypidNameIndexId, true, NULL, 1, &key);
	while (!found && HeapTupleIsValid(tuple = systable_getnext(scan)))
		found = ((Form_pg_constraint) GETSTRUCT(tuple))->contype == CONSTRAINT_FOREIGN &&
			((Form_pg_constraint) GETSTRUCT(tuple))->confrelid == referenced;
	systable_endscan(scan);
	table_close(constraints, AccessShareLock);
	return found;
}

/*
 * Anyone can make a trigger on a table of his own and name the customers in
 * its arguments.  It is a lock of theirs if its table refers to them or its
 * owner may lock them; one that is and has been damaged must be found too.
 */
static bool
is_lock_of(Oid relid, Oid customers)
{
	Oid			owner = relation_owner(relid);	/* it may have been dropped just now */

	return OidIsValid(owner) &&
		(references(relid, customers) || relation_grants_column(customers, LOCKED_AT_COLUMN, owner, ACL_UPDATE));
}

/* the lock that a trigger belongs to; NULL if it is none of these customers */
static LockDefinition *
definition_of_trigger(HeapTuple tuple, TupleDesc desc, Oid customers)
{
	Form_pg_trigger form = (Form_pg_trigger) GETSTRUCT(tuple);
	int			nargs;
	char	  **args;
	LockDefinition *def;

	if (OidIsValid(form->tgparentid) || form->tgdeferrable ||
		!TRIGGER_FOR_INSERT(form->tgtype))
		return NULL;
	args = lock_trigger_arguments(tuple, desc, &nargs);
	if (named_customers(args, nargs) != customers ||
		!is_lock_of(form->tgrelid, customers))
		return NULL;
	def = lock_definition_parse(nargs, args);
	def->trigger = form->oid;
	if (def->subscriptions == NULL || lock_table_oid(def->subscriptions) != form->tgrelid)
		lock_raise_other_table(def, form->tgrelid);
	def->subscriptions_oid = form->tgrelid;
	return def;
}

static int
compare_by_table(const ListCell *a, const ListCell *b)
{
	const LockDefinition *left = lfirst(a);
	const LockDefinition *right = lfirst(b);

	return strcmp(left->subscriptions, right->subscriptions);
}

/* copies: a trigger is looked at when the scan is over, for that can end in an error */
static List *
triggers_calling(char *name, TupleDesc *desc)
{
	List	   *function = list_make2(makeString("segmentation_internal"), makeString(name));
	Oid			funcid = LookupFuncName(function, 0, NULL, false);
	Relation	triggers = table_open(TriggerRelationId, AccessShareLock);
	SysScanDesc scan = systable_beginscan(triggers, InvalidOid, false, NULL, 0, NULL);
	List	   *result = NIL;
	HeapTuple	tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		if (((Form_pg_trigger) GETSTRUCT(tuple))->tgfoid == funcid)
			result = lappend(result, heap_copytuple(tuple));
	systable_endscan(scan);
	*desc = CreateTupleDescCopy(RelationGetDescr(triggers));
	table_close(triggers, AccessShareLock);
	return result;
}

/*
 * All locks on a table of customers, found through the arguments of triggers,
 * in an order that does not depend on where the catalog has them.
 */
List *
lock_definitions_of(Oid customers)
{
	List	   *result = NIL;
	TupleDesc	desc;
	ListCell   *cell;

	foreach(cell, triggers_calling("lock_subscription", &desc))
	{
		LockDefinition *def = definition_of_trigger(lfirst(cell), desc, customers);

		if (def)
			result = lappend(result, def);
	}
	list_sort(result, compare_by_table);
	return result;
}

/* those on tables whose owner has the rights of the customers' owner: nobody else has made them */
List *
lock_definitions_own(Oid customers)
{
	Oid			owner = relation_owner(customers);
	List	   *result = NIL;
	TupleDesc	desc;
	ListCell   *cell;

	foreach(cell, triggers_calling("lock_subscription", &desc))
	{
		Oid			other = relation_owner(((Form_pg_trigger) GETSTRUCT((HeapTuple) lfirst(cell)))->tgrelid);
		LockDefinition *def = NULL;

		if (OidIsValid(other) && has_privs_of_role(other, owner))
			def = definition_of_trigger(lfirst(cell), desc, customers);
		if (def)
			result = lappend(result, def);
	}
	list_sort(result, compare_by_table);
	return result;
}

/* the one trigger of a lock on customers that is under a name of its own, whoever else may make triggers there */
static bool
is_guard(Form_pg_trigger form)
{
	return strcmp(NameStr(form->tgname), LOCK_CONSTRAINT_CUSTOMER) == 0 && !OidIsValid(form->tgparentid);
}

/* what the guard of the customers says, which has their key; NULL: there is none */
LockDefinition *
lock_guard_of(Oid customers)
{
	TupleDesc	desc;
	ListCell   *cell;

	foreach(cell, triggers_calling("lock_customer", &desc))
	{
		Form_pg_trigger form = (Form_pg_trigger) GETSTRUCT((HeapTuple) lfirst(cell));
		int			nargs;
		char	  **args;

		if (form->tgrelid != customers || !is_guard(form))
			continue;
		args = lock_trigger_arguments(lfirst(cell), desc, &nargs);
		return lock_definition_parse(nargs, args);
	}
	return NULL;
}

/*
 * Tables of guarded customers whose segments are markets.  Anyone can guard a
 * table of his own; that it refers to the markets their owner has allowed.
 */
List *
lock_customers_of_markets(void)
{
	Oid			markets = catalogue_relation("market");
	List	   *result = NIL;
	TupleDesc	desc;
	ListCell   *cell;

	foreach(cell, triggers_calling("lock_customer", &desc))
	{
		Form_pg_trigger form = (Form_pg_trigger) GETSTRUCT((HeapTuple) lfirst(cell));

		if (is_guard(form) && references(form->tgrelid, markets))
			result = lappend_oid(result, form->tgrelid);
	}
	return result;
}

typedef struct DefinitionReading
{
	HeapTuple	trigger;
	TupleDesc	desc;
	Oid			customers;
	LockDefinition *def;
} DefinitionReading;

static void
read_definition(void *arg)
{
	DefinitionReading *reading = arg;

	reading->def = definition_of_trigger(reading->trigger, reading->desc, reading->customers);
}

/* the same for who looks, whom a trigger that is none keeps from none of the others */
List *
lock_definitions_readable(Oid customers)
{
	List	   *result = NIL;
	TupleDesc	desc;
	ListCell   *cell;

	foreach(cell, triggers_calling("lock_subscription", &desc))
	{
		DefinitionReading reading = {.trigger = lfirst(cell), .desc = desc, .customers = customers};

		if (lock_try(((Form_pg_trigger) GETSTRUCT(reading.trigger))->tgrelid, customers, read_definition, &reading) &&
			reading.def)
			result = lappend(result, reading.def);
	}
	list_sort(result, compare_by_table);
	return result;
}

/* lock_arguments(trigger): the arguments of a trigger, which pg_trigger has as bytes */
PG_FUNCTION_INFO_V1(lock_arguments);
Datum
lock_arguments(PG_FUNCTION_ARGS)
{
	Relation	triggers = table_open(TriggerRelationId, AccessShareLock);
	HeapTuple	tuple = get_catalog_object_by_oid(triggers, Anum_pg_trigger_oid, PG_GETARG_OID(0));
	ArrayBuildState *result = NULL;

	if (HeapTupleIsValid(tuple))
	{
		int			nargs;
		char	  **args = lock_trigger_arguments(tuple, RelationGetDescr(triggers), &nargs);

		for (int i = 0; i < nargs; i++)
			result = accumArrayResult(result, CStringGetTextDatum(args[i]), false,
									  TEXTOID, CurrentMemoryContext);
	}
	table_close(triggers, AccessShareLock);
	if (result == NULL)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(makeArrayResult(result, CurrentMemoryContext));
}
