/*
 * failure.h: rules that fail, which must not stop the others.
 */
#ifndef SEGMENTATION_DECIDE_FAILURE_H
#define SEGMENTATION_DECIDE_FAILURE_H

#include "segmentation.h"

#include "datatype/timestamp.h"

#include "decide/compile.h"

typedef struct RuleFailure
{
	char	   *name;			/* "model/segment" */
	int			code;
	char	   *message;
	char	   *kept_message;	/* without what may be a customer's data */
} RuleFailure;

extern Compilation *failure_analyse(const Model *model, const ProposedRule *proposed, List **failures);
extern bool failure_find(const Model *model, const ProposedRule *proposed, TimestampTz as_of, bool read_only, List **failures);
extern List *failure_names(const List *failures);
extern const RuleFailure *failure_of(const List *failures, const CompiledSegment *culprit);

#endif							/* SEGMENTATION_DECIDE_FAILURE_H */
