/*
 * market_segment.c: a market's row among the segments of model "market", which
 * comes and goes with the market.
 *
 * Nothing is there before the first market: rows made by CREATE EXTENSION would
 * be restored a second time by a dump.
 */
#include "segmentation.h"

#include "commands/trigger.h"
#include "executor/spi.h"
#include "utils/rel.h"

#include "owner.h"
#include "refusal.h"
#include "relation.h"

/* model and id of a market, as parameters of statements */
typedef struct MarketKey
{
	Oid			types[2];
	Datum		values[2];
	char		nulls[2];
} MarketKey;

/* compared as text: no operator needs to be found */
#define IS_KEY(column, n) column "::pg_catalog.text OPERATOR(pg_catalog.=) $" n "::pg_catalog.text"

static void
read_column(MarketKey *key, int n, TriggerData *trigdata, const char *column)
{
	Form_pg_attribute attr = relation_column(trigdata->tg_relation, column);
	bool		isnull;

	key->types[n] = attr->atttypid;
	key->values[n] = SPI_getbinval(trigdata->tg_trigtuple, RelationGetDescr(trigdata->tg_relation),
								   attr->attnum, &isnull);
	key->nulls[n] = isnull ? 'n' : ' ';
}

static void
execute(const char *statement, MarketKey *key)
{
	int			result = execute_untold(statement, 2, key->types, key->values, key->nulls, false, 0);

	if (result < 0)
		elog(ERROR, "could not execute \"%s\": %s", statement,
			 SPI_result_code_string(result));
}

static void
add_segment(MarketKey *key)
{
	execute("INSERT INTO segmentation.model (id, kind, time_zone, objective)"
			" SELECT $1, 'column', pg_catalog.current_setting('TimeZone'),"
			" 'own offers, prices and currency' WHERE $1 IS NOT NULL AND $2 IS NOT NULL"
			" ON CONFLICT DO NOTHING", key);
	execute("INSERT INTO segmentation.segment (model, id)"
			" SELECT $1, $2 WHERE $1 IS NOT NULL AND $2 IS NOT NULL"
			" ON CONFLICT DO NOTHING", key);
	execute("SELECT FROM segmentation.model WHERE " IS_KEY("id", "1")
			" AND kind OPERATOR(pg_catalog.<>) 'column' AND $2 IS NOT NULL", key);
	if (SPI_processed > 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("model \"market\" is not of kind column"),
				 errdetail("Markets are the segments of that model, and no rule decides on them."),
				 errhint("Give that model another name, then add the market.")));
}

static void
remove_segment(MarketKey *key)
{
	execute("DELETE FROM segmentation.segment WHERE " IS_KEY("model", "1")
			" AND " IS_KEY("id", "2"), key);
}

static void
remove_all_segments(void)
{
	int			result = execute_untold("DELETE FROM segmentation.segment"
										" WHERE model::pg_catalog.text OPERATOR(pg_catalog.=) 'market'",
										0, NULL, NULL, NULL, false, 0);

	if (result < 0)
		elog(ERROR, "could not remove segments: %s", SPI_result_code_string(result));
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
follow(TriggerData *trigdata)
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
	CallingUser	self;

	if (!called_as_declared(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" was not called as the trigger that it is made for",
						"market_segment")));
	SPI_connect();
	self = become_owner(trigdata->tg_relation->rd_rel->relowner);
	follow(trigdata);
	become_self(self);
	SPI_finish();
	return PointerGetDatum(trigdata->tg_trigtuple);
}
