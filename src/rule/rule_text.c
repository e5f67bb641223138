/*
 * rule_text.c: rules as text: what is kept, their conditions, and plain SQL.
 */
#include "segmentation.h"

#include "access/htup_details.h"
#include "nodes/nodeFuncs.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"
#include "utils/syscache.h"

#include "expression.h"
#include "option.h"
#include "rule/rule.h"

typedef struct RulePrint
{
	const Rule *rule;
	rule_reference_printer print_reference;
	void	   *print_arg;
	StringInfoData buf;
} RulePrint;

/* every name qualified but those of columns */
char *
rule_deparse(const Rule *rule)
{
	int			save_nestlevel = NewGUCNestLevel();
	char	   *result;

	set_option("TimeZone", rule->time_zone);
	result = expression_deparse(rule->expr, rule->context, false);
	AtEOXact_GUC(true, save_nestlevel);
	return result;
}

/* NOT, <> and NOT IN: what is NULL of them is true for who reads them as they are spoken */
static bool
is_negation(Node *node)
{
	Oid			op = IsA(node, OpExpr) ? ((OpExpr *) node)->opno :
	IsA(node, ScalarArrayOpExpr) ? ((ScalarArrayOpExpr *) node)->opno : InvalidOid;
	char	   *name = OidIsValid(op) ? get_opname(op) : NULL;

	if (IsA(node, BoolExpr))
		return ((BoolExpr *) node)->boolop == NOT_EXPR;
	return name && (strcmp(name, "<>") == 0 || name[0] == '!');
}

/* whether it reads a column that may be NULL */
static bool
reads_nullable(Node *node, void *context)
{
	const Rule *rule = context;
	HeapTuple	tuple;
	bool		result;

	if (node == NULL)
		return false;
	if (!IsA(node, Var))
		return expression_tree_walker(node, reads_nullable, context);
	tuple = SearchSysCache2(ATTNUM, ObjectIdGetDatum(rule->source), Int16GetDatum(((Var *) node)->varattno));
	result = HeapTupleIsValid(tuple) && !((Form_pg_attribute) GETSTRUCT(tuple))->attnotnull;
	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	return result;
}

typedef struct NegationSearch
{
	const Rule *rule;
	Node	   *found;
} NegationSearch;

static bool
find_negation(Node *node, void *context)
{
	NegationSearch *search = context;

	if (node == NULL || search->found)
		return search->found != NULL;
	if (is_negation(node) && reads_nullable(node, (void *) search->rule))
	{
		search->found = node;
		return true;
	}
	return expression_tree_walker(node, find_negation, context);
}

/* the first negation of a rule, and what to write where NULL is to count like true; NULL: none */
char *
rule_negation(const Rule *rule, char **instead)
{
	NegationSearch search = {rule, NULL};
	Node	   *found;

	find_negation(rule->expr, &search);
	found = search.found;
	if (!found)
		return NULL;
	if (IsA(found, BoolExpr))
		*instead = psprintf("(%s) IS NOT TRUE", expression_deparse(linitial(((BoolExpr *) found)->args), rule->context, false));
	else if (IsA(found, OpExpr) && strcmp(get_opname(((OpExpr *) found)->opno), "<>") == 0)
		*instead = psprintf("%s IS DISTINCT FROM %s", expression_deparse(linitial(((OpExpr *) found)->args), rule->context, false),
							expression_deparse(lsecond(((OpExpr *) found)->args), rule->context, false));
	else
		*instead = psprintf("(%s) IS NOT FALSE", expression_deparse(found, rule->context, false));
	return expression_deparse(found, rule->context, false);
}

static char *
constant_id(Node *node)
{
	Const	   *id = castNode(Const, node);
	Oid			function;
	bool		is_varlena;

	getTypeOutputInfo(id->consttype, &function, &is_varlena);
	return OidOutputFunctionCall(function, id->constvalue);
}

/* in_segment([model,] segment) with constants, as it has been checked */
RuleReference *
rule_reference(const Rule *rule, FuncExpr *in_segment)
{
	RuleReference *result = palloc(sizeof(RuleReference));

	result->own_model = list_length(in_segment->args) == 1;
	result->segment = constant_id(llast(in_segment->args));
	result->model = result->own_model ? pstrdup(rule->model) : constant_id(linitial(in_segment->args));
	return result;
}

static bool
in_segment_walker(Node *node, void *context)
{
	if (node == NULL)
		return false;
	return rule_is_in_segment(node) || expression_tree_walker(node, in_segment_walker, context);
}

bool
rule_has_in_segment(Node *node)
{
	return in_segment_walker(node, NULL);
}

/* whether it reads a column that may be called as one of ours in a statement about the source */
static bool
needs_prefix(const Rule *rule)
{
	ListCell   *cell;

	foreach(cell, rule->columns)
	{
		if (strncmp(lfirst(cell), "segmentation_", strlen("segmentation_")) == 0)
			return true;
	}
	return false;
}

/* a condition of a rule, or a part of it, with the moment of the evaluation as $1 */
char *
rule_condition_text(const Rule *rule, Node *condition)
{
	return expression_deparse(rule_bind_clock(condition, rule->time_zone), rule->context, needs_prefix(rule));
}

static const char *
test_text(BoolTestType type)
{
	static const char *const texts[] = {
		[IS_TRUE] = "IS TRUE",[IS_NOT_TRUE] = "IS NOT TRUE",
		[IS_FALSE] = "IS FALSE",[IS_NOT_FALSE] = "IS NOT FALSE",
		[IS_UNKNOWN] = "IS UNKNOWN",[IS_NOT_UNKNOWN] = "IS NOT UNKNOWN"
	};

	return texts[type];
}

static void
append_sql(RulePrint *print, Node *node)
{
	BoolExpr   *expr = (BoolExpr *) node;
	RuleReference *reference;
	ListCell   *cell;

	if (!rule_has_in_segment(node))
	{
		appendStringInfoString(&print->buf, rule_condition_text(print->rule, node));
		return;
	}
	appendStringInfoChar(&print->buf, '(');
	if (rule_is_in_segment(node))
	{
		reference = rule_reference(print->rule, (FuncExpr *) node);
		print->print_reference(&print->buf, reference, print->print_arg);
	}
	else if (IsA(node, BooleanTest))
	{
		append_sql(print, (Node *) ((BooleanTest *) node)->arg);
		appendStringInfo(&print->buf, " %s", test_text(((BooleanTest *) node)->booltesttype));
	}
	else
	{
		if (castNode(BoolExpr, node)->boolop == NOT_EXPR)
			appendStringInfoString(&print->buf, "NOT ");
		foreach(cell, expr->args)
		{
			if (foreach_current_index(cell) > 0)
				appendStringInfoString(&print->buf, expr->boolop == AND_EXPR ? " AND " : " OR ");
			append_sql(print, lfirst(cell));
		}
	}
	appendStringInfoChar(&print->buf, ')');
}

char *
rule_sql(const Rule *rule, rule_reference_printer print_reference, void *arg)
{
	RulePrint	print = {.rule = rule, .print_reference = print_reference, .print_arg = arg};

	initStringInfo(&print.buf);
	append_sql(&print, rule->expr);
	return print.buf.data;
}
