/*
 * objects.c: the tables, views and function of a model are made, found, given
 * their comments and dropped, by their description.
 *
 * They are ordinary objects of whoever creates the model, none a member of the
 * extension, so that they can be granted, indexed, published, partitioned,
 * distributed and dumped.
 */
#include "segmentation.h"

#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/comment.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "key.h"
#include "refusal.h"
#include "define/objects.h"

void
objects_execute(const char *sql)
{
	int			result = execute_untold(sql, 0, NULL, NULL, NULL, false, 0);

	if (result < 0)
		elog(ERROR, "SPI_execute failed: %s", SPI_result_code_string(result));
}

/* of a model that has none yet */
ModelNames *
objects_names(Model *model, const char *schema, List *key)
{
	ModelNames *names = palloc0(sizeof(ModelNames));

	names->model = model;
	names->schema = schema;
	names->key = key;
	return names;
}

/* where the model keeps its relation's oid; NULL: it goes by its name */
Oid *
objects_oid(const ModelNames *names, ModelObject object)
{
	Model	   *model = names->model;
	Oid		   *oids[MODEL_OBJECTS] = {&model->assignment, &model->history, &model->override, &model->member};

	return oids[object];
}

char *
objects_name(const ModelNames *names, ModelObject object)
{
	return psprintf("%s_%s", names->model->prefix, model_objects[object].suffix);
}

/* InvalidOid: is not there */
Oid
objects_relid(const ModelNames *names, ModelObject object)
{
	Oid		   *known = objects_oid(names, object);

	return known ? *known : get_relname_relid(objects_name(names, object), get_namespace_oid(names->schema, true));
}

/* by the name that it is to have; InvalidOid: is not there */
Oid
objects_function(const ModelNames *names)
{
	Oid			argument = TIMESTAMPTZOID;

	return GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum(objects_name(names, AT_FUNCTION)),
						   PointerGetDatum(buildoidvector(&argument, 1)),
						   ObjectIdGetDatum(get_namespace_oid(names->schema, true)));
}

/*
 * Those that a model has, wherever they are now, without the key; an oid from a
 * dump may name anyone's relation where the model's is gone.  The view of stays
 * and the function go by their names, and need both tables, one of which may have
 * lost a column that they do not read.
 */
ModelNames *
objects_found(Model *model)
{
	bool		has_history = description_fits(HISTORY_TABLE, model->history, model->key);
	bool		has_both = (has_history || description_fits(ASSIGNMENT_TABLE, model->assignment, model->key)) &&
	relation_has_columns(model->assignment, model->key) && relation_has_columns(model->history, model->key);
	char	   *schema = get_namespace_name(get_rel_namespace(has_history ? model->history : model->assignment));
	ModelNames *names = objects_names(model, schema, NIL);

	for (int i = 0; i < MODEL_RELATIONS; i++)
	{
		Oid			relid = i < STAY_VIEW || has_both ? objects_relid(names, i) : InvalidOid;

		if (description_fits(i, relid, model->key))
			names->of[i] = relation_name(relid);
	}
	if (has_both && OidIsValid(objects_function(names)))
		names->of[AT_FUNCTION] = quote_qualified_identifier(schema, objects_name(names, AT_FUNCTION));
	return names;
}

static char *
key_names(const List *key, const char *alias)
{
	List	   *names = NIL;
	ListCell   *cell;

	foreach(cell, key)
	{
		names = lappend(names, ((KeyColumn *) lfirst(cell))->name);
	}
	return key_column_list(names, alias);
}

/* what @word@ stands for in a description */
static const char *
word_meaning(const ModelNames *names, const char *word)
{
	if (strcmp(word, "model") == 0)
		return names->model->id;
	if (strcmp(word, "types") == 0)
		return types_schema();
	if (strcmp(word, "key") == 0)
		return key_names(names->key, NULL);
	if (strcmp(word + 1, ".key") == 0)
		return key_names(names->key, pnstrdup(word, 1));
	for (int i = 0; i < MODEL_OBJECTS; i++)
		if (strcmp(word, model_objects[i].suffix) == 0)
			return names->of[i];
	elog(ERROR, "description of a model's objects has no word \"%s\"", word);
	return NULL;
}

static char *
spell_out(const ModelNames *names, const char *text)
{
	StringInfoData buf;

	initStringInfo(&buf);
	while (*text)
	{
		size_t		len = *text == '@' ? strspn(text + 1, "abcdefghijklmnopqrstuvwxyz.") : 0;

		if (len > 0 && text[len + 1] == '@')
		{
			appendStringInfoString(&buf, word_meaning(names, pnstrdup(text + 1, len)));
			text += len + 2;
		}
		else
			appendStringInfoChar(&buf, *text++);
	}
	return buf.data;
}

static char *
column_definition(const ColumnDescription *column, const char *value)
{
	return psprintf("%s %s%s%s %s", column->name, description_type_name(column),
					value ? " DEFAULT " : "", value ? value : "", column->constraints);
}

static char *
column_definitions(const ModelNames *names, ModelObject object)
{
	const ObjectDescription *description = &model_objects[object];
	StringInfoData buf;
	ListCell   *cell;

	initStringInfo(&buf);
	foreach(cell, names->key)
	{
		KeyColumn  *column = lfirst(cell);

		appendStringInfo(&buf, "%s%s %s", buf.len > 0 ? ", " : "", quote_identifier(column->name), column->type_text);
		if (object < MODEL_TABLES)
			appendStringInfo(&buf, "%s NOT NULL", column->collate_text);
	}
	for (int i = 0; i < description->ncolumns; i++)
		appendStringInfo(&buf, ", %s", column_definition(&description->columns[i], description->columns[i].value));
	return buf.data;
}

