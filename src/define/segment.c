/*
 * segment.c: define_segment and drop_segment.
 */
#include "segmentation.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"

#include "argument.h"
#include "names.h"
#include "refusal.h"
#include "decide/reference.h"
#include "define/define.h"
#include "model/model.h"
#include "rule/rule.h"
#include "types/segment_id.h"

/* arguments of define_segment */
enum
{
	ARG_MODEL,
	ARG_SEGMENT,
	ARG_RULE,
	ARG_TITLE,
	ARG_RANK,
	ARG_COUNT
};

/* what is not given stays as it was */
typedef struct Definition
{
	char	   *model;
	char	   *segment;
	char	   *text;			/* of the rule, as given */
	char	   *title;
	bool		has_rank;
	int			rank;
	Rule	   *rule;			/* NULL: none given, as kept */
	char	   *kept;
	bool		exists;
	bool		is_same;		/* nothing would change */
	bool		moves;			/* its rank would */
} Definition;

/* the rule under the search_path of whoever defines it */
static void
parse_definition(Definition *def, const Model *model)
{
	def->rule = NULL;
	if (def->text == NULL)
		return;
	if (model->kind == MODEL_COLUMN)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("segments of model \"%s\" have no rules", model->id),
				 errdetail("Its customers are in the segment that their column \"%s\" names.",
						   model->segment_column ? model->segment_column : "segment")));
	def->rule = rule_parse(model->source, def->text, model->id, model->time_zone);
	def->kept = rule_deparse(def->rule);
}

static List *
referred_models(const Rule *rule)
{
	List	   *models = NIL;
	ListCell   *cell;

	foreach(cell, rule->references)
	{
		models = lappend(models, ((RuleReference *) lfirst(cell))->model);
	}
	return models;
}

static List *
referred_segments(const Rule *rule)
{
	List	   *segments = NIL;
	ListCell   *cell;

	foreach(cell, rule->references)
	{
		segments = lappend(segments, ((RuleReference *) lfirst(cell))->segment);
	}
	return segments;
}

/*
 * Models of all segments that the rule depends on, directly or by others: they
 * are locked together with its own, in order, so that definitions that meet do
 * not deadlock.
 */
static List *
reachable_models(const Rule *rule)
{
	List	   *models = NIL;

	catalogue_execute("WITH RECURSIVE node AS ("
					  "SELECT m::@types@.segment_id AS model, s::@types@.segment_id AS segment "
					  "FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2)) u(m, s) "
					  "UNION SELECT d.to_model, d.to_segment FROM node n CROSS JOIN LATERAL (SELECT * FROM segmentation.segment_dependency d "
					  "WHERE d.model OPERATOR(@types@.=) n.model AND d.segment OPERATOR(@types@.=) n.segment OFFSET 0) d) "
					  "SELECT DISTINCT model::pg_catalog.text FROM node",
					  2, OIDS(TEXTARRAYOID, TEXTARRAYOID),
					  DATUMS(PointerGetDatum(strlist_to_textarray(referred_models(rule))), PointerGetDatum(strlist_to_textarray(referred_segments(rule)))), NULL);
	for (uint64 i = 0; i < SPI_processed; i++)
		models = lappend(models, catalogue_get(i, 1));
	return models;
}

/* a change of the model that has come in between may have changed what the rule means */
static void
check_unchanged(const Model *before, const Model *model)
{
	if (before->source != model->source || before->kind != model->kind ||
		strcmp(before->time_zone, model->time_zone) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("could not define a segment because model \"%s\" was changed at the same time", model->id),
				 errhint("Try again.")));
}

static void
check_segment_reference(const Definition *def, const Model *model, const RuleReference *reference)
{
	bool		own = strcmp(reference->model, model->id) == 0;
	Model	   *other = own ? NULL : model_read_definition(reference->model);

	if (other)
		reference_check(model, other);
	if (own && strcmp(reference->segment, def->segment) == 0)
		return;
	if (catalogue_execute("SELECT FROM segmentation.segment WHERE model OPERATOR(@types@.=) $1::@types@.segment_id "
						  "AND id OPERATOR(@types@.=) $2::@types@.segment_id",
						  2, OIDS(TEXTOID, TEXTOID),
						  DATUMS(CStringGetTextDatum(reference->model), CStringGetTextDatum(reference->segment)), NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("segment \"%s\" of model \"%s\" does not exist", reference->segment, reference->model),
				 errhint("Define it first, with segmentation.define_segment.")));
}

