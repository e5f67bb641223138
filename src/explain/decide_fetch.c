/*
 * decide_fetch.c: the conditions of rules, evaluated for one customer.
 */
#include "segmentation.h"

#include "access/htup_details.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "refusal.h"
#include "trial.h"
#include "decide/fence.h"
#include "explain/decide.h"
#include "model/model.h"

/* one row of the source, or none; $1 is as_of, what identifies it follows */
typedef struct Fetch
{
	Decision   *decision;
	char	   *source;			/* what stands in FROM */
	char	   *which;			/* a condition for its row; NULL: it has one */
	List	   *reads;			/* char *, the columns that are computed once where there is a fence */
	const KeyValues *given;		/* its key, or its values as jsonb */
	List	   *columns;		/* char *, those of the decision whose values are wanted */
	int			first;			/* place of these among the decision's */
	MemoryContext context;		/* of what is found */
} Fetch;

static void
print_conditions(StringInfo buf, const List *segments)
{
	const char *separator = "";
	ListCell   *cell;

	appendStringInfoString(buf, "ARRAY[");
	foreach(cell, segments)
	{
		const DecidedSegment *segment = lfirst(cell);

		if (segment->sql == NULL)
			continue;
		appendStringInfo(buf, "%s%s", separator, segment->sql);
		separator = ", ";
	}
	appendStringInfoString(buf, "]::pg_catalog.bool[]");
}

static void
print_values(StringInfo buf, const Fetch *fetch)
{
	ListCell   *cell;

	appendStringInfoString(buf, ", ARRAY[");
	foreach(cell, fetch->columns)
	{
		appendStringInfo(buf, "%s%s::pg_catalog.text", foreach_current_index(cell) > 0 ? ", " : "",
						 quote_identifier(lfirst(cell)));
	}
	appendStringInfoString(buf, "]::pg_catalog.text[]");
}

static char *
from_text(const Fetch *fetch)
{
	if (fetch->which == NULL)
		return fetch->source;
	if (fence_is_needed(fetch->decision->model, fetch->reads))
		return fence_text(fetch->decision->model, fetch->reads, fetch->which, NULL);
	return psprintf("%s WHERE %s", fetch->source, fetch->which);
}

static char *
values_query(const Fetch *fetch, const List *segments)
{
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfoString(&buf, "SELECT ");
	print_conditions(&buf, segments);
	print_values(&buf, fetch);
	appendStringInfo(&buf, " FROM %s", from_text(fetch));
	return buf.data;
}

static Datum *
array_elements(int column, Oid type, bool **nulls, int *count)
{
	bool		isnull;
	Datum		array = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column, &isnull);
	Datum	   *elements;

	if (type == BOOLOID)
		deconstruct_array(DatumGetArrayTypeP(array), BOOLOID, 1, true, TYPALIGN_CHAR, &elements, nulls, count);
	else
		deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT, &elements, nulls, count);
	return elements;
}

static void
take_conditions(const List *segments)
{
	bool	   *nulls;
	int			count;
	Datum	   *values = array_elements(1, BOOLOID, &nulls, &count);
	int			i = 0;
	ListCell   *cell;
	ListCell   *inner;

	foreach(cell, segments)
	{
		foreach(inner, ((DecidedSegment *) lfirst(cell))->conditions)
		{
			Condition  *condition = lfirst(inner);

			if (condition->reference)
				continue;
			condition->value = nulls[i] ? TERNARY_NULL : DatumGetBool(values[i]) ? TERNARY_TRUE : TERNARY_FALSE;
			i++;
		}
	}
}

static void
take_columns(const Fetch *fetch)
{
	Decision   *decision = fetch->decision;
	MemoryContext before = MemoryContextSwitchTo(fetch->context);
	bool	   *nulls;
	int			count;
	Datum	   *values = array_elements(2, TEXTOID, &nulls, &count);

	for (int i = 0; i < count; i++)
		decision->values[fetch->first + i] = nulls[i] ? NULL : TextDatumGetCString(values[i]);
	MemoryContextSwitchTo(before);
}

/* of what has been found about a customer */
void
decide_check_one_row(const Model *model)
{
	if (SPI_processed > 1)
		ereport(ERROR,
				(errcode(ERRCODE_CARDINALITY_VIOLATION),
				 errmsg("source of model \"%s\" has several rows of one customer", model->id)));
}

/* false: there is no such row */
static bool
fetch_segments(const Fetch *fetch, const List *segments)
{
	model_select(values_query(fetch, segments), fetch->decision->as_of, fetch->given, true);
	decide_check_one_row(fetch->decision->model);
	if (SPI_processed == 0)
		return false;
	take_conditions(segments);
	take_columns(fetch);
	SPI_freetuptable(SPI_tuptable);
	return true;
}

typedef struct FetchTask
{
	const Fetch *fetch;
	const List *segments;
	bool		found;
} FetchTask;

static void
run_task(void *arg)
{
	FetchTask  *task = arg;

	task->found = fetch_segments(task->fetch, task->segments);
}

/* the rule's error, NULL if there is none */
static char *
try_segments(const Fetch *fetch, const List *segments, bool *found)
{
	FetchTask	task = {.fetch = fetch, .segments = segments};
	ErrorData  *error = fence_trial(run_task, &task);

	if (error && !is_rules_error(error->sqlerrcode))
		ReThrowError(error);
	if (error)
		return MemoryContextStrdup(fetch->context, error->message);
	*found = task.found;
	return NULL;
}

