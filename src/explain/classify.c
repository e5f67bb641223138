/*
 * classify.c: a customer's segments now, without the stored answer.
 *
 * They are what the compiled SELECT says of one.  Where a rule raises an error
 * they are decided condition by condition, as explain does: who depends on that
 * rule is in none of its segments, and the others have their answer.
 */
#include "segmentation.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "argument.h"
#include "refusal.h"
#include "trial.h"
#include "decide/compile.h"
#include "decide/fence.h"
#include "explain/decide.h"
#include "model/model.h"
#include "refresh/refresh.h"
#include "types/segment_id.h"

typedef struct Classification
{
	const Model *model;
	ArrayType  *key;			/* NULL: somebody who is no customer, */
	Jsonb	   *row;			/* with these values by column */
	const KeyValues *given;		/* either, as parameters */
	MemoryContext context;		/* of the answer */
	bool		found;			/* there is such a customer */
	Datum		segments;		/* if found */
} Classification;

static int
compare_ids(const void *a, const void *b)
{
	return segment_id_compare(DatumGetSegmentIdP(*(const Datum *) a), DatumGetSegmentIdP(*(const Datum *) b));
}

/* sorted, in the memory context of the moment */
static Datum
decided_segments(const Decision *decision)
{
	Datum	   *ids = palloc(sizeof(Datum) * (list_length(decision->order) + 1));
	int			count = 0;
	ListCell   *cell;

	foreach(cell, decision->order)
	{
		const DecidedSegment *segment = lfirst(cell);

		if (segment->model == decision->model && segment->member)
			ids[count++] = segment_id_from_cstring(segment->segment->id);
	}
	qsort(ids, count, sizeof(Datum), compare_ids);
	return PointerGetDatum(construct_array(ids, count, segment_id_type(), sizeof(SegmentId), false, TYPALIGN_CHAR));
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
	{
		names = lappend(names, ((DecidedSegment *) lfirst(cell))->segment->id);
	}
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
	{
		if (((DecidedSegment *) lfirst(cell))->error && ((DecidedSegment *) lfirst(cell))->model == decision->model)
			undecided = lappend(undecided, lfirst(cell));
	}
	if (list_length(undecided) > WARNED_ALONE)
		warn_segments(decision->model, undecided);
	else
	{
		foreach(cell, undecided)
		{
			warn_segment(lfirst(cell));
		}
	}
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

static bool
row_has(Jsonb *row, const char *name)
{
	JsonbValue	key = {.type = jbvString};

	key.val.string.val = unconstify(char *, name);
	key.val.string.len = strlen(name);
	return findJsonbValueFromContainer(&row->root, JB_FOBJECT, &key) != NULL;
}

/* a misspelt column would be NULL, and the answer about someone else */
static void
check_row_columns(const Model *model, Jsonb *row)
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
check_generated(const Classification *asked, const List *columns)
{
	const Model *model = asked->model;
	Relation	rel = relation_open_existing(model->source, AccessShareLock);
	ListCell   *cell;

	foreach(cell, columns)
	{
		AttrNumber	attnum = get_attnum(model->source, lfirst(cell));

		if (TupleDescAttr(RelationGetDescr(rel), attnum - 1)->attgenerated && !row_has(asked->row, lfirst(cell)))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("row has no value for generated column \"%s\"", (char *) lfirst(cell)),
					 errdetail("Rules of model \"%s\" read it, and it is not computed from the other values.", model->id),
					 errhint("Give its value too.")));
	}
	table_close(rel, NoLock);
}

static void
take_answer(Classification *asked)
{
	MemoryContext before = MemoryContextSwitchTo(asked->context);
	bool		isnull;

	decide_check_one_row(asked->model);
	asked->found = SPI_processed > 0;
	if (asked->found)
		asked->segments = PointerGetDatum(PG_DETOAST_DATUM_COPY(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc,
																			  list_length(asked->model->key) + 1, &isnull)));
	MemoryContextSwitchTo(before);
}

static void
classify_at_once(void *arg)
{
	Classification *asked = arg;
	Compilation *compilation = compile_analyse(asked->model, NIL, NULL);
	TimestampTz as_of = model_moment(asked->model);
	CompiledCustomers one = {0};

	if (asked->row)
	{
		check_generated(asked, compile_reads(compilation));
		one.row = decide_row_source(asked->model, "$2");
	}
	else
		one.key = asked->given;
	moment_set(as_of);
	model_select(compile_select(compilation, &one), as_of, asked->given, true);
	take_answer(asked);
}

static Decision *
classify_by_condition(Classification *asked)
{
	Decision   *decision = decide_collect_readable(asked->model);

	asked->found = true;
	if (asked->row)
	{
		check_generated(asked, decision->columns);
		decide_row(decision, asked->given);
	}
	else
		asked->found = decide_customer(decision, asked->given);
	return decision;
}

/* why a column model has no answer, but for an error of its source */
static void
refuse_wrong_segment(const Classification *asked, const Decision *decision)
{
	const char *value = decide_column_value(decision, asked->model->segment_column);

	if (value && !segment_id_text_is_valid(value, strlen(value)))
		source_raise_wrong_segment(asked->model, value, asked->key ? decide_key_text(asked->key) : NULL);
}

static void
classify(Classification *asked)
{
	Decision   *decision = NULL;
	ErrorData  *error;
	ModelContext saved;

	asked->context = CurrentMemoryContext;
	SPI_connect();
	model_enter(asked->model, &saved);
	if ((error = fence_trial(classify_at_once, asked)) != NULL)
	{
		if (!is_rules_error(error->sqlerrcode))
			ReThrowError(error);
		decision = classify_by_condition(asked);
	}
	model_leave(&saved);
	MemoryContextSwitchTo(asked->context);
	if (decision && asked->model->kind == MODEL_COLUMN)
	{
		refuse_wrong_segment(asked, decision);
		ReThrowError(error);
	}
	if (decision && asked->found)
	{
		warn_undecided(decision);
		asked->segments = decided_segments(decision);
	}
	SPI_finish();
}

/* classify(model, key): NULL for a customer who is not in the source */
PG_FUNCTION_INFO_V1(model_classify);
Datum
model_classify(PG_FUNCTION_ARGS)
{
	Classification asked = {.model = read_argument(fcinfo)};

	argument_require(fcinfo, 1, "key");
	asked.key = PG_GETARG_ARRAYTYPE_P(1);
	asked.given = model_read_key(asked.model, asked.key);
	classify(&asked);
	if (!asked.found)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(asked.segments);
}

/* classify_row(model, row) */
PG_FUNCTION_INFO_V1(model_classify_row);
Datum
model_classify_row(PG_FUNCTION_ARGS)
{
	Classification asked = {.model = read_argument(fcinfo)};
	KeyValues	row = {.count = 1, .types = {JSONBOID}};

	argument_require(fcinfo, 1, "row");
	asked.row = PG_GETARG_JSONB_P(1);
	row.values[0] = JsonbPGetDatum(asked.row);
	asked.given = &row;
	check_row_columns(asked.model, asked.row);
	classify(&asked);
	PG_RETURN_DATUM(asked.segments);
}
