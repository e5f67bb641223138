/*
 * normal.c: a rule, or a condition of the lock, in the form that is kept:
 * nothing that the server would look up anew, by settings of the moment, each
 * time it reads the text.
 *
 * The server prints operators qualified, but not those of IS DISTINCT FROM,
 * NULLIF and CASE x WHEN, and of a row comparison only the first: their text
 * means whichever the search_path finds.  So these are spelled out by a CASE that
 * comes to the same, NULLs included, unless all they compare by is in pg_catalog.
 */
#include "segmentation.h"

#include "access/htup_details.h"
#include "access/stratnum.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "rule/normal.h"

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
comparison_of_operands(Oid operator, Node *left, Node *right, Oid collation)
{
	OpExpr	   *result = (OpExpr *) make_opclause(operator, BOOLOID, false, copyObject((Expr *) left),
												  copyObject((Expr *) right), InvalidOid, collation);

	set_opfuncid(result);
	return (Node *) result;
}

/* a DistinctExpr or NullIfExpr is an OpExpr but for its tag */
static Node *
equality(OpExpr *expr)
{
	return comparison_of_operands(expr->opno, linitial(expr->args), lsecond(expr->args), expr->inputcollid);
}

/* of a composite value: whether it is null itself, not its fields */
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

static bool
is_value(Node *arg)
{
	return IsA(arg, Const) && !((Const *) arg)->constisnull;
}

/* whether one of the operands is null, or not; of a literal it is known */
static Node *
any_null_test(OpExpr *expr, NullTestType type)
{
	List	   *tests = NIL;
	ListCell   *cell;

	foreach(cell, expr->args)
	{
		if (!is_value(lfirst(cell)))
			tests = lappend(tests, null_test(lfirst(cell), type));
		else if (type == IS_NOT_NULL)
			return makeBoolConst(true, false);
	}
	if (tests == NIL)
		return makeBoolConst(false, false);
	return list_length(tests) == 1 ? linitial(tests) : (Node *) makeBoolExpr(OR_EXPR, tests, -1);
}

static CaseWhen *
make_when(Node *condition, Node *value)
{
	CaseWhen   *result = makeNode(CaseWhen);

	result->expr = (Expr *) condition;
	result->result = (Expr *) value;
	result->location = -1;
	return result;
}

static Node *
make_case(List *whens, Node *otherwise, int location)
{
	CaseExpr   *result = makeNode(CaseExpr);

	result->casetype = exprType(otherwise);
	result->casecollid = exprCollation(otherwise);
	result->args = whens;
	result->defresult = (Expr *) otherwise;
	result->location = location;
	return (Node *) result;
}

/* CASE WHEN a IS NULL OR b IS NULL THEN a IS NOT NULL OR b IS NOT NULL ELSE NOT a = b END */
static Node *
spell_distinct_out(DistinctExpr *expr)
{
	Node	   *differs;

	if (!is_own_operator(expr->opno))
		return (Node *) expr;
	differs = (Node *) makeBoolExpr(NOT_EXPR, list_make1(equality(expr)), -1);
	return make_case(list_make1(make_when(any_null_test(expr, IS_NULL), any_null_test(expr, IS_NOT_NULL))),
					 differs, expr->location);
}

/* CASE WHEN a = b THEN NULL ELSE a END; = is not asked about a NULL */
static Node *
spell_nullif_out(NullIfExpr *expr)
{
	Node	   *value = linitial(expr->args);
	Node	   *null = (Node *) makeNullConst(exprType(value), exprTypmod(value), exprCollation(value));
	List	   *whens;

	if (!is_own_operator(expr->opno))
		return (Node *) expr;
	whens = list_make1(make_when(equality(expr), null));
	if (!op_strict(expr->opno))
		whens = lcons(make_when(any_null_test(expr, IS_NULL), copyObject(value)), whens);
	return make_case(whens, copyObject(value), expr->location);
}

/*
 * The operand of CASE in place of what stands for it in a comparison; beside it
 * can be casts only, and that of an array has such a placeholder of its own.
 */
static Node *
put_operand_mutator(Node *node, void *operand)
{
	ArrayCoerceExpr *cast;

	if (node == NULL)
		return NULL;
	if (IsA(node, CaseTestExpr))
		return copyObject((Node *) operand);
	if (!IsA(node, ArrayCoerceExpr))
		return expression_tree_mutator(node, put_operand_mutator, operand);
	cast = copyObject((ArrayCoerceExpr *) node);
	cast->arg = (Expr *) put_operand_mutator((Node *) cast->arg, operand);
	return (Node *) cast;
}

