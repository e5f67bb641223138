/*
 * check_restore.c: what check_restore reads of tables that are not the extension's.
 *
 * Who asks is often a superuser, and whoever has made an index on a table has code
 * that runs when it is read.  So it is read as its owner, restricted.
 */
#include "segmentation.h"

#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"
#include "utils/syscache.h"

#include "refusal.h"
#include "relation.h"
#include "trial.h"
#include "define/define.h"

/* a query over a table that gives one row */
typedef struct Reading
{
	Oid			relid;
	const char *query;
	int			ncolumns;
	MemoryContext context;		/* of the values */
	Datum		values[2];
	bool		nulls[2];
} Reading;

/* what is read as the owner is told to those who may read it */
static void
require_readable_table(Oid relid)
{
	if (pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, get_rel_name(relid));
	(void) check_enable_rls(relid, InvalidOid, false);
}

static void
keep_values(Reading *reading)
{
	TupleDesc	desc = SPI_tuptable->tupdesc;
	MemoryContext spi = MemoryContextSwitchTo(reading->context);

	for (int i = 0; i < reading->ncolumns; i++)
	{
		Datum		value = SPI_getbinval(SPI_tuptable->vals[0], desc, i + 1, &reading->nulls[i]);

		if (!reading->nulls[i])
			reading->values[i] = datumCopy(value, TupleDescAttr(desc, i)->attbyval, TupleDescAttr(desc, i)->attlen);
	}
	MemoryContextSwitchTo(spi);
}

static void
read_as_owner(void *arg)
{
	Reading    *reading = arg;
	ModelContext saved;

	reading->context = CurrentMemoryContext;
	SPI_connect();
	table_enter(reading->relid, &saved);
	if (execute_untold(reading->query, 0, NULL, NULL, NULL, true, 1) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "could not read table %u", reading->relid);
	model_leave(&saved);
	keep_values(reading);
	SPI_finish();
}

/* returns what is wrong with the table, or its owner's code; NULL if nothing is */
static ErrorData *
read_table(Reading *reading)
{
	ErrorData  *error;

	require_readable_table(reading->relid);
	error = trial_run(read_as_owner, reading, false);
	if (error && !is_rules_error(error->sqlerrcode))
		ReThrowError(error);
	return error;
}

/* is_empty(table): false, too, where it cannot be read */
PG_FUNCTION_INFO_V1(is_empty);
Datum
is_empty(PG_FUNCTION_ARGS)
{
	Reading		reading = {.relid = PG_GETARG_OID(0), .ncolumns = 1};
	char		kind = get_rel_relkind(reading.relid);

	if (kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE)
		PG_RETURN_BOOL(false);
	reading.query = psprintf("SELECT NOT EXISTS (SELECT FROM %s)", relation_name(reading.relid));
	PG_RETURN_BOOL(read_table(&reading) == NULL && DatumGetBool(reading.values[0]));
}

/* the query, and the table that it reads; false where there is no such foreign key */
static bool
find_dangling_query(Oid foreign_key, Reading *reading)
{
	HeapTuple	tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(foreign_key));
	MemoryContext caller = CurrentMemoryContext;
	char	   *query;

	if (!HeapTupleIsValid(tuple))
		return false;
	reading->relid = ((Form_pg_constraint) GETSTRUCT(tuple))->conrelid;
	ReleaseSysCache(tuple);
	SPI_connect();
	catalogue_run("SELECT segmentation_internal.dangling_query($1)", 1, OIDS(OIDOID),
				  DATUMS(ObjectIdGetDatum(foreign_key)), NULL);
	query = catalogue_get(0, 1);
	reading->query = query ? MemoryContextStrdup(caller, query) : NULL;
	SPI_finish();
	return reading->query != NULL;
}

/* count_dangling(foreign key): how many, the key of one, and what is wrong */
PG_FUNCTION_INFO_V1(count_dangling);
Datum
count_dangling(PG_FUNCTION_ARGS)
{
	Reading		reading = {.ncolumns = 2, .nulls = {true, true}};
	ErrorData  *error = NULL;
	TupleDesc	desc;
	Datum		values[3] = {0};
	bool		nulls[3] = {true, true, true};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (find_dangling_query(PG_GETARG_OID(0), &reading))
		error = read_table(&reading);
	memcpy(values, reading.values, sizeof(reading.values));
	memcpy(nulls, reading.nulls, sizeof(reading.nulls));
	nulls[2] = error == NULL;
	if (error)
		values[2] = CStringGetTextDatum(error->message);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

/*
 * rule_references(model, segment): as check_restore reads a kept rule.  As the
 * model's owner, whose casts and functions it may name; NULL where there is no
 * source to read it over.
 */
PG_FUNCTION_INFO_V1(rule_references);
Datum
rule_references(PG_FUNCTION_ARGS)
{
	Model	   *model = model_read(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	char	   *id = text_to_cstring(PG_GETARG_TEXT_PP(1));
	List	   *references = NIL;
	ModelContext saved;
	ListCell   *cell;

	if (!OidIsValid(model->source) || !OidIsValid(model->owner))
		PG_RETURN_NULL();
	model_enter(model, &saved);
	foreach(cell, model->segments)
	{
		ModelSegment *segment = lfirst(cell);

		if (segment->rule && strcmp(segment->id, id) == 0)
			references = rule_parse(model->source, segment->rule, model->id, model->time_zone)->references;
	}
	model_leave(&saved);
	PG_RETURN_DATUM(rule_references_array(references));
}
