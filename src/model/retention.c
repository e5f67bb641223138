/*
 * retention.c: prune_history and forget_customer.
 *
 * Whoever calls them has the rights for it; the statements run as the model's
 * owner, and with them what that one has put on the tables.  Where row security
 * would keep rows from the caller that is an error.  All of it happens in the
 * transaction of the call, or none.
 */
#include "segmentation.h"

#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"

#include "refusal.h"
#include "model/define.h"
#include "model/objects.h"

static int64
execute(const Model *model, const char *sql, int nargs, Oid *types, Datum *values)
{
	ModelContext saved;
	int			result;

	model_enter(model, &saved);
	result = SPI_execute_with_args(sql, nargs, types, values, NULL, false, 0);
	if (result < 0)
		elog(ERROR, "SPI_execute_with_args failed: %s", SPI_result_code_string(result));
	model_leave(&saved);
	return SPI_processed;
}

/* the key's columns equal the parameters, each read by its column's type */
static char *
key_condition(const Model *model, Oid relid)
{
	List	   *key = source_key(relid, model->key);
	StringInfoData buf;
	ListCell   *cell;

	initStringInfo(&buf);
	foreach(cell, key)
	{
		KeyColumn  *column = lfirst(cell);
		int			n = foreach_current_index(cell) + 1;

		appendStringInfo(&buf, "%s%s %s $%d::%s", n > 1 ? " AND " : "", quote_identifier(column->name),
						 model_equality_operator(column->type), n, column->type_text);
	}
	return buf.data;
}

static void
check_key(const Model *model, ArrayType *key)
{
	int			expected = list_length(model->key);

	if (ARR_NDIM(key) != 1 || ARR_DIMS(key)[0] != expected || array_contains_nulls(key))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg_plural("key of a customer in model \"%s\" needs %d value, which is not null",
							   "key of a customer in model \"%s\" needs %d values, none of them null",
							   expected, model->id, expected),
				 errhint("Give one value for each column of the key: %s.", first_ten(model->key, ", "))));
}

static void
check_may_read_column(Oid relid, const char *column)
{
	if (pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) != ACLCHECK_OK &&
		pg_attribute_aclcheck(relid, get_attnum(relid, column), GetUserId(), ACL_SELECT) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, get_rel_name(relid));
}

/* what the server would ask of who deletes rows by these columns; policies are an error */
static void
check_may_delete(Oid relid, const List *columns)
{
	ModelContext saved;
	ListCell   *cell;

	if (pg_class_aclcheck(relid, GetUserId(), ACL_DELETE) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, get_rel_name(relid));
	foreach(cell, columns)
		check_may_read_column(relid, lfirst(cell));
	model_enter_caller(&saved);
	set_option("row_security", "off");
	(void) check_enable_rls(relid, InvalidOid, false);
	model_leave(&saved);
}

static void
check_may_forget(const Model *model)
{
	model_check_tables(model);
	check_may_delete(model->assignment, model->key);
	check_may_delete(model->history, model->key);
	if (OidIsValid(model->override))
		check_may_delete(model->override, model->key);
}

static int64
forget(const Model *model, int nkeys, Oid *types, Datum *values)
{
	Oid			tables[] = {model->assignment, model->history, model->override};
	int64		count = 0;

	for (size_t i = 0; i < lengthof(tables); i++)
		if (OidIsValid(tables[i]))
			count += execute(model, psprintf("DELETE FROM %s WHERE %s", relation_name(tables[i]),
									  key_condition(model, tables[i])), nkeys, types, values);
	return count;
}

/* a source that the caller can read, and that can have a customer of such a key */
static bool
source_is_readable(const Model *model)
{
	ListCell   *cell;

	if (!OidIsValid(relation_owner(model->source)) ||
		pg_class_aclcheck(model->source, GetUserId(), ACL_SELECT) != ACLCHECK_OK ||
		check_enable_rls(model->source, InvalidOid, true) == RLS_ENABLED)
		return false;
	foreach(cell, model->key)
		if (!relation_has_column(model->source, lfirst(cell),
								 get_atttype(model->assignment, get_attnum(model->assignment, lfirst(cell)))))
			return false;
	return true;
}

static void
notice_in_source(const Model *model, int nkeys, Oid *types, Datum *values)
{
	if (source_is_readable(model) &&
		execute(model, psprintf("SELECT FROM %s WHERE %s LIMIT 1", relation_name(model->source),
						 key_condition(model, model->source)), nkeys, types, values) > 0)
		ereport(NOTICE,
				(errmsg("the customer is still in the source of model \"%s\"", model->id),
				 errdetail("The next refresh will store an answer again."),
				 errhint("Delete the customer there first.")));
}

/*
 * The model is locked: what a refresh under way is writing, a new row too, is
 * waited for and goes as well.
 */
PG_FUNCTION_INFO_V1(forget_customer);
Datum
forget_customer(PG_FUNCTION_ARGS)
{
	Model	   *model;
	ArrayType  *key;
	Datum	   *values;
	Oid			types[INDEX_MAX_KEYS];
	int			nkeys;
	int64		count;

	define_require_argument(fcinfo, 0, "model");
	define_require_argument(fcinfo, 1, "key");
	check_may_forget(model_read_definition(define_id(fcinfo, 0)));
	model = model_read_locked(define_id(fcinfo, 0));
	check_may_forget(model);
	key = PG_GETARG_ARRAYTYPE_P(1);
	check_key(model, key);
	deconstruct_array(key, TEXTOID, -1, false, TYPALIGN_INT, &values, NULL, &nkeys);
	for (int i = 0; i < nkeys; i++)
		types[i] = TEXTOID;
	SPI_connect();
	count = forget(model, nkeys, types, values);
	notice_in_source(model, nkeys, types, values);
	SPI_finish();
	PG_RETURN_INT64(count);
}

PG_FUNCTION_INFO_V1(prune_history);
Datum
prune_history(PG_FUNCTION_ARGS)
{
	Model	   *model;
	int64		count;

	define_require_argument(fcinfo, 0, "model");
	define_require_argument(fcinfo, 1, "before");
	model = model_read_definition(define_id(fcinfo, 0));
	model_check_tables(model);
	check_may_delete(model->history, list_make1("until"));
	SPI_connect();
	count = execute(model, psprintf("DELETE FROM %s WHERE until OPERATOR(pg_catalog.<=) $1", relation_name(model->history)),
					1, (Oid[]) {TIMESTAMPTZOID}, (Datum[]) {PG_GETARG_DATUM(1)});
	SPI_finish();
	PG_RETURN_INT64(count);
}
