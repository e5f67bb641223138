/*
 * look.c: the subscriptions of a lock, read as their owner for who may read them.
 */
#include "segmentation.h"

#include "access/relation.h"
#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"

#include "expression.h"
#include "refusal.h"
#include "relation.h"
#include "lock/installed.h"

void
lock_raise_none(Oid customers)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("table %s has no lock", relation_name(customers)),
			 get_rel_relispartition(customers) ?
			 errhint("Name the partitioned table.") :
			 errhint("View segmentation.lock shows the locks that there are; one whose table was renamed is renewed by segmentation.renew_lock.")));
}

/* subscriptions are read as their owner, together with tables of others */
void
lock_resolve_consented(LockDefinition *def)
{
	lock_definition_resolve(def, false);
	(void) lock_require_consent(def, def->trigger, relation_owner(def->subscriptions_oid));
}

/*
 * Subscriptions are read as their owner, for all of them count, not those that
 * the caller sees; and so that conditions of his cannot do what only the
 * caller can, nor leave settings behind.
 */
OwnersView
lock_enter_owners_view(const LockDefinition *def)
{
	Relation	rel = relation_open_existing(def->subscriptions_oid, AccessShareLock);
	OwnersView	view;

	view.self = become_owner(rel->rd_rel->relowner);
	restrict_operation();
	relation_close(rel, AccessShareLock);
	view.save_nestlevel = expression_enter_safe_path();
	return view;
}

void
lock_leave_owners_view(OwnersView view)
{
	AtEOXact_GUC(false, view.save_nestlevel);
	become_self(view.self);
}

/* what is read as the owner of the subscriptions is told to those who may read it */
void
lock_require_readable(Oid relid)
{
	if (!OidIsValid(relid))
		return;
	lock_require_select(relid, NIL, LOCK_ASKER_NEEDS);
	if (check_enable_rls(relid, InvalidOid, true) == RLS_ENABLED)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("row security on table \"%s\" hides rows from role \"%s\"",
						get_rel_name(relid), GetUserNameFromId(GetUserId(), false)),
				 errhint("Ask as a role that row security does not apply to.")));
}

/* returns how many rows it processed */
uint64
lock_query_execute(const char *sql, const LockParameters *parameters)
{
	int			result = execute_untold(sql, parameters->count, parameters->types,
										parameters->values, NULL, false, 0);

	if (result < 0)
		elog(ERROR, "SPI_execute_with_args failed: %s", SPI_result_code_string(result));
	return SPI_processed;
}

/* the rows that a query over the subscriptions of one lock gives, within SPI */
void
lock_return_rows(const LockDefinition *def, const LockParameters *parameters, LockQuery query, Tuplestorestate *store)
{
	OwnersView	view;

	lock_require_readable(def->subscriptions_oid);
	lock_require_readable(def->offers_oid);
	view = lock_enter_owners_view(def);
	(void) lock_query_execute(lock_query(def, LOCK_TABLE, NULL, query), parameters);
	lock_leave_owners_view(view);
	for (uint64 i = 0; i < SPI_processed; i++)
		tuplestore_puttuple(store, SPI_tuptable->vals[i]);
}
