/*
 * retention.c: prune_history, forget_customer and forget_everywhere.
 *
 * Whoever calls them has the rights for it; the statements run as the owner of
 * the table, and with them what that one has put on it.  Where row security
 * would keep rows from the caller that is an error.  All of it happens in the
 * transaction of the call, or none.  The source is looked at as the owner of the
 * model, and whatever comes of that, customers are erased.
 */
#include "segmentation.h"

#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"

#include "argument.h"
#include "names.h"
#include "option.h"
#include "refusal.h"
#include "trial.h"
#include "lock/lock.h"
#include "model/model.h"
#include "types/segment_id.h"

static void
check_may_read_column(Oid relid, const char *column)
{
	if (!relation_grants_column(relid, column, GetUserId(), ACL_SELECT))
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
	{
		check_may_read_column(relid, lfirst(cell));
	}
	model_enter_caller(&saved);
	set_option("row_security", "off");
	(void) check_enable_rls(relid, InvalidOid, false);
	model_leave(&saved);
}

/* those, t, of a condition on parameters */
static int64
delete_rows(Oid relid, const char *condition, int nargs, Oid *types, Datum *values)
{
	ModelContext saved;
	int			result;

	table_enter(relid, &saved);
	result = execute_untold(psprintf("DELETE FROM %s AS t WHERE %s", relation_name(relid), condition),
							nargs, types, values, NULL, false, 0);
	if (result < 0)
		elog(ERROR, "SPI_execute_with_args failed: %s", SPI_result_code_string(result));
	model_leave(&saved);
	return SPI_processed;
}

static int64
forget_in_table(const Model *model, Oid relid, ArrayType *key)
{
	KeyValues  *values = key_read(relid, model->key, key, psprintf("model \"%s\"", model->id));

	return delete_rows(relid, key_condition(relid, model->key, "t", 1), values->count, values->types, values->values);
}

/* those that are there; what is left of a model that has lost some of it may have columns that nobody knows */
static List *
tables_of(const Model *model)
{
	Oid			tables[MODEL_TABLES] = {model->assignment, model->history, model->kept_override};
	List	   *result = NIL;

	for (int i = 0; i < MODEL_TABLES; i++)
	{
		if (description_fits(i, tables[i], model->key))
			result = lappend_oid(result, tables[i]);
		else if (OidIsValid(relation_owner(tables[i])))
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("table %s of model \"%s\" has other columns than it had", relation_name(tables[i]), model->id),
					 errdetail("Nobody can be erased from it."),
					 errhint("Change it back; or see to its rows yourself, and drop the model, SELECT segmentation.drop_model(%s); which leaves this table.",
							 quote_literal_cstr(model->id))));
	}
	return result;
}

static void
check_may_forget(const Model *model)
{
	ListCell   *cell;

	foreach(cell, tables_of(model))
	{
		check_may_delete(lfirst_oid(cell), model->key);
	}
}

static int64
forget(const Model *model, ArrayType *key)
{
	int64		count = 0;
	ListCell   *cell;

	foreach(cell, tables_of(model))
	{
		count += forget_in_table(model, lfirst_oid(cell), key);
	}
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
	{
		if (!relation_has_column(model->source, lfirst(cell),
								 get_atttype(model->assignment, get_attnum(model->assignment, lfirst(cell)))))
			return false;
	}
	return true;
}

typedef struct SourceLook
{
	const Model *model;
	KeyValues  *key;
	bool		found;
} SourceLook;

static void
look_into_source(void *arg)
{
	SourceLook *look = arg;
	const Model *model = look->model;
	ModelContext saved;
	int			result;

	SPI_connect();
	model_enter(model, &saved);
	result = execute_untold(psprintf("SELECT FROM %s AS t WHERE %s LIMIT 1", relation_name(model->source),
									 key_condition(model->source, model->key, "t", 1)),
							look->key->count, look->key->types, look->key->values, NULL, false, 0);
	if (result < 0)
		elog(ERROR, "SPI_execute_with_args failed: %s", SPI_result_code_string(result));
	look->found = SPI_processed > 0;
	model_leave(&saved);
	SPI_finish();
}

