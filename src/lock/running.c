/*
 * running.c: which statement is running just now.
 *
 * The condition of a trigger is given rows, not the statement that changes them;
 * but whether the statement names a column of the lock decides whether its rows
 * have to be looked at, see lock_may_change().  So the innermost of the statements
 * that are being executed is noted, whoever runs it: a client, a function in any
 * language, an action of a foreign key.  Both hooks are needed, for what a WITH
 * leaves undone is done when its statement finishes.
 */
#include "segmentation.h"

#include "executor/executor.h"

#include "lock/lock.h"

typedef struct Running
{
	QueryDesc  *query;
	struct Running *outer;
} Running;

static Running *innermost = NULL;
static ExecutorRun_hook_type previous_run = NULL;
static ExecutorFinish_hook_type previous_finish = NULL;

static void
run(EXECUTOR_RUN_PARAMETERS)
{
	Running		self = {queryDesc, innermost};

	innermost = &self;
	PG_TRY();
	{
		if (previous_run)
			previous_run(EXECUTOR_RUN_ARGUMENTS);
		else
			standard_ExecutorRun(EXECUTOR_RUN_ARGUMENTS);
	}
	PG_FINALLY();
	{
		innermost = self.outer;
	}
	PG_END_TRY();
}

static void
finish(QueryDesc *queryDesc)
{
	Running		self = {queryDesc, innermost};

	innermost = &self;
	PG_TRY();
	{
		if (previous_finish)
			previous_finish(queryDesc);
		else
			standard_ExecutorFinish(queryDesc);
	}
	PG_FINALLY();
	{
		innermost = self.outer;
	}
	PG_END_TRY();
	lock_require_arrivals();
}

/* NULL where it is not known: it began before the library was loaded */
PlannedStmt *
lock_running_statement(void)
{
	return innermost ? innermost->query->plannedstmt : NULL;
}

void
lock_init(void)
{
	previous_run = ExecutorRun_hook;
	ExecutorRun_hook = run;
	previous_finish = ExecutorFinish_hook;
	ExecutorFinish_hook = finish;
}