static void
create_index(const ModelNames *names, ModelObject object, const ColumnDescription *column)
{
	if (column->index)
		objects_execute(psprintf("CREATE INDEX ON %s %s", names->of[object], column->index));
}

static void
create_table(const ModelNames *names, ModelObject object)
{
	const ObjectDescription *description = &model_objects[object];

	objects_execute(psprintf("CREATE TABLE %s (%s, %s)", names->of[object], column_definitions(names, object),
							 spell_out(names, description->constraints)));
	for (int i = 0; i < description->ncolumns; i++)
		create_index(names, object, &description->columns[i]);
	if (description->trigger)
		objects_execute(psprintf("CREATE TRIGGER %1$s BEFORE INSERT OR UPDATE ON %2$s FOR EACH ROW EXECUTE FUNCTION segmentation_internal.%1$s()",
								 description->trigger, names->of[object]));
}

/* what the owner has said of a view that is there, as SQL; "": nothing */
char *
objects_view_options(const ModelNames *names, ModelObject object)
{
	objects_execute(psprintf("SELECT pg_catalog.concat('WITH (' OPERATOR(pg_catalog.||) "
							 "pg_catalog.string_agg(pg_catalog.format('%%I = %%L', o.option_name, o.option_value), ', ') OPERATOR(pg_catalog.||) ')') "
							 "FROM pg_catalog.pg_class AS c, pg_catalog.pg_options_to_table(c.reloptions) AS o WHERE c.oid OPERATOR(pg_catalog.=) %u",
							 objects_relid(names, object)));
	return SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
}

/* in the place of the one that is there */
void
objects_create_view(const ModelNames *names, ModelObject object, const char *options)
{
	objects_execute(psprintf("CREATE OR REPLACE VIEW %s %s AS %s", names->of[object], options,
							 spell_out(names, model_objects[object].query)));
}

/* under a safe search_path, as the role that is to own it */
void
objects_create(const ModelNames *names, ModelObject object)
{
	if (object < MODEL_TABLES)
		create_table(names, object);
	else if (object < MODEL_RELATIONS)
		objects_create_view(names, object, "WITH (security_invoker)");
	else
		objects_execute(psprintf("CREATE FUNCTION %s(moment pg_catalog.timestamptz) RETURNS TABLE (%s) LANGUAGE sql STABLE PARALLEL SAFE\n"
								 "BEGIN ATOMIC\n%s;\nEND", names->of[object], column_definitions(names, object),
								 spell_out(names, model_objects[object].query)));
}

static void
comment_on(const char *kind, const char *name, const char *text)
{
	objects_execute(psprintf("COMMENT ON %s %s IS %s", kind, name, quote_literal_cstr(text)));
}

static void
comment_column(const ModelNames *names, ModelObject object, const char *column, const char *text)
{
	comment_on("COLUMN", psprintf("%s.%s", names->of[object], quote_identifier(column)), text);
}

/* to a table that an earlier version has made, or that has lost it */
void
objects_add_column(const ModelNames *names, ModelObject object, const ColumnDescription *column)
{
	objects_execute(psprintf("ALTER TABLE %s ADD COLUMN %s", names->of[object],
							 column_definition(column, column->lost ? column->lost : column->value)));
	if (column->lost)
		objects_execute(psprintf("ALTER TABLE %s ALTER COLUMN %s %s%s", names->of[object], column->name,
								 column->value ? "SET DEFAULT " : "DROP DEFAULT", column->value ? column->value : ""));
	create_index(names, object, column);
	comment_column(names, object, column->name, column->comment);
}

char *
objects_with_arguments(const ModelNames *names, ModelObject object)
{
	const char *arguments = model_objects[object].arguments;

	return psprintf("%s%s", names->of[object], arguments ? arguments : "");
}

void
objects_comment(const ModelNames *names, ModelObject object)
{
	const ObjectDescription *description = &model_objects[object];
	ListCell   *cell;

	if (names->of[object] == NULL)
		return;
	comment_on(description->kind, objects_with_arguments(names, object), spell_out(names, description->comment));
	foreach(cell, object < MODEL_RELATIONS ? names->key : NIL)
	{
		comment_column(names, object, ((KeyColumn *) lfirst(cell))->name, "key of the customer, as the source has it");
	}
	for (int i = 0; i < description->ncolumns && object < MODEL_RELATIONS; i++)
		comment_column(names, object, description->columns[i].name, description->columns[i].comment);
	if (description->trigger)
		comment_on("TRIGGER", psprintf("%s ON %s", description->trigger, names->of[object]), description->trigger_comment);
}

/* those that tell the id which the model had before; what the owner has written stays */
void
objects_comment_renamed(ModelNames *names, const char *before)
{
	Model		old = *names->model;
	ModelNames	old_names = *names;

	old.id = unconstify(char *, before);
	old_names.model = &old;
	for (int i = 0; i < MODEL_OBJECTS; i++)
	{
		Oid			oid = i < MODEL_RELATIONS ? objects_relid(names, i) : objects_function(names);
		char	   *comment = names->of[i] ? GetComment(oid, i < MODEL_RELATIONS ? RelationRelationId : ProcedureRelationId, 0) : NULL;

		if (comment && strcmp(comment, spell_out(&old_names, model_objects[i].comment)) == 0)
			comment_on(model_objects[i].kind, objects_with_arguments(names, i), spell_out(names, model_objects[i].comment));
	}
}

void
objects_drop(const ModelNames *names, ModelObject object)
{
	if (names->of[object])
		objects_execute(psprintf("DROP %s %s", model_objects[object].kind, objects_with_arguments(names, object)));
}