static bool
compares_by_own_operator(CaseExpr *expr)
{
	bool		result = false;
	ListCell   *cell;

	foreach(cell, expr->args)
	{
		OpExpr	   *compared = (OpExpr *) lfirst_node(CaseWhen, cell)->expr;

		if (!IsA(compared, OpExpr))
			return false;
		result |= is_own_operator(compared->opno);
	}
	return result;
}

/* CASE WHEN x = a THEN ... */
static Node *
spell_case_out(CaseExpr *expr)
{
	ListCell   *cell;

	if (expr->arg == NULL || !compares_by_own_operator(expr))
		return (Node *) expr;
	foreach(cell, expr->args)
	{
		OpExpr	   *compared = castNode(OpExpr, lfirst_node(CaseWhen, cell)->expr);

		linitial(compared->args) = put_operand_mutator(linitial(compared->args), expr->arg);
	}
	expr->arg = NULL;
	return (Node *) expr;
}

/* the = that belongs to an ordering operator in a row comparison */
static Oid
equality_beside(Oid operator, Oid opfamily)
{
	Oid			left;
	Oid			right;

	op_input_types(operator, &left, &right);
	return get_opfamily_member(opfamily, left, right, BTEqualStrategyNumber);
}

/* CASE WHEN a = x THEN b < y ELSE a < x END, from a column on */
static Node *
spell_columns_out(RowCompareExpr *expr, int column)
{
	Oid			operator = list_nth_oid(expr->opnos, column);
	Oid			collation = list_nth_oid(expr->inputcollids, column);
	Node	   *left = list_nth(expr->largs, column);
	Node	   *right = list_nth(expr->rargs, column);
	Node	   *compared = comparison_of_operands(operator, left, right, collation);
	Oid			equal;

	if (column == list_length(expr->opnos) - 1)
		return compared;
	equal = equality_beside(operator, list_nth_oid(expr->opfamilies, column));
	if (!OidIsValid(equal))
		elog(ERROR, "missing operator %d in operator family %u", BTEqualStrategyNumber,
			 list_nth_oid(expr->opfamilies, column));
	return make_case(list_make1(make_when(comparison_of_operands(equal, left, right, collation),
										  spell_columns_out(expr, column + 1))),
					 compared, -1);
}

static Node *
spell_row_comparison_out(RowCompareExpr *expr)
{
	ListCell   *cell;

	foreach(cell, expr->opnos)
	{
		if (is_own_operator(lfirst_oid(cell)))
			return spell_columns_out(expr, 0);
	}
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
		case T_RowCompareExpr:
			return spell_row_comparison_out((RowCompareExpr *) node);
		default:
			return node;
	}
}

Node *
rule_normalise(Node *expr)
{
	return normalise_mutator(expr, NULL);
}

/* ARRAY[a, b]::text[] is ARRAY[a::text, b::text] */
static Node *
cast_elements_mutator(Node *node, void *context)
{
	ArrayCoerceExpr *cast;
	ArrayExpr  *array;
	ListCell   *cell;

	if (node == NULL)
		return NULL;
	node = expression_tree_mutator(node, cast_elements_mutator, context);
	cast = (ArrayCoerceExpr *) node;
	if (!IsA(node, ArrayCoerceExpr) || !IsA(cast->arg, ArrayExpr) || ((ArrayExpr *) cast->arg)->multidims)
		return node;
	array = (ArrayExpr *) cast->arg;
	array->array_typeid = cast->resulttype;
	array->array_collid = cast->resultcollid;
	array->element_typeid = exprType((Node *) cast->elemexpr);
	foreach(cell, array->elements)
	{
		lfirst(cell) = put_operand_mutator((Node *) cast->elemexpr, lfirst(cell));
	}
	return (Node *) array;
}

/*
 * An explicit cast of an array is read as one of its elements: such trees differ,
 * but not in what they come to.
 */
bool
rule_is_same(Node *a, Node *b)
{
	return equal(a, b) ||
		equal(eval_const_expressions(NULL, cast_elements_mutator(a, NULL)),
			  eval_const_expressions(NULL, cast_elements_mutator(b, NULL)));
}
