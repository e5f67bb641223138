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

static void
retype_tables(const ModelNames *names)
{
	ListCell   *cell;

	for (int i = 0; i < MODEL_TABLES; i++)
	{
		foreach(cell, names->of[i] ? names->key : NIL)
		{
			KeyColumn  *column = lfirst(cell);

			objects_execute(psprintf("ALTER TABLE %s ALTER COLUMN %s TYPE %s%s", names->of[i],
									 quote_identifier(column->name), column->type_text, column->collate_text));
		}
	}
}

/* those of the tables, and of the views where they stay */
static void
rename_columns(const ModelNames *names, const List *before, int count)
{
	ListCell   *cell;
	ListCell   *other;

	forboth(cell, before, other, names->key)
	{
		const char *from = lfirst(cell);
		const char *to = ((KeyColumn *) lfirst(other))->name;

		for (int i = 0; i < count; i++)
			if (names->of[i] && strcmp(from, to) != 0)
				objects_execute(psprintf("ALTER %s %s RENAME COLUMN %s TO %s", model_objects[i].kind, names->of[i],
										 quote_identifier(from), quote_identifier(to)));
	}
}

/*
 * The function names the key, and so is made again; the server gives no other type
 * to a column that a view reads, and so are the views then.
 */
static void
change_objects(const ModelNames *names, const List *before, bool retypes)
{
	int			first = retypes ? MODEL_TABLES : AT_FUNCTION;
	char	   *options[MODEL_RELATIONS];

	for (int i = first; i < MODEL_RELATIONS; i++)
		options[i] = names->of[i] ? objects_view_options(names, i) : NULL;
	for (int i = AT_FUNCTION; i >= first; i--)
		objects_drop(names, i);
	rename_columns(names, before, first);
	if (retypes)
		retype_tables(names);
	for (int i = first; i < MODEL_OBJECTS; i++)
	{
		if (names->of[i] == NULL)
			continue;
		if (i < MODEL_RELATIONS)
			objects_create_view(names, i, options[i]);
		else
			objects_create(names, i);
		objects_comment(names, i);
	}
}

/* grants are gone with what is made again */
static void
notice_made_again(const ModelNames *names, bool retypes)
{
	if (retypes)
		ereport(NOTICE,
				(errmsg("views and function of model \"%s\" have to be made again for a key of another type", names->model->id),
				 errhint("Grants on them are gone then: grant again who may use them.")));
	else
		ereport(NOTICE,
				(errmsg("function of model \"%s\" has to be made again for a key of another name", names->model->id),
				 errhint("Grants on it are gone then: grant again who may use it.")));
}

/* as the owner, whose the views and the function are that are made again */
static void
follow_key(Model *model, const ModelNames *names, bool retypes)
{
	char	   *member = names->of[MEMBER_VIEW] ? get_rel_name(model->member) : NULL;
	Oid			schema = get_rel_namespace(model->member);
	bool		loses = retypes || owned_is_granted(names);
	ModelContext saved;

	owned_check(names, model->owner);
	model_enter(model, &saved);
	change_objects(names, model->key, retypes);
	model_leave(&saved);
	if (member)
		model->member = get_relname_relid(member, schema);
	if (loses)
		notice_made_again(names, retypes);
}

/* the model's source is the new one already, and its key still the one that its tables have */
void
rekey_model(Model *model, List *key, bool may_retype)
{
	ModelNames *names = objects_found(model);
	List	   *before = source_key(model->assignment, model->key);
	bool		retypes;

	names->key = source_key(model->source, key);
	retypes = check_key_types(model, before, names->key, may_retype);
	if (retypes || !names_are_same(model->key, key))
		follow_key(model, names, retypes);
	model->key = key;
}
