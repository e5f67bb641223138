/*
 * rekey.c: a model's objects follow the key of its source, whose columns have
 * other names or types now.
 */
#include "segmentation.h"

#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "names.h"
#include "define/objects.h"

/* whether a column has another type than it had, or another length, scale or collation */
static bool
check_key_types(const Model *model, const List *before, const List *key, bool may_differ)
{
	bool		result = false;

	if (list_length(before) != list_length(key))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg_plural("key of model \"%s\" has %d column", "key of model \"%s\" has %d columns",
							   list_length(before), model->id, list_length(before)),
				 errhint("Customers that are identified in another way are those of another model: create one.")));
	for (int i = 0; i < list_length(key); i++)
	{
		KeyColumn  *old = list_nth(before, i);
		KeyColumn  *new = list_nth(key, i);

		if (may_differ ? !model_key_can_become(old->type, new->type) :
			old->type != new->type || !source_key_keeps_values(new, old))
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("key column \"%s\" has type %s, and in the assignment of model \"%s\" it is %s",
							new->name, source_key_type(new), model->id, source_key_type(old)),
					 may_differ ? errhint("Create another model.") :
					 errhint("Give the key as well if the model's tables are to have the type of the source.")));
		result |= strcmp(old->type_text, new->type_text) != 0 || strcmp(old->collate_text, new->collate_text) != 0;
	}
	return result;
}

/* the columns with the types of the one list under the names of the other */
static List *
with_names_of(const List *key, const List *names)
{
	List	   *result = NIL;
	ListCell   *cell;
	ListCell   *other;

	forboth(cell, key, other, names)
	{
		KeyColumn  *column = palloc(sizeof(KeyColumn));

		*column = *(KeyColumn *) lfirst(cell);
		column->name = ((KeyColumn *) lfirst(other))->name;
		result = lappend(result, column);
	}
	return result;
}

static void
retype_tables(const ModelNames *names)
{
	ListCell   *cell;

	for (int i = 0; i < MODEL_TABLES; i++)
		foreach(cell, names->of[i] ? names->key : NIL)
		{
			KeyColumn  *column = lfirst(cell);

			objects_execute(psprintf("ALTER TABLE %s ALTER COLUMN %s TYPE %s%s", names->of[i],
									 quote_identifier(column->name), column->type_text, column->collate_text));
		}
}

/*
 * The server gives no other type to a column that a view reads, so views and
 * function are made again, as the owner, whose they are, and grants on them are
 * gone.
 */
static void
retype_key(Model *model, const ModelNames *names)
{
	char	   *member = names->of[MEMBER_VIEW] ? get_rel_name(model->member) : NULL;
	Oid			schema = get_rel_namespace(model->member);
	ModelContext saved;

	model_enter(model, &saved);
	for (int i = AT_FUNCTION; i >= MODEL_TABLES; i--)
		objects_drop(names, i);
	retype_tables(names);
	for (int i = MODEL_TABLES; i < MODEL_OBJECTS; i++)
		if (names->of[i])
			objects_create(names, i);
	objects_comment_all(names);
	model_leave(&saved);
	if (member)
		model->member = get_relname_relid(member, schema);
	ereport(NOTICE,
			(errmsg("views and function of model \"%s\" have to be made again for a key of another type", model->id),
			 errhint("Grants on them are gone then: grant again who may use them.")));
}

static void
rename_key(const ModelNames *names, const List *before)
{
	ListCell   *cell;
	ListCell   *other;

	objects_drop(names, AT_FUNCTION);
	forboth(cell, before, other, names->key)
	{
		const char *from = lfirst(cell);
		const char *to = ((KeyColumn *) lfirst(other))->name;

		for (int i = 0; i < MODEL_RELATIONS; i++)
			if (names->of[i] && strcmp(from, to) != 0)
				objects_execute(psprintf("ALTER %s %s RENAME COLUMN %s TO %s", model_objects[i].kind, names->of[i],
										 quote_identifier(from), quote_identifier(to)));
	}
	if (names->of[AT_FUNCTION])
		objects_create(names, AT_FUNCTION);
	objects_comment_all(names);
}

/* the model's source is the new one already, and its key still the one that its tables have */
void
rekey_model(Model *model, List *key, bool may_retype)
{
	ModelNames *names = objects_found(model);
	List	   *before = source_key(model->assignment, model->key);
	List	   *after = source_key(model->source, key);
	bool		retypes = check_key_types(model, before, after, may_retype);
	bool		renames = !names_are_same(model->key, key);

	if (retypes || renames)
		model_check_owns_all(model);
	names->key = with_names_of(after, before);
	if (retypes)
		retype_key(model, names);
	names->key = after;
	if (renames)
		rename_key(names, model->key);
	model->key = key;
}
