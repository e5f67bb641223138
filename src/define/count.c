/*
 * count.c: how many customers a segment has, when it is defined.
 *
 * A rule that raises an error is defined all the same: the data may be wrong
 * and the rule right.
 */
#include "segmentation.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "refusal.h"
#include "trial.h"
#include "decide/fence.h"
#include "define/define.h"
#include "model/model.h"
#include "override/override.h"
#include "rule/rule.h"

static char *
clash_condition(const Model *model, const Rule *rule)
{
	StringInfoData buf;
	ListCell   *cell;

	initStringInfo(&buf);
	if (rule)
		foreach(cell, rule_currency_clashes(rule, model->time_zone))
			appendStringInfo(&buf, "%s(%s)", foreach_current_index(cell) > 0 ? " OR " : "",
							 (char *) lfirst(cell));
	return buf.len > 0 ? buf.data : NULL;
}

/* as it is kept; NULL: none */
static Rule *
read_rule(const Model *model, const char *segment)
{
	char	   *text;

	catalogue_execute("SELECT rule FROM segmentation.segment WHERE model OPERATOR(@types@.=) $1::@types@.segment_id "
					  "AND id OPERATOR(@types@.=) $2::@types@.segment_id",
					  2, (Oid[]) {TEXTOID, TEXTOID},
					  (Datum[]) {CStringGetTextDatum(model->id), CStringGetTextDatum(segment)}, NULL);
	text = catalogue_get(0, 1);
	return text ? rule_parse(model->source, text, model->id, model->time_zone) : NULL;
}

/* whether other segments have a say in who its members are */
static bool
depends(const Model *model, const char *segment)
{
	return catalogue_execute("SELECT FROM segmentation.segment_dependency WHERE model OPERATOR(@types@.=) $1::@types@.segment_id "
							 "AND segment OPERATOR(@types@.=) $2::@types@.segment_id LIMIT 1",
							 2, (Oid[]) {TEXTOID, TEXTOID},
							 (Datum[]) {CStringGetTextDatum(model->id), CStringGetTextDatum(segment)}, NULL) > 0;
}

static bool
is_last(const Model *model, const char *segment)
{
	return catalogue_execute("SELECT FROM segmentation.segment_dependency WHERE model OPERATOR(@types@.=) $1::@types@.segment_id "
							 "AND to_segment OPERATOR(@types@.=) $2::@types@.segment_id AND by_rank LIMIT 1",
							 2, (Oid[]) {TEXTOID, TEXTOID},
							 (Datum[]) {CStringGetTextDatum(model->id), CStringGetTextDatum(segment)}, NULL) == 0;
}

static void
print_reference(StringInfo buf, const RuleReference *reference, void *arg)
{
	elog(ERROR, "reference to segment \"%s\" where none is expected", reference->segment);
}

/* whether the customer of a row would be in the segment, NULL where the rule is */
static char *
outcome(const Model *model, const char *segment, const Rule *rule)
{
	if (model->kind == MODEL_COLUMN)
		return psprintf("source.%s::pg_catalog.text::%s.segment_id OPERATOR(%s.=) %s::%s.segment_id",
						quote_identifier(model->segment_column), types_schema(), types_schema(),
						quote_literal_cstr(segment), types_schema());
	if (rule)
		return rule_sql(rule, model->time_zone, print_reference, NULL);
	return model->kind == MODEL_EXCLUSIVE && is_last(model, segment) ? "true" : "false";
}

/* members of a segment that no other has a say in */
static char *
member_text(const OverriddenModel *overridden, const char *segment)
{
	if (overridden->number == 0)
		return "outcome";
	if (overridden->model->kind == MODEL_OVERLAPPING)
		return override_decided(overridden, segment, "outcome IS TRUE");
	return override_decided(overridden, segment,
							psprintf("outcome IS TRUE AND NOT (%s)", override_puts_in_any(overridden->number)));
}

/* each condition is evaluated once for each customer */
static char *
count_query(const Model *model, const char *segment, const Rule *rule, const char *clash)
{
	List	   *known = NIL;
	OverriddenModel *overridden = override_model(&known, model, GetCurrentTransactionStartTimestamp());
	StringInfoData buf;

	if (overridden->segments != NIL)
	{
		overridden->model = model_read(model->id);	/* with its segments */
		overridden->number = 1;
	}
	initStringInfo(&buf);
	appendStringInfo(&buf, "SELECT count(*), count(*) FILTER (WHERE %s), count(*) FILTER (WHERE outcome IS NULL), "
					 "count(*) FILTER (WHERE clash) FROM (SELECT %s AS outcome, %s AS clash",
					 member_text(overridden, segment), outcome(model, segment, rule), clash ? clash : "false");
	if (overridden->number > 0)
		appendStringInfoString(&buf, ", override_1.segmentation_in, override_1.segmentation_out");
	if (rule && fence_is_needed(model, fence_reads(model->source, rule->expr)))
		appendStringInfo(&buf, " FROM %s", fence_text(model, fence_reads(model->source, rule->expr), NULL, NULL));
	else
		appendStringInfo(&buf, " FROM %s AS source", relation_name(model->source));
	if (overridden->number > 0)
		override_print_join(&buf, overridden);
	/* what is asked of the decisions outside goes by the name that it has inside */
	appendStringInfoString(&buf, " OFFSET 0) AS override_1");
	return buf.data;
}

