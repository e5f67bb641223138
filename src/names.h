/*
 * names.h: lists of names and other strings, char *.
 */
#ifndef SEGMENTATION_NAMES_H
#define SEGMENTATION_NAMES_H

#include "segmentation.h"

#include "nodes/pg_list.h"
#include "utils/array.h"

extern List *names_list(ArrayType *array);
extern char *names_join(const List *names, const char *separator);
extern List *names_from_array(ArrayType *array, const char *argument);
extern bool names_contain(const List *names, const char *name);
extern bool names_are_same(const List *a, const List *b);
extern Datum names_to_array(const List *names);

#endif							/* SEGMENTATION_NAMES_H */
