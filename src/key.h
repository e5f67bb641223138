/*
 * key.h: a customer's key, as functions take it: one text per column.
 */
#ifndef SEGMENTATION_KEY_H
#define SEGMENTATION_KEY_H

#include "segmentation.h"

#include "nodes/pg_list.h"
#include "utils/array.h"

/* what the texts say: parameters of the conditions that key_condition makes */
typedef struct KeyValues
{
	int			count;
	Oid			types[INDEX_MAX_KEYS];
	Datum		values[INDEX_MAX_KEYS];
} KeyValues;

extern KeyValues *key_read(Oid relid, const List *columns, ArrayType *key, const char *whose);
extern char *key_column_list(const List *key, const char *alias);
extern char *key_text_list(const List *key, const char *alias);
extern List *key_find_same(Oid relid, const List *columns, const KeyValues *key, const List *kept);
extern char *key_operand(Oid type, const char *alias, const char *quoted_name);
extern char *key_condition(Oid relid, const List *columns, const char *alias, int first);

#endif							/* SEGMENTATION_KEY_H */
