/*
 * source.h: what a model needs of its source, and the columns of its key.
 */
#ifndef SEGMENTATION_MODEL_SOURCE_H
#define SEGMENTATION_MODEL_SOURCE_H

#include "segmentation.h"

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

/* source.c */
extern void source_check(Oid source);
extern List *source_key(Oid source, const List *names);
extern bool source_is_unique(Oid source, const List *names);
extern bool source_key_keeps_values(const KeyColumn *column, const KeyColumn *stored);
extern char *source_key_type(const KeyColumn *column);
extern void source_notice_duplicates(Oid source, const List *names);
extern void source_check_segment_column(Oid source, const char *name);

/* source_clock.c */
extern void source_warn_clock(const Model *model);

#endif							/* SEGMENTATION_MODEL_SOURCE_H */
