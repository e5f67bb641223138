/*
 * verify_query.c: what a model's rules say, and where the stored answers say
 * otherwise, as a query.
 *
 * Nothing here is shared with the compiled SELECT but the rules themselves:
 * each is a plain query of its own over the source, and whoever asks for a
 * segment asks for the keys that its query has given.
 */
#include "segmentation.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "key.h"
#include "decide/compile.h"
#include "decide/fence.h"
#include "decide/reference.h"
#include "model/model.h"
#include "override/override.h"
#include "refresh/refresh.h"
#include "rule/rule.h"

/*
 * What one query decides: a segment or, of an exclusive model, consecutive ones
 * that do not ask for each other.  Its rows are keys and the number of the
 * segment among those of the compilation.
 */
typedef struct SegmentQuery
{
	const Model *model;
	int			first;
	int			last;
} SegmentQuery;

typedef struct Verification
{
	const Model *model;
	const Compilation *compilation;
	List	   *queries;		/* SegmentQuery * */
	List	   *overridden;		/* OverriddenModel * */
	const char *source;			/* that the queries read */
	StringInfoData buf;
} Verification;

static const CompiledSegment *
segment_number(const Verification *verification, int number)
{
	return list_nth(verification->compilation->segments, number);
}

static int
number_of(const Verification *verification, const char *model, const char *segment)
{
	for (int i = 0; i < list_length(verification->compilation->segments); i++)
	{
		const CompiledSegment *compiled = segment_number(verification, i);

		if (strcmp(compiled->segment->id, segment) == 0 && strcmp(compiled->model->id, model) == 0)
			return i;
	}
	elog(ERROR, "segment %s/%s was not compiled", model, segment);
	return 0;
}

static char *
query_name(int number)
{
	return psprintf("segmentation_%d", number + 1);
}

/* the operator of all columns of the key, NULL if they do not have the same or are domains */
static const char *
common_operator(const Model *model)
{
	const char *result = NULL;
	ListCell   *cell;

	foreach(cell, model->key)
	{
		Oid			type = get_atttype(model->assignment, get_attnum(model->assignment, lfirst(cell)));
		const char *operator = model_equality_operator(type);

		if (getBaseType(type) != type || (result && strcmp(operator, result) != 0))
			return NULL;
		result = operator;
	}
	return result;
}

/* the customer is among those that a query has given; ANY is hashed by the server where it can be */
static void
print_exists(const Verification *verification, StringInfo buf, int query, const char *condition)
{
	const Model *model = verification->model;
	const char *operator = common_operator(model);

	if (operator)
		appendStringInfo(buf, "coalesce((%s) %s ANY (SELECT %s FROM %s WHERE %s), false)",
						 key_column_list(model->key, "source"), operator,
						 key_column_list(model->key, query_name(query)), query_name(query), condition);
	else
		appendStringInfo(buf, "EXISTS (SELECT FROM %s WHERE %s AND %s)", query_name(query),
						 model_key_match(model, query_name(query), "source"), condition);
}

static void
print_reference(StringInfo buf, const RuleReference *reference, void *arg)
{
	const Verification *verification = arg;
	int			number = number_of(verification, reference->model, reference->segment);
	ListCell   *cell;

	foreach(cell, verification->queries)
	{
		SegmentQuery *query = lfirst(cell);

		if (query->first <= number && number <= query->last)
		{
			print_exists(verification, buf, foreach_current_index(cell),
						 psprintf("segmentation_number = %d", number));
			return;
		}
	}
	elog(ERROR, "segment %s/%s comes too late", reference->model, reference->segment);
}

static char *
column_text(const Model *model)
{
	return psprintf("pg_catalog.lower(source.%s::pg_catalog.text COLLATE pg_catalog.\"C\")",
					quote_identifier(model->segment_column));
}

/* a rule that failed at the last refresh, or is not for this model to run: its members are those that there are */
static void
print_kept(Verification *verification, const CompiledSegment *segment)
{
	if (segment->stored)
	{
		appendStringInfoString(&verification->buf, reference_member(segment->model, segment->segment->id));
		return;
	}
	appendStringInfo(&verification->buf,
					 "EXISTS (SELECT FROM %s AS segmentation_kept WHERE %s AND segmentation_kept.segments @> '{\"%s\"}'::%s.segment_id[])",
					 relation_name(segment->model->assignment),
					 model_key_match(verification->model, "segmentation_kept", "source"),
					 segment->segment->id, types_schema());
}

