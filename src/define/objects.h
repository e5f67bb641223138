/*
 * objects.h: the tables, views and function of a model, as their description
 * has them.
 */
#ifndef SEGMENTATION_DEFINE_OBJECTS_H
#define SEGMENTATION_DEFINE_OBJECTS_H

#include "segmentation.h"

#include "model/description.h"
#include "model/model.h"
#include "model/source.h"

/* the objects of one model */
typedef struct ModelNames
{
	Model	   *model;
	const char *schema;			/* unquoted */
	List	   *key;			/* KeyColumn * */
	char	   *of[MODEL_OBJECTS];	/* quoted and qualified, without arguments; NULL: is not there */
} ModelNames;

/* objects.c */
extern void objects_execute(const char *sql);
extern ModelNames *objects_names(Model *model, const char *schema, List *key);
extern char *objects_name(const ModelNames *names, ModelObject object);
extern Oid *objects_oid(const ModelNames *names, ModelObject object);
extern Oid	objects_relid(const ModelNames *names, ModelObject object);
extern Oid	objects_function(const ModelNames *names);
extern ModelNames *objects_found(Model *model);
extern void objects_create(const ModelNames *names, ModelObject object);
extern char *objects_view_options(const ModelNames *names, ModelObject object);
extern void objects_create_view(const ModelNames *names, ModelObject object, const char *options);
extern void objects_add_column(const ModelNames *names, ModelObject object, const ColumnDescription *column);
extern void objects_comment(const ModelNames *names, ModelObject object);
extern void objects_comment_renamed(ModelNames *names, const char *before);
extern char *objects_with_arguments(const ModelNames *names, ModelObject object);
extern void objects_drop(const ModelNames *names, ModelObject object);

/* owned.c */
extern void owned_check(const ModelNames *names, Oid role);
extern bool owned_is_granted(const ModelNames *names);

/* complete.c */
extern void complete_new(Model *model, const char *schema, List *key);
extern void complete_model(Model *model);

/* rekey.c */
extern void rekey_model(Model *model, List *key, bool may_retype);

#endif							/* SEGMENTATION_DEFINE_OBJECTS_H */
