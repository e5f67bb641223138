/*
 * compile.h: all rules of a model as one SELECT.
 *
 * An analysis says which segments decide an answer and what they ask of each
 * other; of it the SELECT is printed, for everyone or for some.
 */
#ifndef SEGMENTATION_DECIDE_COMPILE_H
#define SEGMENTATION_DECIDE_COMPILE_H

#include "segmentation.h"

#include "lib/stringinfo.h"
#include "nodes/pg_list.h"

#include "key.h"
#include "model/model.h"
#include "rule/rule.h"

/* a segment that the compiled SELECT decides: the model's own, and what they ask for */
typedef struct CompiledSegment
{
	const Model *model;
	const ModelSegment *segment;	/* NULL: a proposed one that the model has not */
	struct CompiledSegment *lower;	/* the one before it in the order of rank */
	bool		last;			/* in that order */
	bool		proposed;		/* its rule is the proposed one */
	bool		stored;			/* its members are read from the answers of its model */
	bool		kept;			/* its members are those of the last refresh */
	const struct CompiledSegment *culprit;	/* because this one's rule fails */
	const struct CompiledSegment *undecided;	/* the culprit of one before it in the order of rank: who may belong
												 * there keeps what they have */
	bool		done;
	bool		open;			/* its rule is being followed */
	const Rule *rule;			/* NULL: none, or not read */
	List	   *references;		/* CompiledSegment * that its rule asks for */
} CompiledSegment;

/*
 * What a rule would give.  The SELECT then has none of the model's segments in
 * its answer but PROPOSED_MEMBER, for who would be in the segment;
 * PROPOSED_BEFORE, for who is in it as it is; PROPOSED_UNKNOWN, where the rule
 * is NULL; and PROPOSED_CLASH, where the condition holds.
 */
typedef struct ProposedRule
{
	const char *segment;		/* whose rule it replaces, with its rank and decisions; NULL, or one that the model has
								 * not: of a new one without these */
	const Rule *rule;			/* NULL: none, or the column's */
	bool		compared;		/* with the segment as it is */
	const char *clash;			/* a condition, or NULL */
} ProposedRule;

#define PROPOSED_MEMBER "member"
#define PROPOSED_BEFORE "before"
#define PROPOSED_UNKNOWN "unknown"
#define PROPOSED_CLASH "clash"

typedef struct Compilation
{
	const Model *model;
	const ProposedRule *proposed;	/* NULL: all segments of the model are decided */
	const CompiledSegment *replaced;	/* whose rule it would replace; NULL: none, or not to be compared */
	List	   *models;			/* Model *, the own one first */
	List	   *segments;		/* CompiledSegment *, in the order of evaluation */
	bool		unfenced;		/* the source's columns are computed where they are read */
	CompiledSegment *parsing;	/* whose rule is at fault if there is an error */
} Compilation;

/* who is decided: everyone, but for what is given */
typedef struct CompiledCustomers
{
	const char *keys;			/* who has a key in this relation, at least */
	const KeyValues *key;		/* one customer, whose key is $2 and on */
	const char *which;			/* for whom this condition holds, on the row "source" */
	const char *row;			/* somebody else: what stands in FROM for the source.  Nobody has decided about them */
} CompiledCustomers;

/*
 * analyse.c.  kept: a List of "model/segment"; these and whoever asks for them
 * keep the members that they have.
 */
extern Compilation *compile_analyse(const Model *model, const List *kept, const ProposedRule *proposed);
extern void compile_analyse_into(Compilation *compilation, const Model *model, const List *kept, const ProposedRule *proposed);
extern char *compile_qualified_name(const char *model, const char *segment);
extern char *compile_segment_name(const CompiledSegment *segment);
extern char *compile_segment_column(const Model *model);
extern List *compile_program(const CompiledSegment *segment);
extern List *compile_reads(const Compilation *compilation);

/* compile.c */
extern bool compile_needs_fence(const Compilation *compilation);
extern char *compile_select(const Compilation *compilation, const CompiledCustomers *customers);

#endif							/* SEGMENTATION_DECIDE_COMPILE_H */
