/*
 * rule_program.c: a rule as a program over conditions and segments.
 */
#include "segmentation.h"

#include "nodes/nodeFuncs.h"

#include "rule/rule.h"

RuleToken *
rule_condition(char *condition)
{
	RuleToken  *token = palloc0(sizeof(RuleToken));

	token->condition = condition;
	return token;
}

RuleToken *
rule_word(const char *word)
{
	RuleToken  *token = palloc0(sizeof(RuleToken));

	token->word = word;
	return token;
}

static RuleToken *
reference_token(RuleReference *reference)
{
	RuleToken  *token = palloc0(sizeof(RuleToken));

	token->reference = reference;
	return token;
}

/* those parts of an AND or OR that ask for no segment, as one part; NULL: none */
static Node *
plain_part(BoolExpr *expr)
{
	BoolExpr   *result = copyObject(expr);
	ListCell   *cell;

	foreach(cell, result->args)
	{
		if (rule_has_in_segment(lfirst(cell)))
			result->args = foreach_delete_current(result->args, cell);
	}
	if (list_length(result->args) <= 1)
		return result->args ? linitial(result->args) : NULL;
	return (Node *) result;
}

static RuleToken *
condition_token(const Rule *rule, Node *node)
{
	Const	   *constant = (Const *) node;

	if (!IsA(node, Const))
		return rule_condition(rule_condition_text(rule, node));
	return rule_word(constant->constisnull ? "null" : DatumGetBool(constant->constvalue) ? "true" : "false");
}

static const char *
test_word(BoolTestType type)
{
	static const char *const words[] = {
		[IS_TRUE] = "is_true",[IS_NOT_TRUE] = "is_not_true",
		[IS_FALSE] = "is_false",[IS_NOT_FALSE] = "is_not_false",
		[IS_UNKNOWN] = "is_unknown",[IS_NOT_UNKNOWN] = "is_not_unknown"
	};

	return words[type];
}

static List *append_node(List *program, const Rule *rule, Node *node);

static List *
append_connected(List *program, const Rule *rule, BoolExpr *expr)
{
	const char *word = expr->boolop == AND_EXPR ? "and" : "or";
	Node	   *plain = plain_part(expr);
	bool		first = plain == NULL;
	ListCell   *cell;

	if (plain)
		program = lappend(program, condition_token(rule, plain));
	foreach(cell, expr->args)
	{
		if (!rule_has_in_segment(lfirst(cell)))
			continue;
		program = append_node(program, rule, lfirst(cell));
		if (!first)
			program = lappend(program, rule_word(word));
		first = false;
	}
	return program;
}

static List *
append_node(List *program, const Rule *rule, Node *node)
{
	BooleanTest *test = (BooleanTest *) node;

	if (!rule_has_in_segment(node))
		return lappend(program, condition_token(rule, node));
	if (rule_is_in_segment(node))
		return lappend(program, reference_token(rule_reference(rule, (FuncExpr *) node)));
	if (IsA(node, BooleanTest))
		return lappend(append_node(program, rule, (Node *) test->arg), rule_word(test_word(test->booltesttype)));
	if (castNode(BoolExpr, node)->boolop == NOT_EXPR)
		return lappend(append_node(program, rule, linitial(((BoolExpr *) node)->args)), rule_word("not"));
	return append_connected(program, rule, (BoolExpr *) node);
}

/* a List of RuleToken */
List *
rule_program(const Rule *rule)
{
	return append_node(NIL, rule, rule->expr);
}

/* char *, of a program */
List *
rule_conditions(const List *program)
{
	List	   *conditions = NIL;
	ListCell   *cell;

	foreach(cell, program)
	{
		if (((RuleToken *) lfirst(cell))->condition)
			conditions = lappend(conditions, ((RuleToken *) lfirst(cell))->condition);
	}
	return conditions;
}
