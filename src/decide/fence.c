/*
 * fence.c: sources whose columns are computed once for each customer.
 *
 * The server puts the expression behind a view's column wherever the column is
 * read, and so evaluates it as often as rules read it.  Within a subquery that
 * it must not take apart it is evaluated once.
 */
#include "segmentation.h"

#include "access/relation.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteHandler.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "trial.h"
#include "decide/fence.h"
#include "model/model.h"

/* of the trial that is being run */
static struct
{
	bool		used;			/* a text with a fence was printed */
	bool		removed;		/* none is to be */
}			fence;

static bool column_is_computed(Oid relid, AttrNumber attnum);
static bool target_is_computed(Query *query, AttrNumber resno);

/* names of the source's columns, each as often as an expression reads it */
List *
fence_reads(Oid source, Node *expr)
{
	List	   *names = NIL;
	ListCell   *cell;

	foreach(cell, pull_var_clause(expr, 0))
	{
		names = lappend(names, get_attname(source, ((Var *) lfirst(cell))->varattno, false));
	}
	return names;
}

/* of a WITH query that may be read in place */
static bool
cte_is_computed(Query *query, RangeTblEntry *entry, AttrNumber attnum)
{
	ListCell   *cell;

	if (entry->ctelevelsup == 0 && !entry->self_reference)
	{
		foreach(cell, query->cteList)
		{
			CommonTableExpr *cte = lfirst(cell);

			if (strcmp(cte->ctename, entry->ctename) == 0 && IsA(cte->ctequery, Query))
				return !cte->cterecursive && target_is_computed((Query *) cte->ctequery, attnum);
		}
	}
	return true;
}

static bool expr_is_computed(Query *query, Node *expr);

/* VALUES of one row are put where they are read; of several they are there already */
static bool
value_is_computed(Query *query, RangeTblEntry *entry, AttrNumber attnum)
{
	return list_length(entry->values_lists) == 1 &&
		expr_is_computed(query, list_nth(linitial(entry->values_lists), attnum - 1));
}

static bool
expr_is_computed(Query *query, Node *expr)
{
	RangeTblEntry *entry;
	Var		   *var = (Var *) expr;

	check_stack_depth();
	while (IsA(expr, RelabelType))
		expr = (Node *) ((RelabelType *) expr)->arg;
	if (IsA(expr, Const))
		return false;
	var = (Var *) expr;
	if (!IsA(expr, Var) || var->varlevelsup > 0 || var->varattno <= 0)
		return true;
	entry = rt_fetch(var->varno, query->rtable);
	switch (entry->rtekind)
	{
		case RTE_RELATION:
			return column_is_computed(entry->relid, var->varattno);
		case RTE_SUBQUERY:
			return target_is_computed(entry->subquery, var->varattno);
		case RTE_JOIN:
			return expr_is_computed(query, list_nth(entry->joinaliasvars, var->varattno - 1));
		case RTE_CTE:
			return cte_is_computed(query, entry, var->varattno);
		case RTE_VALUES:
			return value_is_computed(query, entry, var->varattno);
		case RTE_FUNCTION:
		case RTE_TABLEFUNC:
			return true;		/* is called for each scan, or put in place */
		default:
			return false;		/* of rows that are there already */
	}
}

/* any part of a UNION */
static bool
part_is_computed(Query *query, AttrNumber resno)
{
	ListCell   *cell;

	foreach(cell, query->rtable)
	{
		RangeTblEntry *entry = lfirst(cell);

		if (entry->rtekind == RTE_SUBQUERY && target_is_computed(entry->subquery, resno))
			return true;
	}
	return false;
}

/* the server does not put such a query's expressions where its columns are read, but for conditions on them */
static bool
stands_alone(const Query *query)
{
	return query->hasAggs || query->hasWindowFuncs || query->hasTargetSRFs || query->groupClause ||
		query->groupingSets || query->havingQual || query->distinctClause || query->sortClause ||
		query->limitOffset || query->limitCount || query->hasModifyingCTE;
}

