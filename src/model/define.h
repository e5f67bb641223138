/*
 * define.h: what the functions that define models have in common.
 */
#ifndef SEGMENTATION_MODEL_DEFINE_H
#define SEGMENTATION_MODEL_DEFINE_H

#include "segmentation.h"

#include "utils/array.h"

#include "model/model.h"
#include "model/rule.h"

/* create.c */
extern void define_require_argument(FunctionCallInfo fcinfo, int n, const char *name);
extern char *define_id(FunctionCallInfo fcinfo, int n);
extern char *define_text(FunctionCallInfo fcinfo, int n);
extern ModelKind define_kind(const char *name);
extern char *define_time_zone(const char *name);
extern List *define_names(ArrayType *array, const char *argument);
extern bool define_same_names(const List *a, const List *b);
extern Datum define_names_array(const List *names);
extern char *define_name(FunctionCallInfo fcinfo, int n);
extern void define_check_new(const char *id, ModelKind kind);
extern void define_segment_column(Model *model);
extern void define_objects(Model *model, const char *schema);

/* change.c: what every change of a definition begins and ends with */
extern Model *change_begin(const char *id, const List *others);
extern void change_lock(const List *ids);
extern void change_record(const char *model, const char *change, const char *segment);
extern void change_end(Model *model, const char *change, const char *segment);
extern Datum change_texts(const List *strings);
extern char *change_get(int row, int column);

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

extern void count_segment(const Model *model, const char *segment, SegmentCount *count);

/* trial.c */
typedef void (*TrialFunction) (void *arg);

extern ErrorData *trial_run(TrialFunction work, void *arg, bool stays);
extern ErrorData *trial_run_rule(TrialFunction work, void *arg);
extern bool is_rules_error(int code);

#endif							/* SEGMENTATION_MODEL_DEFINE_H */
