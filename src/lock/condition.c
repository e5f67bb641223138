/*
 * condition.c: locks_when and running_when, boolean expressions over one
 * subscription.
 */
#include "segmentation.h"

#include "access/relation.h"
#include "catalog/namespace.h"
#include "funcapi.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_clause.h"
#include "parser/parse_collate.h"
#include "parser/parse_relation.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"

#include "expression.h"
#include "names.h"
#include "option.h"
#include "owner.h"
#include "refusal.h"
#include "relation.h"
#include "lock/installed.h"
#include "rule/normal.h"

typedef struct KeptCondition
{
	const LockDefinition *def;
	const char *condition;
} KeptCondition;

static Node *
parse_expression(ParseState *pstate, const char *condition)
{
	bool		is_empty;
	int			excess;
	Node	   *expr = expression_parse(condition, &is_empty, &excess);

	if (is_empty)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("condition of a lock is empty"),
				 errdetail("A condition that is left out holds of every subscription.")));
	if (expr == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("condition of a lock is not a single expression: %s", condition),
				 parser_errposition(pstate, excess)));
	return expr;
}

/*
 * A virtual generated column has no value in the rows that triggers get, so a
 * condition over it would never hold.
 */
static void
check_condition_columns(Relation rel, Node *expr, const char *condition)
{
	ListCell   *cell;

	foreach(cell, expression_columns(expr))
	{
		AttrNumber	attnum = lfirst_int(cell);

		if (attnum <= 0)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("condition of a lock uses a system column or the whole row: %s", condition),
					 errhint("Name the columns that it depends on.")));
		lock_refuse_virtual(rel, attnum);
	}
}

/* a NULL of unknown type in place of each string: it is resolved alike, and nothing reads it */
static bool
empty_strings(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, A_Const))
	{
		A_Const    *constant = (A_Const *) node;

		constant->isnull |= IsA(&constant->val, String);
		return false;
	}
	return raw_expression_tree_walker(node, empty_strings, context);
}

static Node *
transform_condition(Relation rel, const char *condition, bool without_strings)
{
	ParseState *pstate = make_parsestate(NULL);
	ParseNamespaceItem *item;
	Node	   *expr;

	pstate->p_sourcetext = condition;
	item = addRangeTableEntryForRelation(pstate, rel, AccessShareLock,
										 makeAlias("s", NIL), false, false);
	addNSItemToQuery(pstate, item, false, true, true);
	expr = parse_expression(pstate, condition);
	if (without_strings)
		(void) empty_strings(expr, NULL);
	expr = transformWhereClause(pstate, expr, EXPR_KIND_TRIGGER_WHEN, "locks_when or running_when");
	assign_expr_collations(pstate, expr);
	free_parsestate(pstate);
	return expr;
}

/*
 * The analysed condition over the relation, its columns as variables of range
 * table entry 1.  Names are resolved by the search_path of the moment.
 */
static Node *
analyse_condition(Relation rel, const List *evaluators, const char *condition)
{
	Node	   *expr;

	lock_check_authors(rel, evaluators, transform_condition(rel, condition, true));
	expr = transform_condition(rel, condition, false);
	lock_check_authors(rel, evaluators, expr);
	expr = rule_normalise(expr);

	check_condition_columns(rel, expr, condition);
	if (contain_volatile_functions(expr))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("condition of a lock uses a volatile function: %s", condition),
				 errdetail("Its answer for a subscription would differ from one evaluation to the next.")));
	return expr;
}

/* the schemas that are searched, by their names: "$user" is the user of the moment */
static char *
search_path_now(void)
{
	List	   *names = NIL;
	ListCell   *cell;

	foreach(cell, fetch_search_path(false))
	{
		char	   *name = get_namespace_name(lfirst_oid(cell));

		if (name)
			names = lappend(names, unconstify(char *, quote_identifier(name)));
	}
	return names ? names_join(names, ", ") : "\"\"";
}

/*
 * Reading a literal of a domain, or of what holds one, runs the domain's CHECK: as
 * the owner of the subscriptions, whoever asks, once it is known that nothing is
 * named of who lacks the owner's rights.  Anybody may ask about any table.
 */
static Node *
parse_as_owner(Relation rel, const List *evaluators, const char *condition)
{
	int			save_nestlevel = NewGUCNestLevel();
	CallingUser self;
	Node	   *expr;

	set_option("search_path", search_path_now());
	set_option("transform_null_equals", "off");
	self = become_owner(rel->rd_rel->relowner);
	restrict_operation();
	expr = analyse_condition(rel, evaluators, condition);
	become_self(self);
	AtEOXact_GUC(false, save_nestlevel);
	return expr;
}

