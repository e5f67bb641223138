/*
 * names.c: lists of names and other strings.
 */
#include "segmentation.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"

#include "names.h"

/* of a name[], none of which is null */
List *
names_list(ArrayType *array)
{
	Datum	   *elements;
	int			count;
	List	   *names = NIL;

	deconstruct_array(array, NAMEOID, NAMEDATALEN, false, TYPALIGN_CHAR, &elements, NULL, &count);
	for (int i = 0; i < count; i++)
		names = lappend(names, pstrdup(NameStr(*DatumGetName(elements[i]))));
	return names;
}

/* the same of what a caller gives */
List *
names_from_array(ArrayType *array, const char *argument)
{
	if (ARR_NDIM(array) != 1 || array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" must be a list of column names, none of them null", argument)));
	return names_list(array);
}

char *
names_join(const List *names, const char *separator)
{
	StringInfoData buf;
	ListCell   *cell;

	initStringInfo(&buf);
	foreach(cell, names)
	{
		appendStringInfo(&buf, "%s%s", foreach_current_index(cell) > 0 ? separator : "", (char *) lfirst(cell));
	}
	return buf.data;
}

bool
names_contain(const List *names, const char *name)
{
	ListCell   *cell;

	foreach(cell, names)
	{
		if (strcmp(lfirst(cell), name) == 0)
			return true;
	}
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
	{
		if (strcmp(lfirst(cell), lfirst(other)) != 0)
			return false;
	}
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
