/*
 * owned.c: whose a model's tables, views and function are.
 */
#include "segmentation.h"

#include "access/htup_details.h"
#include "catalog/pg_proc.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/syscache.h"

#include "define/objects.h"

static const char *
owned_role(Oid role)
{
	return quote_identifier(GetUserNameFromId(role, false));
}

static Oid
function_owner(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		return InvalidOid;
	owner = ((Form_pg_proc) GETSTRUCT(tuple))->proowner;
	ReleaseSysCache(tuple);
	return owner;
}

static void
refuse(const ModelNames *names, ModelObject object, Oid owner)
{
	Oid			model_owner = names->model->owner;

	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg(object < MODEL_RELATIONS ? "relation %s of model \"%s\" belongs to role %s" :
					"function %s of model \"%s\" belongs to role %s", names->of[object], names->model->id, owned_role(owner)),
			 !OidIsValid(model_owner) ? errhint("Let role %s or a superuser drop it.", owned_role(owner)) :
			 errdetail("The model belongs to role %s, but only who owns all of its tables and views can change or drop them.",
					   owned_role(model_owner)),
			 !OidIsValid(model_owner) ? 0 :
			 errhint("Let role %s or a superuser give it the same owner: ALTER %s %s OWNER TO %s;", owned_role(owner),
					 model_objects[object].kind, objects_with_arguments(names, object), owned_role(model_owner))));
}

/* by the role as whom they are changed or dropped, who may own some of them only */
void
owned_check(const ModelNames *names, Oid role)
{
	for (int i = 0; i < MODEL_OBJECTS; i++)
	{
		Oid			owner = names->of[i] == NULL ? InvalidOid :
		i < MODEL_RELATIONS ? relation_owner(objects_relid(names, i)) : function_owner(objects_function(names));

		if (OidIsValid(owner) && !has_privs_of_role(role, owner))
			refuse(names, i, owner);
	}
}

/* whether anything has been said of who may use the function */
bool
owned_is_granted(const ModelNames *names)
{
	HeapTuple	tuple = names->of[AT_FUNCTION] ? SearchSysCache1(PROCOID, ObjectIdGetDatum(objects_function(names))) : NULL;
	bool		isnull;

	if (!HeapTupleIsValid(tuple))
		return false;
	(void) SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_proacl, &isnull);
	ReleaseSysCache(tuple);
	return !isnull;
}
