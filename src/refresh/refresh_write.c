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

/* columns of an answer that is held, after those of the key */
enum
{
	HELD_SEGMENTS,
	HELD_SINCE,
	HELD_VERSION,
	HELD_RECHECK_AT,
	HELD_OWN,					/* its period was begun by this very transaction */
	HELD_NEW_SEGMENTS,			/* evaluated again */
	HELD_NEW_RECHECK_AT,
	HELD_BEFORE_SEGMENTS,		/* of the period before, where it was this transaction that ended it */
	HELD_BEFORE_SINCE,
	HELD_BEFORE_VERSION
};
#define HELD_COLUMNS (HELD_OWN + 1)

/* columns of a change, after those of the key */
enum
{
	CHANGE_OLD_SEGMENTS,
	CHANGE_OLD_SINCE,
	CHANGE_OLD_VERSION,
	CHANGE_ENDS_PERIOD,
	CHANGE_SEGMENTS,
	CHANGE_SINCE,
	CHANGE_VERSION,
	CHANGE_RECHECK_AT,
	CHANGE_RESUMES,				/* the period before, which it has not ended after all */
	CHANGE_COLUMNS
};

static void
describe_column(TupleDesc desc, int n, const char *name, Oid type)
{
	TupleDescInitEntry(desc, n + 1, name, type, -1, 0);
}

/* with room for more columns after those of the key */
static TupleDesc
describe_key(const Refresh *refresh, int more)
{
	Relation	rel = relation_open_existing(refresh->model->assignment, AccessShareLock);
	TupleDesc	desc = CreateTemplateTupleDesc(refresh->nkeys + more);
	ListCell   *cell;

	foreach(cell, refresh->model->key)
		for (int i = 0; i < RelationGetNumberOfAttributes(rel); i++)
			if (strcmp(NameStr(TupleDescAttr(RelationGetDescr(rel), i)->attname), lfirst(cell)) == 0)
				TupleDescCopyEntry(desc, foreach_current_index(cell) + 1, RelationGetDescr(rel), i + 1);
	table_close(rel, AccessShareLock);
	return desc;
}

static Oid
segments_type(const Refresh *refresh)
{
	return get_atttype(refresh->model->assignment,
					   get_attnum(refresh->model->assignment, "segments"));
}

static RowStore *
create_held(const Refresh *refresh)
{
	TupleDesc	desc = describe_key(refresh, HELD_COLUMNS);
	int			n = refresh->nkeys;

	describe_column(desc, n + HELD_SEGMENTS, "segments", segments_type(refresh));
	describe_column(desc, n + HELD_SINCE, "since", TIMESTAMPTZOID);
	describe_column(desc, n + HELD_VERSION, "version", INT4OID);
	describe_column(desc, n + HELD_RECHECK_AT, "recheck_at", TIMESTAMPTZOID);
	describe_column(desc, n + HELD_OWN, "segmentation_own", BOOLOID);
	return row_store_create("segmentation_held", desc);
}

static RowStore *
create_changes(const Refresh *refresh)
{
	TupleDesc	desc = describe_key(refresh, CHANGE_COLUMNS);
	int			n = refresh->nkeys;

	describe_column(desc, n + CHANGE_OLD_SEGMENTS, "segmentation_old_segments", segments_type(refresh));
	describe_column(desc, n + CHANGE_OLD_SINCE, "segmentation_old_since", TIMESTAMPTZOID);
	describe_column(desc, n + CHANGE_OLD_VERSION, "segmentation_old_version", INT4OID);
	describe_column(desc, n + CHANGE_ENDS_PERIOD, "segmentation_ends_period", BOOLOID);
	describe_column(desc, n + CHANGE_SEGMENTS, "segments", segments_type(refresh));
	describe_column(desc, n + CHANGE_SINCE, "since", TIMESTAMPTZOID);
	describe_column(desc, n + CHANGE_VERSION, "version", INT4OID);
	describe_column(desc, n + CHANGE_RECHECK_AT, "recheck_at", TIMESTAMPTZOID);
	describe_column(desc, n + CHANGE_RESUMES, "segmentation_resumes", BOOLOID);
	return row_store_create("segmentation_changes", desc);
}

