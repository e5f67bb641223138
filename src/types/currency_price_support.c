/*
 * currency_price_support.c: < <= > >= as a range of an ordinary index.
 *
 * They are in no operator class, as they are unknown across currencies.  What
 * they are true of is one stretch of the total order all the same: from the
 * value to the end of its currency, or from that currency's beginning.
 */
#include "segmentation.h"

#include "catalog/pg_am.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/pathnodes.h"
#include "nodes/supportnodes.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "types/currency_price.h"

extern Datum currency_price_lt(PG_FUNCTION_ARGS);
extern Datum currency_price_le(PG_FUNCTION_ARGS);
extern Datum currency_price_gt(PG_FUNCTION_ARGS);
extern Datum currency_price_ge(PG_FUNCTION_ARGS);
extern Datum currency_price_total_lt(PG_FUNCTION_ARGS);
extern Datum currency_price_total_le(PG_FUNCTION_ARGS);
extern Datum currency_price_total_gt(PG_FUNCTION_ARGS);
extern Datum currency_price_total_ge(PG_FUNCTION_ARGS);

/* by strategy number less one; names and OIDs are the user's to change */
static const PGFunction comparisons[BTMaxStrategyNumber] = {
	currency_price_lt, currency_price_le, NULL, currency_price_ge, currency_price_gt
};
static const PGFunction total_comparisons[BTMaxStrategyNumber] = {
	currency_price_total_lt, currency_price_total_le, NULL, currency_price_total_ge, currency_price_total_gt
};

static Datum
end_of_currency(const CurrencyPrice *price, bool highest)
{
	CurrencyPrice *result = palloc(sizeof(CurrencyPrice));
	int64		most = PRICE_MANTISSA_LIMIT - 1;

	price_set(result, highest ? most : -most, 0, price_code(price));
	return CurrencyPricePGetDatum(result);
}

PG_FUNCTION_INFO_V1(currency_lowest);
Datum
currency_lowest(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(end_of_currency(PG_GETARG_CURRENCY_PRICE_P(0), false));
}

PG_FUNCTION_INFO_V1(currency_highest);
Datum
currency_highest(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(end_of_currency(PG_GETARG_CURRENCY_PRICE_P(0), true));
}

static bool
is_function(Oid funcid, PGFunction function)
{
	FmgrInfo	info;

	fmgr_info(funcid, &info);
	return info.fn_addr == function;
}

/* InvalidStrategy where the function is none of ours */
StrategyNumber
price_comparison_strategy(Oid funcid)
{
	for (int i = 0; i < BTMaxStrategyNumber; i++)
		if (comparisons[i] && is_function(funcid, comparisons[i]))
			return i + 1;
	return InvalidStrategy;
}

/* the operator of the index, InvalidOid where the index has another order */
static Oid
index_operator(SupportRequestIndexCondition *req, StrategyNumber strategy)
{
	Oid			type = req->index->opcintype[req->indexcol];
	Oid			operator = get_opfamily_member(req->opfamily, type, type, strategy);

	if (OidIsValid(operator) && is_function(get_opcode(operator), total_comparisons[strategy - 1]))
		return operator;
	return InvalidOid;
}

/* the extension's function that the name had when it was created */
static Oid
sibling_function(Oid funcid, const char *name, PGFunction function)
{
	Oid		   *types;
	int			count;
	Oid			found;

	(void) get_func_signature(funcid, &types, &count);
	found = GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum(name),
							PointerGetDatum(buildoidvector(types, 1)),
							ObjectIdGetDatum(get_func_namespace(funcid)));
	return OidIsValid(found) && is_function(found, function) ? found : InvalidOid;
}

/* the end of the currency that value is in; NULL where that can't be said */
static Expr *
make_end(Oid funcid, Expr *value, bool highest)
{
	Oid			function;

	if (IsA(value, Const))
	{
		Const	   *end = copyObject((Const *) value);

		end->constvalue = end_of_currency(DatumGetCurrencyPriceP(end->constvalue), highest);
		return (Expr *) end;
	}
	function = highest ? sibling_function(funcid, "currency_highest", currency_highest)
		: sibling_function(funcid, "currency_lowest", currency_lowest);
	if (!OidIsValid(function))
		return NULL;
	return (Expr *) makeFuncExpr(function, exprType((Node *) value), list_make1(copyObject(value)),
								 InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL);
}

static Expr *
make_condition(Oid operator, Expr *key, Expr *value)
{
	return make_opclause(operator, BOOLOID, false, key, value, InvalidOid, InvalidOid);
}

/* the two conditions that together are the clause "key comparison value" */
static List *
index_conditions(SupportRequestIndexCondition *req, StrategyNumber strategy, Expr *key, Expr *value)
{
	bool		below = strategy <= BTLessEqualStrategyNumber;
	Oid			operator = index_operator(req, strategy);
	Oid			end_operator = index_operator(req, below ? BTGreaterEqualStrategyNumber : BTLessEqualStrategyNumber);
	Expr	   *end;

	if (!OidIsValid(operator) || !OidIsValid(end_operator))
		return NIL;
	if (IsA(value, Const) && ((Const *) value)->constisnull)
		return NIL;
	end = make_end(req->funcid, value, !below);
	if (end == NULL)
		return NIL;
	return list_make2(make_condition(operator, key, value), make_condition(end_operator, key, end));
}

/* the operator's arguments, or those of the function where that was called */
static List *
clause_arguments(Node *clause)
{
	if (is_opclause(clause))
		return ((OpExpr *) clause)->args;
	if (is_funcclause(clause))
		return ((FuncExpr *) clause)->args;
	return NIL;
}

PG_FUNCTION_INFO_V1(currency_price_support);
Datum
currency_price_support(PG_FUNCTION_ARGS)
{
	SupportRequestIndexCondition *req = (SupportRequestIndexCondition *) PG_GETARG_POINTER(0);
	StrategyNumber strategy;
	List	   *args;
	List	   *conditions;
	Expr	   *value;

	if (!IsA(req, SupportRequestIndexCondition) || req->index->relam != BTREE_AM_OID)
		PG_RETURN_POINTER(NULL);
	strategy = price_comparison_strategy(req->funcid);
	args = clause_arguments(req->node);
	if (strategy == InvalidStrategy || list_length(args) != 2)
		PG_RETURN_POINTER(NULL);
	value = list_nth(args, 1 - req->indexarg);
	if (!is_pseudo_constant_for_index(req->root, (Node *) value, req->index))
		PG_RETURN_POINTER(NULL);
	if (req->indexarg == 1)
		strategy = BTMaxStrategyNumber + 1 - strategy;
	conditions = index_conditions(req, strategy, list_nth(args, req->indexarg), value);
	/* where the clause is false or unknown, one of the conditions is not true */
	req->lossy = false;
	PG_RETURN_POINTER(conditions);
}
