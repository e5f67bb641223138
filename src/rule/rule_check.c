/*
 * rule_check.c: what a rule must not contain, since one row would not be enough
 * to answer it, or the answer would not be the same tomorrow.
 */
#include "segmentation.h"

#include "access/transam.h"
#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"

#include "names.h"
#include "rule/clock.h"
#include "rule/rule_check.h"

#define HINT_SOURCE_COLUMN "Let the source have a column for it: it can be a view with one row per customer."

typedef struct RawCheck
{
	ParseState *pstate;
	List	   *literals;		/* A_Const * */
} RawCheck;

typedef struct RuleCheck
{
	ParseState *pstate;
	List	   *literals;
	Rule	   *rule;
	int			location;		/* of the innermost node that has one */
} RuleCheck;

static bool
raw_walker(Node *node, void *context)
{
	RawCheck   *check = context;

	if (node == NULL)
		return false;
	if (IsA(node, SubLink))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("rule contains a subquery"),
				 errdetail("A rule is answered from the customer's row alone."),
				 errhint(HINT_SOURCE_COLUMN),
				 parser_errposition(check->pstate, ((SubLink *) node)->location)));
	if (IsA(node, ParamRef))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_PARAMETER),
				 errmsg("rule contains parameter $%d", ((ParamRef *) node)->number),
				 errhint("Write the value itself."),
				 parser_errposition(check->pstate, ((ParamRef *) node)->location)));
	if (IsA(node, A_Const) && !((A_Const *) node)->isnull && IsA(&((A_Const *) node)->val, String))
		check->literals = lappend(check->literals, node);
	return raw_expression_tree_walker(node, raw_walker, context);
}

/* returns the text literals (A_Const *) */
List *
rule_check_raw(ParseState *pstate, Node *raw)
{
	RawCheck	check = {pstate, NIL};

	(void) raw_walker(raw, &check);
	return check.literals;
}

static void
refuse_clock_word(RuleCheck *check, const char *literal, int location)
{
	const ClockWord *word = clock_word(literal);

	if (word)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("literal \"%s\" means the moment at which the rule is defined", literal),
				 errhint("For the moment at which it is evaluated write %s.", word->in_rules),
				 parser_errposition(check->pstate, location)));
}

static void
check_constant(RuleCheck *check, Const *constant)
{
	ListCell   *cell;

	if (constant->constisnull || constant->location < 0 || !clock_holds_moments(constant->consttype))
		return;
	foreach(cell, check->literals)
	{
		A_Const    *literal = lfirst(cell);

		if (literal->location == constant->location)
			refuse_clock_word(check, strVal(&literal->val), constant->location);
	}
}

/* a text that is read as a moment at each evaluation */
static void
check_conversion(RuleCheck *check, Node *node)
{
	const char *literal = clock_literal(node);

	if (literal)
		refuse_clock_word(check, literal, check->location);
}

static void
check_rule_column(RuleCheck *check, Var *var)
{
	if (var->varattno == InvalidAttrNumber)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("rule uses the whole row"),
				 errhint("Name the columns that it depends on."),
				 parser_errposition(check->pstate, check->location)));
	if (var->varattno < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("rule uses a system column"),
				 errdetail("Where and when a row is stored says nothing about the customer."),
				 parser_errposition(check->pstate, check->location)));
}

static const char *
session_keyword(SQLValueFunctionOp op)
{
	switch (op)
	{
		case SVFOP_CURRENT_ROLE:
			return "CURRENT_ROLE";
		case SVFOP_CURRENT_USER:
			return "CURRENT_USER";
		case SVFOP_USER:
			return "USER";
		case SVFOP_SESSION_USER:
			return "SESSION_USER";
		case SVFOP_CURRENT_CATALOG:
			return "CURRENT_CATALOG";
		case SVFOP_CURRENT_SCHEMA:
			return "CURRENT_SCHEMA";
		default:
			return NULL;
	}
}

