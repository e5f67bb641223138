/*
 * explain.c: why a customer is in each segment of a model, or is not.
 */
#include "segmentation.h"

#include "executor/spi.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"

#include "argument.h"
#include "refusal.h"
#include "explain/decide.h"
#include "model/model.h"
#include "types/segment_id.h"

/* values of columns are shown up to here */
#define SHOWN_LENGTH 60

static void
add_deciding_condition(List **conditions, Condition *condition)
{
	*conditions = list_append_unique_ptr(*conditions, condition);
}

static void name_deciding(const DecidedSegment *segment, Node *tree, List **conditions);

/* of an AND that is false its false parts, of an OR that is true the first true one */
static void
name_connected(const DecidedSegment *segment, BoolExpr *expr, List **conditions)
{
	Ternary		value = decide_tree(segment, (Node *) expr, NULL, TERNARY_NULL);
	bool		all = value == (expr->boolop == AND_EXPR ? TERNARY_TRUE : TERNARY_FALSE);
	ListCell   *cell;

	foreach(cell, expr->args)
	{
		if (!all && decide_tree(segment, lfirst(cell), NULL, TERNARY_NULL) != value)
			continue;
		name_deciding(segment, lfirst(cell), conditions);
		if (expr->boolop == OR_EXPR && value == TERNARY_TRUE)
			return;
	}
}

/* the conditions that made the rule what it is */
static void
name_deciding(const DecidedSegment *segment, Node *tree, List **conditions)
{
	if (IsA(tree, Param))
		add_deciding_condition(conditions, list_nth(segment->conditions, ((Param *) tree)->paramid - 1));
	else if (IsA(tree, BooleanTest))
		name_deciding(segment, (Node *) ((BooleanTest *) tree)->arg, conditions);
	else if (IsA(tree, BoolExpr) && ((BoolExpr *) tree)->boolop == NOT_EXPR)
		name_deciding(segment, linitial(((BoolExpr *) tree)->args), conditions);
	else if (IsA(tree, BoolExpr))
		name_connected(segment, (BoolExpr *) tree, conditions);
}

static bool
would_turn(const DecidedSegment *segment, const Condition *condition, Ternary value)
{
	return condition->value != value &&
		(decide_tree(segment, segment->tree, condition, value) == TERNARY_TRUE) != segment->member;
}

/* a condition that alone would turn the answer round, were it otherwise */
static Condition *
turning_condition(const DecidedSegment *segment)
{
	ListCell   *cell;

	if (segment->tree == NULL || segment->taken_by || segment->error || segment->override)
		return NULL;
	foreach(cell, segment->conditions)
	{
		if (would_turn(segment, lfirst(cell), TERNARY_TRUE) || would_turn(segment, lfirst(cell), TERNARY_FALSE))
			return lfirst(cell);
	}
	return NULL;
}

static const char *
value_text(Ternary value)
{
	return value == TERNARY_TRUE ? "true" : value == TERNARY_FALSE ? "false" : "unknown";
}

static char *
shown(const char *value)
{
	int			length;

	if (value == NULL)
		return "NULL";
	length = pg_mbcliplen(value, strlen(value), SHOWN_LENGTH);
	return value[length] ? psprintf("%.*s...", length, value) : pstrdup(value);
}

/* "employees > 1000 is false (employees is 12)" */
static void
append_condition_json(StringInfo buf, const Decision *decision, const DecidedSegment *segment, const Condition *condition)
{
	ListCell   *cell;

	appendStringInfo(buf, "%s is %s", decide_condition_text(decision, segment, condition), value_text(condition->value));
	foreach(cell, condition->columns)
	{
		appendStringInfo(buf, "%s%s is %s", foreach_current_index(cell) > 0 ? ", " : " (",
						 quote_identifier(lfirst(cell)), shown(decide_column_value(decision, lfirst(cell))));
	}
	if (condition->columns)
		appendStringInfoChar(buf, ')');
}

static char *
conditions_text(const Decision *decision, const DecidedSegment *segment, const List *conditions)
{
	StringInfoData buf;
	ListCell   *cell;

	initStringInfo(&buf);
	foreach(cell, conditions)
	{
		if (foreach_current_index(cell) > 0)
			appendStringInfoString(&buf, "; ");
		append_condition_json(&buf, decision, segment, lfirst(cell));
	}
	return buf.data;
}