static const OverriddenModel *
overrides_of(Verification *verification, const Model *model)
{
	static const OverriddenModel nobody = {0};
	const Model *own = verification->model;

	if (reference_reads_answers(own, model))
		return &nobody;
	return override_model(&verification->overridden, model, own->as_of, NULL);
}

/* whether the customer is in one segment at most, and people have a say in which */
static bool
can_be_put(Verification *verification, const Model *model)
{
	return model->kind != MODEL_OVERLAPPING && overrides_of(verification, model)->segments != NIL;
}

/* decisions about the customer that count as of the last refresh */
static char *
decisions(const Verification *verification, const Model *model)
{
	return psprintf("FROM %s AS o WHERE %s AND (o.expires_at IS NULL OR o.expires_at > $1)",
					relation_name(model->override), model_key_match(verification->model, "o", "source"));
}

/* the segment that they put the customer into, in a model of one for each */
static char *
put_text(const Verification *verification, const Model *model)
{
	char	   *ids = override_ids(model);

	return psprintf("SELECT o.segment::pg_catalog.text AS segmentation_put %s AND o.member "
					"AND pg_catalog.array_position(%s, o.segment) > 0 ORDER BY pg_catalog.array_position(%s, o.segment) LIMIT 1",
					decisions(verification, model), ids, ids);
}

static char *
decided_text(const Verification *verification, const Model *model, const char *segment, bool member)
{
	return psprintf("EXISTS (SELECT %s AND o.segment::pg_catalog.text = '%s' AND %so.member)",
					decisions(verification, model), segment, member ? "" : "NOT ");
}

static void
print_condition(Verification *verification, const CompiledSegment *segment)
{
	const Model *model = segment->model;

	if (model->kind == MODEL_COLUMN)
		appendStringInfo(&verification->buf, "(%s = %s)", column_text(model),
						 quote_literal_cstr(segment->segment->id));
	else if (segment->segment->rule == NULL)
		appendStringInfoString(&verification->buf,
							   model->kind == MODEL_EXCLUSIVE && segment->last ? "true" : "false");
	else
	{
		Rule	   *rule = rule_parse_kept(model->source, segment->segment->rule, model->id, model->time_zone);

		appendStringInfo(&verification->buf, "(%s)",
						 rule_sql(rule, print_reference, verification));
	}
}

/* in an exclusive model: whether the customer may belong to an earlier segment, whose rule fails; NULL: none does */
static char *
undecided_text(Verification *verification, const CompiledSegment *segment)
{
	const Model *model = segment->model;
	char	   *result = NULL;

	if (model->kind != MODEL_EXCLUSIVE || segment->stored)
		return NULL;
	for (const CompiledSegment *before = segment->lower; before; before = before->lower)
	{
		const char *id = before->segment->id;
		char	   *may = pstrdup("true");

		if (!before->kept)
			continue;
		if (override_is_about(overrides_of(verification, model), id))
			may = psprintf("NOT %s", decided_text(verification, model, id, false));
		result = result ? psprintf("%s OR %s", result, may) : may;
	}
	return result;
}

/* who may belong to another segment keeps what they have */
static void
print_known(Verification *verification, const CompiledSegment *segment)
{
	bool		kept = segment->kept || segment->stored;
	char	   *undecided = kept ? NULL : undecided_text(verification, segment);

	if (undecided)
		appendStringInfo(&verification->buf, "CASE WHEN %s THEN ", undecided);
	if (undecided || kept)
		print_kept(verification, segment);
	if (undecided)
		appendStringInfoString(&verification->buf, " ELSE ");
	if (!kept)
		print_condition(verification, segment);
	if (undecided)
		appendStringInfoString(&verification->buf, " END");
}

