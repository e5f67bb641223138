/*
 * rule_parse.c: a rule's text becomes a checked expression.
 */
#include "segmentation.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "nodes/nodeFuncs.h"
#include "parser/parse_coerce.h"
#include "parser/parse_collate.h"
#include "parser/parse_expr.h"
#include "parser/parse_relation.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"
#include "utils/syscache.h"

#include "expression.h"
#include "option.h"
#include "relation.h"
#include "trial.h"
#include "rule/normal.h"
#include "rule/rule.h"
#include "rule/rule_check.h"

#define RULE_HINT "A rule is one condition over the columns of the source, as after WHERE: for example, country = 'FR' AND employees > 1000."

typedef struct RuleText
{
	const char *text;
	bool		names_price;	/* it may compare one */
} RuleText;

/* looked up beforehand, as an error callback cannot */
static bool
text_names_price(const char *text, Relation rel)
{
	Oid			price = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum("currency_price"),
										ObjectIdGetDatum(rule_extension_schema()));

	for (int i = 0; i < RelationGetNumberOfAttributes(rel); i++)
	{
		Form_pg_attribute attr = TupleDescAttr(RelationGetDescr(rel), i);

		if (attr->atttypid == price && !attr->attisdropped && strstr(text, NameStr(attr->attname)))
			return true;
	}
	return false;
}

/* what the server finds wrong with a literal is an error of the definition */
static void
point_into_rule(void *arg)
{
	const RuleText *rule = arg;
	int			code = geterrcode();

	expression_point_into(rule->text);
	if (code == ERRCODE_SYNTAX_ERROR)
		errhint(RULE_HINT);
	if (code == ERRCODE_UNDEFINED_FUNCTION && rule->names_price)
		errhint("A price is compared with a price: write revenue > '300 EUR' rather than revenue > 300.");
	if (ERRCODE_TO_CATEGORY(code) == ERRCODE_DATA_EXCEPTION ||
		ERRCODE_TO_CATEGORY(code) == ERRCODE_FEATURE_NOT_SUPPORTED ||
		ERRCODE_TO_CATEGORY(code) == ERRCODE_INVALID_SCHEMA_NAME)
		errcode(ERRCODE_INVALID_OBJECT_DEFINITION);
}

/* types and functions of ours can be named without a schema, after the user's */
static void
extend_search_path(void)
{
	const char *path = GetConfigOption("search_path", false, false);
	const char *schema = quote_identifier(get_namespace_name(rule_extension_schema()));

	path += strspn(path, " \t\n\r\f\v");
	set_option("search_path", psprintf("%s%s%s, segmentation", path, *path ? ", " : "", schema));
}

static void
limit_search_path(void)
{
	set_option("search_path", "pg_catalog, pg_temp");
}

/* the source as the only table, under its own name */
static ParseState *
rule_parse_state(Relation rel, const char *text)
{
	ParseState *pstate = make_parsestate(NULL);

	pstate->p_sourcetext = text;
	addNSItemToQuery(pstate,
					 addRangeTableEntryForRelation(pstate, rel, AccessShareLock, NULL, false, false),
					 false, true, true);
	return pstate;
}

static Node *
as_boolean(ParseState *pstate, Node *expr)
{
	Oid			type = exprType(expr);
	Node	   *result = coerce_to_target_type(pstate, expr, type, BOOLOID, -1,
											   COERCION_ASSIGNMENT, COERCE_IMPLICIT_CAST, -1);

	if (result == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("rule is of type %s, not boolean", format_type_be(type)),
				 errhint("A rule is a condition: compare the value with another one."),
				 parser_errposition(pstate, exprLocation(expr))));
	return result;
}

static Node *
parse_single(ParseState *pstate, const char *text)
{
	bool		is_empty;
	int			excess;
	Node	   *raw = expression_parse(text, &is_empty, &excess);

	if (is_empty)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("rule is empty"),
				 errdetail("An empty rule would say neither everyone nor no one.")));
	if (raw == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("rule is not a single condition"),
				 parser_errposition(pstate, excess)));
	return raw;
}

/* names are resolved by the search_path of the moment */
static void
analyse_rule(Rule *rule, Relation rel, const char *text)
{
	ParseState *pstate = rule_parse_state(rel, text);
	Node	   *raw = parse_single(pstate, text);
	List	   *literals = rule_check_raw(pstate, raw);
	Node	   *expr;

	expr = as_boolean(pstate, transformExpr(pstate, raw, EXPR_KIND_OTHER));
	assign_expr_collations(pstate, expr);
	rule->expr = rule_normalise(expr);
	rule_check(pstate, literals, rule);
	free_parsestate(pstate);
}

