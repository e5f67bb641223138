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
forget(const Model *model, KeyValues *key)
{
	Oid			tables[] = {model->assignment, model->history, model->override};
	int64		count = 0;

	for (size_t i = 0; i < lengthof(tables); i++)
		if (OidIsValid(tables[i]))
			count += execute(model, psprintf("DELETE FROM %s AS t WHERE %s", relation_name(tables[i]),
									  key_condition(tables[i], model->key, "t", 1)), key->count, key->types, key->values);
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
notice_in_source(const Model *model, KeyValues *key)
{
	if (source_is_readable(model) &&
		execute(model, psprintf("SELECT FROM %s AS t WHERE %s LIMIT 1", relation_name(model->source),
						 key_condition(model->source, model->key, "t", 1)), key->count, key->types, key->values) > 0)
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
	KeyValues  *key;
	int64		count;

	define_require_argument(fcinfo, 0, "model");
	define_require_argument(fcinfo, 1, "key");
	check_may_forget(model_read_definition(define_id(fcinfo, 0)));
	model = model_read_locked(define_id(fcinfo, 0));
	check_may_forget(model);
	key = model_read_key(model, PG_GETARG_ARRAYTYPE_P(1));
	SPI_connect();
	count = forget(model, key);
	notice_in_source(model, key);
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
