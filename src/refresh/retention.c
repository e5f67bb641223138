/*
 * retention.c: prune_history, forget_customer and forget_everywhere.
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

#include "argument.h"
#include "names.h"
#include "option.h"
#include "refusal.h"
#include "lock/lock.h"
#include "model/model.h"
#include "model/objects.h"
#include "types/segment_id.h"

static int64
execute(const Model *model, const char *sql, int nargs, Oid *types, Datum *values)
{
	ModelContext saved;
	int			result;

	model_enter(model, &saved);
	result = execute_untold(sql, nargs, types, values, NULL, false, 0);
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
static int64
forget_in_model(const char *id, ArrayType *key)
{
	Model	   *model;
	KeyValues  *values;
	int64		count;

	check_may_forget(model_read_definition(id));
	model = model_read_locked(id);
	check_may_forget(model);
	values = model_read_key(model, key);
	count = forget(model, values);
	notice_in_source(model, values);
	return count;
}

PG_FUNCTION_INFO_V1(forget_customer);
Datum
forget_customer(PG_FUNCTION_ARGS)
{
	int64		count;

	argument_require(fcinfo, 0, "model");
	argument_require(fcinfo, 1, "key");
	SPI_connect();
	count = forget_in_model(segment_id_argument(fcinfo, 0), PG_GETARG_ARRAYTYPE_P(1));
	SPI_finish();
	PG_RETURN_INT64(count);
}

/* ids of the models of a source, in the order in which all who lock several do */
static List *
models_of(Oid source)
{
	List	   *ids = NIL;

	catalogue_execute("SELECT id::pg_catalog.text FROM segmentation.model "
					  "WHERE source::pg_catalog.oid OPERATOR(pg_catalog.=) $1 ORDER BY id",
					  1, (Oid[]) {OIDOID}, (Datum[]) {ObjectIdGetDatum(source)}, NULL);
	for (uint64 i = 0; i < SPI_processed; i++)
		ids = lappend(ids, catalogue_get(i, 1));
	return ids;
}

/* one key is meant for all of them */
static void
check_same_key(const List *ids)
{
	Model	   *first = NULL;
	ListCell   *cell;

	foreach(cell, ids)
	{
		Model	   *model = model_read_definition(lfirst(cell));

		if (first && !names_are_same(first->key, model->key))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("models \"%s\" and \"%s\" know customers by different keys", first->id, model->id),
					 errhint("Forget the customer in each, with segmentation.forget_customer.")));
		first = model;
	}
}

/* whether there is a lock, or a record of moves by one that was */
static bool
was_locked(Oid customers)
{
	return lock_definitions_of(customers) != NIL || lock_has_moves(customers);
}

/* who names a table may mean the one that had the name when a model chose its source */
static void
warn_of_swapped(Oid relation)
{
	List	   *ids = NIL;
	ListCell   *cell;

	catalogue_execute("SELECT id::pg_catalog.text FROM segmentation.model WHERE source IS NOT NULL ORDER BY id", 0, NULL, NULL, NULL);
	for (uint64 i = 0; i < SPI_processed; i++)
		ids = lappend(ids, catalogue_get(i, 1));
	foreach(cell, ids)
	{
		Model	   *model = model_read_definition(lfirst(cell));

		if (model->namesake == relation && OidIsValid(model->source))
			ereport(WARNING,
					(errmsg("model \"%s\" reads %s, which was named %s when it was chosen",
							model->id, relation_name(model->source), relation_name(relation)),
					 errhint("Erase the customer there too, with segmentation.forget_everywhere(%s, ...).",
							 quote_literal_cstr(relation_name(model->source)))));
	}
}

/* one whose tables are lost keeps nobody from being erased everywhere else */
static int64
forget_everything(Oid source, ArrayType *key)
{
	List	   *ids = models_of(source);
	bool		locked = was_locked(source);
	int64		count = 0;
	ListCell   *cell;

	warn_of_swapped(source);
	if (ids == NIL && !locked)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("relation %s is no model's source, and has no lock", relation_name(source)),
				 errhint("SELECT id, source FROM segmentation.model lists models; SELECT DISTINCT customers FROM segmentation.lock lists locks.")));
	check_same_key(ids);
	foreach(cell, ids)
		if (model_warn_tables(model_read_definition(lfirst(cell))))
			count += forget_in_model(lfirst(cell), key);
	if (locked)
		count += lock_forget_moves_of(source, key) + lock_forget_offers_of(source, key);
	return count;
}

PG_FUNCTION_INFO_V1(forget_everywhere);
Datum
forget_everywhere(PG_FUNCTION_ARGS)
{
	int64		count;

	argument_require(fcinfo, 0, "source");
	argument_require(fcinfo, 1, "key");
	relation_require(PG_GETARG_OID(0));
	SPI_connect();
	count = forget_everything(PG_GETARG_OID(0), PG_GETARG_ARRAYTYPE_P(1));
	SPI_finish();
	PG_RETURN_INT64(count);
}

PG_FUNCTION_INFO_V1(prune_history);
Datum
prune_history(PG_FUNCTION_ARGS)
{
	Model	   *model;
	int64		count;

	argument_require(fcinfo, 0, "model");
	argument_require(fcinfo, 1, "before");
	model = model_read_definition(segment_id_argument(fcinfo, 0));
	model_check_tables(model);
	check_may_delete(model->history, list_make1("until"));
	SPI_connect();
	count = execute(model, psprintf("DELETE FROM %s WHERE until OPERATOR(pg_catalog.<=) $1", relation_name(model->history)),
					1, (Oid[]) {TIMESTAMPTZOID}, (Datum[]) {PG_GETARG_DATUM(1)});
	SPI_finish();
	PG_RETURN_INT64(count);
}
