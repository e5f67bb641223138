/*
 * refresh_difference.c: where the stored answers are not what the rules say,
 * found without locks.
 */
#include "segmentation.h"

#include "access/htup_details.h"
#include "catalog/pg_statistic.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "key.h"
#include "option.h"
#include "decide/compile.h"
#include "model/model.h"
#include "refresh/refresh.h"

/* correlation from which on rows count as lying in the order of their keys */
#define KEY_ORDER 0.9

typedef struct Difference
{
	RowStore   *appeared;		/* keys */
	RowStore   *touched;		/* keys of who has changed or vanished */
	int64		matched;		/* rows of the source whose customer has an answer */
	int64		unmatched;		/* answers without a row of the source */
	int64		answers;		/* all of them, or -1: not counted */
} Difference;

static void
check_key(Refresh *refresh, TupleTableSlot *slot)
{
	for (int i = 0; i < refresh->nkeys; i++)
		if (slot->tts_isnull[i])
			source_raise_null_key(refresh->model, list_nth(refresh->model->key, i));
}

/* columns: key of the source, key of the answer, what the rules say, what is stored, and how many answers there are */
static void
compare_answers(Refresh *refresh, TupleTableSlot *slot, void *arg)
{
	Difference *difference = arg;
	int			nkeys = refresh->nkeys;
	int			evaluated = 2 * nkeys;
	int			count = (slot->tts_tupleDescriptor->natts - evaluated) / 2;
	bool		stored = !slot->tts_isnull[nkeys];
	bool		in_source = !stored || !slot->tts_isnull[0];

	difference->answers = DatumGetInt64(slot->tts_values[evaluated + 2 * count]);
	if (in_source)
		refresh_count_row(refresh);
	if (!stored)
	{
		check_key(refresh, slot);
		row_store_put(difference->appeared, slot->tts_values, slot->tts_isnull);
		return;
	}
	if (in_source)
		difference->matched++;
	else
		difference->unmatched++;
	if (!row_repeats(slot, evaluated, evaluated + count, count))
		row_store_put(difference->touched, slot->tts_values + nkeys, slot->tts_isnull + nkeys);
}

static char *
difference_query(const Refresh *refresh)
{
	const Model *model = refresh->model;
	char	   *assignment = relation_name(model->assignment);

	return psprintf("SELECT %s, %s, %s, %s, %s FROM (%s) AS n FULL JOIN %s AS a ON %s",
					key_column_list(model->key, "n"), key_column_list(model->key, "a"),
					description_list(ASSIGNMENT_TABLE, COLUMN_EVALUATED, "n.", NULL),
					description_list(ASSIGNMENT_TABLE, COLUMN_EVALUATED, "a.", NULL),
					refresh->unique_source ? "0::pg_catalog.int8" :
					psprintf("(SELECT pg_catalog.count(*) FROM %s)", assignment),
					refresh->select, assignment, model_key_match(model, "a", "n"));
}

/*
 * A key that is in the source twice meets its answer twice, so that there seem
 * to be more answers than there are; or it is twice among the new ones.
 */
static void
check_duplicates(Refresh *refresh, const Difference *difference)
{
	if (refresh->unique_source)
		return;
	if (difference->appeared->count > 0)
		source_refuse_duplicates(refresh, difference->appeared->name);
	if (difference->matched + difference->unmatched != difference->answers)
	{
		source_refuse_duplicates(refresh, relation_name(refresh->model->source));
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("could not refresh model \"%s\" because a customer was in %s more than once",
						refresh->model->id, relation_name(refresh->model->source)),
				 errhint("The source changed meanwhile; refresh it again.")));
	}
}

/* as far as the server's statistics know */
static bool
lies_in_key_order(const Refresh *refresh, Oid relation)
{
	AttrNumber	column = get_attnum(relation, linitial(refresh->model->key));
	HeapTuple	tuple = SearchSysCache3(STATRELATTINH, ObjectIdGetDatum(relation),
										Int16GetDatum(column), BoolGetDatum(false));
	AttStatsSlot slot;
	bool		result = false;

	if (!HeapTupleIsValid(tuple))
		return false;
	if (get_attstatsslot(&slot, tuple, STATISTIC_KIND_CORRELATION, InvalidOid, ATTSTATSSLOT_NUMBERS))
	{
		result = slot.numbers[0] >= KEY_ORDER;
		free_attstatsslot(&slot);
	}
	ReleaseSysCache(tuple);
	return result;
}

/*
 * A hash table of all customers is larger than any cache of a processor, which
 * the planner does not know: where both sides lie in the order of their keys
 * merging them costs less.
 */
static void
prefer_merging(const Refresh *refresh)
{
	if (lies_in_key_order(refresh, refresh->model->source) &&
		lies_in_key_order(refresh, refresh->model->assignment))
		set_option("enable_hashjoin", "off");
}

void
refresh_find_difference(Refresh *refresh, RowStore *appeared, RowStore *touched)
{
	Difference	difference = {appeared, touched, 0, 0, 0};
	int			nestlevel = NewGUCNestLevel();

	prefer_merging(refresh);
	refresh_execute(refresh, difference_query(refresh), compare_answers, &difference);
	AtEOXact_GUC(false, nestlevel);
	row_store_register(appeared);
	row_store_register(touched);
	check_duplicates(refresh, &difference);
}