/* with its guards, as a refresh evaluates it */
static char *
try_guarded(const Fetch *fetch, const DecidedSegment *segment, bool *found)
{
	DecidedSegment whole = {0};
	StringInfoData buf;
	ListCell   *cell;

	initStringInfo(&buf);
	foreach(cell, rule_conditions(rule_program(segment->rule)))
	{
		appendStringInfo(&buf, "%s%s", buf.len > 0 ? ", " : "", (char *) lfirst(cell));
		whole.conditions = lappend(whole.conditions, palloc0(sizeof(Condition)));
	}
	whole.sql = buf.data;
	return try_segments(fetch, list_make1(&whole), found);
}

/* a condition that only a guard keeps from raising an error is unknown, and then decides nothing */
static char *
try_one(const Fetch *fetch, const DecidedSegment *segment, bool *found)
{
	char	   *error = try_segments(fetch, list_make1(unconstify(DecidedSegment *, segment)), found);
	ListCell   *cell;

	if (error == NULL || segment->rule == NULL || (error = try_guarded(fetch, segment, found)) != NULL)
		return error;
	foreach(cell, segment->conditions)
	{
		Condition  *condition = lfirst(cell);
		DecidedSegment part = {.model = segment->model, .conditions = list_make1(condition)};

		condition->value = TERNARY_NULL;
		part.sql = decide_conditions_sql(fetch->decision, &part);
		if (part.sql)
			(void) try_segments(fetch, list_make1(&part), found);
	}
	return NULL;
}

/* errors are kept with their segments; a column that raises one has no value to be shown */
static bool
fetch_one_by_one(Fetch *fetch)
{
	Decision   *decision = fetch->decision;
	bool		found;
	ListCell   *cell;

	fetch->reads = NIL;
	fetch->columns = NIL;
	found = fetch_segments(fetch, NIL);
	foreach(cell, decision->order)
	{
		DecidedSegment *segment = lfirst(cell);

		if (segment->error == NULL)
			segment->error = try_one(fetch, segment, &found);
	}
	foreach(cell, decision->columns)
	{
		fetch->columns = list_make1(lfirst(cell));
		fetch->first = foreach_current_index(cell);
		(void) try_segments(fetch, NIL, &found);
	}
	return found;
}

/* all at once; one by one only to find out which rule raises an error */
static bool
fetch_all(Fetch *fetch)
{
	bool		found = false;

	moment_set(fetch->decision->as_of);
	fetch->columns = fetch->decision->columns;
	fetch->decision->values = palloc0(sizeof(char *) * (list_length(fetch->columns) + 1));
	if (try_segments(fetch, fetch->decision->order, &found) != NULL)
		found = fetch_one_by_one(fetch);
	if (found && fetch->which)
		decide_read_overrides(fetch->decision, fetch->given);
	if (found)
		decide_members(fetch->decision);
	return found;
}

static Fetch *
fetch_begin(Decision *decision, const KeyValues *given)
{
	Fetch	   *fetch = palloc0(sizeof(Fetch));

	fetch->decision = decision;
	fetch->context = CurrentMemoryContext;
	fetch->given = given;
	return fetch;
}

/* false: the source has no such customer */
bool
decide_customer(Decision *decision, const KeyValues *key)
{
	const Model *model = decision->model;
	Fetch	   *fetch = fetch_begin(decision, key);

	fetch->source = psprintf("%s AS source", relation_name(model->source));
	fetch->which = key_condition(model->source, model->key, "source", 2);
	fetch->reads = list_concat_copy(decision->columns, decision->columns);
	return fetch_all(fetch);
}

/* as errors name a customer */
char *
decide_key_text(ArrayType *key)
{
	return TextDatumGetCString(OidFunctionCall2(F_ARRAY_TO_STRING_ANYARRAY_TEXT, PointerGetDatum(key),
												CStringGetTextDatum(", ")));
}

/* a row of the source's type, of jsonb */
char *
decide_row_source(const Model *model, const char *row)
{
	return psprintf("pg_catalog.jsonb_populate_record(NULL::%s, %s)", relation_name(model->source), row);
}

static void
set_row_source(Fetch *fetch, const char *row)
{
	fetch->source = psprintf("%s AS source", decide_row_source(fetch->decision->model, row));
}

static void
fetch_row(void *arg)
{
	(void) fetch_segments(arg, NIL);
}

/* the server does not say in which column a value is wrong */
static void
check_row_column(Fetch *fetch, Form_pg_attribute attr)
{
	char	   *name = quote_literal_cstr(NameStr(attr->attname));
	ErrorData  *error;

	set_row_source(fetch, psprintf("pg_catalog.jsonb_build_object(%s, $2 OPERATOR(pg_catalog.->) %s)", name, name));
	error = trial_run_rule(fetch_row, fetch);
	if (error)
		ereport(ERROR,
				(errcode(error->sqlerrcode),
				 errmsg("row has no value of type %s for column \"%s\"",
						format_type_with_typemod(attr->atttypid, attr->atttypmod), NameStr(attr->attname)),
				 errdetail("The server says: %s.", error->message)));
}

/* an error that names the column where a value is none of its type */
static void
check_row(Fetch *fetch)
{
	ErrorData  *error = trial_run_rule(fetch_row, fetch);
	Relation	rel;

	if (error == NULL)
		return;
	rel = relation_open_existing(fetch->decision->model->source, AccessShareLock);
	for (int i = 0; i < RelationGetNumberOfAttributes(rel); i++)
		if (!TupleDescAttr(RelationGetDescr(rel), i)->attisdropped)
			check_row_column(fetch, TupleDescAttr(RelationGetDescr(rel), i));
	ReThrowError(error);
}

/* a customer who is not in the source, as jsonb by column */
void
decide_row(Decision *decision, const KeyValues *row)
{
	Fetch	   *fetch = fetch_begin(decision, row);

	set_row_source(fetch, "$2");
	check_row(fetch);			/* a wrong value is no error of a rule */
	(void) fetch_all(fetch);
}
