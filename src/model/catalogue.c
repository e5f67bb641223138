/*
 * catalogue.c: statements with a fixed text on the catalogue's tables, each
 * planned once in a session.
 */
#include "segmentation.h"

#include "common/hashfn.h"
#include "utils/memutils.h"

#include "refusal.h"
#include "model/model.h"

#define TYPES_SCHEMA "@types@"

typedef struct KeptPlan
{
	const char *sql;			/* hash key */
	SPIPlanPtr	plan;
	uint64		uses;
} KeptPlan;

static HTAB *kept_plans = NULL;

/* a statement with @types@ replaced by that name */
char *
catalogue_query(const char *sql)
{
	const char *schema = types_schema();
	const char *at;
	StringInfoData buf;

	initStringInfo(&buf);
	while ((at = strstr(sql, TYPES_SCHEMA)) != NULL)
	{
		appendBinaryStringInfo(&buf, sql, at - sql);
		appendStringInfoString(&buf, schema);
		sql = at + strlen(TYPES_SCHEMA);
	}
	appendStringInfoString(&buf, sql);
	return buf.data;
}

static uint32
kept_plan_hash(const void *key, Size size)
{
	const char *sql = *(const char *const *) key;

	return hash_bytes((const unsigned char *) sql, strlen(sql));
}

static int
kept_plan_compare(const void *a, const void *b, Size size)
{
	return strcmp(*(const char *const *) a, *(const char *const *) b);
}

static void
create_kept_plans(void)
{
	HASHCTL		ctl = {0};

	ctl.keysize = sizeof(char *);
	ctl.entrysize = sizeof(KeptPlan);
	ctl.hash = kept_plan_hash;
	ctl.match = kept_plan_compare;
	kept_plans = hash_create("segmentation plans", 64, &ctl, HASH_ELEM | HASH_FUNCTION | HASH_COMPARE);
}

/* of those that come with the server; the types of the extension are cast to in the text */
static void
check_types(SPIPlanPtr plan, int nargs, const Oid *types)
{
	bool		same = SPI_getargcount(plan) == nargs;

	for (int i = 0; same && i < nargs; i++)
		same = SPI_getargtypeid(plan, i) == types[i] && types[i] < FirstGenbkiObjectId;
	if (!same)
		elog(ERROR, "a statement on the catalogue has arguments of other types than its plan");
}

static CachedPlanSource *
plan_source(SPIPlanPtr plan)
{
	return linitial(SPI_plan_get_plan_sources(plan));
}

/* whether the next execution will not plan the statement first */
bool
catalogue_is_planned(SPIPlanPtr plan)
{
	CachedPlanSource *source = plan_source(plan);

	return source->is_valid && source->gplan && source->gplan->is_valid;
}

/*
 * A table that was small when a statement on it was planned may have grown, by the
 * session's own definitions too, before the server counts its rows again: the
 * statement is planned anew whenever it has been used twice as often.
 */
static void
count_use(KeptPlan *kept)
{
	CachedPlanSource *source = plan_source(kept->plan);

	kept->uses++;
	if ((kept->uses & (kept->uses - 1)) == 0 && source->gplan)
		source->gplan->is_valid = false;
}

/*
 * Within SPI.  A plan is made without looking at values: they decide nothing, and
 * planning takes longer than the statement.  What CREATE EXTENSION makes anew the
 * server finds anew by its name, and so a plan is never wrong and stays as long
 * as the session.
 */
SPIPlanPtr
catalogue_plan(const char *sql, int nargs, Oid *types)
{
	KeptPlan   *kept;

	if (kept_plans == NULL)
		create_kept_plans();
	kept = hash_search(kept_plans, &sql, HASH_FIND, NULL);
	if (kept == NULL)
	{
		SPIPlanPtr	plan = prepare_untold(sql, nargs, types, CURSOR_OPT_GENERIC_PLAN);

		SPI_keepplan(plan);
		sql = MemoryContextStrdup(TopMemoryContext, sql);
		kept = hash_search(kept_plans, &sql, HASH_ENTER, NULL);
		kept->plan = plan;
		kept->uses = 0;
	}
	check_types(kept->plan, nargs, types);
	count_use(kept);
	return kept->plan;
}

/*
 * Runs a statement with a fixed text, within SPI, as whoever has been entered, and
 * returns how many rows it processed.
 */
int64
catalogue_run(const char *sql, int nargs, Oid *types, Datum *values, const char *nulls)
{
	SPIPlanPtr	plan = catalogue_plan(catalogue_query(sql), nargs, types);
	int			result = execute_plan_untold(plan, values, nulls, false, 0);

	if (result < 0)
		elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(result));
	return SPI_processed;
}

/* as the catalogue's owner: who may ask for it is for the caller to check */
int64
catalogue_execute(const char *sql, int nargs, Oid *types, Datum *values, const char *nulls)
{
	ModelContext saved;
	int64		count;

	catalogue_enter(&saved);
	count = catalogue_run(sql, nargs, types, values, nulls);
	model_leave(&saved);
	return count;
}

/* of what the last statement has found; rows count from 0, columns from 1 */
char *
catalogue_get(int row, int column)
{
	return SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column);
}