static void
check_references(const Definition *def, const Model *model)
{
	ListCell   *cell;

	if (def->rule)
	{
		foreach(cell, def->rule->references)
		{
			check_segment_reference(def, model, lfirst(cell));
		}
	}
}

static bool
is_definition_argument_given(const char *value, const char *before)
{
	return value && (before == NULL || strcmp(value, before) != 0);
}

/* what there is already: the rank that stays, and whether anything changes */
static void
compare_definition(Definition *def)
{
	char	   *rank;

	def->exists = catalogue_execute("SELECT title, rank, rule FROM segmentation.segment "
									"WHERE model OPERATOR(@types@.=) $1::@types@.segment_id AND id OPERATOR(@types@.=) $2::@types@.segment_id",
									2, OIDS(TEXTOID, TEXTOID),
									DATUMS(CStringGetTextDatum(def->model), CStringGetTextDatum(def->segment)), NULL) > 0;
	if (!def->exists)
		return;
	rank = catalogue_get(0, 2);
	def->moves = def->has_rank && (rank == NULL || pg_strtoint32(rank) != def->rank);
	def->is_same = !def->moves && !is_definition_argument_given(def->title, catalogue_get(0, 1)) &&
		!is_definition_argument_given(def->kept, catalogue_get(0, 3));
	def->has_rank |= rank != NULL;
}

static void
check_rank(const Definition *def, const Model *model)
{
	if (model->kind == MODEL_EXCLUSIVE && !def->has_rank)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("segment \"%s\" needs a rank", def->segment),
				 errdetail("In an exclusive model a customer is in the segment of lowest rank whose rule is true."),
				 errhint("Give it one, as in rank => 10; SELECT id, rank FROM segmentation.segment WHERE model = %s ORDER BY rank; lists those that there are.",
						 quote_literal_cstr(model->id))));
	if (model->kind == MODEL_COLUMN && def->has_rank)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("segments of model \"%s\" have no ranks", model->id)));
}

static Datum
columns_array(const Rule *rule)
{
	return rule ? names_to_array(rule->columns) : (Datum) 0;
}

/* an insert or update, as the row is there or not: the model's lock decides */
static void
write_segment(const Definition *def)
{
	Oid			types[] = {TEXTOID, TEXTOID, TEXTOID, INT4OID, TEXTOID, NAMEARRAYOID};
	Datum		values[] = {
		CStringGetTextDatum(def->model), CStringGetTextDatum(def->segment),
		def->title ? CStringGetTextDatum(def->title) : (Datum) 0, Int32GetDatum(def->rank),
		def->kept ? CStringGetTextDatum(def->kept) : (Datum) 0, columns_array(def->rule)
	};
	char		nulls[] = {' ', ' ', def->title ? ' ' : 'n', 'n', def->kept ? ' ' : 'n', def->rule ? ' ' : 'n', '\0'};

	if (def->moves || (!def->exists && def->has_rank))
		nulls[3] = ' ';
	if (def->exists)
		catalogue_execute("UPDATE segmentation.segment SET title = coalesce($3, title), rank = coalesce($4, rank), "
						  "rule = coalesce($5, rule), columns = coalesce($6, columns) "
						  "WHERE model OPERATOR(@types@.=) $1::@types@.segment_id AND id OPERATOR(@types@.=) $2::@types@.segment_id",
						  lengthof(types), types, values, nulls);
	else
		catalogue_execute("INSERT INTO segmentation.segment (model, id, title, rank, rule, columns) "
						  "VALUES ($1::@types@.segment_id, $2::@types@.segment_id, $3, $4, $5, $6)",
						  lengthof(types), types, values, nulls);
}

