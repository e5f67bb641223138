/*
 * likely_column.c: what a column that is gone may be called now.
 */
#include "segmentation.h"

#include "utils/lsyscache.h"

#include "model/source.h"

/* of the names, nearest first, one that is not among the others; NULL: there is none */
char *
name_not_among(const List *names, const List *others)
{
	ListCell   *cell;
	ListCell   *other;

	foreach(cell, names)
	{
		foreach(other, others)
		{
			if (strcmp(lfirst(other), lfirst(cell)) == 0)
				break;
		}
		if (other == NULL)
			return lfirst(cell);
	}
	return NULL;
}

/* a column of the primary key, whatever its name, rather than one of a near name */
char *
likely_key_column(Relation rel, const List *columns, const List *key)
{
	Bitmapset  *primary = RelationGetIndexAttrBitmap(rel, INDEX_ATTR_BITMAP_PRIMARY_KEY);
	List	   *of_primary = NIL;
	char	   *found;
	ListCell   *cell;

	foreach(cell, columns)
	{
		if (bms_is_member(get_attnum(RelationGetRelid(rel), lfirst(cell)) - FirstLowInvalidHeapAttributeNumber, primary))
			of_primary = lappend(of_primary, lfirst(cell));
	}
	found = name_not_among(of_primary, key);
	return found ? found : name_not_among(columns, key);
}

/* the key with what the missing column may be called now */
List *
key_with(const List *key, const char *missing, char *now)
{
	List	   *result = NIL;
	ListCell   *cell;

	foreach(cell, key)
	{
		result = lappend(result, strcmp(lfirst(cell), missing) == 0 ? now : lfirst(cell));
	}
	return result;
}
