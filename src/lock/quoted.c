/*
 * quoted.c: tables and columns by their quoted names, which the arguments of triggers have.
 */
#include "segmentation.h"

#include "catalog/namespace.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/varlena.h"

#include "lock/lock.h"

List *
lock_split_names(const char *value, char separator)
{
	List	   *names;

	if (!SplitIdentifierString(pstrdup(value), separator, &names))
		return NIL;
	return names;
}

/*
 * InvalidOid where the name is nobody's now.  It is looked up without regard
 * to privileges on its schema: those decide what a role can do, not what a
 * lock is.
 */
Oid
lock_table_oid(const char *quoted_name)
{
	List	   *names = lock_split_names(quoted_name, '.');
	Oid			schema;

	if (list_length(names) != 2)
		return InvalidOid;
	schema = get_namespace_oid(linitial(names), true);
	return OidIsValid(schema) ? get_relname_relid(lsecond(names), schema) : InvalidOid;
}

char *
lock_unquoted(const char *quoted_name)
{
	return linitial(lock_split_names(quoted_name, ','));
}

/* InvalidAttrNumber where there is none; system columns are none */
AttrNumber
lock_column(Relation rel, const char *quoted_name)
{
	AttrNumber	attnum = get_attnum(RelationGetRelid(rel), lock_unquoted(quoted_name));

	return Max(attnum, InvalidAttrNumber);
}

/* one that the lock's definition has found */
AttrNumber
lock_known_column(Relation rel, const char *quoted_name)
{
	AttrNumber	attnum = lock_column(rel, quoted_name);

	if (attnum == InvalidAttrNumber)
		elog(ERROR, "column %s of relation \"%s\" does not exist",
			 quoted_name, RelationGetRelationName(rel));
	return attnum;
}

/* generated columns that are computed when read have no value in a trigger */
void
lock_refuse_virtual(Relation rel, AttrNumber attnum)
{
	Form_pg_attribute attr = TupleDescAttr(RelationGetDescr(rel), attnum - 1);

	if (is_virtual_column(attr))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("a lock cannot read the virtual generated column %s of table \"%s\"",
						quote_identifier(NameStr(attr->attname)), RelationGetRelationName(rel)),
				 errhint("Make it a stored generated column.")));
}