static void
write_references(const Definition *def)
{
	Oid			types[] = {TEXTOID, TEXTOID, TEXTARRAYOID, TEXTARRAYOID};
	Datum		values[] = {
		CStringGetTextDatum(def->model), CStringGetTextDatum(def->segment),
		PointerGetDatum(strlist_to_textarray(referred_models(def->rule))), PointerGetDatum(strlist_to_textarray(referred_segments(def->rule)))
	};

	catalogue_execute("DELETE FROM segmentation.segment_reference "
					  "WHERE model OPERATOR(@types@.=) $1::@types@.segment_id AND segment OPERATOR(@types@.=) $2::@types@.segment_id",
					  2, types, values, NULL);
	if (def->rule->references != NIL)
		catalogue_execute("INSERT INTO segmentation.segment_reference "
						  "SELECT DISTINCT $1::@types@.segment_id, $2::@types@.segment_id, m::@types@.segment_id, s::@types@.segment_id "
						  "FROM ROWS FROM (pg_catalog.unnest($3), pg_catalog.unnest($4)) u(m, s)",
						  lengthof(types), types, values, NULL);
}

static void
write_definition(Definition *def, Model *model)
{
	write_segment(def);
	if (def->rule)
		write_references(def);
	if (def->moves || (def->rule && def->rule->references != NIL))
		cycle_check(def->model, def->segment);
	change_end(model, "define_segment", def->segment);
}

/* the model as it is then */
static Model *
define(Definition *def, const Model *before)
{
	Model	   *model = change_begin(def->model, def->rule ? reachable_models(def->rule) : NIL);

	check_unchanged(before, model);
	check_references(def, model);
	compare_definition(def);
	check_rank(def, model);
	if (!def->is_same)
		write_definition(def, model);
	return model;
}

static Datum
share_of_segment(int64 members, int64 customers)
{
	Datum		quotient = DirectFunctionCall2(numeric_div,
											   NumericGetDatum(int64_to_numeric(members)),
											   NumericGetDatum(int64_to_numeric(customers)));

	return DirectFunctionCall2(numeric_round, quotient, Int32GetDatum(4));
}

/* members, share, unknown */
static Datum
segment_count_row(FunctionCallInfo fcinfo, const SegmentCount *count)
{
	TupleDesc	desc;
	Datum		values[3] = {0};
	bool		nulls[3] = {!count->known, !count->known || count->customers == 0, !count->known};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	values[0] = Int64GetDatum(count->members);
	if (!nulls[1])
		values[1] = share_of_segment(count->members, count->customers);
	values[2] = Int64GetDatum(count->unknown);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}

static Definition *
read_definition_arguments(FunctionCallInfo fcinfo)
{
	Definition *def = palloc0(sizeof(Definition));

	argument_require(fcinfo, ARG_MODEL, "model");
	argument_require(fcinfo, ARG_SEGMENT, "segment");
	def->model = segment_id_argument(fcinfo, ARG_MODEL);
	def->segment = segment_id_argument(fcinfo, ARG_SEGMENT);
	def->text = argument_text(fcinfo, ARG_RULE);
	def->title = argument_text(fcinfo, ARG_TITLE);
	def->has_rank = !PG_ARGISNULL(ARG_RANK);
	def->rank = def->has_rank ? PG_GETARG_INT32(ARG_RANK) : 0;
	return def;
}

PG_FUNCTION_INFO_V1(define_segment);
Datum
define_segment(PG_FUNCTION_ARGS)
{
	ErrorContextCallback *context = context_hide_own();
	Definition *def = read_definition_arguments(fcinfo);
	Model	   *before = model_read_definition(def->model);
	Model	   *model;
	SegmentCount count = {0};

	model_check_owner(before);
	if (before->source_name)
		model_check_objects(before);
	parse_definition(def, before);
	SPI_connect();
	model = define(def, before);
	if (def->rule)
		rule_notice_stable(def->rule);
	if (OidIsValid(model->source) && (PG_ARGISNULL(ARG_COUNT) || PG_GETARG_BOOL(ARG_COUNT)))
		count_segment(def->model, def->segment, &count);
	SPI_finish();
	error_context_stack = context;
	return segment_count_row(fcinfo, &count);
}

