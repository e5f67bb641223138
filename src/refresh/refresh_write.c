/*
 * refresh_write.c: writes what a refresh has found.
 *
 * Between finding the difference and writing it other sessions may have made
 * answers of their own, of newer data.  So the answers that are to change are
 * held first, in the order of their keys, and evaluated again in a new
 * snapshot: only that is written.
 */
#include "segmentation.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "key.h"
#include "decide/compile.h"
#include "model/model.h"
#include "refresh/refresh.h"

/*
 * Rows begin with the key and have whole answers, column by column as they are
 * described.  What is held: the stored answer, and whether this very transaction
 * has begun its period; evaluated again, also the answer of now, and that of the
 * period before, where it was this transaction that ended it.  A change: the
 * answer before, the one after, whether a period ends, and whether the one before
 * is resumed, which has not ended after all.
 */
#define ANSWER_COLUMNS (model_objects[ASSIGNMENT_TABLE].ncolumns)
#define HELD_OWN(refresh) ((refresh)->nkeys + ANSWER_COLUMNS)
#define HELD_NEW(refresh) (HELD_OWN(refresh) + 1)
#define HELD_BEFORE(refresh) (HELD_NEW(refresh) + ANSWER_COLUMNS)

static void
describe_column(TupleDesc desc, int number, Relation rel, const char *prefix, const char *name)
{
	TupleDescCopyEntry(desc, number, RelationGetDescr(rel), relation_column(rel, name)->attnum);
	namestrcpy(&TupleDescAttr(desc, number - 1)->attname, psprintf("%s%s", prefix, name));
}

/* the key, answers whose columns have these prefixes, and flags of these names */
static TupleDesc
describe_row(const Refresh *refresh, const List *prefixes, const List *flags)
{
	Relation	rel = relation_open_existing(refresh->model->assignment, AccessShareLock);
	TupleDesc	desc = CreateTemplateTupleDesc(refresh->nkeys + list_length(prefixes) * ANSWER_COLUMNS + list_length(flags));
	int			number = 0;
	ListCell   *cell;

	foreach(cell, refresh->model->key)
	{
		describe_column(desc, ++number, rel, "", lfirst(cell));
	}
	foreach(cell, prefixes)
	{
		for (int i = 0; i < ANSWER_COLUMNS; i++)
			describe_column(desc, ++number, rel, lfirst(cell), model_objects[ASSIGNMENT_TABLE].columns[i].name);
	}
	foreach(cell, flags)
	{
		TupleDescInitEntry(desc, ++number, lfirst(cell), BOOLOID, -1, 0);
	}
	table_close(rel, AccessShareLock);
	return desc;
}

/* whether a period has begun since this transaction has */
static bool
is_recent(Datum since)
{
	return DatumGetTimestampTz(since) >= GetCurrentTransactionStartTimestamp();
}

static Datum
held_since(const Refresh *refresh, TupleTableSlot *slot)
{
	return slot->tts_values[refresh->nkeys + ANSWER_SINCE];
}

/* the last column is the row's xmin */
static void
keep_held(Refresh *refresh, TupleTableSlot *slot, void *arg)
{
	Datum	   *last = &slot->tts_values[HELD_OWN(refresh)];
	bool		own = TransactionIdIsCurrentTransactionId(DatumGetTransactionId(*last)) &&
	is_recent(held_since(refresh, slot));

	refresh->own += own;
	*last = BoolGetDatum(own);
	row_store_put(arg, slot->tts_values, slot->tts_isnull);
}

static RowStore *
hold_answers(Refresh *refresh, const RowStore *touched)
{
	const Model *model = refresh->model;
	char	   *key = key_column_list(model->key, "a");
	RowStore   *held = row_store_create("segmentation_held",
										describe_row(refresh, list_make1(""), list_make1("segmentation_own")));

	refresh_execute(refresh,
					psprintf("SELECT %s, %s, a.xmin FROM %s AS a JOIN %s AS t ON %s ORDER BY %s FOR NO KEY UPDATE OF a",
							 key, description_list(ASSIGNMENT_TABLE, 0, "a.", NULL),
							 relation_name(model->assignment), touched->name,
							 model_key_match(model, "a", "t"), key),
					keep_held, held);
	row_store_register(held);
	return held;
}

static void
count_change(Refresh *refresh, bool was_absent, bool is_absent)
{
	if (was_absent)
		refresh->appeared++;
	else if (is_absent)
		refresh->vanished++;
	else
		refresh->changed++;
}

/* a microsecond later than before if the clock has not moved on */
static TimestampTz
new_since(const Refresh *refresh, TimestampTz since)
{
	return Max(refresh->moment, since + 1);
}

/*
 * A transaction leaves the last of its answers only.  So that it can tell its
 * own by their age, one that another transaction has committed since ours began
 * ends even where only the moment to look again changes.
 */
