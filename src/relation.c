/*
 * relation.c: relations by an oid that may name none.
 *
 * Oids come from callers, who may write any number, and from the catalogue,
 * whose relations may have been dropped; and another session can drop a relation
 * between any two looks at it.  Whoever has not opened it takes it from here.
 */
#include "segmentation.h"

#include "access/relation.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "refusal.h"
#include "relation.h"

pg_noreturn static void
raise_missing(Oid relid)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_TABLE),
			 errmsg("relation with OID %u does not exist", relid)));
	pg_unreachable();
}

/* InvalidOid where there is no such relation */
Oid
relation_owner(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		return InvalidOid;
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

/* an error where there is no such relation */
void
relation_require(Oid relid)
{
	if (!OidIsValid(relation_owner(relid)))
		raise_missing(relid);
}

/* detail: why it must be the owner, or NULL */
void
relation_require_owner(Oid relid, const char *detail)
{
	if (!has_privs_of_role(GetUserId(), relation_owner(relid)))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of table %s", relation_name(relid)),
				 detail ? errdetail("%s", detail) : 0));
}

/* quoted */
char *
relation_schema(Oid relid)
{
	char	   *schema = get_namespace_name(get_rel_namespace(relid));

	if (schema == NULL)
		raise_missing(relid);
	return pstrdup(quote_identifier(schema));
}

/* quoted and qualified */
char *
relation_name(Oid relid)
{
	char	   *name = get_rel_name(relid);

	if (name == NULL)
		raise_missing(relid);
	return psprintf("%s.%s", relation_schema(relid), quote_identifier(name));
}

/* the columns, those first whose names are nearest to one that there is not */
List *
relation_columns_near(Relation rel, const char *name)
{
	List	   *columns = NIL;

	for (int i = 0; i < RelationGetNumberOfAttributes(rel); i++)
	{
		Form_pg_attribute attr = TupleDescAttr(RelationGetDescr(rel), i);

		if (!attr->attisdropped)
			columns = lappend(columns, pstrdup(NameStr(attr->attname)));
	}
	return nearest_first(columns, name, strlen(name));
}

Form_pg_attribute
relation_column(Relation rel, const char *name)
{
	AttrNumber	attnum = get_attnum(RelationGetRelid(rel), name);

	if (attnum <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of \"%s\" does not exist", name, RelationGetRelationName(rel)),
				 errhint("Its columns are: %s.", first_ten(relation_columns_near(rel, name), ", "))));
	return TupleDescAttr(RelationGetDescr(rel), attnum - 1);
}

Relation
relation_open_existing(Oid relid, LOCKMODE mode)
{
	Relation	rel = try_relation_open(relid, mode);

	if (rel == NULL)
		raise_missing(relid);
	return rel;
}

/* whether a role may do so with a column, or with all of the relation */
bool
relation_grants_column(Oid relid, const char *column, Oid role, AclMode mode)
{
	AttrNumber	number = get_attnum(relid, column);

	return pg_class_aclcheck(relid, role, mode) == ACLCHECK_OK ||
		(number != InvalidAttrNumber && pg_attribute_aclcheck(relid, number, role, mode) == ACLCHECK_OK);
}

/* with any column, or with all of the relation */
bool
relation_grants_some(Oid relid, Oid role, AclMode mode)
{
	return pg_class_aclcheck(relid, role, mode) == ACLCHECK_OK ||
		pg_attribute_aclcheck_all(relid, role, mode, ACLMASK_ANY) == ACLCHECK_OK;
}
