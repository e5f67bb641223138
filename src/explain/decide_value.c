/*
 * decide_value.c: what a rule comes to, once its conditions are known.
 */
#include "segmentation.h"

#include "nodes/nodeFuncs.h"

#include "explain/decide.h"

static Ternary
ternary(bool value)
{
	return value ? TERNARY_TRUE : TERNARY_FALSE;
}

static Ternary
constant_value(const Const *constant)
{
	return constant->constisnull ? TERNARY_NULL : ternary(DatumGetBool(constant->constvalue));
}

static Ternary
test_value(BoolTestType type, Ternary value)
{
	switch (type)
	{
		case IS_TRUE:
			return ternary(value == TERNARY_TRUE);
		case IS_NOT_TRUE:
			return ternary(value != TERNARY_TRUE);
		case IS_FALSE:
			return ternary(value == TERNARY_FALSE);
		case IS_NOT_FALSE:
			return ternary(value != TERNARY_FALSE);
		case IS_UNKNOWN:
			return ternary(value == TERNARY_NULL);
		case IS_NOT_UNKNOWN:
			return ternary(value != TERNARY_NULL);
	}
	return TERNARY_NULL;
}

static Ternary
connected_value(const DecidedSegment *segment, BoolExpr *expr,
				const Condition *flipped, Ternary value)
{
	Ternary		decisive = ternary(expr->boolop == OR_EXPR);
	bool		unknown = false;
	ListCell   *cell;

	foreach(cell, expr->args)
	{
		Ternary		arg = decide_tree(segment, lfirst(cell), flipped, value);

		if (arg == decisive)
			return decisive;
		unknown |= arg == TERNARY_NULL;
	}
	return unknown ? TERNARY_NULL : ternary(expr->boolop == AND_EXPR);
}

static Ternary
negated(Ternary value)
{
	return value == TERNARY_NULL ? TERNARY_NULL : ternary(value == TERNARY_FALSE);
}

/* if one condition, unless NULL, had another value than it has */
Ternary
decide_tree(const DecidedSegment *segment, Node *tree, const Condition *flipped, Ternary value)
{
	const Condition *condition;

	switch (nodeTag(tree))
	{
		case T_Const:
			return constant_value((Const *) tree);
		case T_Param:
			condition = list_nth(segment->conditions, ((Param *) tree)->paramid - 1);
			return condition == flipped ? value : condition->value;
		case T_BooleanTest:
			return test_value(((BooleanTest *) tree)->booltesttype,
							  decide_tree(segment, (Node *) ((BooleanTest *) tree)->arg, flipped, value));
		default:
			if (castNode(BoolExpr, tree)->boolop == NOT_EXPR)
				return negated(decide_tree(segment, linitial(((BoolExpr *) tree)->args), flipped, value));
			return connected_value(segment, (BoolExpr *) tree, flipped, value);
	}
}

/* a rule that asks for a segment which could not be decided cannot be either */
static void
ask_others(const Decision *decision, DecidedSegment *segment)
{
	ListCell   *cell;

	foreach(cell, segment->conditions)
	{
		Condition  *condition = lfirst(cell);

		if (condition->reference == NULL)
			continue;
		condition->value = ternary(condition->reference->member);
		if (condition->reference->error && segment->error == NULL)
			segment->error = psprintf("%s could not be decided", decide_condition_text(decision, segment, condition));
	}
}

/* in an exclusive model the first true rule wins, and the last segment without one has everyone else */
static void
apply_rank(DecidedSegment *segment)
{
	DecidedSegment *lower = segment->lower;

	if (segment->model->kind != MODEL_EXCLUSIVE || segment->stored || lower == NULL)
		return;
	segment->taken_by = lower->member ? lower : lower->taken_by;
	segment->undecided = lower->undecided ? lower->undecided : lower->error ? lower : NULL;
	if (segment->undecided && segment->taken_by == NULL && segment->error == NULL)
		segment->error = psprintf("segment \"%s\", which comes before it, could not be decided",
								  segment->undecided->segment->id);
}

/* the segment of an exclusive or column model that an override puts the customer into, NULL: none */
static DecidedSegment *
forced_segment(const Decision *decision, const Model *model)
{
	ListCell   *cell;

	if (model->kind == MODEL_OVERLAPPING)
		return NULL;
	foreach(cell, decision->known)
	{
		DecidedSegment *segment = lfirst(cell);

		if (segment->model == model && segment->override && segment->override->member)
			return segment;
	}
	return NULL;
}

/* overrides beat rules, and the one segment that they give takes the customer out of every other */
static void
apply_overrides(const Decision *decision, DecidedSegment *segment)
{
	DecidedSegment *forced = forced_segment(decision, segment->model);

	if (segment->override)
	{
		segment->error = NULL;
		segment->member = segment->override->member;
	}
	if (forced == NULL)
		return;
	segment->member = segment == forced;
	segment->taken_by = segment == forced ? NULL : forced;
	segment->error = NULL;
}

static void
decide_member(const Decision *decision, DecidedSegment *segment)
{
	ask_others(decision, segment);
	apply_rank(segment);
	if (segment->tree)
		segment->value = decide_tree(segment, segment->tree, NULL, TERNARY_NULL);
	else
		segment->value = ternary(segment->model->kind == MODEL_EXCLUSIVE && segment->last);
	segment->member = segment->value == TERNARY_TRUE && segment->taken_by == NULL && segment->error == NULL;
	apply_overrides(decision, segment);
}

/* of all segments that were collected, from the values of their conditions */
void
decide_members(Decision *decision)
{
	ListCell   *cell;

	foreach(cell, decision->order)
	{
		decide_member(decision, lfirst(cell));
	}
}
