/*
 * complete.c: a model's objects are brought to today's shape.
 *
 * A new model has none and gets all.  One that has lost some, or that an earlier
 * version has made, gets what it lacks, under the names of the rest.
 */
#include "segmentation.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "define/define.h"
#include "define/objects.h"

static void
check_name_free(const ModelNames *names, ModelObject object)
{
	char	   *name = objects_name(names, object);
	Oid			schema = get_namespace_oid(names->schema, false);

	if (strlen(name) >= NAMEDATALEN)
		ereport(ERROR,
				(errcode(ERRCODE_NAME_TOO_LONG),
				 errmsg("prefix \"%s\" is too long", names->model->prefix),
				 errdetail("\"%s\" has %zu bytes, and names have at most %d.", name, strlen(name), NAMEDATALEN - 1)));
	if (OidIsValid(object < MODEL_RELATIONS ? get_relname_relid(name, schema) : objects_function(names)))
		ereport(ERROR,
				(errcode(object < MODEL_RELATIONS ? ERRCODE_DUPLICATE_TABLE : ERRCODE_DUPLICATE_FUNCTION),
				 errmsg(object < MODEL_RELATIONS ? "relation \"%s\" already exists in schema \"%s\"" :
						"function \"%s\" already exists in schema \"%s\"", name, names->schema),
				 names->of[ASSIGNMENT_TABLE] ? errhint("The model needs that name for its %s: give the other one another.", model_objects[object].title) :
				 errhint("Choose another prefix or schema for the model.")));
}

static void
make_object(ModelNames *names, ModelObject object)
{
	Oid		   *oid = objects_oid(names, object);

	check_name_free(names, object);
	names->of[object] = quote_qualified_identifier(names->schema, objects_name(names, object));
	objects_create(names, object);
	objects_comment(names, object);
	if (oid)
		*oid = get_relname_relid(objects_name(names, object), get_namespace_oid(names->schema, false));
}

/* of a new model, under a safe search_path, as the role that is to own them */
void
complete_new(Model *model, const char *schema, List *key)
{
	ModelNames *names = objects_names(model, schema, key);

	for (int i = 0; i < MODEL_OBJECTS; i++)
		check_name_free(names, i);
	for (int i = 0; i < MODEL_OBJECTS; i++)
		make_object(names, i);
}

/* what has no oid in the catalogue may have another name: it reads the history, and has these columns */
static bool
has_other_name(const ModelNames *names, ModelObject object)
{
	objects_execute(psprintf("SELECT WHERE segmentation_internal.is_read_by(%u, 'pg_catalog.%s', '{%s%s}')",
							 names->model->history, object == AT_FUNCTION ? "pg_proc" : "pg_rewrite",
							 object == AT_FUNCTION ? "moment, " : "", description_list(object, 0, "", NULL)));
	return SPI_processed > 0;
}

static bool
object_is_missing(const ModelNames *names, ModelObject object)
{
	return names->of[object] == NULL && (objects_oid(names, object) || !has_other_name(names, object));
}

static void
complete_table(const ModelNames *names, ModelObject object, Oid relid)
{
	const ColumnDescription *column;

	if (description_missing_column(object, relid, 0))
		owned_check(names, names->model->owner);
	while ((column = description_missing_column(object, relid, 0)) != NULL)
		objects_add_column(names, object, column);
}

/* true: it was made when views were read with the rights of their owner, past row security */
static bool
complete_view(const ModelNames *names, ModelObject object, Oid relid)
{
	if (description_missing_column(object, relid, 0))
	{
		owned_check(names, names->model->owner);
		objects_create_view(names, object, objects_view_options(names, object));
	}
	objects_execute(psprintf("SELECT FROM pg_catalog.pg_class AS c, pg_catalog.pg_options_to_table(c.reloptions) AS o "
							 "WHERE c.oid OPERATOR(pg_catalog.=) %u AND o.option_name OPERATOR(pg_catalog.=) 'security_invoker'", relid));
	if (SPI_processed > 0)
		return false;
	owned_check(names, names->model->owner);
	objects_execute(psprintf("ALTER VIEW %s SET (security_invoker)", names->of[object]));
	return true;
}

static void
complete_objects(ModelNames *names)
{
	bool		changed = false;

	for (int i = 0; i < MODEL_OBJECTS; i++)
	{
		if (i >= OVERRIDE_TABLE && object_is_missing(names, i))
			make_object(names, i);
		else if (i < MODEL_TABLES)
			complete_table(names, i, objects_relid(names, i));
		else if (i < MODEL_RELATIONS && names->of[i])
			changed |= complete_view(names, i, objects_relid(names, i));
	}
	if (changed)
		ereport(NOTICE,
				(errmsg("views of model \"%s\" are read with the rights of their reader from now on", names->model->id),
				 errhint("Who reads them needs SELECT on the model's assignment and history too.")));
}

/* within SPI; what it makes is the model's owner's */
void
complete_model(Model *model)
{
	ModelNames *names;
	ModelContext saved;

	model_check_tables(model);
	names = objects_found(model);
	names->key = source_key(model->assignment, model->key);
	model_enter(model, &saved);
	complete_objects(names);
	model_leave(&saved);
}

/* missing_objects(model): what complete_model would make beside columns */
PG_FUNCTION_INFO_V1(missing_objects);
Datum
missing_objects(PG_FUNCTION_ARGS)
{
	Model	   *model = model_read_definition(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	ModelNames *names = objects_found(model);
	Datum		titles[MODEL_OBJECTS];
	bool		missing[MODEL_OBJECTS] = {false};
	int			count = 0;

	SPI_connect();
	for (int i = OVERRIDE_TABLE; i < MODEL_OBJECTS; i++)
		missing[i] = object_is_missing(names, i);
	SPI_finish();
	for (int i = 0; i < MODEL_OBJECTS; i++)
		if (missing[i])
			titles[count++] = CStringGetTextDatum(model_objects[i].title);
	PG_RETURN_ARRAYTYPE_P(construct_array(titles, count, TEXTOID, -1, false, TYPALIGN_INT));
}
