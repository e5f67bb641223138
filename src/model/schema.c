/*
 * schema.c: where the catalogue's tables and the extension's types are.
 */
#include "segmentation.h"

#include "catalog/namespace.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "model/model.h"
#include "rule/rule.h"

/* a relation of schema segmentation, where only the extension's owner makes any */
Oid
catalogue_relation(const char *name)
{
	Oid			relid = get_relname_relid(name, get_namespace_oid("segmentation", false));

	if (!OidIsValid(relid))
		elog(ERROR, "relation segmentation.%s does not exist", name);
	return relid;
}

/* whoever owns a table can change it, and what is read of it then is no such value */
bool
relation_has_column(Oid relid, const char *name, Oid type)
{
	AttrNumber	number = get_attnum(relid, name);

	return number != InvalidAttrNumber && get_atttype(relid, number) == type;
}

/* whatever their types */
bool
relation_has_columns(Oid relid, const List *names)
{
	ListCell   *cell;

	foreach(cell, names)
	{
		if (get_attnum(relid, lfirst(cell)) == InvalidAttrNumber)
			return false;
	}
	return true;
}

Oid
segment_id_type(void)
{
	return get_atttype(catalogue_relation("model"), 1);
}

/* the quoted name of the schema that has segment_id and the other types */
const char *
types_schema(void)
{
	return quote_identifier(get_namespace_name(rule_type_namespace(segment_id_type())));
}
