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
#include "trial.h"
#include "decide/compile.h"
#include "decide/reference.h"
#include "explain/decide.h"

typedef struct Splitting
{
	Decision   *decision;
	DecidedSegment *segment;
} Splitting;

static void
add_model(Decision *decision, const Model *model)
{
	DecidedSegment *lower = NULL;
	bool		stored = reference_reads_answers(decision->model, model);
	ListCell   *cell;

	decision->models = lappend(decision->models, unconstify(Model *, model));
	foreach(cell, model->segments)
	{
		DecidedSegment *segment = palloc0(sizeof(DecidedSegment));

		segment->model = model;
		segment->segment = lfirst(cell);
		segment->lower = lower;
		segment->stored = stored;
		segment->last = lnext(model->segments, cell) == NULL;
		decision->known = lappend(decision->known, segment);
		lower = segment;
	}
}

Decision *
decide_begin(const Model *model)
{
	Decision   *decision = palloc0(sizeof(Decision));

	decision->model = model;
	decision->as_of = model_moment(model);
	/* the server reads its columns' names, and takes for granted that it is there */
	relation_close(relation_open_existing(model->source, AccessShareLock), NoLock);
	decision->names = deparse_context_for("source", model->source);
	add_model(decision, model);
	return decision;
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

static void
need_model(Decision *decision, const char *id)
{
	Model	   *other;
	ListCell   *cell;

	foreach(cell, decision->models)
		if (strcmp(((Model *) lfirst(cell))->id, id) == 0)
			return;
	other = model_read(id);
	reference_check(decision->model, other);
	add_model(decision, other);
}

DecidedSegment *
decide_need(Decision *decision, const char *model, const char *segment)
{
	DecidedSegment *result;

	need_model(decision, model);
	result = decide_find(decision, model, segment);
	if (result == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("segment \"%s\" of model \"%s\" does not exist", segment, model)));
	return result;
}

static List *
column_names(const Model *model, Node *expr)
{
	List	   *result = NIL;
	ListCell   *cell;

	foreach(cell, expression_columns(expr))
		result = lappend(result, get_attname(model->source, lfirst_int(cell), false));
	return result;
}

static void
add_columns(Decision *decision, List *names)
{
	ListCell   *cell;
	ListCell   *known;

	foreach(cell, names)
	{
		foreach(known, decision->columns)
			if (strcmp(lfirst(known), lfirst(cell)) == 0)
				break;
		if (known == NULL)
			decision->columns = lappend(decision->columns, lfirst(cell));
	}
}

static void
ask_segment(Splitting *splitting, Condition *condition)
{
	RuleReference *reference = rule_reference(splitting->segment->rule, (FuncExpr *) condition->expr);

	condition->reference = decide_need(splitting->decision, reference->model, reference->segment);
	decide_collect(splitting->decision, condition->reference);
}

static void
add_condition(Splitting *splitting, Node *node)
{
	Condition  *condition = palloc0(sizeof(Condition));

	condition->expr = node;
	splitting->segment->conditions = lappend(splitting->segment->conditions, condition);
	if (rule_is_in_segment(node))
		ask_segment(splitting, condition);
	else
		condition->columns = column_names(splitting->segment->model, node);
	add_columns(splitting->decision, condition->columns);
}

/* the same condition of a rule is one, wherever it stands */
static int
condition_number(Splitting *splitting, Node *node)
{
	DecidedSegment *segment = splitting->segment;
	ListCell   *cell;

	foreach(cell, segment->conditions)
		if (equal(((Condition *) lfirst(cell))->expr, node))
			return foreach_current_index(cell) + 1;
	add_condition(splitting, node);
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

/* char *, as a refresh evaluates them: one may guard another where no in_segment comes between */
List *
decide_guarded_conditions(const DecidedSegment *segment)
{
	List	   *conditions = NIL;

	if (segment->rule == NULL)
		return list_make1(segment->sql);
	(void) rule_program(segment->rule, segment->model->time_zone, &conditions);
	return conditions;
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
			args = lappend(args, split(splitting, lfirst(cell)));
		return (Node *) makeBoolExpr(((BoolExpr *) node)->boolop, args, -1);
	}
	return as_parameter(condition_number(splitting, node));
}

