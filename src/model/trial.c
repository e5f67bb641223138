/*
 * trial.c: work that may fail, or is not to last, in a subtransaction.
 */
#include "segmentation.h"

#include "access/xact.h"
#include "utils/resowner.h"

#include "model/define.h"

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