static int64
get_count(int column)
{
	bool		isnull;

	return DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column, &isnull));
}

static void
warn_clashes(const char *segment, int64 clashes)
{
	if (clashes > 0)
		ereport(WARNING,
				(errmsg_plural("rule of segment \"%s\" compares prices of different currencies for %lld customer",
							   "rule of segment \"%s\" compares prices of different currencies for %lld customers",
							   (unsigned long) clashes, segment, (long long) clashes),
				 errdetail("Such a comparison is NULL."),
				 errhint("Convert them to one currency first, with convert_currency(price, currency).")));
}

static void
run_query(const char *sql)
{
	int			result = execute_untold(sql, 1, (Oid[]) {TIMESTAMPTZOID},
											   (Datum[]) {TimestampTzGetDatum(GetCurrentTransactionStartTimestamp())},
											   NULL, true, 1);

	if (result != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute_with_args failed: %s", SPI_result_code_string(result));
}

/* what others have a say in is for preview to know, but not which prices are compared */
static void
run_preview(const Model *model, const char *segment, const Rule *rule, const char *clash, SegmentCount *count)
{
	const char *text = rule ? rule_deparse(rule) : is_last(model, segment) ? "true" : "false";
	int			result;

	result = execute_untold("SELECT customers, members, unknown FROM segmentation.preview($1, $2, $3)", 3,
								   (Oid[]) {TEXTOID, TEXTOID, TEXTOID},
								   (Datum[]) {CStringGetTextDatum(model->id), CStringGetTextDatum(text),
											  CStringGetTextDatum(segment)}, NULL, false, 1);
	if (result != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute_with_args failed: %s", SPI_result_code_string(result));
	count->customers = get_count(1);
	count->members = get_count(2);
	count->unknown = get_count(3);
	if (clash)
	{
		run_query(psprintf("SELECT count(*) FROM %s AS source WHERE %s", relation_name(model->source), clash));
		warn_clashes(segment, get_count(1));
	}
}

static void
run_alone(const Model *model, const char *segment, const Rule *rule, const char *clash, SegmentCount *count)
{
	run_query(count_query(model, segment, rule, clash));
	count->customers = get_count(1);
	count->members = get_count(2);
	count->unknown = get_count(3);
	warn_clashes(segment, get_count(4));
}

/* whom a negation leaves out because a column is NULL */
static void
notice_unknown(const char *segment, const Rule *rule, int64 unknown)
{
	char	   *instead;
	char	   *negation = rule && unknown > 0 ? rule_negation(rule, &instead) : NULL;

	if (negation)
		ereport(NOTICE,
				(errmsg_plural("rule of segment \"%s\" is NULL for %lld customer, who is no member",
							   "rule of segment \"%s\" is NULL for %lld customers, who are no members",
							   (unsigned long) unknown, segment, (long long) unknown),
				 errdetail("It has the negation %s, which is NULL where a column is.", negation),
				 errhint("If they are to be members write %s instead.", instead)));
}

static void
warn_error(const char *segment, const ErrorData *error)
{
	ereport(WARNING,
			(errcode(error->sqlerrcode),
			 errmsg("segment \"%s\" is defined, but its rule raises an error", segment),
			 errdetail("%s", error->message),
			 errhint("Until the rule or the data is mended, refreshes leave the segment with the members that it has.")));
}

typedef struct Counting
{
	const Model *model;
	const char *segment;
	SegmentCount *count;
	bool		guarded;		/* currencies are compared only where a rule's guard lets them */
} Counting;

/* as the model's owner, as a refresh would; names in the kept rule are not the caller's to give a meaning */
static void
run(void *arg)
{
	Counting   *counting = arg;
	const Model *model = counting->model;
	ModelContext saved;
	Rule	   *rule;
	char	   *clash;

	model_enter(model, &saved);
	moment_set(GetCurrentTransactionStartTimestamp());
	rule = read_rule(model, counting->segment);
	clash = counting->guarded ? NULL : clash_condition(model, rule);
	if (model->kind == MODEL_COLUMN || !depends(model, counting->segment))
		run_alone(model, counting->segment, rule, clash, counting->count);
	else
		run_preview(model, counting->segment, rule, clash, counting->count);
	notice_unknown(counting->segment, rule, counting->count->unknown);
	model_leave(&saved);
}

/* within SPI; after an error counts stay unknown, and a warning says why */
void
count_segment(const Model *model, const char *segment, SegmentCount *count)
{
	Counting	counting = {.model = model, .segment = segment, .count = count};
	ErrorData  *error;

	memset(count, 0, sizeof(*count));
	error = fence_trial(run, &counting);
	if (error && is_rules_error(error->sqlerrcode))
	{
		counting.guarded = true;
		error = fence_trial(run, &counting);
	}
	if (error && !is_rules_error(error->sqlerrcode))
		ReThrowError(error);
	count->known = error == NULL;
	if (error)
		warn_error(segment, error);
}
