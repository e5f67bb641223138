/*
 * check_dump.c: whether what a dump prints of an object is read again as what it
 * was.
 *
 * A dump prints under an empty search_path, with operators qualified where the
 * syntax has a place for the schema.  IS DISTINCT FROM, NULLIF, CASE x WHEN, JOIN
 * USING and comparisons of rows have none: they find no operator of a type outside
 * pg_catalog, or one of another type that it is cast to.
 */
#include "segmentation.h"

#include "access/genam.h"
#include "access/relation.h"
#include "access/table.h"
#include "catalog/pg_attrdef.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_partitioned_table.h"
#include "catalog/pg_policy.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_statistic_ext.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "executor/functions.h"
#include "funcapi.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "parser/analyze.h"
#include "parser/parse_collate.h"
#include "parser/parse_expr.h"
#include "parser/parse_relation.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "option.h"
#include "owner.h"
#include "trial.h"
#include "define/define.h"
#include "restore/operators.h"

/* one object: a rewrite rule, a constraint, a default, a trigger, an index ... */
typedef struct Printed
{
	Oid			class;
	Oid			object;
	Oid			relation;		/* whose columns it reads, if any */
	Oid			domain;			/* whose VALUE it reads, if any */
	char	   *text;			/* what is read again */
	List	   *operators;		/* of what was read again, sorted */
} Printed;

static Node *
parse_statement(const char *text)
{
	return linitial_node(RawStmt, raw_parser(text, RAW_PARSE_DEFAULT))->stmt;
}

static void
read_statement(Printed *printed, ParseState *pstate, Node *statement)
{
	(void) collect_operators((Node *) transformStmt(pstate, statement), &printed->operators);
}

static void
read_expression(Printed *printed, ParseState *pstate, Node *expression)
{
	if (expression == NULL)
		return;
	expression = transformExpr(pstate, expression, EXPR_KIND_OTHER);
	assign_expr_collations(pstate, expression);
	(void) collect_operators(expression, &printed->operators);
}

static ParseNamespaceItem *
add_relation(ParseState *pstate, Relation rel, const char *alias, bool bare_columns)
{
	ParseNamespaceItem *item = addRangeTableEntryForRelation(pstate, rel, AccessShareLock,
															 alias ? makeAlias(alias, NIL) : NULL, false, false);

	addNSItemToQuery(pstate, item, false, true, bare_columns);
	return item;
}

static ParseState *
begin_dump_check(const Printed *printed)
{
	ParseState *pstate = make_parsestate(NULL);

	pstate->p_sourcetext = printed->text;
	return pstate;
}

/* over the columns of the relation; or of its rows before and after a change */
static ParseState *
begin_reading_columns(const Printed *printed, Relation rel, bool of_change)
{
	ParseState *pstate = begin_dump_check(printed);

	if (rel == NULL)
		return pstate;
	if (of_change)
	{
		(void) add_relation(pstate, rel, "old", false);
		(void) add_relation(pstate, rel, "new", false);
	}
	else
		(void) add_relation(pstate, rel, NULL, true);
	return pstate;
}

/* VALUE in the check of a domain */
static Node *
value_of_domain(ParseState *pstate, ColumnRef *reference)
{
	CoerceToDomainValue *value;
	Oid			domain = *(Oid *) pstate->p_ref_hook_state;

	if (list_length(reference->fields) != 1 || strcmp(strVal(linitial(reference->fields)), "value") != 0)
		return NULL;
	value = makeNode(CoerceToDomainValue);
	value->typeId = getBaseType(domain);
	value->typeMod = -1;
	value->collation = get_typcollation(value->typeId);
	value->location = reference->location;
	return (Node *) value;
}

static void
read_select_list(Printed *printed, ParseState *pstate)
{
	ListCell   *cell;

	foreach(cell, castNode(SelectStmt, parse_statement(printed->text))->targetList)
	{
		read_expression(printed, pstate, lfirst_node(ResTarget, cell)->val);
	}
}

static void
read_stored_rule(Printed *printed, Relation rel)
{
	RuleStmt   *rule = castNode(RuleStmt, parse_statement(printed->text));
	ListCell   *cell;

	read_expression(printed, begin_reading_columns(printed, rel, true), rule->whereClause);
	foreach(cell, rule->actions)
	{
		read_statement(printed, begin_reading_columns(printed, rel, true), lfirst(cell));
	}
}

static void
read_index(Printed *printed, Relation rel)
{
	IndexStmt  *index = castNode(IndexStmt, parse_statement(printed->text));
	ListCell   *cell;

	foreach(cell, index->indexParams)
	{
		read_expression(printed, begin_reading_columns(printed, rel, false), lfirst_node(IndexElem, cell)->expr);
	}
	read_expression(printed, begin_reading_columns(printed, rel, false), index->whereClause);
}