static void
collect_column(Decision *decision, DecidedSegment *segment)
{
	Condition  *condition = palloc0(sizeof(Condition));

	condition->columns = list_make1(segment->model->segment_column);
	segment->conditions = list_make1(condition);
	segment->sql = psprintf("%s OPERATOR(pg_catalog.=) '%s'", compile_segment_column(segment->model), segment->segment->id);
	add_columns(decision, condition->columns);
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
	const Model *model = segment->model;
	Splitting	splitting = {decision, segment};

	segment->rule = rule_parse_kept(model->source, segment->segment->rule, model->id, model->time_zone);
	segment->tree = split(&splitting, segment->rule->expr);
	segment->sql = decide_conditions_sql(decision, segment);
}

static char *
unreadable_message(const Decision *decision, const DecidedSegment *segment)
{
	ListCell   *cell;

	foreach(cell, decision->unreadable)
	{
		UnreadableRule *rule = lfirst(cell);

		if (strcmp(rule->model, segment->model->id) == 0 && strcmp(rule->segment, segment->segment->id) == 0)
			return rule->message;
	}
	return NULL;
}

static void
name_rule(void *arg)
{
	const DecidedSegment *segment = arg;

	errcontext("rule of segment \"%s\" of model \"%s\"", segment->segment->id, segment->model->id);
}

static void
collect_lower(Decision *decision, DecidedSegment *segment)
{
	List	   *lower = NIL;

	for (DecidedSegment *next = segment->lower; next && !next->collected; next = next->lower)
		lower = lcons(next, lower);
	for (int i = 0; i < list_length(lower); i++)
		decide_collect(decision, list_nth(lower, i));
}

/* not the fault of the rule that is being read, which could be read without it */
pg_noreturn static void
raise_open(Decision *decision, const DecidedSegment *segment)
{
	decision->parsing = NULL;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
			 errmsg("segment \"%s\" of model \"%s\" depends on itself", segment->segment->id, segment->model->id)));
	pg_unreachable();
}

/* the segment after everything that it asks for */
void
decide_collect(Decision *decision, DecidedSegment *segment)
{
	ErrorContextCallback callback = {error_context_stack, name_rule, segment};
	DecidedSegment *outer = decision->parsing;

	check_stack_depth();
	if (segment->collected)
		return;
	if (segment->open)
		raise_open(decision, segment);
	segment->open = true;
	error_context_stack = &callback;
	if (segment->model->kind == MODEL_EXCLUSIVE && !segment->stored)
		collect_lower(decision, segment);
	decision->parsing = segment;
	segment->error = unreadable_message(decision, segment);
	if (segment->stored)
		collect_answer(segment);
	else if (segment->model->kind == MODEL_COLUMN)
		collect_column(decision, segment);
	else if (segment->segment->rule && segment->error == NULL)
		collect_rule(decision, segment);
	decision->parsing = outer;
	error_context_stack = callback.previous;
	segment->collected = true;
	decision->order = lappend(decision->order, segment);
}

void
decide_collect_all(Decision *decision)
{
	ListCell   *cell;

	foreach(cell, decision->model->segments)
		decide_collect(decision, decide_find(decision, decision->model->id, ((ModelSegment *) lfirst(cell))->id));
	if (decision->model->kind == MODEL_COLUMN)
		add_columns(decision, list_make1(decision->model->segment_column));
}

/* whose rule could not be read, for who collects anew; false: the error is no rule's */
bool
decide_note_unreadable(List **unreadable, const Decision *decision, const ErrorData *error)
{
	UnreadableRule *rule;

	if (decision->parsing == NULL)
		return false;
	rule = palloc(sizeof(UnreadableRule));
	rule->model = decision->parsing->model->id;
	rule->segment = decision->parsing->segment->id;
	rule->message = error->message;
	*unreadable = lappend(*unreadable, rule);
	return true;
}

static void
collect_all(void *arg)
{
	decide_collect_all(arg);
}

/* all that can be; the other rules' errors are with their segments */
Decision *
decide_collect_readable(const Model *model)
{
	List	   *unreadable = NIL;

	for (;;)
	{
		Decision   *decision = decide_begin(model);
		ErrorData  *error;

		decision->unreadable = unreadable;
		if ((error = trial_run_rule(collect_all, decision)) == NULL)
			return decision;
		if (!decide_note_unreadable(&unreadable, decision, error))
			ReThrowError(error);
	}
}