/* what is wrong with the source, or the rights to it, keeps nobody from being erased */
static void
notice_in_source(const Model *model, KeyValues *key)
{
	SourceLook	look = {model, key, false};
	ErrorData  *error;

	if (!source_is_readable(model))
		return;
	error = trial_run(look_into_source, &look, false);
	if (error && is_servers_error(error->sqlerrcode))
		ReThrowError(error);
	if (error)
		ereport(NOTICE,
				(errmsg("could not look whether the customer is still in the source of model \"%s\": %s", model->id, error->message),
				 errdetail("The customer is erased all the same; if still there, the next refresh that can read the source will store an answer again.")));
	else if (look.found)
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
	int64		count;

	check_may_forget(model_read_definition(id));
	model = model_read_locked(id);
	check_may_forget(model);
	count = forget(model, key);
	if (OidIsValid(model->owner) && description_fits(ASSIGNMENT_TABLE, model->assignment, model->key))
		notice_in_source(model, model_read_key(model, key));
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
	model_check_tables(model_read_definition(segment_id_argument(fcinfo, 0)));
	count = forget_in_model(segment_id_argument(fcinfo, 0), PG_GETARG_ARRAYTYPE_P(1));
	SPI_finish();
	PG_RETURN_INT64(count);
}

/* ids of the models of a source, in the order in which all who lock several do */
static List *
models_of_source(Oid source)
{
	List	   *ids = NIL;

	catalogue_execute("SELECT id::pg_catalog.text FROM segmentation.model "
					  "WHERE source::pg_catalog.oid OPERATOR(pg_catalog.=) $1 ORDER BY id",
					  1, OIDS(OIDOID), DATUMS(ObjectIdGetDatum(source)), NULL);
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
	return lock_guard_of(customers) || lock_definitions_own(customers) != NIL || lock_has_moves(customers);
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
					 errhint("Erase the customer there too: segmentation.forget_everywhere, of %s and by the same key.",
							 relation_name(model->source))));
	}
}

/*
 * Where the catalogue has lost a model nobody knows whose customers its tables
 * have.  That of a stranger to the source keeps nobody from being erased.
 */
static void
refuse_orphan(Oid source, const List *key)
{
	uint64		count = catalogue_execute("SELECT relation::pg_catalog.oid FROM segmentation_internal.orphaned_tables() "
										  "ORDER BY relation::pg_catalog.text", 0, NULL, NULL, NULL);

	for (uint64 i = 0; i < count; i++)
	{
		bool		isnull;
		Oid			relid = DatumGetObjectId(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull));
		Oid			owner = relation_owner(relid);

		if (!OidIsValid(owner) || !relation_has_columns(relid, key))
			continue;
		ereport(has_privs_of_role(owner, relation_owner(source)) ? ERROR : WARNING,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table %s is said to be of a model that segmentation.model does not know", relation_name(relid)),
				 errdetail("Whose customers it has nobody can say, and nobody is erased from it."),
				 errhint("See what has been lost with SELECT * FROM segmentation.check_restore(); and restore it; or, if the model is not to be, DROP TABLE %s CASCADE;",
						 relation_name(relid))));
	}
}

/* one that has lost tables keeps nobody from being erased everywhere else, and from those that are left */
static int64
forget_everything(Oid source, ArrayType *key)
{
	List	   *ids = models_of_source(source);
	bool		locked = was_locked(source);
	int64		count = 0;
	ListCell   *cell;

	warn_of_swapped(source);
	if (ids == NIL && !locked)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("relation %s is no model's source, and has no lock", relation_name(source)),
				 errhint("SELECT id, source FROM segmentation.model; lists models, SELECT DISTINCT customers FROM segmentation.lock; lists locks.")));
	check_same_key(ids);
	refuse_orphan(source, ids != NIL ? model_read_definition(linitial(ids))->key : lock_key_of(source));
	foreach(cell, ids)
	{
		(void) model_warn_tables(model_read_definition(lfirst(cell)));
		count += forget_in_model(lfirst(cell), key);
	}
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
	count = delete_rows(model->history, "t.until OPERATOR(pg_catalog.<=) $1", 1, OIDS(TIMESTAMPTZOID), DATUMS(PG_GETARG_DATUM(1)));
	SPI_finish();
	PG_RETURN_INT64(count);
}
