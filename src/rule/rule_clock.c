/*
 * rule_clock.c: the clock of a rule is the moment of its evaluation, parameter
 * $1, in the model's time zone.
 */
#include "segmentation.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "rule/rule.h"

static Node *
as_of(void)
{
	Param	   *result = makeNode(Param);

	result->paramkind = PARAM_EXTERN;
	result->paramid = 1;
	result->paramtype = TIMESTAMPTZOID;
	result->paramtypmod = -1;
	result->location = -1;
	return (Node *) result;
}

static Node *
cast_by(Oid function, Node *value)
{
	return (Node *) makeFuncExpr(function, get_func_rettype(function), list_make1(value),
								 InvalidOid, InvalidOid, COERCE_EXPLICIT_CAST);
}

/* the moment by the model's own calendar and clock */
static Node *
local_time(const char *time_zone)
{
	Const	   *zone = makeConst(TEXTOID, -1, DEFAULT_COLLATION_OID, -1,
								 CStringGetTextDatum(time_zone), false, false);

	return (Node *) makeFuncExpr(F_TIMEZONE_TEXT_TIMESTAMPTZ, TIMESTAMPOID,
								 list_make2(zone, as_of()), InvalidOid,
								 DEFAULT_COLLATION_OID, COERCE_SQL_SYNTAX);
}

static Node *
local_date(const char *time_zone)
{
	return cast_by(F_DATE_TIMESTAMP, local_time(time_zone));
}

/* with as many decimals of a second as were asked for */
static Node *
rounded(Node *value, Oid function, int32 typmod)
{
	Const	   *precision = makeConst(INT4OID, -1, InvalidOid, sizeof(int32),
									  Int32GetDatum(typmod), false, true);

	if (typmod < 0)
		return value;
	return (Node *) makeFuncExpr(function, get_func_rettype(function),
								 list_make2(value, precision),
								 InvalidOid, InvalidOid, COERCE_EXPLICIT_CAST);
}

static Node *
bind_keyword(SQLValueFunction *keyword, const char *time_zone)
{
	switch (keyword->op)
	{
		case SVFOP_CURRENT_DATE:
			return local_date(time_zone);
		case SVFOP_CURRENT_TIMESTAMP:
		case SVFOP_CURRENT_TIMESTAMP_N:
			return rounded(as_of(), F_TIMESTAMPTZ_TIMESTAMPTZ_INT4, keyword->typmod);
		case SVFOP_LOCALTIMESTAMP:
		case SVFOP_LOCALTIMESTAMP_N:
			return rounded(local_time(time_zone), F_TIMESTAMP_TIMESTAMP_INT4, keyword->typmod);
		case SVFOP_LOCALTIME:
		case SVFOP_LOCALTIME_N:
			return rounded(cast_by(F_TIME_TIMESTAMP, local_time(time_zone)),
						   F_TIME_TIME_INT4, keyword->typmod);
		case SVFOP_CURRENT_TIME:
		case SVFOP_CURRENT_TIME_N:
			return rounded(cast_by(F_TIMETZ_TIMESTAMPTZ, as_of()),
						   F_TIMETZ_TIMETZ_INT4, keyword->typmod);
		default:
			elog(ERROR, "unexpected keyword in a rule: %d", (int) keyword->op);
	}
}

/* age(moment) counts from the midnight that began the current day */
static Node *
bind_function(FuncExpr *call, const char *time_zone)
{
	switch (call->funcid)
	{
		case F_AGE_TIMESTAMP:
			return (Node *) makeFuncExpr(F_AGE_TIMESTAMP_TIMESTAMP, INTERVALOID,
										 lcons(cast_by(F_TIMESTAMP_DATE, local_date(time_zone)), call->args),
										 InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL);
		case F_AGE_TIMESTAMPTZ:
			return (Node *) makeFuncExpr(F_AGE_TIMESTAMPTZ_TIMESTAMPTZ, INTERVALOID,
										 lcons(cast_by(F_TIMESTAMPTZ_DATE, local_date(time_zone)), call->args),
										 InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL);
		default:
			return as_of();
	}
}

static Node *
bind_mutator(Node *node, void *context)
{
	if (node == NULL)
		return NULL;
	node = expression_tree_mutator(node, bind_mutator, context);
	if (IsA(node, SQLValueFunction))
		return bind_keyword((SQLValueFunction *) node, context);
	if (IsA(node, FuncExpr) && rule_function_asks_clock(((FuncExpr *) node)->funcid))
		return bind_function((FuncExpr *) node, context);
	return node;
}

/* variables, and what stands for the value that a surrounding node hands in */
static bool
depends_on_row(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Var) || IsA(node, CaseTestExpr) || IsA(node, CoerceToDomainValue))
		return true;
	return expression_tree_walker(node, depends_on_row, context);
}

static bool
has_parameter(Node *node, void *context)
{
	if (node == NULL)
		return false;
	return IsA(node, Param) || expression_tree_walker(node, has_parameter, context);
}

static Node *
scalar_subquery(Node *expr)
{
	Query	   *query = makeNode(Query);
	SubLink    *result = makeNode(SubLink);

	query->commandType = CMD_SELECT;
	query->canSetTag = true;
	query->targetList = list_make1(makeTargetEntry((Expr *) expr, 1, pstrdup("?column?"), false));
	query->jointree = makeFromExpr(NIL, NULL);
	result->subLinkType = EXPR_SUBLINK;
	result->subselect = (Node *) query;
	result->location = -1;
	return (Node *) result;
}

/*
 * What is the same for all rows, but no constant to the planner, it would have
 * computed for each row anew: in a subquery it is computed once.
 */
static Node *
once_mutator(Node *node, void *context)
{
	if (node == NULL || IsA(node, Param))
		return node;
	if (!IsA(node, List) && !IsA(node, CaseWhen) && !depends_on_row(node, NULL) &&
		(has_parameter(node, NULL) || contain_mutable_functions(node)))
		return scalar_subquery(node);
	return expression_tree_mutator(node, once_mutator, context);
}

/* for a condition without in_segment */
Node *
rule_bind_clock(Node *expr, const char *time_zone)
{
	return once_mutator(bind_mutator(expr, (void *) time_zone), NULL);
}
