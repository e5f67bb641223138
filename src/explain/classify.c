/*
 * classify.c: a customer's segments now, without the stored answer.
 */
#include "segmentation.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "argument.h"
#include "refusal.h"
#include "explain/decide.h"
#include "model/model.h"
#include "refresh/refresh.h"
#include "types/segment_id.h"

static int
compare_ids(const void *a, const void *b)
{
	return segment_id_compare(DatumGetSegmentIdP(*(const Datum *) a), DatumGetSegmentIdP(*(const Datum *) b));
}

static Datum
segment_id_datum(const char *text)
{
	SegmentId  *id = palloc(sizeof(SegmentId));

	(void) segment_id_parse(text, strlen(text), id, NULL);
	return SegmentIdPGetDatum(id);
}

/* as it stands in the column */
static const char *
value_as_given(const Decision *decision)
{
	ListCell   *cell;

	foreach(cell, decision->columns)
		if (strcmp(lfirst(cell), decision->model->segment_column) == 0 && decision->values[foreach_current_index(cell)])
			return decision->values[foreach_current_index(cell)];
	return decision->column_value;
}

/* a column's answer is its value, whether it is a known segment or not */
static int
column_member(const Decision *decision, const char *key, Datum *ids)
{
	const char *value = decision->column_value;
	DecidedSegment *segment = value ? decide_find(decision, decision->model->id, value) : NULL;

	if (value == NULL || (segment && segment->override))
		return 0;
	if (!segment_id_text_is_valid(value, strlen(value)))
		source_raise_wrong_segment(decision->model, value_as_given(decision), key);
	ids[0] = segment_id_datum(value);
	return 1;
}

static int
members(const Decision *decision, const char *key, Datum *ids)
{
	int			count = 0;
	ListCell   *cell;

	if (decision->model->kind == MODEL_COLUMN && decide_forced(decision, decision->model) == NULL)
		return column_member(decision, key, ids);
	foreach(cell, decision->order)
	{
		const DecidedSegment *segment = lfirst(cell);

		if (segment->model == decision->model && segment->member)
			ids[count++] = segment_id_datum(segment->segment->id);
	}
	qsort(ids, count, sizeof(Datum), compare_ids);
	return count;
}

/* sorted, in the memory context of the moment; key: NULL where the customer is not one of the source */
static Datum
segment_array(const Decision *decision, const char *key, Oid array_type)
{
	Datum	   *ids = palloc(sizeof(Datum) * (list_length(decision->order) + 1));
	int			count = members(decision, key, ids);

	return PointerGetDatum(construct_array(ids, count, get_element_type(array_type),
										   sizeof(SegmentId), false, TYPALIGN_CHAR));
}

/* the error of a rule may quote a customer's data, as that of a refresh */
static bool
may_be_told(const Model *model)
{
	return pg_class_aclcheck(model->assignment, GetUserId(), ACL_UPDATE) == ACLCHECK_OK;
}

/* so many segments are named one by one, each with its error */
#define WARNED_ALONE 3

static void
warn_segment(const DecidedSegment *segment)
{
	ereport(WARNING,
			(errmsg("could not decide segment \"%s\" of model \"%s\"", segment->segment->id, segment->model->id),
			 may_be_told(segment->model) ? errdetail("%s", segment->error) :
			 errdetail("What its rule raises is for those to know who may refresh the model.")));
}

static void
warn_segments(const Model *model, List *segments)
{
	List	   *names = NIL;
	ListCell   *cell;

	foreach(cell, segments)
		names = lappend(names, ((DecidedSegment *) lfirst(cell))->segment->id);
	ereport(WARNING,
			(errmsg("could not decide %d segments of model \"%s\"", list_length(names), model->id),
			 may_be_told(model) ? errdetail("They are: %s. The error of the first: %s", first_ten(names, ", "),
											((DecidedSegment *) linitial(segments))->error) :
			 errdetail("They are: %s.", first_ten(names, ", "))));
}

/* segments that the answer leaves out because their rules fail, or those that they ask for */
static void
warn_undecided(const Decision *decision)
{
	List	   *undecided = NIL;
	ListCell   *cell;

	foreach(cell, decision->order)
		if (((DecidedSegment *) lfirst(cell))->error && ((DecidedSegment *) lfirst(cell))->model == decision->model)
			undecided = lappend(undecided, lfirst(cell));
	if (list_length(undecided) > WARNED_ALONE)
		warn_segments(decision->model, undecided);
	else
		foreach(cell, undecided)
			warn_segment(lfirst(cell));
}

