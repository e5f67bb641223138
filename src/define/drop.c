/*
 * drop.c: drop_model.
 */
#include "segmentation.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "argument.h"
#include "define/define.h"
#include "define/objects.h"
#include "model/model.h"
#include "types/segment_id.h"

static void
check_model_not_referred(const char *id)
{
	char	   *referring;

	catalogue_execute("SELECT segmentation_internal.first_ten(pg_catalog.array_agg(pg_catalog.concat(model, '/', segment) ORDER BY model, segment)) "
					  "FROM (SELECT DISTINCT model, segment FROM segmentation.segment_reference "
					  "WHERE to_model OPERATOR(@types@.=) $1::@types@.segment_id AND model OPERATOR(@types@.<>) to_model) AS r",
					  1, OIDS(TEXTOID), DATUMS(CStringGetTextDatum(id)), NULL);
	referring = catalogue_get(0, 1);
	if (referring)
		ereport(ERROR,
				(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
				 errmsg("cannot drop model \"%s\" because rules of other models refer to it", id),
				 errdetail("Rules that refer to it: %s.", referring),
				 errhint("Define those without it first.")));
}

static void
check_model_has_no_market(const char *id)
{
	if (catalogue_execute("SELECT FROM segmentation.market WHERE model OPERATOR(@types@.=) $1::@types@.segment_id LIMIT 1",
						  1, OIDS(TEXTOID), DATUMS(CStringGetTextDatum(id)), NULL) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
				 errmsg("cannot drop model \"%s\" because its segments are markets", id),
				 errhint("Delete them from segmentation.market first.")));
}

/*
 * Its objects are dropped as the caller could do it; where others depend on
 * them the server refuses and lists those.  What the user has dropped already
 * does not matter.
 */
PG_FUNCTION_INFO_V1(drop_model);
Datum
drop_model(PG_FUNCTION_ARGS)
{
	char	   *id;
	Model	   *model;
	ModelNames *names;
	ModelContext saved;

	argument_require(fcinfo, 0, "model");
	id = segment_id_argument(fcinfo, 0);
	SPI_connect();
	model = change_begin(id, NIL);
	check_model_not_referred(id);
	check_model_has_no_market(id);
	model_enter_caller(&saved);
	if (model->source_name)
	{
		names = objects_found(model);
		owned_check(names, GetUserId());
		/* each depends on what comes before it */
		for (int i = AT_FUNCTION; i >= 0; i--)
			objects_drop(names, i);
	}
	model_leave(&saved);
	catalogue_execute("DELETE FROM segmentation.segment_reference WHERE model OPERATOR(@types@.=) $1::@types@.segment_id",
					  1, OIDS(TEXTOID), DATUMS(CStringGetTextDatum(id)), NULL);
	catalogue_execute("DELETE FROM segmentation.model WHERE id OPERATOR(@types@.=) $1::@types@.segment_id",
					  1, OIDS(TEXTOID), DATUMS(CStringGetTextDatum(id)), NULL);
	SPI_finish();
	PG_RETURN_VOID();
}
