/*
 * program.h: how the rules of a model, once their conditions are decided for a
 * customer, give its segments.
 *
 * A program is an array of lines "name = tokens" in the order of evaluation.
 * Tokens are in postfix order: the number of a condition, from 1; a segment
 * decided by an earlier line, "/segment" of the own model or "model/segment" of
 * another; and, or, not, is_true, is_not_true, is_false, is_not_false,
 * is_unknown, is_not_unknown; true, false, null.  A line without a slash in its
 * name is a segment of the result.
 */
#ifndef SEGMENTATION_DECIDE_PROGRAM_H
#define SEGMENTATION_DECIDE_PROGRAM_H

#include "segmentation.h"

#include "lib/stringinfo.h"
#include "nodes/pg_list.h"
#include "utils/array.h"

#include "types/segment_id.h"

/* conditions in one call of segmentation_internal.flags: bits that are true, and above them those that are null */
#define FLAGS_WIDTH 32

typedef enum Ternary
{
	TERNARY_FALSE,
	TERNARY_TRUE,
	TERNARY_NULL
} Ternary;

typedef enum ProgramOpcode
{
	PROGRAM_CONDITION,			/* arg: its number from 0 */
	PROGRAM_LINE,				/* arg: number of an earlier line */
	PROGRAM_CONSTANT,			/* arg: a Ternary */
	PROGRAM_AND,
	PROGRAM_OR,
	PROGRAM_NOT,
	PROGRAM_IS,					/* arg: a Ternary */
	PROGRAM_IS_NOT				/* arg: a Ternary */
} ProgramOpcode;

typedef struct ProgramOp
{
	ProgramOpcode opcode;
	int			arg;
} ProgramOp;

typedef struct ProgramLine
{
	char	   *name;
	bool		is_segment;		/* of the result */
	SegmentId	id;				/* of a segment of the result */
	int			place;			/* ... in the order of ids */
	int			condition;		/* the whole line is this condition, or -1 */
	int			nops;
	ProgramOp  *ops;
	Ternary		value;			/* of the evaluation that is under way */
} ProgramLine;

typedef struct Program
{
	int			nlines;
	ProgramLine *lines;
	int			nwords;			/* of flags that it reads */
	int			nsegments;
	SegmentId  *segments;		/* of the result, sorted */
	uint64	   *members;		/* by place: the answer of the last run */
	uint32	   *direct;			/* by word of flags: conditions that are a segment's whole line */
	int		   *direct_place;	/* by condition: that segment's place */
	Ternary    *stack;
} Program;

extern Program *program_parse(ArrayType *array);
extern void program_run(Program *program, const int64 *flags);
extern void program_print_conditions(StringInfo buf, const List *conditions);

static inline Ternary
program_condition(const int64 *flags, int condition)
{
	uint64		word = (uint64) flags[condition / FLAGS_WIDTH] >> (condition % FLAGS_WIDTH);

	return (word & 1) ? TERNARY_TRUE :
		(word >> FLAGS_WIDTH & 1) ? TERNARY_NULL : TERNARY_FALSE;
}

#endif							/* SEGMENTATION_DECIDE_PROGRAM_H */
