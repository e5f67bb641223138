/*
 * refresh_rows.c: how a refresh runs its statements and hands rows from one to
 * the next, and what it counts in them.
 */
#include "segmentation.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "refusal.h"
#include "decide/program.h"
#include "model/model.h"
#include "refresh/refresh.h"

/* the function of a refresh that takes a statement's rows */
typedef struct RefreshRows
{
	Refresh    *refresh;
	RowFunction row;
	void	   *arg;
} RefreshRows;

static void
take_row(TupleTableSlot *slot, void *arg)
{
	RefreshRows *rows = arg;

	rows->row(rows->refresh, slot, rows->arg);
}

/*
 * Parameter $1 is the moment as of which rules are evaluated, $2 the moment
 * that changes are recorded at.
 */
void
refresh_execute(Refresh *refresh, const char *sql, RowFunction row, void *arg)
{
	RefreshRows rows = {refresh, row, arg};
	SPIExecuteOptions options = {.dest = row ? rows_receiver(take_row, &rows) : None_Receiver};
	int			result;

	options.params = makeParamList(2);
	options.params->params[0] = (ParamExternData)
	{
		TimestampTzGetDatum(refresh->as_of), false, PARAM_FLAG_CONST, TIMESTAMPTZOID
	};
	options.params->params[1] = (ParamExternData)
	{
		TimestampTzGetDatum(refresh->moment), false, PARAM_FLAG_CONST, TIMESTAMPTZOID
	};
	result = execute_extended_untold(sql, &options);
	if (result < 0)
		elog(ERROR, "SPI_execute_extended failed: %s", SPI_result_code_string(result));
	options.dest->rDestroy(options.dest);
}

RowStore *
row_store_create(const char *name, TupleDesc desc)
{
	RowStore   *store = palloc(sizeof(RowStore));

	store->name = name;
	store->desc = desc;
	store->rows = tuplestore_begin_heap(false, false, work_mem);
	store->count = 0;
	return store;
}

void
row_store_put(RowStore *store, Datum *values, bool *nulls)
{
	tuplestore_putvalues(store->rows, store->desc, values, nulls);
	store->count++;
}

void
row_store_register(RowStore *store)
{
	EphemeralNamedRelation enr = palloc0(sizeof(EphemeralNamedRelationData));

	enr->md.name = pstrdup(store->name);
	enr->md.tupdesc = store->desc;
	enr->md.enrtype = ENR_NAMED_TUPLESTORE;
	enr->md.enrtuples = store->count;
	enr->reldata = store->rows;
	if (SPI_register_relation(enr) != SPI_OK_REL_REGISTER)
		elog(ERROR, "could not register relation \"%s\"", store->name);
}

/*
 * Its file does not go with its memory: it belongs to the subtransaction, which
 * closes it where an error ends that, and else expects it closed.
 */
void
row_store_end(RowStore *store)
{
	if (store)
		tuplestore_end(store->rows);
}

/*
 * Whether columns from one place on say the same as those from another on: our
 * arrays are sorted and have one form, so that what differs in a byte differs.
 */
bool
row_repeats(TupleTableSlot *slot, int a, int b, int count)
{
	for (; count > 0; a++, b++, count--)
	{
		Form_pg_attribute attr = TupleDescAttr(slot->tts_tupleDescriptor, a);

		if (slot->tts_isnull[a] != slot->tts_isnull[b])
			return false;
		if (!slot->tts_isnull[a] &&
			!datum_image_eq(slot->tts_values[a], slot->tts_values[b], attr->attbyval, attr->attlen))
			return false;
	}
	return true;
}

/* a customer of the source; segments_of, which shows progress, is not called for a column */
void
refresh_count_row(Refresh *refresh)
{
	refresh->rows_read++;
	if (refresh->model->kind == MODEL_COLUMN && refresh_progress)
		refresh_progress();
}

static SegmentChange *
find_count(Refresh *refresh, const SegmentId *id)
{
	bool		found;
	SegmentChange *count = hash_search(refresh->counts, id, HASH_ENTER, &found);

	if (!found)
		count->entered = count->exited = 0;
	return count;
}

/* a few segments are counted millions of times: most need no search */
static inline SegmentChange *
count_of(Refresh *refresh, const SegmentId *id)
{
	uint64		half;
	SegmentChange **recent;

	memcpy(&half, id, sizeof(half));
	recent = &refresh->recent[murmurhash32((uint32) (half ^ half >> 32)) % REFRESH_RECENT];
	if (*recent == NULL || memcmp(&(*recent)->id, id, sizeof(SegmentId)) != 0)
		*recent = find_count(refresh, id);
	return *recent;
}

static void
count_entered(Refresh *refresh, const SegmentId *id)
{
	count_of(refresh, id)->entered++;
	refresh->entered++;
}

static void
count_exited(Refresh *refresh, const SegmentId *id)
{
	count_of(refresh, id)->exited++;
	refresh->exited++;
}

static const SegmentId *
elements_of(Datum segments, bool isnull, int *count)
{
	ArrayType  *array;

	*count = 0;
	if (isnull)
		return NULL;
	array = DatumGetArrayTypeP(segments);
	*count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	return (const SegmentId *) ARR_DATA_PTR(array);
}

/* who was and who is in which segment, both in the order of their ids */
void
refresh_count_change(Refresh *refresh, Datum before, bool before_null,
					 Datum after, bool after_null)
{
	int			nbefore;
	int			nafter;
	const SegmentId *b = elements_of(before, before_null, &nbefore);
	const SegmentId *a = elements_of(after, after_null, &nafter);

	while (nbefore > 0 || nafter > 0)
	{
		int			order = nbefore == 0 ? 1 : nafter == 0 ? -1 : segment_id_compare(b, a);

		if (order < 0)
			count_exited(refresh, b);
		if (order > 0)
			count_entered(refresh, a);
		if (order <= 0)
		{
			b++;
			nbefore--;
		}
		if (order >= 0)
		{
			a++;
			nafter--;
		}
	}
}