static void
explain_kept_condition(void *arg)
{
	const KeptCondition *kept = arg;

	expression_point_into(kept->condition);
	errcontext("condition %s of the lock of %s", kept->condition, kept->def->customers);
	if (geterrcode() != ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE)	/* author.c has its own */
		lock_errhint_change(kept->def);
}

/* the same of a condition that a trigger has kept: what it names may be gone */
Node *
lock_condition_parse_kept(const LockDefinition *def, Relation rel, const char *condition)
{
	KeptCondition kept = {def, condition};
	ErrorContextCallback callback = {error_context_stack, explain_kept_condition, &kept};
	Node	   *expr;

	error_context_stack = &callback;
	expr = parse_as_owner(rel, def->evaluators, condition);
	error_context_stack = callback.previous;
	return expr;
}

/* lock_check_conditions(arguments, subscriptions): whether those of a trigger can still be read */
PG_FUNCTION_INFO_V1(lock_check_conditions);
Datum
lock_check_conditions(PG_FUNCTION_ARGS)
{
	ErrorContextCallback *context = context_hide_own();
	LockDefinition *def = lock_definition_parse_array(PG_GETARG_ARRAYTYPE_P(0));
	Relation	rel = relation_open_existing(PG_GETARG_OID(1), AccessShareLock);
	int			save_nestlevel = expression_enter_safe_path();

	if (def->locks_when)
		lock_condition_parse_kept(def, rel, def->locks_when);
	if (def->running_when)
		lock_condition_parse_kept(def, rel, def->running_when);
	AtEOXact_GUC(true, save_nestlevel);
	relation_close(rel, AccessShareLock);
	error_context_stack = context;
	PG_RETURN_VOID();
}

typedef struct GivenCondition
{
	const char *argument;
	const char *condition;
} GivenCondition;

/* errors say which argument it is, and where in it */
static void
point_into_argument(void *arg)
{
	const GivenCondition *given = arg;

	expression_point_into(given->condition);
	errcontext("argument %s of install_lock", given->argument);
	if (geterrcode() == ERRCODE_SYNTAX_ERROR)
		errhint("%s is one condition over the columns of a subscription, as after WHERE: for example, status <> 'draft'.",
				given->argument);
}

static Node *
parse_condition_argument(Relation rel, const GivenCondition *given)
{
	ErrorContextCallback callback = {error_context_stack, point_into_argument, (void *) given};
	Node	   *expr;

	error_context_stack = &callback;
	expr = parse_as_owner(rel, NIL, given->condition);
	error_context_stack = callback.previous;
	return expr;
}

static char *
lock_condition_text(Node *expr, Relation rel)
{
	return expression_deparse(expr, deparse_context_for("s", RelationGetRelid(rel)), true);
}

static void
explain_reading_back(void *kept)
{
	expression_point_into(kept);
	errhint("Compare values one by one, by operators and functions.");
	errcontext("reading back the condition as it would be kept: %s", (const char *) kept);
}

/* what is kept must mean the same where other schemas are searched */
static void
read_condition_back(Relation rel, Node *expr, const char *condition)
{
	char	   *kept = lock_condition_text(expr, rel);
	ErrorContextCallback callback = {error_context_stack, explain_reading_back, kept};
	int			save_nestlevel = expression_enter_safe_path();

	error_context_stack = &callback;
	if (!rule_is_same(parse_as_owner(rel, NIL, kept), expr))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("condition of a lock depends on the search_path: %s", condition)));
	error_context_stack = callback.previous;
	AtEOXact_GUC(true, save_nestlevel);
}

/*
 * lock_condition(table, condition, argument): the checked condition with every name
 * qualified, and the columns that it reads.
 */
PG_FUNCTION_INFO_V1(lock_condition);
Datum
lock_condition(PG_FUNCTION_ARGS)
{
	ErrorContextCallback *context = context_hide_own();
	Relation	rel = relation_open_existing(PG_GETARG_OID(0), AccessShareLock);
	GivenCondition given = {text_to_cstring(PG_GETARG_TEXT_PP(2)), text_to_cstring(PG_GETARG_TEXT_PP(1))};
	Node	   *expr = parse_condition_argument(rel, &given);
	TupleDesc	desc;
	Datum		values[2];
	bool		nulls[2] = {false, false};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	read_condition_back(rel, expr, given.condition);
	values[0] = CStringGetTextDatum(lock_condition_text(expr, rel));
	values[1] = names_to_array(expression_column_names(expr, rel));
	relation_close(rel, AccessShareLock);
	error_context_stack = context;
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
