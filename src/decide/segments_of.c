/*
 * segments_of.c: what the compiled SELECT of a model calls for each customer.
 */
#include "segmentation.h"

#include "catalog/pg_type.h"
#include "port/pg_bitutils.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "decide/program.h"
#include "model/model.h"

/* what a call site keeps from row to row */
typedef struct CallSite
{
	ArrayType  *text;			/* NULL: the program is the same for all rows */
	Program    *program;
	Oid			element;		/* type segment_id */
	MemoryContext context;		/* of text and program */
} CallSite;

/*
 * flags(VARIADIC conditions): those that are true as bits, from the lowest, and
 * FLAGS_WIDTH above them those that are null.
 */
PG_FUNCTION_INFO_V1(segment_flags);
Datum
segment_flags(PG_FUNCTION_ARGS)
{
	uint64		flags = 0;
	int			count = PG_NARGS();

	if (unlikely(fcinfo->flinfo->fn_extra == NULL))
	{
		if (count > FLAGS_WIDTH || get_fn_expr_variadic(fcinfo->flinfo))
			ereport(ERROR,
					(errcode(ERRCODE_TOO_MANY_ARGUMENTS),
					 errmsg("cannot pass more than %d conditions, or an array, to function \"%s\"",
							FLAGS_WIDTH, "flags")));
		for (int i = 0; i < count; i++)
			if (get_fn_expr_argtype(fcinfo->flinfo, i) != BOOLOID)
				ereport(ERROR,
						(errcode(ERRCODE_DATATYPE_MISMATCH),
						 errmsg("condition %d is not boolean", i + 1)));
		fcinfo->flinfo->fn_extra = fcinfo->flinfo;	/* seen */
	}
	for (int i = 0; i < count; i++)
	{
		uint64		bit = fcinfo->args[i].isnull ? UINT64CONST(1) << FLAGS_WIDTH :
		(uint64) DatumGetBool(fcinfo->args[i].value);

		flags |= bit << i;
	}
	PG_RETURN_INT64((int64) flags);
}

static CallSite *
create_call_site(FunctionCallInfo fcinfo)
{
	CallSite   *site = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(CallSite));

	site->context = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "segmentation program",
										  ALLOCSET_SMALL_SIZES);
	site->element = get_element_type(get_func_rettype(fcinfo->flinfo->fn_oid));
	fcinfo->flinfo->fn_extra = site;
	return site;
}

static void
read_program(CallSite *site, FunctionCallInfo fcinfo)
{
	ArrayType  *text = PG_GETARG_ARRAYTYPE_P(0);
	MemoryContext old;

	if (site->text && VARSIZE(site->text) == VARSIZE(text) &&
		memcmp(site->text, text, VARSIZE(text)) == 0)
		return;
	site->program = NULL;
	site->text = NULL;
	MemoryContextReset(site->context);
	old = MemoryContextSwitchTo(site->context);
	site->program = program_parse(text);
	if (!get_fn_expr_arg_stable(fcinfo->flinfo, 0))
	{
		site->text = palloc(VARSIZE(text));
		memcpy(site->text, text, VARSIZE(text));
	}
	MemoryContextSwitchTo(old);
}

static inline CallSite *
call_site(FunctionCallInfo fcinfo)
{
	CallSite   *site = fcinfo->flinfo->fn_extra;

	if (unlikely(site == NULL))
		site = create_call_site(fcinfo);
	if (unlikely(site->program == NULL || site->text))
		read_program(site, fcinfo);
	return site;
}

/* the second argument, as many flags as the program reads */
static inline const int64 *
get_flags(FunctionCallInfo fcinfo, const Program *program)
{
	ArrayType  *flags = PG_GETARG_ARRAYTYPE_P(1);

	if (unlikely(ARR_HASNULL(flags) ||
				 ArrayGetNItems(ARR_NDIM(flags), ARR_DIMS(flags)) < program->nwords))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a program of segments needs conditions in %d flags, none of them null",
						program->nwords)));
	return (const int64 *) ARR_DATA_PTR(flags);
}

static ArrayType *
member_array(const Program *program, Oid element)
{
	int			nwords = program->nsegments / 64 + 1;
	int			count = 0;
	int			size;
	ArrayType  *result;
	SegmentId  *ids;

	for (int i = 0; i < nwords; i++)
		count += pg_popcount64(program->members[i]);
	if (count == 0)
		return construct_empty_array(element);
	size = ARR_OVERHEAD_NONULLS(1) + sizeof(SegmentId) * count;
	result = palloc(size);
	SET_VARSIZE(result, size);
	result->ndim = 1;
	result->dataoffset = 0;
	result->elemtype = element;
	ARR_DIMS(result)[0] = count;
	ARR_LBOUND(result)[0] = 1;
	ids = (SegmentId *) ARR_DATA_PTR(result);
	for (int i = 0; i < nwords; i++)
		for (uint64 word = program->members[i]; word; word &= word - 1)
			*ids++ = program->segments[i * 64 + pg_rightmost_one_pos64(word)];
	return result;
}

static void
require_arguments(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("program and flags must not be null")));
}

/* segments_of(program, flags): the sorted segments of a customer */
PG_FUNCTION_INFO_V1(segments_of);
Datum
segments_of(PG_FUNCTION_ARGS)
{
	CallSite   *site;
	const int64 *flags;

	require_arguments(fcinfo);
	site = call_site(fcinfo);
	flags = get_flags(fcinfo, site->program);
	if (refresh_progress)
		refresh_progress();
	program_run(site->program, flags);
	PG_RETURN_ARRAYTYPE_P(member_array(site->program, site->element));
}
