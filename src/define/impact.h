/*
 * impact.h: what a change of a definition would do.
 */
#ifndef SEGMENTATION_DEFINE_IMPACT_H
#define SEGMENTATION_DEFINE_IMPACT_H

#include "segmentation.h"

#include "model/model.h"

/* arguments of impact */
enum
{
	IMPACT_ARG_MODEL,
	IMPACT_ARG_SEGMENT,
	IMPACT_ARG_RULE,
	IMPACT_ARG_RANK,
	IMPACT_ARG_SOURCE,
	IMPACT_ARG_KEY,
	IMPACT_ARG_KIND,
	IMPACT_ARG_TIME_ZONE,
	IMPACT_ARG_SEGMENT_COLUMN,
	IMPACT_ARG_AS_OF
};

typedef struct AffectedSegment
{
	char	   *id;
	char	   *depends_on;		/* NULL: it is itself what changes */
	int64		entering;
	int64		leaving;
} AffectedSegment;

typedef struct AffectedModel
{
	char	   *id;
	List	   *segments;		/* AffectedSegment * */
	Model	   *before;			/* as it is now, and its SELECT */
	Model	   *after;
	char	   *select_before[2];	/* with a fence, and without */
	char	   *select_after[2];
	char	   *problem;		/* why nothing can be counted */
	int64		customers;
} AffectedModel;

typedef struct Impact
{
	FunctionCallInfo fcinfo;
	char	   *model;
	char	   *segment;		/* NULL: the model as a whole */
	bool		drops;
	List	   *models;			/* AffectedModel *, the one that changes first */
	AffectedModel *current;		/* that is being looked at */
	char	   *refusal;		/* why it cannot be dropped */
	MemoryContext context;		/* where all of this lives */
} Impact;

/* impact_compare.c */
extern AffectedSegment *impact_find_segment(AffectedModel *affected, const char *id);
extern void impact_compare(void *impact);

#endif							/* SEGMENTATION_DEFINE_IMPACT_H */
