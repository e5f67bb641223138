/*
 * nps_class.c: promoter, passive or detractor.
 */
#include "segmentation.h"

#include "catalog/pg_enum.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "measure/nps.h"

static const char *const labels[NPS_CLASSES] = {
	[NPS_DETRACTOR] = "detractor",
	[NPS_PASSIVE] = "passive",
	[NPS_PROMOTER] = "promoter"
};

static Oid
label_oid(Oid enum_type, const char *label)
{
	Oid			result = GetSysCacheOid2(ENUMTYPOIDNAME, Anum_pg_enum_oid,
										 ObjectIdGetDatum(enum_type),
										 CStringGetDatum(label));

	if (!OidIsValid(result))
		elog(ERROR, "enum %u has no label \"%s\"", enum_type, label);
	return result;
}

/*
 * The enum is what the called function returns, in whatever schema it is.  Its
 * values are kept for as long as the call's FmgrInfo, which belongs to one
 * execution of one function: a type dropped and created again has new ones.
 */
static Oid *
label_oids(FmgrInfo *flinfo)
{
	Oid			enum_type = get_func_rettype(flinfo->fn_oid);
	Oid		   *oids = MemoryContextAlloc(flinfo->fn_mcxt, NPS_CLASSES * sizeof(Oid));

	for (int i = 0; i < NPS_CLASSES; i++)
		oids[i] = label_oid(enum_type, labels[i]);
	return oids;
}

/* for functions whose SQL declaration says RETURNS nps_class */
Datum
nps_class_get_datum(FunctionCallInfo fcinfo, NpsClass nps_class)
{
	FmgrInfo   *flinfo = fcinfo->flinfo;

	if (unlikely(flinfo->fn_extra == NULL))
		flinfo->fn_extra = label_oids(flinfo);
	return ObjectIdGetDatum(((Oid *) flinfo->fn_extra)[nps_class]);
}

PG_FUNCTION_INFO_V1(nps_class_int2);
Datum
nps_class_int2(PG_FUNCTION_ARGS)
{
	return nps_class_get_datum(fcinfo, nps_class_of(nps_check_score(PG_GETARG_INT16(0))));
}

PG_FUNCTION_INFO_V1(nps_class_int4);
Datum
nps_class_int4(PG_FUNCTION_ARGS)
{
	return nps_class_get_datum(fcinfo, nps_class_of(nps_check_score(PG_GETARG_INT32(0))));
}

PG_FUNCTION_INFO_V1(nps_class_int8);
Datum
nps_class_int8(PG_FUNCTION_ARGS)
{
	return nps_class_get_datum(fcinfo, nps_class_of(nps_check_score(PG_GETARG_INT64(0))));
}

PG_FUNCTION_INFO_V1(nps_class_numeric);
Datum
nps_class_numeric(PG_FUNCTION_ARGS)
{
	return nps_class_get_datum(fcinfo, nps_class_of(nps_score_from_numeric(PG_GETARG_NUMERIC(0))));
}
