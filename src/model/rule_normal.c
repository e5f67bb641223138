/*
 * rule_normal.c: a rule in the form that is kept: nothing that the server would
 * look up anew, by settings of the moment, each time it reads the text.
 */
#include "segmentation.h"

#include "access/htup_details.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/syscache.h"

#include "model/rule.h"

/*
 * Defaults of arguments are the function's of today, and may ask the clock;
 * named arguments take their places.
 */
static Node *
spell_arguments_out(FuncExpr *call)
{
	FuncExpr   *result = copyObject(call);
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(call->funcid));

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", call->funcid);
	result->args = expand_function_arguments(result->args, false, call->funcresulttype, tuple);
	ReleaseSysCache(tuple);
	return (Node *) result;
}

/* (a AND b) AND c is a AND b AND c */
static Node *
flatten(BoolExpr *expr)
{
	List	   *args = NIL;
	ListCell   *cell;

	if (expr->boolop == NOT_EXPR)
		return (Node *) expr;
	foreach(cell, expr->args)
	{
		BoolExpr   *arg = lfirst(cell);

		if (IsA(arg, BoolExpr) && arg->boolop == expr->boolop)
			args = list_concat(args, arg->args);
		else
			args = lappend(args, arg);
	}
	expr->args = args;
	return (Node *) expr;
}

/*
 * IS DISTINCT FROM, NULLIF and CASE x WHEN name no operator: their text means
 * whichever = the search_path finds.
 */
static bool
is_own_operator(Oid operator)
{
	HeapTuple	tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(operator));
	bool		result;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for operator %u", operator);
	result = ((Form_pg_operator) GETSTRUCT(tuple))->oprnamespace != PG_CATALOG_NAMESPACE;
	ReleaseSysCache(tuple);
	return result;
}

static Node *
as_operator(OpExpr *expr)
{
	OpExpr	   *result = makeNode(OpExpr);

	*result = *expr;
	result->xpr.type = T_OpExpr;
	result->opresulttype = BOOLOID;
	return (Node *) result;
}

static Node *
null_test(Node *arg, NullTestType type)
{
	NullTest   *result = makeNode(NullTest);

	result->arg = (Expr *) copyObject(arg);
	result->nulltesttype = type;
	result->argisrow = false;
	result->location = -1;
	return (Node *) result;
}

/* (a = b) IS NOT TRUE AND (a IS NOT NULL OR b IS NOT NULL) */
static Node *
spell_distinct_out(DistinctExpr *expr)
{
	BooleanTest *test = makeNode(BooleanTest);
	Node	   *some;

	if (!is_own_operator(expr->opno))
		return (Node *) expr;
	test->arg = (Expr *) as_operator(expr);
	test->booltesttype = IS_NOT_TRUE;
	test->location = expr->location;
	some = (Node *) makeBoolExpr(OR_EXPR, list_make2(null_test(linitial(expr->args), IS_NOT_NULL),
													 null_test(lsecond(expr->args), IS_NOT_NULL)),
								 expr->location);
	return (Node *) makeBoolExpr(AND_EXPR, list_make2(test, some), expr->location);
}

/* CASE WHEN a = b THEN NULL ELSE a END */
static Node *
spell_nullif_out(NullIfExpr *expr)
{
	CaseExpr   *result = makeNode(CaseExpr);
	CaseWhen   *when = makeNode(CaseWhen);
	Node	   *value = linitial(expr->args);

	if (!is_own_operator(expr->opno))
		return (Node *) expr;
	when->expr = (Expr *) as_operator(expr);
	when->result = (Expr *) makeNullConst(exprType(value), exprTypmod(value), exprCollation(value));
	when->location = expr->location;
	result->casetype = exprType(value);
	result->casecollid = exprCollation(value);
	result->args = list_make1(when);
	result->defresult = copyObject((Expr *) value);
	result->location = expr->location;
	return (Node *) result;
}

/* where the operand of CASE stands in the comparison; NULL: nowhere to be seen */
static Node **
tested_value(CaseWhen *when)
{
	Node	  **value;

	if (!IsA(when->expr, OpExpr))
		return NULL;
	value = (Node **) &linitial(((OpExpr *) when->expr)->args);
	while (IsA(*value, RelabelType))
		value = (Node **) &((RelabelType *) *value)->arg;
	return IsA(*value, CaseTestExpr) ? value : NULL;
}

/* CASE WHEN x = a THEN ... */
static Node *
spell_case_out(CaseExpr *expr)
{
	bool		any_own = false;
	ListCell   *cell;

	foreach(cell, expr->args)
	{
		if (expr->arg == NULL || tested_value(lfirst(cell)) == NULL)
			return (Node *) expr;
		any_own |= is_own_operator(((OpExpr *) lfirst_node(CaseWhen, cell)->expr)->opno);
	}
	if (!any_own)
		return (Node *) expr;
	foreach(cell, expr->args)
		*tested_value(lfirst(cell)) = copyObject((Node *) expr->arg);
	expr->arg = NULL;
	return (Node *) expr;
}

static Node *
normalise_mutator(Node *node, void *context)
{
	if (node == NULL)
		return NULL;
	if (IsA(node, FuncExpr))
		node = spell_arguments_out((FuncExpr *) node);
	node = expression_tree_mutator(node, normalise_mutator, context);
	switch (nodeTag(node))
	{
		case T_BoolExpr:
			return flatten((BoolExpr *) node);
		case T_DistinctExpr:
			return spell_distinct_out((DistinctExpr *) node);
		case T_NullIfExpr:
			return spell_nullif_out((NullIfExpr *) node);
		case T_CaseExpr:
			return spell_case_out((CaseExpr *) node);
		default:
			return node;
	}
}

Node *
rule_normalise(Node *expr)
{
	return normalise_mutator(expr, NULL);
}
