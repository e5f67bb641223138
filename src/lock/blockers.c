/*
 * blockers.c: running subscriptions that stand in the way of a move.
 */
#include "segmentation.h"

#include "utils/builtins.h"

#include "relation.h"
#include "lock/installed.h"

/* how many blockers an error names */
#define MAX_NAMED_BLOCKERS 3

static char *
name_blockers(uint64 count)
{
	StringInfoData buf;

	initStringInfo(&buf);
	for (uint64 i = 0; i < Min(count, MAX_NAMED_BLOCKERS); i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		char	   *row = SPI_getvalue(tuple, SPI_tuptable->tupdesc, 2);
		char	   *segment = SPI_getvalue(tuple, SPI_tuptable->tupdesc, 3);

		appendStringInfo(&buf, "%s%s in segment \"%s\"", i > 0 ? ", " : "",
						 row ? row : "one", segment ? segment : "");
	}
	if (count > MAX_NAMED_BLOCKERS)
		appendStringInfoString(&buf, ", and more");
	return buf.data;
}

static void
refuse_blocked(const LockDefinition *def, const BlockedMove *move, uint64 count)
{
	Relation	rel = relation_open_existing(def->subscriptions_oid, AccessShareLock);

	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg("customer %s cannot be moved to segment \"%s\"",
					move->customer, move->to_segment),
			 errdetail_plural("%lu running subscription in %s stands in the way: %s.",
							  "%lu running subscriptions in %s stand in the way: %s.",
							  (unsigned long) count, (unsigned long) count,
							  def->subscriptions, name_blockers(count)),
			 errhint("End them first; SELECT * FROM segmentation.move_blockers(%s, %s, %s); lists them.",
					 quote_literal_cstr(def->customers), quote_literal_cstr(move->key),
					 quote_literal_cstr(move->to_segment)),
			 errtableconstraint(rel, LOCK_CONSTRAINT_SUBSCRIPTION)));
}

void
lock_refuse_if_blocked(const LockDefinition *def, const LockParameters *parameters, const BlockedMove *move)
{
	OwnersView	view = lock_enter_owners_view(def);
	uint64		count = lock_query_execute(lock_query(def, LOCK_TABLE, NULL, LOCK_QUERY_BLOCKERS), parameters);

	if (count > 0)
		refuse_blocked(def, move, count);
	lock_leave_owners_view(view);
}
