/*
 * define.h: what the functions that define models have in common.
 */
#ifndef SEGMENTATION_MODEL_DEFINE_H
#define SEGMENTATION_MODEL_DEFINE_H

#include "segmentation.h"

#include "utils/array.h"

#include "model/model.h"

/* create.c */
extern void define_require_argument(FunctionCallInfo fcinfo, int n, const char *name);
extern char *define_id(FunctionCallInfo fcinfo, int n);
extern char *define_text(FunctionCallInfo fcinfo, int n);
extern ModelKind define_kind(const char *name);
extern char *define_time_zone(const char *name);
extern List *define_names(ArrayType *array, const char *argument);
extern Datum define_names_array(const List *names);
extern void define_objects(Model *model, const char *schema);

#endif							/* SEGMENTATION_MODEL_DEFINE_H */
