/*
 * decide_collect.c: the conditions of a model's rules, and of what they ask for.
 */
#include "segmentation.h"

#include "access/relation.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"

#include "expression.h"
#include "decide/compile.h"
#include "decide/failure.h"
#include "decide/reference.h"
#include "explain/decide.h"

typedef struct Splitting
{
	Decision   *decision;
	DecidedSegment *segment;
} Splitting;

/* of all models that are asked, also those that nobody asks for: people may have decided about them */
static void
know_segments(Decision *decision, const Model *model)
{
	DecidedSegment *lower = NULL;
	ListCell   *cell;

	foreach(cell, model->segments)
	{
		DecidedSegment *segment = palloc0(sizeof(DecidedSegment));

		segment->model = model;
		segment->segment = lfirst(cell);
		segment->lower = lower;
		segment->last = lnext(model->segments, cell) == NULL;
		decision->known = lappend(decision->known, segment);
		lower = segment;
	}
}

DecidedSegment *
decide_find(const Decision *decision, const char *model, const char *segment)
{
	ListCell   *cell;

	foreach(cell, decision->known)
	{
		DecidedSegment *known = lfirst(cell);

		if (strcmp(known->segment->id, segment) == 0 && strcmp(known->model->id, model) == 0)
			return known;
	}
	return NULL;
}

/* of the customer, once fetched; NULL where it is, or could not be */
const char *
decide_column_value(const Decision *decision, const char *name)
{
	ListCell   *cell;

	foreach(cell, decision->columns)
	{
		if (strcmp(lfirst(cell), name) == 0)
			return decision->values[foreach_current_index(cell)];
	}
	return NULL;
}

static List *
condition_columns(const Model *model, Node *expr)
{
	List	   *result = NIL;
	ListCell   *cell;

	foreach(cell, expression_columns(expr))
	{
		result = lappend(result, get_attname(model->source, lfirst_int(cell), false));
	}
	return result;
}

static void
want_columns(Decision *decision, List *names)
{
	ListCell   *cell;
	ListCell   *known;

	foreach(cell, names)
	{
		foreach(known, decision->columns)
		{
			if (strcmp(lfirst(known), lfirst(cell)) == 0)
				break;
		}
		if (known == NULL)
			decision->columns = lappend(decision->columns, lfirst(cell));
	}
}

static DecidedSegment *
asked_segment(const Splitting *splitting, Node *in_segment)
{
	RuleReference *reference = rule_reference(splitting->segment->rule, (FuncExpr *) in_segment);

	return decide_find(splitting->decision, reference->model, reference->segment);
}

static void
note_condition(Splitting *splitting, Node *node)
{
	Condition  *condition = palloc0(sizeof(Condition));

	condition->expr = node;
	splitting->segment->conditions = lappend(splitting->segment->conditions, condition);
	if (rule_is_in_segment(node))
		condition->reference = asked_segment(splitting, node);
	else
		condition->columns = condition_columns(splitting->segment->model, node);
	want_columns(splitting->decision, condition->columns);
}

/* the same condition of a rule is one, wherever it stands */
static int
number_of_decided_condition(Splitting *splitting, Node *node)
{
	DecidedSegment *segment = splitting->segment;
	ListCell   *cell;

	foreach(cell, segment->conditions)
	{
		if (equal(((Condition *) lfirst(cell))->expr, node))
			return foreach_current_index(cell) + 1;
	}
	note_condition(splitting, node);
	return list_length(segment->conditions);
}

/* as one array of which only the elements are taken: deparsing has its price for each call */
char *
decide_conditions_sql(const Decision *decision, const DecidedSegment *segment)
{
	const Model *model = segment->model;
	ArrayExpr  *array = makeNode(ArrayExpr);
	char	   *text;
	ListCell   *cell;

	foreach(cell, segment->conditions)
	{
		Condition  *condition = lfirst(cell);

		if (condition->reference == NULL)
			array->elements = lappend(array->elements, rule_bind_clock(condition->expr, model->time_zone));
	}
	if (array->elements == NIL)
		return NULL;
	array->array_typeid = BOOLARRAYOID;
	array->element_typeid = BOOLOID;
	array->location = -1;
	text = expression_deparse((Node *) array, decision->names, false);
	Assert(strncmp(text, "ARRAY[", 6) == 0);
	return pnstrdup(text + 6, strlen(text) - 7);
}

