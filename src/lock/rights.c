/*
 * rights.c: what a role must be allowed to do with a table of the lock.
 *
 * The server checks every statement of ours, but says neither whose rights are
 * wanting nor which.  So they are asked for before.
 */
#include "segmentation.h"

#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "relation.h"
#include "lock/lock.h"

static const char *
quoted_role(void)
{
	return quote_identifier(GetUserNameFromId(GetUserId(), false));
}

static void
require_schema(Oid relid, const char *why)
{
	char	   *schema = relation_schema(relid);

	if (pg_namespace_aclcheck(get_rel_namespace(relid), GetUserId(), ACL_USAGE) == ACLCHECK_OK)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("permission denied for schema %s of table %s",
					schema, relation_name(relid)),
			 errdetail("%s", why),
			 errhint("Let its owner say: GRANT USAGE ON SCHEMA %s TO %s;",
					 schema, quoted_role())));
}

void
lock_raise_denied(Oid relid, const char *privileges, const char *why)
{
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("permission denied for table %s", relation_name(relid)),
			 errdetail("%s", why),
			 errhint("Let its owner say: GRANT %s ON %s TO %s;", privileges, relation_name(relid),
					 quoted_role())));
}

/* the whole table, or each of these columns if there are any */
static bool
may_use_all(Oid relid, const List *columns, AclMode mode)
{
	ListCell   *cell;

	if (pg_class_aclcheck(relid, GetUserId(), mode) == ACLCHECK_OK)
		return true;
	foreach(cell, columns)
	{
		if (!relation_grants_column(relid, lock_unquoted(lfirst(cell)), GetUserId(), mode))
			return false;
	}
	return columns != NIL;
}

/* why: a sentence that says who needs what */
void
lock_require_select(Oid relid, const List *columns, const char *why)
{
	require_schema(relid, why);
	if (!may_use_all(relid, columns, ACL_SELECT))
		lock_raise_denied(relid, "SELECT", why);
}

void
lock_require_update(Oid relid, const List *columns, const char *why)
{
	if (!may_use_all(relid, columns, ACL_UPDATE))
		lock_raise_denied(relid, "UPDATE", why);
}