/* whether a period has begun since this transaction has */
static bool
is_recent(Datum since)
{
	return DatumGetTimestampTz(since) >= GetCurrentTransactionStartTimestamp();
}

/* the last column is the row's xmin */
static void
keep_held(Refresh *refresh, TupleTableSlot *slot, void *arg)
{
	Datum	   *columns = slot->tts_values + refresh->nkeys;
	TransactionId xmin = DatumGetTransactionId(columns[HELD_OWN]);
	bool		own = TransactionIdIsCurrentTransactionId(xmin) && is_recent(columns[HELD_SINCE]);

	refresh->own += own;
	columns[HELD_OWN] = BoolGetDatum(own);
	row_store_put(arg, slot->tts_values, slot->tts_isnull);
}

static RowStore *
hold(Refresh *refresh, const RowStore *touched)
{
	const Model *model = refresh->model;
	char	   *key = key_column_list(model->key, "a");
	RowStore   *held = create_held(refresh);

	refresh_execute(refresh,
					psprintf("SELECT %s, a.segments, a.since, a.version, a.recheck_at, a.xmin "
							 "FROM %s AS a JOIN %s AS t ON %s ORDER BY %s FOR NO KEY UPDATE OF a",
							 key, relation_name(model->assignment), touched->name,
							 model_key_match(model, "a", "t"), key),
					keep_held, held);
	row_store_register(held);
	return held;
}

static bool
is_same(TupleTableSlot *slot, int a, int b)
{
	return slot->tts_isnull[a] == slot->tts_isnull[b] &&
		(slot->tts_isnull[a] || slot->tts_values[a] == slot->tts_values[b]);
}

static bool
segments_changed(TupleTableSlot *slot, int before, int after)
{
	if (slot->tts_isnull[before] || slot->tts_isnull[after])
		return slot->tts_isnull[before] != slot->tts_isnull[after];
	return !segments_are_same(slot->tts_values[before], slot->tts_values[after]);
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
	Datum	   *columns = slot->tts_values + refresh->nkeys;

	return !DatumGetBool(columns[HELD_OWN]) &&
		!TIMESTAMP_IS_NOBEGIN(DatumGetTimestampTz(columns[HELD_SINCE])) &&
		(moved || is_recent(columns[HELD_SINCE]));
}

/* A, B and A again in one transaction: that was no change */
static bool
resumes_period(Refresh *refresh, TupleTableSlot *slot)
{
	int			n = refresh->nkeys;

	return !slot->tts_isnull[n + HELD_BEFORE_SINCE] &&
		!segments_changed(slot, n + HELD_BEFORE_SEGMENTS, n + HELD_NEW_SEGMENTS);
}

static void
put_change(Refresh *refresh, RowStore *changes, TupleTableSlot *slot, bool moved)
{
	int			n = refresh->nkeys;
	TimestampTz since = DatumGetTimestampTz(slot->tts_values[n + HELD_SINCE]);
	bool		placeholder = TIMESTAMP_IS_NOBEGIN(since);
	bool		ends_period = period_ends(refresh, slot, moved);
	bool		resumes = moved && resumes_period(refresh, slot);
	Datum		values[INDEX_MAX_KEYS + CHANGE_COLUMNS];
	bool		nulls[INDEX_MAX_KEYS + CHANGE_COLUMNS] = {false};

	memcpy(values, slot->tts_values, sizeof(Datum) * n);
	values[n + CHANGE_OLD_SEGMENTS] = slot->tts_values[n + HELD_SEGMENTS];
	nulls[n + CHANGE_OLD_SEGMENTS] = slot->tts_isnull[n + HELD_SEGMENTS];
	values[n + CHANGE_OLD_SINCE] = slot->tts_values[n + HELD_SINCE];
	values[n + CHANGE_OLD_VERSION] = slot->tts_values[n + HELD_VERSION];
	values[n + CHANGE_ENDS_PERIOD] = BoolGetDatum(ends_period);
	values[n + CHANGE_SEGMENTS] = slot->tts_values[n + HELD_NEW_SEGMENTS];
	nulls[n + CHANGE_SEGMENTS] = slot->tts_isnull[n + HELD_NEW_SEGMENTS];
	values[n + CHANGE_SINCE] = resumes ? slot->tts_values[n + HELD_BEFORE_SINCE] :
		TimestampTzGetDatum(placeholder ? refresh->moment :
							ends_period ? new_since(refresh, since) : since);
	values[n + CHANGE_VERSION] = resumes ? slot->tts_values[n + HELD_BEFORE_VERSION] :
		moved ? Int32GetDatum(refresh->model->version) : slot->tts_values[n + HELD_VERSION];
	values[n + CHANGE_RESUMES] = BoolGetDatum(resumes);
	values[n + CHANGE_RECHECK_AT] = slot->tts_values[n + HELD_NEW_RECHECK_AT];
	nulls[n + CHANGE_RECHECK_AT] = slot->tts_isnull[n + HELD_NEW_RECHECK_AT];
	row_store_put(changes, values, nulls);
}