/* its own, or the one that puts the customer into another segment of an exclusive model */
static const DecidedSegment *
overridden(const DecidedSegment *segment)
{
	if (segment->override)
		return segment;
	return segment->taken_by && segment->taken_by->override && segment->taken_by->override->member ?
		segment->taken_by : NULL;
}

static char *
override_text(const DecidedSegment *segment)
{
	const Override *override = segment->override;

	return psprintf("%s %s segment \"%s\": %s%s", override->author, override->member ? "put the customer into" :
					"took the customer out of", segment->segment->id, override->reason,
					override->expires_at ? psprintf(" (until %s)", override->expires_at) : "");
}

static const char *
decided_by(const DecidedSegment *segment)
{
	if (overridden(segment))
		return "override";
	if (segment->error)
		return "error";
	if (segment->taken_by && segment->value == TERNARY_TRUE)
		return "rank";
	if (segment->model->kind == MODEL_COLUMN)
		return "column";
	return segment->tree ? "rule" : "no rule";
}

static char *
because(const Decision *decision, const DecidedSegment *segment, const List *conditions)
{
	if (overridden(segment))
		return override_text(overridden(segment));
	if (segment->error)
		return segment->error;
	if (segment->taken_by && segment->value == TERNARY_TRUE)
		return psprintf("segment \"%s\" comes first", segment->taken_by->segment->id);
	if (segment->tree == NULL)
		return segment->value == TERNARY_TRUE ? "everyone else is in it" : "it has no rule";
	if (conditions == NIL)
		return psprintf("the rule is always %s", value_text(segment->value));
	return conditions_text(decision, segment, conditions);
}

static void
push_key(JsonbParseState **json, const char *key)
{
	JsonbValue	value = {.type = jbvString};

	value.val.string.val = unconstify(char *, key);
	value.val.string.len = strlen(key);
	pushJsonbValue(json, WJB_KEY, &value);
}

/* a text that is NULL is null */
static void
push_text(JsonbParseState **json, const char *key, const char *text)
{
	JsonbValue	value = {.type = text ? jbvString : jbvNull};

	if (text)
	{
		value.val.string.val = unconstify(char *, text);
		value.val.string.len = strlen(text);
	}
	push_key(json, key);
	pushJsonbValue(json, WJB_VALUE, &value);
}

static void
push_ternary(JsonbParseState **json, const char *key, Ternary ternary)
{
	JsonbValue	value = {.type = ternary == TERNARY_NULL ? jbvNull : jbvBool};

	value.val.boolean = ternary == TERNARY_TRUE;
	push_key(json, key);
	pushJsonbValue(json, WJB_VALUE, &value);
}

static void
push_condition(JsonbParseState **json, const Decision *decision, const DecidedSegment *segment,
			   const Condition *condition)
{
	ListCell   *cell;

	pushJsonbValue(json, WJB_BEGIN_OBJECT, NULL);
	push_text(json, "condition", decide_condition_text(decision, segment, condition));
	push_ternary(json, "value", condition->value);
	push_key(json, "columns");
	pushJsonbValue(json, WJB_BEGIN_OBJECT, NULL);
	foreach(cell, condition->columns)
	{
		push_text(json, lfirst(cell), decide_column_value(decision, lfirst(cell)));
	}
	pushJsonbValue(json, WJB_END_OBJECT, NULL);
	pushJsonbValue(json, WJB_END_OBJECT, NULL);
}

static void
push_override(JsonbParseState **json, const DecidedSegment *segment)
{
	const Override *override = segment->override;

	push_key(json, "override");
	pushJsonbValue(json, WJB_BEGIN_OBJECT, NULL);
	push_text(json, "segment", segment->segment->id);
	push_ternary(json, "member", override->member ? TERNARY_TRUE : TERNARY_FALSE);
	push_text(json, "reason", override->reason);
	push_text(json, "author", override->author);
	push_text(json, "expires_at", override->expires_at);
	pushJsonbValue(json, WJB_END_OBJECT, NULL);
}

