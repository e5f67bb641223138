/*
 * objects.h: a model's source and key, and the tables, views and function made
 * for it.
 */
#ifndef SEGMENTATION_MODEL_OBJECTS_H
#define SEGMENTATION_MODEL_OBJECTS_H

#include "segmentation.h"

#include "catalog/pg_attribute.h"
#include "utils/relcache.h"

#include "model/model.h"

typedef struct KeyColumn
{
	char	   *name;			/* unquoted */
	Oid			type;
	int32		typmod;
	Oid			collation;
	char	   *type_text;		/* qualified */
	char	   *collate_text;	/* " COLLATE ...", or empty */
} KeyColumn;

typedef struct ModelNames
{
	const char *id;
	const char *schema;			/* unquoted, as is the prefix */
	const char *prefix;
	List	   *key;			/* KeyColumn * */
	char	   *assignment;		/* quoted and qualified */
	char	   *history;
	char	   *member;
	char	   *override;
	char	   *stay;
	char	   *at;				/* without arguments */
} ModelNames;

/* source.c */
extern void source_check(Oid source);
extern List *source_key(Oid source, const List *names);
extern bool source_has_unique_index(Relation rel, const List *names);
extern bool source_key_keeps_values(const KeyColumn *column, const KeyColumn *stored);
extern char *source_key_type(const KeyColumn *column);
extern void source_notice_duplicates(Oid source, const List *names);
extern void source_check_segment_column(Oid source, const char *name);

/* source_clock.c */
extern void source_warn_clock(const Model *model);

/* objects.c */
extern ModelNames *objects_names(const char *id, const char *schema, const char *prefix, List *key);
extern void objects_create(Model *model, const ModelNames *names);
extern void objects_create_member(const ModelNames *names);
extern void objects_complete(Model *model, const ModelNames *names);
extern ModelNames *objects_found(const Model *model);
extern void objects_complete_views(const Model *model);
extern void objects_drop(const ModelNames *names);
extern void objects_rename_key(ModelNames *names, const List *before);
extern void objects_retype_key(Model *model, const ModelNames *names);
extern void objects_comment(const ModelNames *names);

#endif							/* SEGMENTATION_MODEL_OBJECTS_H */