static void
read_body(Printed *printed, HeapTuple tuple, Node *body)
{
	SQLFunctionParseInfoPtr info = prepare_sql_fn_parse_info(tuple, NULL, InvalidOid);
	List	   *statements = IsA(body, List) ? linitial_node(List, (List *) body) : list_make1(body);
	ListCell   *cell;

	foreach(cell, statements)
	{
		ParseState *pstate = begin_dump_check(printed);

		sql_fn_parser_setup(pstate, info);
		read_statement(printed, pstate, lfirst(cell));
	}
}

static void
read_function(Printed *printed, HeapTuple tuple)
{
	CreateFunctionStmt *function = castNode(CreateFunctionStmt, parse_statement(printed->text));
	ListCell   *cell;

	foreach(cell, function->parameters)
	{
		read_expression(printed, begin_dump_check(printed), lfirst_node(FunctionParameter, cell)->defexpr);
	}
	if (function->sql_body)
		read_body(printed, tuple, function->sql_body);
}

static char *
printed_by(PGFunction function, Oid object)
{
	return TextDatumGetCString(DirectFunctionCall1(function, ObjectIdGetDatum(object)));
}

/* the expressions that the catalog keeps of it, as a list to select */
static char *
expressions_text(Relation catalog, HeapTuple tuple, Oid relation)
{
	TupleDesc	desc = RelationGetDescr(catalog);
	StringInfoData buf;

	initStringInfo(&buf);
	for (int i = 1; i <= desc->natts; i++)
	{
		bool		isnull;
		Datum		value = heap_getattr(tuple, i, desc, &isnull);

		if (!isnull && TupleDescAttr(desc, i - 1)->atttypid == PG_NODE_TREEOID)
			appendStringInfo(&buf, "%s %s", buf.len > 0 ? "," : "SELECT",
							 TextDatumGetCString(DirectFunctionCall2(pg_get_expr, value, ObjectIdGetDatum(relation))));
	}
	return buf.data;
}

static void
print_and_read(Printed *printed, Relation catalog, HeapTuple tuple, Relation rel)
{
	ParseState *pstate;

	switch (printed->class)
	{
		case RewriteRelationId:
			if (strcmp(NameStr(((Form_pg_rewrite) GETSTRUCT(tuple))->rulename), "_RETURN") == 0)
			{
				printed->text = printed_by(pg_get_viewdef, printed->relation);
				read_statement(printed, begin_dump_check(printed), parse_statement(printed->text));
			}
			else
			{
				printed->text = printed_by(pg_get_ruledef, printed->object);
				read_stored_rule(printed, rel);
			}
			break;
		case TriggerRelationId:
			printed->text = printed_by(pg_get_triggerdef, printed->object);
			read_expression(printed, begin_reading_columns(printed, rel, true),
							castNode(CreateTrigStmt, parse_statement(printed->text))->whenClause);
			break;
		case IndexRelationId:
			printed->text = printed_by(pg_get_indexdef, printed->object);
			read_index(printed, rel);
			break;
		case ProcedureRelationId:
			printed->text = printed_by(pg_get_functiondef, printed->object);
			read_function(printed, tuple);
			break;
		default:
			printed->text = expressions_text(catalog, tuple, printed->relation);
			pstate = begin_reading_columns(printed, rel, false);
			if (OidIsValid(printed->domain))
			{
				pstate->p_pre_columnref_hook = value_of_domain;
				pstate->p_ref_hook_state = &printed->domain;
			}
			read_select_list(printed, pstate);
	}
	list_sort(printed->operators, list_oid_cmp);
}

/* NULL: there is none */
static HeapTuple
default_tuple(Relation catalog, Oid object)
{
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_attrdef_oid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(object));
	scan = systable_beginscan(catalog, AttrDefaultOidIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
		tuple = heap_copytuple(tuple);
	systable_endscan(scan);
	return tuple;
}

static HeapTuple
catalog_tuple(Relation catalog, Oid class, Oid object)
{
	HeapTuple	tuple;

	if (class == IndexRelationId)
		tuple = SearchSysCacheCopy1(INDEXRELID, ObjectIdGetDatum(object));
	else if (class == PartitionedRelationId)
		tuple = SearchSysCacheCopy1(PARTRELID, ObjectIdGetDatum(object));
	else if (class == AttrDefaultRelationId)
		tuple = default_tuple(catalog, object);
	else
		tuple = get_catalog_object_by_oid(catalog, get_object_attnum_oid(class), object);
	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("object %u of \"%s\" does not exist", object, RelationGetRelationName(catalog))));
	return tuple;
}

static void
check_class(Oid class)
{
	static const Oid classes[] = {RewriteRelationId, ConstraintRelationId, AttrDefaultRelationId, TriggerRelationId,
		IndexRelationId, PolicyRelationId, ProcedureRelationId, TypeRelationId, PartitionedRelationId,
	StatisticExtRelationId};

	for (size_t i = 0; i < lengthof(classes); i++)
		if (classes[i] == class)
			return;
	ereport(ERROR,
			(errcode(ERRCODE_WRONG_OBJECT_TYPE),
			 errmsg("%u is no catalog of objects that have expressions", class)));
}

