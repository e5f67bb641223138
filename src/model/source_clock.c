/*
 * source_clock.c: what of a source asks the server's clock, whose answer is of
 * the moment at which the source is read and not of that of the evaluation.
 *
 * Views are looked through, and functions in SQL, however deep.  Functions in
 * other languages cannot be, nor foreign tables.  A materialized view has its
 * answers from its last REFRESH, and is not looked into; what a table stores is
 * no matter either, and what it computes is immutable.  Policies of row security
 * do not take part: models are evaluated with row_security off.
 */
#include "segmentation.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "executor/functions.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/analyze.h"
#include "rewrite/rewriteHandler.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "names.h"
#include "refusal.h"
#include "trial.h"
#include "model/source.h"
#include "rule/clock.h"
#include "rule/rule.h"

/* a place that asks the clock */
typedef struct ClockCall
{
	char	   *place;			/* "view app.profile" */
	char	   *call;			/* "calls now()" */
	char	   *instead;		/* "segmentation.moment() instead of now()" */
} ClockCall;

typedef struct ClockSearch
{
	List	   *calls;			/* ClockCall *, each once */
	List	   *relations;		/* that have been searched */
	List	   *functions;
	char	   *place;			/* where the search is */
	char	   *omitting;		/* function there whose omitted arguments are searched; NULL: none */
	const char *body;			/* of the function there, if that is a text */
	Node	   *node;			/* whose functions are looked at */
} ClockSearch;

static bool search_node(Node *node, void *context);
static void search_function_body(ClockSearch *search, Oid function, Node *call);

static void
note_call(ClockSearch *search, char *call, const char *wanted, const char *unwanted)
{
	ClockCall  *found;
	ListCell   *cell;

	if (search->omitting)
		call = psprintf("%s, a default of %s", call, search->omitting);
	foreach(cell, search->calls)
	{
		found = lfirst(cell);
		if (strcmp(found->place, search->place) == 0 && strcmp(found->call, call) == 0)
			return;
	}
	found = palloc(sizeof(ClockCall));
	found->place = search->place;
	found->call = call;
	found->instead = search->omitting ?
		psprintf("%s as the argument of %s that is left out", wanted, search->omitting) :
		psprintf("%s instead of %s", wanted, unwanted);
	search->calls = lappend(search->calls, found);
}

/* "segmentation.moment()::date", where the call has another type than the moment */
static char *
moment_as(Oid type, int32 typmod)
{
	if (type == TIMESTAMPTZOID && typmod < 0)
		return "segmentation.moment()";
	return psprintf("segmentation.moment()::%s", format_type_with_typemod(type, typmod));
}

static void
note_keyword(ClockSearch *search, SQLValueFunction *keyword)
{
	const char *name = clock_keyword(keyword);

	if (name && keyword->typmod >= 0)
		name = psprintf("%s(%d)", name, keyword->typmod);
	if (name)
		note_call(search, psprintf("asks %s", name), moment_as(keyword->type, keyword->typmod), name);
}

static void
note_function(ClockSearch *search, Oid function)
{
	char	   *name = format_procedure(function);
	char	   *call = psprintf("calls %s", name);

	switch (clock_kind(function))
	{
		case CLOCK_NONE:
			break;
		case CLOCK_MOMENT:
			note_call(search, call, moment_as(TIMESTAMPTZOID, -1), name);
			break;
		case CLOCK_TEXT:
			note_call(search, call, moment_as(TEXTOID, -1), name);
			break;
		case CLOCK_AGE:
			note_call(search, call, psprintf("age(%s, since)", moment_as(DATEOID, -1)), "age(since)");
			break;
		case CLOCK_OFFSET:
			note_call(search, call, "type timestamp with time zone", psprintf("the argument or result of %s", name));
			break;
	}
}

static bool
is_time_of_day(Oid type)
{
	return type == TIMEOID || type == TIMETZOID;
}

/* in place of a literal in which a word stands */
static const char *
literal_wanted(const ClockWord *word, const char *literal, Oid type)
{
	if (pg_strcasecmp(literal, word->word) != 0 ||
		!(type == DATEOID || type == TIMESTAMPOID || type == TIMESTAMPTZOID || is_time_of_day(type)))
		return psprintf("what you compute from %s", word->in_sources);
	return type == word->type ? word->in_sources : psprintf("%s::%s", word->in_sources, format_type_be(type));
}

/* a literal that is read as a moment where the source is; each day begins at the same time */
static void
note_literal(ClockSearch *search, const char *literal, Oid type)
{
	const ClockWord *word = clock_word(literal);
	const char *name = format_type_be(type);

	if (word && !(word->type == DATEOID && is_time_of_day(type)))
		note_call(search, psprintf("reads '%s' as %s", literal, name), literal_wanted(word, literal, type),
				  psprintf("'%s'", literal));
}

