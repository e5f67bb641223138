/*
 * run.c: what a lock has to evaluate or write on tables of users outside of their
 * triggers.
 *
 * Triggers, constraints, indexes, types and conditions of a table are code of its
 * owner's.  Who may install a lock can be more than that owner, and must not be
 * the one who runs it.
 */
#include "segmentation.h"

#include "executor/tstoreReceiver.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "expression.h"
#include "refusal.h"
#include "relation.h"
#include "lock/installed.h"

/*
 * What follows is done as the owner, if the caller has his rights.  A caller who
 * has not stays himself: he must not act as an owner by naming a table.
 */
static CallingUser
lock_step_down(Oid owner)
{
	CallingUser self;

	GetUserIdAndSecContext(&self.userid, &self.sec_context);
	if (owner != self.userid && has_privs_of_role(self.userid, owner))
	{
		(void) become_owner(owner);
		restrict_operation();
	}
	return self;
}

typedef struct OwnersPart
{
	Oid			relid;
	CallingUser self;
	int			save_nestlevel;
	ErrorContextCallback callback;
} OwnersPart;

static void
begin_as_owner(OwnersPart *part, Oid relid)
{
	part->relid = relid;
	part->callback = (ErrorContextCallback)
	{
		error_context_stack, lock_explain_rights, &part->relid
	};
	part->save_nestlevel = expression_enter_safe_path();
	part->self = lock_step_down(relation_owner(relid));
	error_context_stack = &part->callback;
}

static void
end_as_owner(OwnersPart *part)
{
	error_context_stack = part->callback.previous;
	become_self(part->self);
	AtEOXact_GUC(false, part->save_nestlevel);
}

/* the subscriptions as their owner reads them, conditions and all; their tuplestore is the caller's to end */
static EphemeralNamedRelation
collect_rows(const LockDefinition *def)
{
	EphemeralNamedRelation rows = palloc0(sizeof(EphemeralNamedRelationData));
	SPIExecuteOptions options = {.dest = CreateDestReceiver(DestTuplestore)};
	Tuplestorestate *store = tuplestore_begin_heap(true, false, work_mem);
	OwnersPart	part;
	SPIPlanPtr	plan;

	begin_as_owner(&part, def->subscriptions_oid);
	plan = prepare_untold(lock_query(def, LOCK_TABLE, NULL, LOCK_QUERY_ROWS), 0, NULL, 0);
	rows->md.tupdesc = ((CachedPlanSource *) linitial(SPI_plan_get_plan_sources(plan)))->resultDesc;
	SetTuplestoreDestReceiverParams(options.dest, store, CurrentMemoryContext, false, NULL, NULL);
	if (execute_plan_extended_untold(plan, &options) < 0)
		elog(ERROR, "could not read the subscriptions of a lock");
	options.dest->rDestroy(options.dest);
	end_as_owner(&part);
	rows->md.name = LOCK_ROWS;
	rows->md.enrtype = ENR_NAMED_TUPLESTORE;
	rows->md.enrtuples = SPI_processed;
	rows->reldata = store;
	return rows;
}

static void
return_result(ReturnSetInfo *result)
{
	MemoryContext old = MemoryContextSwitchTo(result->econtext->ecxt_per_query_memory);

	result->setDesc = CreateTupleDescCopy(SPI_tuptable->tupdesc);
	MemoryContextSwitchTo(old);
	for (uint64 i = 0; i < SPI_processed; i++)
		tuplestore_puttuple(result->setResult, SPI_tuptable->vals[i]);
}

/* what is on the customers acts as their owner */
static void
run_over_rows(const LockDefinition *def, LockQuery query, EphemeralNamedRelation rows, ReturnSetInfo *result)
{
	OwnersPart	part;

	if (SPI_register_relation(rows) != SPI_OK_REL_REGISTER)
		elog(ERROR, "could not register the subscriptions of a lock");
	begin_as_owner(&part, def->customers_oid);
	if (execute_untold(lock_query(def, LOCK_FETCHED, LOCK_ROWS, query), 0, NULL, NULL, NULL, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not execute a query of a lock");
	end_as_owner(&part);
	SPI_unregister_relation(LOCK_ROWS);
	return_result(result);
}

/* lock_run(arguments, query): the rows of a query over whole tables, each read and written as its owner */
PG_FUNCTION_INFO_V1(lock_run);
Datum
lock_run(PG_FUNCTION_ARGS)
{
	ErrorContextCallback *context = context_hide_own();
	LockDefinition *def = lock_definition_from_array(PG_GETARG_ARRAYTYPE_P(0));
	LockQuery	query = lock_query_by_name(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	EphemeralNamedRelation rows;

	relation_require_owner(def->subscriptions_oid, NULL);
	relation_require_owner(def->customers_oid, NULL);
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	SPI_connect();
	rows = collect_rows(def);
	run_over_rows(def, query, rows, (ReturnSetInfo *) fcinfo->resultinfo);
	tuplestore_end(rows->reldata);
	SPI_finish();
	error_context_stack = context;
	return (Datum) 0;
}
