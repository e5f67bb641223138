/*
 * override_status.c: what has become of people's decisions.
 */
#include "segmentation.h"

#include "argument.h"
#include "override/override.h"
#include "types/segment_id.h"

/* another one puts the customer into a segment that comes first */
static char *
beaten(const Model *model, const char *ids)
{
	if (model->kind == MODEL_OVERLAPPING)
		return "false";
	return psprintf("o.member AND EXISTS (SELECT FROM %s AS b WHERE %s AND b.member "
					"AND (b.expires_at IS NULL OR b.expires_at > $1) "
					"AND pg_catalog.array_position(%s, b.segment) < pg_catalog.array_position(%s, o.segment))",
					relation_name(model->override), model_key_match(model, "b", "o"), ids, ids);
}

static char *
status_query(const Model *model)
{
	char	   *ids = override_ids(model);

	return psprintf("SELECT %s, o.segment, o.member, o.reason, o.author, o.set_at, o.expires_at, "
					"CASE WHEN o.expires_at <= $1 THEN 'ended' "
					"WHEN pg_catalog.array_position(%s, o.segment) IS NULL THEN 'no segment' "
					"WHEN NOT EXISTS (SELECT FROM %s AS source WHERE %s) THEN 'no customer' "
					"WHEN %s THEN 'beaten' ELSE 'counts' END FROM %s AS o ORDER BY %s, o.segment",
					psprintf("ARRAY[%s]", key_text_list(model->key, "o")), ids, relation_name(model->source), model_key_match(model, "source", "o"),
					beaten(model, ids), relation_name(model->override), key_column_list(model->key, "o"));
}

/* model_overrides(model) */
PG_FUNCTION_INFO_V1(model_overrides);
Datum
model_overrides(PG_FUNCTION_ARGS)
{
	Model	   *model;
	ModelContext saved;
	DestReceiver *dest;

	argument_require(fcinfo, 0, "model");
	model = model_read(segment_id_argument(fcinfo, 0));
	model_check_objects(model);
	model_check_columns(model);
	dest = model_result_receiver(fcinfo);
	if (!OidIsValid(model->override))
		PG_RETURN_NULL();
	model_check_may_read(model->override);
	model_check_may_read(model->source);
	SPI_connect();
	model_enter(model, &saved);
	model_execute(status_query(model), model_moment(model), true, dest);
	model_leave(&saved);
	SPI_finish();
	PG_RETURN_NULL();
}