/* the text of a function is parsed anew by each session: a literal in it is of that moment */
static void
note_constant(ClockSearch *search, Const *constant)
{
	const char *literal;

	if (search->body == NULL || constant->location < 0 || !clock_holds_moments(constant->consttype))
		return;
	literal = search->body + constant->location;
	if (*literal == '\'')
		note_literal(search, pnstrdup(literal + 1, strcspn(literal + 1, "'")), constant->consttype);
}

/* within another place, and back */
static void
search_place(ClockSearch *search, char *place, const char *body, Node *node)
{
	ClockSearch outer = *search;

	search->place = place;
	search->omitting = NULL;
	search->body = body;
	(void) search_node(node, search);
	search->place = outer.place;
	search->omitting = outer.omitting;
	search->node = outer.node;
	search->body = outer.body;
}

static void
search_relation(ClockSearch *search, Oid relid)
{
	Relation	rel;

	if (list_member_oid(search->relations, relid) || !(rel = try_relation_open(relid, AccessShareLock)))
		return;
	search->relations = lappend_oid(search->relations, relid);
	if (rel->rd_rel->relkind == RELKIND_VIEW)
		search_place(search, psprintf("view %s", relation_name(relid)), NULL, (Node *) get_view_query(rel));
	relation_close(rel, NoLock);
}

static bool
is_clock_argument_given(const FuncExpr *call, const Node *arg)
{
	ListCell   *cell;

	foreach(cell, call->args)
	{
		const Node *given = lfirst(cell);

		if (given == arg || (IsA(given, NamedArgExpr) && (const Node *) ((const NamedArgExpr *) given)->arg == arg))
			return true;
	}
	return false;
}

/* defaults of the arguments that a call leaves out; those that it gives are searched as its children */
static void
search_defaults(ClockSearch *search, FuncExpr *call)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(call->funcid));
	char	   *outer = search->omitting;
	ListCell   *cell;
	List	   *args;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", call->funcid);
	args = expand_function_arguments(list_copy(call->args), false, call->funcresulttype, tuple);
	ReleaseSysCache(tuple);
	search->omitting = format_procedure(call->funcid);
	foreach(cell, args)
	{
		if (!is_clock_argument_given(call, lfirst(cell)))
			(void) search_node(lfirst(cell), search);
	}
	search->omitting = outer;
}

/* our own ask the clock for a day or moment that they are not given: a default, or NULL */
static bool
is_users_function(Oid function)
{
	return function >= FirstNormalObjectId && !rule_function_is_documented(function);
}

static bool
search_function(Oid function, void *context)
{
	ClockSearch *search = context;

	note_function(search, function);
	if (is_users_function(function) && !list_member_oid(search->functions, function))
	{
		search->functions = lappend_oid(search->functions, function);
		search_function_body(search, function, search->node);
	}
	return false;
}

static bool
search_node(Node *node, void *context)
{
	ClockSearch *search = context;
	char	   *literal;

	if (node == NULL)
		return false;
	check_stack_depth();
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, search_node, context, QTW_EXAMINE_RTES_BEFORE);
	if (IsA(node, RangeTblEntry))
	{
		if (((RangeTblEntry *) node)->rtekind == RTE_RELATION)
			search_relation(search, ((RangeTblEntry *) node)->relid);
		return false;			/* the walker goes on to what it holds */
	}
	if (IsA(node, SQLValueFunction))
		note_keyword(search, (SQLValueFunction *) node);
	else if (IsA(node, Const))
		note_constant(search, (Const *) node);
	else if ((IsA(node, CoerceViaIO) || IsA(node, FuncExpr)) && (literal = clock_literal(node)))
		note_literal(search, literal, exprType(node));
	if (IsA(node, FuncExpr))
		search_defaults(search, (FuncExpr *) node);
	search->node = node;
	(void) check_functions_in_node(node, search_function, search);
	return expression_tree_walker(node, search_node, context);
}

/* the body of a function that is kept as a text */
typedef struct TextBody
{
	HeapTuple	function;
	Node	   *call;			/* NULL: the server calls it for an aggregate */
	const char *text;
	List	   *queries;		/* Query *, when analysed */
} TextBody;

/* what the function is given when it runs */
static void
apply_settings(HeapTuple function)
{
	bool		isnull;
	Datum		settings = SysCacheGetAttr(PROCOID, function, Anum_pg_proc_proconfig, &isnull);

	if (!isnull)
		ProcessGUCArray(DatumGetArrayTypeP(settings), superuser() ? PGC_SUSET : PGC_USERSET,
						PGC_S_SESSION, GUC_ACTION_SAVE);
}

