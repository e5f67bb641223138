/*
 * override_table.c: a model's table of people's decisions, as who reads the model knows it.
 */
#include "segmentation.h"

#include "utils/acl.h"
#include "utils/lsyscache.h"

#include "model/model.h"

/* columns that decide, beside those of the key */
static const char *const columns[] = {"segment", "member", "expires_at"};

/*
 * The relation if it is such a table, InvalidOid otherwise: where it has been
 * dropped, a dump may name another one in its place.
 */
Oid
override_table(Oid relid, const List *key)
{
	ListCell   *cell;

	if (!OidIsValid(relid) || !OidIsValid(relation_owner(relid)))
		return InvalidOid;
	for (size_t i = 0; i < lengthof(columns); i++)
		if (get_attnum(relid, columns[i]) == InvalidAttrNumber)
			return InvalidOid;
	foreach(cell, key)
		if (get_attnum(relid, lfirst(cell)) == InvalidAttrNumber)
			return InvalidOid;
	return relid;
}

static bool
column_is_readable(Oid relid, const char *name, Oid role)
{
	return pg_attribute_aclcheck(relid, get_attnum(relid, name), role, ACL_SELECT) == ACLCHECK_OK;
}

/* what decides, which is not the reason */
bool
override_is_readable(const Model *model, Oid role)
{
	bool		result = true;
	ListCell   *cell;

	if (!OidIsValid(model->override) ||
		pg_class_aclcheck(model->override, role, ACL_SELECT) == ACLCHECK_OK)
		return true;
	for (size_t i = 0; i < lengthof(columns); i++)
		result &= column_is_readable(model->override, columns[i], role);
	foreach(cell, model->key)
		result &= column_is_readable(model->override, lfirst(cell), role);
	return result;
}