/* what people have decided, or else what rule or column say */
static void
print_decided(Verification *verification, const CompiledSegment *segment)
{
	const Model *model = segment->model;
	const char *id = segment->segment->id;
	StringInfo	buf = &verification->buf;
	bool		decided = override_is_about(overrides_of(verification, model), id);
	bool		put = can_be_put(verification, model);

	if (put)
		appendStringInfo(buf, "p.segmentation_put = '%s' OR p.segmentation_put IS NULL AND ", id);
	else if (decided)
		appendStringInfo(buf, "%s OR ", decided_text(verification, model, id, true));
	if (decided)
		appendStringInfo(buf, "NOT %s AND ", decided_text(verification, model, id, false));
	print_known(verification, segment);
}

static bool
asks_since(const Verification *verification, const CompiledSegment *segment, int first)
{
	ListCell   *cell;

	foreach(cell, segment->references)
	{
		const CompiledSegment *needed = lfirst(cell);

		if (number_of(verification, needed->model->id, needed->segment->id) >= first)
			return true;
	}
	return false;
}

static SegmentQuery *
next_query(const Verification *verification, int first)
{
	SegmentQuery *query = palloc(sizeof(SegmentQuery));
	const CompiledSegment *segment = segment_number(verification, first);
	int			count = list_length(verification->compilation->segments);

	query->model = segment->model;
	query->first = query->last = first;
	if (query->model->kind != MODEL_EXCLUSIVE || segment->stored)
		return query;
	while (query->last + 1 < count)
	{
		segment = segment_number(verification, query->last + 1);
		if (segment->model != query->model || asks_since(verification, segment, first))
			break;
		query->last++;
	}
	return query;
}

/* who has a segment of lower rank already */
static void
print_not_given(Verification *verification, const SegmentQuery *query)
{
	ListCell   *cell;

	foreach(cell, verification->queries)
	{
		if (((SegmentQuery *) lfirst(cell))->model != query->model)
			continue;
		appendStringInfoString(&verification->buf, " AND NOT ");
		print_exists(verification, &verification->buf, foreach_current_index(cell), "true");
	}
}

static void
print_query(Verification *verification, SegmentQuery *query)
{
	StringInfo	buf = &verification->buf;

	appendStringInfo(buf, "%s %s AS MATERIALIZED (SELECT * FROM (SELECT %s, CASE",
					 buf->len > 0 ? ",\n" : "WITH",
					 query_name(list_length(verification->queries)),
					 key_column_list(verification->model->key, "source"));
	for (int i = query->first; i <= query->last; i++)
	{
		appendStringInfoString(buf, " WHEN ");
		print_decided(verification, segment_number(verification, i));
		appendStringInfo(buf, " THEN %d", i);
	}
	appendStringInfo(buf, " END AS segmentation_number FROM %s AS source", verification->source);
	if (can_be_put(verification, query->model))
		appendStringInfo(buf, " LEFT JOIN LATERAL (%s) AS p ON true", put_text(verification, query->model));
	appendStringInfoString(buf, " WHERE true");
	if (query->model->kind == MODEL_EXCLUSIVE && !segment_number(verification, query->first)->stored)
		print_not_given(verification, query);
	appendStringInfoString(buf, ") AS decided WHERE segmentation_number IS NOT NULL)");
	verification->queries = lappend(verification->queries, query);
}

static void
print_queries(Verification *verification)
{
	int			count = list_length(verification->compilation->segments);

	for (int i = 0; i < count;)
	{
		SegmentQuery *query = next_query(verification, i);

		print_query(verification, query);
		i = query->last + 1;
	}
}

/* numbers of the model's own segments, which are members of the answer */
static void
print_ids(Verification *verification)
{
	const char *separator = "";

	appendStringInfoString(&verification->buf, "(VALUES ");
	for (int i = 0; i < list_length(verification->compilation->segments); i++)
	{
		const CompiledSegment *segment = segment_number(verification, i);

		if (segment->model != verification->model)
			continue;
		appendStringInfo(&verification->buf, "%s(%d, '%s'::%s.segment_id)", separator, i,
						 segment->segment->id, types_schema());
		separator = ", ";
	}
	appendStringInfoString(&verification->buf, ") AS segmentation_ids (segmentation_number, segmentation_id)");
}

