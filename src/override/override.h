/*
 * override.h: people's decisions, which beat the rules.
 */
#ifndef SEGMENTATION_OVERRIDE_OVERRIDE_H
#define SEGMENTATION_OVERRIDE_OVERRIDE_H

#include "segmentation.h"

#include "datatype/timestamp.h"
#include "lib/stringinfo.h"
#include "nodes/pg_list.h"

#include "key.h"
#include "model/model.h"

/* a model, and which of its segments people have decided about */
typedef struct OverriddenModel
{
	const Model *model;
	List	   *segments;		/* char *; NIL: none */
	int			number;			/* of the join that a statement needs; 0: it needs none */
} OverriddenModel;

/* override.c */
extern OverriddenModel *override_model(List **known, const Model *model, TimestampTz after, const KeyValues *key);
extern bool override_is_about(const OverriddenModel *overridden, const char *segment);

/* override_text.c: as SQL, by the number of the join */
extern char *override_ids(const Model *model);
extern char *override_puts_in(int number, const char *segment);
extern char *override_takes_out(int number, const char *segment);
extern char *override_puts_in_any(int number);
extern void override_print_join(StringInfo buf, const OverriddenModel *overridden);

#endif							/* SEGMENTATION_OVERRIDE_OVERRIDE_H */
