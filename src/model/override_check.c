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
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "model/define.h"
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
	TupleDesc	desc = RelationGetDescr(trigger->tg_relation);
	int			number = SPI_fnumber(desc, column);

	if (number <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of \"%s\" does not exist", column, RelationGetRelationName(trigger->tg_relation))));
	if (SPI_gettypeid(desc, number) != type)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of \"%s\" is of type %s, not %s", column, RelationGetRelationName(trigger->tg_relation),
						format_type_be(SPI_gettypeid(desc, number)), format_type_be(type))));
	return number;
}

static Datum
get(const TriggerData *trigger, HeapTuple tuple, const char *column, Oid type, bool *isnull)
{
	return SPI_getbinval(tuple, RelationGetDescr(trigger->tg_relation), column_number(trigger, column, type), isnull);
}

/* the model whose table it is, NULL: none any more */
static char *
model_of(Oid relid)
{
	if (catalogue_execute("SELECT id::pg_catalog.text FROM segmentation.model WHERE override OPERATOR(pg_catalog.=) $1",
						  1, (Oid[]) {OIDOID}, (Datum[]) {ObjectIdGetDatum(relid)}, NULL) == 0)
		return NULL;
	return change_get(0, 1);
}

/* held until the transaction ends: drop_segment waits, and then finds the override */
static void
check_segment(const TriggerData *trigger, const char *model, const char *segment)
{
	if (catalogue_execute("SELECT FROM segmentation.segment WHERE model OPERATOR(@types@.=) $1::@types@.segment_id "
						  "AND id OPERATOR(@types@.=) $2::@types@.segment_id FOR KEY SHARE",
						  2, (Oid[]) {TEXTOID, TEXTOID},
						  (Datum[]) {CStringGetTextDatum(model), CStringGetTextDatum(segment)}, NULL) > 0)
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

PG_FUNCTION_INFO_V1(check_override);
Datum
check_override(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	MemoryContext context = CurrentMemoryContext;
	HeapTuple	tuple;
	bool		isnull;
	Datum		segment;
	char	   *model;

	check_event(fcinfo);
	tuple = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? trigger->tg_newtuple : trigger->tg_trigtuple;
	segment = get(trigger, tuple, "segment", segment_id_type(), &isnull);
	SPI_connect();
	model = model_of(RelationGetRelid(trigger->tg_relation));
	if (model && !isnull)
		check_segment(trigger, model, segment_id_to_cstring(DatumGetSegmentIdP(segment)));
	MemoryContextSwitchTo(context);
	if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) && is_unchanged(trigger, "author"))
		tuple = sign(trigger);
	SPI_finish();
	return PointerGetDatum(tuple);
}