static Datum
detail(const Decision *decision, const DecidedSegment *segment, const List *conditions,
	   const Condition *turning)
{
	JsonbParseState *json = NULL;
	ListCell   *cell;

	pushJsonbValue(&json, WJB_BEGIN_OBJECT, NULL);
	push_text(&json, "segment", segment->segment->id);
	push_ternary(&json, "member", segment->error ? TERNARY_NULL :
				 segment->member ? TERNARY_TRUE : TERNARY_FALSE);
	push_text(&json, "decided_by", decided_by(segment));
	push_text(&json, "before_it", segment->taken_by ? segment->taken_by->segment->id : NULL);
	push_text(&json, "error", segment->error);
	if (overridden(segment))
		push_override(&json, overridden(segment));
	else
		push_text(&json, "override", NULL);
	push_key(&json, "conditions");
	pushJsonbValue(&json, WJB_BEGIN_ARRAY, NULL);
	foreach(cell, conditions)
	{
		push_condition(&json, decision, segment, lfirst(cell));
	}
	pushJsonbValue(&json, WJB_END_ARRAY, NULL);
	push_ternary(&json, "near_miss", turning && !segment->member ? TERNARY_TRUE : TERNARY_FALSE);
	if (turning)
	{
		push_key(&json, "turns_on");
		push_condition(&json, decision, segment, turning);
	}
	else
		push_text(&json, "turns_on", NULL);
	return JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(&json, WJB_END_OBJECT, NULL)));
}

/* segment, member, decided_by, because, near_miss, detail */
static void
put_segment(const ReturnSetInfo *result, const Decision *decision, const DecidedSegment *segment)
{
	Datum		values[6];
	bool		nulls[6] = {false};
	List	   *conditions = NIL;
	Condition  *turning = turning_condition(segment);
	StringInfoData near_miss;
	SegmentId	id;

	if (segment->tree && segment->error == NULL && overridden(segment) == NULL)
		name_deciding(segment, segment->tree, &conditions);
	(void) segment_id_parse(segment->segment->id, strlen(segment->segment->id), &id, NULL);
	values[0] = SegmentIdPGetDatum(&id);
	values[1] = BoolGetDatum(segment->member);
	nulls[1] = segment->error != NULL;
	values[2] = CStringGetTextDatum(decided_by(segment));
	values[3] = CStringGetTextDatum(because(decision, segment, conditions));
	nulls[4] = turning == NULL || segment->member;
	if (!nulls[4])
	{
		initStringInfo(&near_miss);
		append_condition_json(&near_miss, decision, segment, turning);
		values[4] = CStringGetTextDatum(near_miss.data);
	}
	values[5] = detail(decision, segment, conditions, turning);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

static void
put_segments(const ReturnSetInfo *result, const Decision *decision)
{
	const Model *model = decision->model;
	ListCell   *cell;

	foreach(cell, model->segments)
	{
		put_segment(result, decision, decide_find(decision, model->id, ((ModelSegment *) lfirst(cell))->id));
	}
}

static void
raise_no_customer(const Model *model, ArrayType *key)
{
	ereport(ERROR,
			(errcode(ERRCODE_NO_DATA_FOUND),
			 errmsg("customer (%s) is not in the source of model \"%s\"", decide_key_text(key), model->id),
			 errhint("For someone who is not there yet ask segmentation.classify_row.")));
}

/* explain_segments(model, key) */
PG_FUNCTION_INFO_V1(explain_segments);
Datum
explain_segments(PG_FUNCTION_ARGS)
{
	Model	   *model;
	KeyValues  *key;
	Decision   *decision;
	ModelContext saved;
	ErrorContextCallback *context = context_hide_own();

	argument_require(fcinfo, 0, "model");
	argument_require(fcinfo, 1, "key");
	model = model_read(segment_id_argument(fcinfo, 0));
	model_check_objects(model);
	model_check_columns(model);
	model_check_may_read(model->assignment);
	model_check_may_read(model->source);
	if (OidIsValid(model->override))
		model_check_may_read(model->override);
	key = model_read_key(model, PG_GETARG_ARRAYTYPE_P(1));
	InitMaterializedSRF(fcinfo, 0);
	SPI_connect();
	model_enter(model, &saved);
	decision = decide_collect_readable(model);
	if (!decide_customer(decision, key))
		raise_no_customer(model, PG_GETARG_ARRAYTYPE_P(1));
	put_segments((ReturnSetInfo *) fcinfo->resultinfo, decision);
	model_leave(&saved);
	SPI_finish();
	error_context_stack = context;
	PG_RETURN_NULL();
}
