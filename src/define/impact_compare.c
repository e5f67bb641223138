/*
 * impact_compare.c: how many customers a change of a definition would make come out
 * differently.
 */
#include "segmentation.h"

#include "executor/tstoreReceiver.h"
#include "miscadmin.h"
#include "utils/timestamp.h"

#include "refusal.h"
#include "decide/fence.h"
#include "define/impact.h"

/* the answers of now, as the comparison names them */
#define BEFORE "segmentation_before"

AffectedSegment *
impact_find_segment(AffectedModel *affected, const char *id)
{
	AffectedSegment *segment;
	ListCell   *cell;

	foreach(cell, affected->segments)
	{
		if (strcmp(((AffectedSegment *) lfirst(cell))->id, id) == 0)
			return lfirst(cell);
	}
	segment = palloc0(sizeof(AffectedSegment));
	segment->id = pstrdup(id);
	affected->segments = lappend(affected->segments, segment);
	return segment;
}

static char *
choose_select(char *const select[2])
{
	return fence_choose(select[0], select[1]);
}

/* how many customers come out differently, and then for each segment who would enter and leave it */
static char *
comparison_of_answers(const AffectedModel *affected)
{
	const Model *model = affected->before;
	char	   *key = key_column_list(model->key, NULL);

	return catalogue_query(psprintf("WITH difference AS MATERIALIZED (SELECT b.segments AS before, a.segments AS after "
									"FROM " BEFORE " AS b (%s, segments) FULL JOIN (%s) AS a (%s, segments) ON %s "
									"WHERE b.segments IS DISTINCT FROM a.segments) "
									"SELECT NULL::pg_catalog.text, count(*), NULL::pg_catalog.int8 FROM difference "
									"UNION ALL SELECT c.segment::pg_catalog.text, count(*) FILTER (WHERE c.enters), "
									"count(*) FILTER (WHERE NOT c.enters) FROM difference d CROSS JOIN LATERAL "
									"(SELECT s AS segment, true AS enters FROM unnest(d.after) s "
									"WHERE s OPERATOR(@types@.<>) ALL (coalesce(d.before, '{}')) UNION ALL "
									"SELECT s, false FROM unnest(d.before) s "
									"WHERE s OPERATOR(@types@.<>) ALL (coalesce(d.after, '{}'))) c GROUP BY c.segment",
									key, choose_select(affected->select_after), key, model_key_match(model, "b", "a")));
}

static int64
affected_count_at(uint64 row, int column)
{
	bool		isnull;

	return DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, &isnull));
}

static void
read_counts(AffectedModel *affected)
{
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		char	   *id = catalogue_get(i, 1);
		AffectedSegment *segment = id ? impact_find_segment(affected, id) : NULL;

		if (segment)
		{
			segment->entering = affected_count_at(i, 2);
			segment->leaving = affected_count_at(i, 3);
		}
		else
			affected->customers = affected_count_at(i, 2);
	}
}

static TimestampTz
moment(const Impact *impact)
{
	if (!impact->fcinfo->args[IMPACT_ARG_AS_OF].isnull)
		return DatumGetTimestampTz(impact->fcinfo->args[IMPACT_ARG_AS_OF].value);
	return model_moment(impact->current->before);
}

/* as the model's owner and in its time zone */
static void
execute_affected_plan(const Model *model, SPIPlanPtr plan, TimestampTz as_of, DestReceiver *dest)
{
	SPIExecuteOptions options = {.read_only = true, .dest = dest};
	ModelContext saved;

	options.params = makeParamList(1);
	options.params->params[0] = (ParamExternData)
	{
		TimestampTzGetDatum(as_of), false, PARAM_FLAG_CONST, TIMESTAMPTZOID
	};
	model_enter(model, &saved);
	moment_set(as_of);
	if (execute_plan_extended_untold(plan, &options) != SPI_OK_SELECT)
		elog(ERROR, "could not evaluate model \"%s\"", model->id);
	model_leave(&saved);
}

static SPIPlanPtr
prepare_affected(const Model *model, const char *sql)
{
	ModelContext saved;
	SPIPlanPtr	plan;

	model_enter(model, &saved);
	plan = prepare_untold(sql, 1, OIDS(TIMESTAMPTZOID), 0);
	model_leave(&saved);
	return plan;
}

/* the answers of now under a name, as the time zone may be another after the change */
static Tuplestorestate *
evaluate_before(const AffectedModel *affected, TimestampTz as_of)
{
	SPIPlanPtr	plan = prepare_affected(affected->before, choose_select(affected->select_before));
	CachedPlanSource *source = linitial(SPI_plan_get_plan_sources(plan));
	EphemeralNamedRelation enr = palloc0(sizeof(EphemeralNamedRelationData));
	Tuplestorestate *rows = tuplestore_begin_heap(false, false, work_mem);
	DestReceiver *dest = CreateTuplestoreDestReceiver();

	SetTuplestoreDestReceiverParams(dest, rows, CurrentMemoryContext, true, NULL, NULL);
	execute_affected_plan(affected->before, plan, as_of, dest);
	enr->md.name = BEFORE;
	enr->md.tupdesc = CreateTupleDescCopy(source->resultDesc);
	enr->md.enrtype = ENR_NAMED_TUPLESTORE;
	enr->md.enrtuples = SPI_processed;
	enr->reldata = rows;
	if (SPI_register_relation(enr) != SPI_OK_REL_REGISTER)
		elog(ERROR, "could not register relation \"%s\"", BEFORE);
	return rows;
}

void
impact_compare(void *arg)
{
	Impact	   *impact = arg;
	AffectedModel *affected = impact->current;
	Tuplestorestate *rows;

	SPI_connect();
	rows = evaluate_before(affected, moment(impact));
	execute_affected_plan(affected->after, prepare_affected(affected->after, comparison_of_answers(affected)), moment(impact), NULL);
	MemoryContextSwitchTo(impact->context);
	read_counts(affected);
	tuplestore_end(rows);
	SPI_finish();
	MemoryContextSwitchTo(impact->context);
}