static void
point_into_kept(void *kept)
{
	expression_point_into(kept);
	errhint("Compare values one by one, by operators and functions.");
	errcontext("reading back the rule as it would be kept: %s", (const char *) kept);
}

/*
 * What is kept must mean the same where other schemas are searched.  The few
 * comparisons that name no operator cannot be told which one to take.
 */
static void
read_rule_back(Rule *rule, Relation rel, const char *text)
{
	Rule		again = {.source = rule->source, .model = rule->model, .time_zone = rule->time_zone};
	char	   *kept = rule_deparse(rule);
	ErrorContextCallback callback = {error_context_stack, point_into_kept, kept};
	int			save_nestlevel;

	if (strcmp(kept, text) == 0)
		return;
	save_nestlevel = expression_enter_safe_path();
	error_context_stack = &callback;
	analyse_rule(&again, rel, kept);
	if (!rule_is_same(again.expr, rule->expr))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("rule depends on the search_path")));
	error_context_stack = callback.previous;
	AtEOXact_GUC(true, save_nestlevel);
	rule->expr = again.expr;
}

/* a model's rules are over its source, of whose kinds there is this one list */
void
rule_check_source(Relation rel)
{
	switch (rel->rd_rel->relkind)
	{
		case RELKIND_RELATION:
		case RELKIND_PARTITIONED_TABLE:
		case RELKIND_VIEW:
		case RELKIND_MATVIEW:
		case RELKIND_FOREIGN_TABLE:
			return;
		default:
			ereport(ERROR,
					(errcode(ERRCODE_WRONG_OBJECT_TYPE),
					 errmsg("\"%s\" is not a table or view", RelationGetRelationName(rel)),
					 errhint("The source of a model has one row per customer.")));
	}
}

/* something that it names has another name now, or is gone */
static void
point_into_kept_rule(void *text)
{
	point_into_rule(text);
	if (ERRCODE_TO_CATEGORY(geterrcode()) == ERRCODE_SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION &&
		geterrcode() != ERRCODE_INSUFFICIENT_PRIVILEGE)
		errhint("What the rule names must be there by its name, or the segment be defined again with segmentation.define_segment.");
}

static Rule *
parse_rule_text(Oid source, const char *text, const char *model, const char *time_zone,
				void (*set_search_path) (void), void (*explain) (void *))
{
	int			save_nestlevel = NewGUCNestLevel();
	Relation	rel = relation_open_existing(source, AccessShareLock);
	RuleText	given = {text, text_names_price(text, rel)};
	ErrorContextCallback callback = {error_context_stack, explain, &given};
	Rule	   *rule = palloc0(sizeof(Rule));

	rule_check_source(rel);
	set_search_path();
	set_option("TimeZone", time_zone);
	rule->source = source;
	rule->model = model;
	rule->time_zone = time_zone;
	rule->context = deparse_context_for("source", source);
	error_context_stack = &callback;
	analyse_rule(rule, rel, text);
	read_rule_back(rule, rel, text);
	error_context_stack = callback.previous;
	rule->columns = expression_column_names(rule->expr, rel);
	relation_close(rel, NoLock);
	AtEOXact_GUC(true, save_nestlevel);
	return rule;
}

typedef struct ParseTask
{
	Oid			source;
	const char *text;
	const char *model;
	const char *time_zone;
	Rule	   *rule;
} ParseTask;

static void
keep_search_path(void)
{
}

static void
parse_by_own_path(void *arg)
{
	ParseTask  *task = arg;

	task->rule = parse_rule_text(task->source, task->text, task->model, task->time_zone, keep_search_path, point_into_rule);
}

/*
 * The checked rule over a source, as a definer has written it.  What the
 * definer's own path finds is what it means; the schema of our types, where
 * others may have made what fits better, is searched for what is found nowhere.
 */
Rule *
rule_parse(Oid source, const char *text, const char *model, const char *time_zone)
{
	ParseTask	task = {source, text, model, time_zone, NULL};

	if (!IsInParallelMode() && trial_run_rule(parse_by_own_path, &task) == NULL)
		return task.rule;
	return parse_rule_text(source, text, model, time_zone, extend_search_path, point_into_rule);
}

/* one that was kept: what somebody has put into the schema of our types means nothing to it */
Rule *
rule_parse_kept(Oid source, const char *text, const char *model, const char *time_zone)
{
	return parse_rule_text(source, text, model, time_zone, limit_search_path, point_into_kept_rule);
}
