/*
 * trial.c: work that may fail, or is not to last, in a subtransaction.
 */
#include "segmentation.h"

#include "access/xact.h"
#include "utils/resowner.h"

#include "trial.h"

/*
 * Returns the error that has ended it, in the memory context of the caller, and
 * NULL if none has.  What it has done stays only if there is none and it shall.
 */
ErrorData *
trial_run(TrialFunction work, void *arg, bool stays)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData  *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		work(arg);
		if (stays)
			ReleaseCurrentSubTransaction();
		else
			RollbackAndReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return error;
}

/* of the rule or its data, not of the server or of other sessions */
bool
is_rules_error(int code)
{
	int			class = ERRCODE_TO_CATEGORY(code);

	return class == ERRCODE_DATA_EXCEPTION ||
		class == ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION ||
		class == ERRCODE_EXTERNAL_ROUTINE_EXCEPTION ||
		class == ERRCODE_EXTERNAL_ROUTINE_INVOCATION_EXCEPTION ||
		class == ERRCODE_TO_CATEGORY(ERRCODE_SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION) ||
		class == ERRCODE_TO_CATEGORY(ERRCODE_PLPGSQL_ERROR);
}

/* an error that is no rule's goes on */
ErrorData *
trial_run_rule(TrialFunction work, void *arg)
{
	ErrorData  *error = trial_run(work, arg, true);

	if (error && !is_rules_error(error->sqlerrcode))
		ReThrowError(error);
	return error;
}

/* of the server or of other sessions, and not of what was tried */
bool
is_servers_error(int code)
{
	int			class = ERRCODE_TO_CATEGORY(code);

	return class == ERRCODE_OPERATOR_INTERVENTION || class == ERRCODE_INSUFFICIENT_RESOURCES ||
		class == ERRCODE_SYSTEM_ERROR || class == ERRCODE_TRANSACTION_ROLLBACK || code == ERRCODE_LOCK_NOT_AVAILABLE;
}
