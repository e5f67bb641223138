/*
 * rule_functions.c: the functions that a rule may call, by what their answers
 * depend on.
 */
#include "segmentation.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "rule/clock.h"
#include "rule/rule.h"

/*
 * Stable functions of the server that depend on nothing but their arguments and
 * on settings that are the model's own wherever its rules are evaluated: time
 * zone, forms of dates, intervals and numbers.
 */
static const char *const text_functions[] = {
	"to_char", "to_number", "to_date", "to_timestamp",
	"format", "concat", "concat_ws", "textanycat", "anytextcat",
	"quote_literal", "quote_nullable", "array_to_string",
	"to_json", "to_jsonb", "array_to_json", "row_to_json",
	"json_build_array", "json_build_object", "jsonb_build_array", "jsonb_build_object",
	"json_populate_record", "jsonb_populate_record",
	"jsonb_path_exists_tz", "jsonb_path_match_tz",
	"jsonb_path_query_array_tz", "jsonb_path_query_first_tz",
	"enum_first", "enum_last", "enum_range",
	"convert_from", "convert_to", "pg_typeof"
};

/* where the types are */
Oid
rule_extension_schema(void)
{
	Relation	rel = table_open(ExtensionRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	Oid			result;

	ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber, F_NAMEEQ,
				CStringGetDatum("segmentation"));
	scan = systable_beginscan(rel, ExtensionNameIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "extension segmentation is not installed");
	result = ((Form_pg_extension) GETSTRUCT(tuple))->extnamespace;
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return result;
}

Oid
rule_type_namespace(Oid type)
{
	HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
	Oid			result;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for type %u", type);
	result = ((Form_pg_type) GETSTRUCT(tuple))->typnamespace;
	ReleaseSysCache(tuple);
	return result;
}

/* the schema is the extension's own: nobody else can put a function there */
static bool
is_own_function(Oid function, const char *name)
{
	return function >= FirstNormalObjectId &&
		strcmp(get_func_name(function), name) == 0 &&
		get_func_namespace(function) == get_namespace_oid("segmentation", false);
}

bool
rule_is_in_segment(Node *node)
{
	return IsA(node, FuncExpr) && is_own_function(((FuncExpr *) node)->funcid, "in_segment");
}

bool
rule_function_asks_clock(Oid function)
{
	ClockKind	kind = clock_kind(function);

	return kind == CLOCK_MOMENT || kind == CLOCK_AGE || is_own_function(function, "moment");
}

static bool
is_time_type(Oid type)
{
	return type == DATEOID || type == TIMEOID || type == TIMETZOID ||
		type == TIMESTAMPOID || type == TIMESTAMPTZOID || type == INTERVALOID;
}

static bool
is_text_function(const char *name)
{
	for (size_t i = 0; i < lengthof(text_functions); i++)
		if (strcmp(name, text_functions[i]) == 0)
			return true;
	return false;
}

/* the text forms of money depend on a locale */
static bool
is_documented(Form_pg_proc proc)
{
	if (proc->pronargs == 0)
		return false;
	if (proc->prorettype == CSTRINGOID || proc->proargtypes.values[0] == CSTRINGOID)
		return proc->oid != F_CASH_IN && proc->oid != F_CASH_OUT;
	if (is_time_type(proc->prorettype))
		return true;
	for (int i = 0; i < proc->pronargs; i++)
		if (is_time_type(proc->proargtypes.values[i]))
			return true;
	return is_text_function(NameStr(proc->proname));
}

bool
rule_function_is_documented(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Form_pg_proc proc;
	bool		result;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", function);
	proc = (Form_pg_proc) GETSTRUCT(tuple);
	if (proc->pronamespace == PG_CATALOG_NAMESPACE)
		result = is_documented(proc);
	else
		result = getExtensionOfObject(ProcedureRelationId, function) ==
			get_extension_oid("segmentation", false);
	ReleaseSysCache(tuple);
	return result;
}