static Node *
as_parameter(int number)
{
	Param	   *result = makeNode(Param);

	result->paramkind = PARAM_EXTERN;
	result->paramid = number;
	result->paramtype = BOOLOID;
	result->paramtypmod = -1;
	result->location = -1;
	return (Node *) result;
}

static Node *
split(Splitting *splitting, Node *node)
{
	ListCell   *cell;

	check_stack_depth();
	if (IsA(node, Const))
		return node;
	if (IsA(node, BooleanTest))
	{
		BooleanTest *test = copyObject((BooleanTest *) node);

		test->arg = (Expr *) split(splitting, (Node *) test->arg);
		return (Node *) test;
	}
	if (IsA(node, BoolExpr))
	{
		List	   *args = NIL;

		foreach(cell, ((BoolExpr *) node)->args)
		{
			args = lappend(args, split(splitting, lfirst(cell)));
		}
		return (Node *) makeBoolExpr(((BoolExpr *) node)->boolop, args, -1);
	}
	return as_parameter(number_of_decided_condition(splitting, node));
}

static void
collect_column(Decision *decision, DecidedSegment *segment)
{
	Condition  *condition = palloc0(sizeof(Condition));

	condition->columns = list_make1(segment->model->segment_column);
	segment->conditions = list_make1(condition);
	segment->sql = psprintf("%s OPERATOR(pg_catalog.=) '%s'", compile_segment_column(segment->model), segment->segment->id);
	want_columns(decision, condition->columns);
	segment->tree = as_parameter(1);
}

static void
collect_answer(DecidedSegment *segment)
{
	segment->conditions = list_make1(palloc0(sizeof(Condition)));
	segment->sql = reference_member(segment->model, segment->segment->id);
	segment->tree = as_parameter(1);
}

static void
collect_rule(Decision *decision, DecidedSegment *segment)
{
	Splitting	splitting = {decision, segment};

	segment->tree = split(&splitting, segment->rule->expr);
	segment->sql = decide_conditions_sql(decision, segment);
}

static void
collect_segment(Decision *decision, const CompiledSegment *compiled, const List *failures)
{
	DecidedSegment *segment = decide_find(decision, compiled->model->id, compiled->segment->id);

	segment->stored = compiled->stored;
	segment->rule = compiled->rule;
	if (compiled->culprit == compiled)
		segment->error = failure_of(failures, compiled)->message;
	if (segment->stored)
		collect_answer(segment);
	else if (segment->model->kind == MODEL_COLUMN)
		collect_column(decision, segment);
	else if (segment->rule)
		collect_rule(decision, segment);
	decision->order = lappend(decision->order, segment);
}

/* a column model's answer is its column, but each of its segments can be explained */
static void
collect_own_column(Decision *decision)
{
	ListCell   *cell;

	want_columns(decision, list_make1(decision->model->segment_column));
	foreach(cell, decision->known)
	{
		collect_column(decision, lfirst(cell));
		decision->order = lappend(decision->order, lfirst(cell));
	}
}

/* all that can be read; the other rules' errors are with their segments */
Decision *
decide_collect_readable(const Model *model)
{
	Decision   *decision = palloc0(sizeof(Decision));
	List	   *failures = NIL;
	const Compilation *compilation = failure_analyse(model, NULL, &failures);
	ListCell   *cell;

	decision->model = model;
	decision->as_of = model_moment(model);
	decision->models = compilation->models;
	/* the server reads its columns' names, and takes for granted that it is there */
	relation_close(relation_open_existing(model->source, AccessShareLock), NoLock);
	decision->names = deparse_context_for("source", model->source);
	foreach(cell, decision->models)
	{
		know_segments(decision, lfirst(cell));
	}
	if (model->kind == MODEL_COLUMN)
		collect_own_column(decision);
	foreach(cell, compilation->segments)
	{
		collect_segment(decision, lfirst(cell), failures);
	}
	return decision;
}
