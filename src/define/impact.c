/*
 * impact.c: what a change of a definition would do, before it is made.
 *
 * The change is made and undone again; in between, the SELECT that then decides
 * each model concerned is written down.  What it gives is compared with what
 * the SELECT of now gives.
 */
#include "segmentation.h"

#include "funcapi.h"
#include "utils/builtins.h"

#include "argument.h"
#include "option.h"
#include "refusal.h"
#include "decide/compile.h"
#include "decide/fence.h"
#include "define/impact.h"
#include "types/segment_id.h"

static AffectedModel *
find_model(Impact *impact, const char *id)
{
	AffectedModel *affected;
	ListCell   *cell;

	foreach(cell, impact->models)
	{
		if (strcmp(((AffectedModel *) lfirst(cell))->id, id) == 0)
			return lfirst(cell);
	}
	affected = palloc0(sizeof(AffectedModel));
	affected->id = pstrdup(id);
	impact->models = lappend(impact->models, affected);
	return affected;
}

/*
 * Segments whose answer hangs on what changes: what that is first, then those
 * that depend on it in any number of steps, as the catalogue is at the moment.
 */
#define DEPENDENTS_QUERY \
	"WITH RECURSIVE dependency AS MATERIALIZED (SELECT * FROM segmentation.segment_dependency), " \
	"node AS (SELECT model, id AS segment FROM segmentation.segment " \
	"WHERE model OPERATOR(@types@.=) $1::@types@.segment_id AND ($2 IS NULL OR id OPERATOR(@types@.=) $2::@types@.segment_id) " \
	"UNION SELECT d.model, d.segment FROM node n JOIN dependency d " \
	"ON d.to_model OPERATOR(@types@.=) n.model AND d.to_segment OPERATOR(@types@.=) n.segment) " \
	"SELECT n.model::pg_catalog.text, n.segment::pg_catalog.text, " \
	"CASE WHEN n.model OPERATOR(@types@.<>) $1::@types@.segment_id OR n.segment OPERATOR(@types@.<>) $2::@types@.segment_id THEN " \
	"(SELECT string_agg(concat(d.to_model, '/', d.to_segment, CASE WHEN d.by_rank THEN ' by rank' END), ', ' ORDER BY d.to_model, d.to_segment) " \
	"FROM dependency d WHERE d.model OPERATOR(@types@.=) n.model AND d.segment OPERATOR(@types@.=) n.segment " \
	"AND EXISTS (SELECT FROM node o WHERE o.model OPERATOR(@types@.=) d.to_model AND o.segment OPERATOR(@types@.=) d.to_segment)) END " \
	"FROM node n ORDER BY n.model OPERATOR(@types@.<>) $1::@types@.segment_id, n.model, n.segment"

static void
collect_affected(Impact *impact)
{
	Datum		values[] = {CStringGetTextDatum(impact->model), (Datum) 0};

	if (impact->segment)
		values[1] = CStringGetTextDatum(impact->segment);
	SPI_connect();
	catalogue_execute(DEPENDENTS_QUERY, 2, OIDS(TEXTOID, TEXTOID), values, impact->segment ? NULL : " n");
	MemoryContextSwitchTo(impact->context);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		AffectedSegment *segment = impact_find_segment(find_model(impact, catalogue_get(i, 1)), catalogue_get(i, 2));

		if (segment->depends_on == NULL)
			segment->depends_on = catalogue_get(i, 3);
	}
	SPI_finish();
	MemoryContextSwitchTo(impact->context);
}

/* a rule that failed at the last refresh keeps its members, unless it is the one that changes */
static List *
kept_rules(const Impact *impact, const Model *model, bool after)
{
	List	   *names = NIL;
	ListCell   *cell;

	foreach(cell, model_failing_rules(model))
	{
		if (!after || impact->segment == NULL ||
			strcmp(lfirst(cell), psprintf("%s/%s", impact->model, impact->segment)) != 0)
			names = lappend(names, lfirst(cell));
	}
	return names;
}

/* those change when the other model is refreshed */
static void
note_stored_answers(Impact *impact, const Compilation *compilation)
{
	char	   *problem = psprintf("model \"%s\" reads the stored answers of model \"%s\", which a refresh of that one changes",
								   compilation->model->id, impact->model);
	ListCell   *cell;

	foreach(cell, compilation->segments)
	{
		const CompiledSegment *segment = lfirst(cell);

		if (segment->stored && strcmp(segment->model->id, impact->model) == 0)
			impact->current->problem = MemoryContextStrdup(impact->context, problem);
	}
}

