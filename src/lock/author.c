/*
 * author.c: whether a condition names nothing of roles that lack the rights with
 * which it is evaluated.
 *
 * A trigger does not record who has made it, and the owner of its table need not
 * have: TRIGGER is a privilege that can be granted.  So what a condition names must
 * belong to roles that have the rights of who evaluates it anyway.  It is asked
 * when a lock is loaded, before anything of the condition runs.
 */
#include "segmentation.h"

#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "utils/syscache.h"

#include "lock/installed.h"

typedef struct AuthorCheck
{
	Relation	rel;
	Oid			evaluator;
} AuthorCheck;

pg_noreturn static void
refuse_author(const AuthorCheck *check, const char *kind, const char *name, Oid owner)
{
	const char *evaluator = GetUserNameFromId(check->evaluator, false);

	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("condition of a lock names %s %s of a role without the rights of role \"%s\"", kind, name, evaluator),
			 errdetail("It belongs to \"%s\", and the condition is evaluated as \"%s\", whoever has made the trigger that has it.",
					   GetUserNameFromId(owner, true), evaluator),
			 errhint("If you trust what it does, let it belong to that role: ALTER %s %s OWNER TO %s;", strcmp(kind, "type") == 0 ? "TYPE" : "FUNCTION", name,
					 quote_identifier(evaluator))));
	pg_unreachable();
}

/* they run queries over tables and views that are named by their arguments */
static bool
runs_queries(Oid function)
{
	switch (function)
	{
		case F_TABLE_TO_XML:
		case F_TABLE_TO_XML_AND_XMLSCHEMA:
		case F_SCHEMA_TO_XML:
		case F_SCHEMA_TO_XML_AND_XMLSCHEMA:
		case F_DATABASE_TO_XML:
		case F_DATABASE_TO_XML_AND_XMLSCHEMA:
			return true;
		default:
			return false;
	}
}

static bool
check_author_of_function(Oid function, void *context)
{
	const AuthorCheck *check = context;
	Oid			owner;

	if (runs_queries(function))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("condition of a lock uses a function that runs queries: %s", format_procedure(function))));
	if (function < FirstNormalObjectId)
		return false;
	owner = owner_of_object(PROCOID, Anum_pg_proc_proowner, function);
	if (!has_privs_of_role(owner, check->evaluator))
		refuse_author(check, "function", format_procedure_qualified(function), owner);
	return false;
}

/* the owner of a table has chosen what its columns are of */
static bool
is_type_of_column(Relation rel, Oid type)
{
	TupleDesc	desc = RelationGetDescr(rel);

	for (int i = 0; i < desc->natts; i++)
	{
		Oid			column = TupleDescAttr(desc, i)->atttypid;

		if (column == type || getBaseType(column) == type || get_base_element_type(column) == type)
			return true;
	}
	return false;
}

/* whoever owns a type has written the CHECK of a domain, and casts that others' functions find */
static void
check_author_of_type(const AuthorCheck *check, Oid type)
{
	Oid			owner;

	if (type < FirstNormalObjectId || is_type_of_column(check->rel, type))
		return;
	owner = owner_of_object(TYPEOID, Anum_pg_type_typowner, type);
	if (!has_privs_of_role(owner, check->evaluator))
		refuse_author(check, "type", format_type_extended(type, -1, FORMAT_TYPE_FORCE_QUALIFY), owner);
}

static bool
author_walker(Node *node, void *check)
{
	if (node == NULL)
		return false;
	if (!IsA(node, List) && !IsA(node, CaseWhen))
		check_author_of_type(check, exprType(node));
	(void) check_functions_in_node(node, check_author_of_function, check);
	return expression_tree_walker(node, author_walker, check);
}

/* a function that finds what it names only when it runs, by the search_path of the moment */
static bool
is_in_language(Oid function, void *context)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Oid			language;

	if (!HeapTupleIsValid(tuple))
		return true;
	language = ((Form_pg_proc) GETSTRUCT(tuple))->prolang;
	ReleaseSysCache(tuple);
	return language != INTERNALlanguageId && language != ClanguageId;
}

static bool
code_walker(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, CoerceToDomain) || check_functions_in_node(node, is_in_language, NULL))
		return true;
	if (!IsA(node, List) && !IsA(node, CaseWhen) && exprType(node) >= FirstNormalObjectId &&
		(type_is_range(exprType(node)) || type_is_multirange(exprType(node))))
		return true;
	return expression_tree_walker(node, code_walker, context);
}

/* whether a condition calls more than C: functions in other languages, checks of domains, canonical forms of ranges */
bool
lock_runs_code(Node *expr)
{
	return code_walker(expr, NULL);
}

/* as the owner of the table, and as the others as whom the lock evaluates it */
void
lock_check_authors(Relation rel, const List *evaluators, Node *expr)
{
	AuthorCheck check = {rel, rel->rd_rel->relowner};
	ListCell   *cell;

	(void) author_walker(expr, &check);
	foreach(cell, evaluators)
	{
		check.evaluator = lfirst_oid(cell);
		(void) author_walker(expr, &check);
	}
}
