/*
 * names.c: lists of names and other strings.
 */
#include "segmentation.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "names.h"

/* unquoted names */
List *
names_from_array(ArrayType *array, const char *argument)
{
	Datum	   *elements;
	bool	   *nulls;
	int			count;
	List	   *names = NIL;

	deconstruct_array(array, NAMEOID, NAMEDATALEN, false, TYPALIGN_CHAR, &elements, &nulls, &count);
	if (ARR_NDIM(array) != 1 || array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" must be a list of column names, none of them null", argument)));
	for (int i = 0; i < count; i++)
		names = lappend(names, pstrdup(NameStr(*DatumGetName(elements[i]))));
	return names;
}

bool
names_contain(const List *names, const char *name)
{
	ListCell   *cell;

	foreach(cell, names)
		if (strcmp(lfirst(cell), name) == 0)
			return true;
	return false;
}

bool
names_are_same(const List *a, const List *b)
{
	ListCell   *cell;
	ListCell   *other;

	if (list_length(a) != list_length(b))
		return false;
	forboth(cell, a, other, b)
		if (strcmp(lfirst(cell), lfirst(other)) != 0)
			return false;
	return true;
}

Datum
names_to_array(const List *names)
{
	Datum	   *elements = palloc(sizeof(Datum) * list_length(names));
	ListCell   *cell;

	foreach(cell, names)
	{
		Name		name = palloc0(sizeof(NameData));

		namestrcpy(name, lfirst(cell));
		elements[foreach_current_index(cell)] = NameGetDatum(name);
	}
	return PointerGetDatum(construct_array(elements, list_length(names), NAMEOID,
										   NAMEDATALEN, false, TYPALIGN_CHAR));
}