/* whose columns it reads, and who is its owner */
static Oid
find_relation(Printed *printed, HeapTuple tuple)
{
	switch (printed->class)
	{
		case RewriteRelationId:
			printed->relation = ((Form_pg_rewrite) GETSTRUCT(tuple))->ev_class;
			break;
		case TriggerRelationId:
			printed->relation = ((Form_pg_trigger) GETSTRUCT(tuple))->tgrelid;
			break;
		case IndexRelationId:
			printed->relation = ((Form_pg_index) GETSTRUCT(tuple))->indrelid;
			break;
		case AttrDefaultRelationId:
			printed->relation = ((Form_pg_attrdef) GETSTRUCT(tuple))->adrelid;
			break;
		case PolicyRelationId:
			printed->relation = ((Form_pg_policy) GETSTRUCT(tuple))->polrelid;
			break;
		case PartitionedRelationId:
			printed->relation = ((Form_pg_partitioned_table) GETSTRUCT(tuple))->partrelid;
			break;
		case StatisticExtRelationId:
			printed->relation = ((Form_pg_statistic_ext) GETSTRUCT(tuple))->stxrelid;
			break;
		case TypeRelationId:
			return ((Form_pg_type) GETSTRUCT(tuple))->typowner;
		case ConstraintRelationId:
			printed->relation = ((Form_pg_constraint) GETSTRUCT(tuple))->conrelid;
			printed->domain = ((Form_pg_constraint) GETSTRUCT(tuple))->contypid;
			break;
		default:
			return ((Form_pg_proc) GETSTRUCT(tuple))->proowner;
	}
	if (OidIsValid(printed->relation))
		return relation_owner(printed->relation);
	tuple = SearchSysCacheCopy1(TYPEOID, ObjectIdGetDatum(printed->domain));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for type %u", printed->domain);
	return ((Form_pg_type) GETSTRUCT(tuple))->typowner;
}

static bool
is_owners(Oid type, Oid owner)
{
	HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
	bool		result;

	if (!HeapTupleIsValid(tuple))
		return true;
	result = has_privs_of_role(((Form_pg_type) GETSTRUCT(tuple))->typowner, owner);
	ReleaseSysCache(tuple);
	return result;
}

static bool
has_foreign_constant(Node *node, void *owner)
{
	if (node == NULL)
		return false;
	if (IsA(node, Const) && !is_owners(((Const *) node)->consttype, *(Oid *) owner))
		return true;
	return expression_tree_walker(node, has_foreign_constant, owner);
}

/*
 * Who may make a trigger need not be the owner of the table: constants of a type of
 * his are not read as that owner.
 */
static bool
is_others_trigger(Relation catalog, HeapTuple tuple, Oid owner)
{
	bool		isnull;
	Datum		condition;

	if (RelationGetRelid(catalog) != TriggerRelationId)
		return false;
	condition = heap_getattr(tuple, Anum_pg_trigger_tgqual, RelationGetDescr(catalog), &isnull);
	return !isnull && has_foreign_constant(stringToNode(TextDatumGetCString(condition)), &owner);
}

/*
 * Reading runs no function but those that read constants, which may check a
 * domain: as the owner, restricted, whoever asks.
 */
static void
check_printed(void *arg)
{
	Printed    *printed = arg;
	Relation	catalog = table_open(printed->class, AccessShareLock);
	HeapTuple	tuple = catalog_tuple(catalog, printed->class, printed->object);
	Relation	rel = NULL;
	Oid			owner = find_relation(printed, tuple);
	int			save_nestlevel = NewGUCNestLevel();
	CallingUser self = become_restricted(owner);
	List	   *kept;

	set_option("search_path", "");
	set_option("standard_conforming_strings", "on");
	if (OidIsValid(printed->relation))
		rel = relation_open_existing(printed->relation, AccessShareLock);
	kept = kept_operators(catalog, tuple);
	if (is_others_trigger(catalog, tuple, owner))
		printed->operators = kept;
	else
		print_and_read(printed, catalog, tuple, rel);
	if (!equal(kept, printed->operators))
		ereport(ERROR,
				(errcode(ERRCODE_AMBIGUOUS_FUNCTION),
				 errmsg("operators of other types are found")));
	if (rel)
		relation_close(rel, NoLock);
	table_close(catalog, NoLock);
	AtEOXact_GUC(true, save_nestlevel);
	become_self(self);
}

/* dump_fault(class, object): why it is lost, NULL if it is not, and its text */
PG_FUNCTION_INFO_V1(dump_fault);
Datum
dump_fault(PG_FUNCTION_ARGS)
{
	Printed		printed = {.class = PG_GETARG_OID(0), .object = PG_GETARG_OID(1)};
	ErrorData  *error;
	TupleDesc	desc;
	Datum		values[2];
	bool		nulls[2] = {false};

	check_class(printed.class);
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	error = trial_run(check_printed, &printed, false);
	if (error && !is_rules_error(error->sqlerrcode))
		ReThrowError(error);
	nulls[0] = error == NULL;
	nulls[1] = printed.text == NULL;
	if (error)
		values[0] = CStringGetTextDatum(error->message);
	if (printed.text)
		values[1] = CStringGetTextDatum(printed.text);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
