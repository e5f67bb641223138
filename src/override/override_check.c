/*
 * override_check.c: the trigger on a model's table of people's decisions.
 *
 * It does what a foreign key to the model's segments would do, for which the
 * table has no column of the model.
 */
#include "segmentation.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "option.h"
#include "owner.h"
#include "refusal.h"
#include "relation.h"
#include "model/model.h"
#include "types/segment_id.h"

static void
check_event(FunctionCallInfo fcinfo)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(trigger->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(trigger->tg_event) || TRIGGER_FIRED_BY_DELETE(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" must be fired BEFORE INSERT OR UPDATE FOR EACH ROW", "check_override")));
}

/* of the type that it has in a model's table: whoever has a table can put the trigger on it */
static int
column_number(const TriggerData *trigger, const char *column, Oid type)
{
	Form_pg_attribute attr = relation_column(trigger->tg_relation, column);

	if (attr->atttypid != type)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of \"%s\" is of type %s, not %s", column, RelationGetRelationName(trigger->tg_relation),
						format_type_be(attr->atttypid), format_type_be(type))));
	return attr->attnum;
}

static Datum
get(const TriggerData *trigger, HeapTuple tuple, const char *column, Oid type, bool *isnull)
{
	return SPI_getbinval(tuple, RelationGetDescr(trigger->tg_relation), column_number(trigger, column, type), isnull);
}

typedef struct HoldPlan
{
	const char *sql;
	Oid			argument;		/* type of $1; $2 is a segment */
	SPIPlanPtr	plan;
} HoldPlan;

/* by the table of overrides; and by the model, once a statement knows it */
static HoldPlan hold_by_table = {
	.sql = "SELECT s.model::pg_catalog.text FROM segmentation.model m JOIN segmentation.segment s ON s.model OPERATOR(@types@.=) m.id "
	"AND s.id OPERATOR(@types@.=) $2::@types@.segment_id WHERE m.override OPERATOR(pg_catalog.=) $1 FOR KEY SHARE",
	.argument = OIDOID
};
static HoldPlan hold_by_model = {
	.sql = "SELECT FROM segmentation.segment s WHERE s.model OPERATOR(@types@.=) $1::@types@.segment_id "
	"AND s.id OPERATOR(@types@.=) $2::@types@.segment_id FOR KEY SHARE",
	.argument = TEXTOID
};

static void
prepare_hold(HoldPlan *hold)
{
	hold->plan = catalogue_plan(catalogue_query(hold->sql), 2, OIDS(hold->argument, TEXTOID));
}

/* planned for the index though a small table costs less to scan: a row's check stays one lookup */
static int
execute_hold(HoldPlan *hold, Datum value, Datum segment)
{
	int			save_nestlevel = catalogue_is_planned(hold->plan) ? 0 : NewGUCNestLevel();
	int			result;

	if (save_nestlevel > 0)
		set_option("enable_seqscan", "off");
	result = execute_plan_untold(hold->plan, DATUMS(value, segment), NULL, false, 1);
	if (save_nestlevel > 0)
		AtEOXact_GUC(true, save_nestlevel);
	return result;
}

/*
 * True: the rows are there, and held until the transaction ends.  A statement
 * begins with the table, and looks for its plans then: not again for each row.
 */
static bool
run_hold(HoldPlan *hold, Datum value, Datum segment)
{
	CallingUser self = become_owner(relation_owner(catalogue_relation("model")));
	int			result;

	if (hold == &hold_by_table)
	{
		prepare_hold(&hold_by_table);
		prepare_hold(&hold_by_model);
	}
	result = execute_hold(hold, value, segment);
	if (result != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(result));
	become_self(self);
	return SPI_processed > 0;
}

/*
 * Whether the table's model has the segment: drop_segment waits for who holds its
 * row, and then finds the override.  The model is the same for all rows of a
 * statement, for nobody can rename it while its row is held.
 */
static bool
hold_segment(FmgrInfo *flinfo, Oid relid, const char *id)
{
	Datum		segment = CStringGetTextDatum(id);
	text	   *model = flinfo->fn_extra;
	MemoryContext context;

	if (model && run_hold(&hold_by_model, PointerGetDatum(model), segment))
		return true;
	if (!run_hold(&hold_by_table, ObjectIdGetDatum(relid), segment))
		return false;
	context = MemoryContextSwitchTo(flinfo->fn_mcxt);
	flinfo->fn_extra = cstring_to_text(catalogue_get(0, 1));
	MemoryContextSwitchTo(context);
	return true;
}

/* the model whose table it is, NULL: none any more */
static char *
model_of(Oid relid)
{
	if (catalogue_execute("SELECT id::pg_catalog.text FROM segmentation.model WHERE override OPERATOR(pg_catalog.=) $1",
						  1, OIDS(OIDOID), DATUMS(ObjectIdGetDatum(relid)), NULL) == 0)
		return NULL;
	return catalogue_get(0, 1);
}

