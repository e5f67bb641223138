/*
 * answer.c: a customer's stored answer of a model whose owner has not the rights
 * of who asks.
 *
 * In planning a statement the server evaluates what the owner of a table has put
 * on it, as the one who asks: functions in indexes, statistics, constraints and
 * partitions, that can come at any moment before the statement is planned.  Here
 * the answer is found by the table's primary key without a statement, and nothing
 * runs but the order of the key's types.
 */
#include "segmentation.h"

#include "access/genam.h"
#include "access/relation.h"
#include "miscadmin.h"
#include "parser/parse_coerce.h"
#include "utils/acl.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"

#include "names.h"
#include "decide/reference.h"

/* the argument before those of the key */
#define COLUMNS 1
#define FIRST_VALUE 2

/* what is found out once for a statement */
typedef struct AnswerLookup
{
	uint64		changes;		/* when it was; 0: not yet */
	Oid			relid;
	Oid			reader;
	Oid			index;
	AttrNumber	segments;
	int			nkeys;
	ScanKeyData keys[INDEX_MAX_KEYS];	/* their arguments yet to be filled in */
	int			source[INDEX_MAX_KEYS]; /* which of the values each is */
} AnswerLookup;

/* counts tables that have changed, as functions that rules call may do it; 0: nobody has asked yet */
static uint64 changes = 0;

static void
note_change(Datum arg, Oid relid)
{
	changes++;
}

static void
begin_watching_answers(void)
{
	changes = 1;
	CacheRegisterRelcacheCallback(note_change, (Datum) 0);
}

/* the executor would have asked */
static void
check_may_read(Relation rel, AttrNumber attnum)
{
	if (pg_namespace_aclcheck(RelationGetNamespace(rel), GetUserId(), ACL_USAGE) != ACLCHECK_OK ||
		!relation_grants_column(RelationGetRelid(rel), NameStr(TupleDescAttr(RelationGetDescr(rel), attnum - 1)->attname), GetUserId(), ACL_SELECT) ||
		check_enable_rls(RelationGetRelid(rel), InvalidOid, true) == RLS_ENABLED)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to read the answers in table %s", relation_name(RelationGetRelid(rel)))));
}

pg_noreturn static void
raise_no_key(Relation rel)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("answers in %s cannot be looked up", relation_name(RelationGetRelid(rel))),
			 errdetail("They are found by the primary key of the model's assignment table.")));
	pg_unreachable();
}

/* as the planner has it: one that was built over rows that older snapshots see otherwise does not have them all */
static bool
is_answer_complete(Relation index)
{
	return index->rd_index->indisvalid &&
		(!index->rd_index->indcheckxmin ||
		 TransactionIdPrecedes(HeapTupleHeaderGetXmin(index->rd_indextuple->t_data), TransactionXmin));
}

/* of an ordinary table, on so many columns */
static Relation
open_primary_key(Relation rel, int nkeys)
{
	Relation	index;

	if (rel->rd_rel->relkind != RELKIND_RELATION || RELATION_IS_OTHER_TEMP(rel))
		raise_no_key(rel);
	list_free(RelationGetIndexList(rel));
	if (!OidIsValid(rel->rd_pkindex))
		raise_no_key(rel);
	index = index_open(rel->rd_pkindex, AccessShareLock);
	if (index->rd_index->indnkeyatts != nkeys || !is_answer_complete(index))
		raise_no_key(rel);
	return index;
}

/* an error where the function below would not find answers by these columns */
void
answer_check_key(Oid assignment, const List *columns)
{
	Relation	rel = relation_open_existing(assignment, AccessShareLock);
	Relation	index = open_primary_key(rel, list_length(columns));

	for (int i = 0; i < index->rd_index->indnkeyatts; i++)
		if (!names_contain(columns, get_attname(assignment, index->rd_index->indkey.values[i], false)))
			raise_no_key(rel);
	index_close(index, NoLock);
	relation_close(rel, NoLock);
}

/* which of the named columns it is, -1 if none */
static int
position_of(Relation rel, AttrNumber attnum, Datum *names, int count)
{
	for (int i = 0; i < count; i++)
		if (get_attnum(RelationGetRelid(rel), NameStr(*DatumGetName(names[i]))) == attnum)
			return i;
	return -1;
}

static void
prepare_answer_column(AnswerLookup *lookup, Relation rel, Relation index, int n, Datum *names, FmgrInfo *flinfo)
{
	AttrNumber	attnum = index->rd_index->indkey.values[n];
	Oid			type = index->rd_opcintype[n];
	Oid			equal = get_opfamily_member(index->rd_opfamily[n], type, type, BTEqualStrategyNumber);
	int			source = position_of(rel, attnum, names, lookup->nkeys);
	Oid			given = source < 0 ? InvalidOid : get_fn_expr_argtype(flinfo, FIRST_VALUE + source);

	if (!OidIsValid(given) || !OidIsValid(equal) ||
		!IsBinaryCoercible(getBaseType(given), getBaseType(TupleDescAttr(RelationGetDescr(rel), attnum - 1)->atttypid)))
		raise_no_key(rel);
	check_may_read(rel, attnum);
	lookup->source[n] = source;
	ScanKeyEntryInitialize(&lookup->keys[n], 0, n + 1, BTEqualStrategyNumber, type,
						   index->rd_indcollation[n], get_opcode(equal), (Datum) 0);
}