/*
 * Nothing is executed but what reads literals, which can be CHECKs of domains:
 * they run as the function's owner, who has written it.
 */
static void
analyse_body(void *arg)
{
	TextBody   *body = arg;
	SQLFunctionParseInfoPtr info;
	ModelContext saved;
	ListCell   *cell;

	model_enter_caller(&saved);
	SetUserIdAndSecContext(((Form_pg_proc) GETSTRUCT(body->function))->proowner,
						   saved.sec_context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
	apply_settings(body->function);
	info = prepare_sql_fn_parse_info(body->function, body->call, body->call ? exprInputCollation(body->call) : InvalidOid);
	foreach(cell, pg_parse_query(body->text))
	{
		body->queries = lappend(body->queries,
								parse_analyze_withcb(lfirst_node(RawStmt, cell), body->text,
													 (ParserSetupHook) sql_fn_parser_setup, info, NULL));
	}
	model_leave(&saved);
}

static Node *
analysed_body(HeapTuple function, const char *text, Node *call)
{
	TextBody	body = {function, call, text, NIL};
	ErrorData  *error = trial_run(analyse_body, &body, true);

	if (error == NULL)
		return (Node *) body.queries;
	if (is_servers_error(error->sqlerrcode) || ERRCODE_TO_CATEGORY(error->sqlerrcode) == ERRCODE_INTERNAL_ERROR)
		ReThrowError(error);
	return NULL;
}

static void
search_sql_body(ClockSearch *search, HeapTuple function, Node *call)
{
	char	   *place = psprintf("function %s", format_procedure_qualified(((Form_pg_proc) GETSTRUCT(function))->oid));
	bool		isnull;
	Datum		body = SysCacheGetAttr(PROCOID, function, Anum_pg_proc_prosqlbody, &isnull);
	char	   *words;

	if (!isnull)
	{
		search_place(search, place, NULL, stringToNode(TextDatumGetCString(body)));
		return;
	}
	body = SysCacheGetAttr(PROCOID, function, Anum_pg_proc_prosrc, &isnull);
	words = TextDatumGetCString(body);
	search_place(search, place, words, analysed_body(function, words, call));
}

static void
search_aggregate(ClockSearch *search, Oid function)
{
	HeapTuple	tuple = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(function));
	Form_pg_aggregate aggregate;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for aggregate %u", function);
	aggregate = (Form_pg_aggregate) GETSTRUCT(tuple);
	search->node = NULL;
	(void) search_function(aggregate->aggtransfn, search);
	if (OidIsValid(aggregate->aggfinalfn))
		(void) search_function(aggregate->aggfinalfn, search);
	ReleaseSysCache(tuple);
}

static void
search_function_body(ClockSearch *search, Oid function, Node *call)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Form_pg_proc proc;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", function);
	proc = (Form_pg_proc) GETSTRUCT(tuple);
	if (proc->prokind == PROKIND_AGGREGATE)
		search_aggregate(search, function);
	else if (proc->prolang == SQLlanguageId)
		search_sql_body(search, tuple, call);
	ReleaseSysCache(tuple);
}

static List *
find_calls(Oid source)
{
	ClockSearch search = {0};

	search_relation(&search, source);
	return search.calls;
}

/* "View app.profile calls now()", "view app.recent asks CURRENT_DATE" */
static List *
calls_sentence(const List *calls)
{
	List	   *parts = NIL;
	ListCell   *cell;

	foreach(cell, calls)
	{
		ClockCall  *call = lfirst(cell);

		parts = lappend(parts, psprintf("%s %s", call->place, call->call));
	}
	*(char *) linitial(parts) = pg_toupper(*(char *) linitial(parts));
	return parts;
}

/* each once */
static List *
calls_instead(const List *calls)
{
	List	   *parts = NIL;
	ListCell   *cell;

	foreach(cell, calls)
	{
		ClockCall  *call = lfirst(cell);

		if (!names_contain(parts, call->instead))
			parts = lappend(parts, call->instead);
	}
	return parts;
}

void
source_warn_clock(const Model *model)
{
	List	   *calls = find_calls(model->source);

	if (calls != NIL)
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 errmsg("source of model \"%s\" asks the server's clock", model->id),
				 errdetail_plural("%s: its answer is of the moment at which it is read, not of the moment as of which the model is evaluated.",
								  "%s: their answers are of the moment at which they are read, not of the moment as of which the model is evaluated.",
								  list_length(calls), first_ten(calls_sentence(calls), "; ")),
				 errhint("Write %s.", first_ten(calls_instead(calls), ", "))));
}