/* the same in two steps, for one who is not there or was just renamed */
static void
check_segment(const TriggerData *trigger, const char *model, const char *segment)
{
	if (catalogue_execute("SELECT FROM segmentation.segment WHERE model OPERATOR(@types@.=) $1::@types@.segment_id "
						  "AND id OPERATOR(@types@.=) $2::@types@.segment_id FOR KEY SHARE",
						  2, OIDS(TEXTOID, TEXTOID),
						  DATUMS(CStringGetTextDatum(model), CStringGetTextDatum(segment)), NULL) > 0)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
			 errmsg("segment \"%s\" of model \"%s\" does not exist", segment, model),
			 errhint("Define it first, with segmentation.define_segment."),
			 errtable(trigger->tg_relation)));
}

/* a column as it was, where there has been another row before */
static bool
is_unchanged(const TriggerData *trigger, const char *column)
{
	bool		before_null;
	bool		after_null;
	Datum		before = get(trigger, trigger->tg_trigtuple, column, TEXTOID, &before_null);
	Datum		after = get(trigger, trigger->tg_newtuple, column, TEXTOID, &after_null);

	return before_null == after_null &&
		(before_null || strcmp(TextDatumGetCString(before), TextDatumGetCString(after)) == 0);
}

/* who changes a decision without saying whose it is has made it his own */
static HeapTuple
sign(const TriggerData *trigger)
{
	int			columns[2] = {column_number(trigger, "author", TEXTOID), column_number(trigger, "set_at", TIMESTAMPTZOID)};
	Datum		values[2];
	bool		nulls[2] = {false, false};

	values[0] = CStringGetTextDatum(GetUserNameFromId(GetSessionUserId(), false));
	values[1] = TimestampTzGetDatum(GetCurrentTimestamp());
	return heap_modify_tuple_by_cols(trigger->tg_newtuple, RelationGetDescr(trigger->tg_relation), 2, columns, values, nulls);
}

/* as the table's CHECK of that name would, which says nothing of what is wanted */
static void
refuse_value(const TriggerData *trigger, const char *constraint, const char *message, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg("%s", message),
			 errhint("%s", hint),
			 errtableconstraint(trigger->tg_relation, constraint)));
}

static bool
is_blank_reason(const TriggerData *trigger, HeapTuple tuple, const char *column)
{
	bool		isnull;
	Datum		value;

	if (SPI_fnumber(RelationGetDescr(trigger->tg_relation), column) <= 0)
		return false;
	value = get(trigger, tuple, column, TEXTOID, &isnull);
	return !isnull && TextDatumGetCString(value)[strspn(TextDatumGetCString(value), " ")] == '\0';
}

static void
check_values(const TriggerData *trigger, HeapTuple tuple)
{
	bool		isnull = true;
	Datum		expires_at = 0;

	if (is_blank_reason(trigger, tuple, "reason"))
		refuse_value(trigger, "reason_given", "an override needs a reason", "Say in column \"reason\" why it was decided.");
	if (is_blank_reason(trigger, tuple, "author"))
		refuse_value(trigger, "author_given", "an override needs an author",
					 "Say in column \"author\" who has decided, or leave it out: it is you then.");
	if (SPI_fnumber(RelationGetDescr(trigger->tg_relation), "expires_at") > 0)
		expires_at = get(trigger, tuple, "expires_at", TIMESTAMPTZOID, &isnull);
	if (!isnull && TIMESTAMP_NOT_FINITE(DatumGetTimestampTz(expires_at)))
		refuse_value(trigger, "expiry_finite", "an override cannot expire at an infinite moment",
					 "Leave \"expires_at\" NULL where it is to count for ever.");
}

PG_FUNCTION_INFO_V1(check_override);
Datum
check_override(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	MemoryContext context = CurrentMemoryContext;
	HeapTuple	tuple;
	Oid			type = segment_id_type();
	bool		isnull;
	Datum		value;
	char	   *segment;
	char	   *model;

	check_event(fcinfo);
	tuple = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? trigger->tg_newtuple : trigger->tg_trigtuple;
	check_values(trigger, tuple);
	value = get(trigger, tuple, "segment", type, &isnull);
	SPI_connect();
	segment = isnull ? NULL : segment_id_to_cstring(DatumGetSegmentIdP(value));
	if (segment && !hold_segment(fcinfo->flinfo, RelationGetRelid(trigger->tg_relation), segment) &&
		(model = model_of(RelationGetRelid(trigger->tg_relation))) != NULL)
		check_segment(trigger, model, segment);
	MemoryContextSwitchTo(context);
	if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) && is_unchanged(trigger, "author"))
		tuple = sign(trigger);
	SPI_finish();
	return PointerGetDatum(tuple);
}
