/*
 * operators.c: the operators of expressions, to be compared.
 */
#include "segmentation.h"

#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"

#include "define/define.h"
#include "restore/operators.h"

bool
collect_operators(Node *node, List **operators)
{
	if (node == NULL)
		return false;
	if (IsA(node, OpExpr) || IsA(node, DistinctExpr) || IsA(node, NullIfExpr))
		*operators = lappend_oid(*operators, ((OpExpr *) node)->opno);
	else if (IsA(node, ScalarArrayOpExpr))
		*operators = lappend_oid(*operators, ((ScalarArrayOpExpr *) node)->opno);
	else if (IsA(node, RowCompareExpr))
		*operators = list_concat_copy(*operators, ((RowCompareExpr *) node)->opnos);
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, collect_operators, operators, QTW_IGNORE_JOINALIASES);
	return expression_tree_walker(node, collect_operators, operators);
}

/* those of every expression that the catalog keeps of the object */
List *
kept_operators(Relation catalog, HeapTuple tuple)
{
	TupleDesc	desc = RelationGetDescr(catalog);
	List	   *operators = NIL;

	for (int i = 1; i <= desc->natts; i++)
	{
		bool		isnull;
		Datum		value = heap_getattr(tuple, i, desc, &isnull);

		if (!isnull && TupleDescAttr(desc, i - 1)->atttypid == PG_NODE_TREEOID)
			(void) collect_operators(stringToNode(TextDatumGetCString(value)), &operators);
	}
	list_sort(operators, list_oid_cmp);
	return operators;
}