static bool
period_ends(const Refresh *refresh, TupleTableSlot *slot, bool moved)
{
	Datum		since = held_since(refresh, slot);

	return !DatumGetBool(slot->tts_values[HELD_OWN(refresh)]) &&
		!TIMESTAMP_IS_NOBEGIN(DatumGetTimestampTz(since)) && (moved || is_recent(since));
}

/* A, B and A again in one transaction: that was no change */
static bool
resumes_period(const Refresh *refresh, TupleTableSlot *slot)
{
	int			before = HELD_BEFORE(refresh);

	return !slot->tts_isnull[before + ANSWER_SINCE] &&
		row_repeats(slot, before + ANSWER_SEGMENTS, HELD_NEW(refresh) + ANSWER_SEGMENTS, 1);
}

/* since when, and by which version: what the rules do not say */
static void
date_answer(const Refresh *refresh, TupleTableSlot *slot, bool moved, bool ends_period, bool resumes, Datum *answer)
{
	TimestampTz since = DatumGetTimestampTz(held_since(refresh, slot));
	Datum	   *before = slot->tts_values + HELD_BEFORE(refresh);

	if (resumes)
	{
		answer[ANSWER_SINCE] = before[ANSWER_SINCE];
		answer[ANSWER_VERSION] = before[ANSWER_VERSION];
		return;
	}
	if (TIMESTAMP_IS_NOBEGIN(since))
		answer[ANSWER_SINCE] = TimestampTzGetDatum(refresh->moment);
	else if (ends_period)
		answer[ANSWER_SINCE] = TimestampTzGetDatum(new_since(refresh, since));
	if (moved)
		answer[ANSWER_VERSION] = Int32GetDatum(refresh->model->version);
}

static void
put_change(Refresh *refresh, RowStore *changes, TupleTableSlot *slot, bool moved)
{
	int			after = HELD_OWN(refresh);
	int			flags = after + ANSWER_COLUMNS;
	bool		ends_period = period_ends(refresh, slot, moved);
	bool		resumes = moved && resumes_period(refresh, slot);
	Datum	   *values = palloc(sizeof(Datum) * (flags + 2));
	bool	   *nulls = palloc0(sizeof(bool) * (flags + 2));

	memcpy(values, slot->tts_values, sizeof(Datum) * after);
	memcpy(nulls, slot->tts_isnull, sizeof(bool) * after);
	memcpy(values + after, slot->tts_values + HELD_NEW(refresh), sizeof(Datum) * ANSWER_COLUMNS);
	memcpy(nulls + after, slot->tts_isnull + HELD_NEW(refresh), sizeof(bool) * ANSWER_COLUMNS);
	date_answer(refresh, slot, moved, ends_period, resumes, values + after);
	values[flags] = BoolGetDatum(ends_period);
	values[flags + 1] = BoolGetDatum(resumes);
	row_store_put(changes, values, nulls);
}

/* what another session has made right meanwhile is not touched */
static void
keep_change(Refresh *refresh, TupleTableSlot *slot, void *arg)
{
	int			before = refresh->nkeys + ANSWER_SEGMENTS;
	int			after = HELD_NEW(refresh) + ANSWER_SEGMENTS;
	bool		moved = !row_repeats(slot, before, after, 1);

	if (row_repeats(slot, refresh->nkeys, HELD_NEW(refresh), ANSWER_COLUMNS))
		return;
	if (moved)
	{
		count_change(refresh, slot->tts_isnull[before], slot->tts_isnull[after]);
		refresh_count_change(refresh, slot->tts_values[before], slot->tts_isnull[before],
							 slot->tts_values[after], slot->tts_isnull[after]);
	}
	put_change(refresh, arg, slot, moved);
}

/* of those whose keys are in a store: the planner can follow them into the compiled SELECT only where it has no fence */
static char *
select_of(const Refresh *refresh, const RowStore *keys)
{
	const CompiledCustomers held = {.keys = keys->name};

	return compile_needs_fence(refresh->compilation) ? compile_select(refresh->compilation, &held) : refresh->select;
}

/* most transactions refresh a model once, and have nothing to join with */
static const char *
match_period_before(const Refresh *refresh)
{
	if (refresh->own == 0)
		return "false";
	return psprintf("h.segmentation_own AND before.until OPERATOR(pg_catalog.=) h.since AND %s",
					model_key_match(refresh->model, "before", "h"));
}

static RowStore *
evaluate_held(Refresh *refresh, const RowStore *held)
{
	const Model *model = refresh->model;
	RowStore   *changes = row_store_create("segmentation_changes",
										   describe_row(refresh, list_make2("segmentation_old_", ""),
														list_make2("segmentation_ends_period", "segmentation_resumes")));

	refresh_execute(refresh,
					psprintf("SELECT h.*, %s, %s FROM %s AS h LEFT JOIN (%s) AS n ON %s LEFT JOIN %s AS before ON %s",
							 description_list(ASSIGNMENT_TABLE, COLUMN_EVALUATED, "n.", "h."),
							 description_list(ASSIGNMENT_TABLE, COLUMN_PERIOD, "before.", "h."),
							 held->name, select_of(refresh, held), model_key_match(model, "h", "n"),
							 relation_name(model->history), match_period_before(refresh)),
					keep_change, changes);
	row_store_register(changes);
	return changes;
}

