/*
 * compile.h: all rules of a model as one SELECT.
 */
#ifndef SEGMENTATION_MODEL_COMPILE_H
#define SEGMENTATION_MODEL_COMPILE_H

#include "segmentation.h"

#include "lib/stringinfo.h"
#include "nodes/pg_list.h"

#include "model/model.h"

/* a segment that the compiled SELECT decides: the model's own, and what they ask for */
typedef struct CompiledSegment
{
	const Model *model;
	const ModelSegment *segment;
	struct CompiledSegment *lower;	/* the one before it in the order of rank */
	bool		last;			/* in that order */
	bool		stored;			/* its members are read from the answers of its model */
	bool		kept;			/* its members are those of the last refresh */
	const struct CompiledSegment *culprit;	/* because this one's rule fails */
	const struct CompiledSegment *undecided;	/* the culprit of one before it in the order of
												 * rank: who may belong there keeps what they have */
	bool		done;
	bool		open;			/* its rule is being followed */
	List	   *conditions;		/* char *: what its rule evaluates, as SQL */
	List	   *reads;			/* char *, columns of the source, each as often as it is read */
	List	   *references;		/* CompiledSegment * that its rule asks for */
	char	   *line;			/* of the program */
} CompiledSegment;

typedef struct Compilation
{
	const Model *model;
	List	   *models;			/* Model *, the own one first */
	List	   *segments;		/* CompiledSegment *, in the order of evaluation */
	bool		unfenced;		/* the source's columns are computed where they are read */
	CompiledSegment *parsing;	/* whose rule is at fault if there is an error */
} Compilation;

/*
 * kept: a List of "model/segment"; these and whoever asks for them keep the
 * members that they have.
 */
extern Compilation *model_analyse(const Model *model, const List *kept);
extern void model_analyse_into(Compilation *compilation, const Model *model, const List *kept);
extern char *compile_segment_name(const CompiledSegment *segment);
extern char *compile_segment_column(const Model *model);
extern char *model_compile(const Model *model);
extern bool compile_needs_fence(const Compilation *compilation);
extern char *model_compile_analysis(const Compilation *compilation, const char *keys);

#endif							/* SEGMENTATION_MODEL_COMPILE_H */