/* what another session has made right meanwhile is not touched */
static void
keep_change(Refresh *refresh, TupleTableSlot *slot, void *arg)
{
	int			n = refresh->nkeys;
	int			before = n + HELD_SEGMENTS;
	int			after = n + HELD_NEW_SEGMENTS;
	bool		moved = segments_changed(slot, before, after);

	if (!moved && is_same(slot, n + HELD_RECHECK_AT, n + HELD_NEW_RECHECK_AT))
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
	RowStore   *changes = create_changes(refresh);

	refresh_execute(refresh,
					psprintf("SELECT h.*, n.segments, n.recheck_at, before.segments, before.since, before.version "
							 "FROM %s AS h LEFT JOIN (%s) AS n ON %s LEFT JOIN %s AS before ON %s",
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
					psprintf("INSERT INTO %s (%s, since, until, version, segments, cause) "
							 "SELECT %s, segmentation_old_since, since, segmentation_old_version, segmentation_old_segments, %s "
							 "FROM %s AS c WHERE segmentation_ends_period",
							 relation_name(model->history), key, key, cause_of(refresh), changes->name),
					NULL, NULL);
	if (refresh->own > 0)
		refresh_execute(refresh,
						psprintf("DELETE FROM %s AS h USING %s AS c "
								 "WHERE c.segmentation_resumes AND h.until OPERATOR(pg_catalog.=) c.segmentation_old_since AND %s",
								 relation_name(model->history), changes->name, model_key_match(model, "h", "c")),
						NULL, NULL);
	refresh_execute(refresh,
					psprintf("UPDATE %s AS a SET segments = c.segments, since = c.since, recheck_at = c.recheck_at, "
							 "version = c.version FROM %s AS c WHERE %s",
							 relation_name(model->assignment), changes->name, model_key_match(model, "a", "c")),
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
					psprintf("INSERT INTO %s (%s, segments, since, recheck_at, version) "
							 "SELECT %s, n.segments, $2, n.recheck_at, %d FROM (%s) AS n JOIN %s AS t ON %s ORDER BY %s "
							 "ON CONFLICT (%s) DO NOTHING RETURNING segments",
							 relation_name(model->assignment), key_column_list(model->key, NULL),
							 key, model->version, select_of(refresh, appeared), appeared->name,
							 model_key_match(model, "t", "n"), key, key_column_list(model->key, NULL)),
					count_new, NULL);
}

void
refresh_write_difference(Refresh *refresh)
{
	TupleDesc	desc = describe_key(refresh, 0);
	RowStore   *appeared = row_store_create("segmentation_appeared", desc);
	RowStore   *touched = row_store_create("segmentation_touched", desc);
	RowStore   *held = NULL;
	RowStore   *changes = NULL;

	refresh_find_difference(refresh, appeared, touched);
	if (touched->count > 0)
		held = hold(refresh, touched);
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
