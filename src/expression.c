/*
 * expression.c: boolean expressions over a table's columns that users write as
 * text, and that are kept as text.
 */
#include "segmentation.h"

#include "access/htup_details.h"
#include "access/sysattr.h"
#include "catalog/pg_operator.h"
#include "nodes/parsenodes.h"
#include "optimizer/optimizer.h"
#include "parser/parser.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"
#include "utils/syscache.h"

#include "expression.h"
#include "option.h"

/*
 * Expressions are kept with every name qualified but the system's own, and with
 * literals in which a backslash is just that, and a NULL in an array no word.
 * Returns the level to leave with AtEOXact_GUC.
 */
int
expression_enter_safe_path(void)
{
	int			save_nestlevel = NewGUCNestLevel();

	set_option("search_path", "pg_catalog, pg_temp");
	set_option("standard_conforming_strings", "on");
	set_option("array_nulls", "on");
	return save_nestlevel;
}

/*
 * Positions of errors are in the text of the expression, whatever statement
 * brought it.
 */
void
expression_point_into(const char *text)
{
	int			position = geterrposition();

	if (position > 0)
	{
		errposition(0);
		internalerrposition(position);
		internalerrquery(text);
	}
}

/* a bare star is no expression, and only a target list can have it */
static bool
is_star(Node *target)
{
	return IsA(target, ColumnRef) &&
		IsA(llast(castNode(ColumnRef, target)->fields), A_Star);
}

static bool
is_single_expression(SelectStmt *select)
{
	return list_length(select->targetList) == 1 &&
		linitial_node(ResTarget, select->targetList)->name == NULL &&
		!is_star(linitial_node(ResTarget, select->targetList)->val) &&
		select->distinctClause == NIL &&
		select->fromClause == NIL && select->whereClause == NULL &&
		select->groupClause == NIL && select->havingClause == NULL &&
		select->windowClause == NIL && select->sortClause == NIL &&
		select->limitOffset == NULL && select->limitCount == NULL &&
		select->lockingClause == NIL;
}

/* the second of several targets, or the one that is more than an expression */
static int
excess_location(SelectStmt *select)
{
	return select->targetList ? linitial_node(ResTarget, list_copy_tail(select->targetList,
																		list_length(select->targetList) > 1))->location : -1;
}

/*
 * The one expression of a text, whatever parentheses or comments it tries; NULL
 * where there is none or more beside it.  The server's grammar starts at what
 * may follow SELECT, so that positions are those of the text, and a second
 * statement is a syntax error.
 */
Node *
expression_parse(const char *text, bool *is_empty, int *excess)
{
	RawStmt    *statement = linitial_node(RawStmt, raw_parser(text, RAW_PARSE_PLPGSQL_EXPR));
	SelectStmt *select = castNode(SelectStmt, statement->stmt);

	*excess = excess_location(select);
	*is_empty = equal(select, makeNode(SelectStmt));
	if (!is_single_expression(select))
		return NULL;
	return linitial_node(ResTarget, select->targetList)->val;
}

/* as text that means the same in sessions with settings of their own */
char *
expression_deparse(Node *expr, List *context, bool prefixed)
{
	int			save_nestlevel = expression_enter_safe_path();
	char	   *result;

	set_option("datestyle", "ISO");
	set_option("intervalstyle", "postgres");
	set_option("extra_float_digits", "3");
	set_option("quote_all_identifiers", "off");
	result = deparse_expression(expr, context, prefixed, false);
	AtEOXact_GUC(true, save_nestlevel);
	return result;
}

/*
 * Numbers of the columns that it reads of range table entry 1, in their order;
 * 0 and less for the whole row and system columns.
 */
List *
expression_columns(Node *expr)
{
	Bitmapset  *columns = NULL;
	List	   *result = NIL;
	int			i = -1;

	pull_varattnos(expr, 1, &columns);
	while ((i = bms_next_member(columns, i)) >= 0)
		result = lappend_int(result, i + FirstLowInvalidHeapAttributeNumber);
	return result;
}

/* of one that reads no whole row and no system column */
List *
expression_column_names(Node *expr, Relation rel)
{
	List	   *result = NIL;
	ListCell   *cell;

	foreach(cell, expression_columns(expr))
	{
		result = lappend(result, pstrdup(NameStr(TupleDescAttr(RelationGetDescr(rel), lfirst_int(cell) - 1)->attname)));
	}
	return result;
}

/* an operator as queries name it, whatever the search_path */
char *
expression_operator(Oid operid)
{
	StringInfoData buf;
	Oid			left;
	Oid			right;

	initStringInfo(&buf);
	op_input_types(operid, &left, &right);
	generate_operator_clause(&buf, "", left, operid, "", right);
	buf.data[--buf.len] = '\0'; /* a blank stands on either side */
	return buf.data + 1;
}
