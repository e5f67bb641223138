/*
 * rule_currency.c: where a rule compares prices of two currencies, which is
 * neither more nor less but unknown.
 */
#include "segmentation.h"

#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "names.h"
#include "rule/rule.h"

typedef struct ClashSearch
{
	const Rule *rule;
	List	   *clashes;
} ClashSearch;

static bool
is_price(Node *node)
{
	char	   *name = format_type_extended(exprType(node), -1, FORMAT_TYPE_FORCE_QUALIFY);
	char	   *dot = strrchr(name, '.');

	return dot && strcmp(dot + 1, "currency_price") == 0;
}

/* < <= > >= and nothing else that compares */
static bool
compares_prices(Oid operator, List *args)
{
	char	   *name = get_opname(operator);

	return list_length(args) == 2 && is_price(linitial(args)) && name &&
		(strcmp(name, "<") == 0 || strcmp(name, "<=") == 0 ||
		 strcmp(name, ">") == 0 || strcmp(name, ">=") == 0);
}

/* the function that tells a price's currency lies where its type does */
static char *
currency_function(Node *price)
{
	return quote_qualified_identifier(get_namespace_name(rule_type_namespace(exprType(price))), "currency");
}

static void
append_clash(ClashSearch *search, char *condition)
{
	if (!names_contain(search->clashes, condition))
		search->clashes = lappend(search->clashes, condition);
}

static bool
clash_walker(Node *node, void *context)
{
	ClashSearch *search = context;
	OpExpr	   *op = (OpExpr *) node;
	ScalarArrayOpExpr *any = (ScalarArrayOpExpr *) node;
	char	   *function;

	if (node == NULL)
		return false;
	if (IsA(node, OpExpr) && compares_prices(op->opno, op->args))
	{
		function = currency_function(linitial(op->args));
		append_clash(search, psprintf("(%s(%s) OPERATOR(pg_catalog.<>) %s(%s))",
									  function, rule_condition_text(search->rule, linitial(op->args)),
									  function, rule_condition_text(search->rule, lsecond(op->args))));
	}
	if (IsA(node, ScalarArrayOpExpr) && compares_prices(any->opno, any->args))
	{
		function = currency_function(linitial(any->args));
		append_clash(search, psprintf("(EXISTS (SELECT FROM pg_catalog.unnest(%s) AS element(price)"
									  " WHERE %s(element.price) OPERATOR(pg_catalog.<>) %s(%s)))",
									  rule_condition_text(search->rule, lsecond(any->args)), function, function,
									  rule_condition_text(search->rule, linitial(any->args))));
	}
	return expression_tree_walker(node, clash_walker, context);
}

/*
 * SQL conditions that are true for a row where a comparison of the rule meets
 * two currencies.
 */
List *
rule_currency_clashes(const Rule *rule)
{
	ClashSearch search = {rule, NIL};

	(void) clash_walker(rule->expr, &search);
	return search.clashes;
}