static void
write_select(Impact *impact, bool after)
{
	AffectedModel *affected = impact->current;
	Model	   *model = model_read(affected->id);
	Compilation *compilation;
	ModelContext saved;
	char	  **select = after ? affected->select_after : affected->select_before;

	model_check_owner(model);
	model_check_objects(model);
	model_enter(model, &saved);
	compilation = compile_analyse(model, kept_rules(impact, model, after), NULL);
	note_stored_answers(impact, compilation);
	select[0] = compile_select(compilation, NULL);
	compilation->unfenced = true;
	select[1] = compile_select(compilation, NULL);
	model_leave(&saved);
	if (after)
		affected->after = model;
	else
		affected->before = model;
}

static void
write_before(void *arg)
{
	write_select(arg, false);
}

static void
write_after(void *arg)
{
	write_select(arg, true);
}

/* of a model whose rules cannot be evaluated, or are not for the caller to evaluate, nothing is counted */
static void
note_problem(AffectedModel *affected, ErrorData *error)
{
	if (error == NULL)
		return;
	if (!is_rules_error(error->sqlerrcode) && error->sqlerrcode != ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE)
		ReThrowError(error);
	affected->problem = error->message;
}

static void
for_each_model(Impact *impact, TrialFunction work)
{
	ListCell   *cell;

	foreach(cell, impact->models)
	{
		impact->current = lfirst(cell);
		if (impact->current->problem == NULL)
			note_problem(impact->current, fence_trial(work, impact));
	}
}

