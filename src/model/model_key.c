/*
 * model_key.c: the key by which a model knows its customers.
 */
#include "segmentation.h"

#include "parser/parse_coerce.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "expression.h"
#include "model/model.h"

/* whether values become such of the other type as a matter of course: a wider number, another text */
bool
model_key_can_become(Oid from, Oid to)
{
	return from == to ||
		(TypeCategory(from) == TypeCategory(to) && TypeCategory(from) != TYPCATEGORY_USER &&
		 can_coerce_type(1, &from, &to, COERCION_ASSIGNMENT));
}

/* as the caller's session reads it */
KeyValues *
model_read_key(const Model *model, ArrayType *key)
{
	return key_read(model->assignment, model->key, key, psprintf("model \"%s\"", model->id));
}

/* the operator by which values of the type are the same key, as SQL */
char *
model_equality_operator(Oid type)
{
	return expression_operator(lookup_type_cache(type, TYPECACHE_EQ_OPR)->eq_opr);
}

/* "a.id OPERATOR(pg_catalog.=) b.id AND ..." */
char *
model_key_match(const Model *model, const char *left, const char *right)
{
	StringInfoData buf;
	ListCell   *cell;

	initStringInfo(&buf);
	foreach(cell, model->key)
	{
		const char *name = quote_identifier(lfirst(cell));
		Oid			type = get_atttype(model->assignment, get_attnum(model->assignment, lfirst(cell)));

		appendStringInfo(&buf, "%s%s %s %s", foreach_current_index(cell) > 0 ? " AND " : "",
						 key_operand(type, left, name), model_equality_operator(type), key_operand(type, right, name));
	}
	return buf.data;
}