static Model *
read_argument(FunctionCallInfo fcinfo)
{
	Model	   *model;

	argument_require(fcinfo, 0, "model");
	model = model_read(segment_id_argument(fcinfo, 0));
	model_check_objects(model);
	model_check_may_read(model->assignment);
	return model;
}

static char *
key_text(ArrayType *key)
{
	Datum	   *values;
	int			count;
	StringInfoData buf;

	deconstruct_array(key, TEXTOID, -1, false, TYPALIGN_INT, &values, NULL, &count);
	initStringInfo(&buf);
	for (int i = 0; i < count; i++)
		appendStringInfo(&buf, "%s%s", i > 0 ? ", " : "", TextDatumGetCString(values[i]));
	return buf.data;
}

/* classify(model, key): NULL for a customer who is not in the source */
PG_FUNCTION_INFO_V1(model_classify);
Datum
model_classify(PG_FUNCTION_ARGS)
{
	Model	   *model = read_argument(fcinfo);
	MemoryContext context = CurrentMemoryContext;
	ModelContext saved;
	KeyValues  *key;
	Decision   *decision;
	bool		found;
	Datum		result = 0;

	argument_require(fcinfo, 1, "key");
	key = model_read_key(model, PG_GETARG_ARRAYTYPE_P(1));
	SPI_connect();
	model_enter(model, &saved);
	decision = decide_collect_readable(model);
	found = decide_customer(decision, key);
	model_leave(&saved);
	MemoryContextSwitchTo(context);
	if (found)
		warn_undecided(decision);
	if (found)
		result = segment_array(decision, key_text(PG_GETARG_ARRAYTYPE_P(1)), get_fn_expr_rettype(fcinfo->flinfo));
	SPI_finish();
	if (!found)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(result);
}

static bool
is_given(Jsonb *row, const char *name)
{
	JsonbValue	key = {.type = jbvString};

	key.val.string.val = unconstify(char *, name);
	key.val.string.len = strlen(name);
	return findJsonbValueFromContainer(&row->root, JB_FOBJECT, &key) != NULL;
}

/* a misspelt column would be NULL, and the answer about someone else */
static void
check_columns(const Model *model, Jsonb *row)
{
	JsonbIterator *iterator;
	JsonbValue	value;
	JsonbIteratorToken token;

	if (!JB_ROOT_IS_OBJECT(row))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("row is not a JSON object"),
				 errhint("Give values by the names of the source's columns.")));
	iterator = JsonbIteratorInit(&row->root);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
		if (token == WJB_KEY)
		{
			char	   *name = pnstrdup(value.val.string.val, value.val.string.len);

			if (get_attnum(model->source, name) <= 0)
				ereport(ERROR,
						(errcode(ERRCODE_UNDEFINED_COLUMN),
						 errmsg("column \"%s\" of the source of model \"%s\" does not exist", name, model->id),
						 errhint("Its columns are: %s.",
								 first_ten(relation_columns_near(relation_open_existing(model->source, AccessShareLock), name), ", "))));
		}
}

/* the server computes these only for rows that it stores */
static void
check_generated(const Decision *decision, Jsonb *row)
{
	Relation	rel = relation_open_existing(decision->model->source, AccessShareLock);
	ListCell   *cell;

	foreach(cell, decision->columns)
	{
		AttrNumber	attnum = get_attnum(decision->model->source, lfirst(cell));

		if (TupleDescAttr(RelationGetDescr(rel), attnum - 1)->attgenerated && !is_given(row, lfirst(cell)))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("row has no value for generated column \"%s\"", (char *) lfirst(cell)),
					 errdetail("Rules of model \"%s\" read it, and it is not computed from the other values.",
							   decision->model->id),
					 errhint("Give its value too.")));
	}
	table_close(rel, NoLock);
}

/* classify_row(model, row) */
PG_FUNCTION_INFO_V1(model_classify_row);
Datum
model_classify_row(PG_FUNCTION_ARGS)
{
	Model	   *model = read_argument(fcinfo);
	MemoryContext context = CurrentMemoryContext;
	ModelContext saved;
	Decision   *decision;
	Datum		result;

	argument_require(fcinfo, 1, "row");
	check_columns(model, PG_GETARG_JSONB_P(1));
	SPI_connect();
	model_enter(model, &saved);
	decision = decide_collect_readable(model);
	check_generated(decision, PG_GETARG_JSONB_P(1));
	decide_row(decision, PG_GETARG_DATUM(1));
	model_leave(&saved);
	MemoryContextSwitchTo(context);
	warn_undecided(decision);
	result = segment_array(decision, NULL, get_fn_expr_rettype(fcinfo->flinfo));
	SPI_finish();
	PG_RETURN_DATUM(result);
}