static void
print_memberships(Verification *verification)
{
	const char *key = key_column_list(verification->model->key, NULL);
	const char *separator = "";

	appendStringInfo(&verification->buf,
					 ",\n segmentation_expected AS (SELECT %s, pg_catalog.array_agg(segmentation_id ORDER BY segmentation_id) AS segments FROM (",
					 key);
	for (int i = 0; i < list_length(verification->queries); i++)
		if (((SegmentQuery *) list_nth(verification->queries, i))->model == verification->model)
		{
			appendStringInfo(&verification->buf, "%sSELECT * FROM %s", separator, query_name(i));
			separator = " UNION ALL ";
		}
	appendStringInfoString(&verification->buf, ") AS m JOIN ");
	print_ids(verification);
	appendStringInfo(&verification->buf, " USING (segmentation_number) GROUP BY %s)\n", key);
}

/* "ARRAY[coalesce(n.id, a.id)::text, ...]" */
static char *
customer(const Model *model)
{
	StringInfoData buf;
	ListCell   *cell;

	initStringInfo(&buf);
	foreach(cell, model->key)
	{
		const char *name = quote_identifier(lfirst(cell));

		appendStringInfo(&buf, "%scoalesce(n.%s, a.%s)::pg_catalog.text",
						 foreach_current_index(cell) > 0 ? ", " : "ARRAY[", name, name);
	}
	appendStringInfoChar(&buf, ']');
	return buf.data;
}

static char *
expected_column(Verification *verification)
{
	const Model *model = verification->model;
	char	   *answer = psprintf("CASE WHEN source.%s IS NULL THEN '{}' ELSE ARRAY[%s::%s.segment_id] END",
								  quote_identifier(model->segment_column), column_text(model), types_schema());

	if (can_be_put(verification, model))
		answer = psprintf("coalesce((SELECT ARRAY[p.segmentation_put::%s.segment_id] FROM (%s) AS p), "
						  "CASE WHEN EXISTS (SELECT %s AND pg_catalog.array_position(%s, o.segment) > 0 "
						  "AND o.segment::pg_catalog.text = %s AND NOT o.member) THEN '{}'::%s.segment_id[] END, %s)",
						  types_schema(), put_text(verification, model), decisions(verification, model),
						  override_ids(model), column_text(model), types_schema(), answer);
	return psprintf("%s AS segments FROM %s AS source", answer, relation_name(model->source));
}

/* what the answer should be, as columns after the source's key */
static char *
expected(Verification *verification)
{
	const Model *model = verification->model;

	if (model->kind == MODEL_COLUMN)
		return expected_column(verification);
	if (model->segments == NIL)
		return psprintf("'{}'::%s.segment_id[] AS segments FROM %s AS source", types_schema(),
						relation_name(model->source));
	print_queries(verification);
	print_memberships(verification);
	return psprintf("coalesce(segmentation_expected.segments, '{}') AS segments "
					"FROM %s AS source LEFT JOIN segmentation_expected ON %s",
					verification->source, model_key_match(model, "segmentation_expected", "source"));
}

/* what is computed in the source once for all queries */
static void
print_source(Verification *verification)
{
	const Model *model = verification->model;
	List	   *reads = compile_reads(verification->compilation);

	verification->source = relation_name(model->source);
	if (model->kind == MODEL_COLUMN || !fence_is_needed(model, reads))
		return;
	verification->source = "segmentation_source";
	appendStringInfo(&verification->buf, "WITH segmentation_source AS MATERIALIZED (SELECT * FROM %s)",
					 fence_text(model, reads, NULL, NULL));
}

/* customer, stored and expected segments where these differ; kept: "model/segment" whose rules fail */
char *
verify_query(const Model *model, const List *kept)
{
	Verification verification = {.model = model, .compilation = compile_analyse(model, kept, NULL)};
	char	   *answer;

	initStringInfo(&verification.buf);
	print_source(&verification);
	answer = expected(&verification);
	appendStringInfo(&verification.buf,
					 "SELECT %s, a.segments, n.segments FROM (SELECT %s, %s) AS n FULL JOIN %s AS a ON %s "
					 "WHERE n.segments IS DISTINCT FROM a.segments ORDER BY %s",
					 customer(model), key_column_list(model->key, "source"), answer,
					 relation_name(model->assignment), model_key_match(model, "a", "n"),
					 key_column_list(model->key, "a"));
	return verification.buf.data;
}