/* "service/a, service/b" */
static char *
referring_segments(const char *model, const char *segment)
{
	catalogue_execute("SELECT segmentation_internal.first_ten(pg_catalog.array_agg(pg_catalog.concat(model, '/', segment) ORDER BY model, segment)) "
					  "FROM segmentation.segment_reference "
					  "WHERE to_model OPERATOR(@types@.=) $1::@types@.segment_id AND to_segment OPERATOR(@types@.=) $2::@types@.segment_id",
					  2, OIDS(TEXTOID, TEXTOID),
					  DATUMS(CStringGetTextDatum(model), CStringGetTextDatum(segment)), NULL);
	return catalogue_get(0, 1);
}

static void
check_segment_not_referred(const char *model, const char *segment)
{
	char	   *referring = referring_segments(model, segment);

	if (referring)
		ereport(ERROR,
				(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
				 errmsg("cannot drop segment \"%s\" of model \"%s\" because other rules refer to it",
						segment, model),
				 errdetail("Rules that refer to it: %s.", referring),
				 errhint("Define those without it first; how many customers would change: SELECT * FROM segmentation.impact(%s, %s);",
						 quote_literal_cstr(model), quote_literal_cstr(segment))));
}

/* markets make and drop their segments themselves */
static void
check_segment_is_no_market(const char *model, const char *segment)
{
	if (catalogue_execute("SELECT FROM segmentation.market WHERE model OPERATOR(@types@.=) $1::@types@.segment_id "
						  "AND id OPERATOR(@types@.=) $2::@types@.segment_id",
						  2, OIDS(TEXTOID, TEXTOID),
						  DATUMS(CStringGetTextDatum(model), CStringGetTextDatum(segment)), NULL) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
				 errmsg("cannot drop segment \"%s\" of model \"%s\" because it is a market", segment, model),
				 errhint("Retire the market: SELECT segmentation.retire_market(%s); or delete it from segmentation.market, "
						 "and its segment with it.", quote_literal_cstr(segment))));
}

/* people's decisions about a segment go with it, as its owner can delete them */
static void
drop_overrides(const Model *model, const char *segment)
{
	ModelContext saved;
	int			result;

	if (!OidIsValid(model->override))
		return;
	model_enter(model, &saved);
	result = execute_untold(psprintf("DELETE FROM %s WHERE segment OPERATOR(%s.=) $1::%s.segment_id",
									 relation_name(model->override), types_schema(), types_schema()),
							1, OIDS(TEXTOID), DATUMS(CStringGetTextDatum(segment)), NULL, false, 0);
	if (result != SPI_OK_DELETE)
		elog(ERROR, "SPI_execute_with_args failed: %s", SPI_result_code_string(result));
	model_leave(&saved);
	if (SPI_processed > 0)
		ereport(NOTICE,
				(errmsg_plural("%llu override of segment \"%s\" is deleted too",
							   "%llu overrides of segment \"%s\" are deleted too",
							   SPI_processed, (unsigned long long) SPI_processed, segment)));
}

PG_FUNCTION_INFO_V1(drop_segment);
Datum
drop_segment(PG_FUNCTION_ARGS)
{
	char	   *id;
	char	   *segment;
	Model	   *model;

	argument_require(fcinfo, 0, "model");
	argument_require(fcinfo, 1, "segment");
	id = segment_id_argument(fcinfo, 0);
	segment = segment_id_argument(fcinfo, 1);
	SPI_connect();
	model = change_begin(id, NIL);
	check_segment_not_referred(id, segment);
	check_segment_is_no_market(id, segment);
	if (catalogue_execute("DELETE FROM segmentation.segment WHERE model OPERATOR(@types@.=) $1::@types@.segment_id "
						  "AND id OPERATOR(@types@.=) $2::@types@.segment_id",
						  2, OIDS(TEXTOID, TEXTOID),
						  DATUMS(CStringGetTextDatum(id), CStringGetTextDatum(segment)), NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("segment \"%s\" of model \"%s\" does not exist", segment, id),
				 errhint("SELECT id FROM segmentation.segment WHERE model = %s; lists them.",
						 quote_literal_cstr(id))));
	drop_overrides(model, segment);
	change_end(model, "drop_segment", segment);
	SPI_finish();
	PG_RETURN_VOID();
}
