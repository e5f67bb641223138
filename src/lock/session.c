/*
 * session.c: what the session of a writer must not do to the owner as whom a
 * trigger acts, nor that owner to the session.
 *
 * Triggers and functions of an owner may find what they name by the search_path.
 * Who acts as the owner in the name of somebody else must not let that one choose
 * what is found: then only schemas count into which nobody puts anything who has
 * not the owner's rights, and temporary relations come last.
 */
#include "segmentation.h"

#include "catalog/namespace.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_database.h"
#include "catalog/pg_namespace.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "option.h"
#include "relation.h"
#include "lock/installed.h"

/* the owner of a database is the one member of the role that owns its schema public */
static bool
has_rights(Oid role, Oid wanted)
{
	if (role == ROLE_PG_DATABASE_OWNER)
		role = owner_of_object(DATABASEOID, Anum_pg_database_datdba, MyDatabaseId);
	return has_privs_of_role(role, wanted);
}

static bool
only_trusted_create(Acl *acl, Oid role)
{
	AclItem    *items = ACL_DAT(acl);

	for (int i = 0; i < ACL_NUM(acl); i++)
		if ((ACLITEM_GET_PRIVS(items[i]) & ACL_CREATE) &&
			(items[i].ai_grantee == ACL_ID_PUBLIC || !has_rights(items[i].ai_grantee, role)))
			return false;
	return true;
}

/* whether only those who have the rights of a role put things into a schema */
static bool
is_trusted(Oid schema, Oid role)
{
	HeapTuple	tuple = SearchSysCache1(NAMESPACEOID, ObjectIdGetDatum(schema));
	Datum		acl;
	bool		isnull;
	bool		result;

	if (!HeapTupleIsValid(tuple))
		return false;
	result = has_rights(((Form_pg_namespace) GETSTRUCT(tuple))->nspowner, role);
	acl = SysCacheGetAttr(NAMESPACEOID, tuple, Anum_pg_namespace_nspacl, &isnull);
	if (result && !isnull)
		result = only_trusted_create(DatumGetAclP(acl), role);
	ReleaseSysCache(tuple);
	return result;
}

/* of the schemas that are searched those that the role can trust */
static char *
trusted_path(Oid role)
{
	StringInfoData buf;
	ListCell   *cell;

	initStringInfo(&buf);
	foreach(cell, fetch_search_path(false))
	{
		Oid			schema = lfirst_oid(cell);

		if (!isTempNamespace(schema) && is_trusted(schema, role))
			appendStringInfo(&buf, "%s, ", quote_identifier(get_namespace_name(schema)));
	}
	appendStringInfoString(&buf, "pg_temp");
	return buf.data;
}

/*
 * From here on the session's settings are ours to leave; AtEOXact_GUC(false,
 * level) puts back what they were, whatever has been set meanwhile.
 */
int
lock_enter_session(Oid writer, Oid owner)
{
	int			save_nestlevel = NewGUCNestLevel();

	if (!has_privs_of_role(writer, owner))
		set_option("search_path", trusted_path(owner));
	return save_nestlevel;
}

/*
 * Where it acts as the owner, code of a role that has not the rights of the one
 * in whose session it runs: what is deferred would run as that one.
 */
void
lock_refuse_deferred(Oid writer, Oid author)
{
	if (!has_privs_of_role(author, writer))
		restrict_operation();
}

/* an error context of what is restricted on a table */
void
lock_explain_rights(void *relid)
{
	Oid			owner = relation_owner(*(Oid *) relid);

	if (geterrcode() != ERRCODE_INSUFFICIENT_PRIVILEGE || !InSecurityRestrictedOperation() || !OidIsValid(owner))
		return;
	if (owner != GetUserId())
		errhint("Where table %s has deferred triggers, say SET CONSTRAINTS ALL IMMEDIATE; before.", relation_name(*(Oid *) relid));
	else
		errhint("This runs as role %s, owner of table %s: grant that role what it lacks; and where the table has deferred triggers, say SET CONSTRAINTS ALL IMMEDIATE; before.",
				quote_identifier(GetUserNameFromId(owner, false)), relation_name(*(Oid *) relid));
}