static bool
target_is_computed(Query *query, AttrNumber resno)
{
	ListCell   *cell;

	if (query->setOperations)
		return part_is_computed(query, resno);
	foreach(cell, query->targetList)
	{
		TargetEntry *target = lfirst(cell);

		if (target->resno != resno)
			continue;
		if (stands_alone(query))
			return !IsA(target->expr, Var) && !IsA(target->expr, Aggref) && !IsA(target->expr, WindowFunc);
		return expr_is_computed(query, (Node *) target->expr);
	}
	return true;
}

static bool
column_is_computed(Oid relid, AttrNumber attnum)
{
	Relation	rel = relation_open(relid, AccessShareLock);
	bool		result;

	if (rel->rd_rel->relkind == RELKIND_VIEW)
		result = target_is_computed(get_view_query(rel), attnum);
	else
		result = is_virtual_column(TupleDescAttr(RelationGetDescr(rel), attnum - 1));
	relation_close(rel, NoLock);
	return result;
}

static bool
is_among(const char *name, const List *names, int before)
{
	for (int i = 0; i < before; i++)
		if (strcmp(list_nth(names, i), name) == 0)
			return true;
	return false;
}

/* whether something is computed that is read more than once */
static bool
reads_repeat(const Model *model, const List *reads)
{
	ListCell   *cell;

	foreach(cell, reads)
	{
		if (is_among(lfirst(cell), reads, foreach_current_index(cell)) &&
			column_is_computed(model->source, get_attnum(model->source, lfirst(cell))))
			return true;
	}
	return false;
}

bool
fence_is_needed(const Model *model, const List *reads)
{
	if (fence.removed || !reads_repeat(model, reads))
		return false;
	fence.used = true;
	return true;
}

/* of a text that was printed before the trial, with the fence and without */
char *
fence_choose(char *with, char *without)
{
	if (fence.removed || strcmp(with, without) == 0)
		return without;
	fence.used = true;
	return with;
}

/*
 * What evaluates rules over the source.  An error may be of a column that is
 * asked for where it is computed only behind a rule's guard, so that it is run
 * again without the fence; the error of that is returned, NULL if there is none.
 */
ErrorData *
fence_trial(TrialFunction work, void *arg)
{
	bool		used_outside = fence.used;
	bool		removed_outside = fence.removed;
	ErrorData  *error;

	fence.used = false;
	PG_TRY();
	{
		error = trial_run(work, arg, true);
		if (error && fence.used && is_rules_error(error->sqlerrcode))
		{
			fence.removed = true;
			error = trial_run(work, arg, true);
		}
	}
	PG_FINALLY();
	{
		fence.used |= used_outside;
		fence.removed = removed_outside;
	}
	PG_END_TRY();
	return error;
}

/* "source.id, source.revenue": the key and what is read, once */
static char *
columns_text(const Model *model, const List *reads)
{
	List	   *names = list_concat(list_copy(model->key), reads);
	StringInfoData buf;
	ListCell   *cell;

	initStringInfo(&buf);
	foreach(cell, names)
	{
		if (!is_among(lfirst(cell), names, foreach_current_index(cell)))
			appendStringInfo(&buf, "%ssource.%s", buf.len > 0 ? ", " : "", quote_identifier(lfirst(cell)));
	}
	return buf.data;
}

/*
 * What stands in FROM for the source, under that name, where what is read needs
 * a fence.  "which" is a condition for it, or NULL; "keys" a relation with the
 * keys of those who are wanted, or NULL: neither could reach into the subquery.
 */
char *
fence_text(const Model *model, const List *reads, const char *which, const char *keys)
{
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfo(&buf, "(SELECT %s FROM %s AS source", columns_text(model, reads), relation_name(model->source));
	if (keys)
		appendStringInfo(&buf, " JOIN %s AS segmentation_wanted ON %s", keys,
						 model_key_match(model, "segmentation_wanted", "source"));
	if (which)
		appendStringInfo(&buf, " WHERE %s", which);
	appendStringInfoString(&buf, " OFFSET 0) AS source");
	return buf.data;
}