static void
check_keyword(RuleCheck *check, SQLValueFunction *keyword)
{
	const char *name = session_keyword(keyword->op);

	if (name)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("rule asks for %s", name),
				 errdetail("Its answer would depend on the session that evaluates it."),
				 parser_errposition(check->pstate, check->location)));
	check->rule->asks_clock = true;
}

static void
refuse_function(RuleCheck *check, int code, const char *kind, const char *detail, const char *hint)
{
	ereport(ERROR,
			(errcode(code),
			 errmsg("rule calls %s", kind),
			 detail ? errdetail("%s", detail) : 0,
			 hint ? errhint("%s", hint) : 0,
			 parser_errposition(check->pstate, check->location)));
}

static void
note_stable(Rule *rule, Oid function)
{
	char	   *name = format_procedure(function);

	if (!names_contain(rule->stable, name))
		rule->stable = lappend(rule->stable, name);
}

static bool
check_rule_function(Oid function, void *context)
{
	RuleCheck  *check = context;

	if (rule_function_asks_clock(function))
		check->rule->asks_clock = true;
	else if (clock_kind(function) == CLOCK_OFFSET)
		refuse_function(check, ERRCODE_INVALID_OBJECT_DEFINITION,
						psprintf("function %s, which reads the clock", format_procedure(function)),
						"It takes the offset of a time zone on the day of the call.",
						"Use type timestamp with time zone.");
	else if (isAnyTempNamespace(get_func_namespace(function)))
		refuse_function(check, ERRCODE_INVALID_OBJECT_DEFINITION,
						psprintf("temporary function %s", quote_identifier(get_func_name(function))),
						"It is gone when the session ends.", NULL);
	else if (func_volatile(function) == PROVOLATILE_VOLATILE)
		refuse_function(check, ERRCODE_INVALID_OBJECT_DEFINITION,
						psprintf("volatile function %s", format_procedure(function)),
						"Its answer for a customer would differ from one evaluation to the next.",
						function == F_TIMEOFDAY ? "Use now()." :
						function < FirstNormalObjectId ? NULL :
						"If it depends on its arguments and on tables alone, declare it STABLE.");
	else if (func_volatile(function) == PROVOLATILE_STABLE && !rule_function_is_documented(function))
		note_stable(check->rule, function);
	return false;
}

static bool
returns_set(Node *node)
{
	return (IsA(node, FuncExpr) && ((FuncExpr *) node)->funcretset) ||
		(IsA(node, OpExpr) && ((OpExpr *) node)->opretset);
}

static void
check_calls(RuleCheck *check, Node *node)
{
	if (rule_is_in_segment(node))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("in_segment can stand only under AND, OR, NOT and IS [NOT] TRUE, FALSE or UNKNOWN"),
				 errhint("Say with these what CASE, a comparison or a function is to say."),
				 parser_errposition(check->pstate, check->location)));
	if (IsA(node, Aggref) || IsA(node, GroupingFunc))
		refuse_function(check, ERRCODE_GROUPING_ERROR, "an aggregate function",
						"A rule is answered from the customer's row alone.", HINT_SOURCE_COLUMN);
	if (IsA(node, WindowFunc))
		refuse_function(check, ERRCODE_WINDOWING_ERROR, "a window function",
						"A rule is answered from the customer's row alone.", HINT_SOURCE_COLUMN);
	if (returns_set(node))
		refuse_function(check, ERRCODE_INVALID_OBJECT_DEFINITION, "a function that returns a set",
						"A rule is one condition, true or not.", HINT_SOURCE_COLUMN);
	if (IsA(node, NextValueExpr))
		refuse_function(check, ERRCODE_INVALID_OBJECT_DEFINITION, "volatile function nextval", NULL, NULL);
	(void) check_functions_in_node(node, check_rule_function, check);
}

