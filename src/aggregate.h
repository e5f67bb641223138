/*
 * aggregate.h: what functions of aggregates share.
 */
#ifndef SEGMENTATION_AGGREGATE_H
#define SEGMENTATION_AGGREGATE_H

#include "segmentation.h"

#include "nodes/execnodes.h"

/*
 * An aggregate's state may be changed in place; anybody else's value may not.
 * The check for the usual caller is spelt out, as a call for every row shows.
 */
static inline bool
state_is_changeable(FunctionCallInfo fcinfo)
{
	return likely(fcinfo->context && IsA(fcinfo->context, AggState)) ||
		AggCheckCallContext(fcinfo, NULL);
}

#endif							/* SEGMENTATION_AGGREGATE_H */
