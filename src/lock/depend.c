/*
 * depend.c: the types and tables that a loaded lock stands on.
 *
 * Conditions are kept as text.  If a type that one names gets another name, or a
 * domain another constraint, the session that has loaded the condition must find
 * that out like one that begins.
 */
#include "segmentation.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "lock/installed.h"

/* the type that a domain is declared over, which may be a domain as well */
static Oid
type_below(Oid type)
{
	HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
	Oid			result;

	if (!HeapTupleIsValid(tuple))
		return InvalidOid;
	result = ((Form_pg_type) GETSTRUCT(tuple))->typbasetype;
	ReleaseSysCache(tuple);
	return result;
}

/* itself, its elements, and what it is over if it is a domain */
static void
note_type(InstalledLock *lock, Oid type)
{
	for (; OidIsValid(type); type = type_below(type))
	{
		if (type >= FirstNormalObjectId)
			lock->types = list_append_unique_int(lock->types, (int) GetSysCacheHashValue1(TYPEOID, ObjectIdGetDatum(type)));
		if (OidIsValid(get_element_type(type)))
			note_type(lock, get_element_type(type));
		if (get_typtype(type) == TYPTYPE_COMPOSITE)
			lock->composites = list_append_unique_oid(lock->composites, get_typ_typrelid(type));
	}
}

/* a constant of such a type is written as the name of something */
static bool
is_name_type(Oid type)
{
	Oid			element = get_element_type(type);

	switch (OidIsValid(element) ? element : type)
	{
		case REGCLASSOID:
		case REGTYPEOID:
			return true;
		default:
			return false;
	}
}

static bool
note_walker(Node *node, void *lock)
{
	if (node == NULL)
		return false;
	if (!IsA(node, List) && !IsA(node, CaseWhen))
		note_type(lock, exprType(node));
	if (IsA(node, Const) && is_name_type(((Const *) node)->consttype))
		((InstalledLock *) lock)->names_objects = true;
	return expression_tree_walker(node, note_walker, lock);
}

void
lock_note_condition(InstalledLock *lock, Node *expr)
{
	(void) note_walker(expr, lock);
}

/* statements cast to the types of columns */
void
lock_note_columns(InstalledLock *lock)
{
	const LockDefinition *def = lock->def;

	note_type(lock, get_atttype(def->customers_oid,
								get_attnum(def->customers_oid, lock_unquoted(def->customer_segment))));
	for (int i = 0; i < lock->rows_desc->natts; i++)
		note_type(lock, TupleDescAttr(lock->rows_desc, i)->atttypid);
}

bool
lock_depends_on_table(const InstalledLock *lock, Oid relid)
{
	const LockDefinition *def = lock->def;

	return lock->names_objects || relid == def->customers_oid || relid == def->subscriptions_oid ||
		relid == def->offers_oid || relid == def->markets_oid ||
		list_member_oid(lock->composites, relid);
}

bool
lock_depends_on_type(const InstalledLock *lock, uint32 hashvalue)
{
	return lock->names_objects || list_member_int(lock->types, (int) hashvalue);
}