/* a temporary type's name would be looked for elsewhere when it is gone */
static void
check_rule_type(RuleCheck *check, Node *node)
{
	Oid			type = IsA(node, List) || IsA(node, CaseWhen) ? InvalidOid : exprType(node);

	if (OidIsValid(get_element_type(type)))
		type = get_element_type(type);
	if (type >= FirstNormalObjectId && isAnyTempNamespace(rule_type_namespace(type)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("rule uses temporary type %s", format_type_be(type)),
				 errdetail("It is gone when the session ends."),
				 parser_errposition(check->pstate, check->location)));
}

static bool
condition_walker(Node *node, void *context)
{
	RuleCheck  *check = context;
	int			outer = check->location;
	int			location;

	if (node == NULL)
		return false;
	location = exprLocation(node);
	if (location >= 0)
		check->location = location;
	if (IsA(node, Var))
		check_rule_column(check, (Var *) node);
	else if (IsA(node, Const))
		check_constant(check, (Const *) node);
	else if (IsA(node, CoerceViaIO) || IsA(node, FuncExpr))
		check_conversion(check, node);
	else if (IsA(node, SQLValueFunction))
		check_keyword(check, (SQLValueFunction *) node);
	check_calls(check, node);
	check_rule_type(check, node);
	(void) expression_tree_walker(node, condition_walker, context);
	check->location = outer;
	return false;
}

static void
check_reference_argument(RuleCheck *check, Node *argument)
{
	if (!IsA(argument, Const) || ((Const *) argument)->constisnull)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("argument of in_segment is not a constant"),
				 errdetail("Which segments a rule refers to is known when it is defined."),
				 errhint("Write the segment's id in quotes."),
				 parser_errposition(check->pstate, exprLocation(argument))));
}

static void
check_rule_reference(RuleCheck *check, FuncExpr *in_segment)
{
	RuleReference *reference;
	ListCell   *cell;

	foreach(cell, in_segment->args)
	{
		check_reference_argument(check, lfirst(cell));
	}
	if (list_length(in_segment->args) == 1 && check->rule->model == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("in_segment does not say which model's segment it means"),
				 errhint("Write in_segment(model, segment), or say which model the rule is of."),
				 parser_errposition(check->pstate, exprLocation((Node *) in_segment))));
	reference = rule_reference(check->rule, in_segment);
	foreach(cell, check->rule->references)
	{
		RuleReference *known = lfirst(cell);

		if (strcmp(known->model, reference->model) == 0 && strcmp(known->segment, reference->segment) == 0)
			return;
	}
	check->rule->references = lappend(check->rule->references, reference);
}

/* the part of a rule where in_segment may stand */
static void
check_connectives(RuleCheck *check, Node *node)
{
	ListCell   *cell;

	if (rule_is_in_segment(node))
		check_rule_reference(check, (FuncExpr *) node);
	else if (IsA(node, BooleanTest))
		check_connectives(check, (Node *) ((BooleanTest *) node)->arg);
	else if (IsA(node, BoolExpr))
	{
		foreach(cell, ((BoolExpr *) node)->args)
		{
			check_connectives(check, lfirst(cell));
		}
	}
	else
		(void) condition_walker(node, check);
}

/*
 * Raises an error where a rule contains what it must not, and notes what it
 * refers to.
 */
void
rule_check(ParseState *pstate, List *literals, Rule *rule)
{
	RuleCheck	check = {pstate, literals, rule, -1};

	check_connectives(&check, rule->expr);
}

/* functions whose answers are the model's to trust */
void
rule_notice_stable(const Rule *rule)
{
	ListCell   *cell;

	foreach(cell, rule->stable)
	{
		ereport(NOTICE,
				(errmsg("rule calls function %s, whose answer may change by itself", (char *) lfirst(cell)),
				 errdetail("It is declared STABLE, and reads what the model does not know of: tables, settings or the clock."),
				 errhint("Such a change shows at the next refresh of the model.")));
	}
}
