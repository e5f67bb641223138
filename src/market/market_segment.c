/*
 * market_segment.c: a market's row among the segments of model "market", which
 * comes and goes with the market.
 *
 * Nothing is there before the first market: rows made by CREATE EXTENSION would
 * be restored a second time by a dump.
 */
#include "segmentation.h"

#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/rel.h"

#include "owner.h"
#include "relation.h"
#include "model/model.h"

/* model and id of a market, as text */
typedef struct MarketKey
{
	Datum		values[2];
	char		nulls[2];
} MarketKey;

static void
read_column(MarketKey *key, int n, TriggerData *trigdata, const char *column)
{
	Form_pg_attribute attr = relation_column(trigdata->tg_relation, column);
	char	   *value = SPI_getvalue(trigdata->tg_trigtuple, RelationGetDescr(trigdata->tg_relation), attr->attnum);

	key->values[n] = value ? CStringGetTextDatum(value) : (Datum) 0;
	key->nulls[n] = value ? ' ' : 'n';
}

static int64
execute_for_market(const char *statement, MarketKey *key)
{
	return catalogue_run(statement, 2, OIDS(TEXTOID, TEXTOID), key->values, key->nulls);
}

static void
add_segment(MarketKey *key)
{
	execute_for_market("INSERT INTO segmentation.model (id, kind, time_zone, objective) "
					   "SELECT $1::@types@.segment_id, 'column', pg_catalog.current_setting('TimeZone'), "
					   "'own offers, prices and currency' WHERE $1 IS NOT NULL AND $2 IS NOT NULL "
					   "ON CONFLICT DO NOTHING", key);
	execute_for_market("INSERT INTO segmentation.segment (model, id) "
					   "SELECT $1::@types@.segment_id, $2::@types@.segment_id WHERE $1 IS NOT NULL AND $2 IS NOT NULL "
					   "ON CONFLICT DO NOTHING", key);
	if (execute_for_market("SELECT FROM segmentation.model WHERE id OPERATOR(@types@.=) $1::@types@.segment_id "
						   "AND kind OPERATOR(pg_catalog.<>) 'column' AND $2 IS NOT NULL", key) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("model \"market\" is not of kind column"),
				 errdetail("Markets are the segments of that model, and no rule decides on them."),
				 errhint("Give that model another name, then add the market.")));
}

static void
remove_segment(MarketKey *key)
{
	execute_for_market("DELETE FROM segmentation.segment WHERE model OPERATOR(@types@.=) $1::@types@.segment_id "
					   "AND id OPERATOR(@types@.=) $2::@types@.segment_id", key);
}

static void
remove_all_segments(void)
{
	catalogue_run("DELETE FROM segmentation.segment WHERE model::pg_catalog.text OPERATOR(pg_catalog.=) 'market'",
				  0, NULL, NULL, NULL);
}

static bool
called_as_declared(FunctionCallInfo fcinfo)
{
	TriggerEvent event;

	if (!CALLED_AS_TRIGGER(fcinfo))
		return false;
	event = ((TriggerData *) fcinfo->context)->tg_event;
	if (TRIGGER_FIRED_BY_TRUNCATE(event))
		return TRIGGER_FIRED_AFTER(event);
	return TRIGGER_FIRED_FOR_ROW(event) &&
		(TRIGGER_FIRED_BY_INSERT(event) ? TRIGGER_FIRED_BEFORE(event)
		 : TRIGGER_FIRED_BY_DELETE(event) && TRIGGER_FIRED_AFTER(event));
}

static void
follow_foreign_key(TriggerData *trigdata)
{
	MarketKey	key;

	if (TRIGGER_FIRED_BY_TRUNCATE(trigdata->tg_event))
	{
		remove_all_segments();
		return;
	}
	read_column(&key, 0, trigdata, "model");
	read_column(&key, 1, trigdata, "id");
	if (TRIGGER_FIRED_BY_INSERT(trigdata->tg_event))
		add_segment(&key);
	else
		remove_segment(&key);
}

/*
 * Who may change markets need not be allowed to change models: this acts as the
 * owner of the table that the trigger is on.
 */
PG_FUNCTION_INFO_V1(market_segment);
Datum
market_segment(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	CallingUser self;

	if (!called_as_declared(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" was not called as the trigger that it is made for",
						"market_segment")));
	SPI_connect();
	self = become_owner(trigdata->tg_relation->rd_rel->relowner);
	follow_foreign_key(trigdata);
	become_self(self);
	SPI_finish();
	return PointerGetDatum(trigdata->tg_trigtuple);
}