static void
prepare_key(AnswerLookup *lookup, Relation rel, FunctionCallInfo fcinfo)
{
	ArrayType  *columns = PG_GETARG_ARRAYTYPE_P(COLUMNS);
	Datum	   *names;
	Relation	index;

	if (array_contains_nulls(columns))
		raise_no_key(rel);
	deconstruct_array(columns, NAMEOID, NAMEDATALEN, false, TYPALIGN_CHAR, &names, NULL, &lookup->nkeys);
	if (lookup->nkeys != PG_NARGS() - FIRST_VALUE)
		raise_no_key(rel);
	index = open_primary_key(rel, lookup->nkeys);
	for (int i = 0; i < lookup->nkeys; i++)
		prepare_answer_column(lookup, rel, index, i, names, fcinfo->flinfo);
	lookup->index = RelationGetRelid(index);
	index_close(index, NoLock);
}

static void
prepare_segments(AnswerLookup *lookup, Relation rel)
{
	if (!relation_has_column(RelationGetRelid(rel), "segments", get_array_type(segment_id_type())))
		raise_no_key(rel);
	lookup->segments = get_attnum(RelationGetRelid(rel), "segments");
	check_may_read(rel, lookup->segments);
}

static bool
is_prepared(const AnswerLookup *lookup, Relation rel, FmgrInfo *flinfo)
{
	return lookup->changes == changes && lookup->relid == RelationGetRelid(rel) &&
		lookup->reader == GetUserId() && get_fn_expr_arg_stable(flinfo, COLUMNS);
}

static AnswerLookup *
prepare_answer(Relation rel, FunctionCallInfo fcinfo)
{
	AnswerLookup *lookup = fcinfo->flinfo->fn_extra;
	uint64		begun;

	if (lookup == NULL)
		fcinfo->flinfo->fn_extra = lookup = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(AnswerLookup));
	if (is_prepared(lookup, rel, fcinfo->flinfo))
		return lookup;
	if (changes == 0)
		begin_watching_answers();
	begun = changes;
	prepare_segments(lookup, rel);
	prepare_key(lookup, rel, fcinfo);
	lookup->relid = RelationGetRelid(rel);
	lookup->reader = GetUserId();
	lookup->changes = begun;
	return lookup;
}

static void
fill_in(ScanKeyData *keys, const AnswerLookup *lookup, FunctionCallInfo fcinfo)
{
	for (int i = 0; i < lookup->nkeys; i++)
	{
		keys[i] = lookup->keys[i];
		keys[i].sk_argument = PG_GETARG_DATUM(FIRST_VALUE + lookup->source[i]);
		/* what the function keeps lasts no longer than this copy of it */
		keys[i].sk_func.fn_mcxt = CurrentMemoryContext;
	}
}

static ArrayType *
look_up_answer(const AnswerLookup *lookup, Relation rel, ScanKeyData *keys)
{
	Relation	index = index_open(lookup->index, AccessShareLock);
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	IndexScanDesc scan = index_begin(rel, index, GetActiveSnapshot(), lookup->nkeys);
	ArrayType  *result = NULL;
	bool		isnull;

	index_rescan(scan, keys, lookup->nkeys, NULL, 0);
	if (index_getnext_slot(scan, ForwardScanDirection, slot))
	{
		Datum		segments = slot_getattr(slot, lookup->segments, &isnull);

		if (!isnull)
			result = DatumGetArrayTypePCopy(segments);
	}
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	index_close(index, NoLock);
	return result;
}

static bool
has_null(FunctionCallInfo fcinfo)
{
	for (int i = 0; i < PG_NARGS(); i++)
		if (PG_ARGISNULL(i))
			return true;
	return false;
}

/* stored_answer(assignment, columns of the key, their values ...): empty where there is none */
PG_FUNCTION_INFO_V1(stored_answer);
Datum
stored_answer(PG_FUNCTION_ARGS)
{
	ArrayType  *result = NULL;

	if (!has_null(fcinfo))
	{
		Relation	rel = relation_open_existing(PG_GETARG_OID(0), AccessShareLock);
		AnswerLookup *lookup = prepare_answer(rel, fcinfo);
		ScanKeyData keys[INDEX_MAX_KEYS];

		fill_in(keys, lookup, fcinfo);
		result = look_up_answer(lookup, rel, keys);
		relation_close(rel, NoLock);
	}
	PG_RETURN_ARRAYTYPE_P(result ? result : construct_empty_array(segment_id_type()));
}
