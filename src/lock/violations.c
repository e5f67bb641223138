/*
 * violations.c: what contradicts a lock, which got in while its triggers were off.
 */
#include "segmentation.h"

#include "executor/spi.h"
#include "funcapi.h"
#include "utils/tuplestore.h"

#include "argument.h"
#include "lock/lock.h"

typedef struct Look
{
	LockDefinition *def;
	Tuplestorestate *store;
} Look;

static void
look_at(void *arg)
{
	Look	   *look = arg;
	LockParameters none = {0};

	lock_resolve_consented(look->def);
	lock_return_rows(look->def, &none, LOCK_QUERY_VIOLATIONS, look->store);
}

/* one after another, so that what is wrong with one says nothing of the others */
PG_FUNCTION_INFO_V1(lock_violations);
Datum
lock_violations(PG_FUNCTION_ARGS)
{
	Oid			customers;
	List	   *definitions;
	ListCell   *cell;

	argument_require(fcinfo, 0, "customers");
	customers = PG_GETARG_OID(0);
	definitions = lock_definitions_readable(customers);
	if (definitions == NIL)
		lock_raise_none(customers);
	lock_require_readable(customers);
	InitMaterializedSRF(fcinfo, 0);
	SPI_connect();
	foreach(cell, definitions)
	{
		Look		look = {lfirst(cell), ((ReturnSetInfo *) fcinfo->resultinfo)->setResult};

		(void) lock_try(look.def->subscriptions_oid, customers, look_at, &look);
	}
	SPI_finish();
	return (Datum) 0;
}
