/*
 * rights.c: who may be told what a model answers, and by what.
 */
#include "segmentation.h"

#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"

#include "model/model.h"

/*
 * Answers come from evaluations as the model's owner, so row security that is
 * there for the caller must not be got around.
 */
void
model_check_may_read(Oid relid)
{
	if (pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, get_relkind_objtype(get_rel_relkind(relid)), get_rel_name(relid));
	if (check_enable_rls(relid, InvalidOid, true) == RLS_ENABLED)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("row-level security of \"%s\" holds for you", get_rel_name(relid)),
				 errdetail("The answer would show rows that it keeps from you.")));
}

/* whether a role has what of a model's table decides, which is not all of it; of one that is not there it needs nothing */
bool
model_may_evaluate(ModelObject object, Oid relid, const List *key, Oid role)
{
	const ObjectDescription *description = &model_objects[object];
	bool		result = true;
	ListCell   *cell;

	if (!OidIsValid(relid))
		return true;
	for (int i = 0; i < description->ncolumns; i++)
		if (description->columns[i].flags & COLUMN_DECIDES)
			result &= relation_grants_column(relid, description->columns[i].name, role, ACL_SELECT);
	foreach(cell, key)
	{
		result &= relation_grants_column(relid, lfirst(cell), role, ACL_SELECT);
	}
	return result;
}
