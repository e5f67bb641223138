/*
 * preview.h: what a rule would give, before it is a definition.
 */
#ifndef SEGMENTATION_EXPLAIN_PREVIEW_H
#define SEGMENTATION_EXPLAIN_PREVIEW_H

#include "segmentation.h"

#include "decide/compile.h"

typedef struct Preview
{
	const Model *model;
	ProposedRule proposed;
	TimestampTz as_of;
	double		sample;			/* 1: everyone */
	int64		seed;
} Preview;

/* of those who were looked at, but for the first */
typedef struct PreviewCounts
{
	int64		customers;
	int64		looked_at;
	int64		members;
	int64		unknown;
	int64		clashes;
	int64		entering;
	int64		leaving;
} PreviewCounts;

extern PreviewCounts preview_count(const Preview *preview);

#endif							/* SEGMENTATION_EXPLAIN_PREVIEW_H */