/*
 * A decision that counts now, or has ended since the last refresh, has brought
 * the change if it is about a segment that the customer has entered or left.
 */
static char *
cause_of(const Refresh *refresh)
{
	const Model *model = refresh->model;

	if (!OidIsValid(model->override))
		return quote_literal_cstr(refresh->cause);
	return psprintf("CASE WHEN EXISTS (SELECT FROM %s AS o WHERE %s "
					"AND (o.expires_at IS NULL OR o.expires_at > '%s'::pg_catalog.timestamptz) "
					"AND (o.segment OPERATOR(%s.=) ANY (c.segmentation_old_segments)) <> (o.segment OPERATOR(%s.=) ANY (c.segments))) "
					"THEN 'override' ELSE '%s' END",
					relation_name(model->override), model_key_match(model, "o", "c"),
					timestamptz_to_str(model->as_of),
					types_schema(), types_schema(), refresh->cause);
}

static void
write_changes(Refresh *refresh, const RowStore *changes)
{
	const Model *model = refresh->model;
	char	   *key = key_column_list(model->key, NULL);

	refresh_execute(refresh,
					psprintf("INSERT INTO %s (%s, %s, until, cause) SELECT %s, %s, since, %s FROM %s AS c WHERE segmentation_ends_period",
							 relation_name(model->history), key, description_list(ASSIGNMENT_TABLE, COLUMN_PERIOD, "", NULL),
							 key, description_list(ASSIGNMENT_TABLE, COLUMN_PERIOD, "segmentation_old_", NULL),
							 cause_of(refresh), changes->name),
					NULL, NULL);
	if (refresh->own > 0)
		refresh_execute(refresh,
						psprintf("DELETE FROM %s AS h USING %s AS c "
								 "WHERE c.segmentation_resumes AND h.until OPERATOR(pg_catalog.=) c.segmentation_old_since AND %s",
								 relation_name(model->history), changes->name, model_key_match(model, "h", "c")),
						NULL, NULL);
	refresh_execute(refresh,
					psprintf("UPDATE %s AS a SET (%s) = (%s) FROM %s AS c WHERE %s", relation_name(model->assignment),
							 description_list(ASSIGNMENT_TABLE, 0, "", NULL), description_list(ASSIGNMENT_TABLE, 0, "c.", NULL),
							 changes->name, model_key_match(model, "a", "c")),
					NULL, NULL);
}

static void
count_new(Refresh *refresh, TupleTableSlot *slot, void *arg)
{
	refresh->appeared++;
	refresh_count_change(refresh, (Datum) 0, true, slot->tts_values[0], false);
}

/* whoever has made an answer before us has made it of newer data */
static void
insert_new(Refresh *refresh, const RowStore *appeared)
{
	const Model *model = refresh->model;
	char	   *key = key_column_list(model->key, "n");

	refresh_execute(refresh,
					psprintf("INSERT INTO %s (%s, since, version, %s) "
							 "SELECT %s, $2, %d, %s FROM (%s) AS n JOIN %s AS t ON %s ORDER BY %s "
							 "ON CONFLICT (%s) DO NOTHING RETURNING segments",
							 relation_name(model->assignment), key_column_list(model->key, NULL),
							 description_list(ASSIGNMENT_TABLE, COLUMN_EVALUATED, "", NULL),
							 key, model->version, description_list(ASSIGNMENT_TABLE, COLUMN_EVALUATED, "n.", NULL),
							 select_of(refresh, appeared), appeared->name,
							 model_key_match(model, "t", "n"), key, key_column_list(model->key, NULL)),
					count_new, NULL);
}

void
refresh_write_difference(Refresh *refresh)
{
	TupleDesc	desc = describe_row(refresh, NIL, NIL);
	RowStore   *appeared = row_store_create("segmentation_appeared", desc);
	RowStore   *touched = row_store_create("segmentation_touched", desc);
	RowStore   *held = NULL;
	RowStore   *changes = NULL;

	refresh_find_difference(refresh, appeared, touched);
	if (touched->count > 0)
		held = hold_answers(refresh, touched);
	refresh->moment = Max(refresh->moment, GetCurrentTimestamp());
	if (held)
		changes = evaluate_held(refresh, held);
	if (changes && changes->count > 0)
		write_changes(refresh, changes);
	if (appeared->count > 0)
		insert_new(refresh, appeared);
	row_store_end(appeared);
	row_store_end(touched);
	row_store_end(held);
	row_store_end(changes);
}
