/*
 * segment_id_order.c: comparing, sorting and hashing segment ids.
 *
 * The order of the bytes is the order of the text in collation "C", so nothing
 * here decodes an id.
 */
#include "segmentation.h"

#include "port/pg_bswap.h"
#include "utils/sortsupport.h"

#include "types/segment_id.h"

static inline int
compare_id_arguments(FunctionCallInfo fcinfo)
{
	return segment_id_compare(PG_GETARG_SEGMENT_ID_P(0),
							  PG_GETARG_SEGMENT_ID_P(1));
}

PG_FUNCTION_INFO_V1(segment_id_lt);
Datum
segment_id_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_id_arguments(fcinfo) < 0);
}

PG_FUNCTION_INFO_V1(segment_id_le);
Datum
segment_id_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_id_arguments(fcinfo) <= 0);
}

PG_FUNCTION_INFO_V1(segment_id_eq);
Datum
segment_id_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_id_arguments(fcinfo) == 0);
}

PG_FUNCTION_INFO_V1(segment_id_ge);
Datum
segment_id_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_id_arguments(fcinfo) >= 0);
}

PG_FUNCTION_INFO_V1(segment_id_gt);
Datum
segment_id_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_id_arguments(fcinfo) > 0);
}

PG_FUNCTION_INFO_V1(segment_id_ne);
Datum
segment_id_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_id_arguments(fcinfo) != 0);
}

PG_FUNCTION_INFO_V1(segment_id_cmp);
Datum
segment_id_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(compare_id_arguments(fcinfo));
}

PG_FUNCTION_INFO_V1(segment_id_smaller);
Datum
segment_id_smaller(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(PG_GETARG_DATUM(compare_id_arguments(fcinfo) <= 0 ? 0 : 1));
}

PG_FUNCTION_INFO_V1(segment_id_larger);
Datum
segment_id_larger(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(PG_GETARG_DATUM(compare_id_arguments(fcinfo) >= 0 ? 0 : 1));
}

static int
compare_ids_in_sort(Datum x, Datum y, SortSupport ssup)
{
	return segment_id_compare(DatumGetSegmentIdP(x), DatumGetSegmentIdP(y));
}

/* the leading bytes as an integer: the first 12 symbols, where Datum is wide */
static Datum
abbreviate_id(Datum original, SortSupport ssup)
{
	Datum		leading;

	memcpy(&leading, DatumGetSegmentIdP(original)->bytes, sizeof(leading));
	return DatumBigEndianToNative(leading);
}

/* never: abbreviating costs less than finding out whether it pays */
static bool
abort_id_abbreviation(int memtupcount, SortSupport ssup)
{
	return false;
}

PG_FUNCTION_INFO_V1(segment_id_sortsupport);
Datum
segment_id_sortsupport(PG_FUNCTION_ARGS)
{
	SortSupport ssup = (SortSupport) PG_GETARG_POINTER(0);

	ssup->comparator = compare_ids_in_sort;
	if (ssup->abbreviate)
	{
		ssup->comparator = ssup_datum_unsigned_cmp;
		ssup->abbrev_converter = abbreviate_id;
		ssup->abbrev_abort = abort_id_abbreviation;
		ssup->abbrev_full_comparator = compare_ids_in_sort;
	}
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(segment_id_hash);
Datum
segment_id_hash(PG_FUNCTION_ARGS)
{
	/* the low half, as the extended function with seed 0 must agree with */
	PG_RETURN_UINT32((uint32) segment_id_hash_value(PG_GETARG_SEGMENT_ID_P(0), 0));
}

PG_FUNCTION_INFO_V1(segment_id_hash_extended);
Datum
segment_id_hash_extended(PG_FUNCTION_ARGS)
{
	PG_RETURN_UINT64(segment_id_hash_value(PG_GETARG_SEGMENT_ID_P(0),
										   (uint64) PG_GETARG_INT64(1)));
}
