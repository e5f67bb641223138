/*
 * rule_text.c: rules as text: what is kept, the program over conditions, and
 * plain SQL.
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
	const char *time_zone;
	List	   *context;		/* of deparsing */
	List	  **conditions;		/* of a program */
	rule_reference_printer print_reference; /* of plain SQL */
	void	   *print_arg;
	StringInfoData buf;
} RulePrint;

static List *
deparse_context(const Rule *rule)
{
	return deparse_context_for("source", rule->source);
}

/* every name qualified but those of columns */
char *
rule_deparse(const Rule *rule)
{
	int			save_nestlevel = NewGUCNestLevel();
	char	   *result;

	set_option("TimeZone", rule->time_zone);
	result = expression_deparse(rule->expr, deparse_context(rule), false);
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
	List	   *context = deparse_context(rule);
	Node	   *found;

	find_negation(rule->expr, &search);
	found = search.found;
	if (!found)
		return NULL;
	if (IsA(found, BoolExpr))
		*instead = psprintf("(%s) IS NOT TRUE", expression_deparse(linitial(((BoolExpr *) found)->args), context, false));
	else if (IsA(found, OpExpr) && strcmp(get_opname(((OpExpr *) found)->opno), "<>") == 0)
		*instead = psprintf("%s IS DISTINCT FROM %s", expression_deparse(linitial(((OpExpr *) found)->args), context, false),
							expression_deparse(lsecond(((OpExpr *) found)->args), context, false));
	else
		*instead = psprintf("(%s) IS NOT FALSE", expression_deparse(found, context, false));
	return expression_deparse(found, context, false);
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
has_in_segment(Node *node, void *context)
{
	if (node == NULL)
		return false;
	return rule_is_in_segment(node) || expression_tree_walker(node, has_in_segment, context);
}

/* those parts of an AND or OR that ask for no segment, as one part; NULL: none */
static Node *
plain_part(BoolExpr *expr)
{
	BoolExpr   *result = copyObject(expr);
	ListCell   *cell;

	foreach(cell, result->args)
		if (has_in_segment(lfirst(cell), NULL))
			result->args = foreach_delete_current(result->args, cell);
	if (list_length(result->args) <= 1)
		return result->args ? linitial(result->args) : NULL;
	return (Node *) result;
}

/* whether it reads a column that may be called as one of ours in a statement about the source */
bool
rule_needs_prefix(const Rule *rule)
{
	ListCell   *cell;

	foreach(cell, rule->columns)
		if (strncmp(lfirst(cell), "segmentation_", strlen("segmentation_")) == 0)
			return true;
	return false;
}

static char *
condition_text(RulePrint *print, Node *condition)
{
	return expression_deparse(rule_bind_clock(condition, print->time_zone), print->context,
							  rule_needs_prefix(print->rule));
}

static void
append_token(RulePrint *print, const char *token)
{
	if (print->buf.len > 0)
		appendStringInfoChar(&print->buf, ' ');
	appendStringInfoString(&print->buf, token);
}

/* identical conditions are evaluated once */
static int
condition_number(RulePrint *print, Node *node)
{
	char	   *text = condition_text(print, node);
	ListCell   *cell;

	foreach(cell, *print->conditions)
		if (strcmp(lfirst(cell), text) == 0)
			return foreach_current_index(cell) + 1;
	*print->conditions = lappend(*print->conditions, text);
	return list_length(*print->conditions);
}

static void
append_condition(RulePrint *print, Node *node)
{
	Const	   *constant = (Const *) node;

	if (!IsA(node, Const))
		append_token(print, psprintf("%d", condition_number(print, node)));
	else if (constant->constisnull)
		append_token(print, "null");
	else
		append_token(print, DatumGetBool(constant->constvalue) ? "true" : "false");
}

static void
append_reference(RulePrint *print, FuncExpr *in_segment)
{
	RuleReference *reference = rule_reference(print->rule, in_segment);
	bool		own = print->rule->model && strcmp(reference->model, print->rule->model) == 0;

	append_token(print, psprintf("%s/%s", own ? "" : reference->model, reference->segment));
}

static const char *
test_token(BoolTestType type)
{
	static const char *const tokens[] = {
		[IS_TRUE] = "is_true", [IS_NOT_TRUE] = "is_not_true",
		[IS_FALSE] = "is_false", [IS_NOT_FALSE] = "is_not_false",
		[IS_UNKNOWN] = "is_unknown", [IS_NOT_UNKNOWN] = "is_not_unknown"
	};

	return tokens[type];
}

static void append_program(RulePrint *print, Node *node);

static void
append_connected(RulePrint *print, BoolExpr *expr)
{
	Node	   *plain = plain_part(expr);
	int			count = 0;
	ListCell   *cell;

	if (plain)
	{
		append_condition(print, plain);
		count++;
	}
	foreach(cell, expr->args)
	{
		if (!has_in_segment(lfirst(cell), NULL))
			continue;
		append_program(print, lfirst(cell));
		if (count++ > 0)
			append_token(print, expr->boolop == AND_EXPR ? "and" : "or");
	}
}

static void
append_program(RulePrint *print, Node *node)
{
	if (!has_in_segment(node, NULL))
		append_condition(print, node);
	else if (rule_is_in_segment(node))
		append_reference(print, (FuncExpr *) node);
	else if (IsA(node, BooleanTest))
	{
		append_program(print, (Node *) ((BooleanTest *) node)->arg);
		append_token(print, test_token(((BooleanTest *) node)->booltesttype));
	}
	else if (castNode(BoolExpr, node)->boolop == NOT_EXPR)
	{
		append_program(print, linitial(((BoolExpr *) node)->args));
		append_token(print, "not");
	}
	else
		append_connected(print, (BoolExpr *) node);
}

char *
rule_program(const Rule *rule, const char *time_zone, List **conditions)
{
	RulePrint	print = {.rule = rule, .time_zone = time_zone,
	.context = deparse_context(rule), .conditions = conditions};

	initStringInfo(&print.buf);
	append_program(&print, rule->expr);
	return print.buf.data;
}

static const char *
test_text(BoolTestType type)
{
	static const char *const texts[] = {
		[IS_TRUE] = "IS TRUE", [IS_NOT_TRUE] = "IS NOT TRUE",
		[IS_FALSE] = "IS FALSE", [IS_NOT_FALSE] = "IS NOT FALSE",
		[IS_UNKNOWN] = "IS UNKNOWN", [IS_NOT_UNKNOWN] = "IS NOT UNKNOWN"
	};

	return texts[type];
}

static void
append_sql(RulePrint *print, Node *node)
{
	BoolExpr   *expr = (BoolExpr *) node;
	RuleReference *reference;
	ListCell   *cell;

	if (!has_in_segment(node, NULL))
	{
		appendStringInfoString(&print->buf, condition_text(print, node));
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
rule_sql(const Rule *rule, const char *time_zone, rule_reference_printer print_reference, void *arg)
{
	RulePrint	print = {.rule = rule, .time_zone = time_zone,
		.context = deparse_context(rule), .print_reference = print_reference, .print_arg = arg};

	initStringInfo(&print.buf);
	append_sql(&print, rule->expr);
	return print.buf.data;
}