static void
call(Impact *impact, const char *sql, const char *rule)
{
	FunctionCallInfo fcinfo = impact->fcinfo;
	Oid			types[] = {TEXTOID, TEXTOID, TEXTOID, INT4OID, REGCLASSOID, NAMEARRAYOID, TEXTOID, TEXTOID, NAMEOID};
	Datum		values[IMPACT_ARG_AS_OF];
	char		nulls[IMPACT_ARG_AS_OF];

	for (int i = 0; i < IMPACT_ARG_AS_OF; i++)
	{
		values[i] = fcinfo->args[i].value;
		nulls[i] = fcinfo->args[i].isnull ? 'n' : ' ';
	}
	if (rule)
	{
		values[IMPACT_ARG_RULE] = CStringGetTextDatum(rule);
		nulls[IMPACT_ARG_RULE] = ' ';
	}
	SPI_connect();
	if (execute_untold(sql, IMPACT_ARG_AS_OF, types, values, nulls, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not make the change");
	SPI_finish();
	MemoryContextSwitchTo(impact->context);
}

#define DEFINE "SELECT segmentation.define_segment($1, $2, $3, rank => $4, \"count\" => false)"

/* without its notice of overrides that are deleted, which they are not */
static void
drop(void *arg)
{
	ModelContext saved;

	model_enter_caller(&saved);
	set_option("client_min_messages", "warning");
	call(arg, "SELECT segmentation.drop_segment($1, $2)", NULL);
	model_leave(&saved);
}

/* a segment that cannot be dropped yet counts as one whose rule is never true */
static void
change(Impact *impact)
{
	ErrorData  *error;

	if (!impact->segment)
		call(impact, "SELECT segmentation.alter_model($1, source => $5, key => $6, kind => $7, time_zone => $8, segment_column => $9)", NULL);
	else if (!impact->drops)
		call(impact, DEFINE, NULL);
	else if ((error = trial_run(drop, impact, true)) != NULL)
	{
		if (error->sqlerrcode != ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST)
			ReThrowError(error);
		impact->refusal = error->message;
		if (model_read_definition(impact->model)->kind != MODEL_COLUMN)
			call(impact, DEFINE, "false");
	}
}

static void
change_and_look(void *arg)
{
	Impact	   *impact = arg;

	change(impact);
	collect_affected(impact);
	for_each_model(impact, write_after);
}

static Datum
affected_id_datum(const char *id)
{
	SegmentId  *result = palloc(sizeof(SegmentId));

	(void) segment_id_parse(id, strlen(id), result, NULL);
	return SegmentIdPGetDatum(result);
}

static void
put_row(ReturnSetInfo *result, const AffectedModel *affected, const AffectedSegment *segment,
		int64 customers, int64 entering, int64 leaving, const char *problem)
{
	const char *depends_on = segment ? segment->depends_on : NULL;
	bool		counted = affected->problem == NULL;
	Datum		values[] = {
		affected_id_datum(affected->id), segment ? affected_id_datum(segment->id) : (Datum) 0,
		depends_on ? CStringGetTextDatum(depends_on) : (Datum) 0,
		Int64GetDatum(customers), Int64GetDatum(entering), Int64GetDatum(leaving),
		problem ? CStringGetTextDatum(problem) : (Datum) 0
	};
	bool		nulls[] = {false, segment == NULL, depends_on == NULL, !counted, !counted, !counted, problem == NULL};

	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* a row for the model, then one for each of its segments */
static void
put_rows(const Impact *impact, ReturnSetInfo *result, const AffectedModel *affected)
{
	int64		entering = 0;
	int64		leaving = 0;
	ListCell   *cell;

	foreach(cell, affected->segments)
	{
		entering += ((AffectedSegment *) lfirst(cell))->entering;
		leaving += ((AffectedSegment *) lfirst(cell))->leaving;
	}
	put_row(result, affected, NULL, affected->customers, entering, leaving, affected->problem);
	foreach(cell, affected->segments)
	{
		AffectedSegment *segment = lfirst(cell);
		bool		refused = impact->segment && strcmp(affected->id, impact->model) == 0 &&
		strcmp(segment->id, impact->segment) == 0;

		put_row(result, affected, segment, segment->entering + segment->leaving, segment->entering,
				segment->leaving, refused ? impact->refusal : NULL);
	}
}

static int
by_id(const ListCell *a, const ListCell *b)
{
	return strcmp(((AffectedSegment *) lfirst(a))->id, ((AffectedSegment *) lfirst(b))->id);
}

static void
check_impact_arguments(FunctionCallInfo fcinfo)
{
	static const char *const names[] = {"model", "segment", "rule", "rank", "source", "key", "kind", "time_zone", "segment_column"};
	bool		of_segment = !PG_ARGISNULL(IMPACT_ARG_SEGMENT);

	argument_require(fcinfo, IMPACT_ARG_MODEL, "model");
	for (int i = IMPACT_ARG_RULE; i < IMPACT_ARG_AS_OF; i++)
		if (!PG_ARGISNULL(i) && (i <= IMPACT_ARG_RANK) != of_segment)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg(of_segment ? "argument \"%s\" is of a model, and a segment is given" :
							"argument \"%s\" is of a segment, and none is given", names[i])));
}

/* impact(model, segment, rule, rank, source, key, kind, time_zone, segment_column, as_of) */
PG_FUNCTION_INFO_V1(model_impact);
Datum
model_impact(PG_FUNCTION_ARGS)
{
	Impact		impact = {.fcinfo = fcinfo, .context = CurrentMemoryContext};
	ErrorData  *error;
	ListCell   *cell;

	check_impact_arguments(fcinfo);
	impact.model = segment_id_argument(fcinfo, IMPACT_ARG_MODEL);
	impact.segment = PG_ARGISNULL(IMPACT_ARG_SEGMENT) ? NULL : segment_id_argument(fcinfo, IMPACT_ARG_SEGMENT);
	impact.drops = impact.segment && PG_ARGISNULL(IMPACT_ARG_RULE) && PG_ARGISNULL(IMPACT_ARG_RANK);
	model_check_owner(model_read_definition(impact.model));
	(void) find_model(&impact, impact.model);
	collect_affected(&impact);
	if ((error = trial_run(change_and_look, &impact, false)) != NULL)
		ReThrowError(error);
	for_each_model(&impact, write_before);
	for_each_model(&impact, impact_compare);
	InitMaterializedSRF(fcinfo, 0);
	foreach(cell, impact.models)
	{
		AffectedModel *affected = lfirst(cell);

		list_sort(affected->segments, by_id);
		put_rows(&impact, (ReturnSetInfo *) fcinfo->resultinfo, affected);
	}
	PG_RETURN_NULL();
}
