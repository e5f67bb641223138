/*
 * define.h: what the functions that define models have in common.
 */
#ifndef SEGMENTATION_DEFINE_DEFINE_H
#define SEGMENTATION_DEFINE_DEFINE_H

#include "segmentation.h"

#include "utils/array.h"

#include "model/model.h"
#include "rule/rule.h"

/* create.c */
extern ModelKind define_kind(const char *name);
extern void define_check_new(const char *id, ModelKind kind);
extern void define_segment_column(Model *model);
extern void define_objects(Model *model, const char *schema);

/* change.c: what every change of a definition begins and ends with */
extern Model *change_begin(const char *id, const List *others);
extern void change_lock(List *ids);
extern void change_record(const char *model, const char *change, const char *segment);
extern void change_accept_loss(Model *model);
extern void change_end(Model *model, const char *change, const char *segment);

/* rename.c */
extern void rename_in_rules(const char *from, const char *to);

/* adapt.c */
extern void adapt_rules(const Model *model);

/* cycle.c */
extern void cycle_check(const char *model, const char *segment);

/* count.c: of a segment that has been defined */
typedef struct SegmentCount
{
	bool		known;			/* false: counting raised an error */
	int64		members;
	int64		customers;
	int64		unknown;		/* customers for whom the rule is NULL */
} SegmentCount;

extern void count_segment(const char *model, const char *segment, SegmentCount *count);

#endif							/* SEGMENTATION_DEFINE_DEFINE_H */
